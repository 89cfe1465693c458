"""Load a working day around now, so that the first look at the board is at something real.

Every booking, fact and reply goes through the same doors as real ones, with a clock that
steps through the day; what was due was really sent, to the sandbox, at its time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from notifier.api_keys import create_api_key
from notifier.booking import NewAppointment, NewOrder, NewPerson, book
from notifier.brands import add_brand
from notifier.delivery import send_claimed
from notifier.domain.facts import FactSource
from notifier.domain.messages import Channel, Role
from notifier.domain.windows import Expectation, Window
from notifier.intake import NewFact, record
from notifier.parcels import NewParcel
from notifier.planner import look_again
from notifier.replies import IncomingReply, take_reply
from notifier.sandbox.demo_script import (
    BOOKED,
    ORDERS,
    VISITS,
    DemoOrder,
    DemoVisit,
    Guest,
    Said,
    Wrote,
)
from notifier.sandbox.journal import SandboxJournal, confirm_sandbox_deliveries
from notifier.sending.claiming import claim_due
from notifier.sending.routing import SANDBOX
from notifier.services import Services
from notifier.staff import add_staff, make_sign_in_link
from notifier.store.engine import all_or_nothing, reading
from notifier.store.tables import Job, Sender, Task
from notifier.technicians.day_links import make_day_link
from notifier.webhooks.set_up import add_source

SLUG = "demo"
_NAME = "Northside Home Services"
_PHONE = "+12065550199"
_EMAIL = "hello@example.com"

#: The morning of the demo, in minutes from now; what is older owes nothing.
_LIVE_SINCE = -245
_DAY_BEGINS, _DAY_ENDS = time(8), time(18)
#: Local hours at which the whole day lies between morning and evening.
_GOOD_HOURS = range(10, 14)
_BEST_HOUR = 11.5
#: Messages of one claim.
_AT_A_TIME = 25
#: Round the world, so that somewhere it is late morning.
_ZONES = (
    "America/Los_Angeles",
    "America/New_York",
    "America/Sao_Paulo",
    "Atlantic/Azores",
    "Europe/London",
    "Europe/Berlin",
    "Africa/Nairobi",
    "Asia/Dubai",
    "Asia/Kolkata",
    "Asia/Bangkok",
    "Asia/Singapore",
    "Asia/Tokyo",
    "Australia/Sydney",
    "Pacific/Auckland",
    "Pacific/Honolulu",
    "America/Anchorage",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoLoaded:
    """What to show once the demo is there."""

    brand_id: UUID
    api_key: str
    sign_in_url: str
    day_url: str  # a technician's day


class _Clock:
    """Stands where the loading puts it."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


def load_demo_day(services: Services, *, zone: str | None = None) -> DemoLoaded:
    """Load the demo brand and its day, all of it or nothing, and return the ways in.

    :param zone: the zone that the day shall be in, if it is a good hour there; else one
        where it is late morning is taken, so that quiet hours never spoil the first look.
    """
    with all_or_nothing(services.sessions) as sessions:
        return _load(replace(services, sessions=sessions), zone)


def _load(services: Services, zone: str | None) -> DemoLoaded:
    now = services.now()
    place = ZoneInfo(daytime_zone(now, zone))
    clock = _Clock(_at(now, BOOKED))
    brand_id = _add_brand(replace(services, now=clock), place, live_at=_at(now, _LIVE_SINCE))
    staff_id = add_staff(services, brand_id, "Robin", "robin@example.com")
    _Loading(services, clock, brand_id, place, f"staff:{staff_id}").run()
    add_source(services, brand_id, "demo-easypost", "easypost", live=True)
    add_source(services, brand_id, "demo-generic", "generic", live=True)
    return DemoLoaded(
        brand_id=brand_id,
        api_key=create_api_key(services, brand_id, SLUG),
        sign_in_url=make_sign_in_link(services, staff_id),
        day_url=_day_link(services, brand_id, now.astimezone(place)),
    )


