"""Load jobs with everything that planning reads, in a handful of queries however many jobs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import BindParameter, Row, and_, bindparam, case, select
from sqlalchemy.orm import Session, aliased, defer

from notifier.domain.caps import Heard
from notifier.domain.consent import ConsentPolicy
from notifier.domain.facts import Fact
from notifier.domain.folding import JobState, fold, fold_in
from notifier.domain.jobs import JobKind
from notifier.domain.ledger import Contact, Given, PastMessage, PersonView, told_of
from notifier.domain.ledger_entries import Entry
from notifier.domain.messages import (
    Channel,
    MessageKind,
    MessageStatus,
    Role,
    Strength,
    WhyNot,
)
from notifier.domain.open_moments import open_moments
from notifier.domain.outcomes import Course
from notifier.domain.phones import countries_of
from notifier.domain.plan_input import BrandManners, PlanInput
from notifier.domain.quiet_hours import QuietHours
from notifier.domain.quiet_week import brand_hours, closed_weekdays
from notifier.domain.windows import Window, from_json, to_json
from notifier.public_holidays import works_on
from notifier.regional_hours import quiet_by_kind
from notifier.store.consents import closed_among, consents_of
from notifier.store.facts import fact_of
from notifier.store.ledger_rows import entries_of, words_of
from notifier.store.same_human import heard_of
from notifier.store.tables import (
    Brand,
    Consent,
    ContactPoint,
    FactRow,
    Job,
    JobPerson,
    Message,
    Parcel,
    Person,
    Promise,
    Suppression,
    Task,
    Technician,
)

_BUILT_IN = ConsentPolicy()

_OfJob = TypeVar("_OfJob", Row[Any], Parcel, Promise, Message)

# The queries are built once: building one anew costs more than running it.
_OF_JOBS: BindParameter[UUID] = bindparam("job_ids", expanding=True)
_LOCK = select(Job.id).where(Job.id.in_(_OF_JOBS)).order_by(Job.id).with_for_update()
_SUPPRESSED = (
    select(Suppression.why)
    .where(
        Suppression.brand_id == ContactPoint.brand_id,
        Suppression.channel == ContactPoint.channel,
        Suppression.address_hash == ContactPoint.address_hash,
        Suppression.lifted_at.is_(None),
    )
    .order_by(Suppression.since.desc())
    .limit(1)
    .scalar_subquery()
)
_OTHER_PERSON, _OTHER_LINK, _OTHER_JOB = aliased(Person), aliased(JobPerson), aliased(Job)
_HAS_OTHER_JOBS = (
    select(_OTHER_LINK.id)
    .join(_OTHER_PERSON, _OTHER_PERSON.id == _OTHER_LINK.person_id)
    .join(_OTHER_JOB, _OTHER_JOB.id == _OTHER_LINK.job_id)
    .where(
        _OTHER_PERSON.brand_id == Person.brand_id,
        _OTHER_PERSON.identity_hash == Person.identity_hash,
        _OTHER_PERSON.id != Person.id,
        _OTHER_JOB.finished.is_(False),
    )
    .exists()
)
_SAME_ADDRESS = aliased(ContactPoint)
_SAID_SOMETHING = (  # of consent, anybody at this address
    select(Consent.id)
    .join(_SAME_ADDRESS, _SAME_ADDRESS.id == Consent.contact_point_id)
    .where(
        _SAME_ADDRESS.brand_id == ContactPoint.brand_id,
        _SAME_ADDRESS.channel == ContactPoint.channel,
        _SAME_ADDRESS.address_hash == ContactPoint.address_hash,
    )
    .exists()
)
_ASSIGNED_PERSON = (
    select(Technician.person_id).where(Technician.id == Job.technician_id).scalar_subquery()
)
_WHICH_TECHNICIAN = case(
    (
        JobPerson.role == Role.TECHNICIAN,
        select(Technician.id).where(Technician.person_id == Person.id).scalar_subquery(),
    )
)
_AROUND = (
    select(
        Job,
        Brand,
        select(Task.id).where(Task.job_id == Job.id).exists(),
        _ASSIGNED_PERSON,
        JobPerson,
        Person,
        _WHICH_TECHNICIAN,
        _HAS_OTHER_JOBS,
        ContactPoint,
        _SUPPRESSED,
        _SAID_SOMETHING,
    )
    .join(Brand, Brand.id == Job.brand_id)
    .outerjoin(JobPerson, JobPerson.job_id == Job.id)
    .outerjoin(Person, Person.id == JobPerson.person_id)
    .outerjoin(
        ContactPoint,
        and_(ContactPoint.person_id == Person.id, ContactPoint.replaced_at.is_(None)),
    )
    .where(Job.id.in_(_OF_JOBS))
    .order_by(Job.id, JobPerson.position, ContactPoint.created_at, ContactPoint.id)
    .execution_options(populate_existing=True)
)
_FACTS = select(
    FactRow.job_id,
    FactRow.id,
    FactRow.seq,
    FactRow.type,
    FactRow.source,
    FactRow.occurred_at,
    FactRow.received_at,
    FactRow.body,
).where(FactRow.job_id.in_(_OF_JOBS))
_PARCELS = select(Parcel).where(Parcel.job_id.in_(_OF_JOBS))
_PROMISES = (
    select(Promise).where(Promise.job_id.in_(_OF_JOBS)).order_by(Promise.recorded_at, Promise.id)
)
_MESSAGES = (
    select(Message)
    .where(Message.job_id.in_(_OF_JOBS))
    .order_by(Message.created_at, Message.id)
    # What went out is nothing to planning, and long.
    .options(*map(defer, (Message.recipient, Message.subject, Message.body, Message.html)))
)

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
    has_tasks: bool  # whether anything is, or was, for a person to do
    people: dict[UUID, tuple[JobPerson, Person]]  # by job person; technicians of before too
    technicians: Mapping[UUID, UUID]  # job people by technician: whoever was ever assigned
    assigned_person: UUID | None  # of the technician on the job's row, where they can be asked
    contacts: dict[UUID, ContactPoint]
    messages: dict[UUID, Message]
    parcels: dict[str, Parcel]
    moments: dict[UUID, tuple[Entry, ...]]  # ledgers, of those who were ever promised a moment

    def with_fact(self, fact: Fact) -> Snapshot:
        """Return the snapshot as it is once `fact` is recorded, if that gave nobody anything."""
        facts = (*self.facts, fact)
        state = fold_in(self.state, self.facts, fact)
        people = _with_moments(self.plan_input.people, self.moments, state, facts)
        people = _concerned(people, self.technicians, state)
        plan_input = replace(self.plan_input, state=state, people=people)
        return replace(self, facts=facts, state=state, plan_input=plan_input)


@dataclass(frozen=True, slots=True, kw_only=True)
class Humans:
    """What is known of a job's people beyond the job."""

    closed: Mapping[UUID, frozenset[MessageKind]]  # by contact point: kinds without consent
    with_other_jobs: Collection[UUID] = ()  # people who have open jobs beside this one
    heard: Mapping[UUID, tuple[Heard, ...]] = field(default_factory=dict)  # by person, lately


