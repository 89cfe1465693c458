"""What monitoring should watch is in the documents, all of it, by its name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy.orm import Session, sessionmaker

from notifier.checkup.readiness import check_readiness
from tests.fakes.clock import FakeClock
from tests.services import make_services

ROOT = Path(__file__).parent.parent


@pytest.fixture
def section() -> str:
    """Return what the document says of who is paged."""
    whole = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    return whole.partition("\n## Who is paged\n")[2].partition("\n## ")[0]


def test_every_check_is_in_the_table(
    section: str, sessions: sessionmaker[Session], clock: FakeClock
) -> None:
    """A warning that nobody knows of pages nobody."""
    checks = check_readiness(make_services(sessions, now=clock))

    assert re.findall(r"^\| `(\w+)`", section, re.MULTILINE) == [check.name for check in checks]


def test_every_line_of_the_log_that_it_names_is_written(section: str) -> None:
    """By that name, at the level that it says."""
    named = [*re.findall(r"`(\w+)` \|$", section, re.MULTILINE), "guard_reached"]
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "notifier").rglob("*.py"))

    assert len(named) == 4
    assert [name for name in named if f'_log.error("{name}"' not in code] == []
