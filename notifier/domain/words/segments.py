"""How many SMS segments a text needs, and which characters make it cost double."""

from __future__ import annotations

import unicodedata
from typing import Final
from unicodedata import combining

_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
#: Sent as an escape and a second septet, so each counts twice.
_EXTENSION: Final = frozenset("\f^{}\\[~]|€")

_SINGLE_GSM7, _MULTI_GSM7 = 160, 153
_SINGLE_UCS2, _MULTI_UCS2 = 70, 67

#: What word processors put in, and the character that says the same on every phone.
_PLAIN: Final = str.maketrans(
    {
        "\u2018": "'",
        "\u2019": "'",
        "\u201a": "'",
        "\u201b": "'",
        "\u2032": "'",
        "\u00b4": "'",
        "`": "'",
        "\u02bc": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u201e": '"',
        "\u2033": '"',
        "\u00ab": '"',
        "\u00bb": '"',
        "\u2010": "-",
        "\u2011": "-",
        "\u2012": "-",
        "\u2013": "-",
        "\u2014": "-",
        "\u2015": "-",
        "\u2212": "-",
        "\u2026": "...",
        "\u2022": "-",
        "\u00b7": "-",
        "\t": " ",
        "\u00a0": " ",
        "\u2002": " ",
        "\u2003": " ",
        "\u2007": " ",
        "\u2009": " ",
        "\u200a": " ",
        "\u202f": " ",
        "\u200b": "",
        "\u200c": "",
        "\u200d": "",
        "\u200e": "",
        "\u200f": "",
        "\u00ad": "",
        "\u2060": "",
        "\ufeff": "",
    }
)

#: What no decomposition finds.
_STAND_INS: Final = {
    "→": "->", "←": "<-", "⇒": "=>", "✓": "OK", "✔": "OK", "×": "x", "°": " degrees",
    "½": "1/2", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i",
}  # fmt: skip


def count_segments(body: str) -> int:
    """Return how many SMS segments (the unit that carriers bill) `body` needs.

    One segment holds 160 septets of GSM-7, or 70 UTF-16 code units once any character falls
    outside it; a longer body holds 153 or 67 a segment (concatenation header). A character
    that takes two units is never split between segments.

    :raises ValueError: if `body` is empty.
    Source: 3GPP TS 23.038, TS 23.040.
    """
    if not body:
        raise ValueError("an empty text has no segments")
    if offending_characters(body):
        sizes = [2 if ord(character) > 0xFFFF else 1 for character in body]
        return _segments(sizes, single=_SINGLE_UCS2, multi=_MULTI_UCS2)
    sizes = [2 if character in _EXTENSION else 1 for character in body]
    return _segments(sizes, single=_SINGLE_GSM7, multi=_MULTI_GSM7)


def offending_characters(body: str) -> tuple[str, ...]:
    """Return the characters that force UCS-2, each once, in the order in which they occur."""
    outside = (
        character for character in body if character not in _BASIC and character not in _EXTENSION
    )
    return tuple(dict.fromkeys(outside))


def stand_in(character: str) -> str | None:
    """Return what can stand in one segment for `character`, which can't; None if nothing can.

    For whoever writes the words: what customers are called is never rewritten.
    """
    bare = "".join(c for c in unicodedata.normalize("NFKD", character) if not combining(c))
    said = _STAND_INS.get(character, bare)
    return said if said and not offending_characters(said) else None


def plain(body: str) -> str:
    """Return `body` with typographic quotes, dashes, ellipses and spaces in GSM-7.

    Letters stay as they are: nobody's name is rewritten to save a segment.
    """
    return body.translate(_PLAIN)


def _segments(sizes: list[int], *, single: int, multi: int) -> int:
    if sum(sizes) <= single:
        return 1
    segments, used = 1, 0
    for size in sizes:
        if used + size > multi:
            segments += 1
            used = 0
        used += size
    return segments
