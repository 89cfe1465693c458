"""*Promise a call or news*: the moments on its buttons, and what an answer promises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from notifier.domain.facts import PromiseKind
from notifier.domain.local_time import clock_time
from notifier.domain.windows import utc_text
from notifier.errors import Invalid

_SOON = (("30 min", 30), ("1 hour", 60), ("2 hours", 120), ("24 hours", 24 * 60))
_USUAL = 60  # minutes: what the sheet opens with
_FIVE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class MomentChoice:
    """One button: how soon, and which moment that is."""

    value: str
    label: str
    moment: datetime


@dataclass(frozen=True, slots=True)
class Promised:
    """What the form says is promised."""

    what: PromiseKind
    moment: datetime
    by_phone: bool


def moment_choices(form: Mapping[str, str], now: datetime) -> list[MomentChoice]:
    """Return the buttons of *by when*, counted from when the sheet was opened."""
    seen_at = _time(form.get("seen_at", "")) or now
    return [_choice(label, minutes, seen_at) for label, minutes in _SOON]


def as_opened(now: datetime) -> dict[str, str]:
    """Return the answers that the sheet opens with, so that the next tap may confirm it."""
    return {
        "what": PromiseKind.CALL_BACK,
        "by_when": _choice("", _USUAL, now).value,
        "how": "told",
        "seen_at": utc_text(now),
    }


def promised_by(form: Mapping[str, str], zone: ZoneInfo) -> Promised:
    """Return what the form promises; a day and time of its own read in `zone`.

    :raises Invalid: if something is missing or is no time.
    """
    kinds = {str(PromiseKind.UPDATE), str(PromiseKind.CALL_BACK)}
    if form.get("what", "") not in kinds:
        raise Invalid("what", "Say what you promise.")
    return Promised(
        what=PromiseKind(form["what"]),
        moment=_other(form, zone) if form.get("by_when") == "other" else _chosen(form),
        by_phone=form.get("how") == "told",
    )


def _chosen(form: Mapping[str, str]) -> datetime:
    moment = _time(form.get("by_when", ""))
    if moment is None:
        raise Invalid("by_when", "Say by when.")
    return moment


def _other(form: Mapping[str, str], zone: ZoneInfo) -> datetime:
    try:
        day = date.fromisoformat(form.get("day", ""))
        return datetime.combine(day, clock_time(form.get("until", "")), zone)
    except ValueError as error:
        raise Invalid("day", "Give the day and the time.") from error


def _choice(label: str, minutes: int, now: datetime) -> MomentChoice:
    moment = now + timedelta(minutes=minutes)
    moment += -timedelta(minutes=moment.minute, seconds=moment.second) % _FIVE
    moment = moment.replace(microsecond=0)
    return MomentChoice(utc_text(moment), label, moment)


def _time(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.utcoffset() is not None else None
