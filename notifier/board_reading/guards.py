"""What a guard has stopped, and how much it was."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from notifier.board_reading.cards import TaskLine
from notifier.domain.guards.limits import LIFTED_BY_HAND, MILLIONTHS
from notifier.domain.messages import WhyNot
from notifier.guards.at_claim import GUARD_TASK
from notifier.services import Services
from notifier.store.tables import Brand
from notifier.store.tallies import read_tally, stretch_start


@dataclass(frozen=True, slots=True, kw_only=True)
class StoppedSeen:
    """A limit of the day or the month that was reached, and what more a person may let go."""

    so_far: float  # texts, or money
    adds: float  # what one press lets go
    currency: str | None  # None: it is texts that are counted


def read_stopped(
    session: Session, services: Services, brand: Brand, task: TaskLine
) -> StoppedSeen | None:
    """Return how the limit that a task tells of stands; None: nobody lifts it by hand."""
    of = LIFTED_BY_HAND.get(WhyNot(task.why)) if task.kind == GUARD_TASK else None
    at_most = services.guards.of(brand.slug).at_most(of) if of is not None else None
    now = services.now()
    if of is None or at_most is None or task.due_at < stretch_start(of, brand.zone, now):
        return None  # its day or month is over
    unit = MILLIONTHS if of.is_money else 1
    return StoppedSeen(
        so_far=read_tally(session, brand, of, now=now).amount / unit,
        adds=at_most / unit,
        currency=services.guards.currency if of.is_money else None,
    )
