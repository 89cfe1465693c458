"""Hold the tasks that are owed against those raised before: add, open again, end or leave alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from notifier.domain.owed import Duty, Plan, TaskOwed

#: What stays until a person did it, whatever is believed meanwhile.
_UNTIL_DONE = frozenset({Duty.BESIDE})


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRow:
    """What reconciling reads of a task that is already there."""

    key: str
    duty: Duty | None  # None: something other than planning raised it, and only people end it
    rule: str | None
    job_person: UUID | None
    done_at: datetime | None
    dropped: bool  # ended by planning, done by nobody


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskChanges:
    """What must happen to the tasks of a job so that people are asked for what is owed."""

    add: tuple[TaskOwed, ...]
    reopen: tuple[TaskOwed, ...]  # ended, or done about older news
    drop: tuple[str, ...]  # keys: nobody needs to do it any more


def reconcile_tasks(rows: Iterable[TaskRow], plan: Plan) -> TaskChanges:
    """Return the changes that make `rows` ask for what `plan` owes. Twice changes nothing."""
    by_key = {row.key: row for row in rows}
    owed = {task.key: task for task in plan.tasks}
    return TaskChanges(
        add=tuple(task for key, task in owed.items() if key not in by_key),
        reopen=tuple(
            task for key, task in owed.items() if key in by_key and _opens_again(by_key[key], task)
        ),
        drop=tuple(key for key, row in by_key.items() if key not in owed and _ends(row, plan)),
    )


def _opens_again(row: TaskRow, task: TaskOwed) -> bool:
    if row.done_at is None:
        return False
    return row.dropped or (task.since is not None and task.since > row.done_at)


def _ends(row: TaskRow, plan: Plan) -> bool:
    """Whether what it was about is over. Whom no message told is still to be rung."""
    if row.done_at is not None or row.duty is None or row.duty in _UNTIL_DONE:
        return False
    return row.duty is not Duty.UNREACHED or (row.job_person, row.rule) not in plan.untold
