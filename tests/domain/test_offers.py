"""Earlier is an offer: it binds nobody until the customer takes it."""

from notifier.domain.drift import DriftKind
from notifier.domain.facts import Fact, FactType, Terms
from notifier.domain.jobs import JobKind
from notifier.domain.messages import Role
from notifier.domain.windows import OFF, Window
from tests.domain.stage import NINE_TO_ELEVEN, Stage, window

EARLY = window(7, 9)
LATE = NINE_TO_ELEVEN.shifted(60)


def accept(stage: Stage, offered: Window) -> Fact:
    """The customer takes an offer."""
    fact = stage.say(FactType.ACCEPTED, window=offered, terms=Terms.OFFER)
    stage.give(offered, fact=fact)
    return fact


def with_second_contact() -> Stage:
    """Return a visit whose second contact was told its window too."""
    stage = Stage(roles=(Role.CUSTOMER, Role.SECOND_CONTACT))
    stage.give(NINE_TO_ELEVEN, fact=stage.facts[0], somebody=stage.people[1])
    stage.advance(minutes=1)
    return stage


def test_told_stays_until_they_accept() -> None:
    """The customer is asked; delivered or not, the old window is what they hold."""
    stage = Stage()
    stage.expect(EARLY)
    offer = stage.sent_and_delivered()
    assert (offer.rule, offer.asserts, offer.moves_told) == ("earlier_if_suits", EARLY, False)
    assert stage.customer.told == NINE_TO_ELEVEN
    assert stage.owed() == []  # asked once
    accept(stage, EARLY)
    assert stage.customer.told == EARLY
    assert stage.drift().kind is DriftKind.NONE


def test_back_on_time_is_an_offer_once_a_later_time_was_told() -> None:
    """They have arranged themselves with eleven to twelve."""
    stage = Stage()
    stage.late(60)
    stage.sent_and_delivered()
    stage.late(0)
    offer = stage.sent_and_delivered()
    assert (offer.rule, offer.asserts) == ("earlier_if_suits", NINE_TO_ELEVEN)
    assert stage.customer.told == LATE


def test_an_offer_accepted_long_ago_does_not_make_the_next_recovery_agreed() -> None:
    """They took 7 to 9, then were told noon: 7 to 9 again is asked anew."""
    stage = Stage()
    stage.expect(EARLY)
    stage.sent_and_delivered()
    accept(stage, EARLY)
    stage.advance(minutes=1)
    stage.expect(window(10, 12))
    stage.sent_and_delivered()
    stage.expect(EARLY)
    assert stage.drift().kind is DriftKind.EARLIER


def test_what_they_declined_is_not_told_to_them_as_settled() -> None:
    """The original time, declined after a later one was told, stays declined."""
    stage = Stage()
    stage.late(60)
    stage.sent_and_delivered()
    stage.late(0)
    stage.sent_and_delivered()
    stage.say(FactType.DECLINED, window=NINE_TO_ELEVEN)
    assert stage.send_all() == []
    assert stage.customer.told == LATE


def test_other_messages_meanwhile_assert_what_was_told() -> None:
    """An open offer does not leak into *on the way*."""
    stage = Stage(roles=(Role.CUSTOMER, Role.ON_SITE))
    stage.expect(EARLY)
    stage.sent_and_delivered()
    stage.say(FactType.REASSIGNED, technician=stage.ids())
    stage.say(FactType.EN_ROUTE)
    for somebody in stage.people:
        assert stage.send(somebody).asserts == NINE_TO_ELEVEN


def test_an_offer_that_lapses_is_told_once() -> None:
    """Expected goes back to what was told: the offer no longer stands, told stays."""
    stage = Stage()
    stage.expect(EARLY)
    stage.sent_and_delivered()
    stage.late(0)
    lapsed = stage.sent_and_delivered()
    assert (lapsed.rule, lapsed.asserts) == ("offer_lapsed", NINE_TO_ELEVEN)
    assert stage.send_all() == []


def test_a_lapsed_offer_takes_the_next_channel_when_the_text_fails() -> None:
    """Somebody may be standing at the door at seven."""
    stage = Stage()
    stage.expect(EARLY)
    stage.sent_and_delivered()
    stage.late(0)
    stage.fail(stage.send())
    email = stage.send()
    assert (email.rule, email.channel) == ("offer_lapsed", "email")
    stage.fail(email)
    assert stage.send_all() == []
    assert [task.kind for task in stage.plan().tasks] == ["call"]


def test_a_new_offer_takes_the_place_of_the_old() -> None:
    """Nothing is said about the old one apart."""
    stage = Stage()
    stage.expect(EARLY)
    stage.sent_and_delivered()
    stage.expect(window(8, 10))
    assert stage.sent_and_delivered().rule == "earlier_if_suits"
    assert stage.send_all() == []


