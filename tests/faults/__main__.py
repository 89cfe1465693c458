"""The fault suite: `python -m tests.faults --shard 2/12`. It can be stopped and goes on later.

Each case that ran is a line in the record (`var/faults.jsonl`), with its commit; cases that are
in it of the commit that is checked out are not run again. In the end it prints one table of all
that the record holds, of whichever commit, and exits with 1 if anybody was lost, doubled, told a
phantom or something stale, if more than may be are held, or if a case did not come to its point,
or to rest.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.databases import Databases
from tests.faults.families import FAMILIES, Case, Family
from tests.faults.ground import Ground, NotReached
from tests.faults.judge import Verdict
from tests.faults.nursery import Nursery
from tests.faults.record import Record, commit_of


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a shard and print the table; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shard", default="1/1", help="which of how many: 2/12")
    parser.add_argument("--record", type=Path, default=Path("var/faults.jsonl"))
    parser.add_argument("--only", default="", help="cases whose name contains this")
    given = parser.parse_args(arguments)
    record = Record(given.record, commit=commit_of())
    number, _, of = given.shard.partition("/")
    everything = [(family, case) for family in FAMILIES for case in family.cases()]
    wanted = [(family, case) for family, case in everything if given.only in case.name]
    mine = wanted[int(number) - 1 :: int(of)]
    left = [(family, case) for family, case in mine if case.name not in record.names]
    run(left, record, total=len(mine))
    print(record.table())
    return 0 if record.clean else 1


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
