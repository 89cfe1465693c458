"""What is kept only for a while."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import CursorResult, delete, update
from sqlalchemy.orm import Session

from notifier.domain.deliveries import DeliveryStatus
from notifier.domain.guards.limits import TallyOf
from notifier.services import Services
from notifier.store import deliveries
from notifier.store.tables import (
    AwaitedName,
    Delivery,
    IdempotencyKey,
    SignInLink,
    SourceRefusals,
    Tally,
)

#: How long a caller's Idempotency-Key is remembered. Callers retry for minutes, not for days.
_KEYS_FOR = timedelta(days=3)
_LINKS_FOR = timedelta(days=1)
#: How much went to a number counts for a local day, which has at most 25 hours.
_NUMBERS_FOR = timedelta(days=2)

#: Deliveries whose bodies go in one transaction, so that SQLite's one writer is not held for long.
STEP = 100

#: Why a delivery that waited for its job so long does not any more. What it said is gone, so that
#: nobody could do anything about it: it is no failure to mend.
_NEVER_BOOKED = "its job was not booked while its body was kept"


def tidy(services: Services) -> int:
    """Forget old Idempotency-Keys, sign-in links, how much went to a number, how much was refused,
    and what webhooks said; return how many rows that were.

    A webhook's line in the journal stays, without its body. What was never read keeps it.
    """
    now = services.now()
    with services.sessions.begin() as session:
        gone = [
            session.execute(
                delete(IdempotencyKey).where(IdempotencyKey.created_at < now - _KEYS_FOR)
            ),
            session.execute(delete(SignInLink).where(SignInLink.expires_at < now - _LINKS_FOR)),
            session.execute(
                delete(Tally).where(
                    Tally.of.in_((TallyOf.NUMBER, TallyOf.PREFIX)),
                    Tally.since < now - _NUMBERS_FOR,
                )
            ),
            session.execute(
                delete(SourceRefusals).where(SourceRefusals.hour < now - services.keep_deliveries)
            ),
        ]
        rows = sum(result.rowcount for result in gone if isinstance(result, CursorResult))
    return rows + _drop_bodies(services)


def _drop_bodies(services: Services) -> int:
    """Drop the bodies that are old, a step at a time, so that others have their turn between."""
    before = services.now() - services.keep_deliveries
    dropped = 0
    while True:
        with services.sessions.begin() as session:
            old = session.scalars(deliveries.old_bodies(before, limit=STEP)).all()
            _drop(session, old)
        dropped += len(old)
        if len(old) < STEP:
            return dropped


def _drop(session: Session, old: Sequence[UUID]) -> None:
    these = Delivery.id.in_(old)
    session.execute(
        update(Delivery)
        .where(these, Delivery.status == DeliveryStatus.WAITING)
        .values(status=DeliveryStatus.IGNORED, why=_NEVER_BOOKED, waits_for=None)
    )
    session.execute(delete(AwaitedName).where(AwaitedName.delivery_id.in_(old)))
    session.execute(update(Delivery).where(these).values(body=None, headers=None, answers=None))
