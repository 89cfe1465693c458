"""Where is he? Jobs by what a caller says or has in hand, answered from the same cards.

A name, a phone number or an address is found in parts; a reference or a tracking code as a whole.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifier.board_reading.cards import Card, read_cards
from notifier.domain.search_terms import query_terms
from notifier.domain.tracking_codes import normal_tracking_code
from notifier.reading import search_hash
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import Job, Parcel, SearchTerm

_MOST_FOUND = 8
#: What is about to happen, or happened just now, is what a caller asks about.
_LATELY = timedelta(hours=12)


def search_jobs(services: Services, brand_id: UUID, query: str) -> list[Card]:
    """Return the jobs that have `query` as their reference or a tracking code, then those whose
    people match every part of it, the likeliest first.

    Of these the open ones around now come first, then what is ahead, then what is past.
    """
    sought = query_terms(query)
    whole = query.strip()
    if not whole:
        return []
    now = services.now()
    matching = select(Job).where(Job.brand_id == brand_id)
    for alternatives in sought:
        hashes = [search_hash(services.vault, term) for term in alternatives]
        matching = matching.where(
            Job.id.in_(
                select(SearchTerm.job_id).where(
                    SearchTerm.brand_id == brand_id, SearchTerm.term_hash.in_(hashes)
                )
            )
        )
    with reading(services.sessions) as session:
        found = _with_reference(session, brand_id, whole) + _with_code(session, brand_id, whole)
        if sought:
            open_ahead = matching.where(
                Job.finished.is_(False), Job.starts_at >= now - _LATELY
            ).order_by(Job.starts_at)
            found += session.scalars(open_ahead.limit(_MOST_FOUND))
            found += session.scalars(matching.order_by(Job.starts_at.desc()).limit(_MOST_FOUND))
        jobs = list({job.id: job for job in found}.values())[:_MOST_FOUND]
        return read_cards(session, services, brand_id, jobs, now)


def _with_reference(session: Session, brand_id: UUID, whole: str) -> list[Job]:
    """Return the job with this reference, with or without the # that shops put before numbers."""
    bare = whole.removeprefix("#")
    jobs = session.scalars(
        select(Job).where(Job.brand_id == brand_id, Job.reference.in_([bare, f"#{bare}"]))
    )
    return sorted(jobs, key=lambda job: job.reference != whole)


def _with_code(session: Session, brand_id: UUID, whole: str) -> list[Job]:
    """Return the orders with a parcel of this tracking code, the open and the newest first.

    Carriers use codes again, so an old order may have it as well.
    """
    return list(
        session.scalars(
            select(Job)
            .join(Parcel, Parcel.job_id == Job.id)
            .where(Parcel.brand_id == brand_id, Parcel.tracking_code == normal_tracking_code(whole))
            .order_by(Job.finished, Job.id.desc())
            .limit(_MOST_FOUND)
        )
    )
