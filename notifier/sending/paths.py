"""How each path stands now: its own answers on record, read as signs of its health."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from notifier.domain.messages import WhyNot
from notifier.domain.sending.path_health import MOST_TRIALS, Answer, PathHealth, Tone, health_of
from notifier.providers.codes import DEFERRED_MAIL, NOT_MADE
from notifier.store import paths
from notifier.store.paths import AnswerOnRecord

#: Enough to see the circuit's last openings; what is older says nothing of now.
_ANSWERS = 100

#: No call was made, so nothing is learnt of the path.
NOT_CALLED = frozenset({WhyNot.WAITS_FOR_SENDER, WhyNot.EXPIRED, *NOT_MADE})


def read_answers(session: Session, provider: str) -> list[Answer]:
    """Return the latest answers of a path, oldest first."""
    rows = paths.latest_answers(session, provider, but=NOT_CALLED, limit=_ANSWERS)
    return [_answer(row) for row in rows]


def read_health(session: Session, provider: str) -> PathHealth:
    """Return how a path stands after its latest answer."""
    return health_of(read_answers(session, provider))


def trials_under_way(session: Session, provider: str, since: datetime) -> int:
    """Return how many messages are with a path whose circuit may be tried since then.

    While another claim chooses some at this moment, that is as many as it can have.
    """
    if not paths.may_try(session, provider):
        return MOST_TRIALS
    return paths.claimed_since(session, provider, since)


def _answer(row: AnswerOnRecord) -> Answer:
    return Answer(at=row.at, tone=tone_of(row.event, row.code), took=row.took, wait=row.wait)


def tone_of(event: str, code: str | None) -> Tone:
    """Return what the event and the code of an answer say of its path.

    Deferred and unknown: it failed, was not there, or refused us; unless it deferred one mail.
    """
    if code is not None and code.startswith(DEFERRED_MAIL):
        return Tone.WELL
    return _TONES.get(event, Tone.ILL)


_TONES = {"accepted": Tone.WELL, "rejected": Tone.WELL, "paced": Tone.PACED}
