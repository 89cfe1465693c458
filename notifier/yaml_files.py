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


_LARGEST = 1_000_000  # bytes
_TOO_LARGE = "this is larger than a megabyte, which nobody wrote by hand"
_DEEPEST = 30  # mappings and lists in each other


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

    def line(self, location: Location) -> int:
        """Return the line (from 1) on which `location` stands."""
        return _line(self.node, location)

    def fault(self, location: Location, sentence: str) -> YamlFault:
        """Return what is wrong at `location`."""
        return YamlFault(self.name, self.line(location), sentence)


def read_yaml(path: Path, model: type[_Model]) -> _Model:
    """Return the file at `path` as `model`.

    :raises YamlInvalid: with every fault found, not only the first.
    """
    return parse_yaml(path.name, text_of(path), model).model


def text_of(path: Path) -> str:
    """Return what stands in the file at `path`.

    :raises YamlInvalid: if there is none, or it is no text, or far too much of it.
    """
    try:
        if path.exists() and not path.is_file():
            raise YamlInvalid([YamlFault(path.name, 0, "can't be read: it is no file")])
        if path.stat().st_size > _LARGEST:
            raise YamlInvalid([YamlFault(path.name, 0, _TOO_LARGE)])
        data = path.read_bytes()
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        fault = YamlFault(path.name, line, "this is not UTF-8: save the file as UTF-8")
        raise YamlInvalid([fault]) from error
    except OSError as error:
        raise YamlInvalid([YamlFault(path.name, 0, f"can't be read: {error.strerror}")]) from error


def parse_yaml(name: str, text: str, model: type[_Model]) -> Document[_Model]:
    """Return `text`, of the file `name`, as `model`.

    :raises YamlInvalid: with every fault found, not only the first.
    """
    node, data = _composed(name, text)
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


def _composed(name: str, text: str) -> tuple[yaml.Node | None, Any]:
    """Return the nodes of a document, which know their lines, and what they say.

    What such a file never needs is refused before anything is built of it: an alias can
    multiply a line into a flood, or hold itself.
    """
    if len(text) > _LARGEST:
        raise YamlInvalid([YamlFault(name, 0, _TOO_LARGE)])
    node = None
    try:
        depth = 0
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if sentence := _never_needed(event, depth):
                line = event.start_mark.line + 1 if event.start_mark else 1
                raise YamlInvalid([YamlFault(name, line, sentence)])
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        return node, yaml.SafeLoader("").construct_document(node) if node is not None else None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        said = f"this is not YAML: {error.problem}"
        raise YamlInvalid([YamlFault(name, line, said)]) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        said = f"there is a character that no text has (number {ord(text[error.position])})"
        raise YamlInvalid([YamlFault(name, line, said)]) from error
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        odd = next((one for one in _scalars(node) if not _can_be_read(one)), None)
        line = odd.start_mark.line + 1 if odd is not None else 1
        said = "this looks like a date or a number, and is none: put it in quotes"
        raise YamlInvalid([YamlFault(name, line, said)]) from error


def _never_needed(event: yaml.Event, depth: int) -> str:
    if depth > _DEEPEST:
        return "this is nested too deeply"
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
        return "`&` and `*` name and repeat a part, which is not done here: write it out"
    if tag := getattr(event, "tag", None):
        return f"`{tag}`: types are not named here: take it out, or put all of it in quotes"
    return ""


def _scalars(node: yaml.Node | None) -> Iterator[yaml.ScalarNode]:
    if isinstance(node, yaml.ScalarNode):
        yield node
    elif isinstance(node, yaml.SequenceNode):
        for child in node.value:
            yield from _scalars(child)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _scalars(key)
            yield from _scalars(value)


def _can_be_read(node: yaml.ScalarNode) -> bool:
    try:
        yaml.SafeLoader("").construct_object(node)
    except (yaml.YAMLError, ValueError, OverflowError):
        return False
    return True


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
    if detail["type"] == "invalid_key":
        return f"`{_word(detail['input'])}`: a name is text: put it in quotes"
    if detail["type"] == "missing":
        return f"`{where}` is missing"
    if detail["type"] in ("enum", "literal_error"):
        allowed = detail["ctx"]["expected"].replace(" or ", ", ").replace("'", "").split(", ")
        return f"`{where}`: {_none_of(detail['input'], allowed)}"
    if detail["type"] in _SHAPES:
        subject = f"`{where}`" if names else where
        each = "each of " if names and isinstance(location[-1], int) else ""
        return f"{each}{subject} must be {_SHAPES[detail['type']]}"
    for pydantics, ours in _IN_OUR_WORDS:
        message = message.replace(pydantics, ours)
    return f"`{where}`: {message}"


def _none_of(said: object, allowed: Sequence[str]) -> str:
    if said is False and "off" in allowed:
        return 'write "off" in quotes: without them YAML reads it as false'
    word = _word(said)
    return f"`{word}` is none of {', '.join(allowed)}{meant(word, allowed)}"


def _word(said: object) -> str:
    """Return what was said, as a file would write it, and not all of it if it is long."""
    if said is None:
        return "null"
    word = str(said).lower() if isinstance(said, bool) else str(said)
    return word if len(word) <= _LONGEST_SHOWN else f"{word[:_LONGEST_SHOWN]}…"


_LONGEST_SHOWN = 60  # characters

#: What a part of a file must be, in words, by Pydantic's type of the error.
_SHAPES = {
    "model_type": "names with values, one a line",
    "dict_type": "names with values, one a line",
    "mapping_type": "names with values, one a line",
    "list_type": "a list",
    "tuple_type": "a list",
    "string_type": "text: put it in quotes",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "too_short": "a list of at least one",
}

#: How Pydantic begins what it says of rarer faults.
_IN_OUR_WORDS = (
    ("Value error, ", ""),
    ("Input should be", "it must be"),
    ("Value should have", "it must have"),
    ("String should", "it must"),
)


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
