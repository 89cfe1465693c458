"""The documents speak of files, functions and commands that are there."""

from __future__ import annotations

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


def test_adding_a_source_takes_no_more_than_a_page() -> None:
    """What is longer is looked up when it is needed."""
    page = ROOT / "docs" / "integrations" / "adding-a-source.md"
    assert len(page.read_text(encoding="utf-8").split()) <= _WORDS_OF_A_PAGE
