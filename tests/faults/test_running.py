"""The suite goes on where it was, and past a case that breaks."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults import __main__ as suite
from tests.faults.families import FAMILIES, Family
from tests.faults.ground import Ground, NotReached
from tests.faults.judge import Verdict
from tests.faults.record import Record, commit_of
from tests.faults.running import BUDGET_S, run


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
    family = _family()
    run([(family, case) for case in _CASES], _record(tmp_path), total=3)
    return _record(tmp_path)


def _family(seconds: float = 1) -> Family:
    return Family(_cases, _run, at_once=1, seconds=seconds)


def _record(directory: Path, commit: str = "1234567") -> Record:
    return Record(directory / "faults.jsonl", commit=commit)


def test_more_held_than_may_be_is_not_clean(tmp_path: Path) -> None:
    """The table names the case, as it does of everything that went wrong."""
    record = _record(tmp_path)
    for name, verdict in (
        ("held/a/sqlite", Verdict(owed=1000, held=1)),
        ("held/b/sqlite", Verdict(owed=8, held=8, may_be_held=8)),
    ):
        record.add(name, verdict, reached=True, seconds=1)
    assert record.clean
    record.add("held/c/sqlite", Verdict(owed=200, held=2), reached=True, seconds=1)

    assert not _record(tmp_path).clean
    assert record.table().endswith("held/c/sqlite: 2 of 200 are held")


def test_a_case_that_breaks_ends_no_other_and_is_not_clean(record: Record) -> None:
    assert record.names == {"fine/a/sqlite"}, "the others run once more"
    assert not record.clean
    table = record.table()
    assert "| broken | sqlite | 1 | 1 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 1234567 |" in table
    assert "broken/a/sqlite: ended by KeyError('broken')" in table
    assert "far/a/sqlite: not reached: nobody died" in table


def test_what_ran_on_another_commit_runs_again_and_the_table_names_both(
    record: Record, tmp_path: Path
) -> None:
    """Else a table would show as one run what ran before and after a change."""
    later = _record(tmp_path, "89abcde")
    assert later.names == set()
    assert "| fine | sqlite | 1 | 0 | 3 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 1234567 |" in later.table()

    later.add("fine/b/sqlite", Verdict(owed=1), reached=True, seconds=1)

    assert later.names == {"fine/b/sqlite"}
    assert "| fine | sqlite | 2 | 0 | 4 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 1234567, 89abcde |" in (
        later.table()
    )


def test_a_commit_is_named_and_says_if_files_differ_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is no git, nobody knows."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert commit_of(tmp_path) == "unknown"
    monkeypatch.setenv("PATH", "")
    assert commit_of(tmp_path) == "unknown"
    monkeypatch.undo()
    (tmp_path / "file").write_text("as committed")
    for command in ("init", "add .", "commit --message file"):
        who = ["-c", "user.name=Ada", "-c", "user.email=ada@northside.example"]
        subprocess.run(["git", *who, *command.split()], cwd=tmp_path, check=True)
    short = ["git", "rev-parse", "--short", "HEAD"]
    head = subprocess.run(short, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert commit_of(tmp_path) == head.stdout.strip()

    (tmp_path / "file").write_text("changed")

    assert commit_of(tmp_path) == f"{head.stdout.strip()}-dirty"


def test_no_case_is_begun_that_would_not_end_in_time(tmp_path: Path) -> None:
    """But the first, so that each call gets on; the next one goes on with those that are left."""
    of_minutes, brief = _family(seconds=60), _family(seconds=0)
    cases = [(of_minutes, _CASES[0]), (of_minutes, _CASES[1]), (brief, _CASES[2])]

    left = run(cases, _record(tmp_path), total=3, budget=30)

    assert left == 1
    lines = (tmp_path / "faults.jsonl").read_text().splitlines()
    assert [json.loads(line)["name"] for line in lines] == ["fine/a/sqlite", "broken/a/sqlite"]


def test_every_case_ends_within_nine_minutes() -> None:
    """With what it takes to start the databases, and to end what is under way."""
    assert BUDGET_S <= 9 * 60 - 40
    assert max(family.seconds for family in FAMILIES) < BUDGET_S


@pytest.mark.parametrize(("left", "clean", "code"), [(0, True, 0), (2, True, 3), (2, False, 1)])
def test_the_exit_code_says_if_it_is_to_be_called_again(
    left: int,
    clean: bool,
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """And so does the last line; whatever went wrong comes first."""
    record = _record(tmp_path)
    record.add("fine/a/sqlite", Verdict(owed=1, lost=not clean), reached=True, seconds=1)
    monkeypatch.setattr(suite, "run", lambda *_, **__: left)

    assert suite.main(["--record", str(tmp_path / "faults.jsonl"), "--only", "race/"]) == code

    said = "2 of 8 cases are left: the same command goes on with them"
    assert (said in capsys.readouterr().out) == bool(left)
