"""What a person can be found by, without the database ever seeing a name.

A job's people are stored sealed; beside them stand keyed hashes of these terms. A search is
words and digits turned into the same terms, so finding is an equality of hashes.
"""

from __future__ import annotations

import re
import unicodedata

#: A word of plain letters is found from so many letters on; shorter ones only whole.
_MIN_START = 3
#: Words longer than this are cut on both sides: it bounds the terms a job has.
_MAX_WORD = 12
#: A number is found by so many of its last digits, or more.
_MIN_DIGITS = 4
#: Digits that run together like this many are read as a phone number, not as a house number.
_PHONE_DIGITS = 7

_WORD = re.compile(r"[^\W_]+")
_APOSTROPHES = re.compile("['’ʼ`]")
_NUMBER = re.compile(r"\+?\(?\d[\d\s().\-/]*\d")


def terms(
    name: str | None, phone: str | None, email: str | None, address: str | None
) -> frozenset[str]:
    """Return every term that finds this person: to be hashed and stored.

    `phone` is E.164. The parts are kept apart, so that the last digits of a number never
    match a house number by accident of spelling.
    """
    found: set[str] = set()
    local_part = email.partition("@")[0] if email else ""
    for text in (name, address, local_part):
        for word in _words(text or ""):
            found.update(_starts(word))
    if email:
        found.add(f"email:{_plain(email).strip()}")
    digits = _digits(phone or "")
    found.update(f"digits:{digits[-n:]}" for n in range(_MIN_DIGITS, len(digits) + 1))
    return frozenset(found)


def query_terms(query: str) -> tuple[frozenset[str], ...]:
    """Return what to look for: a job is found if it has one term of each set.

    Empty if `query` holds neither a letter nor a digit.
    """
    sought: list[frozenset[str]] = []
    rest = query
    for number in _NUMBER.findall(query):
        digits = _digits(number)
        if len(digits) >= _PHONE_DIGITS:
            # 0612345678 and 0031612345678 are both ends of 31612345678.
            sought.append(frozenset({f"digits:{digits.lstrip('0')}"}))
            rest = rest.replace(number, " ")
    for token in rest.split():
        if "@" in token.strip("@"):
            sought.append(frozenset({f"email:{_plain(token)}"}))
        else:
            sought.extend(_alternatives(word) for word in _words(token))
    return tuple(dict.fromkeys(sought))


def _alternatives(word: str) -> frozenset[str]:
    either = {f"word:{word}"}
    if word.isdigit() and len(word) >= _MIN_DIGITS:
        either.add(f"digits:{word}")
    return frozenset(either)


def _starts(word: str) -> set[str]:
    shortest = _MIN_START if word.isascii() else 1  # one character can be a whole name
    return {f"word:{word[:n]}" for n in range(shortest, len(word))} | {f"word:{word}"}


def _words(text: str) -> list[str]:
    return [word[:_MAX_WORD] for word in _WORD.findall(_APOSTROPHES.sub("", _plain(text)))]


def _plain(text: str) -> str:
    """Lower case without accents: José is found as jose."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in folded if not unicodedata.combining(c))


def _digits(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", text) if c in "0123456789")