class _Loading:
    """Collects what happens, then lives through it in its order up to now."""

    def __init__(
        self, services: Services, clock: _Clock, brand_id: UUID, place: ZoneInfo, actor: str
    ) -> None:
        journal = SandboxJournal(sessions=services.sessions, now=clock, vault=services.vault)
        self._services = replace(
            services,
            now=clock,
            wake=lambda: None,
            sms={SANDBOX: journal.sms()},
            email={SANDBOX: journal.email()},
        )
        self._now = services.now()
        self._clock = clock
        self._brand_id = brand_id
        self._place = place
        self._actor = actor
        self._jobs: dict[str, UUID] = {}  # by reference
        self._happenings: list[tuple[int, Callable[[], None]]] = []

    def run(self) -> None:
        for visit in VISITS:
            self._book_visit(visit)
        for order in ORDERS:
            self._book_order(order)
        for minutes, happen in sorted(self._happenings, key=lambda entry: entry[0]):
            self._clock.at = _at(self._now, minutes)
            happen()
            if minutes >= _LIVE_SINCE:
                self._deliver()
        self._clock.at = self._now
        self._deliver()

    def _deliver(self) -> None:
        look_again(self._services)
        while (claimed := claim_due(self._services, limit=_AT_A_TIME)).dealt_with:
            for claim in claimed.claims:  # one after the other: they share a transaction
                send_claimed(self._services, claim)
        confirm_sandbox_deliveries(self._services)

    def _book_visit(self, visit: DemoVisit) -> None:
        starts = _quarter(self._now) + timedelta(hours=visit.starts)
        people = [self._person(visit.customer)]
        if visit.second is not None:
            people.append(self._person(visit.second, Role.SECOND_CONTACT))
        appointment = NewAppointment(
            reference=visit.reference,
            service=visit.service,
            technician=visit.technician,
            window=Window(starts, starts + timedelta(hours=visit.hours)),
            address=visit.address,
            people=tuple(people),
        )
        story, source = visit.story, FactSource.TECHNICIAN
        self._book(appointment, visit.customer, story, source, at=visit.booked)

    def _book_order(self, order: DemoOrder) -> None:
        number = order.reference.removeprefix("P-")
        parcels = [
            NewParcel(carrier=carrier, tracking_code=f"DEMO{number}{place}")
            for place, carrier in enumerate(order.carriers, 1)
        ]
        booking = NewOrder(
            reference=order.reference,
            service=order.item,
            items=(order.item,),
            parcels=tuple(parcels),
            window=self._day(order.day),
            address=order.address,
            people=(self._person(order.customer),),
        )
        first = parcels[0].tracking_code
        self._book(booking, order.customer, order.story, FactSource.CARRIER, parcel=first)

    def _book(
        self,
        booking: NewAppointment | NewOrder,
        customer: Guest,
        story: tuple[Said | Wrote, ...],
        source: FactSource,
        *,
        at: int = BOOKED,
        parcel: str | None = None,
    ) -> None:
        self._happenings.append((at, lambda: self._enter(booking)))
        for entry in story:
            if isinstance(entry, Said):
                happen = self._fact(booking.reference, entry, source, parcel)
            else:
                happen = self._reply(customer, entry)
            self._happenings.append((entry.at, happen))

    def _enter(self, booking: NewAppointment | NewOrder) -> None:
        self._jobs[booking.reference] = book(
            self._services, self._brand_id, booking, source=FactSource.STAFF, actor=self._actor
        ).job_id

    def _fact(
        self, reference: str, said: Said, source: FactSource, parcel: str | None
    ) -> Callable[[], None]:
        expected: Expectation | None = said.expected
        if said.days is not None:
            expected = self._day(said.days)
        new = NewFact(
            type=said.type,
            source=source,
            actor=self._actor,
            minutes=said.minutes,
            expected=expected,
            parcel=parcel,
            reason=said.reason,
        )

        def happen() -> None:
            record(self._services, self._brand_id, self._jobs[reference], new)

        return happen

    def _reply(self, customer: Guest, wrote: Wrote) -> Callable[[], None]:
        assert customer.phone is not None

        def happen() -> None:
            reply = IncomingReply(
                channel=Channel.SMS,
                provider_id=f"demo-reply-{self._services.ids()}",
                from_address=customer.phone or "",
                to_address=_PHONE,
                body=wrote.words,
                received_at=self._clock.at,
            )
            take_reply(self._services, reply)
            if wrote.read:
                self._deal_with_replies()

        return happen

    def _deal_with_replies(self) -> None:
        with self._services.sessions.begin() as session:
            tasks = select(Task).where(
                Task.brand_id == self._brand_id, Task.kind == "reply", Task.done_at.is_(None)
            )
            for task in session.scalars(tasks):
                task.done_at, task.done_by = self._clock.at, self._actor

    def _person(self, guest: Guest, role: Role = Role.CUSTOMER) -> NewPerson:
        return NewPerson(
            role=role,
            name=guest.name,
            phone=guest.phone,
            email=guest.email,
            zone=self._place.key,  # their number's zone is Seattle's, wherever the day is
            locale="en",
        )

    def _day(self, days: int) -> Window:
        date = self._now.astimezone(self._place).date() + timedelta(days=days)
        return Window(
            datetime.combine(date, _DAY_BEGINS, self._place),
            datetime.combine(date, _DAY_ENDS, self._place),
        )


def _add_brand(services: Services, place: ZoneInfo, *, live_at: datetime) -> UUID:
    with services.sessions.begin() as session:
        brand = add_brand(
            session,
            services,
            slug=SLUG,
            name=_NAME,
            zone=place.key,
            phone=_PHONE,
            email=_EMAIL,
            demo=True,
            live_at=live_at,
        )
        for channel, address in ((Channel.SMS, _PHONE), (Channel.EMAIL, _EMAIL)):
            session.add(
                Sender(
                    id=services.ids(),
                    brand_id=brand.id,
                    channel=channel,
                    provider=SANDBOX,
                    address=address,
                    name=_NAME if channel is Channel.EMAIL else None,
                )
            )
        return brand.id


def _day_link(services: Services, brand_id: UUID, local: datetime) -> str:
    """Return a link to the day of whom the board is most worried about."""
    with reading(services.sessions) as session:
        technician_id = session.scalar(
            select(Job.technician_id).where(Job.brand_id == brand_id, Job.reference == "V-303")
        )
    assert technician_id is not None
    return make_day_link(services, brand_id, technician_id, local.date())


def daytime_zone(now: datetime, wanted: str | None = None) -> str:
    """Return `wanted` if it is late morning or noon there at `now`, else a zone where it is."""
    if wanted is not None and now.astimezone(ZoneInfo(wanted)).hour in _GOOD_HOURS:
        return wanted
    return min(_ZONES, key=lambda name: abs(_local_hour(now, name) - _BEST_HOUR))


def _local_hour(now: datetime, zone: str) -> float:
    local = now.astimezone(ZoneInfo(zone))
    return local.hour + local.minute / 60


def _quarter(now: datetime) -> datetime:
    return now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)


def _at(now: datetime, minutes: int) -> datetime:
    return now + timedelta(minutes=minutes)
