"""The status page in words: what the read model holds, written for one reader."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from notifier.customers.status_actions import Refused
from notifier.customers.status_page import Button, ParcelOnPage, Standing, StatusPage
from notifier.customers.stopping import Stopping
from notifier.domain.facts import FactType
from notifier.domain.jobs import FINISHED, JobKind, JobStatus
from notifier.domain.messages import Channel
from notifier.domain.phones import for_reading
from notifier.domain.phrases import phrases_for
from notifier.domain.reasons import Party
from notifier.domain.windows import Window, local_date
from notifier.page_times import say_date, say_day, say_moment, say_window
from notifier.sending.told_together import ToldTogether

REFUSED = {
    Refused.OFFER_GONE: "Sorry, that time is no longer open. What you see here is how it stands.",
    Refused.NOT_NOW: "That can’t be done any more. What you see here is how it stands.",
}

_DOUBTFUL = (JobStatus.EXCEPTION, JobStatus.ATTEMPTED, JobStatus.NOT_RECEIVED)

_PARCEL_WORDS = {
    JobStatus.ORDERED: "not sent yet",
    JobStatus.SHIPPED: "on its way",
    JobStatus.IN_TRANSIT: "on its way",
    JobStatus.OUT_FOR_DELIVERY: "out for delivery",
    JobStatus.ATTEMPTED: "delivery was attempted",
    JobStatus.READY_FOR_PICKUP: "ready to pick up",
    JobStatus.DELIVERED: "delivered",
    JobStatus.NOT_RECEIVED: "reported missing",
    JobStatus.EXCEPTION: "held up",
    JobStatus.RETURNED: "went back",
    JobStatus.CANCELLED: "cancelled",
}


@dataclass(frozen=True, slots=True)
class ParcelView:
    """One parcel in words."""

    carrier: str
    words: str
    expected: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusView:
    """What the template writes down: strings, and what may be pressed."""

    brand: str
    brand_phone: str
    brand_phone_dial: str
    service: str
    is_order: bool
    status: str
    standing: str
    tone: str
    finished: bool
    by: str
    promised: str | None
    promised_day: str | None
    promised_differs: bool
    expected: str | None
    sure: bool  # nothing has happened that makes the expected time doubtful
    later_by: str | None
    offer: str | None
    reason: str | None
    next_update: str | None
    checking: bool
    technician: str | None
    notes: tuple[str, ...]
    parcels: tuple[ParcelView, ...]
    together: tuple[ToldTogether, ...]
    asked_window: Window | None
    can_say_here: bool
    can_say_missing: bool
    can_ask_call: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StopView:
    """The page that stops messages, in words."""

    brand: str
    brand_phone: str
    brand_phone_dial: str
    open_channels: tuple[str, ...]
    stopped: bool
    stopped_words: str


def view_of(page: StatusPage, *, now: datetime) -> StatusView:
    """Write `page` down for its reader at `now`."""
    differs = page.standing not in (Standing.AS_PROMISED, Standing.ASKED)
    asks = Button.SUITS in page.buttons
    return StatusView(
        brand=page.brand,
        brand_phone=for_reading(page.brand_phone, page.country),
        brand_phone_dial=page.brand_phone,
        service=page.service,
        is_order=page.kind is JobKind.ORDER,
        status=page.status,
        standing=page.standing,
        tone=_tone(page),
        finished=page.status in FINISHED,
        by=page.by or "",
        promised=_when(page, page.promised, now, may_be_by=False),
        promised_day=_day(page, now),
        promised_differs=differs and not page.finished,
        expected=_when(page, page.expected, now),
        sure=not page.checking
        and (page.standing is not Standing.AS_PROMISED or page.status not in _DOUBTFUL),
        later_by=_later_by(page),
        offer=_when(page, page.offer, now),
        reason=_reason(page),
        next_update=say_moment(page.next_update, page.zone, now=now, locale=page.locale)
        if page.next_update and not page.finished
        else None,
        checking=page.checking,
        technician=page.technician,
        notes=_notes(page, now),
        parcels=tuple(_parcel(page, parcel, now) for parcel in page.parcels),
        together=page.together,
        asked_window=page.asks if asks else None,
        can_say_here=bool(page.buttons & {Button.HERE, Button.RECEIVED}),
        can_say_missing=Button.NOT_RECEIVED in page.buttons,
        can_ask_call=Button.CALL in page.buttons,
    )


def stop_view_of(stopping: Stopping) -> StopView:
    """Write the page that stops messages."""
    words = {Channel.SMS: "texts", Channel.EMAIL: "emails"}
    return StopView(
        brand=stopping.brand,
        brand_phone=for_reading(stopping.brand_phone, stopping.country),
        brand_phone_dial=stopping.brand_phone,
        open_channels=tuple(channel.value for channel in stopping.can_stop),
        stopped=bool(stopping.stopped),
        stopped_words=" or ".join(words[channel] for channel in stopping.stopped),
    )


def _when(
    page: StatusPage, window: Window | None, now: datetime, *, may_be_by: bool = True
) -> str | None:
    if window is None:
        return None
    if page.kind is JobKind.ORDER:
        return say_date(window, page.zone, now=now, locale=page.locale)
    return say_window(
        window,
        page.zone,
        now=now,
        locale=page.locale,
        name_zone=page.reader_elsewhere,
        may_be_by=may_be_by,
    )


def _later_by(page: StatusPage) -> str | None:
    """Return how much later than promised it is: `45 minutes`, `2 days`."""
    if page.standing is not Standing.LATER or not (page.promised and page.expected):
        return None
    if page.kind is JobKind.ORDER:
        promised = local_date(page.promised.end, page.zone)
        days = (local_date(page.expected.end, page.zone) - promised).days
        return f"{days} day{'s' if days > 1 else ''}"
    minutes = round((page.expected.end - page.promised.end).total_seconds() / 60)
    hours, rest = divmod(minutes, 60)
    parts = [f"{hours} hour{'s' if hours > 1 else ''}"] if hours else []
    parts += [f"{rest} minutes"] if rest else []
    return " ".join(parts)


def _day(page: StatusPage, now: datetime) -> str | None:
    if page.promised is None:
        return None
    day = page.promised.start.astimezone(page.zone).date()
    return say_day(day, page.zone, now=now, locale=page.locale)


def _reason(page: StatusPage) -> str | None:
    if page.reason is None:
        return None
    words = phrases_for(page.locale[:2]).reasons.get(page.reason)
    return words[1] if words else None


def _parcel(page: StatusPage, parcel: ParcelOnPage, now: datetime) -> ParcelView:
    window = parcel.expected if isinstance(parcel.expected, Window) else None
    unheard = parcel.status is JobStatus.ORDERED  # what was said spoke of the whole order
    status = page.status if unheard else parcel.status
    dateless = status in FINISHED or status is JobStatus.NOT_RECEIVED  # its day proved wrong
    return ParcelView(
        carrier=parcel.carrier,
        words=_PARCEL_WORDS[status],
        expected=None if dateless else _when(page, window, now),
    )


def _notes(page: StatusPage, now: datetime) -> tuple[str, ...]:
    notes = []
    if page.answered is FactType.ACCEPTED:
        notes.append("You told us that this time suits you. Thank you.")
    if page.answered is FactType.DECLINED:
        notes.append("You told us that it doesn’t suit you. We’ll be in touch.")
    if page.call_by is not None:
        moment = say_moment(page.call_by, page.zone, now=now, locale=page.locale)
        soon = f"by {moment}" if page.call_by > now else "as soon as we can"
        notes.append(f"You asked us to call. We ring you {soon}.")
    return tuple(notes)


def _tone(page: StatusPage) -> str:
    if page.checking and page.standing is Standing.AS_PROMISED:
        return "plain"
    if page.status in (JobStatus.COMPLETED, JobStatus.DELIVERED):
        return "done"
    if page.status in (JobStatus.MISSED, JobStatus.CANCELLED, JobStatus.EXCEPTION):
        return "bad" if page.by is Party.US or page.status is JobStatus.EXCEPTION else "done"
    if page.standing is Standing.OFF:
        return "bad"
    if page.status in (JobStatus.ARRIVED, JobStatus.READY_FOR_PICKUP):
        return "good"
    on_time = page.standing is Standing.AS_PROMISED
    troubled = page.status in (JobStatus.ATTEMPTED, JobStatus.NOT_RECEIVED)
    return "good" if on_time and not troubled else "late"
