"""What a person sees behind the link of a message: the current truth of their job, for them.

Reading changes nothing. An old link shows what holds now. Nobody but the person whom the
link was made for is looked at, so people who share a number never see each other's jobs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifier.domain.drift import Drift, DriftKind, drift_of, is_asked
from notifier.domain.facts import FactSource, FactType
from notifier.domain.folding import JobState
from notifier.domain.jobs import FINISHED, Effect, JobKind, JobStatus, effect_of
from notifier.domain.ledger import reference_of
from notifier.domain.messages import TAKEN, UNDER_WAY, Role
from notifier.domain.promises import same_promise
from notifier.domain.reasons import Party, Reason
from notifier.domain.windows import (
    OFF,
    UNKNOWN,
    Expectation,
    Window,
    from_json,
    local_date,
)
from notifier.errors import NotFound
from notifier.links import link_hash
from notifier.sending.told_together import ToldTogether, told_together
from notifier.services import Services
from notifier.store.snapshots import Snapshot, load_snapshots
from notifier.store.tables import (
    Brand,
    Job,
    JobPerson,
    Message,
    Parcel,
    Person,
    Task,
    Technician,
)
from notifier.store.vault import Unreadable, Vault

#: A technician can be early; a customer who says "here" long before is mistaken.
HERE_BEFORE, HERE_AFTER = timedelta(hours=2), timedelta(hours=12)
#: Why of the task that "call me" makes.
CALL_ASKED_FOR = "asked_for_call"
#: After a job's end its page still takes "call me" and "I don't have it" for so long.
AFTERWARDS = timedelta(days=2)


class Standing(StrEnum):
    """How what holds now compares with what was promised."""

    AS_PROMISED = "as_promised"
    LATER = "later"
    MOVED = "moved"  # an appointment on another date, or earlier
    ASKED = "asked"  # we ask for another date; until they accept, nothing is settled
    UNKNOWN = "unknown"
    OFF = "off"


class Button(StrEnum):
    """What a page may offer to press."""

    HERE = "here"
    RECEIVED = "received"
    NOT_RECEIVED = "not_received"
    SUITS = "suits"
    CALL = "call"


@dataclass(frozen=True, slots=True)
class ParcelOnPage:
    """One parcel, without its tracking code: a page must not hand out more than it needs."""

    carrier: str
    status: JobStatus
    expected: Expectation | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusPage:
    """Everything a status page shows. `ended` pages show nothing of the job."""

    brand: str
    brand_phone: str
    country: str  # of the brand, in which its number is dialled
    ended: bool = False
    kind: JobKind = JobKind.APPOINTMENT
    status: JobStatus = JobStatus.SCHEDULED
    standing: Standing = Standing.AS_PROMISED
    service: str = ""
    locale: str = "en"
    zone: ZoneInfo = ZoneInfo("UTC")
    reader_elsewhere: bool = False  # the reader's own zone differs: the zone is named
    first_name: str | None = None
    promised: Window | None = None  # the agreed window, else the first one
    expected: Window | None = None  # what holds for this person now
    offer: Window | None = None  # an earlier time that binds nobody until it suits
    asks: Window | None = None  # what "that suits" is about: the offer, else the new time
    reason: Reason | None = None
    by: Party | None = None
    technician: str | None = None  # a first name, only on the way
    next_update: datetime | None = None
    checking: bool = False  # they heard that nobody reported, and nobody has since
    call_by: datetime | None = None  # they asked for a call: when we ring at the latest
    answered: FactType | None = None  # what they answered to the time on the page
    parcels: tuple[ParcelOnPage, ...] = ()
    together: tuple[ToldTogether, ...] = ()  # other jobs that the same message told of
    buttons: frozenset[Button] = frozenset()

    @property
    def finished(self) -> bool:
        """Whether the job is over."""
        return self.status in FINISHED


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a link was made for, and by which message if by one."""

    brand: Brand
    job: Job
    job_person: JobPerson
    person: Person
    contact_point_id: UUID | None
    message_id: UUID | None


def find_holder(session: Session, vault: Vault, token: str) -> Holder:
    """Return whom `token` was made for.

    :raises NotFound: if no link has that token.
    """
    hashed = link_hash(vault, token)
    contact_point_id = message_id = None
    job_person = session.scalar(select(JobPerson).where(JobPerson.link_hash == hashed))
    if job_person is None:
        message = session.scalar(select(Message).where(Message.link_hash == hashed))
        if message is None:
            raise NotFound("There is no such page.")
        contact_point_id, message_id = message.contact_point_id, message.id
        job_person = session.get_one(JobPerson, message.job_person_id)
    if job_person.role == Role.TECHNICIAN:  # theirs lead to their day
        raise NotFound("There is no such page.")
    job = session.get_one(Job, job_person.job_id)
    return Holder(
        brand=session.get_one(Brand, job.brand_id),
        job=job,
        job_person=job_person,
        person=session.get_one(Person, job_person.person_id),
        contact_point_id=contact_point_id,
        message_id=message_id,
    )