def load_snapshots(
    session: Session,
    job_ids: Sequence[UUID],
    *,
    lock: bool = False,
    consent: ConsentPolicy = _BUILT_IN,
    heard_since: datetime | None = None,
) -> dict[UUID, Snapshot]:
    """Return the snapshots of `job_ids`; with `lock`, the jobs are locked in id order.

    Locking is a statement of its own: what it waited for is seen only by those after it.

    :param consent: which kind of message needs what; planning passes what is in force.
    :param heard_since: how far back to read what these people got; None where nothing is capped.
    """
    wanted = {"job_ids": list(job_ids)}
    session.flush()
    connection = session.connection()  # what makes no entities is read without the ORM
    if lock:
        connection.execute(_LOCK, wanted)
    around = _around(session.execute(_AROUND, wanted))
    facts = _grouped(connection.execute(_FACTS, wanted))
    orders = [found.job.id for found in around.values() if found.job.kind == JobKind.ORDER]
    parcels = _grouped(session.scalars(_PARCELS, {"job_ids": orders})) if orders else {}
    promises = _grouped(session.scalars(_PROMISES, wanted))
    messages = _grouped(session.scalars(_MESSAGES, wanted))
    humans = _humans(session, around, consent, heard_since)
    return {
        job_id: snapshot_of(
            found.job,
            found.brand,
            facts.get(job_id, []),
            parcels.get(job_id, []),
            promises.get(job_id, []),
            messages.get(job_id, []),
            list(found.people.values()),
            found.contacts,
            found.suppressed,
            has_tasks=found.has_tasks,
            humans=humans[job_id],
            technicians=found.technicians,
            assigned_person=found.assigned_person,
        )
        for job_id, found in around.items()
    }


