"""What was said is not said again because something beside it changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from notifier.domain.drift import DriftKind
from notifier.domain.facts import Fact, FactSource, FactType
from notifier.domain.jobs import JobKind
from notifier.domain.messages import Channel, MessageStatus, Role, Strength, WhyNot
from notifier.domain.reasons import Party
from notifier.domain.windows import OFF, Window
from tests.domain.stage import NINE_TO_ELEVEN, Stage, window
from tests.fakes.ids import id_number

_SAM: UUID = id_number(77)


def first_told(stage: Stage, told: Window) -> None:
    """The first window that reached anybody becomes promised and agreed."""
    fact = Fact(
        id=stage.ids(),
        seq=len(stage.facts) + 1,
        type=FactType.BOOKED,
        source=FactSource.CLOCK,
        occurred_at=stage.now,
        received_at=stage.now,
        window=told,
    )
    stage.facts.append(fact)


def test_the_first_receipt_of_an_open_booking_repeats_no_offer() -> None:
    """Booked without a time; one was told, an earlier one asked about; then the receipt comes."""
    stage = Stage(promised=None, speaking=["time_set"])
    afternoon = window(13, 15)
    stage.expect(afternoon)
    told = stage.send()
    stage.advance(seconds=1)
    stage.expect(window(9, 11))
    assert stage.send().rule == "earlier_if_suits"
    stage.deliver(told)
    first_told(stage, afternoon)
    assert stage.state.agreed == afternoon
    assert stage.owed() == []


def test_nor_that_somebody_is_on_the_way() -> None:
    """The one text about it is enough, whatever the promise is called meanwhile."""
    stage = Stage(promised=None, speaking=["time_set"])
    stage.expect(window(13, 15))
    told = stage.send()
    stage.say(FactType.REASSIGNED, technician=_SAM)
    stage.say(FactType.EN_ROUTE)
    assert stage.send().rule == "on_the_way"
    stage.deliver(told)
    first_told(stage, window(13, 15))
    assert stage.owed() == []


def test_a_number_that_opens_again_does_not_repeat_the_email_under_way() -> None:
    """STOP, the email goes, START: the text is not sent beside it."""
    stage = Stage()
    ada = stage.customer
    text, mail = ada.contacts
    stopped = type(text)(id=text.id, channel=Channel.SMS, why_not=WhyNot.OPTED_OUT)
    ada.contacts = (stopped, mail)
    stage.late(45)
    sent = stage.send()
    assert sent.channel is Channel.EMAIL
    ada.contacts = (text, mail)
    assert stage.why("running_late") == "within_tolerance"
    stage.late(-30)  # earlier, so asked: what is asked moves nothing, and is not asked twice
    stage.deliver(sent)
    ada.contacts = (stopped, mail)
    asked = stage.send()
    assert (asked.rule, asked.channel) == ("earlier_if_suits", Channel.EMAIL)
    ada.contacts = (text, mail)
    assert stage.why("earlier_if_suits") == "under_way"
    stage.fail(asked)
    assert stage.owed() == ["earlier_if_suits"]
    assert stage.send().status is MessageStatus.ACCEPTED


def test_who_was_rung_that_nobody_comes_reads_nothing_of_it() -> None:
    """No provider took the text, and somebody rang; the others still read it."""
    stage = Stage(roles=(Role.CUSTOMER, Role.SECOND_CONTACT))
    stage.say(FactType.CANCELLED)
    told = stage.say(FactType.TOLD, person=stage.customer.id, expected=OFF)
    assert len(stage.plan().owed) == 2
    stage.give(OFF, fact=told)
    assert [owed.job_person for owed in stage.plan().owed] == [stage.people[1].id]


def test_a_time_that_was_asked_about_is_not_asked_about_again_when_an_agreement_goes() -> None:
    """What was agreed before was a mistake; the question is the same, and unanswered."""
    stage = Stage()
    agreed = stage.say(FactType.RESCHEDULED, window=window(13, 15), agreed=True)
    stage.give(window(13, 15), fact=agreed)
    stage.advance(minutes=5)
    stage.say(FactType.RESCHEDULED, window=window(9, 11, day=26), agreed=False)
    stage.deliver(stage.send())
    stage.advance(hours=1)
    stage.take_back(agreed)
    stage.customer.given[0] = replace(stage.customer.given[0], strength=Strength.NONE)
    assert stage.owed() == []


def moved_before(stage: Stage, moved_to: Window, *, agreed: bool = True) -> Fact:
    """It comes to light that the visit was moved, an hour before now."""
    at = stage.now - timedelta(hours=1)
    return stage.say(FactType.RESCHEDULED, window=moved_to, agreed=agreed, occurred_at=at)


def test_what_is_off_is_off_once_though_a_move_from_before_it_comes_late() -> None:
    """They read that nobody comes; of which window it was changes nothing for them."""
    stage = Stage()
    stage.say(FactType.CANCELLED, by=Party.US)
    assert stage.sent_and_delivered().rule == "cancelled"
    stage.advance(minutes=1)
    moved_before(stage, window(13, 15, day=25))

    assert stage.owed() == []
    assert stage.why("cancelled") == "already_told"


def test_a_visit_that_was_on_again_is_called_off_again() -> None:
    """What they hold by then is the new time."""
    stage = Stage()
    stage.say(FactType.CANCELLED, by=Party.US)
    stage.sent_and_delivered()
    stage.advance(minutes=5)
    stage.say(FactType.RESCHEDULED, window=window(13, 15, day=25), agreed=True)
    stage.sent_and_delivered()
    stage.advance(minutes=5)
    stage.say(FactType.CANCELLED, by=Party.US)

    assert stage.sent_and_delivered().rule == "cancelled"
    assert stage.owed() == []


def test_an_order_called_off_by_mistake_and_then_in_earnest_is_called_off_anew() -> None:
    """It has no day: that the first was a mistake left them with *off*, and they know better."""
    stage = Stage(kind=JobKind.ORDER, promised=None)
    mistake = stage.say(FactType.CANCELLED, by=Party.US)
    stage.sent_and_delivered()
    stage.advance(minutes=5)
    stage.take_back(mistake)
    assert stage.sent_and_delivered().rule == "order_please_ignore"
    stage.advance(minutes=5)
    stage.say(FactType.CANCELLED, by=Party.US)

    assert stage.owed() == ["order_cancelled"]


@pytest.mark.parametrize(
    ("by_phone", "kind"), [(False, DriftKind.MOVED), (True, DriftKind.OTHER_DAY)]
)
def test_a_time_that_they_chose_is_not_asked_back_though_it_comes_late(
    by_phone: bool, kind: DriftKind
) -> None:
    """We wrote of the older time meanwhile; only a call since then may know more than the
    choice."""
    stage = Stage()
    late = stage.late(45)
    chosen_at = stage.now + timedelta(seconds=30)
    stage.advance(minutes=1)
    if by_phone:
        stage.give(NINE_TO_ELEVEN.shifted(45), fact=late)
    else:
        stage.sent_and_delivered()
    stage.say(
        FactType.RESCHEDULED,
        window=window(13, 15, day=25),
        agreed=True,
        occurred_at=chosen_at,
    )
    assert stage.drift().kind is kind
