"""Load jobs with everything that planning reads, in a handful of queries however many jobs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from notifier.domain.facts import Fact
from notifier.domain.folding import JobState, fold
from notifier.domain.jobs import JobKind
from notifier.domain.ledger import Contact, Given, PastMessage, PersonView, told_of
from notifier.domain.messages import Channel, MessageStatus, Role, Strength, WhyNot
from notifier.domain.plan_input import BrandManners, PlanInput
from notifier.domain.quiet_hours import QuietHours
from notifier.domain.windows import Window, from_json, to_json
from notifier.store.facts import fact_of
from notifier.store.tables import (
    Brand,
    ContactPoint,
    FactRow,
    Job,
    JobPerson,
    Message,
    Parcel,
    Person,
    Promise,
    Suppression,
)

_OfJob = TypeVar("_OfJob", FactRow, Parcel, Promise, Message)

#: Providers that never say what became of a message: silence may be presumed to be success.
WITHOUT_RECEIPTS = frozenset({"smtp"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One job as planning sees it, with the rows that planning writes to."""

    job: Job
    brand: Brand
    facts: tuple[Fact, ...]
    state: JobState
    plan_input: PlanInput
    people: dict[UUID, tuple[JobPerson, Person]]  # by job person
    contacts: dict[UUID, ContactPoint]
    messages: dict[UUID, Message]
    parcels: dict[str, Parcel]

    def with_fact(self, fact: Fact) -> Snapshot:
        """Return the snapshot as it is once `fact` is recorded, if that gave nobody anything."""
        facts = (*self.facts, fact)
        state = fold(JobKind(self.job.kind), facts, self.parcels)
        plan_input = replace(self.plan_input, state=state)
        return replace(self, facts=facts, state=state, plan_input=plan_input)


