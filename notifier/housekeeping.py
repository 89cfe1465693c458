"""What is kept only for a while."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import CursorResult, delete

from notifier.domain.guards.limits import TallyOf
from notifier.services import Services
from notifier.store.tables import IdempotencyKey, SignInLink, Tally

#: How long a caller's Idempotency-Key is remembered. Callers retry for minutes, not for days.
_KEYS_FOR = timedelta(days=3)
_LINKS_FOR = timedelta(days=1)
#: How much went to a number counts for a local day, which has at most 25 hours.
_NUMBERS_FOR = timedelta(days=2)


def tidy(services: Services) -> int:
    """Forget old Idempotency-Keys, sign-in links, and how much went to a number; return how
    many rows went."""
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
        ]
    return sum(result.rowcount for result in gone if isinstance(result, CursorResult))
