"""Read `rules/*.yaml`: typed, checked, every fault with its file and line."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from notifier.conditions import ConditionInvalid, compile_condition
from notifier.domain.jobs import JobKind
from notifier.domain.messages import Channel, MessageKind, Role
from notifier.domain.rules import Asserts, EpisodeBy, Family, Rule
from notifier.rendering import Words

_DURATION = re.compile(r"^(\d+)(m|h|d)$")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def _duration(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    match = _DURATION.match(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("write a length of time such as 10m, 2h or 3d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _clock_time(value: object) -> object:
    if isinstance(value, str):
        return time.fromisoformat(value)
    raise ValueError('write a time of day in quotes, such as "18:00"')


Duration = Annotated[
    timedelta,
    BeforeValidator(_duration, json_schema_input_type=str),
    Field(json_schema_extra={"type": "string", "pattern": _DURATION.pattern}),
]
ClockTime = Annotated[time, BeforeValidator(_clock_time, json_schema_input_type=str)]


class RuleSpec(BaseModel):
    """One rule, as a business writes it."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,39}$", description="Its name.")]
    jobs: JobKind = Field(alias="for", description="Appointments or orders.")
    to: list[Role] = Field(
        default=[Role.CUSTOMER], min_length=1, description="Which of the job's people."
    )
    when: str = Field(description="The condition (CEL) that owes the message.")
    message: str | None = Field(None, description="Its words; by default the rule's own name.")
    kind: MessageKind = Field(MessageKind.TRANSACTIONAL, description="What it is for.")
    family: Family = Field(Family.STATUS, description="What its episodes count within.")
    asserts: Asserts = Field(Asserts.CURRENT, description="What it says about the time.")
    episode: EpisodeBy = Field(EpisodeBy.PROMISE, description="What it speaks about once.")
    channels: list[Channel] = Field(
        default=[Channel.SMS, Channel.EMAIL], min_length=1, description="In this order."
    )
    reach: Duration = Field(
        timedelta(minutes=10), description="How long to wait for a receipt before the next."
    )
    expires: Duration = Field(timedelta(hours=4), description="When silence is better.")
    evening_before: ClockTime | None = Field(
        None, description="Goes at this local time on the day before the window."
    )
    update_after: Duration | None = Field(
        None, description="Promises an update so long after it goes."
    )
    call_task: bool = Field(False, description="A person is to ring as well.")
    bad_news: bool = Field(False, description="Counts as a slip of the promise.")
    tells_of_end: bool = Field(False, description="Goes out though the job has ended.")
    concerns_past: bool = Field(False, description="Worth sending after the window.")
    names_technician: bool = Field(False, description="Says who is coming.")
    enabled: bool = Field(True, description="Off: planned never, shown by explain.")


class RuleFile(BaseModel):
    """A file of rules. Their order matters: of those about the time the first speaks."""

    model_config = ConfigDict(extra="forbid")

    rules: list[RuleSpec]


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
    """The rules in force, a hash that names them, and the texts that they were read from."""

    rules: tuple[Rule, ...]
    hash: str
    files: Mapping[str, str] = field(default_factory=dict)  # name to text

    def rule(self, rule_id: str) -> Rule | None:
        """Return the rule of that name, if it is still there."""
        return next((rule for rule in self.rules if rule.id == rule_id), None)


def load_rulebook(directory: Path) -> Rulebook:
    """Return the rules of every `*.yaml` in `directory`, file by file in name order.

    :raises RulesInvalid: with every fault found, not only the first.
    """
    files = {path.name: path.read_text(encoding="utf-8") for path in directory.glob("*.yaml")}
    if not files:
        raise RulesInvalid([Fault(str(directory), 0, "there is no rule file (*.yaml) in it")])
    return rulebook_of(files)


def rulebook_of(files: Mapping[str, str]) -> Rulebook:
    """Return the rules of `files`, each a name and its text, in the order of their names.

    :raises RulesInvalid: with every fault found, not only the first.
    """
    faults: list[Fault] = []
    rules: list[Rule] = []
    digest = hashlib.sha256()
    seen: dict[str, str] = {}
    for name, text in sorted(files.items()):
        digest.update(text.encode())
        found, wrong = _read(name, text)
        faults += wrong
        for rule, line in found:
            if rule.id in seen:
                sentence = f"the rule `{rule.id}` is in {seen[rule.id]} already"
                faults.append(Fault(name, line, sentence))
            seen[rule.id] = name
            rules.append(rule)
    if faults:
        raise RulesInvalid(faults)
    return Rulebook(tuple(rules), digest.hexdigest()[:16], files)


def check_rules(rulebook: Rulebook, words: Words, locales: Sequence[str] = ("en",)) -> None:
    """Check that every rule, on or off, has its words, and that these can be said.

    :raises RulesInvalid: with every fault found.
    """
    messages = sorted({rule.message for rule in rulebook.rules})
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


def _read(name: str, text: str) -> tuple[list[tuple[Rule, int]], list[Fault]]:
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        return [], [Fault(name, line, f"this is not YAML: {error.problem}")]
    try:
        specs = RuleFile.model_validate(data).rules
    except ValidationError as error:
        return [], [
            Fault(name, _line(node, detail["loc"]), _sentence(detail["loc"], detail["msg"]))
            for detail in error.errors()
        ]
    rules: list[tuple[Rule, int]] = []
    faults: list[Fault] = []
    for index, spec in enumerate(specs):
        line = _line(node, ("rules", index, "when"))
        try:
            rules.append((_rule(spec), line))
        except ConditionInvalid as error:
            faults.append(Fault(name, line, f"the condition of `{spec.id}`: {error}"))
    return rules, faults


def _rule(spec: RuleSpec) -> Rule:
    fields = spec.model_dump(exclude={"when", "message", "to", "channels"})
    return Rule(
        **fields,
        to=tuple(spec.to),
        channels=tuple(spec.channels),
        when=spec.when,
        condition=compile_condition(spec.when),
        message=spec.message or spec.id,
    )


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


def _sentence(location: tuple[int | str, ...], message: str) -> str:
    names = [str(part) for part in location if isinstance(part, str)]
    where = names[-1] if names else "the file"
    if message.startswith("Extra inputs"):
        return f"`{where}` is not something that a rule can say"
    if message.startswith("Field required"):
        return f"`{where}` is missing"
    return f"`{where}`: {message.removeprefix('Value error, ')}"
