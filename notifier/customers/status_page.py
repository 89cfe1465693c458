"""What a person sees behind the link of a message: the current truth of their job, for them.

Reading changes nothing. An old link shows what holds now. Nobody but the person whom the
link was made for is looked at, so people who share a number never see each other's jobs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifier.customers.link_holder import Holder, find_holder
from notifier.customers.outlook import Outlook, outlook_of
from notifier.customers.page_buttons import Button, asked_about, buttons_of
from notifier.customers.waiting_for import waits_for
from notifier.domain.facts import FactSource, FactType, PromiseKind
from notifier.domain.folding import JobState
from notifier.domain.jobs import FINISHED, JobKind, JobStatus
from notifier.domain.ledger.views import PersonView
from notifier.domain.messages import Role
from notifier.domain.reasons import Party, Reason
from notifier.domain.windows import Expectation, Window
from notifier.sending.told_together import ToldTogether, told_together
from notifier.services import Services
from notifier.store.snapshots import Snapshot, load_snapshots
from notifier.store.tables import Job, Parcel, Technician
from notifier.store.vault import Unreadable, Vault

_TIME_ANSWERS = (FactType.ACCEPTED, FactType.DECLINED)


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
    outlook: Outlook = field(default_factory=Outlook)
    service: str = ""
    locale: str = "en"
    zone: ZoneInfo = ZoneInfo("UTC")
    reader_elsewhere: bool = False  # the reader's own zone differs: the zone is named
    asks: Window | None = None  # what "that suits" is about: the offer, else the new time
    answered: FactType | None = None  # what they answered to the time on the page
    reason: Reason | None = None
    by: Party | None = None
    technician: str | None = None  # a first name, only on the way
    news_by: datetime | None = None  # promised, and not had yet; it may have passed
    call_by: datetime | None = None  # the same of a call
    parcels: tuple[ParcelOnPage, ...] = ()
    together: tuple[ToldTogether, ...] = ()  # other jobs that the same message told of
    buttons: frozenset[Button] = frozenset()

    @property
    def finished(self) -> bool:
        """Whether the job is over."""
        return self.status in FINISHED


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
    view = view_of(snapshot, holder)
    outlook = outlook_of(
        snapshot.plan_input, snapshot.facts, view, services.rulebook.rules, now=now
    )
    asks = asked_about(state, outlook) if view.role is Role.CUSTOMER else None
    answered = _answer_to(state, view.job_person, outlook.offer or outlook.holds)
    waits = {kind: moment.due for kind, moment in waits_for(session, snapshot, view).items()}
    return StatusPage(
        brand=brand.name,
        brand_phone=brand.phone,
        country=brand.country,
        kind=state.kind,
        status=state.status,
        outlook=outlook,
        service=job.service,
        locale=holder.person.locale,
        zone=zone,
        reader_elsewhere=holder.person.zone is not None
        and _elsewhere(ZoneInfo(holder.person.zone), zone, now),
        asks=asks if answered is None else None,
        answered=answered,
        reason=state.reason,
        by=state.by,
        technician=_technician(session, services.vault, state),
        news_by=waits.get(PromiseKind.UPDATE),
        call_by=waits.get(PromiseKind.CALL_BACK),
        parcels=_parcels(session, job, state) if state.kind is JobKind.ORDER else (),
        together=told_together(session, services, holder.message_id, holder.person)
        if holder.message_id is not None
        else (),
        buttons=buttons_of(
            state,
            outlook,
            asks=asks is not None and answered is None,
            call_owed=PromiseKind.CALL_BACK in waits,
            now=now,
        ),
    )


def view_of(snapshot: Snapshot, holder: Holder) -> PersonView:
    """Return what planning sees of the holder of a link."""
    return next(v for v in snapshot.plan_input.people if v.job_person == holder.job_person.id)


def _answer_to(state: JobState, job_person_id: UUID, shown: Window | None) -> FactType | None:
    answers = [
        fact.type
        for fact in state.answers
        if fact.person == job_person_id
        and fact.type in _TIME_ANSWERS
        and fact.source is FactSource.CUSTOMER
        and fact.window == shown
    ]
    return answers[-1] if answers else None


def _technician(session: Session, vault: Vault, state: JobState) -> str | None:
    if state.status is not JobStatus.EN_ROUTE or state.technician is None:
        return None
    technician = session.get_one(Technician, state.technician)
    return _first_word(vault, technician.key, technician.name)


def _parcels(session: Session, job: Job, state: JobState) -> tuple[ParcelOnPage, ...]:
    rows = session.scalars(select(Parcel).where(Parcel.job_id == job.id).order_by(Parcel.id))
    known = [(row.carrier, state.parcels[row.tracking_code]) for row in rows]
    return tuple(ParcelOnPage(carrier, parcel.status, parcel.expected) for carrier, parcel in known)


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
