"""Read `rules/*.yaml`: typed, checked, every fault with its file and line."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from notifier.conditions import ConditionInvalid, compile_condition
from notifier.domain.caps import Cap
from notifier.domain.conditions import Condition
from notifier.domain.message_values import DIGEST
from notifier.domain.rules import Audience, EpisodeBy, Family, Rule, RuleSet
from notifier.rendering import Words
from notifier.rule_specs import AtSpec, CapSpec, IfSpec, PlainSpec, RuleFile, RuleSpec


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in a rule file, and where."""

    file: str
    line: int
    sentence: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.sentence}"


class RulesInvalid(Exception):
    """The rules can't be used; `faults` names every reason."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The rules in force, the texts that they were read from, and a hash that names them."""

    rules: RuleSet
    hash: str
    files: Mapping[str, str] = field(default_factory=dict)

    def rule(self, rule_id: str) -> Rule | None:
        """Return the rule of that name, if it is still there."""
        return self.rules.by_id.get(rule_id)


def load_rulebook(directory: Path) -> Rulebook:
    """Return the rules of every `*.yaml` in `directory`, file by file in name order.

    :raises RulesInvalid: with every fault found, not only the first.
    """
    files = sorted(directory.glob("*.yaml"))
    if not files:
        raise RulesInvalid([Fault(str(directory), 0, "there is no rule file (*.yaml) in it")])
    return rulebook_of({path.name: path.read_text(encoding="utf-8") for path in files})


def rulebook_of(files: Mapping[str, str]) -> Rulebook:
    """Return the rules that the texts of `files` (by name) state.

    :raises RulesInvalid: with every fault found, not only the first.
    """
    faults: list[Fault] = []
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
                faults.append(Fault(name, line, sentence))
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
        faults.append(Fault(file, int(line) if line.isdigit() else 1, sentence or text))
    if faults:
        raise RulesInvalid(faults)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a rule file, for editors."""
    return RuleFile.model_json_schema(by_alias=True)


def _read(name: str, text: str) -> tuple[list[tuple[Rule, int]], list[Cap], list[Fault]]:
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        return [], [], [Fault(name, line, f"this is not YAML: {error.problem}")]
    try:
        file = RuleFile.model_validate(data)
    except ValidationError as error:
        return (
            [],
            [],
            [
                Fault(name, _line(node, detail["loc"]), _sentence(detail))
                for detail in error.errors()
            ],
        )
    rules: list[tuple[Rule, int]] = []
    faults: list[Fault] = []
    for index, spec in enumerate(file.rules):
        try:
            rules.append((_rule(spec), _line(node, ("rules", index, "supersedes"))))
        except ConditionInvalid as error:
            line = _line(node, ("rules", index, "when"))
            faults.append(Fault(name, line, f"the condition of `{spec.id}`: {error}"))
    return rules, [cap.cap() for cap in file.caps], faults


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
        family=spec.family or (Family.MOMENT if by_the_clock else Family.STATUS),
        episode=episode,
        message=spec.message or spec.id,
    )


def _loose_ends(rules: Sequence[Rule], places: Mapping[str, tuple[str, int]]) -> list[Fault]:
    """Return the names of rules that no rule has."""
    known = {rule.id for rule in rules}
    return [
        Fault(
            *places[rule.id],
            f"`{rule.id}` supersedes `{name}`, no rule{_meant(name, known)}",
        )
        for rule in rules
        for name in rule.supersedes
        if name not in known
    ]


def _line(node: yaml.Node | None, location: tuple[int | str, ...]) -> int:
    """Return the line (from 1) of the part of the document that `location` names."""
    line = 1
    for part in location:
        if node is None:
            break
        line = node.start_mark.line + 1
        node, key_line = _child(node, part)
        line = key_line or line
    return line


def _child(node: yaml.Node, part: int | str) -> tuple[yaml.Node | None, int | None]:
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        child = node.value[part]
        return child, child.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == part:
                return value, key.start_mark.line + 1
    return None, None


def _sentence(detail: Mapping[str, Any]) -> str:
    location, message = detail["loc"], detail["msg"]
    names = [str(part) for part in location if isinstance(part, str)]
    where = names[-1] if names else "the file"
    if detail["type"] == "extra_forbidden":
        return f"`{where}` is not something that can be said here{_meant(where, _sayable(names))}"
    if detail["type"] == "missing":
        return f"`{where}` is missing"
    if detail["type"] == "enum":
        expected = detail["ctx"]["expected"]
        allowed = expected.replace(" or ", ", ").replace("'", "").split(", ")
        said = str(detail["input"])
        return f"`{where}`: `{said}` is none of {', '.join(allowed)}{_meant(said, allowed)}"
    return f"`{where}`: {message.removeprefix('Value error, ')}"


_SPECS: dict[str, type[BaseModel]] = {
    "if": IfSpec,
    "any": PlainSpec,
    "not": PlainSpec,
    "at": AtSpec,
    "rules": RuleSpec,
    "caps": CapSpec,
}


def _sayable(names: Sequence[str]) -> set[str]:
    """Return the words of the part of the language that the last of `names` stands in."""
    around = next((name for name in reversed(names[:-1]) if name in _SPECS), None)
    spec = _SPECS[around] if around is not None else RuleFile
    return {field.alias or name for name, field in spec.model_fields.items()}


def _meant(said: str, known: Iterable[str]) -> str:
    close = get_close_matches(said, list(known), n=1)
    return f"; did you mean `{close[0]}`?" if close else ""