def load_snapshots(
    session: Session, job_ids: Sequence[UUID], *, lock: bool = False
) -> dict[UUID, Snapshot]:
    """Return the snapshots of `job_ids`; with `lock`, the jobs are locked in id order."""
    query = select(Job).where(Job.id.in_(job_ids)).order_by(Job.id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    jobs = list(session.scalars(query))
    found = [job.id for job in jobs]
    facts = _grouped(session, select(FactRow).where(FactRow.job_id.in_(found)))
    parcels = _grouped(session, select(Parcel).where(Parcel.job_id.in_(found)))
    promises = _grouped(
        session,
        select(Promise).where(Promise.job_id.in_(found)).order_by(Promise.recorded_at, Promise.id),
    )
    messages = _grouped(
        session,
        select(Message).where(Message.job_id.in_(found)).order_by(Message.created_at, Message.id),
    )
    brands = _by_id(session, select(Brand).where(Brand.id.in_({job.brand_id for job in jobs})))
    people = _people(session, found)
    contacts = _contacts(session, {person.id for pairs in people.values() for _, person in pairs})
    suppressed = _suppressed(session, contacts)
    return {
        job.id: snapshot_of(
            job,
            brands[job.brand_id],
            facts[job.id],
            parcels[job.id],
            promises[job.id],
            messages[job.id],
            people[job.id],
            contacts,
            suppressed,
        )
        for job in jobs
    }


def refresh_told(session: Session, job_person_id: UUID) -> None:
    """Set the cached `told` of a job person from the ledger."""
    rows = session.scalars(
        select(Promise)
        .where(Promise.job_person_id == job_person_id)
        .order_by(Promise.recorded_at, Promise.id)
    )
    told = told_of(given_of(rows))
    person = session.get_one(JobPerson, job_person_id)
    person.told = to_json(told.asserts) if told else None
    person.told_strength = told.strength if told else None
    person.told_at = told.given_at if told else None


def given_of(rows: Iterable[Promise]) -> tuple[Given, ...]:
    """Return the ledger of one person: of each message or fact, the latest word on it."""
    latest: dict[UUID, Given] = {}
    for row in rows:
        asserts = from_json(row.asserts)
        origin = row.message_id or row.fact_id
        if asserts is None or origin is None:
            continue
        latest.pop(origin, None)
        latest[origin] = Given(
            asserts=asserts,
            given_at=row.given_at,
            strength=Strength(row.strength),
            message=row.message_id,
            fact=row.fact_id,
        )
    return tuple(latest.values())


def update_due_of(rows: Iterable[Promise]) -> datetime | None:
    """Return the moment by which one person was promised news, if none has come since."""
    known = list(rows)
    taken_back = {row.message_id for row in known if row.strength == Strength.NONE}
    told = told_of(given_of(known))
    moments = [
        row
        for row in known
        if row.moment is not None
        and row.message_id not in taken_back
        and (told is None or row.given_at >= told.given_at)
    ]
    return moments[-1].moment if moments else None


def _grouped(session: Session, query: Select[_OfJob]) -> dict[UUID, list[_OfJob]]:
    grouped: dict[UUID, list[_OfJob]] = defaultdict(list)
    for row in session.scalars(query):
        grouped[row.job_id].append(row)
    return grouped


def _by_id(session: Session, query: Select[Brand]) -> dict[UUID, Brand]:
    return {row.id: row for row in session.scalars(query)}


def _people(
    session: Session, job_ids: Sequence[UUID]
) -> dict[UUID, list[tuple[JobPerson, Person]]]:
    grouped: dict[UUID, list[tuple[JobPerson, Person]]] = defaultdict(list)
    rows = session.execute(
        select(JobPerson, Person)
        .join(Person, Person.id == JobPerson.person_id)
        .where(JobPerson.job_id.in_(job_ids))
        .order_by(JobPerson.position)
    )
    for job_person, person in rows:
        grouped[job_person.job_id].append((job_person, person))
    return grouped


def _contacts(session: Session, person_ids: Iterable[UUID]) -> dict[UUID, list[ContactPoint]]:
    grouped: dict[UUID, list[ContactPoint]] = defaultdict(list)
    rows = session.scalars(
        select(ContactPoint)
        .where(ContactPoint.person_id.in_(list(person_ids)), ContactPoint.replaced_at.is_(None))
        .order_by(ContactPoint.created_at, ContactPoint.id)
    )
    for row in rows:
        grouped[row.person_id].append(row)
    return grouped


def _suppressed(
    session: Session, contacts: dict[UUID, list[ContactPoint]]
) -> dict[tuple[UUID, str, bytes], str]:
    hashes = {contact.address_hash for group in contacts.values() for contact in group}
    rows = session.scalars(
        select(Suppression).where(
            Suppression.address_hash.in_(hashes), Suppression.lifted_at.is_(None)
        )
    )
    return {(row.brand_id, row.channel, row.address_hash): row.why for row in rows}


def snapshot_of(
    job: Job,
    brand: Brand,
    fact_rows: list[FactRow],
    parcel_rows: list[Parcel],
    promises: list[Promise],
    messages: list[Message],
    people: list[tuple[JobPerson, Person]],
    contacts: dict[UUID, list[ContactPoint]],
    suppressed: dict[tuple[UUID, str, bytes], str],
) -> Snapshot:
    """Return the snapshot that these rows make: those of now, or as they stood in the past."""
    facts = tuple(fact_of(row) for row in fact_rows)
    parcels = {row.tracking_code: row for row in parcel_rows}
    state = fold(JobKind(job.kind), facts, parcels)
    views = tuple(
        _person(job, job_person, person, contacts[person.id], suppressed, promises, messages)
        for job_person, person in people
    )
    plan_input = PlanInput(
        job=job.id,
        state=state,
        zone=ZoneInfo(job.zone),
        booked_at=state.booked.effective_at if state.booked else job.created_at,
        held=job.held_at is not None,
        people=views,
        manners=BrandManners(
            quiet=QuietHours(
                time.fromisoformat(brand.quiet_from), time.fromisoformat(brand.quiet_until)
            ),
            live_at=brand.live_at,
        ),
    )
    return Snapshot(
        job=job,
        brand=brand,
        facts=facts,
        state=state,
        plan_input=plan_input,
        people={job_person.id: (job_person, person) for job_person, person in people},
        contacts={contact.id: contact for _, person in people for contact in contacts[person.id]},
        messages={message.id: message for message in messages},
        parcels=parcels,
    )


def _person(
    job: Job,
    job_person: JobPerson,
    person: Person,
    contacts: list[ContactPoint],
    suppressed: dict[tuple[UUID, str, bytes], str],
    promises: list[Promise],
    messages: list[Message],
) -> PersonView:
    return PersonView(
        job_person=job_person.id,
        role=Role(job_person.role),
        zones=_zones(job, person, contacts),
        contacts=tuple(_contact(contact, person, suppressed) for contact in contacts),
        given=given_of(row for row in promises if row.job_person_id == job_person.id),
        past=tuple(past_of(row) for row in messages if row.job_person_id == job_person.id),
        update_due=update_due_of(row for row in promises if row.job_person_id == job_person.id),
    )


def _zones(job: Job, person: Person, contacts: list[ContactPoint]) -> tuple[ZoneInfo, ...]:
    """The zone that they stated wins over their number's; else the strictest reading."""
    if person.zone is not None:
        return (ZoneInfo(person.zone),)
    known = next((contact.zones for contact in contacts if contact.zones), [job.zone])
    return tuple(ZoneInfo(name) for name in known)


def _contact(
    contact: ContactPoint, person: Person, suppressed: dict[tuple[UUID, str, bytes], str]
) -> Contact:
    channel = Channel(contact.channel)
    listed = suppressed.get((contact.brand_id, contact.channel, contact.address_hash))
    why_not: WhyNot | None = None
    if person.no_contact_at is not None:
        why_not = WhyNot.OPTED_OUT
    elif listed is not None:
        why_not = WhyNot(listed)
    elif contact.flagged_code is not None:
        why_not = WhyNot.INVALID_ADDRESS
    elif contact.landline and channel is Channel.SMS:
        why_not = WhyNot.LANDLINE
    return Contact(id=contact.id, channel=channel, why_not=why_not)


def past_of(row: Message) -> PastMessage:
    """Return what planning reads of a message row."""
    return PastMessage(
        id=row.id,
        rule=row.rule,
        family=row.family,
        episode=row.episode,
        episode_no=row.episode_no,
        channel=Channel(row.channel),
        contact=row.contact_point_id,
        status=MessageStatus(row.status),
        reason=row.reason,
        asserts=from_json(row.asserts),
        moves_told=row.moves_told,
        rests_on=row.rests_on,
        told_before=from_json(row.told_before),
        technician=row.technician_id,
        next_update_at=row.next_update_at,
        claimed_at=row.claimed_at,
        handed_over_at=row.handed_over_at,
        accepted_at=row.accepted_at,
        due_at=row.due_at,
        gives_receipts=row.provider not in WITHOUT_RECEIPTS,
    )


def first_window(views: Iterable[PersonView]) -> tuple[Window, Given] | None:
    """Return the first window that anyone was told, by hand-over."""
    given = [entry for view in views for entry in view.given if isinstance(entry.asserts, Window)]
    reached = [entry for entry in given if entry.strength is not Strength.NONE]
    first = min(reached, key=lambda entry: entry.given_at, default=None)
    if first is None or not isinstance(first.asserts, Window):
        return None
    return first.asserts, first