def _humans(
    session: Session,
    around: Mapping[UUID, _Around],
    consent: ConsentPolicy,
    heard_since: datetime | None,
) -> dict[UUID, Humans]:
    """Return what is known of the people of each job, by job."""
    spoken_of = [contact for found in around.values() for contact in found.spoken_of]
    recorded = consents_of(session, spoken_of) if spoken_of else {}
    heard: Mapping[UUID, tuple[Heard, ...]] = {}
    if heard_since is not None:
        people = {p.id: p for found in around.values() for _, p in found.people.values()}
        contacts = {p: ways for found in around.values() for p, ways in found.contacts.items()}
        heard = heard_of(session, list(people.values()), contacts, since=heard_since)
    return {
        job_id: Humans(
            closed=closed_among(
                session,
                consent,
                [
                    (contact, person, found.brand)
                    for _, person in found.people.values()
                    for contact in found.contacts[person.id]
                ],
                recorded=recorded,
            ),
            with_other_jobs=found.with_other_jobs,
            heard=heard,
        )
        for job_id, found in around.items()
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Around:
    """Whose job it is, who is concerned, and how they are reached."""

    job: Job
    brand: Brand
    has_tasks: bool
    assigned_person: UUID | None
    technicians: dict[UUID, UUID] = field(default_factory=dict)  # job people by technician
    people: dict[UUID, tuple[JobPerson, Person]] = field(default_factory=dict)
    contacts: dict[UUID, list[ContactPoint]] = field(default_factory=lambda: defaultdict(list))
    suppressed: dict[tuple[UUID, str, bytes], str] = field(default_factory=dict)
    with_other_jobs: set[UUID] = field(default_factory=set)  # people
    spoken_of: set[UUID] = field(default_factory=set)  # contact points with a consent on record


def _around(rows: Iterable[Row[*tuple[Any, ...]]]) -> dict[UUID, _Around]:
    """Gather rows of `_AROUND`: one for each way to reach each person of each job."""
    found: dict[UUID, _Around] = {}
    for job, brand, has_tasks, assigned, job_person, person, technician, *ways in rows:
        other_jobs, contact, suppressed, said = ways
        around = found.get(job.id)
        if around is None:
            around = found[job.id] = _Around(
                job=job, brand=brand, has_tasks=has_tasks, assigned_person=assigned
            )
        if job_person is None:
            continue
        around.people.setdefault(job_person.id, (job_person, person))
        if technician is not None:
            around.technicians[technician] = job_person.id
        if other_jobs:
            around.with_other_jobs.add(person.id)
        if contact is None:
            continue
        if said:
            around.spoken_of.add(contact.id)
        if contact not in around.contacts[person.id]:
            around.contacts[person.id].append(contact)
        if suppressed is not None:
            key = (contact.brand_id, contact.channel, contact.address_hash)
            around.suppressed[key] = suppressed
    return found


def _grouped(rows: Iterable[_OfJob]) -> dict[UUID, list[_OfJob]]:
    grouped: dict[UUID, list[_OfJob]] = defaultdict(list)
    for row in rows:
        grouped[row.job_id].append(row)
    return grouped


def snapshot_of(
    job: Job,
    brand: Brand,
    fact_rows: Sequence[FactRow | Row[Any]],
    parcel_rows: list[Parcel],
    promises: list[Promise],
    messages: list[Message],
    people: list[tuple[JobPerson, Person]],
    contacts: dict[UUID, list[ContactPoint]],
    suppressed: dict[tuple[UUID, str, bytes], str],
    *,
    humans: Humans,
    technicians: Mapping[UUID, UUID],
    assigned_person: UUID | None = None,
    has_tasks: bool = False,
) -> Snapshot:
    """Return the snapshot that these rows make: those of now, or as they stood in the past."""
    facts = tuple(fact_of(row) for row in fact_rows)
    parcels = {row.tracking_code: row for row in parcel_rows}
    state = fold(JobKind(job.kind), facts, parcels)
    quiet = brand_hours(brand.quiet_from, brand.quiet_until, brand.quiet_days)
    views = tuple(
        _person(
            job,
            quiet,
            job_person,
            person,
            contacts[person.id],
            suppressed,
            promises,
            messages,
            humans,
        )
        for job_person, person in people
    )
    promised = {row.job_person_id for row in promises if row.moment is not None}
    moments = {
        view.job_person: entries_of(
            (row for row in promises if row.job_person_id == view.job_person), view.past
        )
        for view in views
        if view.job_person in promised
    }
    plan_input = PlanInput(
        job=job.id,
        state=state,
        zone=ZoneInfo(job.zone),
        booked_at=state.booked.effective_at if state.booked else job.created_at,
        held=job.held_at is not None,
        people=_concerned(_with_moments(views, moments, state, facts), technicians, state),
        manners=BrandManners(
            brand=brand.slug,
            quiet=quiet,
            works=works_on(brand.country, closed_weekdays(quiet)),
            live_at=brand.live_at,
        ),
    )
    return Snapshot(
        job=job,
        brand=brand,
        facts=facts,
        state=state,
        plan_input=plan_input,
        has_tasks=has_tasks,
        people={job_person.id: (job_person, person) for job_person, person in people},
        technicians=technicians,
        assigned_person=assigned_person,
        contacts={contact.id: contact for _, person in people for contact in contacts[person.id]},
        messages={message.id: message for message in messages},
        parcels=parcels,
        moments=moments,
    )


def _concerned(
    views: tuple[PersonView, ...], technicians: Mapping[UUID, UUID], state: JobState
) -> tuple[PersonView, ...]:
    """Of technicians, leave only the one who is assigned now: the others are out of it."""
    if not technicians:
        return views
    out = {one for technician, one in technicians.items() if technician != state.technician}
    return tuple(view for view in views if view.job_person not in out)


def _with_moments(
    views: tuple[PersonView, ...],
    moments: dict[UUID, tuple[Entry, ...]],
    state: JobState,
    facts: tuple[Fact, ...],
) -> tuple[PersonView, ...]:
    """Give each person the moments that they still wait for, as `state` has it."""
    if not moments:
        return views
    course = Course(state, facts)
    waiting = {
        view.job_person: open_moments(
            moments[view.job_person],
            words_of(view.past, moments[view.job_person]),
            course,
            view.job_person,
        )
        for view in views
        if view.job_person in moments
    }
    return tuple(replace(v, moments=waiting.get(v.job_person, ())) for v in views)


def _person(
    job: Job,
    quiet: QuietHours,
    job_person: JobPerson,
    person: Person,
    contacts: list[ContactPoint],
    suppressed: dict[tuple[UUID, str, bytes], str],
    promises: list[Promise],
    messages: list[Message],
    humans: Humans,
) -> PersonView:
    return PersonView(
        job_person=job_person.id,
        role=Role(job_person.role),
        zones=_zones(job, person, contacts),
        quiet=_quiet_by_kind(job, quiet, person, contacts),
        contacts=tuple(
            _contact(contact, person, suppressed, humans.closed[contact.id]) for contact in contacts
        ),
        given=given_of(row for row in promises if row.job_person_id == job_person.id),
        past=tuple(past_of(row) for row in messages if row.job_person_id == job_person.id),
        has_other_jobs=person.id in humans.with_other_jobs,
        heard=humans.heard.get(person.id, ()),
    )


def _zones(job: Job, person: Person, contacts: list[ContactPoint]) -> tuple[ZoneInfo, ...]:
    """The zone that they stated wins over their number's; else the strictest reading."""
    if person.zone is not None:
        return (ZoneInfo(person.zone),)
    known = next((contact.zones for contact in contacts if contact.zones), [job.zone])
    return tuple(ZoneInfo(name) for name in known)


def _quiet_by_kind(
    job: Job, quiet: QuietHours, person: Person, contacts: list[ContactPoint]
) -> Mapping[MessageKind, QuietHours]:
    """The law goes by the number, and by the country that they stated; unknown: by the place."""
    numbers = [contact for contact in contacts if contact.channel == Channel.SMS]
    if not numbers:
        return {}
    regions = {region for contact in numbers for region in contact.regions or ()}
    countries = {region.partition("/")[0] for region in regions}
    zones = [person.zone] if person.zone else [] if regions else [job.zone]
    regions |= set(countries_of(zones)) - countries
    return quiet_by_kind(quiet, tuple(sorted(regions)) or ("",))


def _contact(
    contact: ContactPoint,
    person: Person,
    suppressed: dict[tuple[UUID, str, bytes], str],
    closed_to: frozenset[MessageKind],
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
    return Contact(id=contact.id, channel=channel, why_not=why_not, closed_to=closed_to)


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
