"""One job as it stood at a moment in the past, from what is on record.

Facts, promises, messages, attempts and receipts only ever grow, so what was there then can be
picked out by time. Of what is overwritten (a hold, a flag on a number, what a message not yet
handed over was about to say) the records beside it tell, or the present stands in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, inspect, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from notifier.domain.consent import ConsentPolicy
from notifier.domain.messages import WAITING, MessageStatus, Role, WhyNot
from notifier.domain.sending.history import Attempted, Reported, standing_at
from notifier.store.humans_as_of import humans_as_of
from notifier.store.snapshots import Snapshot, snapshot_of
from notifier.store.tables import (
    Attempt,
    AuditLine,
    Base,
    Brand,
    ContactPoint,
    FactRow,
    Job,
    JobPerson,
    Message,
    Parcel,
    Person,
    Promise,
    Receipt,
    Source,
    Suppression,
    Technician,
)

_Row = TypeVar("_Row", bound=Base)
_OnRecord = TypeVar("_OnRecord", Attempted, Reported)


def snapshot_as_of(
    session: Session,
    job_id: UUID,
    at: datetime,
    *,
    consent: ConsentPolicy,
    heard_since: datetime | None,
) -> Snapshot | None:
    """Return a job as it stood at `at` (UTC), or None if it was not on record yet.

    Its rows are copies that belong to no session: nothing done to them is ever saved.

    :param heard_since: as of `humans_as_of`.
    """
    job = session.get(Job, job_id)
    if job is None or job.created_at > at:
        return None
    brand = session.get_one(Brand, job.brand_id)
    brand = _copy(brand, live_at=_until(brand.live_at, at), **_settings(session, brand, at))
    source = session.get(Source, job.source_id) if job.source_id is not None else None
    if source is not None:
        source = _copy(source, live_at=_until(source.live_at, at))
    job = _copy(job, held_at=_held_at(session, job, at))
    people = _people(session, job_id, at)
    contacts = _contacts(session, {person.id for _, person in people}, at)
    technicians = _technicians(session, people)
    return snapshot_of(
        job,
        brand,
        _rows(session, FactRow, FactRow.received_at <= at, job_id, FactRow.seq),
        _rows(session, Parcel, None, job_id, Parcel.id),
        _rows(session, Promise, Promise.recorded_at <= at, job_id, Promise.recorded_at),
        _messages(session, job, at),
        people,
        contacts,
        _suppressed(session, contacts, at),
        technicians=technicians,
        source=source,
        humans=humans_as_of(
            session,
            brand,
            [person for _, person in people],
            contacts,
            at,
            consent=consent,
            heard_since=heard_since,
        ),
    )


def _settings(session: Session, brand: Brand, at: datetime) -> Mapping[str, Any]:
    """Return the columns that were other then, as the first change since of each found them."""
    changes = session.scalars(
        select(AuditLine)
        .where(
            AuditLine.brand_id == brand.id,
            AuditLine.did.in_(["quiet_hours_set", "countries_set"]),
            AuditLine.at > at,
        )
        .order_by(AuditLine.at.desc(), AuditLine.id.desc())
    )
    before: dict[str, Any] = {}
    for change in changes:  # the latest first: what an earlier one found overwrites it
        before |= change.body.get("before", {})
    return before


def _until(moment: datetime | None, at: datetime) -> datetime | None:
    return moment if moment is not None and moment <= at else None


def _copy(row: _Row, **changes: Any) -> _Row:
    values = {column.key: getattr(row, column.key) for column in inspect(type(row)).column_attrs}
    return type(row)(**(values | changes))


def _rows(
    session: Session,
    table: type[Any],
    until: ColumnElement[bool] | None,
    job_id: UUID,
    order: InstrumentedAttribute[Any],
) -> list[Any]:
    query = select(table).where(table.job_id == job_id).order_by(order, table.id)
    return list(session.scalars(query if until is None else query.where(until)))


def _held_at(session: Session, job: Job, at: datetime) -> datetime | None:
    """Return since when it was held, by the last that was said of it until then."""
    last = session.scalars(
        select(AuditLine)
        .where(
            AuditLine.brand_id == job.brand_id,
            AuditLine.subject == f"job:{job.id}",
            AuditLine.did.in_(["job_held", "job_released"]),
            AuditLine.at <= at,
        )
        .order_by(AuditLine.at.desc(), AuditLine.id.desc())
        .limit(1)
    ).first()
    return last.at if last is not None and last.did == "job_held" else None


def _people(session: Session, job_id: UUID, at: datetime) -> list[tuple[JobPerson, Person]]:
    rows = session.execute(
        select(JobPerson, Person)
        .join(Person, Person.id == JobPerson.person_id)
        .where(JobPerson.job_id == job_id, Person.created_at <= at)
        .order_by(JobPerson.position)
    )
    return [
        (job_person, _copy(person, no_contact_at=_until(person.no_contact_at, at)))
        for job_person, person in rows
    ]


def _technicians(session: Session, people: Iterable[tuple[JobPerson, Person]]) -> dict[UUID, UUID]:
    """Return the job people of technicians, by technician."""
    found = {person.id: on_job.id for on_job, person in people if on_job.role == Role.TECHNICIAN}
    if not found:
        return {}
    rows = session.scalars(select(Technician).where(Technician.person_id.in_(found)))
    return {row.id: found[row.person_id] for row in rows if row.person_id is not None}


def _contacts(
    session: Session, person_ids: Iterable[UUID], at: datetime
) -> dict[UUID, list[ContactPoint]]:
    rows = session.scalars(
        select(ContactPoint)
        .where(
            ContactPoint.person_id.in_(list(person_ids)),
            ContactPoint.created_at <= at,
            or_(ContactPoint.replaced_at.is_(None), ContactPoint.replaced_at > at),
        )
        .order_by(ContactPoint.created_at, ContactPoint.id)
    ).all()
    flagged_at = _flagged_at(session, rows)
    grouped: dict[UUID, list[ContactPoint]] = defaultdict(list)
    for row in rows:
        changes: dict[str, object] = {"replaced_at": None}
        if row.id in flagged_at and flagged_at[row.id] > at:
            # It was texted until then, so nobody knew that it takes no texts.
            changes |= {"flagged_code": None, "landline": False}
        grouped[row.person_id].append(_copy(row, **changes))
    return grouped


def _flagged_at(session: Session, points: Sequence[ContactPoint]) -> dict[UUID, datetime]:
    """Return when a provider first said what a number or address is flagged for."""
    codes = {point.id: point.flagged_code for point in points if point.flagged_code is not None}
    reports = session.execute(
        select(Message.contact_point_id, Receipt.code, Receipt.event, Receipt.received_at)
        .join(Receipt, Receipt.message_id == Message.id)
        .where(Message.contact_point_id.in_(codes))
        .order_by(Receipt.received_at.desc())
    )
    found: dict[UUID, datetime] = {}
    for point_id, code, event, received_at in reports:
        if point_id is not None and codes[point_id] in (code, event):
            found[point_id] = received_at
    return found


def _suppressed(
    session: Session, contacts: Mapping[UUID, list[ContactPoint]], at: datetime
) -> dict[tuple[UUID, str, bytes], str]:
    hashes = {contact.address_hash for group in contacts.values() for contact in group}
    rows = session.scalars(
        select(Suppression)
        .where(
            Suppression.address_hash.in_(hashes),
            Suppression.since <= at,
            or_(Suppression.lifted_at.is_(None), Suppression.lifted_at > at),
        )
        .order_by(Suppression.since)
    )
    return {(row.brand_id, row.channel, row.address_hash): row.why for row in rows}


def _messages(session: Session, job: Job, at: datetime) -> list[Message]:
    rows = _rows(session, Message, Message.created_at <= at, job.id, Message.created_at)
    # What a digest carried has that attempt and its reports on record under the one that did.
    ids = [one for row in rows for one in (row.id, row.carried_by) if one is not None]
    attempts: dict[UUID, list[Attempted]] = defaultdict(list)
    for attempt in session.scalars(select(Attempt).where(Attempt.message_id.in_(ids))):
        attempts[attempt.message_id].append(
            Attempted(
                id=attempt.id,
                provider=attempt.provider,
                started_at=attempt.started_at,
                lease_until=attempt.lease_until,
            )
        )
    reports: dict[UUID, list[Reported]] = defaultdict(list)
    for receipt in session.scalars(
        select(Receipt).where(Receipt.message_id.in_(ids)).order_by(Receipt.received_at, Receipt.id)
    ):
        assert receipt.message_id is not None
        reports[receipt.message_id].append(
            Reported(
                attempt=receipt.attempt_id,
                origin=receipt.origin,
                event=receipt.event,
                code=receipt.code,
                at=receipt.received_at,
            )
        )
    return [
        _message(
            row,
            job,
            attempts[row.id]
            + [one for one in _carriers(row, attempts) if one.id == row.attempt_id],
            reports[row.id]
            + [one for one in _carriers(row, reports) if one.attempt == row.attempt_id],
            at,
        )
        for row in rows
    ]


def _carriers(row: Message, of_messages: Mapping[UUID, list[_OnRecord]]) -> list[_OnRecord]:
    """Return what is on record of the message that carried `row`, if one did."""
    return of_messages.get(row.carried_by, []) if row.carried_by is not None else []


def _message(
    row: Message,
    job: Job,
    attempts: Sequence[Attempted],
    reports: Sequence[Reported],
    at: datetime,
) -> Message:
    last = max(
        [attempt.started_at for attempt in attempts] + [report.at for report in reports],
        default=None,
    )
    if row.settled_at is not None and row.settled_at <= at and (last is None or last <= at):
        return _copy(row)  # nothing has become of it since
    then = standing_at(attempts, reports, at)
    status, reason = then.status, then.reason
    if status is MessageStatus.PLANNED and row.send_at <= at:
        status = MessageStatus.READY
    if status in WAITING and job.held_at is not None:
        status, reason = MessageStatus.HELD, WhyNot.HELD_BY_STAFF
    attempt = then.attempt
    return _copy(
        row,
        status=status,
        reason=reason,
        claimed_at=attempt.started_at if attempt else None,
        attempt_id=attempt.id if attempt else None,
        attempts=then.attempts,
        turn_at=row.turn_at if row.turn_at is not None and row.turn_at <= at else None,
        provider=attempt.provider if attempt else None,
        provider_id=row.provider_id if then.accepted_at else None,
        handed_over_at=row.handed_over_at if then.accepted_at else None,
        accepted_at=then.accepted_at,
        settled_at=None,
    )
