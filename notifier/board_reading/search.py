"""Where is he? Jobs by a customer's name, phone or address, answered from the same cards."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from notifier.board_reading.cards import Card, read_cards
from notifier.domain.search_terms import query_terms
from notifier.reading import search_hash
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import Job, SearchTerm

_MOST_FOUND = 8
#: What is about to happen, or happened just now, is what a caller asks about.
_LATELY = timedelta(hours=12)


def search_jobs(services: Services, brand_id: UUID, query: str) -> list[Card]:
    """Return the jobs whose people match every part of `query`, the likeliest first.

    The open ones around now come first, then what is ahead, then what is past.
    """
    sought = query_terms(query)
    reference = query.strip()
    if not sought and not reference:
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
        found = list(
            session.scalars(select(Job).where(Job.brand_id == brand_id, Job.reference == reference))
        )
        if sought:
            open_ahead = matching.where(
                Job.finished.is_(False), Job.starts_at >= now - _LATELY
            ).order_by(Job.starts_at)
            found += session.scalars(open_ahead.limit(_MOST_FOUND))
            found += session.scalars(matching.order_by(Job.starts_at.desc()).limit(_MOST_FOUND))
        jobs = list({job.id: job for job in found}.values())[:_MOST_FOUND]
        return read_cards(session, services, brand_id, jobs, now)
