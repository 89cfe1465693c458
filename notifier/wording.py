"""Say windows, dates and names as one reader should read them: short, unambiguous, GSM-7.

Pure: the moment of reading is passed in. Times read in the zone of the place, which is named
when the reader's own clock would show something else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time, get_timezone_location, get_timezone_name

from notifier.domain.facts import PromiseKind
from notifier.domain.local_time import needs_year
from notifier.domain.reasons import Party, Reason
from notifier.domain.windows import Expectation, Window
from notifier.domain.words.locales import locale_of
from notifier.domain.words.phrases import Phrases, phrases_for
from notifier.domain.words.segments import plain
from notifier.domain.words.values import MessageValues

_LONGEST_BRAND: Final = 24
_LONGEST_SERVICE: Final = 24
_LONGEST_NAME: Final = 20
_MOST_LISTED: Final = 5  # jobs that a digest names in a text
_LONG_WINDOW: Final = timedelta(hours=12)  # from here on an end on another day needs its date
_SHORT_DATE, _FULL_DATE = "EEE d MMM", "EEEE d MMMM"
_TICK: Final = timedelta(microseconds=1)


def values_for(
    *,
    brand_name: str,
    brand_phone: str,
    service: str | None,
    items: Sequence[str],
    reference: str,
    first_name: str | None,
    place_zone: ZoneInfo,
    reader_zone: ZoneInfo | None,
    locale: str,
    now: datetime,
    told_before: Expectation | None,
    asserts: Expectation | None,
    is_order: bool,
    next_update_at: datetime | None,
    next_is: PromiseKind,
    reason: Reason | None,
    by: Party | None,
    technician: str | None,
    link: str,
    first_text: bool,
    late_apology: bool,
    asked: bool,
    carrier: str | None,
    tracking_code: str | None,
    pickup_place: str | None = None,
    several_parcels: bool = False,
    part_came: bool = False,
) -> MessageValues:
    """Return what a template may say to one reader at `now` (aware).

    `told_before` and `asserts` give `old` and `new`; *unknown* and *off* give None. For an
    order they are dates: of the day on which the window ends. Long names are clipped so that
    ordinary texts stay within one segment.
    """
    speaker = _speaker(locale, place_zone=place_zone, reader_zone=reader_zone, now=now)
    phrases = speaker.phrases
    phone = _clean(brand_phone)
    old = told_before if isinstance(told_before, Window) else None
    new = asserts if isinstance(asserts, Window) else None
    cause = phrases.reasons.get(reason) if reason else None
    listed = _items(items, phrases)
    return MessageValues(
        brand=_clip(brand_name, _LONGEST_BRAND),
        phone=phone,
        link=link,
        phone_or_link=phrases.phone_or_link.format(phone, link) if phone else link,
        service=_clip(service or listed or phrases.order.format(reference), _LONGEST_SERVICE),
        items=listed,
        reference=_clean(reference),
        first_name=_clip(first_name, _LONGEST_NAME) if first_name else None,
        old=_old(speaker, old, new) if old and not is_order else None,
        old_in_full=_old_in_full(speaker, old, new, is_order=is_order) if old else None,
        new=speaker.window(new, may_be_by=True) if new and not is_order else None,
        new_in_full=speaker.in_full(new, is_order=is_order, may_be_by=True) if new else None,
        new_is_by=new is not None and not is_order and new.start <= now,
        date=speaker.day_of_delivery(new, _SHORT_DATE) if new and is_order else None,
        old_date=speaker.day_of_delivery(old, _SHORT_DATE) if old and is_order else None,
        due_today=new is not None and is_order and speaker.ends_today(new),
        next=speaker.moment(next_update_at) if next_update_at else None,
        next_in_full=speaker.moment_in_full(next_update_at) if next_update_at else None,
        next_is=next_is.value,
        reason=cause[0] if cause else None,
        reason_in_full=cause[1] if cause else None,
        by=(by or Party.UNKNOWN).value,
        technician=_clip(technician, _LONGEST_NAME) if technician else None,
        first_text=first_text,
        late_apology=late_apology,
        asked=asked,
        carrier=_clip(carrier, _LONGEST_NAME) if carrier else None,
        tracking_code=_clean(tracking_code) if tracking_code else None,
        pickup_place=_clean(pickup_place) if pickup_place else None,
        several_parcels=several_parcels,
        part_came=part_came,
    )


def values_together(every: Sequence[MessageValues], locale: str) -> MessageValues:
    """Return the values of a digest of `every`: those of the first, and lists of all of them.

    A text names some and counts the rest, so that it stays within two segments; the page
    behind its link shows all. An email names all.
    """
    phrases = phrases_for(locale_of(locale).language)
    return replace(
        every[0],
        how_many=str(len(every)),
        which=_listed([_clip(one.reference, _LONGEST_NAME) for one in every], phrases),
        which_when=_listed([_with_time(one) for one in every], phrases),
        which_in_full="; ".join(_with_time_in_full(one) for one in every),
        late_apology=any(one.late_apology for one in every),
    )


def _listed(names: Sequence[str], phrases: Phrases) -> str:
    shown, left = names[:_MOST_LISTED], len(names) - _MOST_LISTED
    listed = ", ".join(shown)
    return phrases.and_more.format(listed, left) if left > 0 else listed


def _with_time(values: MessageValues) -> str:
    when = values.date or values.new
    name = _clip(values.reference, _LONGEST_NAME)
    return f"{name} {when}" if when else name


def _with_time_in_full(values: MessageValues) -> str:
    name = f"{values.reference} ({values.items})" if values.items else values.reference
    return f"{name}: {values.new_in_full}" if values.new_in_full else name


@dataclass(frozen=True, slots=True)
class _Speaker:
    """Says times to one reader, at one moment."""

    locale: Locale
    phrases: Phrases
    zone: ZoneInfo
    reader_zone: ZoneInfo | None
    now: datetime

    def window(
        self,
        window: Window,
        *,
        may_be_by: bool = False,
        with_day: bool = True,
        with_zone: bool = True,
    ) -> str:
        """Return "today 9:45-11:45 AM", "Mon 23 Nov 9-11 AM", or "by 11:45 AM" once started."""
        last = window.end - _TICK
        if may_be_by and window.start <= self.now:
            day = "" if self._is_today(last) else self._day(last, _SHORT_DATE) + " "
            return self.phrases.by.format(day + self._time(window.end, ends=True, zone=True))
        if self._needs_two_days(window):
            return (
                f"{self._day(window.start, _SHORT_DATE)} {self._time(window.start)}-"
                f"{self._day(last, _SHORT_DATE)} "
                f"{self._time(window.end, ends=True, zone=with_zone)}"
            )
        day = self._day(window.start, _SHORT_DATE) + " " if with_day else ""
        return day + self._times(window, with_zone=with_zone)

    def in_full(
        self,
        window: Window,
        *,
        is_order: bool,
        may_be_by: bool = False,
        with_day: bool = True,
        with_zone: bool = True,
    ) -> str:
        """Return "Monday 23 November, 9:45 AM to 11:45 AM": it may be read days later."""
        if is_order:
            return self.day_of_delivery(window, _FULL_DATE)
        last = window.end - _TICK
        end = self._time(window.end, ends=True, zone=with_zone)
        if may_be_by and window.start <= self.now:
            return f"{self._date(last, _FULL_DATE)}, {self.phrases.by.format(end)}"
        if self._needs_two_days(window):
            end = f"{self._date(last, _FULL_DATE)}, {end}"
        day = self._date(window.start, _FULL_DATE) + ", " if with_day else ""
        return f"{day}{self._time(window.start)} {self.phrases.until} {end}"

    def day_of_delivery(self, window: Window, pattern: str) -> str:
        """Return the day on which `window` ends, "by" it where the window spans days."""
        last = window.end - _TICK
        day = self._day(last, pattern) if pattern == _SHORT_DATE else self._date(last, pattern)
        spans_days = self._local(window.start).date() != self._local(last).date()
        return self.phrases.by.format(day) if spans_days else day

    def ends_today(self, window: Window) -> bool:
        """Return whether the last day of `window` is today's at the place."""
        return self._local(window.end - _TICK).date() == self._local(self.now).date()

    def moment(self, moment: datetime) -> str:
        """Return "11:15 AM", after its day unless that is today."""
        time = self._time(moment, zone=True)
        return time if self._is_today(moment) else f"{self._day(moment, _SHORT_DATE)} {time}"

    def moment_in_full(self, moment: datetime) -> str:
        """Return "Monday 23 November, 11:15 AM"."""
        return f"{self._date(moment, _FULL_DATE)}, {self._time(moment, zone=True)}"

    def same_day(self, one: Window, other: Window) -> bool:
        """Return whether both start on the same local date."""
        return self._local(one.start).date() == self._local(other.start).date()

    def reads_differently(self, window: Window) -> bool:
        """Return whether the reader's clock shows something else when `window` ends."""
        return self._reads_differently(window.end)

    def _times(self, window: Window, *, with_zone: bool = True) -> str:
        start = self._time(window.start)
        end = self._time(window.end, ends=True, zone=with_zone)
        period = self._period(window.start)
        shared = (
            period
            and self._period(window.end) == period
            and start.endswith(period)
            and f" {period}" in end
        )
        return f"{start.removesuffix(period).rstrip()}-{end}" if shared else f"{start}-{end}"

    def _time(self, moment: datetime, *, ends: bool = False, zone: bool = False) -> str:
        """Return "9 AM", "9:45 AM", "noon", "17:30", and the zone where it must be named."""
        local = self._local(moment)
        text = plain(format_time(local, "short", locale=self.locale))
        if self._period(moment):
            text = text.replace(":00", "", 1)
            if (local.hour, local.minute) == (12, 0) and self.phrases.noon:
                text = self.phrases.noon
            if ends and (local.hour, local.minute) == (0, 0) and self.phrases.midnight:
                text = self.phrases.midnight
        if _happens_twice(local):
            return f"{text} {self._zone_then(local)}"
        if zone and self._reads_differently(moment):
            return f"{text} {self._zone_name()}"
        return text

    def _period(self, moment: datetime) -> str:
        """Return "AM" or "PM", nothing where the locale counts to 24."""
        if "a" not in self.locale.time_formats["short"].pattern:
            return ""
        return plain(format_time(self._local(moment), "a", locale=self.locale))

    def _day(self, moment: datetime, pattern: str) -> str:
        return self.phrases.today if self._is_today(moment) else self._date(moment, pattern)

    def _date(self, moment: datetime, pattern: str) -> str:
        day = self._local(moment).date()
        if needs_year(day, self._local(self.now).date()):
            pattern += " y"
        return plain(format_date(day, pattern, locale=self.locale))

    def _is_today(self, moment: datetime) -> bool:
        """Return whether "today" means that date at the place and to the reader alike."""
        today = self._local(self.now).date()
        theirs = self.now.astimezone(self.reader_zone or self.zone).date()
        return self._local(moment).date() == today == theirs

    def _needs_two_days(self, window: Window) -> bool:
        other_day = self._local(window.start).date() != self._local(window.end - _TICK).date()
        return other_day and window.end - window.start >= _LONG_WINDOW

    def _reads_differently(self, moment: datetime) -> bool:
        if self.reader_zone is None:
            return False
        return moment.astimezone(self.reader_zone).utcoffset() != self._local(moment).utcoffset()

    def _zone_name(self) -> str:
        """Return "PT" where people say so, else "Paris time"."""
        name = get_timezone_name(self.zone, width="short", locale=self.locale)
        if name.isupper() and name.isascii() and len(name) <= 5:
            return name
        city = get_timezone_location(self.zone, locale=self.locale, return_city=True)
        return self.phrases.time_of_place.format(plain(city))

    def _zone_then(self, local: datetime) -> str:
        """Return "PDT" or "PST": an hour that the clocks go through twice needs to say which."""
        name = get_timezone_name(local, width="short", locale=self.locale)
        offset = local.utcoffset() or timedelta()
        if name.isalpha() and name.isascii():
            return name
        sign, minutes = ("-", -offset) if offset < timedelta() else ("+", offset)
        hours, rest = divmod(int(minutes.total_seconds()) // 60, 60)
        # In brackets: "UTC-2:30-4" can't be read as the start of a window and its end.
        return f"(UTC{sign}{hours}" + (f":{rest:02})" if rest else ")")

    def _local(self, moment: datetime) -> datetime:
        return moment.astimezone(self.zone)


def _speaker(
    locale: str, *, place_zone: ZoneInfo, reader_zone: ZoneInfo | None, now: datetime
) -> _Speaker:
    parsed = locale_of(locale)
    return _Speaker(parsed, phrases_for(parsed.language), place_zone, reader_zone, now)


def _happens_twice(local: datetime) -> bool:
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


def _old(speaker: _Speaker, old: Window, new: Window | None) -> str:
    with_day, with_zone = _not_said_by(speaker, old, new)
    return speaker.window(old, with_day=with_day, with_zone=with_zone)


def _old_in_full(speaker: _Speaker, old: Window, new: Window | None, *, is_order: bool) -> str:
    with_day, with_zone = _not_said_by(speaker, old, new)
    return speaker.in_full(old, is_order=is_order, with_day=with_day, with_zone=with_zone)


def _not_said_by(speaker: _Speaker, old: Window, new: Window | None) -> tuple[bool, bool]:
    """Return whether `old` must name its day, and its zone: the new time names them already."""
    if new is None:
        return True, True
    return not speaker.same_day(old, new), not speaker.reads_differently(new)


def _items(items: Sequence[str], phrases: Phrases) -> str | None:
    if not items:
        return None
    first = _clip(items[0], _LONGEST_SERVICE)
    return phrases.and_more.format(first, len(items) - 1) if len(items) > 1 else first


def _clean(text: str) -> str:
    return " ".join(plain(text).split())


def _clip(text: str, longest: int) -> str:
    """Return `text` in one line of at most `longest` characters, cut between words."""
    clean = _clean(text)
    if len(clean) <= longest:
        return clean
    room = clean[: longest - 2]  # "..." may stand on the space before a word
    words = room.rsplit(" ", 1)[0] if " " in room else room
    return words[: longest - 3].rstrip(" ,;:&-") + "..."
