"""Calls in place of messages: which are one call, and what was promised that they tell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifier.domain.facts import PromiseKind
from notifier.domain.owed import Duty
from notifier.store.facts import fact_of
from notifier.store.tables import FactRow, Task


@dataclass(frozen=True, slots=True)
class Promised:
    """What staff promised, and left to a message that did not arrive."""

    what: PromiseKind
    moment: datetime


def together(tasks: Iterable[Task]) -> list[tuple[Task, ...]]:
    """Return the tasks in their order, those that one call to somebody does as one."""
    groups: dict[object, list[Task]] = {}
    for task in tasks:
        whole = (task.job_id, task.job_person_id) if task.duty == Duty.UNREACHED else task.id
        groups.setdefault(whole, []).append(task)
    return [tuple(group) for group in groups.values()]


def read_promised(session: Session, tasks: Sequence[Task]) -> dict[UUID, Promised]:
    """Return what was promised, by the task of the call that tells it."""
    facts = {task.id: task.promised_in for task in tasks if task.promised_in is not None}
    rows = session.scalars(select(FactRow).where(FactRow.id.in_(set(facts.values()))))
    promised = {
        fact.id: Promised(fact.what, fact.moment)
        for fact in map(fact_of, rows)
        if fact.what is not None and fact.moment is not None
    }
    return {task: promised[fact] for task, fact in facts.items() if fact in promised}
