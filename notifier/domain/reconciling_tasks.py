"""Hold the tasks that are owed against those raised before: add, open again, end or leave alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from notifier.domain.owed import Duty, Plan, TaskOwed


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRow:
    """What reconciling reads of a task that is already there."""

    key: str
    duty: Duty | None  # None: something other than planning raised it, and only people end it
    rule: str | None
    job_person: UUID | None
    why: str
    due_at: datetime
    done_at: datetime | None  # empty: open, or ticked off by a fact that was taken back
    dropped: bool  # ended by planning, done by nobody
    undone: bool = False  # by taking back the fact that ticked it off


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskChanges:
    """What must happen to the tasks of a job so that people are asked for what is owed."""

    add: tuple[TaskOwed, ...]
    reopen: tuple[TaskOwed, ...]  # ended, or done about older news
    bring_back: tuple[str, ...]  # keys: nobody rang, or what took its place ended before
    drop: tuple[str, ...]  # keys: nobody needs to do it any more


def reconcile_tasks(rows: Iterable[TaskRow], plan: Plan) -> TaskChanges:
    """Return the changes that make `rows` ask for what `plan` owes. Twice changes nothing.

    A call in place of a message takes the place of the one that was owed beside the message
    before it: one call, by the sooner time. So does what dispatch is to look into once more
    while nobody has.
    """
    by_key = {row.key: row for row in rows}
    owed = {task.key: task for task in plan.tasks}
    others = [row for key, row in by_key.items() if key not in owed]
    in_place = {
        _call(task)
        for key, task in owed.items()
        if task.duty is Duty.NEEDS_CALL and (key not in by_key or _asks(by_key[key], task))
    }
    ended = [row for row in others if _ends(row, plan) or _gives_way(row, in_place)]
    return TaskChanges(
        add=tuple(_in_time(task, ended) for key, task in owed.items() if key not in by_key),
        reopen=tuple(
            _in_time(task, ended)
            for key, task in owed.items()
            if key in by_key and _opens_again(by_key[key], task)
        ),
        bring_back=tuple(
            row.key
            for row in others
            if (row.undone and row not in ended)
            or _comes_back(row, ended, in_place, by_key.values())
        ),
        drop=tuple(row.key for row in ended),
    )


def _call(task: TaskOwed | TaskRow) -> tuple[UUID | None, str]:
    """Return whom it rings, and what about."""
    return task.job_person, task.why


def _asks(row: TaskRow, task: TaskOwed) -> bool:
    return row.done_at is None or _opens_again(row, task)


def _gives_way(row: TaskRow, in_place: set[tuple[UUID | None, str]]) -> bool:
    return row.duty is Duty.BESIDE and row.done_at is None and _call(row) in in_place


def _in_time(task: TaskOwed, ended: Iterable[TaskRow]) -> TaskOwed:
    """Return a task that takes another's place, due when that one was."""
    if task.duty not in (Duty.NEEDS_CALL, Duty.DISPATCH):
        return task
    due = [row.due_at for row in ended if _call(row) == _call(task)]
    return replace(task, due_at=min([task.due_at, *due]))


def _comes_back(
    row: TaskRow,
    ended: Iterable[TaskRow],
    in_place: set[tuple[UUID | None, str]],
    rows: Iterable[TaskRow],
) -> bool:
    """Whether it gave way to a call that ends now, without anybody having rung."""
    if row.duty is not Duty.BESIDE or row.done_at is None or not row.dropped:
        return False
    if _call(row) in in_place or not any(_call(other) == _call(row) for other in ended):
        return False
    return not any(
        _call(other) == _call(row)
        and other.done_at is not None
        and not other.dropped
        and other.done_at >= row.done_at
        for other in rows
    )


def _opens_again(row: TaskRow, task: TaskOwed) -> bool:
    if row.done_at is None:
        return row.undone
    return row.dropped or (task.since is not None and task.since > row.done_at)


def _ends(row: TaskRow, plan: Plan) -> bool:
    """Whether what it was about is over. Whom no message told is still to be rung."""
    if row.done_at is not None or row.duty is None:
        return False
    if row.duty is Duty.BESIDE:  # they hear it from a person, unless it was a mistake
        return (row.job_person, row.rule) in plan.mistaken
    return row.duty is not Duty.UNREACHED or (row.job_person, row.rule) not in plan.untold
