"""The fault suite: `python -m tests.faults --shard 2/60`. It can be stopped and goes on later.

Each case that ran is a line in the record (`var/faults.jsonl`), with its commit; cases that are
in it of the commit that is checked out are not run again. No case is begun that would not end
within the budget: what is left then runs the next time. In the end it prints one table of all
that the record holds, of whichever commit, and exits with 1 if anybody was lost, doubled, told a
phantom or something stale, if more than may be are held, or if a case did not come to its point,
or to rest; else with 3 if cases are left.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.faults.families import FAMILIES
from tests.faults.record import Record, commit_of
from tests.faults.running import BUDGET_S, run

#: The exit code of a call after which cases are left, and none went wrong so far.
UNFINISHED = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a shard, or what there is time for, and print the table; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shard", default="1/1", help="which of how many: 2/60")
    parser.add_argument("--record", type=Path, default=Path("var/faults.jsonl"))
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--budget", type=float, default=BUDGET_S, help="seconds")
    given = parser.parse_args(arguments)
    record = Record(given.record, commit=commit_of())
    number, _, of = given.shard.partition("/")
    everything = [(family, case) for family in FAMILIES for case in family.cases()]
    wanted = [(family, case) for family, case in everything if given.only in case.name]
    mine = wanted[int(number) - 1 :: int(of)]
    to_run = [(family, case) for family, case in mine if case.name not in record.names]
    left = run(to_run, record, total=len(mine), budget=given.budget)
    print(record.table())
    if left:
        print(f"{left} of {len(mine)} cases are left: the same command goes on with them")
    if not record.clean:
        return 1
    return UNFINISHED if left else 0


if __name__ == "__main__":
    sys.exit(main())
