"""The documents speak of files, functions and commands that are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from flask import Flask

from notifier.cli import register_commands

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])

_FOLDERS = "app.py|bench|config|docs|notifier|rules|templates|tests"
_PATH = re.compile(rf"`((?:{_FOLDERS})(?:/[\w./-]*)?)`(?: `(\w+)`)?")
_LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")
_COMMAND = re.compile(r"flask --app app ([a-z-]+)(?: ([a-z-]+))?")
_SHORT_COMMAND = re.compile(r"(?<!\.venv/bin/)flask --app app")


_WORDS_OF_A_PAGE = 500

#: How to add a source speaks of a file that the reader is about to write.
_OF_WHAT_IS_THERE = [path for path in DOCUMENTS if path.name != "adding-a-source.md"]


@pytest.mark.parametrize("document", _OF_WHAT_IS_THERE, ids=lambda path: path.name)
def test_files_and_functions_named_are_there(document: Path) -> None:
    """A file that was renamed takes its mention along."""
    for path, name in _PATH.findall(document.read_text(encoding="utf-8")):
        assert (ROOT / path).exists(), f"{document.name} names {path}"
        if name and path.endswith(".py"):
            code = (ROOT / path).read_text(encoding="utf-8")
            assert re.search(rf"\b(def|class) {name}\b", code), f"{path} has no {name}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    """Other documents and pictures, seen from the document's own folder."""
    for target in _LINK.findall(document.read_text(encoding="utf-8")):
        assert (document.parent / target).exists(), f"{document.name} links to {target}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_named_are_there(document: Path) -> None:
    """What a reader types must work."""
    app = Flask("documents")
    register_commands(app)
    for first, second in _COMMAND.findall(document.read_text(encoding="utf-8")):
        assert first in app.cli.commands, f"{document.name} names {first}"
        subcommands = getattr(app.cli.commands[first], "commands", None)
        assert subcommands is None or second in subcommands, f"{document.name}: {first} {second}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_the_first_command_of_a_page_can_be_pasted(document: Path) -> None:
    """Wherever a reader begins. Those after it may say `flask` for `.venv/bin/flask`."""
    text = document.read_text(encoding="utf-8")
    short = _SHORT_COMMAND.search(text)
    assert short is None or ".venv/bin/flask --app app" in text[: short.start()]


def test_commands_that_are_shown_can_be_pasted() -> None:
    """They stand alone, on the board or in a terminal, with no page around them."""
    said = [
        *(
            (path, path.read_text(encoding="utf-8"))
            for path in (ROOT / "templates").rglob("*.html")
        ),
        *((path, text) for path in (ROOT / "notifier").rglob("*.py") for text in _said_by(path)),
    ]
    assert [(path.name, text) for path, text in said if _SHORT_COMMAND.search(text)] == []


def _said_by(code: Path) -> list[str]:
    """Return the texts in a file that are not there for its reader alone."""
    nodes = list(ast.walk(ast.parse(code.read_text(encoding="utf-8"))))
    documents = {
        id(node.body[0].value)
        for node in nodes
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        if node.body and isinstance(node.body[0], ast.Expr)
    }
    return [
        node.value
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if id(node) not in documents
    ]


def test_adding_a_source_takes_no_more_than_a_page() -> None:
    """What is longer is looked up when it is needed."""
    page = ROOT / "docs" / "integrations" / "adding-a-source.md"
    assert len(page.read_text(encoding="utf-8").split()) <= _WORDS_OF_A_PAGE
