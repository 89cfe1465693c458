"""Which job an event of a source is about."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from notifier.domain.deliveries import is_older, orders_meant
from notifier.domain.facts import FactType
from notifier.domain.jobs import JobKind
from notifier.domain.reasons import Party
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
    """The job is not known; nothing of the delivery was recorded. It waits for `join`, unless
    there is a reason why it is nothing for us until then. Which order a code means depends on when
    that `happened`."""

    def __init__(self, join: Join, happened: datetime, nothing_yet: str | None = None) -> None:
        super().__init__()
        self.join = join
        self.happened = happened
        self.nothing_yet = nothing_yet


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

    A scan is about every order in its parcel. A visit that was moved from one job to another,
    since the news in between came last, ends the one that it was moved from: no time is left
    standing that is void.

    :param account: at the vendor, of the delivery; None where it does not say.
    :raises NotBookedYet: if the job is not known.
    :raises OlderParcel: if the tracking code meant somebody else's parcel then.
    :raises Untranslatable: if the job that has this reference can't be the one.
    """
    found = _found(session, source, event, happened)
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
    by_us = event.booking is not None and not event.booking.agreed
    at, whose = event.occurred_at, Party.UNKNOWN if by_us else Party.CUSTOMER
    return [(job, event), *_moved_on(source, job, moved_from, at=at, by=whose)]


def rename(
    session: Session, services: Services, source: Source, join: ByReference, *, happened: datetime
) -> list[tuple[KnownJob, SourceEvent]]:
    """Let the job that one of these names means be found by all of them.

    Return what is to be said of others that were moved there, as of `jobs_of`, all locked.

    :raises NotBookedYet: if it is not known by any.
    """
    lock_names(session, services, source, [join])
    found = known_jobs.jobs_named(session, source.brand_id, join.names)
    if not found:
        raise NotBookedYet(join, happened)
    job, *moved_from = found
    deliveries.lock_jobs(session, {one.id for one in found})
    known_jobs.name_job(session, services.vault, source.brand_id, job.id, join.names)
    return _moved_on(source, job, moved_from, at=None, by=Party.CUSTOMER)


def _moved_on(
    source: Source,
    job: KnownJob,
    moved_from: Iterable[KnownJob],
    *,
    at: datetime | None,
    by: Party,
) -> list[tuple[KnownJob, SourceEvent]]:
    """Return that those of the source's jobs have ended which go on as `job`.

    The customer hears nothing of it, for their visit was not called off.

    :param by: who moved it, as far as that is known.
    """
    return [
        (
            other,
            SourceEvent(
                join=ByReference(other.reference),
                job_kind=JobKind(other.kind),
                type=FactType.CANCELLED,
                occurred_at=at,
                by=by,
                note=f"It was moved, and goes on as {job.reference}.",
                goes_on_as=job.reference,
            ),
        )
        for other in moved_from
        if other.source_id == source.id and not other.finished
    ]


def key_of(services: Services, source: Source, join: Join) -> bytes:
    """Return what a delivery is found by that waits for the job of this join."""
    if isinstance(join, ByTrackingCode):
        return deliveries.code_key(services.vault, source.brand_id, join.code)
    return deliveries.reference_key(services.vault, source.brand_id, join.reference)


def is_known(session: Session, source: Source, join: Join, happened: datetime) -> bool:
    """Return whether there is a job that `join` could mean, said of what `happened` then.

    So is a code that only orders of long after that have: nothing needs to wait for it.
    """
    if isinstance(join, ByTrackingCode):
        uses = known_jobs.uses_of_code(session, source.brand_id, join.code)
        return bool(orders_meant(uses, happened)) or is_older(uses, happened)
    return bool(known_jobs.jobs_named(session, source.brand_id, join.names))


def waits_because(session: Session, source: Source, join: Join) -> str:
    """Return why a delivery waits, as a phrase for the board."""
    if isinstance(join, ByReference):
        return "no job with this reference yet"
    if known_jobs.uses_of_code(session, source.brand_id, join.code):
        return "the order with this tracking code is long past, and no new one is booked yet"
    return "no order with this tracking code yet"


def _found(
    session: Session, source: Source, event: SourceEvent, happened: datetime
) -> list[KnownJob]:
    """Return the jobs that the event could mean, at least one; of names, the latest one's first."""
    join = event.join
    if isinstance(join, ByReference):
        found = known_jobs.jobs_named(session, source.brand_id, join.names)
    else:
        uses = known_jobs.uses_of_code(session, source.brand_id, join.code)
        if is_older(uses, happened):
            raise OlderParcel
        found = known_jobs.jobs_with_ids(session, orders_meant(uses, happened))
    if not found:
        raise NotBookedYet(join, happened, event.unless_known)
    return found
