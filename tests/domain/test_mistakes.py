"""A mistake is not a recovery: what was taken back is unsaid, never worded as good news."""

import pytest

from notifier.domain.drift import DriftKind
from notifier.domain.facts import FactType
from notifier.domain.jobs import JobKind
from notifier.domain.windows import OFF, UNKNOWN, Window
from tests.domain.stage import NINE_TO_ELEVEN, Stage, at, window


def test_late_and_withdrawn_before_it_went_is_nothing() -> None:
    """What has not gone is stopped."""
    stage = Stage()
    late = stage.late(45)
    stage.reconcile()
    stage.take_back(late)
    assert stage.send_all() == []


def test_late_sent_and_withdrawn_is_one_please_ignore() -> None:
    """It asserts what is expected, and moves told without anyone accepting."""
    stage = Stage()
    late = stage.late(45)
    stage.sent_and_delivered()
    stage.take_back(late)
    ignore = stage.sent_and_delivered()
    assert (ignore.rule, ignore.asserts) == ("please_ignore", NINE_TO_ELEVEN)
    assert stage.customer.told == NINE_TO_ELEVEN
    assert stage.send_all() == []


def test_late_withdrawn_late_again_is_told_again() -> None:
    """And as the first slip: what was withdrawn counts nowhere."""
    stage = Stage()
    late = stage.late(45)
    stage.sent_and_delivered()
    stage.take_back(late)
    stage.sent_and_delivered()
    stage.late(45)
    assert stage.sent_and_delivered().rule == "running_late"
    assert stage.plan().tasks == ()


def test_late_withdrawn_and_late_again_before_the_please_ignore_went() -> None:
    """What they heard is true after all, so nothing more is said."""
    stage = Stage()
    late = stage.late(45)
    stage.sent_and_delivered()
    stage.take_back(late)
    stage.reconcile()
    stage.late(45)
    assert stage.send_all() == []


def test_the_please_ignore_waits_until_the_mistaken_text_settled() -> None:
    """While nobody knows whether it went, nothing is said about it."""
    stage = Stage()
    late = stage.late(45)
    text = stage.send(accepted=False)
    stage.take_back(late)
    assert stage.owed() == []
    assert stage.why("please_ignore") == "waits_for_settlement"
    stage.accept(text)
    assert stage.owed() == ["please_ignore"]


def test_the_please_ignore_is_dropped_if_the_mistaken_text_failed() -> None:
    """They never read it; nor does the mistake try another channel."""
    stage = Stage()
    late = stage.late(45)
    text = stage.send(accepted=False)
    stage.take_back(late)
    stage.fail(text)
    assert stage.send_all() == []


def test_a_please_ignore_that_fails_takes_the_next_channel_once() -> None:
    """And a person rings when none is left."""
    stage = Stage()
    late = stage.late(45)
    stage.sent_and_delivered()
    stage.take_back(late)
    stage.fail(stage.send())
    email = stage.send()
    assert (email.rule, email.channel) == ("please_ignore", "email")
    stage.fail(email)
    assert stage.send_all() == []
    assert [task.kind for task in stage.plan().tasks] == ["call"]


def test_a_repeat_is_withdrawn_with_it() -> None:
    """The technician said it too: still one please ignore."""
    stage = Stage()
    late = stage.late(45)
    stage.sent_and_delivered()
    stage.late(45)
    stage.take_back(late)
    assert stage.sent_and_delivered().rule == "please_ignore"


def test_if_all_is_not_as_before_drift_decides_and_earlier_is_a_correction() -> None:
    """Two hours by mistake, half an hour in truth: told, not asked, and no please ignore."""
    stage = Stage()
    wrong = stage.late(120)
    stage.sent_and_delivered()
    stage.take_back(wrong)
    stage.late(30)
    news = stage.sent_and_delivered()
    assert (news.rule, news.asserts) == ("moved", NINE_TO_ELEVEN.shifted(30))
    assert stage.customer.told == NINE_TO_ELEVEN.shifted(30)


def test_the_second_of_two_delays_was_the_mistake() -> None:
    """All is as they were told before it: the first delay."""
    stage = Stage()
    stage.late(30)
    stage.sent_and_delivered()
    wrong = stage.late(120)
    stage.sent_and_delivered()
    stage.take_back(wrong)
    ignore = stage.sent_and_delivered()
    assert (ignore.rule, ignore.asserts) == ("please_ignore", NINE_TO_ELEVEN.shifted(30))


