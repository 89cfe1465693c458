"""Which job an event of a source is about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from notifier.domain.deliveries import orders_meant
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
    session: Session, services: Services, source: Source, joins: Iterable[ByReference]
) -> None:
    """Let two deliveries that book a job, or name it, pass one after the other, until commit."""
    names = {name for join in joins for name in join.names}
    deliveries.lock_keys(
        session,
        [deliveries.reference_key(services.vault, source.brand_id, name) for name in names],
    )


def jobs_of(
    session: Session,
    source: Source,
    event: SourceEvent,
    *,
    happened: datetime,
    account: str | None,
) -> list[tuple[KnownJob, SourceEvent]]:
    """Return the job that the event is about, with it, and what it says of others.

    A scan is about every order in its parcel. A booking that was moved from one job to another,
    since the news in between came last, calls off the one that it was moved from: no time is
    left standing that is void.

    :param account: at the vendor, of the delivery; None where it does not say.
    :raises NotBookedYet: if the job is not known.
    :raises OlderParcel: if the tracking code meant somebody else's parcel then.
    :raises Untranslatable: if the job that has this reference can't be the one.
    """
    found = _found(session, source, event.join, happened)
    if found[0].kind != event.job_kind:
        raise Untranslatable(f"type: the job with this reference is an {found[0].kind}.")
    if isinstance(event.join, ByTrackingCode):
        return [(order, event) for order in found]  # of one box
    job, *moved_from = found
    if None not in (job.account, account) and job.account != account:
        raise Untranslatable(
            "Another account at the vendor has a job of this number. Give the numbers of the"
            " two prefixes that differ, or each account a brand of its own."
        )
    if event.booking is None:
        return [(job, event)]
    its_own = [other for other in moved_from if other.source_id == source.id]
    return [(job, event), *((other, _called_off(event, other)) for other in its_own)]


def _called_off(event: SourceEvent, job: KnownJob) -> SourceEvent:
    return replace(
        event,
        join=ByReference(job.reference),
        type=FactType.CANCELLED,
        booking=None,
        note=None,
    )


def rename(session: Session, services: Services, source: Source, join: ByReference) -> None:
    """Let the job that one of these names means be found by all of them.

    :raises NotBookedYet: if it is not known by any.
    """
    lock_names(session, services, source, [join])
    found = known_jobs.jobs_named(session, source.brand_id, join.names)
    if not found:
        raise NotBookedYet(join)
    deliveries.lock_jobs(session, [found[0].id])
    known_jobs.name_job(session, services.vault, source.brand_id, found[0].id, join.names)


def key_of(services: Services, source: Source, join: Join) -> bytes:
    """Return what a delivery is found by that waits for the job of this join."""
    if isinstance(join, ByTrackingCode):
        return deliveries.code_key(services.vault, source.brand_id, join.code)
    return deliveries.reference_key(services.vault, source.brand_id, join.reference)


def is_known(session: Session, source: Source, join: Join) -> bool:
    """Return whether there is a job that `join` could mean."""
    if isinstance(join, ByTrackingCode):
        return bool(known_jobs.uses_of_code(session, source.brand_id, join.code))
    return bool(known_jobs.jobs_named(session, source.brand_id, join.names))


def _found(session: Session, source: Source, join: Join, happened: datetime) -> list[KnownJob]:
    """Return the jobs that `join` could mean, at least one; of names, the latest one's first."""
    if isinstance(join, ByReference):
        found = known_jobs.jobs_named(session, source.brand_id, join.names)
    else:
        uses = known_jobs.uses_of_code(session, source.brand_id, join.code)
        meant = orders_meant(uses, happened)
        if uses and not meant:
            raise OlderParcel
        found = known_jobs.jobs_with_ids(session, meant)
    if not found:
        raise NotBookedYet(join)
    return found
