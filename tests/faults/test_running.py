"""The suite goes on where it was, and past a case that breaks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.__main__ import Record, run
from tests.faults.families import Family
from tests.faults.ground import Ground, NotReached
from tests.faults.judge import Verdict


@dataclass(frozen=True)
class Case:
    """A case that is nothing but its name."""

    name: str


_CASES = (Case("fine/a/sqlite"), Case("far/a/sqlite"), Case("broken/a/sqlite"))


def _cases() -> Iterator[Case]:
    yield from _CASES


def _run(case: Case, _: Ground) -> Verdict:
    if case.name.startswith("broken"):
        raise KeyError("broken")
    if case.name.startswith("far"):
        raise NotReached("nobody died")
    return Verdict(owed=3)


@pytest.fixture
def record(tmp_path: Path) -> Record:
    """Return what is on record once all cases ran."""
    family = Family(_cases, _run, at_once=1)
    run([(family, case) for case in _CASES], Record(tmp_path / "faults.jsonl"), total=3)
    return Record(tmp_path / "faults.jsonl")


def test_more_held_than_may_be_is_not_clean(tmp_path: Path) -> None:
    """The table names the case, as it does of everything that went wrong."""
    record = Record(tmp_path / "held.jsonl")
    for name, verdict in (
        ("held/a/sqlite", Verdict(owed=1000, held=1)),
        ("held/b/sqlite", Verdict(owed=8, held=8, may_be_held=8)),
    ):
        record.add(name, verdict, reached=True, seconds=1)
    assert record.clean
    record.add("held/c/sqlite", Verdict(owed=200, held=2), reached=True, seconds=1)

    assert not Record(tmp_path / "held.jsonl").clean
    assert record.table().endswith("held/c/sqlite: 2 of 200 are held")


def test_a_case_that_breaks_ends_no_other_and_is_not_clean(record: Record) -> None:
    assert record.names == {"fine/a/sqlite"}, "the others run once more"
    assert not record.clean
    table = record.table()
    assert "| broken | sqlite | 1 | 1 | 0 |" in table
    assert "broken/a/sqlite: ended by KeyError('broken')" in table
    assert "far/a/sqlite: not reached: nobody died" in table
