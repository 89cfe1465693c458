"""Read a brand's jobs and what was said about them. Nothing here writes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifier.domain.jobs import JobKind
from notifier.domain.search_terms import query_terms
from notifier.domain.windows import Expectation, from_json
from notifier.errors import NotFound
from notifier.job_views import JobView, job_views
from notifier.sending.paths import NOT_CALLED
from notifier.services import Services
from notifier.store.job_lists import JobFilter, page_of_jobs
from notifier.store.outbox import attempts_answered
from notifier.store.tables import ContactPoint, Job, JobPerson, Message, Person
from notifier.store.vault import Vault, opened


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageView:
    """One text or email: what it says to whom, where it stands and why.

    `to`, `subject` and `body` are null before it is rendered and once its person is erased.
    """

    id: UUID
    rule: str
    person: UUID  # the job person
    role: str
    name: str | None
    channel: str
    to: str | None
    status: str
    reason: str | None
    kind: str
    episode: str
    locale: str
    subject: str | None
    body: str | None
    segments: int | None
    asserts: Expectation | None
    moves_told: bool
    send_at: datetime
    expires_at: datetime
    tell_by: datetime | None
    attempts: int  # calls to a provider
    provider: str | None
    provider_id: str | None
    created_at: datetime
    accepted_at: datetime | None
    carried_by: UUID | None  # the message of another job that said this too, and its fate


@dataclass(frozen=True, slots=True)
class Page:
    """Some jobs, and where the next ones begin; None where there are no more."""

    jobs: list[JobView]
    next: UUID | None


def job_view(
    session: Session, services: Services, brand_id: UUID, job_id: UUID, kind: JobKind | None = None
) -> JobView:
    """Return one job of the brand.

    :raises NotFound: if the brand has none with this id, of this `kind` where one is given.
    """
    job = require_job(session, brand_id, job_id, kind)
    return job_views(session, services, [job])[0]


def list_jobs(
    session: Session,
    services: Services,
    brand_id: UUID,
    kind: JobKind,
    *,
    reference: str | None = None,
    status: str | None = None,
    late: bool | None = None,
    query: str | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> Page:
    """Return a page of jobs, newest first; `query` is words of a name, number or address."""
    sought = query_terms(query) if query is not None else ()
    if query is not None and not sought:
        return Page([], None)
    found = page_of_jobs(
        session,
        brand_id,
        JobFilter(
            kind=kind,
            reference=reference,
            status=status,
            late=late,
            terms=[frozenset(search_hash(services.vault, t) for t in group) for group in sought],
        ),
        before=before,
        limit=limit + 1,
    )
    more = len(found) > limit
    jobs = found[:limit]
    return Page(job_views(session, services, jobs), jobs[-1].id if more else None)


def search_hash(vault: Vault, term: str) -> bytes:
    """Return how one term of `domain.search_terms` is stored."""
    return vault.blind(f"term:{term}")


def messages_of(
    session: Session,
    services: Services,
    brand_id: UUID,
    job_id: UUID,
    *,
    kind: JobKind | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> tuple[list[MessageView], UUID | None]:
    """Return a page of a job's messages, oldest first, and where the next begins.

    :raises NotFound: if the brand has no such job.
    """
    require_job(session, brand_id, job_id, kind)
    query = (
        select(Message, JobPerson, Person, ContactPoint)
        .join(JobPerson, JobPerson.id == Message.job_person_id)
        .join(Person, Person.id == JobPerson.person_id)
        .outerjoin(ContactPoint, ContactPoint.id == Message.contact_point_id)
        .where(Message.job_id == job_id)
        .order_by(Message.id)
        .limit(limit + 1)
    )
    if after is not None:
        query = query.where(Message.id > after)
    rows = session.execute(query).all()
    found = [(row[0].carried_by or row[0].id, row) for row in rows[:limit]]  # who has the answers
    not_called = attempts_answered(session, {said_by for said_by, _ in found}, NOT_CALLED)
    views = [
        _message(services.vault, *row, not_called=not_called.get(said_by, 0))
        for said_by, row in found
    ]
    return views, views[-1].id if len(rows) > limit else None


def require_job(session: Session, brand_id: UUID, job_id: UUID, kind: JobKind | None = None) -> Job:
    """Return the brand's job.

    :raises NotFound: if the brand has none with this id, of this `kind` where one is given.
    """
    job = session.get(Job, job_id)
    if job is None or job.brand_id != brand_id or (kind is not None and job.kind != kind):
        raise NotFound("There is no such job.")
    return job


def job_named(session: Session, brand_id: UUID, reference: str) -> Job:
    """Return the brand's job with this reference.

    :raises NotFound: if it has none.
    """
    query = select(Job).where(Job.brand_id == brand_id, Job.reference == reference)
    job = session.scalar(query)
    if job is None:
        raise NotFound(f"there is no job with the reference {reference!r}")
    return job


def _message(
    vault: Vault,
    row: Message,
    job_person: JobPerson,
    person: Person,
    point: ContactPoint | None,
    *,
    not_called: int,
) -> MessageView:
    to = row.recipient or (point.address if point is not None else None)
    return MessageView(
        id=row.id,
        rule=row.rule,
        person=job_person.id,
        role=job_person.role,
        name=opened(vault, person.key, person.name),
        channel=row.channel,
        to=opened(vault, person.key, to),
        status=row.status,
        reason=row.reason,
        kind=row.kind,
        episode=row.episode,
        locale=row.locale,
        subject=opened(vault, person.key, row.subject),
        body=opened(vault, person.key, row.body),
        segments=row.segments,
        asserts=from_json(row.asserts),
        moves_told=row.moves_told,
        send_at=row.send_at,
        expires_at=row.expires_at,
        tell_by=row.tell_by,
        attempts=max(row.attempts - not_called, 0),
        provider=row.provider,
        provider_id=row.provider_id,
        created_at=row.created_at,
        accepted_at=row.accepted_at,
        carried_by=row.carried_by,
    )
