"""The status page in words: what the read model holds, written for one reader."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from notifier.customers.outlook import Stage, Standing
from notifier.customers.page_buttons import Button
from notifier.customers.status_actions import Refused
from notifier.customers.status_page import ParcelOnPage, StatusPage
from notifier.domain.facts import FactType
from notifier.domain.jobs import JobKind, JobStatus
from notifier.domain.phones import for_reading
from notifier.domain.reasons import Party
from notifier.domain.windows import Window, local_date
from notifier.domain.words.locales import locale_of
from notifier.domain.words.phrases import phrases_for
from notifier.page_times import say_date, say_day, say_moment, say_window
from notifier.sending.told_together import ToldTogether

REFUSED = {
    Refused.OFFER_GONE: "Sorry, that time is no longer open. What you see here is how it stands.",
    Refused.NOT_NOW: "That can’t be done any more. What you see here is how it stands.",
}

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
    JobStatus.RETURNED: "on its way back to us",
    JobStatus.CANCELLED: "cancelled",
}

#: Parcels that come by themselves: of any other the day that was named proved wrong, or is past.
_COMING = frozenset(
    {
        JobStatus.ORDERED,
        JobStatus.SHIPPED,
        JobStatus.IN_TRANSIT,
        JobStatus.OUT_FOR_DELIVERY,
    }
)

#: In these an answer to the time still matters.
_ANSWERABLE = frozenset({Stage.COMING, Stage.ASKED, Stage.ON_THE_WAY, Stage.CHECKING})


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
    stage: str
    standing: str
    tone: str
    by: str
    promised: str | None
    promised_day: str | None
    promised_fell: bool  # it was moved or called off
    expected: str | None
    passed: str | None  # the time that they held, once it is over
    as_promised: bool
    later_by: str | None
    offer: str | None
    reason: str | None
    news: str | None
    news_late: bool  # it was promised by a moment that has passed
    call: str | None
    call_late: bool
    declined: bool  # what we asked about does not suit them
    technician: str | None
    notes: tuple[str, ...]
    parcels: tuple[ParcelView, ...]
    together: tuple[ToldTogether, ...]
    asked_window: Window | None
    can_say_here: bool
    can_say_missing: bool
    can_ask_call: bool


def view_of(page: StatusPage, *, now: datetime) -> StatusView:
    """Write `page` down for its reader at `now`."""
    outlook = page.outlook
    return StatusView(
        brand=page.brand,
        brand_phone=for_reading(page.brand_phone, page.country),
        brand_phone_dial=page.brand_phone,
        service=page.service,
        is_order=page.kind is JobKind.ORDER,
        status=page.status,
        stage=outlook.stage,
        standing=outlook.standing,
        tone=_tone(page),
        by=page.by or "",
        promised=_when(page, outlook.promised, now, may_be_by=False),
        promised_day=_day(page, now),
        promised_fell=_promised_fell(page),
        expected=_when(page, _to_come(page, page.status, outlook.expected, now), now),
        passed=_when(page, outlook.holds, now) if outlook.stage is Stage.OVER else None,
        as_promised=outlook.promised is not None and outlook.standing is Standing.AS_PROMISED,
        later_by=_later_by(page),
        offer=_when(page, outlook.offer, now),
        reason=_reason(page),
        news=_news(page, now),
        news_late=page.news_by is not None and page.news_by <= now,
        call=_call(page, now),
        call_late=page.call_by is not None and page.call_by <= now,
        declined=page.answered is FactType.DECLINED,
        technician=page.technician,
        notes=_notes(page),
        parcels=tuple(_parcel(page, parcel, now) for parcel in page.parcels),
        together=page.together,
        asked_window=page.asks if Button.SUITS in page.buttons else None,
        can_say_here=bool(page.buttons & {Button.HERE, Button.RECEIVED}),
        can_say_missing=Button.NOT_RECEIVED in page.buttons,
        can_ask_call=Button.CALL in page.buttons,
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


def _to_come(
    page: StatusPage, status: JobStatus, window: Window | None, now: datetime
) -> Window | None:
    """Return when to wait for it; None for what is out already, though named for a later day."""
    if window is None or status is not JobStatus.OUT_FOR_DELIVERY:
        return window
    return window if local_date(window.start, page.zone) <= local_date(now, page.zone) else None


def _moment(page: StatusPage, moment: datetime, now: datetime) -> str:
    return say_moment(
        moment, page.zone, now=now, locale=page.locale, name_zone=page.reader_elsewhere
    )


def _promised_fell(page: StatusPage) -> bool:
    """Whether what was promised holds no more. What we only ask about, or nobody has reported
    on, has not fallen; what was missed was promised all the same."""
    stage, standing = page.outlook.stage, page.outlook.standing
    if stage is Stage.ENDED:
        return page.status in (JobStatus.CANCELLED, JobStatus.RETURNED)
    if stage is Stage.ASKED or (stage is Stage.OVER and standing is Standing.UNKNOWN):
        return False
    return standing is not Standing.AS_PROMISED


def _later_by(page: StatusPage) -> str | None:
    """Return how much later than promised it is: `45 minutes`, `2 days`."""
    promised, holds = page.outlook.promised, page.outlook.holds
    if page.outlook.standing is not Standing.LATER or not (promised and holds):
        return None
    if page.kind is JobKind.ORDER:
        days = local_date(holds.end, page.zone) - local_date(promised.end, page.zone)
        return _count(days.days, "day")
    minutes = max(1, round((holds.end - promised.end).total_seconds() / 60))
    hours, rest = divmod(minutes, 60)
    parts = [_count(hours, "hour")] if hours else []
    parts += [_count(rest, "minute")] if rest else []
    return " ".join(parts)


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'}"


def _day(page: StatusPage, now: datetime) -> str | None:
    promised = page.outlook.promised
    if promised is None:
        return None
    if page.kind is JobKind.ORDER:
        return say_date(promised, page.zone, now=now, locale=page.locale)
    day = local_date(promised.start, page.zone)
    return say_day(day, page.zone, now=now, locale=page.locale)


def _reason(page: StatusPage) -> str | None:
    if page.reason is None:
        return None
    words = phrases_for(locale_of(page.locale).language).reasons.get(page.reason)
    return words[1] if words else None


def _news(page: StatusPage, now: datetime) -> str | None:
    """Return when they hear from us next; None where there is nothing more to hear."""
    if page.news_by is not None:
        moment = _moment(page, page.news_by, now)
        return (
            f"by {moment}" if page.news_by > now else f"by {moment}, and are late with it. Sorry."
        )
    nothing_to_hear = page.outlook.stage in (Stage.ENDED, Stage.THERE, Stage.ASKED)
    if nothing_to_hear or page.call_by is not None or page.outlook.standing is Standing.OFF:
        return None
    known = page.outlook.stage in (Stage.COMING, Stage.ON_THE_WAY)
    if known and page.outlook.standing is not Standing.UNKNOWN:
        return "as soon as anything changes"
    return "as soon as we know"


def _call(page: StatusPage, now: datetime) -> str | None:
    """Return by when we ring them. That nobody wrote a call down does not prove that none was."""
    if page.call_by is None:
        return None
    late = "" if page.call_by > now else ". If nobody has, we are sorry: please ring us."
    return f"by {_moment(page, page.call_by, now)}{late}"


def _parcel(page: StatusPage, parcel: ParcelOnPage, now: datetime) -> ParcelView:
    """Of an only parcel the page has said the day above."""
    expected = parcel.expected if isinstance(parcel.expected, Window) else None
    window = _to_come(page, parcel.status, expected, now)
    is_ahead = window is not None and window.end > now and parcel.status in _COMING
    says_day = is_ahead and len(page.parcels) > 1
    return ParcelView(
        carrier=parcel.carrier,
        words=_PARCEL_WORDS[parcel.status],
        expected=_when(page, window, now) if says_day else None,
    )


def _notes(page: StatusPage) -> tuple[str, ...]:
    notes = []
    if page.outlook.offer_lapsed:
        notes.append("The other time that we asked about is no longer possible, sorry.")
    if page.answered is FactType.ACCEPTED and page.outlook.stage in _ANSWERABLE:
        notes.append("You told us that this time suits you. Thank you.")
    if page.answered is FactType.DECLINED and page.outlook.stage in _ANSWERABLE:
        notes.append("You told us that it doesn’t suit you. We’ll be in touch.")
    return tuple(notes)


_TONES = {
    Stage.THERE: "good",
    Stage.ASKED: "late",
    Stage.ON_THE_WAY: "good",
    Stage.OVER: "plain",
    Stage.CHECKING: "plain",
}

_TONES_OF_COMING = {
    Standing.AS_PROMISED: "good",
    Standing.EARLIER: "good",
    Standing.LATER: "late",
    Standing.MOVED: "late",
    Standing.UNKNOWN: "late",
    Standing.OFF: "bad",
}


def _tone(page: StatusPage) -> str:
    match page.outlook.stage:
        case Stage.ENDED:
            failed = page.status in (JobStatus.MISSED, JobStatus.CANCELLED)
            return "bad" if failed and page.by is Party.US else "done"
        case Stage.TROUBLED:
            return "bad" if page.status is JobStatus.EXCEPTION else "late"
        case Stage.COMING:
            return _TONES_OF_COMING[page.outlook.standing]
        case stage:
            return _TONES[stage]
