"""The page that draws when the brand sends and when it is quiet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import request
from flask.typing import ResponseReturnValue

from notifier.board_reading.quiet_hours import DaySeen, read_quiet_week
from notifier.domain.quiet.hours import SOON, Hours
from notifier.domain.windows import Window
from notifier.errors import Invalid
from notifier.page_times import say_day, say_hours, say_moment
from notifier.web.board.asked_moment import asked_moment
from notifier.web.board.blueprint import board
from notifier.web.board.pages import Page, draw_page, page_now
from notifier.web.current import services

_DAY = 24 * 60  # minutes: what a row's drawing is wide


@dataclass(frozen=True, slots=True)
class Row:
    """One date, drawn and in words: strips of (start, width) in minutes of the day."""

    label: str
    words: str
    holiday: str | None
    strips: tuple[tuple[int, int], ...]
    marks: tuple[tuple[str, int], ...]  # now, asked: which, and at which minute


@board.get("/board/quiet-hours")
def show_quiet_hours() -> ResponseReturnValue:
    """Show the week from `at` on (local in the brand's zone), and what it does to a message."""
    page = page_now()
    zone = ZoneInfo(page.brand.zone)
    asked = request.args.get("at", "")
    sentence: str | None = None
    try:
        week = read_quiet_week(services(), page.brand.id, asked_moment(asked, zone))
    except Invalid as invalid:
        sentence = str(invalid)
        week = read_quiet_week(services(), page.brand.id, None)
    marks = {"now": page.now.astimezone(zone), "asked": week.at.astimezone(zone)}
    if week.at == page.now:
        del marks["asked"]
    return draw_page(
        "quiet_hours.html",
        page=page,
        week=week,
        rows=[_row(page, seen, marks) for seen in week.days],
        holidays=[(_say_day(page, day), name) for day, name in week.holidays],
        scale=_scale(page),
        soon=round(SOON / timedelta(hours=1)),
        asked=f"{week.at.astimezone(zone):%Y-%m-%dT%H:%M}",
        sentence=sentence,
    ), (200 if sentence is None else 422)


def _row(page: Page, seen: DaySeen, marks: dict[str, datetime]) -> Row:
    return Row(
        label=_say_day(page, seen.day),
        words=_words(page, seen),
        holiday=seen.holiday,
        strips=tuple((_minute(start), _minute(end) - _minute(start)) for start, end in seen.sends),
        marks=tuple(
            (name, _minute(local.time()))
            for name, local in marks.items()
            if local.date() == seen.day
        ),
    )


def _words(page: Page, seen: DaySeen) -> str:
    if not seen.sends:
        return "quiet all day"
    if seen.sends == ((time.min, time.max),):
        return "sends all day"
    return "sends " + " and ".join(_say_hours(page, seen.day, hours) for hours in seen.sends)


def _say_hours(page: Page, day: date, hours: Hours) -> str:
    """Return the hours as the clock on the wall shows them, whatever it does that day."""
    start, end = (datetime.combine(day, edge, UTC) for edge in hours)
    if hours[1] == time.max:
        end = datetime.combine(day + timedelta(days=1), time.min, UTC)
    return say_hours(Window(start, end), ZoneInfo("UTC"), locale=page.locale)


def _say_day(page: Page, day: date) -> str:
    said = say_day(day, ZoneInfo(page.brand.zone), now=page.now, locale=page.locale)
    return said[:1].upper() + said[1:]


def _scale(page: Page) -> list[str]:
    """Return what stands above the drawing at each quarter of the day."""
    day = datetime.combine(page.now.date(), time.min, UTC)
    quarters = [day + timedelta(hours=hour) for hour in (0, 6, 12, 18)]
    return [say_moment(at, ZoneInfo("UTC"), now=at, locale=page.locale) for at in quarters]


def _minute(clock: time) -> int:
    return _DAY if clock == time.max else clock.hour * 60 + clock.minute
