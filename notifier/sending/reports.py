"""What a provider without a record that can be searched tells by its reports, and by none."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from notifier.services import Timing
from notifier.store import paths
from notifier.store.tables import Attempt

_NEIGHBOURS = 20  # on either side: those of a batch of reports, and of the next
_PATIENCE = 2  # times as long as the slowest report of a neighbour took


def would_have_come(session: Session, attempt: Attempt, timing: Timing, now: datetime) -> bool:
    """Return whether a report of this attempt, had it been taken, would be here by now.

    It would if all that the provider took just before it and just after it has been reported,
    something after it was, and it has had twice as long for it as the slowest of them. Of an
    attempt whose worker died nothing is concluded: the web process may have died with it, and
    a report that found nobody is repeated much later.
    """
    lost_at = paths.lost_at(session, attempt.id, attempt.message_id)
    if lost_at is None:
        return False
    before, after = paths.taken_around(
        session,
        attempt.provider,
        lost_at,
        since=attempt.started_at - timedelta(seconds=timing.lease),
        until=now - timedelta(seconds=timing.look_up_apart),
        limit=_NEIGHBOURS,
    )
    slowest = timedelta(0)
    for taken in (*before, *after):
        if taken.reported_at is None:
            return False
        slowest = max(slowest, taken.reported_at - taken.at)
    return bool(after) and now >= lost_at + _PATIENCE * slowest