def test_two_delays_both_mistaken_are_one_please_ignore() -> None:
    """They are back to what they were told before the first."""
    stage = Stage()
    first = stage.late(30)
    stage.sent_and_delivered()
    second = stage.late(120)
    stage.sent_and_delivered()
    stage.take_back(second)
    stage.take_back(first)
    ignore = stage.sent_and_delivered()
    assert (ignore.rule, ignore.asserts) == ("please_ignore", NINE_TO_ELEVEN)
    assert stage.send_all() == []


def test_what_only_repeats_the_mistake_rests_on_it() -> None:
    """*On the way* said the wrong time once more; that does not make it true."""
    stage = Stage()
    late = stage.late(45)
    stage.sent_and_delivered()
    stage.say(FactType.REASSIGNED, technician=stage.ids())
    stage.say(FactType.EN_ROUTE)
    assert stage.sent_and_delivered().rule == "on_the_way"
    stage.take_back(late)
    assert stage.sent_and_delivered().rule == "please_ignore"
    assert stage.customer.told == NINE_TO_ELEVEN


def test_an_offer_made_on_a_mistake_is_unsaid() -> None:
    """Nobody can take it any more."""
    stage = Stage()
    early = stage.expect(window(7, 9))
    stage.sent_and_delivered()
    stage.take_back(early)
    assert stage.sent_and_delivered().rule == "please_ignore"
    assert stage.send_all() == []


def test_a_recovery_offered_before_the_delay_was_taken_back() -> None:
    """They were asked whether nine suits; in truth it was never otherwise."""
    stage = Stage()
    late = stage.late(60)
    stage.sent_and_delivered()
    stage.late(0)
    stage.sent_and_delivered()
    stage.take_back(late)
    assert stage.sent_and_delivered().rule == "please_ignore"
    assert stage.customer.told == NINE_TO_ELEVEN
    assert stage.send_all() == []


@pytest.mark.parametrize("fact", [FactType.CANCELLED, FactType.EN_ROUTE])
def test_a_status_told_by_mistake_is_unsaid(fact: FactType) -> None:
    """Cancelled, or on the way: whatever rests on what was taken back."""
    stage = Stage()
    stage.say(FactType.REASSIGNED, technician=stage.ids())
    mistake = stage.say(fact)
    stage.sent_and_delivered()
    stage.take_back(mistake)
    ignore = stage.sent_and_delivered()
    assert (ignore.rule, ignore.asserts) == ("please_ignore", NINE_TO_ELEVEN)
    assert stage.send_all() == []


def test_cancelled_by_mistake_after_a_move_is_unsaid() -> None:
    """They know of the new time already, and not that it stands: they would not be at home."""
    stage = Stage()
    stage.say(FactType.RESCHEDULED, window=window((9, 45), (11, 45)))
    assert stage.sent_and_delivered().rule == "moved"
    mistake = stage.say(FactType.CANCELLED)
    assert stage.sent_and_delivered().rule == "cancelled"
    stage.take_back(mistake)
    ignore = stage.sent_and_delivered()
    assert (ignore.rule, ignore.asserts) == ("please_ignore", window((9, 45), (11, 45)))
    assert stage.send_all() == []


@pytest.mark.parametrize(
    ("kind", "fact"),
    [
        (JobKind.APPOINTMENT, FactType.CANCELLED),
        (JobKind.ORDER, FactType.CANCELLED),
        (JobKind.ORDER, FactType.DELIVERED),
        (JobKind.ORDER, FactType.SHIPPED),
    ],
)
def test_what_comes_true_after_it_was_told_by_mistake_is_told(
    kind: JobKind, fact: FactType
) -> None:
    """Each time that it does: they were told to ignore what they read of it before."""
    stage = Stage(kind=kind)
    rules = []
    for _ in range(3):
        said = stage.say(fact)
        rules.append(stage.sent_and_delivered().rule)
        assert stage.send_all() == []
        stage.take_back(said)
        assert stage.sent_and_delivered().rule.endswith("please_ignore")
        assert stage.send_all() == []
    assert len(set(rules)) == 1


def test_what_comes_true_before_they_were_told_to_ignore_it_is_not_told_again() -> None:
    """They have read it, and it is true."""
    stage = Stage()
    said = stage.say(FactType.CANCELLED)
    stage.sent_and_delivered()
    stage.take_back(said)
    stage.say(FactType.CANCELLED)
    assert stage.send_all() == []


