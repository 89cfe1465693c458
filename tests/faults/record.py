"""What ran, on which commit, and how it ended: a line a case, on disk, and a table of it all."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.judge import Verdict

_ROOT = Path(__file__).parents[2]
_COUNTS = ("owed", "lost", "doubled", "phantom", "stale", "held", "misled", "restless")
_COLUMNS = ("", "database", "cases", "not reached", *_COUNTS, "commit")
_UNKNOWN = "unknown"


def commit_of(root: Path = _ROOT) -> str:
    """Return the commit that is checked out, `-dirty` if files differ from it.

    Where there is no git, it is `unknown`.
    """
    describe = ["git", "describe", "--always", "--dirty", "--exclude=*"]  # no tag's name
    try:
        said = subprocess.run(describe, cwd=root, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return _UNKNOWN
    return said.stdout.strip()


class Record:
    """Results of one commit or of several: each line says of which."""

    def __init__(self, file: Path, *, commit: str) -> None:
        self._file, self._commit = file, commit
        self._lock = threading.Lock()
        file.parent.mkdir(parents=True, exist_ok=True)
        lines = file.read_text().splitlines() if file.exists() else []
        self._results = [json.loads(line) for line in lines]

    @property
    def names(self) -> set[str]:
        """The cases that need not run again: they came to their point on this commit."""
        return {
            result["name"]
            for result in self._results
            if result["reached"] and _commit(result) == self._commit
        }

    @property
    def clean(self) -> bool:
        """Whether all came to their point and nothing went wrong."""
        return all(
            result["reached"] and Verdict(**result["verdict"]).clean for result in self._latest()
        )

    def add(self, name: str, verdict: Verdict, *, reached: bool, seconds: float) -> None:
        """Note what came of a case."""
        result = {
            "name": name,
            "commit": self._commit,
            "reached": reached,
            "seconds": round(seconds, 1),
            "verdict": asdict(verdict),
        }
        with self._lock:
            with self._file.open("a") as lines:
                lines.write(json.dumps(result) + "\n")
            self._results.append(result)

    def table(self) -> str:
        """Return the table, a row for each family and database, and whatever went wrong.

        Each row names the commits on which its cases ran last.
        """
        rows: dict[tuple[str, str], _Row] = {}
        wrong = []
        for result in self._latest():
            family, _, database, *_ = result["name"].split("/")
            verdict = Verdict(**result["verdict"])
            rows.setdefault((family, database), _Row()).add(result, verdict)
            wrong += [f"{result['name']}: {fault}" for fault in verdict.untold]
            if verdict.too_many_held:
                wrong.append(f"{result['name']}: {verdict.held} of {verdict.owed} are held")
        lines = [_line(_COLUMNS), "|---|---|" + "---:|" * (len(_COLUMNS) - 3) + "---|"]
        lines += [_line((*key, *row.cells)) for key, row in sorted(rows.items())]
        return "\n".join([*lines, *wrong])

    def _latest(self) -> list[dict[str, Any]]:
        return list({result["name"]: result for result in self._results}.values())


@dataclass
class _Row:
    """The cases of one family on one database."""

    cases: int = 0
    not_reached: int = 0
    sum: Verdict = field(default_factory=Verdict)
    commits: set[str] = field(default_factory=set)

    def add(self, result: dict[str, Any], verdict: Verdict) -> None:
        """Count one case in."""
        self.cases += 1
        self.not_reached += not result["reached"]
        self.sum.add(verdict)
        self.commits.add(_commit(result))

    @property
    def cells(self) -> Iterable[object]:
        """What the row says, from the number of cases on."""
        counts = (getattr(self.sum, name) for name in _COUNTS)
        return (self.cases, self.not_reached, *counts, ", ".join(sorted(self.commits)))


def _commit(result: dict[str, Any]) -> str:
    return str(result.get("commit", _UNKNOWN))


def _line(cells: Iterable[object]) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"
