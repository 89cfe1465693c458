"""Read a YAML file into a Pydantic model; every fault with its file and line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

_Model = TypeVar("_Model", bound=BaseModel)


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


def read_yaml(path: Path, model: type[_Model]) -> _Model:
    """Return the file at `path` as `model`.

    :raises YamlInvalid: with every fault found, not only the first.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise YamlInvalid([YamlFault(path.name, 0, f"can't be read: {error.strerror}")]) from error
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        fault = YamlFault(path.name, line, f"this is not YAML: {error.problem}")
        raise YamlInvalid([fault]) from error
    try:
        return model.model_validate(data)
    except ValidationError as error:
        faults = [
            YamlFault(path.name, _line(node, one["loc"]), _sentence(one["loc"], one["msg"]))
            for one in error.errors()
        ]
        raise YamlInvalid(faults) from error


def _line(node: yaml.Node | None, location: tuple[int | str, ...]) -> int:
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


def _sentence(location: tuple[int | str, ...], message: str) -> str:
    names = [str(part) for part in location if isinstance(part, str)]
    where = names[-1] if names else "the file"
    if message.startswith("Extra inputs"):
        return f"`{where}` is not something that can be said here"
    if message.startswith("Field required"):
        return f"`{where}` is missing"
    return f"`{where}`: {message.removeprefix('Value error, ')}"
