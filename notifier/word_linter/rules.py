"""Read what words are held to: `obligations.yaml` and `phrases.yaml` beside the messages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, RootModel, model_validator

from notifier.domain.words.values import MessageValues
from notifier.yaml_files import YamlFault, YamlInvalid, read_yaml

OBLIGATIONS, PHRASES = "obligations.yaml", "phrases.yaml"

_VALUES = frozenset(field.name for field in fields(MessageValues))


def _ignoring_case(value: object) -> object:
    return _pattern(value, re.IGNORECASE)


def _minding_case(value: object) -> object:
    return _pattern(value, re.NOFLAG)


def _pattern(value: object, flags: re.RegexFlag) -> object:
    """Return one expression that finds whatever one of a list, or the one given, finds."""
    parts = value if isinstance(value, list) else [value]
    if not parts or not all(isinstance(part, str) for part in parts):
        raise ValueError("write a regular expression, or a list of them")
    try:
        return re.compile("|".join(f"(?:{part})" for part in parts), flags)
    except re.error as error:
        raise ValueError(f"this is no regular expression: {error}") from error


Words = Annotated[re.Pattern[str], BeforeValidator(_ignoring_case)]
Invitation = Annotated[re.Pattern[str], BeforeValidator(_minding_case)]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Obligation(_Data):
    """One thing that a message owes its reader, and how it is recognised."""

    means: str
    values: tuple[str, ...] = ()
    else_said: str | None = None
    said: str | None = None
    only_if: Mapping[str, str | bool] = {}

    @model_validator(mode="after")
    def _names_values_that_exist(self) -> Self:
        unknown = [name for name in (*self.values, *self.only_if) if name not in _VALUES]
        if unknown:
            raise ValueError(f"there is no value called {unknown[0]!r}")
        if not (self.values or self.said):
            raise ValueError("name the `values` or the words (`said`) that meet it")
        return self

    def is_owed(self, values: Mapping[str, object]) -> bool:
        """Return whether it is owed where `values` is what is known."""
        return all(values[name] == wanted for name, wanted in self.only_if.items())


class Kind(_Data):
    """What a message of this kind owes, and what it never says."""

    owes: tuple[str, ...]
    never: tuple[str, ...] = ()
    answered_by: Literal["customer", "technician"] = "customer"


class Obligations(_Data):
    """What each message is, and what that owes."""

    obligations: Mapping[str, Obligation]
    kinds: Mapping[str, Kind]
    messages: Mapping[str, tuple[str, ...]]

    @model_validator(mode="after")
    def _names_what_is_there(self) -> Self:
        for kind, owed in self.kinds.items():
            for name in owed.owes:
                if name not in self.obligations:
                    raise ValueError(f"the kind `{kind}` owes `{name}`, which is not described")
        for message, kinds in self.messages.items():
            for name in kinds:
                if name not in self.kinds:
                    raise ValueError(f"`{message}` is a `{name}`, which is not described")
        return self


class Phrase(_Data):
    """Words that no message says, and why."""

    says: Words
    because: str


class Phrases(_Data):
    """The words of one language that are looked for."""

    never: tuple[Phrase, ...]
    said: Mapping[str, Words]
    forbidden: Mapping[str, Words]
    invites: tuple[Invitation, ...]


class PhraseBook(RootModel[dict[str, Phrases]]):
    """The phrases of every locale."""


@dataclass(frozen=True, slots=True)
class WordRules:
    """What each message owes, and the phrases of each locale."""

    obligations: Obligations
    phrases: Mapping[str, Phrases]


def load_word_rules(directory: Path) -> WordRules:
    """Return what words are held to, from the two files in `directory`.

    :raises YamlInvalid: with every fault found, also where a locale lacks the words by which
        an obligation is recognised.
    """
    obligations = read_yaml(directory / OBLIGATIONS, Obligations)
    phrases = read_yaml(directory / PHRASES, PhraseBook).root
    recognised = {
        name
        for owed in obligations.obligations.values()
        for name in (owed.said, owed.else_said)
        if name
    }
    forbidden = {name for kind in obligations.kinds.values() for name in kind.never}
    lacking = [
        YamlFault(PHRASES, 1, f"`{locale}` has no words for `{name}`")
        for locale, found in phrases.items()
        for name in sorted((recognised - set(found.said)) | (forbidden - set(found.forbidden)))
    ]
    if lacking:
        raise YamlInvalid(lacking)
    return WordRules(obligations, phrases)
