"""Read `rules/*.yaml`: typed, checked, every fault with its file and line."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from notifier.domain.caps import Cap
from notifier.domain.rules.conditions import Condition
from notifier.domain.rules.rule import Asserts, Audience, EpisodeBy, Family, Rule, RuleSet
from notifier.domain.words.values import DIGEST
from notifier.rendering import Words
from notifier.rule_language.cel import ConditionInvalid, compile_condition
from notifier.rule_language.sense import nonsense_in, supersedes_nonsense
from notifier.rule_language.specs import RuleFile, RuleSpec
from notifier.yaml_files import YamlFault, YamlInvalid, meant, parse_yaml, text_of

#: Of files that somebody meant as rules.
_SUFFIXES = {".yaml", ".yml"}


class RulesInvalid(YamlInvalid):
    """The rules can't be used; `faults` names every reason."""


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The rules in force, the texts that they were read from, and a hash that names them."""

    rules: RuleSet
    hash: str
    files: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, tuple[str, int]] = field(default_factory=dict)  # file and line, by rule

    @property
    def on_trial(self) -> frozenset[str]:
        """The rules that plan and record, and send nothing."""
        return frozenset(rule.id for rule in self.rules if rule.trial)

    def rule(self, rule_id: str) -> Rule | None:
        """Return the rule of that name, if it is still there."""
        return self.rules.by_id.get(rule_id)


def load_rulebook(directory: Path) -> Rulebook:
    """Return the rules of every `*.yaml` in `directory`, file by file in name order.

    :raises RulesInvalid: with every fault found, not only the first.
    """
    named = sorted(path for path in directory.iterdir() if path.suffix.lower() in _SUFFIXES)
    files: dict[str, str] = {}
    faults: list[YamlFault] = []
    for path in named:
        if path.suffix != ".yaml":
            faults.append(YamlFault(path.name, 0, "it is not read: rename it to .yaml"))
            continue
        try:
            files[path.name] = text_of(path)
        except YamlInvalid as error:
            faults += error.faults
    if not named:
        faults.append(YamlFault(str(directory), 0, "there is no rule file (*.yaml) in it"))
    if not faults:
        return rulebook_of(files)
    try:
        rulebook_of(files)
    except RulesInvalid as error:
        faults += error.faults
    raise RulesInvalid(faults)


def rulebook_of(files: Mapping[str, str]) -> Rulebook:
    """Return the rules that the texts of `files` (by name) state.

    :raises RulesInvalid: with every fault found, not only the first.
    """
    faults: list[YamlFault] = []
    specs: dict[str, RuleSpec] = {}
    rules: list[Rule] = []
    caps: list[Cap] = []
    digest = hashlib.sha256()
    places: dict[str, tuple[str, int]] = {}
    for name, text in sorted(files.items()):
        digest.update(text.encode())
        found, of_file, wrong = _read(name, text)
        caps += of_file
        faults += wrong
        for spec, rule, line in found:
            if rule.id in places:
                sentence = f"the rule `{rule.id}` is in {places[rule.id][0]} already"
                faults.append(YamlFault(name, line, sentence))
            specs[rule.id] = spec
            places[rule.id] = (name, line)
            rules.append(rule)
    if not faults:
        faults = _loose_ends(specs, places)
    if faults:
        raise RulesInvalid(faults)
    book = RuleSet(rules, caps=caps)
    return Rulebook(book, digest.hexdigest()[:16], dict(files), places)


def check_rules(rulebook: Rulebook, words: Words, locales: Sequence[str] = ("en",)) -> None:
    """Check that every rule, on or off, has its words, and that these can be said.

    A rule to `dispatch` makes a task, which has none; one with a `digest` has words for that too.

    :raises RulesInvalid: with every fault found.
    """
    there = words.messages("en")
    faults = []
    messages = set()
    for rule in rulebook.rules:
        if Audience.DISPATCH in rule.to:
            continue
        for message in {rule.message, rule.message + (DIGEST if rule.digest is not None else "")}:
            if message in there or rule.id not in rulebook.places:
                messages.add(message)
                continue
            sentence = f"`{rule.id}` says `{message}`, and there are no such words"
            place = rulebook.places[rule.id]
            faults.append(YamlFault(*place, f"{sentence}{meant(message, there)}"))
    for text in words.check_all(sorted(messages), locales):
        where, _, sentence = text.partition(": ")
        file, _, line = where.partition(":")
        faults.append(YamlFault(file, int(line) if line.isdigit() else 1, sentence or text))
    if faults:
        raise RulesInvalid(faults)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a rule file, for editors."""
    return RuleFile.model_json_schema(by_alias=True)


