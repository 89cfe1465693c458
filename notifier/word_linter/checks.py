"""Hold every message to what it owes its reader, and to what no message says.

What can't be said at all (`Words.check`) is looked at before; here every wording of every text,
and every email, is rendered with ordinary values and read as a customer would.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property

from notifier.domain.findings import Finding
from notifier.domain.reply_intents import CLOSES_ADDRESS, Intent, classify
from notifier.domain.technician_answers import answer_in
from notifier.domain.words.examples import EXAMPLE, variations
from notifier.domain.words.values import MessageValues
from notifier.rendering import EMAIL, SMS, RenderFailed, Words
from notifier.word_linter.rules import (
    OBLIGATIONS,
    PHRASES,
    Kind,
    Obligation,
    Obligations,
    Phrases,
    load_word_rules,
)
from notifier.yaml_files import YamlInvalid

_SHOWN = 200  # characters of a text or an email that a finding quotes
_NOT_CHECKED = "Mend the file; nothing else was checked."
_FIRST_TEXT = "_first_text.txt"
#: What carriers act on, so that no message may ask for it.
_CARRIERS_WORDS = CLOSES_ADDRESS | {Intent.OPT_IN, Intent.HELP}


@dataclass(frozen=True)
class _Said:
    """One wording as one reader gets it, and where it is written."""

    file: str
    line: int
    text: str
    values: MessageValues

    @cached_property
    def known(self) -> Mapping[str, object]:
        return asdict(self.values)

    def shows(self, name: str) -> bool:
        """Return whether the value called `name` is in the words."""
        value = self.known[name]
        return isinstance(value, str) and bool(value) and value in self.text


def check_words(words: Words, messages: Sequence[str], locales: Sequence[str]) -> list[Finding]:
    """Return what is wrong with the words of `messages` in `locales`; each is failing.

    A finding's subject is the file and line, its remedy what was meant. Messages that can't be
    rendered are left to `Words.check`.
    """
    try:
        rules = load_word_rules(words.directory)
    except YamlInvalid as error:
        return [
            Finding.failing(f"{fault.file}:{fault.line}", fault.sentence, _NOT_CHECKED)
            for fault in error.faults
        ]
    findings: dict[tuple[str, str], Finding] = {}
    for found in _all(words, messages, locales, rules.obligations, rules.phrases):
        findings.setdefault((found.subject, found.remedy or found.sentence), found)
    return list(findings.values())


def _all(
    words: Words,
    messages: Sequence[str],
    locales: Sequence[str],
    obligations: Obligations,
    phrases: Mapping[str, Phrases],
) -> Iterator[Finding]:
    for message in messages:
        if message not in obligations.messages:
            sentence = f"`{message}` is not listed, so nobody knows what it owes"
            remedy = f"Say under `messages:` what kind of message `{message}` is."
            yield Finding.failing(f"{OBLIGATIONS}:1", sentence, remedy)
    for locale in locales:
        if locale not in phrases:
            sentence = f"`{locale}` has words, and no phrases to hold them to"
            yield Finding.failing(f"{PHRASES}:1", sentence, f"Add `{locale}:` to it.")
            continue
        yield from _check_first_text(words, locale, phrases[locale])
        own = words.messages(locale)
        for message in messages:
            if message not in own:
                sentence = f"`{locale}` has no words for `{message}`"
                remedy = "Write them: its readers would get one message in English among theirs."
                yield Finding.failing(f"{locale}/{message}:1", sentence, remedy)
                continue
            kinds = [
                (name, obligations.kinds[name]) for name in obligations.messages.get(message, ())
            ]
            for said in _everything_said(words, message, locale):
                yield from _check(said, kinds, obligations, phrases[locale], words)


def _everything_said(words: Words, message: str, locale: str) -> Iterator[_Said]:
    """Yield each wording of each situation once. First texts only add their ending."""
    folder = f"{locale}/{message}"
    seen: set[tuple[str, MessageValues]] = set()
    try:
        lines = words.lines_of_wordings(message, locale)
        for values in variations(message):
            if values.first_text:
                continue
            texts = words.wordings(message, locale, values)
            places = lines if len(lines) == len(texts) else [1] * len(texts)
            said = [
                *(
                    _Said(f"{folder}/{SMS}", *one, values)
                    for one in zip(places, texts, strict=True)
                ),
                _Said(f"{folder}/{EMAIL}", 1, words.email_words(message, locale, values), values),
            ]
            for one in said:
                if (one.text, values) not in seen:
                    seen.add((one.text, values))
                    yield one
    except RenderFailed:
        return


def _check(
    said: _Said,
    kinds: Sequence[tuple[str, Kind]],
    obligations: Obligations,
    phrases: Phrases,
    words: Words,
) -> Iterator[Finding]:
    where = f"{said.file}:{said.line}"
    for phrase in phrases.never:
        if match := phrase.says.search(_without_links(said)):
            line = _line_of(words, said, phrase.says)
            yield Finding.failing(f"{said.file}:{line}", f"it says “{match[0]}”", phrase.because)
    for name, kind in kinds:
        for forbidden in kind.never:
            if match := phrases.forbidden[forbidden].search(_without_links(said)):
                sentence = f"it says “{match[0]}”, and a {_plain(name)} is never worded so"
                yield Finding.failing(where, sentence, f"Leave out {_plain(forbidden)}.")
        for owed in kind.owes:
            obligation = obligations.obligations[owed]
            if obligation.is_owed(said.known) and not _is_met(obligation, said, phrases):
                sentence = f"it does not do what is owed by “{_plain(name)}”: “{_start(said.text)}”"
                yield Finding.failing(where, sentence, f"It {obligation.means}.")
    for word in _invited(said.text, phrases):
        by_technician = any(kind.answered_by == "technician" for _, kind in kinds)
        fault = _fault_of_asking_for(word, by_technician=by_technician)
        if fault:
            line = _line_of(words, said, re.compile(rf"\b{re.escape(word)}\b"))
            remedy = "Ask for C, R, X or H, or for a tap on the link."
            yield Finding.failing(f"{said.file}:{line}", fault, remedy)


def _is_met(obligation: Obligation, said: _Said, phrases: Phrases) -> bool:
    known = [name for name in obligation.values if said.known[name]]
    if known and not any(said.shows(name) for name in known):
        return False
    if obligation.values and not known:
        if obligation.else_said is None:
            return False
        if not phrases.said[obligation.else_said].search(said.text):
            return False
    return obligation.said is None or bool(phrases.said[obligation.said].search(said.text))


def _check_first_text(words: Words, locale: str, phrases: Phrases) -> Iterator[Finding]:
    """The first text to a number says how to stop, in a word that does stop."""
    try:
        source = words.source(f"{locale}/{_FIRST_TEXT}")
    except RenderFailed:
        return
    if not any(classify(word) is Intent.OPT_OUT for word in _invited(source, phrases)):
        sentence = "the first text to a number does not say how to stop"
        yield Finding.failing(f"{locale}/{_FIRST_TEXT}:1", sentence, "Write: Reply STOP to end.")


def _invited(text: str, phrases: Phrases) -> Iterator[str]:
    for invitation in phrases.invites:
        for match in invitation.finditer(text):
            yield match[1]


def _fault_of_asking_for(word: str, *, by_technician: bool) -> str | None:
    # Read as of somebody who opted out: only then YES shows what carriers take it for.
    intent = classify(word, suppressed=True)
    if intent in _CARRIERS_WORDS:
        return f"it asks for “{word}”, which carriers read as opting in or out, or asking for help"
    understood = answer_in(word) is not None if by_technician else intent is not Intent.OTHER
    if word.isupper() and not understood:
        return f"it asks for “{word}”, an answer that we would not understand"
    return None


def _without_links(said: _Said) -> str:
    """Return the words alone: a link's random letters say nothing."""
    return said.text.replace(EXAMPLE.link, "")


def _line_of(words: Words, said: _Said, sought: re.Pattern[str]) -> int:
    """Return the line of the wording that holds `sought`, else the one on which it starts."""
    lines = words.source(said.file).splitlines()
    for number, line in enumerate(lines[said.line - 1 :], said.line):
        if number > said.line and line.strip() == "---":
            break
        if sought.search(line):
            return number
    return said.line


def _start(text: str) -> str:
    """Return so much of `text` as shows which of its branches is meant."""
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


def _plain(name: str) -> str:
    return name.replace("_", " ")
