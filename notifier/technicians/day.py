"""A technician's visits of one day, and what they can say about each with a thumb."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from notifier import intake
from notifier.domain.facts import Fact, FactSource, FactType
from notifier.domain.jobs import FINISHED, JobKind, JobStatus
from notifier.domain.messages import Channel, Role
from notifier.domain.reasons import Reason
from notifier.domain.technician_answers import FACT_OF, Act, Answer
from notifier.domain.windows import OFF, Expectation, Window
from notifier.errors import Conflict, Invalid, NotFound
from notifier.people import open_contacts
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.snapshots import Snapshot, load_snapshots
from notifier.store.tables import Brand, FactRow, Job, JobPerson, Person, Technician
from notifier.store.vault import Unreadable
from notifier.technicians.answers import acts_of, late_from, record_answer
from notifier.technicians.day_links import OpenDay
from notifier.technicians.questions import waits_for_word

#: How long after a tap the page still offers to take it back.
_UNDO_FOR = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One visit as the technician sees it. `own` is what they last said and can take back."""

    job_id: UUID
    service: str
    address: str | None
    first_name: str | None
    phone: str | None
    zone: ZoneInfo
    status: JobStatus
    window: Window | None  # the agreed one
    expected: Expectation | None
    acts: frozenset[Act]
    late_from: Window | None  # what minutes of lateness count from
    own: Fact | None
    asked: bool = False  # they were asked where they are, and nobody has reported since

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do there."""
        return self.status in FINISHED or self.expected is OFF


@dataclass(frozen=True, slots=True, kw_only=True)
class TechnicianDay:
    """A day's visits, in the order in which they are expected."""

    brand: str
    office: str
    country: str  # of the brand, in which numbers are dialled
    technician: str
    zone: ZoneInfo
    visits: tuple[Visit, ...]

    @property
    def next_visit(self) -> Visit | None:
        """The visit asked about, else the one under way, else the first that is open."""
        under_way = (JobStatus.ARRIVED, JobStatus.EN_ROUTE)
        open_ones = [visit for visit in self.visits if not visit.finished]
        asked = [visit for visit in open_ones if visit.asked]
        if asked:
            return asked[0]
        current = [visit for visit in open_ones if visit.status in under_way]
        return next(iter(current or open_ones), None)


def read_day(services: Services, link: OpenDay) -> TechnicianDay:
    """Return the visits of the link's technician on its day."""
    now = services.now()
    with reading(services.sessions) as session:
        brand = session.get_one(Brand, link.brand_id)
        technician = session.get_one(Technician, link.technician_id)
        jobs = _jobs(session, link)
        snapshots = load_snapshots(session, [job.id for job in jobs])
        visits = [_visit(session, services, snapshots[job.id], link, now) for job in jobs]
        return TechnicianDay(
            brand=brand.name,
            office=brand.phone,
            country=brand.country,
            technician=services.vault.open(technician.key, technician.name),
            zone=link.zone,
            visits=tuple(visits),
        )


def say(
    services: Services,
    link: OpenDay,
    job_id: UUID,
    act: Act,
    *,
    minutes: int | None = None,
    reason: Reason | None = None,
) -> bool:
    """Record what the technician tapped; False if it makes no sense any more.

    With `Act.LATE` and no minutes, nobody knows how late.

    :raises NotFound: if the visit is not on this link's day.
    """
    visit = _find(services, link, job_id)
    if act not in visit.acts:
        return visit.status == FACT_OF[act].value  # a second tap on the same button is fine
    answer = Answer(act, minutes)
    try:
        record_answer(
            services,
            link.brand_id,
            job_id,
            answer,
            technician_id=link.technician_id,
            actor=link.actor,
            reason=reason,
        )
    except (Conflict, Invalid):
        return False
    return True


def take_back(services: Services, link: OpenDay, job_id: UUID, fact_id: UUID) -> bool:
    """Withdraw what this link said last about a visit; False if it is not theirs to undo.

    :raises NotFound: if the visit is not on this link's day.
    """
    visit = _find(services, link, job_id)
    if visit.own is None or visit.own.id != fact_id:
        return False
    intake.withdraw(
        services,
        link.brand_id,
        job_id,
        fact_id,
        source=FactSource.TECHNICIAN,
        actor=link.actor,
    )
    return True


def _find(services: Services, link: OpenDay, job_id: UUID) -> Visit:
    found = [visit for visit in read_day(services, link).visits if visit.job_id == job_id]
    if not found:
        raise NotFound("This visit is not on this day’s list.")
    return found[0]


def _jobs(session: Session, link: OpenDay) -> list[Job]:
    """Return the technician's jobs that stand on this day, or that the link was made for or has
    spoken about.

    A visit that they put off keeps its place on the page, so that they can take it back.
    """
    start, end = link.bounds
    spoken = select(FactRow.job_id).where(FactRow.actor == link.actor)
    mine = select(Job).where(
        Job.brand_id == link.brand_id,
        Job.kind == JobKind.APPOINTMENT,
        Job.technician_id == link.technician_id,
        or_(
            (Job.starts_at >= start) & (Job.starts_at < end),
            Job.id.in_(spoken),
            Job.id == link.asked,
        ),
    )
    return list(session.scalars(mine.order_by(Job.starts_at, Job.id)))


def _visit(
    session: Session, services: Services, snapshot: Snapshot, link: OpenDay, now: datetime
) -> Visit:
    state, job = snapshot.state, snapshot.job
    customer = _customer(snapshot)
    contacts = open_contacts(session, services, customer) if customer else {}
    return Visit(
        job_id=job.id,
        service=job.service,
        address=_open(services, customer, job.address),
        first_name=_first_word(_open(services, customer, customer.name if customer else None)),
        phone=contacts.get(Channel.SMS),
        zone=snapshot.plan_input.zone,
        status=state.status,
        window=state.agreed or state.promised,
        expected=state.expected,
        acts=acts_of(snapshot),
        late_from=late_from(snapshot),
        own=_own(session, snapshot, link, now),
        asked=waits_for_word(snapshot),
    )


def _own(session: Session, snapshot: Snapshot, link: OpenDay, now: datetime) -> Fact | None:
    """Return what this link said last, if nothing was said since and it still counts."""
    facts = [
        fact
        for fact in snapshot.facts
        if fact.type is not FactType.WITHDRAWN and fact.id not in snapshot.state.withdrawn
    ]
    last = max(facts, key=lambda fact: fact.seq, default=None)
    if last is None or last.source is not FactSource.TECHNICIAN:
        return None
    actor = session.scalar(select(FactRow.actor).where(FactRow.id == last.id))
    return last if actor == link.actor and now - last.received_at <= _UNDO_FOR else None


def _customer(snapshot: Snapshot) -> Person | None:
    people: list[tuple[JobPerson, Person]] = list(snapshot.people.values())
    return next((person for link, person in people if link.role == Role.CUSTOMER), None)


def _open(services: Services, person: Person | None, sealed: bytes | None) -> str | None:
    if person is None or sealed is None:
        return None
    try:
        return services.vault.open(person.key, sealed)
    except Unreadable:
        return None


def _first_word(name: str | None) -> str | None:
    words = name.split() if name else []
    return words[0] if words else None
