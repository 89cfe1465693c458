"""Whatever a text offers to answer can be done on the page behind its link as well.

Every message of `templates/messages/en` goes out in a story of its own; each answer that any
of its wordings offers must then be a button.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from notifier.domain.facts import FactSource, FactType, PromiseKind
from notifier.domain.jobs import JobKind
from notifier.domain.messages import TAKEN
from notifier.domain.reasons import Party
from notifier.domain.rules.rule import Audience
from notifier.domain.windows import OFF, UNKNOWN, Window
from notifier.domain.words.values import DIGEST
from notifier.intake import withdraw
from notifier.services import Services
from notifier.store.tables import Brand, Message
from tests.fakes.clock import FakeClock
from tests.services import ROOT
from tests.web.pages import WINDOW, deliver, given_order, given_visit, show
from tests.web.stories import Story

TEXTS = ROOT / "templates" / "messages" / "en"
TODAY, TOMORROW, IN_A_WEEK = WINDOW, WINDOW.shifted(24 * 60), WINDOW.shifted(7 * 24 * 60)

HERE, SUITS, SUITS_NOT = "The technician is here", "That suits", "That doesn’t suit"
HAVE_IT, HAVE_IT_NOT, CALL = "I have it", "I don’t have it", "Call me"

#: What a text offers, and the button that does it: of a visit, of an order.
OFFERS: dict[str, tuple[str | None, str | None]] = {
    r"Reply C\b": (SUITS, None),
    r"\bR (?:for|if)\b": (SUITS_NOT, None),
    r"Reply H\b": (HERE, None),
    r"Already (?:with you|there)\?": (HERE, HAVE_IT),
    r"Have it\?": (None, HAVE_IT),
    r"Not with you\b": (None, HAVE_IT_NOT),
    r"\blink\b|\bphone_or_link\b": (CALL, CALL),  # all other questions are for a person
}
#: A letter to answer with.
LETTER = r"[Rr]eply ([A-Z])\b|\b([A-Z]) (?:for|if)\b"

Happening = Callable[[Story], None]


def booked(story: Story) -> None:
    """Nothing happens."""


def said(type: FactType, **fields: object) -> Happening:
    """Staff say it."""

    def happen(story: Story) -> None:
        story.say(type, **fields)
        story.settle()

    return happen


def until(clock: str, day: int = 23) -> Happening:
    """Nobody says anything until then."""
    return lambda story: story.move(clock, day=day)


def then(*happenings: Happening) -> Happening:
    """One after the other."""

    def happen(story: Story) -> None:
        for one in happenings:
            one(story)

    return happen


def late(minutes: int) -> Happening:
    """So late, counted from what was agreed."""
    return said(FactType.DELAYED, minutes=minutes)


def taken_back(type: FactType, **fields: object) -> Happening:
    """Staff say it, it is told, and it was a mistake."""

    def happen(story: Story) -> None:
        fact = story.say(type, **fields)
        story.settle()
        withdraw(story.services, story.brand, story.job, fact, source=FactSource.STAFF, actor="s:1")
        story.settle()

    return happen


def promised(what: PromiseKind, minutes: int, *, by_phone: bool) -> Happening:
    """Staff promise it."""

    def happen(story: Story) -> None:
        moment = story.clock() + timedelta(minutes=minutes)
        story.say(FactType.PROMISED, what=what, moment=moment, by_phone=by_phone)

    return happen


UNHEARD = said(FactType.DELAYED, expected=UNKNOWN)

#: Message, promised window, and what happens until the message goes out.
VISITS: list[tuple[str, Window, Happening]] = [
    ("booked", TODAY, booked),
    ("reminder", TOMORROW, until("18:01")),
    ("on_the_way", TODAY, said(FactType.EN_ROUTE)),
    ("on_the_way", WINDOW.shifted(180), said(FactType.EN_ROUTE)),
    (
        "someone_else_coming",
        TODAY,
        then(said(FactType.EN_ROUTE), said(FactType.REASSIGNED, technician="Alex Moe")),
    ),
    ("running_late", TODAY, late(45)),
    ("running_late_again", TODAY, then(late(45), late(90))),
    ("no_time_yet", TODAY, UNHEARD),
    ("no_time_yet", TOMORROW, UNHEARD),
    ("no_word_yet", TODAY, until("12:46")),
    ("no_news_yet", TODAY, then(UNHEARD, until("9:50"))),
    (
        "no_call_yet",
        TODAY,
        then(promised(PromiseKind.CALL_BACK, 30, by_phone=True), until("9:25")),
    ),
    ("promise_made", TODAY, promised(PromiseKind.UPDATE, 120, by_phone=False)),
    (
        "promise_taken_back",
        TODAY,
        taken_back(FactType.PROMISED, what=PromiseKind.UPDATE, moment=WINDOW.start),
    ),
    ("not_coming_today", TODAY, said(FactType.DELAYED, expected=OFF)),
    ("cancelled", TODAY, said(FactType.CANCELLED)),
    ("missed_by_us", TODAY, then(until("13:01"), said(FactType.MISSED, by=Party.US))),
    ("moved", TODAY, said(FactType.RESCHEDULED, window=TOMORROW, agreed=False)),
    ("earlier_if_suits", TODAY, then(late(60), late(0))),
    ("offer_lapsed", TODAY, then(late(60), late(0), late(60))),
    ("please_ignore", TODAY, taken_back(FactType.DELAYED, minutes=45)),
    ("done_thanks", TODAY, said(FactType.COMPLETED)),
]
ORDERS: list[tuple[str, Window, Happening]] = [
    ("order_confirmed", TODAY, booked),
    ("shipped", TODAY, said(FactType.SHIPPED)),
    ("out_for_delivery", TODAY, said(FactType.OUT_FOR_DELIVERY)),
    ("ready_for_pickup", TODAY, said(FactType.READY_FOR_PICKUP)),
    ("delivery_attempted", TODAY, said(FactType.ATTEMPTED)),
    ("order_delivered", TODAY, said(FactType.DELIVERED)),
    ("order_delayed", TODAY, said(FactType.DELAYED, expected=TOMORROW)),
    ("order_no_date_yet", TODAY, UNHEARD),
    ("order_exception", TODAY, said(FactType.EXCEPTION)),
    ("order_returned", TODAY, said(FactType.RETURNED)),
    ("order_cancelled", TODAY, said(FactType.CANCELLED)),
    ("order_please_ignore", TODAY, taken_back(FactType.DELAYED, expected=TOMORROW)),
    ("order_not_here", TODAY, until("13:01")),
    ("order_not_here", TODAY, then(said(FactType.SHIPPED), until("13:01"))),
    ("order_no_scan", IN_A_WEEK, until("9:30", day=26)),
    ("order_no_movement", IN_A_WEEK, then(said(FactType.IN_TRANSIT), until("9:30", day=27))),
]
GIVEN = {JobKind.APPOINTMENT: given_visit, JobKind.ORDER: given_order}
#: Nobody but a technician reads it.
OF_TECHNICIANS = {"ask_technician"}


def wordings(message: str) -> str:
    """Return all wordings of the texts of `message`, of one and of several jobs."""
    folders = [TEXTS / message, TEXTS / f"{message}{DIGEST}"]
    return "\n".join((f / "sms.txt").read_text() for f in folders if f.exists())


def gone_out(story: Story) -> set[str]:
    """Return the messages that the customer has."""
    with story.services.sessions() as session:
        query = select(Message.rule).where(Message.job_id == story.job, Message.status.in_(TAKEN))
        ids = set(session.scalars(query))
    return {rule.message for rule in story.services.rulebook.rules if rule.id in ids}


def assert_page_offers_all(story: Story, message: str, kind: JobKind) -> None:
    """The message has gone out, if its rule is on, and the page has each answer it offers."""
    rules = [rule for rule in story.services.rulebook.rules if rule.message == message]
    if any(rule.enabled for rule in rules):
        assert message in gone_out(story)
    offered = [
        buttons[kind is JobKind.ORDER]
        for offer, buttons in OFFERS.items()
        if re.search(offer, wordings(message))
    ]
    wanted = {button for button in offered if button is not None}
    assert None not in offered, f"{message} offers what no page of its kind has"
    page = show(story.client, story.link)
    for button in wanted - {CALL}:
        assert button in page, f"{message}: {button!r} is missing in: {page}"
    if CALL in wanted:
        assert CALL in page or "We ring you" in page, page


@pytest.mark.parametrize(
    ("kind", "message", "window", "happening"),
    [
        *((JobKind.APPOINTMENT, *visit) for visit in VISITS),
        *((JobKind.ORDER, *order) for order in ORDERS),
    ],
)
def test_what_a_text_offers(
    client: FlaskClient,
    services: Services,
    brand: Brand,
    clock: FakeClock,
    kind: JobKind,
    message: str,
    window: Window,
    happening: Happening,
) -> None:
    """C, R, H, *Have it?* and every other question: on the page there is a button for it."""
    job = GIVEN[kind](services, brand.id, window=window)
    story = Story(services, brand.id, client, clock, job)
    deliver(services)
    happening(story)
    assert_page_offers_all(story, message, kind)


def test_every_message_has_its_story_and_every_letter_its_button(services: Services) -> None:
    """A new message, or a new letter to answer with, comes with a way to do it on the page."""
    told = {message for message, _, _ in (*VISITS, *ORDERS)} | OF_TECHNICIANS
    words = {folder.name for folder in TEXTS.iterdir() if folder.is_dir()}
    assert {name.removesuffix(DIGEST) for name in words} == told
    for rule in services.rulebook.rules:
        assert rule.message in told or rule.to == frozenset({Audience.DISPATCH}), rule.id

    letters = re.findall(LETTER, "".join(wordings(name) for name in told - OF_TECHNICIANS))
    assert {"".join(letter) for letter in letters} == {"C", "R", "H"}