def test_delivered_by_mistake_is_unsaid_though_it_said_no_time() -> None:
    """The parcel is not there; the text that it was is taken back."""
    order = Stage(kind=JobKind.ORDER)
    delivered = order.say(FactType.DELIVERED)
    assert order.sent_and_delivered().rule == "order_delivered"
    order.take_back(delivered)
    assert order.sent_and_delivered().rule == "order_please_ignore"
    assert order.send_all() == []


def test_who_was_called_since_has_heard_the_truth_from_a_person() -> None:
    """A call after the mistaken text: no please ignore on top."""
    stage = Stage()
    late = stage.late(45)
    stage.sent_and_delivered()
    call = stage.say(FactType.TOLD, window=NINE_TO_ELEVEN)
    stage.give(NINE_TO_ELEVEN, fact=call)
    stage.take_back(late)
    assert stage.send_all() == []


def test_unknown_by_mistake_after_an_update_was_kept() -> None:
    """Two texts that nobody knows, both on the withdrawn fact: one please ignore."""
    stage = Stage(now=at(8, 30, day=24))
    unknown = stage.expect(UNKNOWN)
    stage.sent_and_delivered()
    stage.now = at(9, 20)
    stage.sent_and_delivered()
    stage.take_back(unknown)
    assert stage.drift().kind is DriftKind.MISTAKE
    assert stage.sent_and_delivered().asserts == NINE_TO_ELEVEN
    assert stage.send_all() == []


def test_a_mistake_made_after_going_live_is_unsaid_though_the_booking_is_older() -> None:
    """The please-ignore is owed since the withdrawal, not since the booking before live."""
    stage = Stage()
    stage.advance(minutes=5)
    stage.live_at = stage.now
    stage.advance(minutes=1)
    late = stage.late(45)
    stage.sent_and_delivered()
    stage.take_back(late)
    assert stage.sent_and_delivered().rule == "please_ignore"


@pytest.mark.parametrize("promised", [window(8, 20, day=27), None])
def test_an_order_that_was_called_off_by_mistake_twice(promised: Window | None) -> None:
    """Each is told, and each taken back, also where no day is known that could be said."""
    order = Stage(kind=JobKind.ORDER, promised=promised)
    heard = []
    for _ in range(2):
        called_off = order.say(FactType.CANCELLED)
        heard.append(order.sent_and_delivered())
        order.advance(minutes=5)
        order.take_back(called_off)
        heard.append(order.sent_and_delivered())
        order.advance(minutes=5)
        assert order.send_all() == []

    assert [message.rule for message in heard] == ["order_cancelled", "order_please_ignore"] * 2
    assert [message.asserts for message in heard] == [OFF, promised] * 2


def test_called_off_again_before_the_please_ignore_went() -> None:
    """What they heard is true after all, so nothing more is said."""
    order = Stage(kind=JobKind.ORDER, promised=None)
    called_off = order.say(FactType.CANCELLED)
    order.sent_and_delivered()
    order.take_back(called_off)
    order.reconcile()
    order.say(FactType.CANCELLED)
    assert order.send_all() == []


def test_what_comes_true_after_it_was_a_mistake_is_told() -> None:
    """Somebody else's parcel was delivered; theirs is, the day after."""
    order = Stage(kind=JobKind.ORDER, promised=None, parcels=("A",))
    mistaken = order.say(FactType.DELIVERED, parcel="A")
    assert order.sent_and_delivered().rule == "order_delivered"
    order.take_back(mistaken)
    order.advance(minutes=5)
    assert order.sent_and_delivered().rule == "order_please_ignore"
    order.advance(hours=24)
    order.say(FactType.DELIVERED, parcel="A")
    assert order.sent_and_delivered().rule == "order_delivered"
    assert order.send_all() == []


def test_an_order_called_off_by_mistake_that_comes_another_day_is_unsaid_with_that_day() -> None:
    """The day alone would not tell them that it was not called off."""
    friday, saturday = window(8, 20, day=27), window(8, 20, day=28)
    stage = Stage(kind=JobKind.ORDER, promised=friday)
    mistake = stage.say(FactType.CANCELLED)
    assert stage.sent_and_delivered().asserts is OFF
    stage.advance(minutes=1)
    stage.take_back(mistake)
    stage.expect(saturday)

    ignore = stage.sent_and_delivered()
    assert (ignore.rule, ignore.asserts) == ("order_please_ignore", saturday)
    assert stage.customer.told == saturday
    assert stage.send_all() == []
