"""What each text costs: its segments in every situation, and which character made it double."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, RootModel

from notifier.domain.findings import Finding
from notifier.domain.words.examples import variations
from notifier.domain.words.segments import count_segments, offending_characters, plain, stand_in
from notifier.rendering import SMS, RenderFailed, Words
from notifier.yaml_files import read_yaml


class Price(BaseModel):
    """What one segment costs in one country."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    segment: Annotated[Decimal, Field(gt=0)]

    def of(self, segments: int) -> str:
        """Return what a text of so many segments costs, such as "0.0166 USD"."""
        return f"{self.segment * segments} {self.currency}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextCost:
    """The segments of one message over all its situations, with ordinary names."""

    message: str
    locale: str
    fewest: int
    most: int
    first: int  # of a first text, which says how to stop as well: the most


class PriceList(RootModel[dict[str, Price]]):
    """Prices by country, as its two letters."""


def load_prices(path: Path) -> Mapping[str, Price]:
    """Return the price of a segment by country; empty where there is no file.

    :raises YamlInvalid: with every fault found.
    """
    return read_yaml(path, PriceList).root if path.is_file() else {}


def text_costs(words: Words, messages: Sequence[str], locale: str) -> list[TextCost]:
    """Return what each of `messages` costs; one that can't be said is left out."""
    costs = []
    for message in messages:
        try:
            usual: list[int] = []
            first: list[int] = []
            for values in variations(message):
                segments = count_segments(words.render_sms(message, locale, values))
                (first if values.first_text else usual).append(segments)
        except RenderFailed:
            continue
        costs.append(
            TextCost(
                message=message,
                locale=locale,
                fewest=min(usual),
                most=max(usual),
                first=max(first),
            )
        )
    return costs


def check_costs(words: Words, messages: Sequence[str], locales: Sequence[str]) -> list[Finding]:
    """Return what makes a text cost more than one segment with ordinary names; all warnings."""
    findings: dict[tuple[str, str], Finding] = {}
    for locale in locales:
        for message in (one for one in messages if one in words.messages(locale)):
            for found in _costly(words, message, locale):
                findings.setdefault((found.subject, found.remedy or ""), found)
    return list(findings.values())


def _costly(words: Words, message: str, locale: str) -> Iterator[Finding]:
    file = f"{locale}/{message}/{SMS}"
    try:
        texts = {
            words.render_sms(message, locale, values)
            for values in variations(message)
            if not values.first_text
        }
    except RenderFailed:
        return
    for text in sorted(texts, key=lambda text: (-count_segments(text), text)):
        strange = offending_characters(text)
        for character in strange:
            yield _of_character(words, file, text, character)
        if not strange and count_segments(text) > 1:
            yield Finding.warning(
                f"{file}:1",
                f"{count_segments(text)} segments, {len(text)} characters: “{text}”",
                "Add a shorter wording below a line `---`; the cheapest is sent.",
            )


def _of_character(words: Words, file: str, text: str, character: str) -> Finding:
    """Say which character it is, where it stands, and what would keep the text cheap."""
    name = unicodedata.name(character, "without a name").lower()
    line, column = _place(words.source(file), character)
    where = f"{file}:{line}"
    at = f"at character {column}" if column else "in a value"
    replaced = "".join((stand_in(c) or "") if c in offending_characters(text) else c for c in text)
    sentence = (
        f"“{character}” (U+{ord(character):04X}, {name}) {at} leaves 70 characters a segment"
        f" in place of 160: {count_segments(text)} segments"
    )
    instead = stand_in(character)
    remedy = f"Write “{instead}” instead" if instead else "Leave it out"
    return Finding.warning(where, sentence, f"{remedy}: then it is {count_segments(replaced)}.")


def _place(source: str, character: str) -> tuple[int, int]:
    """Return line and column (from 1) of `character`; column 0 where no template has it."""
    for number, line in enumerate(source.splitlines(), 1):
        if character in (said := plain(line)):
            return number, said.index(character) + 1
    return 1, 0
