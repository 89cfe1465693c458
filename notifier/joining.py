"""Which job an event of a source is about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from notifier.domain.deliveries import order_meant
from notifier.domain.facts import FactType
from notifier.services import Services
from notifier.sources.protocol import (
    ByReference,
    ByTrackingCode,
    Join,
    SourceEvent,
    Untranslatable,
)
from notifier.store import deliveries, known_jobs
from notifier.store.known_jobs import KnownJob
from notifier.store.tables import Source


class NotBookedYet(Exception):
    """The job is not known; the delivery waits for `join`. Nothing of it was recorded."""

    def __init__(self, join: Join) -> None:
        super().__init__()
        self.join = join


class OlderParcel(Exception):
    """The code is known, and the scan is older than every order that has it."""


def lock_names(
    session: Session, services: Services, source: Source, events: Iterable[SourceEvent]
) -> None:
    """Let two deliveries that give a job its names pass one after the other, until commit."""
    joins = {event.join for event in events if isinstance(event.join, ByReference)}
    names = {name for join in joins if join.later for name in join.names}
    deliveries.lock_keys(
        session,
        [deliveries.reference_key(services.vault, source.brand_id, name) for name in names],
    )


def jobs_of(
    session: Session, services: Services, source: Source, event: SourceEvent, happened: datetime
) -> list[tuple[KnownJob, SourceEvent]]:
    """Return the job that the event is about, with it, and what it says of others.

    A booking that was moved from one job to another, since the news in between came last, calls
    off the one that it was moved from: no time is left standing that is void.

    :raises NotBookedYet: if the job is not known.
    :raises OlderParcel: if the tracking code meant somebody else's parcel then.
    :raises Untranslatable: if the job that has this reference can't be the one.
    """
    found = _found(session, source, event.join, happened)
    if not found:
        raise NotBookedYet(event.join)
    job, *moved_from = found
    if job.kind != event.job_kind:
        raise Untranslatable(f"type: the job with this reference is an {job.kind}.")
    if isinstance(event.join, ByReference):
        _check_account(session, source, job)
        if event.join.later:
            names = event.join.names
            known_jobs.name_job(session, services.vault, source.brand_id, job.id, names)
    if event.booking is None:
        return [(job, event)]
    gone = replace(event, type=FactType.CANCELLED, booking=None, note=None)
    return [(job, event), *((other, gone) for other in moved_from)]


def is_known(session: Session, source: Source, join: Join) -> bool:
    """Return whether there is a job that `join` could mean."""
    if isinstance(join, ByTrackingCode):
        return bool(known_jobs.uses_of_code(session, source.brand_id, join.code))
    return bool(known_jobs.jobs_named(session, source.brand_id, join.names))


def _found(session: Session, source: Source, join: Join, happened: datetime) -> list[KnownJob]:
    if isinstance(join, ByReference):
        return known_jobs.jobs_named(session, source.brand_id, join.names)
    uses = known_jobs.uses_of_code(session, source.brand_id, join.code)
    meant = order_meant(uses, happened)
    if uses and meant is None:
        raise OlderParcel
    job = known_jobs.job_with_id(session, meant) if meant is not None else None
    return [job] if job is not None else []


def _check_account(session: Session, source: Source, job: KnownJob) -> None:
    """Refuse to take one shop's order for another's that has the same number."""
    if job.source_id in (None, source.id) or source.account is None:
        return
    other = session.get_one(Source, job.source_id)
    if other.kind == source.kind and other.account not in (None, source.account):
        raise Untranslatable(
            f"The source {other.name} has an order of this number, from another shop. Give the"
            " shops' numbers prefixes that differ, or each shop a brand of its own."
        )
