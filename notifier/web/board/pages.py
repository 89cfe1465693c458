"""What every page is drawn with: the brand, the time, and how things are written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from zoneinfo import ZoneInfo

import phonenumbers
from flask import Response, make_response, render_template, request
from flask_wtf.csrf import generate_csrf

from notifier.board_reading.cards import Card
from notifier.board_reading.day import BrandSeen, count_open_tasks, read_brand
from notifier.board_reading.job import FactLine, MessageSeen
from notifier.board_reading.message_lines import MessageLine
from notifier.board_reading.people import PersonSeen
from notifier.board_reading.risk import believes_otherwise
from notifier.domain.jobs import AWAITED, JobKind, JobStatus
from notifier.domain.ledger.endings import PromiseView
from notifier.domain.messages import WAITING, MessageStatus, WhyNot
from notifier.domain.windows import OFF, Expectation, Window
from notifier.page_times import say_date, say_day, say_hours, say_moment
from notifier.preview import Preview
from notifier.store.engine import reading
from notifier.web.board import words
from notifier.web.board.access import current_staff
from notifier.web.board.bars import Drawing, draw
from notifier.web.board.undoing import pending_undo
from notifier.web.board.words.messages import MESSAGE_STATUS, NEVER_WENT, channel_words
from notifier.web.board.words.promises import PROMISE
from notifier.web.board.words.why_not import why_not_words
from notifier.web.current import services
from notifier.webhooks.needs import read_needs

_ABOUT_NOW = 5  # seconds: the preview and the clock need not agree to the second


@dataclass(frozen=True, slots=True)
class TimeRow:
    """One line beside the drawing: its name, what it says, and how it differs."""

    kind: str
    label: str
    text: str
    said: Expectation | None
    differs: bool


@dataclass(frozen=True, slots=True)
class Page:
    """The brand, now, and the ways in which a page writes times, numbers and words."""

    brand: BrandSeen
    now: datetime
    open_tasks: int
    has_sources: bool
    sources_in_need: int  # of somebody: not all that they send counts

    @property
    def locale(self) -> str:
        """The board speaks English; the brand's locale decides on a 12 or 24 hour clock."""
        return self.brand.locale if self.brand.locale.startswith("en") else "en"

    @property
    def today(self) -> str:
        """The date and time in the brand's zone."""
        zone = ZoneInfo(self.brand.zone)
        local = self.now.astimezone(zone)
        clock = say_moment(self.now, zone, now=self.now, locale=self.locale)
        return f"{local:%A} {local.day} {local:%B}, {clock}"

    def clock(self, moment: datetime, zone: str | None = None) -> str:
        """Return a moment in `zone` (the brand's without one): `3:00 PM`, with its day."""
        place = ZoneInfo(zone or self.brand.zone)
        return say_moment(moment, place, now=self.now, locale=self.locale)

    def when(self, said: Expectation | None, card: Card) -> str:
        """Return an expectation as staff read it, in the zone of the job's place."""
        if said is None:
            return "no time given"
        if not isinstance(said, Window):
            if said is OFF:
                return "not coming" if card.status is JobStatus.CANCELLED else "not today"
            return "no time known"
        zone = ZoneInfo(card.zone)
        if card.kind is JobKind.ORDER:
            return say_date(said, zone, now=self.now, locale=self.locale)
        hours = say_hours(said, zone, locale=self.locale)
        if (name := self.zone_name(card.zone)) is not None:
            hours = f"{hours} {name}"
        day = said.start.astimezone(zone).date()
        if day == self.now.astimezone(zone).date():
            return hours
        return f"{say_day(day, zone, now=self.now, locale=self.locale)}, {hours}"

    def ahead(self, said: Expectation | None, card: Card) -> str:
        """Return an expectation as it can still be kept: past its start, only the end."""
        if (
            isinstance(said, Window)
            and card.status in AWAITED
            and said.start <= self.now < said.end
        ):
            return f"by {self.moment(said.end, card)}"
        return self.when(said, card)

    def zone_name(self, zone: str) -> str | None:
        """Return the short name of a place's zone where it is not the brand's own."""
        place, home = ZoneInfo(zone), ZoneInfo(self.brand.zone)
        if self.now.astimezone(place).utcoffset() == self.now.astimezone(home).utcoffset():
            return None
        return self.now.astimezone(place).tzname()

    def rows(self, card: Card) -> list[TimeRow]:
        """Return promised, agreed, told and expected: one line while they all agree."""
        base = card.agreed or card.promised
        said = [("promised", "Promised", card.promised)]
        if card.agreed != card.promised:
            said.append(("promised", "Agreed", card.agreed))
        said += [("told", "Told", card.told), ("expected", "Expected", card.expected)]
        if all(what in (base, None) for _, _, what in said) and base is not None:
            label = "Expected" if card.told is None else "As promised"
            return [TimeRow("expected", label, self.when(base, card), base, False)]
        say = {"expected": self.ahead}  # the others are quoted as they were given
        return [
            TimeRow(
                kind,
                label,
                say.get(kind, self.when)(what, card),
                what,
                what is not None and what != base,
            )
            for kind, label, what in said
        ]

    def drawing(self, card: Card, scale: Window | None = None) -> Drawing | None:
        """Return the bars of `rows`, on the scale of a whole day if one is given."""
        rows = [(row.kind, row.said) for row in self.rows(card)]
        minute = self.now.replace(second=0, microsecond=0)  # a poll redraws once a minute
        return draw(rows, fallback=card.agreed or card.promised, now=minute, scale=scale)

    def lateness(self, card: Card) -> str | None:
        """Return how far expected is from what was agreed: `45 min late`, `2 days late`."""
        agreed, expected = card.agreed or card.promised, card.expected
        if not isinstance(agreed, Window) or not isinstance(expected, Window) or not card.late:
            return None
        minutes = round((expected.end - agreed.end).total_seconds() / 60)
        return f"{_span(abs(minutes))} {'late' if minutes > 0 else 'early'}" if minutes else None

    def delay(self, late_by: timedelta) -> str:
        """Return how long after the fact we hear of it: `at once`, `2 h after it happened`."""
        minutes = round(late_by.total_seconds() / 60)
        return f"{_span(minutes)} after it happened" if minutes > 0 else "at once"

    def phone(self, number: str | None) -> str:
        """Return a number as people of the brand's country write it."""
        if number is None:
            return ""
        try:
            parsed = phonenumbers.parse(number, self.brand.country)
        except phonenumbers.NumberParseException:
            return number
        home = phonenumbers.country_code_for_region(self.brand.country)
        style = phonenumbers.PhoneNumberFormat
        at_home = parsed.country_code == home
        return phonenumbers.format_number(
            parsed, style.NATIONAL if at_home else style.INTERNATIONAL
        )

    def amount(self, amount: float, currency: str | None) -> str:
        """Return so many texts, or so much money."""
        if currency is None:
            return "1 text" if amount == 1 else f"{amount:,.0f} texts"
        return f"{amount:,.2f} {currency}".strip()

    def next_words(self, line: MessageLine) -> str:
        """Return when a waiting message goes, or why it does not."""
        status = MESSAGE_STATUS[line.status]
        if line.reason == WhyNot.BRAKED:
            return f"held: {why_not_words(line.reason)}"
        if line.status in WAITING:
            if line.due_at <= self.now:
                return "goes now"
            return f"goes {self.clock(line.due_at)}"
        why = why_not_words(line.reason)
        return f"{status.lower()}: {why}" if why else status.lower()

    def send_words(self, send_at: datetime, hold_seconds: int) -> str:
        """Return when a previewed message goes, and why if it waits for the morning."""
        wait = (send_at - self.now).total_seconds()
        if wait <= hold_seconds + _ABOUT_NOW:
            return f"in {hold_seconds} s" if hold_seconds else "at once"
        return f"at {self.clock(send_at)}"

    def fact_time(self, line: FactLine, card: Card) -> str:
        """Return the time that a fact speaks of, after a colon."""
        if line.fact.moment is not None:
            return f": by {self.moment(line.fact.moment, card)}"
        said = line.fact.window or line.fact.expected
        return f": {self.when(said, card)}" if said is not None else ""

    def moment(self, moment: datetime, card: Card) -> str:
        """Return a moment at the job's place, which is named where it is another zone."""
        zone = self.zone_name(card.zone)
        said = self.clock(moment, card.zone)
        return said if zone is None else f"{said} {zone}"

    def promise(self, view: PromiseView, card: Card) -> str:
        """Return what was promised: a window, or `a call by 3:00 PM`."""
        if view.entry.moment is None:
            return self.when(view.entry.asserts, card)
        what = PROMISE[view.entry.what].capitalize()
        return f"{what} by {self.moment(view.entry.moment, card)}"

    def instead(self, view: PromiseView, card: Card) -> str:
        """Return what they heard in place of a promise."""
        if isinstance(view.changed_to, datetime):
            return f"by {self.moment(view.changed_to, card)}"
        return self.when(view.changed_to, card)

    def today_at(self, card: Card) -> str:
        """Return the date at the job's place, as a form takes it."""
        return self.now.astimezone(ZoneInfo(card.zone)).date().isoformat()

    def prefill(self, card: Card, edge: str) -> dict[str, str]:
        """Return the local day and time that a form starts from: of what is expected."""
        base = card.expected if isinstance(card.expected, Window) else card.agreed
        moment = getattr(base, edge) if isinstance(base, Window) else self.now
        local = moment.astimezone(ZoneInfo(card.zone))
        return {"day": local.date().isoformat(), "time": f"{local:%H:%M}"}

    def fate(self, message: MessageSeen) -> str:
        """Return what became of a message, when, and why if it did not go."""
        why = why_not_words(message.reason)
        if message.status in NEVER_WENT:
            return f"Not sent: {why or NEVER_WENT[message.status]}"
        said = MESSAGE_STATUS[message.status]
        if message.reason == WhyNot.BRAKED:
            said = MESSAGE_STATUS[MessageStatus.HELD]
        elif message.status in WAITING:
            said = f"{said} {self.clock(message.due_at)}"
        elif message.settled_at is not None:
            said = f"{said} {self.clock(message.settled_at)}"
        if message.also_by is not None:
            why = f"they have it by {channel_words(message.also_by)}, too"
        return f"{said}: {why}" if why else said

    def still_unheard(self, card: Card, preview: Preview) -> list[PersonSeen]:
        """Return who would go on expecting something else, because nothing reaches them."""
        listed = {message.job_person_id for message in preview.messages}
        listed |= {found.job_person_id for found in preview.unreached}
        return [
            person
            for person in card.people
            if person.id not in listed
            and person.unreachable is not None
            and believes_otherwise(
                card.kind, card.zone, person.told or card.agreed, preview.expected
            )
        ]


