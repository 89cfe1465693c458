"""A job that its source called off, and has again: the cancellation was no last word."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifier.domain.facts import FactSource, FactType
from notifier.domain.withdrawals import withdrawn_among
from notifier.intake import withdraw_in
from notifier.services import Services
from notifier.store.facts import fact_of
from notifier.store.source_words import last_word, said_last
from notifier.store.tables import FactRow, Source

_STANDS = "stands"


def let_stand(
    session: Session,
    services: Services,
    source: Source,
    job_id: UUID,
    *,
    at: datetime,
    speaks_as: FactSource,
) -> bool:
    """Note that `source` has the job as not called off at `at`; return if it had called it off.

    What it said of that before is taken back, in whatever order it comes. That somebody else
    called the job off stays. Inside the transaction of a caller who has locked the job.
    """
    word = last_word(session, job_id, source.id, _STANDS, at=at, says={})
    word.said_at = max(word.said_at, at)
    taken_back = False
    while (mistaken := _called_off_before(session, source, job_id, at)) is not None:
        withdraw_in(
            session,
            services,
            source.brand_id,
            job_id,
            mistaken,
            source=speaks_as,
            actor=f"source:{source.id}",
            occurred_at=at,
        )
        taken_back = True
    return taken_back


def stood_after(session: Session, source: Source, job_id: UUID, at: datetime) -> bool:
    """Return whether `source` has said of a later moment than `at` that the job stands."""
    word = said_last(session, job_id, source.id, _STANDS)
    return word is not None and word.said_at > at


def _called_off_before(session: Session, source: Source, job_id: UUID, at: datetime) -> UUID | None:
    """Return a cancellation of the source's from before `at` that counts."""
    own = session.scalars(
        select(FactRow.id).where(
            FactRow.job_id == job_id,
            FactRow.source_id == source.id,
            FactRow.type == FactType.CANCELLED,
        )
    ).all()
    if not own:
        return None
    rows = session.scalars(select(FactRow).where(FactRow.job_id == job_id))
    facts = sorted(map(fact_of, rows), key=lambda fact: (fact.effective_at, fact.seq))
    withdrawn = withdrawn_among(facts)
    called_off = (
        fact.id
        for fact in facts
        if fact.id in own and fact.id not in withdrawn and fact.effective_at < at
    )
    return next(called_off, None)
