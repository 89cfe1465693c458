"""The small language that templates are written in: values, `if`, and a frame to fit into.

Templates are edited by the business, so they run in Jinja's sandbox, and of its language only
what words need is left: no loops, calls, attributes, arithmetic or concatenation. What is left
can't grow: a template's output is bounded by its own length times its longest value.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from jinja2 import BaseLoader, StrictUndefined, TemplateNotFound, TemplateSyntaxError, nodes
from jinja2.exceptions import UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment

MAX_SOURCE: Final = 8_000  # characters of one template file
_MAX_VALUE: Final = 4_000  # characters of one value; a link or a name is far shorter

_ALLOWED: Final = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.If,
    nodes.CondExpr,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Compare,
    nodes.Operand,
    nodes.Assign,
    nodes.Extends,
    nodes.Block,
)


class WordsEnvironment(ImmutableSandboxedEnvironment):
    """Reads templates below one folder. HTML is escaped in `.mjml`, texts are as they are."""

    def __init__(self, templates_dir: Path) -> None:
        super().__init__(
            loader=_CappedLoader(templates_dir),
            undefined=StrictUndefined,
            autoescape=lambda name: name is not None and name.endswith(".mjml"),
            finalize=_never_blank,
        )
        self.globals.clear()
        self.filters.clear()


def foreign_to_words(tree: nodes.Template) -> tuple[int, str] | None:
    """Return line and name of the first construct that templates may not use, if any."""
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, _ALLOWED):
            return node.lineno, type(node).__name__
    return None


class _CappedLoader(BaseLoader):
    """Reads files of bounded size, and refuses what is not in the language."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def get_source(
        self, environment: Any, template: str
    ) -> tuple[str, str | None, Callable[[], bool] | None]:
        """Return the source, its path, and how to tell that it has changed since."""
        path = (self._root / template).resolve()
        if not path.is_relative_to(self._root) or not path.is_file():
            raise TemplateNotFound(template)
        changed = path.stat().st_mtime_ns
        try:
            source = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise TemplateSyntaxError("it is not saved as UTF-8", 1, template, str(path)) from error
        if len(source) > MAX_SOURCE:
            raise TemplateSyntaxError(
                f"longer than {MAX_SOURCE} characters", 1, template, str(path)
            )
        found = foreign_to_words(environment.parse(source, template, str(path)))
        if found:
            line, name = found
            raise TemplateSyntaxError(
                f"{name} is not part of the words' language", line, template, str(path)
            )
        return source, str(path), lambda: path.stat().st_mtime_ns == changed


def _never_blank(value: object) -> object:
    """Return `value` if a customer can read it: "None" or a novel in a text is a mistake."""
    if value is None:
        raise UndefinedError("a value that is not known here; put it behind an {% if %}")
    if isinstance(value, bool):
        raise UndefinedError("a yes or no where words should be; ask for it with {% if %}")
    if isinstance(value, str) and len(value) > _MAX_VALUE:
        raise UndefinedError(f"a value longer than {_MAX_VALUE} characters")
    return value
