"""Book an appointment or an order: the job, its people, and the fact that opens it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from notifier.domain.facts import Fact, FactSource, FactType
from notifier.domain.jobs import FIRST_STATUS, JobKind
from notifier.domain.messages import Role
from notifier.domain.tracking_codes import normal_tracking_code
from notifier.domain.windows import Window
from notifier.errors import Conflict, Invalid, NotFound
from notifier.opening import open_job
from notifier.parcels import NewParcel, add_parcels
from notifier.people import (
    NewPerson,
    PeoplePatch,
    add_contacts,
    add_people,
    checked_zone,
    correct,
    index_job,
)
from notifier.planner import bring_up_to_date
from notifier.services import Services
from notifier.store.awaited_names import release_named
from notifier.store.deliveries import release_waiting
from notifier.store.facts import fact_row, next_seq
from notifier.store.snapshots import Snapshot
from notifier.store.tables import Brand, Job, Person
from notifier.technicians.register import technician_named

__all__ = [
    "Booked",
    "NewAppointment",
    "NewOrder",
    "NewParcel",
    "NewPerson",
    "PeoplePatch",
    "book",
    "book_in",
    "correct_people",
    "would_book",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAppointment:
    """A visit, as a caller books it."""

    reference: str
    service: str
    technician: str | None = None  # by name
    technician_phone: str | None = None  # where they are asked; in any format
    window: Window | None = None
    zone: str | None = None  # of the place; by default the brand's
    address: str | None = None
    people: tuple[NewPerson, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrder:
    """An order, as a caller books it; `window` is the promised delivery."""

    reference: str
    service: str | None = None
    items: tuple[str, ...] = ()
    parcels: tuple[NewParcel, ...] = ()
    window: Window | None = None
    zone: str | None = None
    address: str | None = None
    people: tuple[NewPerson, ...] = ()


@dataclass(frozen=True, slots=True)
class Booked:
    """The job, and whether this booking made it."""

    job_id: UUID
    created: bool


def book(
    services: Services,
    brand_id: UUID,
    new: NewAppointment | NewOrder,
    *,
    source: FactSource,
    actor: str,
    occurred_at: datetime | None = None,
) -> Booked:
    """Book `new` in one transaction and wake delivery. The same booking again is the same job.

    :raises Conflict: if the reference is taken by another booking.
    :raises Invalid: if something in it can't be; the error names the field.
    """
    try:
        with services.sessions.begin() as session:
            booked = book_in(
                session,
                services,
                brand_id,
                new,
                source=source,
                actor=actor,
                occurred_at=occurred_at,
            )
    except IntegrityError:  # the same reference at the same moment: the other one won
        with services.sessions.begin() as session:
            known = _known(session, services, brand_id, new)
        if known is None:
            raise
        return known
    services.wake()
    return booked


def book_in(
    session: Session,
    services: Services,
    brand_id: UUID,
    new: NewAppointment | NewOrder,
    *,
    source: FactSource,
    actor: str,
    occurred_at: datetime | None = None,
    booked_by: UUID | None = None,
    agreed: bool | None = None,
    before_live: bool = False,
) -> Booked:
    """Book `new` inside the caller's transaction; the caller wakes delivery.

    :param booked_by: the source that asks for it, if one does.
    :param agreed: False if the business may have moved it to this time; it is on record alone.
    :param before_live: whether that was not live yet, so that the booking owes nothing.
    """
    known = _known(session, services, brand_id, new)
    if known is not None:
        return known
    brand = session.get(Brand, brand_id)
    if brand is None:
        raise NotFound("there is no such brand")
    _check(new)
    now = services.now()
    job = _job(session, services, brand, new, booked_by=booked_by, now=now)
    people = add_people(session, services, brand, job.id, new.people, now=now)
    customer, customer_row = people[0][1], people[0][0]
    job.customer_id = customer.id
    if new.address:
        assert customer.key is not None
        job.address = services.vault.seal(customer.key, new.address)
    session.add_all(person for _, person in people)
    session.flush()
    session.add(job)
    session.flush()
    session.add_all(job_person for job_person, _ in people)
    for (_, person), asked in zip(people, _in_order(new.people), strict=True):
        add_contacts(session, services, brand, person, asked)
    add_parcels(session, services, job, _parcels(new))
    opens = _booked(
        session,
        services,
        brand_id,
        new,
        source=source,
        occurred_at=occurred_at or now,
        agreed=agreed,
        before_live=before_live,
        now=now,
    )
    open_job(session, services, job, customer_row.id, opens, actor=actor)
    index_job(session, services, job)
    bring_up_to_date(session, services, [job.id], now=now)
    # Names first, then codes, as a webhook that books takes their locks.
    release_named(session, services.vault, brand_id, [job.reference])
    codes = [normal_tracking_code(parcel.tracking_code) for parcel in _parcels(new)]
    release_waiting(session, services.vault, brand_id, codes)
    return Booked(job.id, created=True)


def would_book(
    session: Session, services: Services, brand_id: UUID, new: NewAppointment | NewOrder
) -> bool:
    """Return whether booking `new` would make a job: False, if it made the same one before.

    :raises Conflict: as `book`.
    :raises Invalid: as `book`, for what can be seen without writing.
    """
    if _known(session, services, brand_id, new) is not None:
        return False
    _check(new)
    return True


def correct_people(
    services: Services, brand_id: UUID, job_id: UUID, *patches: PeoplePatch, actor: str
) -> None:
    """Correct people of a job, all or nobody; what is planned follows to the new addresses.

    :raises NotFound: if there is no such job, or nobody in one of the roles on it.
    :raises Invalid: if the new number, address or zone can't be one.
    """
    with services.sessions.begin() as session:
        now = services.now()
        snapshots = bring_up_to_date(session, services, [job_id], now=now)
        snapshot = snapshots.get(job_id)
        if snapshot is None or snapshot.job.brand_id != brand_id:
            raise NotFound("there is no such job")
        for patch in patches:
            if isinstance(patch.zone, str):
                checked_zone(patch.zone, "customer.time_zone")
            person = _in_role(snapshot, patch.role)
            correct(session, services, snapshot.brand, person, patch, now=now)
        fact = Fact(
            id=services.ids(),
            seq=next_seq(snapshot.facts),
            type=FactType.CONTACT_CHANGED,
            source=FactSource.STAFF,
            occurred_at=now,
            received_at=now,
        )
        session.add(fact_row(snapshot.job, fact, actor=actor))
        index_job(session, services, snapshot.job)
        snapshot.job.version += 1
        bring_up_to_date(session, services, [job_id], now=now)
    services.wake()


def _in_role(snapshot: Snapshot, role: Role) -> Person:
    for link, person in snapshot.people.values():
        if link.role == role:
            return person
    raise NotFound("nobody is in that role on this job")


def _known(
    session: Session, services: Services, brand_id: UUID, new: NewAppointment | NewOrder
) -> Booked | None:
    job = session.scalar(
        select(Job).where(Job.brand_id == brand_id, Job.reference == new.reference)
    )
    if job is None:
        return None
    if job.request_hash != _request_hash(services, new):
        raise Conflict(f"the reference {new.reference!r} is taken by another booking")
    return Booked(job.id, created=False)


def _request_hash(services: Services, new: NewAppointment | NewOrder) -> bytes:
    """Return a keyed hash of the whole booking: it holds a name, so it is not a bare one."""
    said = asdict(new)
    if said.get("technician_phone") is None:  # as it was hashed before callers could say it
        said.pop("technician_phone", None)
    for person in said["people"]:
        for field in ("reference", "consents"):  # as it was hashed before callers could say it
            if not person[field]:
                del person[field]
    text = json.dumps(said, sort_keys=True, default=_plain)
    return services.vault.blind(f"{type(new).__name__}:{text}")


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)


def _check(new: NewAppointment | NewOrder) -> None:
    if not any(person.role is Role.CUSTOMER for person in new.people):
        raise Invalid("customer", "a job needs a customer")
    if any(person.role is Role.TECHNICIAN for person in new.people):
        raise Invalid("people", "who goes is not among them: name the `technician`")
    if new.zone is not None:
        checked_zone(new.zone, "place.time_zone")
    for person in new.people:
        if person.zone is not None:
            checked_zone(person.zone, "customer.time_zone")
    try:
        codes = [normal_tracking_code(parcel.tracking_code) for parcel in _parcels(new)]
    except ValueError as error:
        raise Invalid("parcels.tracking_code", str(error)) from None
    if len(codes) != len(set(codes)):
        raise Invalid("parcels", "the same tracking code stands there twice")


def _job(
    session: Session,
    services: Services,
    brand: Brand,
    new: NewAppointment | NewOrder,
    *,
    booked_by: UUID | None,
    now: datetime,
) -> Job:
    kind = JobKind.APPOINTMENT if isinstance(new, NewAppointment) else JobKind.ORDER
    items = list(new.items) if isinstance(new, NewOrder) else []
    return Job(
        id=services.ids(),
        brand_id=brand.id,
        kind=kind,
        reference=new.reference,
        request_hash=_request_hash(services, new),
        service=new.service or (items[0] if items else new.reference),
        items=items,
        zone=new.zone or brand.zone,
        source_id=booked_by,
        created_at=now,
        version=1,
        status=FIRST_STATUS[kind],
        late=False,
        finished=False,
    )


def _in_order(people: tuple[NewPerson, ...]) -> list[NewPerson]:
    return sorted(people, key=lambda person: person.role is not Role.CUSTOMER)


def _parcels(new: NewAppointment | NewOrder) -> tuple[NewParcel, ...]:
    return new.parcels if isinstance(new, NewOrder) else ()


def _booked(
    session: Session,
    services: Services,
    brand_id: UUID,
    new: NewAppointment | NewOrder,
    *,
    source: FactSource,
    occurred_at: datetime,
    agreed: bool | None,
    before_live: bool,
    now: datetime,
) -> Fact:
    technician = None
    if isinstance(new, NewAppointment) and new.technician:
        technician = technician_named(
            session,
            services,
            brand_id,
            new.technician,
            phone=new.technician_phone,
            now=now,
        )
    return Fact(
        id=services.ids(),
        seq=1,
        type=FactType.BOOKED,
        source=source,
        occurred_at=occurred_at,
        received_at=now,
        window=new.window,
        agreed=agreed,
        technician=technician,
        before_live=before_live,
    )
