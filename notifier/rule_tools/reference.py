"""The reference of the rule language, written from the models that read it.

Whatever a rule can say is a field of a model with a sentence of its own, so that this page can't
say anything else: `flask --app app rules reference` writes it, and a test compares.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from datetime import time, timedelta
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from notifier.domain.rules.conditions import Count
from notifier.domain.rules.situation import NAMES
from notifier.rule_language import values
from notifier.rule_language.specs import RuleFile
from notifier.rulebook import Rulebook, rulebook_of

_HEAD = """\
# The rule language

Written by `.venv/bin/flask --app app rules reference` from the models that read `rules/*.yaml`;
don't edit it. How to write a rule, from a question to live: [rules.md](rules.md). Each fault is
named with its file and line by `.venv/bin/flask --app app rules check`; editors complete what can
be said here by `rules/rules.schema.json`.

Where a list is asked for, a single value will do. Where the rules that come with the product say
it, the example is theirs.
"""

_CEL_HEAD = """\
## Names that `when` can read

For what the plain words of `if` can't say: a condition in [CEL](https://cel.dev), such as
`drift.minutes > 90 && brand.slug == "northside"`. It must answer yes or no; what it can't work
out counts as no.

| name | type | what it is |
|---|---|---|
"""

#: How to say what none of the shipped rules says.
_EXAMPLES: Mapping[str, Any] = {
    "brands": ["northside"],
    "when": "drift.minutes > 90",
    "supersedes": ["shipped"],
    "any": [{"drift": "later"}, {"overdue": True}],
    "promised": "call_back",
    "put_off": "0",
    "late_by": "15m",
    "early_by": "15m",
    "period": "24h",
    "at_most": 6,
    "bad_news": "2+",
    "caps": [{"per": "person", "period": "24h", "at_most": 6}],
    "rules": [{"id": "reminder", "for": "appointment"}],
}

#: Rules of one's own are more files in the same folder.
_SHIPPED = Path(__file__).parents[2] / "rules"
_SHIPPED_FILES = ("appointments.yaml", "orders.yaml")

_LONGEST_EXAMPLE = 70  # characters

_CEL_TYPES = {"str": "text", "int": "number", "bool": "yes or no"}

#: What each name that CEL can read means; a test holds that none is missing.
CEL_MEANS: Mapping[str, str] = {
    "job.kind": "`appointment` or `order`",
    "job.status": "where the job stands; the values of `status`",
    "job.by": "who missed or cancelled it; empty where nobody did",
    "job.reason": "the recorded cause; empty where none is",
    "job.finished": "whether the job has ended",
    "job.expected": "what the business believes: `window`, `unknown`, `off`, `none`",
    "job.cause": "the fact that `expected` rests on; the values of `cause`",
    "job.technician": "whether somebody is assigned",
    "job.parcels": "how many tracked parcels the order has",
    "job.zone": "the zone of the place, such as `America/Los_Angeles`",
    "person.role": "`customer`, `second_contact`, `on_site` or `technician`",
    "person.told": "what the person holds: `window`, `unknown`, `off`, `none`",
    "person.told_a_technician": "whether somebody was named to them",
    "person.technician_changed": "whether somebody else was named than who is assigned now",
    "drift.kind": "how what is believed moved from what they were told; the values of `drift`",
    "drift.minutes": "how far: minutes later; negative when earlier",
    "drift.asked": "whether it is an offer or a question rather than news",
    "ledger.promises": "how many promises the person was given",
    "ledger.strength": "how surely what they hold reached them: `given`, `delivered`, `presumed`",
    "ledger.promised": "what they were promised by a moment ahead: `update`, `call_back`, `none`",
    "ledger.put_off": "how many texts owned up to what was promised, and no person since",
    "history.messages": "how many messages about the job may have reached them",
    "history.bad_news": "how much of that was bad news of this promise",
    "brand.slug": "the brand, by its short name",
    "overdue": "whether the window that they hold ended in silence",
}


def shipped_rules() -> Rulebook:
    """Return the rules that come with the product, without what an installation put beside them.

    :raises RulesInvalid: if they were edited and have a fault now.
    """
    texts = {name: (_SHIPPED / name).read_text(encoding="utf-8") for name in _SHIPPED_FILES}
    return rulebook_of(texts)


def rule_reference(rulebook: Rulebook) -> str:
    """Return the page (Markdown), with examples from the files of `rulebook`."""
    documents = [yaml.safe_load(text) for text in rulebook.files.values()]
    parts = [_HEAD]
    values: dict[str, type[Enum]] = {}
    for model in _models(RuleFile):
        parts.append(_section(model, _parts_of(model, documents), values))
    parts.append(_values_section(values))
    rows = (
        f"| `{name}` | {_CEL_TYPES[kind]} | {CEL_MEANS[name]} |" for name, kind in NAMES.items()
    )
    parts.append(_CEL_HEAD + "\n".join(rows))
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _models(root: type[BaseModel]) -> list[type[BaseModel]]:
    """Return `root` and every model that its fields are made of, in reading order."""
    found = [root]
    for model in found:
        for field in model.model_fields.values():
            found += [one for one in _classes(field.annotation, BaseModel) if one not in found]
    return found


def _section(
    model: type[BaseModel], examples: list[dict[str, Any]], values: dict[str, type[Enum]]
) -> str:
    lines = [f"## {_title(model)}", "", inspect.cleandoc(model.__doc__ or ""), ""]
    lines += ["| key | takes | by default | means | for example |", "|---|---|---|---|---|"]
    for name, field in model.model_fields.items():
        key = field.alias or name
        for enum in _classes(field.annotation, Enum):
            values.setdefault(enum.__name__, enum)
        cells = (
            f"`{key}`",
            _takes(field.annotation),
            _default(field),
            _cell(field.description or ""),
            _example(key, field, examples),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _title(model: type[BaseModel]) -> str:
    """Return how other sections speak of it: by what it is, not by the name of its class."""
    name = model.__name__.removesuffix("Spec")
    return {
        "RuleFile": "A rule file",
        "Rule": "A rule",
        "If": "`if`: a condition in plain words",
        "Plain": "`any`, `not`: the questions of `if` once more",
        "At": "`at`: a moment",
        "Cap": "`caps`: how much is enough",
    }.get(name, name)


def _takes(annotation: Any) -> str:
    """Return what may stand there, in words."""
    listed = _is_list(annotation)
    models = _classes(annotation, BaseModel)
    if models:
        link = re.sub(r"[^\w\s-]", "", _title(models[0]).lower()).replace(" ", "-")
        name = f"[{_title(models[0]).split(':')[0]}](#{link})"
        return f"a list, each as {name}" if listed else f"see {name}"
    enums = _classes(annotation, Enum)
    if enums:
        link = f"[{_spoken(enums[0])}](#{_spoken(enums[0]).replace(' ', '-')})"
        return f"one or more of {link}" if listed else link
    for kind, words in (
        (bool, "true or false"),
        (timedelta, "a length of time"),
        (time, "a time of day, in quotes"),
        (Count, "a number of times"),
        (int, "a whole number"),
        (str, "text"),
    ):
        if _classes(annotation, kind):
            return f"one or more names ({words})" if listed and kind is str else words
    return "a value"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be said"
    if field.default in (None, PydanticUndefined, [], ()):
        return "–"
    if isinstance(field.default, list):
        return f"`[{', '.join(map(values.said, field.default))}]`"
    return f"`{values.said(field.default)}`"


def _example(key: str, field: FieldInfo, shipped: list[dict[str, Any]]) -> str:
    """Return how the rules that we ship say it, else as good an example."""
    lines = [_flow({key: said[key]}) for said in shipped if key in said]
    telling = [line for line in lines if len(line) <= _LONGEST_EXAMPLE]
    if telling:
        return _cell(f"`{max(telling, key=len)}`")  # the one that shows most of it
    value = _EXAMPLES.get(key, _of_type(field))
    return _cell(f"`{_flow({key: value})}`") if value is not None else "–"


def _of_type(field: FieldInfo) -> Any:
    """Return any value that `field` takes; None where only its name says more."""
    enums = _classes(field.annotation, Enum)
    if enums:
        return next(iter(enums[0])).value
    if _classes(field.annotation, bool):
        return not field.default
    for kind, value in ((timedelta, "2h"), (int, 2), (time, "18:00")):
        if _classes(field.annotation, kind):
            return value
    return None


def _parts_of(model: type[BaseModel], documents: list[Any]) -> list[dict[str, Any]]:
    """Return every mapping of the shipped files that stands where `model` is read."""
    found: list[dict[str, Any]] = []
    queue: list[tuple[type[BaseModel], Any]] = [(RuleFile, one) for one in documents]
    for kind, said in queue:
        if isinstance(said, list):
            queue += [(kind, one) for one in said]
        elif isinstance(said, dict):
            if kind is model:
                found.append(said)
            for name, field in kind.model_fields.items():
                for nested in _classes(field.annotation, BaseModel):
                    queue.append((nested, said.get(field.alias or name)))
    return found


def _values_section(values: Mapping[str, type[Enum]]) -> str:
    lines = ["## Values"]
    for enum in values.values():
        lines += ["", f"### {_spoken(enum)}", "", _summary(enum), ""]
        why = dict(_remarks(enum))
        for member in enum:
            remark = why.get(str(member.value))
            lines.append(f"- `{member.value}`" + (f": {remark}" if remark else ""))
    lines += [
        "",
        "### A length of time",
        "",
        "A number and its unit: `10m`, `2h`, `3d`; `settle` takes seconds too: `30s`.",
        "",
        "### A number of times",
        "",
        'A number such as `0` or `1`; `"2+"` is two and more.',
    ]
    return "\n".join(lines)


def _remarks(enum: type[Enum]) -> Iterator[tuple[str, str]]:
    """Yield value and remark of each member that its definition explains beside it."""
    for line in inspect.getsource(enum).splitlines():
        if match := re.match(r'\s+\w+ = "([^"]*)"\s+# (.+)$', line):
            yield match[1], match[2]


def _summary(enum: type[Enum]) -> str:
    return inspect.cleandoc(enum.__doc__ or "").split("\n\n")[0].replace("\n", " ")


def _spoken(enum: type[Enum]) -> str:
    """Return "drift kind" of `DriftKind`."""
    return re.sub(r"(?<!^)(?=[A-Z])", " ", enum.__name__).lower()


def _classes(annotation: Any, kind: type) -> list[Any]:
    """Return the subclasses of `kind` that `annotation` is made of, in the order written."""
    if get_origin(annotation) is Annotated:
        return _classes(get_args(annotation)[0], kind)
    if isinstance(annotation, type) and get_origin(annotation) is None:
        is_flag = annotation is bool and kind is int
        return [annotation] if issubclass(annotation, kind) and not is_flag else []
    return [one for part in get_args(annotation) for one in _classes(part, kind)]


def _is_list(annotation: Any) -> bool:
    if get_origin(annotation) in (Annotated, Union, UnionType):
        parts = [part for part in get_args(annotation) if part is not NoneType]
        return any(_is_list(part) for part in parts)
    return get_origin(annotation) is list


def _flow(said: dict[str, Any]) -> str:
    """Return one line of YAML."""
    text = yaml.safe_dump(said, default_flow_style=True, sort_keys=False, width=1_000).strip()
    return text.removeprefix("{").removesuffix("}")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
