"""The fault suite: `python -m tests.faults --shard 2/12`. It can be stopped and goes on later.

Each case that ran is a line in the record (`var/faults.jsonl`); cases that are in it are not run
again. In the end it prints one table of all that the record holds, and exits with 1 if anybody
was lost, doubled, told a phantom or something stale, if more than may be are held, or if a case
did not come to its point, or to rest.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

from tests.databases import Databases
from tests.faults.families import FAMILIES, Case, Family
from tests.faults.ground import Ground, NotReached
from tests.faults.judge import Verdict
from tests.faults.nursery import Nursery

_COUNTS = ("owed", "lost", "doubled", "phantom", "stale", "held", "misled", "restless")
_COLUMNS = ("", "database", "cases", "not reached", *_COUNTS)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a shard and print the table; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shard", default="1/1", help="which of how many: 2/12")
    parser.add_argument("--record", type=Path, default=Path("var/faults.jsonl"))
    parser.add_argument("--only", default="", help="cases whose name contains this")
    given = parser.parse_args(arguments)
    record = Record(given.record)
    number, _, of = given.shard.partition("/")
    everything = [(family, case) for family in FAMILIES for case in family.cases()]
    wanted = [(family, case) for family, case in everything if given.only in case.name]
    mine = wanted[int(number) - 1 :: int(of)]
    left = [(family, case) for family, case in mine if case.name not in record.names]
    run(left, record, total=len(mine))
    print(record.table())
    return 0 if record.clean else 1


class Record:
    """What ran and how it ended, a line a case, on disk."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        file.parent.mkdir(parents=True, exist_ok=True)
        lines = file.read_text().splitlines() if file.exists() else []
        self._results = [json.loads(line) for line in lines]

    @property
    def names(self) -> set[str]:
        """The cases that need not run again."""
        return {result["name"] for result in self._results if result["reached"]}

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
            "reached": reached,
            "seconds": round(seconds, 1),
            "verdict": asdict(verdict),
        }
        with self._lock:
            with self._file.open("a") as lines:
                lines.write(json.dumps(result) + "\n")
            self._results.append(result)

    def table(self) -> str:
        """Return the table, a row for each family and database, and whatever went wrong."""
        rows: dict[tuple[str, str], tuple[list[int], Verdict]] = {}
        wrong = []
        for result in self._latest():
            family, _, database, *_ = result["name"].split("/")
            counts, sum_ = rows.setdefault((family, database), ([0, 0], Verdict()))
            counts[0] += 1
            counts[1] += not result["reached"]
            verdict = Verdict(**result["verdict"])
            sum_.add(verdict)
            wrong += [f"{result['name']}: {fault}" for fault in verdict.untold]
            if verdict.too_many_held:
                wrong.append(f"{result['name']}: {verdict.held} of {verdict.owed} are held")
        lines = [_row(_COLUMNS), "|---|---|" + "---:|" * (len(_COLUMNS) - 2)]
        for (what, database), (counts, v) in sorted(rows.items()):
            lines.append(_row((what, database, *counts, *(getattr(v, one) for one in _COUNTS))))
        return "\n".join([*lines, *wrong])

    def _latest(self) -> list[dict]:  # type: ignore[type-arg]
        return list({result["name"]: result for result in self._results}.values())


def _row(cells: Iterable[object]) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


def run(cases: Sequence[tuple[Family, Case]], record: Record, *, total: int) -> None:
    """Run `cases`, family by family, several cases at once, and say how far it is."""
    directory = Path(tempfile.mkdtemp(prefix="faults-"))
    databases, said = Databases(directory), threading.Lock()
    done = total - len(cases)
    began = time.monotonic()

    def one(family: Family, case: Case, ground: Ground) -> None:
        nonlocal done
        started = time.monotonic()
        try:
            verdict, reached = family.run(case, ground), True
        except NotReached as why:
            verdict, reached = Verdict(untold=[f"not reached: {why}"]), False
        except Exception as error:  # the other cases of the shard still count
            verdict, reached = Verdict(untold=[f"ended by {error!r}"]), False
        record.add(case.name, verdict, reached=reached, seconds=time.monotonic() - started)
        with said:
            done += 1
            passed = time.monotonic() - began
            print(f"{done}/{total} in {passed:.0f} s: {case.name}", file=sys.stderr, flush=True)

    try:
        with Nursery(databases) as nursery:
            ground = Ground(databases, nursery, directory)
            for family in dict.fromkeys(its for its, _ in cases):
                of_family = [case for its, case in cases if its is family]
                with ThreadPoolExecutor(family.at_once) as pool:
                    list(pool.map(lambda case, its=family: one(its, case, ground), of_family))
    finally:
        databases.close()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
