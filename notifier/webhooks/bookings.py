"""What a source asks us to book, and what it says anew of a job that is booked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from notifier import booking
from notifier.domain.facts import PROMISE, Fact, FactSource, FactType, Standing
from notifier.domain.jobs import JobKind
from notifier.domain.windows import Window, utc_text
from notifier.intake import NewFact, record_in
from notifier.opening import open_before
from notifier.parcels import NewParcel
from notifier.people import checked_zone
from notifier.planner import bring_up_to_date
from notifier.services import Services
from notifier.sources.parts.estimates import LocalDay, whole_day
from notifier.sources.protocol import Booking, ByReference, SourceEvent, StandsAs
from notifier.store.deliveries import said_of
from notifier.store.known_jobs import KnownJob
from notifier.store.tables import Brand, Job, Message, Source

#: In what a source promises, and promises anew. Its word of a visit that is late is no promise.
_PROMISES = {
    JobKind.APPOINTMENT: frozenset({FactType.BOOKED, FactType.RESCHEDULED}),
    JobKind.ORDER: frozenset({FactType.BOOKED, FactType.DELAYED}),
}


def book_as_asked(
    session: Session,
    services: Services,
    source: Source,
    event: SourceEvent,
    *,
    speaks_as: FactSource,
    happened: datetime,
    received_at: datetime,
    account: str | None,
) -> bool:
    """Book what `source` asks for, in the caller's transaction; return whether it was not yet.

    Of a booking as it stands the caller asks only where no job of its names is known.

    What the source made, or sent, before it was live is history.

    A day that was promised is one at the place, whose zone is the brand's where none is stated.

    :raises Conflict: if the reference is taken by another booking.
    :raises Invalid: if something in it can't be; the error names the field.
    """
    asked = event.booking
    assert asked is not None
    booked = booking.book_in(
        session,
        services,
        source.brand_id,
        _new(event.job_kind, asked, window=_promised(session, source, asked)),
        source=speaks_as,
        actor=f"source:{source.id}",
        occurred_at=happened,
        booked_by=source.id,
        agreed=_on_record(event.job_kind, asked),
        before_live=is_history(source, min(asked.made_at or happened, received_at)),
    )
    if booked.created:
        session.get_one(Job, booked.job_id).account = account
    return booked.created


def is_history(source: Source, at: datetime) -> bool:
    """Return whether that was before the source went live, if it has by now."""
    return source.live_at is None or at < source.live_at


def news_in(
    event: SourceEvent, asked: Booking, stated: Sequence[Fact], happened: datetime, zone: ZoneInfo
) -> SourceEvent | None:
    """Return what is new to a booked job in how its source has it now; None: nothing is.

    :param stated: what the source said of the job, and its booking, in order of effect.
    :param zone: of the job's place.

    Its window is compared with what the source itself promised last before `happened`, not with
    what is believed: a shop that says its promise again does not contradict the carrier, nor a
    calendar the technician who is late. Said again by an older word that comes late, it is none any
    more: the fact says how its source has it.

    Of two windows of one moment the one counts that differs from the last before it, whichever
    comes, or is read again, last: the other was said before it moved. If both differ, the one that
    came last.
    """
    promised = _promises_of(event.job_kind, stated)
    before = [one for one in promised if one.effective_at < happened]
    beside = [one for one in promised if one.effective_at == happened]
    window = _at_place(asked.window, zone)
    if window is None or not (before or beside) or (asked.as_made and beside):
        return None
    if window in (*_windows(before)[-1:], *_windows(beside)):
        return None
    if event.job_kind is JobKind.APPOINTMENT:
        return SourceEvent(
            join=event.join,
            job_kind=event.job_kind,
            type=FactType.RESCHEDULED,
            occurred_at=happened,
            window=window,
            agreed=asked.agreed,
            stands_as=StandsAs(_in_words(window), PROMISE),
            note=event.note,
        )
    return SourceEvent(
        join=event.join,
        job_kind=event.job_kind,
        type=FactType.DELAYED,
        occurred_at=happened,
        expected=window,
        stands_as=StandsAs(_in_words(window), PROMISE),
        reason=event.reason,
        note=event.note,
    )


def booked_before(
    session: Session,
    services: Services,
    source: Source,
    job: KnownJob,
    event: SourceEvent,
    stated: Sequence[Fact],
    *,
    speaks_as: FactSource,
    happened: datetime,
    external_id: str,
) -> bool:
    """Let a booking that comes late take the place of the one by which the job was made.

    Then it is as if it had come first: its window is the promise, and the other one's is news,
    if it differs. Only of what the source itself booked, and while nobody was told anything:
    what they read is not reworded. Return whether that was done.

    How a job was made was so before anything else that is said of the same moment.
    """
    asked, made_by = event.booking, next(iter(_bookings(stated)), None)
    if asked is None or made_by is None:
        return False
    window = _at_place(asked.window, ZoneInfo(job.zone))
    if asked.as_made and happened == made_by.effective_at and window != made_by.window:
        happened -= datetime.resolution
    if happened >= made_by.effective_at:
        return False
    row = session.get_one(Job, job.id)
    learnt_later = window is None and made_by.window is not None
    if learnt_later or row.source_id != source.id or _was_told(session, job.id):
        return False
    now, actor = services.now(), f"source:{source.id}"
    open_before(
        session,
        services,
        row,
        made_by,
        window=window,
        agreed=_on_record(event.job_kind, asked),
        occurred_at=happened,
        actor=actor,
        source_id=source.id,
        external_id=external_id,
        now=now,
    )
    moved = made_by.window if made_by.window != window else None
    if moved is None:
        bring_up_to_date(session, services, [job.id], now=now)
        return True
    visit = event.job_kind is JobKind.APPOINTMENT
    promised = _promises_of(event.job_kind, stated)
    record_in(
        session,
        services,
        source.brand_id,
        job.id,
        NewFact(
            type=FactType.RESCHEDULED if visit else FactType.DELAYED,
            source=speaks_as,
            actor=actor,
            occurred_at=_moved_at(made_by, window, promised),
            expected=None if visit else moved,
            window=moved if visit else None,
            agreed=made_by.agreed is not False if visit else None,
            stands=Standing(source.id, PROMISE, _in_words(moved)),
            source_id=source.id,
            before_live=made_by.before_live,
        ),
    )
    return True


def promised_in(stated: Sequence[Fact], goes_on: KnownJob) -> list[SourceEvent]:
    """Return what a source promised of a job, as said of the one that it goes on as."""
    moves = [fact for fact in stated if fact.type is FactType.RESCHEDULED]
    return [
        SourceEvent(
            join=ByReference(goes_on.reference),
            job_kind=JobKind(goes_on.kind),
            type=FactType.BOOKED,
            occurred_at=fact.effective_at,
            booking=Booking(
                reference=goes_on.reference,
                service=None,
                people=(),
                window=fact.window,
                as_it_stands=True,
                agreed=fact.agreed is not False,
            ),
        )
        for fact in (*_bookings(stated)[:1], *moves)
        if fact.window is not None
    ]


def is_booked_since(session: Session, source: Source, job: KnownJob, at: datetime) -> bool:
    """Return whether the booking by which the source made the job is later, and gives a time."""
    stated = said_of(session, job.id, source.id)
    made_by = next(iter(_bookings(stated)), None)
    if made_by is None or job.source_id != source.id:
        return False
    return made_by.window is not None and at < made_by.effective_at


def _on_record(kind: JobKind, asked: Booking) -> bool | None:
    """Return False if the business may have moved it there, else None.

    A booking that comes late makes a move of this one, and then it counts whose that was. Never
    True: nobody accepts the time that they book.
    """
    moved_by_us = kind is JobKind.APPOINTMENT and asked.as_it_stands and not asked.agreed
    return False if moved_by_us else None


def _bookings(stated: Sequence[Fact]) -> list[Fact]:
    """Return what the source said in bookings, in order of effect: the first one counts."""
    return [
        fact
        for fact in stated
        if fact.type is FactType.BOOKED and fact.source is not FactSource.CLOCK
    ]


def _promises_of(kind: JobKind, stated: Sequence[Fact]) -> list[Fact]:
    """Return by what the source promised something, but for the bookings that gave way."""
    gave_way = _bookings(stated)[1:]
    return [fact for fact in stated if fact.type in _PROMISES[kind] and fact not in gave_way]


def _moved_at(made_by: Fact, window: Window | None, promised: Iterable[Fact]) -> datetime:
    """Return when a job that was promised for `window` came to be as `made_by` booked it.

    Before what was said of the same moment since then, if that moved it on.
    """
    beside = [
        one for one in promised if one.effective_at == made_by.effective_at and one.id != made_by.id
    ]
    moved_on = any(one != window for one in _windows(beside))
    return made_by.effective_at - datetime.resolution if moved_on else made_by.occurred_at


def _was_told(session: Session, job_id: UUID) -> bool:
    told = exists().where(Message.job_id == job_id, Message.claimed_at.is_not(None))
    return bool(session.scalar(select(told)))


def _window(fact: Fact) -> Window | None:
    if fact.window is not None:
        return fact.window
    return fact.expected if isinstance(fact.expected, Window) else None


def _windows(facts: Iterable[Fact]) -> list[Window]:
    return [window for fact in facts if (window := _window(fact)) is not None]


def _in_words(window: Window) -> str:
    """Return a promise as two of them are compared."""
    return f"{utc_text(window.start)}/{utc_text(window.end)}"


def _promised(session: Session, source: Source, asked: Booking) -> Window | None:
    zone = asked.zone or session.get_one(Brand, source.brand_id).zone
    return _at_place(asked.window, ZoneInfo(checked_zone(zone, "place.time_zone")))


def _at_place(window: Window | LocalDay | None, zone: ZoneInfo) -> Window | None:
    return whole_day(window.day, zone) if isinstance(window, LocalDay) else window


def _new(
    kind: JobKind, asked: Booking, *, window: Window | None
) -> booking.NewAppointment | booking.NewOrder:
    people = tuple(
        booking.NewPerson(
            role=person.role,
            reference=person.reference,
            name=person.name,
            phone=person.phone,
            email=person.email,
            zone=person.zone,
            locale=person.locale,
        )
        for person in asked.people
    )
    if kind is JobKind.APPOINTMENT:
        return booking.NewAppointment(
            reference=asked.reference,
            service=asked.service or "",
            technician=asked.technician,
            technician_phone=asked.technician_phone,
            window=window,
            zone=asked.zone,
            address=asked.address,
            people=people,
        )
    return booking.NewOrder(
        reference=asked.reference,
        service=asked.service,
        items=asked.items,
        parcels=tuple(
            NewParcel(carrier=one.carrier, tracking_code=one.tracking_code) for one in asked.parcels
        ),
        window=window,
        zone=asked.zone,
        address=asked.address,
        people=people,
    )