def test_lateness_takes_the_place_of_an_offer() -> None:
    """The news says what holds now."""
    stage = Stage()
    stage.expect(EARLY)
    stage.sent_and_delivered()
    stage.late(60)
    assert stage.sent_and_delivered().rule == "running_late"
    assert stage.send_all() == []


def test_an_offer_that_never_arrived_does_not_lapse() -> None:
    """Nobody heard of it, so nobody is told that it is gone."""
    stage = Stage()
    stage.expect(EARLY)
    stage.fail(stage.send())
    stage.fail(stage.send())
    stage.late(0)
    assert stage.owed() == []


def test_an_offer_still_waiting_is_dropped_in_silence() -> None:
    """It never went."""
    stage = Stage()
    stage.expect(EARLY)
    stage.reconcile()
    stage.late(0)
    assert stage.send_all() == []


def test_only_the_customer_is_asked_and_the_others_are_told_once_it_is_taken() -> None:
    """The second contact hears nothing of the question, and of the answer that it moved."""
    stage = with_second_contact()
    second = stage.people[1]
    stage.expect(EARLY)
    assert stage.owed(second) == []
    stage.sent_and_delivered()
    accept(stage, EARLY)
    moved = stage.sent_and_delivered(second)
    assert (moved.rule, moved.asserts, moved.moves_told) == ("moved", EARLY, True)
    assert stage.owed() == []


def test_an_accepted_offer_is_told_only_to_those_who_do_not_know() -> None:
    """A second contact who was told *late* after the acceptance waits for the next answer."""
    stage = with_second_contact()
    second = stage.people[1]
    stage.expect(EARLY)
    stage.sent_and_delivered()
    accept(stage, EARLY)
    stage.sent_and_delivered(second)
    stage.expect(window(10, 12))
    for somebody in stage.people:
        stage.sent_and_delivered(somebody)
    stage.expect(EARLY)
    assert stage.owed() == ["earlier_if_suits"]
    assert stage.owed(second) == []


def test_an_order_is_never_offered_and_the_next_message_asserts_the_earlier_date() -> None:
    """A day earlier owes nothing; *out for delivery* says it."""
    order = Stage(kind=JobKind.ORDER, promised=window(8, 20, day=26))
    order.expect(window(8, 20, day=25))
    assert order.owed() == []
    order.say(FactType.OUT_FOR_DELIVERY)
    assert order.send().asserts == window(8, 20, day=25)


def test_an_agreed_move_owes_the_customer_nothing_and_tells_the_others() -> None:
    """`agreed: true`: they were asked already, on the phone."""
    stage = with_second_contact()
    moved = window(9, 11, day=26)
    fact = stage.say(FactType.RESCHEDULED, window=moved, agreed=True)
    stage.give(moved, fact=fact)
    assert stage.owed() == []
    assert stage.owed(stage.people[1]) == ["moved"]


def test_good_news_waits_until_the_bad_was_accepted() -> None:
    """On time again before the provider answered: the offer waits, then goes."""
    stage = Stage()
    stage.late(60)
    bad = stage.send(accepted=False)
    stage.late(0)
    assert stage.owed() == []
    assert stage.why("earlier_if_suits") == "waits_for_settlement"
    stage.accept(bad)
    assert stage.owed() == ["earlier_if_suits"]


def test_good_news_is_dropped_if_the_bad_failed() -> None:
    """They never heard that it was late."""
    stage = Stage()
    stage.late(60)
    bad = stage.send(accepted=False)
    stage.late(0)
    stage.fail(bad)
    assert stage.owed() == []


def test_coming_after_all_waits_for_not_coming() -> None:
    """The same of *off*: the question waits until *not today* was accepted."""
    stage = Stage()
    stage.expect(OFF)
    bad = stage.send(accepted=False)
    stage.expect(NINE_TO_ELEVEN)
    assert stage.owed() == []
    stage.fail(bad)
    assert stage.owed() == []


def test_bad_news_waits_for_nothing() -> None:
    """Later still: it is owed while the first is with the provider."""
    stage = Stage()
    stage.late(30)
    stage.send(accepted=False)
    stage.late(90)
    assert stage.owed() == ["running_late_again"]


def test_what_does_not_suit_them_is_a_persons_task_until_it_is_settled() -> None:
    """They said no to the time that we still expect: somebody finds one with them."""
    stage = Stage()
    stage.expect(window(8, 10))
    stage.sent_and_delivered()
    stage.say(FactType.DECLINED, window=window(8, 10), person=stage.customer.id)

    assert [task.why for task in stage.plan().tasks] == ["offer_declined"]

    stage.expect(NINE_TO_ELEVEN)
    assert stage.plan().tasks == ()