def read_status_page(session: Session, services: Services, token: str) -> StatusPage:
    """Return what the page behind `token` shows now.

    :raises NotFound: if no link has that token.
    """
    holder = find_holder(session, services.vault, token)
    brand, job = holder.brand, holder.job
    if holder.person.key is None:
        return StatusPage(
            brand=brand.name, brand_phone=brand.phone, country=brand.country, ended=True
        )
    now = services.now()
    snapshot = load_snapshots(session, [job.id])[job.id]
    state, zone = snapshot.state, snapshot.plan_input.zone
    promised = state.agreed or state.promised
    drift = _drift(snapshot, holder.job_person.id, now)
    holds, offer = _holds(state, drift)
    asked = Role(holder.job_person.role) is Role.CUSTOMER
    asks = _asks(state, offer, holds, promised, zone) if asked else None
    answered = _answer_to(state, holder.job_person.id, offer or holds)
    call_by = _call_asked_for(session, holder)
    last = _last_message(session, holder.job_person.id)
    page = StatusPage(
        brand=brand.name,
        brand_phone=brand.phone,
        country=brand.country,
        kind=state.kind,
        status=state.status,
        standing=_standing(state.kind, holds, promised, zone, drift.kind),
        service=job.service,
        locale=holder.person.locale,
        zone=zone,
        reader_elsewhere=holder.person.zone is not None
        and _elsewhere(ZoneInfo(holder.person.zone), zone, now),
        first_name=_first_word(services.vault, holder.person.key, holder.person.name),
        promised=promised,
        expected=holds if isinstance(holds, Window) else None,
        offer=offer,
        asks=asks if answered is None else None,
        reason=state.reason,
        by=state.by,
        technician=_technician(session, services.vault, state),
        next_update=_next_update(last, now),
        checking=_is_checking(services, state, last),
        call_by=call_by,
        answered=answered,
        parcels=_parcels(session, job) if state.kind is JobKind.ORDER else (),
        together=told_together(session, services, holder.message_id, holder.person)
        if holder.message_id is not None
        else (),
    )
    return _with_buttons(page, state, now)


def _drift(snapshot: Snapshot, job_person_id: UUID, now: datetime) -> Drift:
    """Return how what we believe stands to what this person was told."""
    view = next(view for view in snapshot.plan_input.people if view.job_person == job_person_id)
    reference = reference_of(view, snapshot.state.agreed)
    return drift_of(snapshot.state, view, reference, zone=snapshot.plan_input.zone, now=now)


def _holds(state: JobState, drift: Drift) -> tuple[Expectation | None, Window | None]:
    """Return what this person may count on now, and what they are asked about if anything.

    An offer binds nobody, and noise below the tolerance is no news.
    """
    if is_asked(drift.kind):
        offer = drift.asserts if isinstance(drift.asserts, Window) else None
        return drift.told or state.agreed or state.promised, offer
    if drift.kind in (DriftKind.NONE, DriftKind.LAPSED) or drift.asserts is None:
        return drift.told or state.expected or state.agreed, None
    return drift.asserts, None


def _standing(
    kind: JobKind,
    holds: Expectation | None,
    promised: Window | None,
    zone: ZoneInfo,
    drift: DriftKind,
) -> Standing:
    if drift is DriftKind.OTHER_DAY:
        return Standing.ASKED
    if holds is UNKNOWN:
        return Standing.UNKNOWN
    if holds is OFF:
        return Standing.OFF
    if not isinstance(holds, Window) or promised is None:
        return Standing.AS_PROMISED
    if same_promise(kind, holds, promised, zone):
        return Standing.AS_PROMISED
    moved = local_date(holds.start, zone) != local_date(promised.start, zone)
    if holds.end <= promised.end or (moved and kind is JobKind.APPOINTMENT):
        return Standing.MOVED
    return Standing.LATER


def _asks(
    state: JobState,
    offer: Window | None,
    holds: Expectation | None,
    promised: Window | None,
    zone: ZoneInfo,
) -> Window | None:
    """Return the window to answer: an offer, or a new time other than the agreed one."""
    if state.kind is JobKind.ORDER or state.finished:
        return None
    if effect_of(state.kind, state.status, FactType.ACCEPTED, FactSource.CUSTOMER) is (
        Effect.IGNORED
    ):
        return None
    if offer is not None:
        return offer
    if not isinstance(holds, Window) or same_promise(state.kind, holds, promised, zone):
        return None
    return holds


