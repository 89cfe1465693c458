"""Read `rules/*.yaml`: typed, checked, every fault with its file and line."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from notifier.conditions import ConditionInvalid, compile_condition
from notifier.domain.caps import Cap
from notifier.domain.conditions import Condition
from notifier.domain.message_values import DIGEST
from notifier.domain.rules import Audience, EpisodeBy, Family, Rule, RuleSet
from notifier.rendering import Words
from notifier.rule_specs import IfSpec, RuleFile, RuleSpec
from notifier.yaml_files import YamlFault, YamlInvalid, meant, parse_yaml


class RulesInvalid(YamlInvalid):
    """The rules can't be used; `faults` names every reason."""


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The rules in force, the texts that they were read from, and a hash that names them."""

    rules: RuleSet
    hash: str
    files: Mapping[str, str] = field(default_factory=dict)

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
    files = sorted(directory.glob("*.yaml"))
    if not files:
        raise RulesInvalid([YamlFault(str(directory), 0, "there is no rule file (*.yaml) in it")])
    return rulebook_of({path.name: path.read_text(encoding="utf-8") for path in files})


def rulebook_of(files: Mapping[str, str]) -> Rulebook:
    """Return the rules that the texts of `files` (by name) state.

    :raises RulesInvalid: with every fault found, not only the first.
    """
    faults: list[YamlFault] = []
    rules: list[Rule] = []
    caps: list[Cap] = []
    digest = hashlib.sha256()
    seen: dict[str, str] = {}
    places: dict[str, tuple[str, int]] = {}
    for name, text in sorted(files.items()):
        digest.update(text.encode())
        found, of_file, wrong = _read(name, text)
        caps += of_file
        faults += wrong
        for rule, line in found:
            if rule.id in seen:
                sentence = f"the rule `{rule.id}` is in {seen[rule.id]} already"
                faults.append(YamlFault(name, line, sentence))
            seen[rule.id] = name
            places[rule.id] = (name, line)
            rules.append(rule)
    if not faults:
        faults = _loose_ends(rules, places)
    if faults:
        raise RulesInvalid(faults)
    return Rulebook(RuleSet(rules, caps=caps), digest.hexdigest()[:16], dict(files))


def check_rules(rulebook: Rulebook, words: Words, locales: Sequence[str] = ("en",)) -> None:
    """Check that every rule, on or off, has its words, and that these can be said.

    A rule to `dispatch` makes a task, which has none; one with a `digest` has words for that too.

    :raises RulesInvalid: with every fault found.
    """
    said = [rule for rule in rulebook.rules if Audience.DISPATCH not in rule.to]
    digests = {rule.message + DIGEST for rule in said if rule.digest is not None}
    messages = sorted({rule.message for rule in said} | digests)
    faults = []
    for text in words.check_all(messages, locales):
        where, _, sentence = text.partition(": ")
        file, _, line = where.partition(":")
        faults.append(YamlFault(file, int(line) if line.isdigit() else 1, sentence or text))
    if faults:
        raise RulesInvalid(faults)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a rule file, for editors."""
    return RuleFile.model_json_schema(by_alias=True)


def _read(name: str, text: str) -> tuple[list[tuple[Rule, int]], list[Cap], list[YamlFault]]:
    try:
        document = parse_yaml(name, text, RuleFile)
    except YamlInvalid as error:
        return [], [], error.faults
    rules: list[tuple[Rule, int]] = []
    faults: list[YamlFault] = []
    for index, spec in enumerate(document.model.rules):
        try:
            rules.append((_rule(spec), document.fault(("rules", index, "supersedes"), "").line))
        except ConditionInvalid as error:
            said = f"the condition of `{spec.id}`: {error}"
            faults.append(document.fault(("rules", index, "when"), said))
    return rules, [cap.cap() for cap in document.model.caps], faults


_AS_THEY_ARE = set(RuleSpec.model_fields) & set(Rule.__dataclass_fields__) - {
    "to",
    "at",
    "brands",
    "channels",
    "family",
    "episode",
    "message",
    "supersedes",
}


def _rule(spec: RuleSpec) -> Rule:
    asked = spec.if_ or IfSpec()
    parts = asked.parts()
    if spec.when is not None:
        parts.append(compile_condition(spec.when))
    by_the_clock = spec.at is not None or asked.silent_for is not None
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
        condition=Condition(tuple(parts), asked.silent_for),
        text="; ".join(
            [part.text for part in parts] + ([f"at: {{{spec.at.text()}}}"] if spec.at else [])
        ),
        family=spec.family or (Family.MOMENT if by_the_clock else Family.STATUS),
        episode=episode,
        message=spec.message or spec.id,
    )


def _loose_ends(rules: Sequence[Rule], places: Mapping[str, tuple[str, int]]) -> list[YamlFault]:
    """Return the names of rules that no rule has."""
    known = {rule.id for rule in rules}
    return [
        YamlFault(
            *places[rule.id],
            f"`{rule.id}` supersedes `{name}`, no rule{meant(name, known)}",
        )
        for rule in rules
        for name in rule.supersedes
        if name not in known
    ]
