"""What the page says of a visit in each state: never against what they were told, or is known."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from notifier.delivery import deliver_due
from notifier.domain.facts import FactSource, FactType, PromiseKind
from notifier.domain.reasons import Party, Reason
from notifier.domain.windows import OFF, UNKNOWN
from notifier.intake import withdraw
from notifier.services import Services
from notifier.store.tables import Brand
from tests.fakes.clock import FakeClock
from tests.web.pages import (
    WINDOW,
    deliver,
    given_visit,
    press,
    show,
)
from tests.web.stories import Story, at

PLANNED, CHECKING, OVER = (
    "Your visit is planned for",
    "We are checking",
    "We have no clear word yet",
)
NEXT, RING = "You hear from us next", "We ring you"
ANY_CHANGE = f"{NEXT} as soon as anything changes"


@pytest.fixture
def visit(client: FlaskClient, services: Services, brand: Brand, clock: FakeClock) -> Story:
    """Return a visit from 11 to 1, at 9 in the morning; the booking was confirmed."""
    job = given_visit(services, brand.id)
    deliver(services)
    return Story(services, brand.id, client, clock, job)


def test_a_day_without_a_word(visit: Story) -> None:
    """Before, told that there is no word, over in silence, over for hours, there, done."""
    visit.shows(PLANNED, "We now expect as promised", ANY_CHANGE, never=(CHECKING, RING))
    visit.move("12:46")
    visit.shows(
        CHECKING,
        "We have no clear word from our technician yet",
        f"{NEXT} by 1:15 PM",
        "The technician is here",
        never=(PLANNED, "late"),
    )
    visit.move("13:01")
    visit.shows(
        OVER,
        "We were to be with you today, 11:00 AM–1:00 PM",
        f"{NEXT} by 1:15 PM",
        "The technician is here",
        never=(PLANNED, "We now expect", "late", "That suits"),
    )
    visit.move("13:10")  # a text put the promised news off
    visit.shows(OVER, f"{NEXT} by 2:15 PM", never=("1:15 PM",))
    visit.move("14:16")  # and nobody kept it
    visit.shows(OVER, "We promised you news by 2:15 PM, and are late with it")
    visit.say(FactType.ARRIVED)
    visit.shows("We are with you now", never=(NEXT, "We now expect", OVER, "technician is here"))
    visit.say(FactType.COMPLETED)
    visit.shows("This visit is done", never=(NEXT, "We now expect", OVER))


def test_that_a_call_was_promised_ends_no_silence(visit: Story) -> None:
    """Told that there is no word, then rung: where the technician is, nobody knows yet."""
    visit.move("12:46")
    moment = at("13:30")
    visit.say(FactType.PROMISED, what=PromiseKind.CALL_BACK, moment=moment, by_phone=True)
    visit.shows(CHECKING, f"{RING} by 1:30 PM", never=("as promised",))
    visit.say(FactType.REASSIGNED, technician="Priya")  # who goes says nothing of where they are
    visit.shows(CHECKING, never=("as promised",))
    visit.say(FactType.DELAYED, minutes=30)
    visit.shows("running late: today by 1:30 PM", f"{RING} by 1:30 PM", never=(CHECKING,))


def test_late_and_then_over_in_silence(visit: Story) -> None:
    """The late time is told; when it too has passed the page neither repeats it nor asks."""
    visit.say(FactType.DELAYED, minutes=45)
    visit.shows("running late: today, 11:45 AM–1:45 PM", "That suits", ANY_CHANGE)
    visit.move("13:10")
    visit.shows("running late: today by 1:45 PM", never=(OVER,))
    visit.move("13:46")
    visit.shows(
        OVER,
        "We were to be with you today, 11:45 AM–1:45 PM",
        never=("running late", "That suits", "We now expect"),
    )


def test_a_time_that_failed_to_reach_them_passes_too(visit: Story) -> None:
    """Believed late, never told: once that has passed as well, nothing is as promised."""
    visit.record(FactType.DELAYED, minutes=45)
    visit.clock.set(at("15:00"))
    visit.shows(OVER, never=("We now expect", PLANNED, "as promised"))


def test_a_promised_moment_outlives_the_next_message(visit: Story) -> None:
    """News by ten is promised; then comes another text, of which nothing is due."""
    visit.say(FactType.DELAYED, expected=UNKNOWN)
    visit.shows("We have no new time yet", f"{NEXT} by 10:00 AM", "The technician is here")
    moment = at("9:30")
    visit.say(FactType.PROMISED, what=PromiseKind.CALL_BACK, moment=moment)
    visit.shows(f"{NEXT} by 10:00 AM", f"{RING} by 9:30 AM")
    visit.say(FactType.DELAYED, minutes=60)
    visit.shows("12:00–2:00 PM", f"{RING} by 9:30 AM", never=(NEXT,))


def test_a_promise_in_a_text_counts_before_its_receipt(visit: Story) -> None:
    """Who opens the link has read the text, whatever the carrier has reported by then."""
    visit.record(FactType.DELAYED, expected=UNKNOWN)
    while deliver_due(visit.services):
        pass
    visit.shows("We have no new time yet", f"{NEXT} by 10:00 AM")
    visit.record(FactType.PROMISED, what=PromiseKind.CALL_BACK, moment=at("9:45"))
    while deliver_due(visit.services):
        pass
    visit.shows(f"{NEXT} by 10:00 AM", f"{RING} by 9:45 AM", never=("Call me",))


def test_a_call_that_was_promised(visit: Story) -> None:
    """Open; put off by a text; not kept; put off by staff; gone once somebody spoke to them."""
    moment, later = at("10:00"), at("11:30")
    visit.say(FactType.PROMISED, what=PromiseKind.CALL_BACK, moment=moment, by_phone=True)
    visit.shows(PLANNED, f"{RING} by 10:00 AM", never=("Call me",))
    visit.move("9:55")
    visit.shows(f"{RING} by 11:00 AM", never=("10:00 AM", "Call me"))
    visit.move("11:01")
    visit.shows("We promised to ring you by 11:00 AM", "please ring us", never=("Call me",))
    visit.say(FactType.PROMISED, what=PromiseKind.CALL_BACK, moment=later, by_phone=True)
    visit.shows(f"{RING} by 11:30 AM", never=("promised to ring",))
    visit.say(FactType.SPOKEN_TO)
    visit.shows("Call me", ANY_CHANGE, never=(RING,))


def test_a_call_outlasts_the_visit_and_news_does_not(visit: Story) -> None:
    """Done, with both open: of the visit there is no more news, but they are rung."""
    visit.say(FactType.DELAYED, expected=UNKNOWN)
    moment = at("16:00")
    visit.say(FactType.PROMISED, what=PromiseKind.CALL_BACK, moment=moment, by_phone=True)
    visit.say(FactType.CANCELLED, by=Party.US)
    visit.shows("This visit was cancelled", f"{RING} by 4:00 PM", never=(NEXT, "no new time"))


def test_a_promise_taken_back_is_none(visit: Story) -> None:
    """Staff promised the wrong person: the page forgets it and offers the call again."""
    moment = at("10:00")
    fact = visit.say(FactType.PROMISED, what=PromiseKind.CALL_BACK, moment=moment, by_phone=True)
    withdraw(visit.services, visit.brand, visit.job, fact, source=FactSource.STAFF, actor="staff:1")
    visit.shows("Call me", never=(RING,))


@pytest.mark.parametrize(
    ("by", "said"),
    [
        (Party.US, "We are sorry that we had to cancel."),
        (Party.CUSTOMER, "You asked us to."),
        (Party.UNKNOWN, "This visit was cancelled"),
    ],
)
def test_cancelled(visit: Story, by: Party, said: str) -> None:
    """What was promised is struck out, and nothing is expected any more."""
    visit.say(FactType.CANCELLED, by=by)
    visit.shows("This visit was cancelled", said, never=("We now expect", NEXT, "technician is"))
    assert visit.struck_out() == ["today, 11:00 AM–1:00 PM"]
    assert ("sorry" in show(visit.client, visit.link)) is (by is Party.US)


def test_an_offer_open_lapsed_and_gone(visit: Story) -> None:
    """Late, then sooner after all: asked; when that falls the page says so, until a text has."""
    visit.say(FactType.DELAYED, minutes=60)
    visit.say(FactType.DELAYED, minutes=0)
    visit.shows("running late: today, 12:00–2:00 PM", "We could come today, 11:00 AM–1:00 PM")
    visit.record(FactType.DELAYED, minutes=60)
    visit.shows(
        "running late: today, 12:00–2:00 PM",
        "The other time that we asked about is no longer possible",
        never=("We could come", "We could come today, 11:00 AM"),
    )
    deliver(visit.services)
    visit.shows("running late: today, 12:00–2:00 PM", never=("no longer possible", "could come"))


def test_an_offer_that_does_not_suit_is_not_made_again(visit: Story) -> None:
    """They said no: the page no longer says that we could come then."""
    visit.say(FactType.DELAYED, minutes=60)
    visit.say(FactType.DELAYED, minutes=0)
    assert press(visit.client, visit.link, "does-not-suit", WINDOW) == 303
    visit.shows("12:00–2:00 PM", "it doesn’t suit you", never=("We could come",))


def test_an_offer_while_no_time_is_known_is_a_question(visit: Story) -> None:
    """No time yet, then one before the old: the old time, which fell, is not said to hold."""
    visit.say(FactType.DELAYED, expected=UNKNOWN)
    sooner = WINDOW.shifted(-60)
    visit.say(FactType.DELAYED, expected=sooner)
    visit.shows(
        "Can we come at another time? today, 10:00 AM–12:00 PM",
        "That suits",
        never=("We now expect", "as promised"),
    )


def test_another_day_asked_and_declined(visit: Story) -> None:
    """While we ask, nothing is expected; after their no, the question is not repeated."""
    tomorrow = WINDOW.shifted(24 * 60)
    visit.say(FactType.RESCHEDULED, window=tomorrow, agreed=False)
    visit.shows("Can we come at another time? tomorrow", never=("We now expect",))
    assert visit.struck_out() == []
    assert press(visit.client, visit.link, "does-not-suit", tomorrow) == 303
    visit.shows("We need another time", "doesn’t suit you", never=("Can we come", "That suits"))


def test_off_and_then_on_the_way_after_all(visit: Story) -> None:
    """What was said last counts: nobody comes, somebody set out, nobody comes."""
    visit.say(FactType.DELAYED, expected=OFF)
    visit.shows("We are not coming today", never=("We now expect", "technician is here", NEXT))
    visit.say(FactType.EN_ROUTE)
    visit.shows("Sam is on the way", "We can’t say when yet", never=("not coming", "is off"))
    visit.say(FactType.DELAYED, expected=OFF, reason=Reason.VEHICLE)
    visit.shows("We are not coming today", never=("on the way We",))


def test_on_the_way_and_nobody_knows_when(visit: Story) -> None:
    """They were told that Sam set out: the page does not take it back."""
    visit.say(FactType.DELAYED, expected=UNKNOWN)
    visit.say(FactType.EN_ROUTE)
    visit.shows("Sam is on the way", "We can’t say when yet", "The technician is here")


def test_on_the_way_and_over(visit: Story) -> None:
    """Set out at half past twelve, and not heard of since one."""
    visit.move("12:30")
    visit.say(FactType.EN_ROUTE)
    visit.shows("Sam is on the way today by 1:00 PM", "We now expect as promised")
    visit.move("13:05")
    visit.shows(OVER, "we don’t know yet how it stands", never=("on the way", "We now expect"))


def test_an_answer_is_not_quoted_once_it_is_over(visit: Story) -> None:
    """*That suits* was about a time; when they are there, or the visit is off, it is past."""
    visit.say(FactType.DELAYED, minutes=45)
    assert press(visit.client, visit.link, "suits", WINDOW.shifted(45)) == 303
    visit.shows("this time suits you")
    visit.say(FactType.ARRIVED)
    visit.shows("We are with you now", never=("suits you",))