def _read(
    name: str, text: str
) -> tuple[list[tuple[RuleSpec, Rule, int]], list[Cap], list[YamlFault]]:
    try:
        document = parse_yaml(name, text, RuleFile)
    except YamlInvalid as error:
        return [], [], error.faults
    rules: list[tuple[RuleSpec, Rule, int]] = []
    faults: list[YamlFault] = []
    for index, spec in enumerate(document.model.rules):
        wrong = [
            document.fault(("rules", index, *where), f"`{spec.id}`: {sentence}")
            for where, sentence in nonsense_in(spec)
        ]
        faults += wrong
        try:
            line = document.line(("rules", index, "supersedes"))
            rules.append((spec, _rule(spec), line))
        except ConditionInvalid as error:
            said = f"the condition of `{spec.id}`: {error}"
            faults.append(document.fault(("rules", index, "when"), said))
    return rules, [cap.cap() for cap in document.model.caps], faults


_AS_THEY_ARE = set(RuleSpec.model_fields) & set(Rule.__dataclass_fields__) - {
    "to",
    "at",
    "brands",
    "channels",
    "asserts",
    "family",
    "episode",
    "message",
    "supersedes",
}


def _rule(spec: RuleSpec) -> Rule:
    cel = [compile_condition(spec.when)] if spec.when is not None else []
    silent_for = spec.if_.silent_for if spec.if_ is not None else None
    silent_at = frozenset(spec.if_.status or ()) if spec.if_ is not None else frozenset()
    parcel_at = frozenset(spec.if_.parcel or ()) if spec.if_ is not None else frozenset()
    parts = spec.if_.parts(cel) if spec.if_ is not None else cel
    by_the_clock = spec.at is not None or silent_for is not None
    family = spec.family or (Family.MOMENT if by_the_clock else Family.STATUS)
    asserts = spec.asserts or (Asserts.DRIFT if family is Family.SLIP else Asserts.CURRENT)
    episode = spec.episode
    if by_the_clock and "episode" not in spec.model_fields_set:
        episode = EpisodeBy.MOMENT
    return Rule(
        **{name: getattr(spec, name) for name in _AS_THEY_ARE},
        to=frozenset(spec.to),
        at=spec.at.moment() if spec.at is not None else None,
        brands=tuple(spec.brands),
        channels=tuple(spec.channels),
        supersedes=tuple(spec.supersedes),
        condition=Condition(tuple(parts), silent_for, silent_at, parcel_at),
        text="; ".join(
            [part.text for part in parts] + ([f"at: {{{spec.at.text()}}}"] if spec.at else [])
        ),
        family=family,
        asserts=asserts,
        episode=episode,
        message=spec.message or spec.id,
    )


def _loose_ends(
    specs: Mapping[str, RuleSpec], places: Mapping[str, tuple[str, int]]
) -> list[YamlFault]:
    """Return where a rule supersedes what there is not, or what it can't."""
    faults = []
    for spec in specs.values():
        unknown = [
            f"`{spec.id}` supersedes `{name}`, no rule{meant(name, specs)}"
            for name in spec.supersedes
            if name not in specs
        ]
        said = [*unknown, *supersedes_nonsense(spec, specs)]
        faults += [YamlFault(*places[spec.id], sentence) for sentence in said]
    return faults