def page_now() -> Page:
    """Return what this request's page is drawn with."""
    now = services().now()
    with reading(services().sessions) as session:
        sources = read_needs(session, now=now, brand_id=current_staff().brand_id)
        return Page(
            brand=read_brand(session, current_staff().brand_id),
            now=now,
            open_tasks=count_open_tasks(session, current_staff().brand_id),
            has_sources=bool(sources),
            sources_in_need=sum(bool(source.needs) for source in sources),
        )


def draw_page(template: str, /, **values: object) -> str:
    """Return a page or a part of one, with all that its template may ask for."""
    if "page" not in values:
        values["page"] = page_now()
    return render_template(
        f"board/{template}",
        staff=current_staff(),
        words=words,
        undo=pending_undo(services().now()),
        **values,
    )


def is_part() -> bool:
    """Return whether htmx asks for a part; without a script, the whole page is due."""
    return request.headers.get("HX-Request") == "true"


@dataclass(frozen=True, slots=True)
class Live:
    """What a page shows and its poll brings anew: its own part, and what stands around it.

    Around it are how many tasks are open and how many sources need somebody.
    """

    part: str
    around: str

    @property
    def etag(self) -> str:
        """The tag that names this exact state.

        The token of its forms is no part of it: each request signs it anew, with the second.
        """
        said = (self.part + self.around).replace(generate_csrf(), "")
        return blake2b(said.encode(), digest_size=16).hexdigest()


def draw_live(template: str, /, *, page: Page, **values: object) -> Live:
    """Return what changes on a page while somebody looks at it."""
    return Live(
        part=draw_page(template, page=page, **values),
        around="".join(
            draw_page(name, page=page, polled=True)
            for name in ("_open_tasks.html", "_sources_link.html")
        ),
    )


def unless_unchanged(live: Live) -> Response:
    """Answer a poll: 304 where the reader already shows exactly this."""
    response = make_response(live.part + live.around)
    response.set_etag(live.etag)
    response.make_conditional(request)
    return response


def _span(minutes: int) -> str:
    if minutes < 120:
        return f"{minutes} min"
    if minutes < 24 * 60:
        hours, rest = divmod(minutes, 60)
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    days = round(minutes / (24 * 60))
    return f"{days} day" if days == 1 else f"{days} days"
