"""Read `config/consent.yaml`: which kind of message needs which consent, and where.

Every fault is told with its file and line, as those of the rules are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml
from babel.core import get_global

from notifier.domain.consent import ConsentPolicy, Needs
from notifier.domain.messages import MessageKind
from notifier.rulebook import Fault, RulesInvalid

_PARTS = ("kinds", "regions")
_LEVELS = ", ".join(Needs)


def load_consent_policy(path: Path) -> ConsentPolicy:
    """Return what the file at `path` says.

    :raises RulesInvalid: with every fault found, not only the first.
    """
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except OSError as error:
        raise RulesInvalid([Fault(path.name, 1, "the file is missing")]) from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise RulesInvalid([Fault(path.name, line, f"this is not YAML: {error.problem}")]) from None
    reader = _Reader(path.name)
    policy = reader.policy(root)
    if reader.faults:
        raise RulesInvalid(sorted(reader.faults, key=lambda fault: fault.line))
    return policy


class _Reader:
    """Reads the nodes of one file and collects what is wrong with them."""

    def __init__(self, file: str) -> None:
        self.faults: list[Fault] = []
        self._file = file

    def policy(self, root: yaml.Node | None) -> ConsentPolicy:
        kinds: dict[MessageKind, Needs] = {}
        regions: dict[str, dict[MessageKind, Needs]] = {}
        for name, key, value in self._entries(root, "the file"):
            if name == "kinds":
                kinds = self._kinds(value)
            elif name == "regions":
                regions = self._regions(value)
            else:
                self._fault(key, f"`{name}` is nothing that stands here; {_one_of(_PARTS)}")
        for kind in set(MessageKind) - set(kinds):
            self._fault(root, f"`kinds` must say what `{kind}` needs: {_LEVELS}")
        return ConsentPolicy(kinds=kinds, regions=regions)

    def _regions(self, node: yaml.Node) -> dict[str, dict[MessageKind, Needs]]:
        known = set(get_global("territory_zones"))
        found = {}
        for name, key, value in self._entries(node, "`regions`"):
            if name not in known:
                self._fault(key, f"`{name}` is no country; write its ISO 3166 code, such as DE")
            found[name] = self._kinds(value)
        return found

    def _kinds(self, node: yaml.Node) -> dict[MessageKind, Needs]:
        found = {}
        for name, key, value in self._entries(node, "this"):
            if name not in set(MessageKind):
                self._fault(key, f"`{name}` is no kind of message; {_one_of(MessageKind)}")
                continue
            if not isinstance(value, yaml.ScalarNode) or value.value not in set(Needs):
                self._fault(value, f"`{name}` needs one of: {_LEVELS}")
                continue
            found[MessageKind(name)] = Needs(value.value)
        return found

    def _entries(
        self, node: yaml.Node | None, what: str
    ) -> Iterator[tuple[str, yaml.Node, yaml.Node]]:
        if not isinstance(node, yaml.MappingNode):
            self._fault(node, f"{what} must be names with values, one a line")
            return
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in seen:
                self._fault(key, f"`{name}` stands there twice")
            seen.add(name)
            yield name, key, value

    def _fault(self, node: yaml.Node | None, sentence: str) -> None:
        line = node.start_mark.line + 1 if node is not None else 1
        self.faults.append(Fault(self._file, line, sentence))


def _one_of(names: Iterable[str]) -> str:
    return "there is " + ", ".join(names)