def _answer_to(state: JobState, job_person_id: UUID, shown: Expectation | None) -> FactType | None:
    answers = [
        fact.type
        for fact in state.answers
        if fact.person == job_person_id
        and fact.type is not FactType.TOLD
        and fact.source is FactSource.CUSTOMER
        and fact.window == shown
    ]
    return answers[-1] if answers else None


def _with_buttons(page: StatusPage, state: JobState, now: datetime) -> StatusPage:
    """Offer only what makes sense at `now`."""
    buttons = set()
    if page.asks is not None:
        buttons.add(Button.SUITS)
    ended = state.status_fact.effective_at if state.status_fact and state.finished else None
    recent = ended is None or now - ended < AFTERWARDS
    if recent and page.call_by is None:
        buttons.add(Button.CALL)
    if page.kind is JobKind.ORDER:
        buttons |= _order_buttons(page, recent)
    elif _may_be_here(page, now):
        buttons.add(Button.HERE)
    return replace(page, buttons=frozenset(buttons))


def _order_buttons(page: StatusPage, recent: bool) -> set[Button]:
    if page.status is JobStatus.DELIVERED:
        return {Button.NOT_RECEIVED} if recent else set()
    awaited = (
        JobStatus.OUT_FOR_DELIVERY,
        JobStatus.ATTEMPTED,
        JobStatus.READY_FOR_PICKUP,
        JobStatus.NOT_RECEIVED,
    )
    return {Button.RECEIVED} if page.status in awaited else set()


def _may_be_here(page: StatusPage, now: datetime) -> bool:
    if page.status not in (JobStatus.SCHEDULED, JobStatus.CONFIRMED, JobStatus.EN_ROUTE):
        return False
    windows = [window for window in (page.promised, page.expected, page.offer) if window]
    if not windows:
        return False
    first, last = min(w.start for w in windows), max(w.end for w in windows)
    return first - HERE_BEFORE <= now <= last + HERE_AFTER


def _technician(session: Session, vault: Vault, state: JobState) -> str | None:
    if state.status is not JobStatus.EN_ROUTE or state.technician is None:
        return None
    technician = session.get_one(Technician, state.technician)
    return _first_word(vault, technician.key, technician.name)


def _last_message(session: Session, job_person_id: UUID) -> Message | None:
    """Return the last message that went to them."""
    return session.scalar(
        select(Message)
        .where(Message.job_person_id == job_person_id, Message.status.in_([*TAKEN, *UNDER_WAY]))
        .order_by(Message.handed_over_at.desc(), Message.id.desc())
        .limit(1)
    )


def _next_update(last: Message | None, now: datetime) -> datetime | None:
    """Return the moment by which they hear again, as the last message that went said."""
    moment = last.next_update_at if last is not None else None
    return moment if moment is not None and moment > now else None


def _is_checking(services: Services, state: JobState, last: Message | None) -> bool:
    """Return whether the last that they heard is that nobody reported, and nobody has since."""
    rule = services.rulebook.rule(last.rule) if last is not None else None
    if rule is None or rule.condition.silent_for is None or last is None:
        return False
    if state.finished or state.status is JobStatus.ARRIVED:
        return False
    report = state.last_report
    if report is None or last.claimed_at is None:
        return True
    return report.received_at < last.claimed_at


def _call_asked_for(session: Session, holder: Holder) -> datetime | None:
    return session.scalar(
        select(Task.due_at)
        .where(
            Task.job_person_id == holder.job_person.id,
            Task.job_id == holder.job.id,
            Task.why == CALL_ASKED_FOR,
            Task.done_at.is_(None),
            Task.dropped.is_(False),
        )
        .limit(1)
    )


def _parcels(session: Session, job: Job) -> tuple[ParcelOnPage, ...]:
    rows = session.scalars(select(Parcel).where(Parcel.job_id == job.id).order_by(Parcel.id))
    return tuple(
        ParcelOnPage(row.carrier, JobStatus(row.status), from_json(row.expected)) for row in rows
    )


def _elsewhere(reader: ZoneInfo, place: ZoneInfo, now: datetime) -> bool:
    return now.astimezone(reader).utcoffset() != now.astimezone(place).utcoffset()


def _first_word(vault: Vault, key: bytes | None, sealed: bytes | None) -> str | None:
    if sealed is None:
        return None
    try:
        words = vault.open(key, sealed).split()
    except Unreadable:
        return None
    return words[0] if words else None
