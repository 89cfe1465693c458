"""Read YAML into Pydantic models; every fault with its file, its line, and what was meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Generic, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

_Model = TypeVar("_Model", bound=BaseModel)

#: Where a part of a document stands: names of mappings and places in lists, outermost first.
Location = Sequence[int | str]


@dataclass(frozen=True, slots=True)
class YamlFault:
    """What is wrong in a file, and where."""

    file: str
    line: int
    sentence: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.sentence}"


class YamlInvalid(Exception):
    """The file can't be used; `faults` names every reason."""

    def __init__(self, faults: list[YamlFault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Document(Generic[_Model]):
    """A file that was read, and where each part of it stands."""

    name: str
    model: _Model
    node: yaml.Node | None

    def fault(self, location: Location, sentence: str) -> YamlFault:
        """Return what is wrong at `location`."""
        return YamlFault(self.name, _line(self.node, location), sentence)


def read_yaml(path: Path, model: type[_Model]) -> _Model:
    """Return the file at `path` as `model`.

    :raises YamlInvalid: with every fault found, not only the first.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise YamlInvalid([YamlFault(path.name, 0, f"can't be read: {error.strerror}")]) from error
    return parse_yaml(path.name, text, model).model


def parse_yaml(name: str, text: str, model: type[_Model]) -> Document[_Model]:
    """Return `text`, of the file `name`, as `model`.

    :raises YamlInvalid: with every fault found, not only the first.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        fault = YamlFault(name, line, f"this is not YAML: {error.problem}")
        raise YamlInvalid([fault]) from error
    twice = [
        YamlFault(name, key.start_mark.line + 1, f"`{key.value}` stands there twice")
        for key in _said_twice(node)
    ]
    if twice:
        raise YamlInvalid(twice)
    try:
        return Document(name, model.model_validate(data), node)
    except ValidationError as error:
        faults = [
            YamlFault(name, _line(node, one["loc"]), _sentence(one, model))
            for one in error.errors()
        ]
        raise YamlInvalid(faults) from error


def meant(said: str, known: Iterable[str]) -> str:
    """Return a question after the one of `known` that `said` is close to, or nothing."""
    close = get_close_matches(said, list(known), n=1)
    return f"; did you mean `{close[0]}`?" if close else ""


def _said_twice(node: yaml.Node | None) -> Iterator[yaml.Node]:
    """Yield each name that its mapping has already: YAML would quietly take the last."""
    if isinstance(node, yaml.SequenceNode):
        for child in node.value:
            yield from _said_twice(child)
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if key.value in seen:
                yield key
            seen.add(key.value if isinstance(key, yaml.ScalarNode) else None)
            yield from _said_twice(value)


def _line(node: yaml.Node | None, location: Location) -> int:
    """Return the line (from 1) of the part of the document that `location` names."""
    line = 1
    for part in location:
        found = _child(node, part)
        if found is None:
            break
        node, line = found
    return line


def _child(node: yaml.Node | None, part: int | str) -> tuple[yaml.Node, int] | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        child: yaml.Node = node.value[part]
        return child, child.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == part:
                return value, key.start_mark.line + 1
    return None


def _sentence(detail: Mapping[str, Any], model: type[BaseModel]) -> str:
    location, message = detail["loc"], detail["msg"]
    names = [str(part) for part in location if isinstance(part, str) and part != "[key]"]
    where = names[-1] if names else "the file"
    if detail["type"] == "extra_forbidden":
        known = _sayable(_model_at(model, names[:-1]))
        return f"`{where}` is not something that can be said here{meant(where, known)}"
    if detail["type"] == "missing":
        return f"`{where}` is missing"
    if detail["type"] == "enum":
        allowed = detail["ctx"]["expected"].replace(" or ", ", ").replace("'", "").split(", ")
        said = str(detail["input"])
        return f"`{where}`: `{said}` is none of {', '.join(allowed)}{meant(said, allowed)}"
    if detail["type"] in _SHAPES:
        return f"{f'`{where}`' if names else where} must be {_SHAPES[detail['type']]}"
    return f"`{where}`: {message.removeprefix('Value error, ')}"


#: What a part of a file must be, in words, by Pydantic's type of the error.
_SHAPES = {
    "model_type": "names with values, one a line",
    "dict_type": "names with values, one a line",
    "list_type": "a list",
}


def _sayable(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_at(model: type[BaseModel], names: Iterable[str]) -> type[BaseModel]:
    """Return the model of the part of a `model` that `names` lead to."""
    for said in names:
        for name, field in model.model_fields.items():
            if said in (name, field.alias):
                model = _models_in(field.annotation) or model
    return model


def _models_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_models_in(inner) for inner in get_args(annotation))
    return next((model for model in found if model is not None), None)
