"""The ledger of one job as staff see it: each person's promises, the first beside the current."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from notifier.board_reading.cards import Card
from notifier.domain.ledger.endings import Ending, PromiseView
from notifier.domain.messages import Role
from notifier.ledgers import GivenBy, PersonLedger, read_ledgers


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseLine:
    """One promise, how it came to them, and what only says it again."""

    view: PromiseView
    given_by: GivenBy
    said_again: tuple[PromiseView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonPromises:
    """What one person was promised, the newest first.

    `first` and `current` are windows that reached them and were no mistake; None where the
    first is the only one.
    """

    job_person: UUID
    role: Role
    lines: tuple[PromiseLine, ...]
    first: PromiseLine | None
    current: PromiseLine | None


def read_promises(session: Session, card: Card, now: datetime) -> tuple[PersonPromises, ...]:
    """Return the promises to each person of the card's job who was given any."""
    (ledger,) = read_ledgers(session, [card.id], now=now)
    found = []
    for person in ledger.people:
        lines = [
            PromiseLine(
                view=view,
                given_by=ledger.given_by(view),
                said_again=_said_again(person, view),
            )
            for view in person.promises
            if view.repeats is None
        ]
        windows = [line for line in lines if _counts(line.view)]
        several = len(windows) > 1
        if lines:
            found.append(
                PersonPromises(
                    job_person=person.job_person,
                    role=person.role,
                    lines=tuple(reversed(lines)),
                    first=windows[0] if several else None,
                    current=windows[-1] if several else None,
                )
            )
    return tuple(found)


def _said_again(person: PersonLedger, first: PromiseView) -> tuple[PromiseView, ...]:
    origin = first.entry.origin
    return tuple(
        view
        for view in person.promises
        if view.repeats == origin and view.entry.what is first.entry.what
    )


def _counts(view: PromiseView) -> bool:
    return view.entry.moment is None and view.ending is not Ending.WITHDRAWN
