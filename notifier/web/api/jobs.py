"""The views that appointments and orders share: look, correct, say what happened, ask why."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from notifier.booking import book_in, correct_people
from notifier.domain.facts import FactSource
from notifier.domain.jobs import JobKind
from notifier.explain import explain
from notifier.intake import record_in, withdraw_in
from notifier.job_views import JobView
from notifier.ledgers import read_ledgers
from notifier.reading import job_view, list_jobs, messages_of, require_job
from notifier.store.engine import reading
from notifier.store.tables import Brand
from notifier.web.api.answers import (
    ExplainedListOut,
    JobOut,
    JobsOut,
    MessagesOut,
    RecordedOut,
    explained_out,
    fact_out,
    job_out,
    message_out,
)
from notifier.web.api.auth import actor, caller
from notifier.web.api.bookings_in import AppointmentIn, JobPatchIn, OrderIn
from notifier.web.api.facts_in import FactIn
from notifier.web.api.idempotency import Done, once
from notifier.web.api.promises_out import PromisesOut, promises_out
from notifier.web.api.queries import ExplainQuery, JobsQuery, Paging
from notifier.web.current import services


def _country() -> str:
    """Return the country that reads the caller's numbers without a +."""
    with reading(services().sessions) as session:
        return session.get_one(Brand, caller().brand_id).country


def book_job(asked: AppointmentIn | OrderIn) -> tuple[JobOut, int]:
    """Book, and answer 201; the same booking again is a 200."""
    new = asked.to_new(_country())

    def act(session: Session) -> Done:
        booked = book_in(
            session,
            services(),
            caller().brand_id,
            new,
            source=FactSource.API,
            actor=actor(),
        )
        return Done(201 if booked.created else 200, booked.job_id)

    done = once(services(), caller().brand_id, act)
    return job_out(_view(done.job_id)), done.status


def find_jobs(kind: JobKind, asked: JobsQuery) -> JobsOut:
    """Return a page of jobs."""
    with reading(services().sessions) as session:
        page = list_jobs(
            session,
            services(),
            caller().brand_id,
            kind,
            reference=asked.reference,
            status=asked.status,
            late=asked.late,
            query=asked.q,
            before=asked.cursor,
            limit=asked.limit,
        )
    return JobsOut(
        items=[job_out(view) for view in page.jobs], next=str(page.next) if page.next else None
    )


def show_job(kind: JobKind, job_id: UUID) -> JobOut:
    """Return one job."""
    return job_out(_view(job_id, kind))


def correct_job(kind: JobKind, job_id: UUID, patch: JobPatchIn) -> JobOut:
    """Correct people of a job and return it."""
    patches = patch.to_patches(_country())
    _require(kind, job_id)
    correct_people(services(), caller().brand_id, job_id, *patches, actor=actor())
    return job_out(_view(job_id, kind))


def record_fact(kind: JobKind, job_id: UUID, said: FactIn) -> RecordedOut:
    """Record that something happened."""
    new = said.to_new(actor=actor(), now=services().now())
    _require(kind, job_id)

    def act(session: Session) -> Done:
        recorded = record_in(session, services(), caller().brand_id, job_id, new)
        return Done(202, job_id, recorded.fact_id)

    return _recorded(once(services(), caller().brand_id, act))


def withdraw_fact(kind: JobKind, job_id: UUID, fact_id: UUID) -> RecordedOut:
    """Take a fact back as a mistake."""
    _require(kind, job_id)

    def act(session: Session) -> Done:
        recorded = withdraw_in(
            session,
            services(),
            caller().brand_id,
            job_id,
            fact_id,
            source=FactSource.API,
            actor=actor(),
        )
        return Done(202, job_id, recorded.fact_id)

    return _recorded(once(services(), caller().brand_id, act))


def show_messages(kind: JobKind, job_id: UUID, asked: Paging) -> MessagesOut:
    """Return a page of a job's messages."""
    with reading(services().sessions) as session:
        views, more = messages_of(
            session,
            services(),
            caller().brand_id,
            job_id,
            kind=kind,
            after=asked.cursor,
            limit=asked.limit,
        )
    return MessagesOut(
        items=[message_out(view) for view in views], next=str(more) if more else None
    )


def show_promises(kind: JobKind, job_id: UUID) -> PromisesOut:
    """Return what the people of a job were promised, and how it ended."""
    people = {person.id: person for person in _view(job_id, kind).people}
    with reading(services().sessions) as session:
        (ledger,) = read_ledgers(session, [job_id], now=services().now())
    return promises_out(ledger, people)


def explain_job(kind: JobKind, job_id: UUID, asked: ExplainQuery) -> ExplainedListOut:
    """Say what every rule owes, or owed, every person of a job, and why."""
    people = {person.id: person for person in _view(job_id, kind).people}
    explained = explain(services(), caller().brand_id, job_id, at=asked.at)
    return ExplainedListOut(items=[explained_out(one, people) for one in explained])


def _recorded(done: Done) -> RecordedOut:
    view = _view(done.job_id)
    fact = next(fact for fact in view.facts if fact.fact.id == done.fact_id)
    return RecordedOut(fact=fact_out(fact), job=job_out(view))


def _view(job_id: UUID, kind: JobKind | None = None) -> JobView:
    with reading(services().sessions) as session:
        return job_view(session, services(), caller().brand_id, job_id, kind)


def _require(kind: JobKind, job_id: UUID) -> None:
    """Look before writing: an order is not to be found among appointments."""
    with reading(services().sessions) as session:
        require_job(session, caller().brand_id, job_id, kind)
