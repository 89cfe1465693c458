"""Facts fold to one state, in whatever order they arrived and however often they were said."""

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.facts import Fact, FactSource, FactType, Terms
from notifier.domain.folding import JobState, fold, fold_in
from notifier.domain.jobs import JobKind, JobStatus
from notifier.domain.reasons import Reason
from notifier.domain.windows import OFF, UNKNOWN
from tests.domain.facts_given import APPOINTMENT_FACTS, ORDER_FACTS, PARCELS, facts_of
from tests.domain.stage import NINE_TO_ELEVEN, Stage, window
from tests.fakes.ids import id_number


def believed(state: JobState) -> tuple[object, ...]:
    """Return what a state says, without the ids and arrivals of the facts behind it."""
    return (
        state.status,
        state.promised,
        state.agreed,
        state.expected,
        state.technician,
        state.reason,
        state.by,
        {code: (parcel.status, parcel.expected) for code, parcel in state.parcels.items()},
    )


@given(facts_of(APPOINTMENT_FACTS), st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(facts: list[Fact], random: Random) -> None:
    """Facts with times of their own fold to one state, however they were shuffled."""
    shuffled = list(facts)
    random.shuffle(shuffled)
    there = fold(JobKind.APPOINTMENT, facts)
    assert fold(JobKind.APPOINTMENT, shuffled) == there
    renumbered = [_arrived(fact, seq) for seq, fact in enumerate(shuffled, 1)]
    assert believed(fold(JobKind.APPOINTMENT, renumbered)) == believed(there)


@given(facts_of(ORDER_FACTS), st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter_for_parcels(
    facts: list[Fact], random: Random
) -> None:
    """Carriers deliver their events as they please."""
    shuffled = list(facts)
    random.shuffle(shuffled)
    renumbered = [_arrived(fact, seq) for seq, fact in enumerate(shuffled, 1)]
    there = fold(JobKind.ORDER, facts, PARCELS)
    assert believed(fold(JobKind.ORDER, renumbered, PARCELS)) == believed(there)


@given(facts_of(APPOINTMENT_FACTS), st.integers(0, 100))
def test_saying_it_again_at_once_changes_nothing(facts: list[Fact], which: int) -> None:
    """Every fact may arrive twice."""
    if not facts:
        return
    twice = facts[which % len(facts)]
    again = _arrived(twice, len(facts) + 1, id_of=len(facts) + 1000)
    assert believed(fold(JobKind.APPOINTMENT, [*facts, again])) == believed(
        fold(JobKind.APPOINTMENT, facts)
    )


@given(facts_of(APPOINTMENT_FACTS), st.integers(0, 100))
def test_the_next_fact_carries_the_state_on(facts: list[Fact], which: int) -> None:
    """Folding one fact into what the others add up to is folding them all, whenever it counts."""
    if facts:
        last = facts.pop(which % len(facts))
        before = fold(JobKind.APPOINTMENT, facts)
        assert fold_in(before, facts, last) == fold(JobKind.APPOINTMENT, [*facts, last])


@given(facts_of(ORDER_FACTS), st.integers(0, 100))
def test_the_next_fact_carries_parcels_on(facts: list[Fact], which: int) -> None:
    """So it is of orders, parcel by parcel."""
    if facts:
        last = facts.pop(which % len(facts))
        before = fold(JobKind.ORDER, facts, PARCELS)
        assert fold_in(before, facts, last) == fold(JobKind.ORDER, [*facts, last], PARCELS)


def _arrived(fact: Fact, seq: int, id_of: int | None = None) -> Fact:
    return replace(fact, seq=seq, id=id_number(id_of) if id_of else fact.id)


# --- Minutes ------------------------------------------------------------------------------


@pytest.mark.parametrize("times", [1, 2, 20])
def test_minutes_never_add_up(times: int) -> None:
    """Saying *45 minutes late* twenty times is saying it once."""
    stage = Stage()
    for _ in range(times):
        stage.late(45)
        stage.advance(seconds=5)
    assert stage.state.expected == NINE_TO_ELEVEN.shifted(45)


def test_minutes_shift_what_was_agreed_last() -> None:
    """After a move was agreed, lateness counts from the new time; promised is kept."""
    stage = Stage()
    moved = window(14, 16)
    stage.say(FactType.RESCHEDULED, window=moved, agreed=True)
    stage.advance(minutes=5)
    stage.late(30)
    assert stage.state.expected == moved.shifted(30)
    assert stage.state.agreed == moved
    assert stage.state.promised == NINE_TO_ELEVEN


def test_no_minutes_late_is_the_original_time() -> None:
    """`minutes: 0` says that the agreed window holds after all."""
    stage = Stage()
    stage.late(45)
    stage.advance(minutes=1)
    stage.late(0)
    assert stage.state.expected == NINE_TO_ELEVEN


def test_a_late_time_that_suits_leaves_agreed() -> None:
    """Only an accepted offer or an agreed move changes `agreed`."""
    stage = Stage()
    stage.late(60)
    stage.advance(minutes=1)
    late = NINE_TO_ELEVEN.shifted(60)
    stage.say(FactType.ACCEPTED, window=late, terms=Terms.SUITS)
    assert stage.state.agreed == NINE_TO_ELEVEN
    stage.say(FactType.ACCEPTED, window=window(8, 10), terms=Terms.OFFER)
    assert stage.state.agreed == window(8, 10)


def test_a_move_that_was_not_agreed_only_changes_what_is_expected() -> None:
    """`agreed: false` is news, not a new promise."""
    stage = Stage()
    stage.say(FactType.RESCHEDULED, window=window(14, 16), agreed=False)
    assert stage.state.expected == window(14, 16)
    assert stage.state.agreed == NINE_TO_ELEVEN


# --- Order in time ------------------------------------------------------------------------


def test_an_older_fact_that_arrives_later_never_moves_state_back() -> None:
    """A scan of an hour ago that comes now is history."""
    stage = Stage()
    before = stage.now
    stage.advance(hours=1)
    stage.say(FactType.ARRIVED)
    stage.expect(window(10, 12))
    stage.advance(minutes=1)
    stage.say(FactType.EN_ROUTE, occurred_at=before + timedelta(minutes=5))
    stage.say(FactType.DELAYED, minutes=15, occurred_at=before + timedelta(minutes=10))
    assert stage.state.status is JobStatus.ARRIVED


def test_a_clock_that_runs_ahead_can_not_overtake_the_future() -> None:
    """A fact counts from when it was received if it claims to be from later."""
    stage = Stage()
    stage.say(FactType.DELAYED, minutes=90, occurred_at=stage.now + timedelta(hours=9))
    stage.advance(minutes=1)
    stage.late(15)
    assert stage.state.expected == NINE_TO_ELEVEN.shifted(15)


def test_a_booking_window_learnt_later_takes_its_place_by_its_own_time() -> None:
    """It becomes promised and agreed, and sets what is expected only where nothing else has."""
    stage = Stage(promised=None)
    early = stage.now
    assert (stage.state.promised, stage.state.agreed, stage.state.expected) == (None,) * 3
    stage.advance(hours=2)
    stage.expect(window(13, 15))
    stage.advance(hours=1)
    stage.say(FactType.BOOKED, window=NINE_TO_ELEVEN, occurred_at=early + timedelta(minutes=1))
    assert stage.state.promised == stage.state.agreed == NINE_TO_ELEVEN
    assert stage.state.expected == window(13, 15)


def test_without_a_window_the_first_one_told_by_phone_is_the_promise() -> None:
    """It stays empty until then."""
    stage = Stage(promised=None)
    stage.expect(window(13, 15))
    assert stage.state.promised is None
    stage.advance(minutes=1)
    stage.say(FactType.TOLD, window=window(13, 15))
    assert stage.state.promised == stage.state.agreed == window(13, 15)


# --- Withdrawal ---------------------------------------------------------------------------


def test_a_withdrawn_fact_counts_nowhere() -> None:
    """State is as if it had never been said, reason included."""
    stage = Stage()
    before = believed(stage.state)
    late = stage.say(FactType.DELAYED, minutes=45, reason=Reason.TRAFFIC)
    stage.advance(minutes=1)
    stage.take_back(late)
    assert believed(stage.state) == before


def test_withdrawal_takes_the_repeats_with_it() -> None:
    """Said three times by two people, taken back once."""
    stage = Stage()
    stage.late(45)
    stage.advance(minutes=1)
    second = stage.late(45)
    stage.advance(minutes=1)
    stage.say(FactType.DELAYED, minutes=45, source=FactSource.TECHNICIAN)
    stage.advance(minutes=1)
    stage.take_back(second)
    assert stage.state.expected == NINE_TO_ELEVEN


def test_said_again_after_the_withdrawal_it_counts() -> None:
    """Late, withdrawn, late again: late."""
    stage = Stage()
    first = stage.late(45)
    stage.advance(minutes=1)
    stage.take_back(first)
    stage.advance(minutes=1)
    stage.late(45)
    assert stage.state.expected == NINE_TO_ELEVEN.shifted(45)


def test_said_again_after_another_word_it_is_no_repeat() -> None:
    """45, then 60, then 45: to take the first back leaves the last."""
    stage = Stage()
    first = stage.late(45)
    stage.advance(minutes=1)
    stage.late(60)
    stage.advance(minutes=1)
    stage.late(45)
    stage.advance(minutes=1)
    stage.take_back(first)
    assert stage.state.expected == NINE_TO_ELEVEN.shifted(45)


def test_what_was_taken_back_in_between_does_not_make_a_repeat_a_new_claim() -> None:
    """45, 60 by mistake, the 60 taken back, 45 again: one claim of 45."""
    stage = Stage()
    first = stage.late(45)
    stage.advance(minutes=1)
    mistake = stage.late(60)
    stage.advance(minutes=1)
    stage.take_back(mistake)
    stage.advance(minutes=1)
    stage.late(45)
    stage.advance(minutes=1)
    stage.take_back(first)
    assert stage.state.expected == NINE_TO_ELEVEN


def test_a_second_attempt_on_another_day_is_no_repeat_of_the_first() -> None:
    """Attempted, out again, attempted: each is a fact of its own."""
    order = Stage(kind=JobKind.ORDER)
    first = order.say(FactType.ATTEMPTED)
    order.advance(days=1)
    order.say(FactType.OUT_FOR_DELIVERY)
    order.advance(hours=4)
    order.say(FactType.ATTEMPTED)
    order.advance(minutes=1)
    order.take_back(first)
    assert order.state.status is JobStatus.ATTEMPTED


def test_a_cancellation_taken_back_brings_the_visit_back() -> None:
    """Status and time are as before it."""
    stage = Stage()
    cancelled = stage.say(FactType.CANCELLED)
    assert (stage.state.expected, stage.state.finished) == (OFF, True)
    stage.advance(minutes=1)
    stage.take_back(cancelled)
    assert stage.state.expected == NINE_TO_ELEVEN
    assert stage.state.status is JobStatus.SCHEDULED


def test_what_is_believed_again_is_so_since_the_other_word_was_taken_back() -> None:
    """A mistake about something else, or one from before it, is none of it."""
    stage = Stage()
    before = stage.late(30)
    stage.advance(hours=1)
    stage.late(45)
    stage.advance(hours=1)
    mistake = stage.late(60)
    under_way = stage.say(FactType.EN_ROUTE)
    again = [stage.state.expected_again]
    stage.advance(hours=1)
    taken_back = stage.take_back(mistake)
    stage.advance(hours=1)
    stage.take_back(under_way)
    stage.take_back(before)
    again.append(stage.state.expected_again)
    stage.late(90)
    again.append(stage.state.expected_again)
    assert again == [None, taken_back, None]


# --- Parcels ------------------------------------------------------------------------------


def two_parcels() -> Stage:
    """Return an order in two parcels, promised for the 24th."""
    return Stage(kind=JobKind.ORDER, parcels=("A", "B"))


def test_an_order_is_delivered_when_all_its_parcels_are() -> None:
    """One of two is not the order."""
    order = two_parcels()
    order.say(FactType.DELIVERED, parcel="A")
    assert not order.state.finished
    order.advance(minutes=1)
    order.say(FactType.DELIVERED, parcel="B")
    assert order.state.status is JobStatus.DELIVERED


def test_an_order_does_not_end_with_one_parcel_sent_back() -> None:
    """The other one is still awaited."""
    order = two_parcels()
    order.say(FactType.RETURNED, parcel="A")
    assert not order.state.finished


def test_an_order_comes_when_its_slowest_parcel_does() -> None:
    """A parcel that nobody has spoken of comes as promised; a late one makes the order late."""
    order = two_parcels()
    order.say(FactType.IN_TRANSIT, parcel="A", expected=window(8, 20, day=23))
    assert order.state.expected == NINE_TO_ELEVEN, "B is awaited as promised"
    order.advance(minutes=1)
    slow = order.say(FactType.IN_TRANSIT, parcel="B", expected=window(8, 20, day=26))
    order.advance(minutes=1)
    order.say(FactType.IN_TRANSIT, parcel="A", expected=window(8, 20, day=25))
    assert order.state.expected == window(8, 20, day=26)
    assert order.state.expected_fact == slow  # what is said of A is not what B rests on


def test_a_delivered_parcel_holds_the_order_up_no_longer() -> None:
    """Only parcels still awaited say when the order is there."""
    order = two_parcels()
    order.say(FactType.DELAYED, parcel="A", expected=window(8, 20, day=27))
    order.advance(minutes=1)
    order.say(FactType.DELAYED, parcel="B", expected=window(8, 20, day=25))
    order.advance(minutes=1)
    order.say(FactType.DELIVERED, parcel="A")
    assert order.state.expected == window(8, 20, day=25)


def test_one_lost_parcel_makes_the_order_unknown() -> None:
    """When nobody knows, nothing is invented."""
    order = two_parcels()
    order.say(FactType.EXCEPTION, parcel="A", expected=UNKNOWN)
    assert order.state.expected is UNKNOWN


def test_a_fact_that_names_no_parcel_speaks_of_them_all() -> None:
    """The shop says that the whole order is late."""
    order = two_parcels()
    order.expect(window(8, 20, day=28))
    assert {parcel.expected for parcel in order.state.parcels.values()} == {window(8, 20, day=28)}


def test_what_one_parcel_does_is_not_lost_because_the_order_is_elsewhere() -> None:
    """A was attempted; that B was shipped, and when it comes, is still news."""
    order = two_parcels()
    order.say(FactType.ATTEMPTED, parcel="A")
    order.advance(minutes=1)
    order.say(FactType.SHIPPED, parcel="B", expected=window(8, 20, day=27))
    assert order.state.status is JobStatus.ATTEMPTED
    assert order.state.parcels["B"].status is JobStatus.SHIPPED
    assert order.state.expected == window(8, 20, day=27)


def test_what_is_said_of_a_parcel_that_the_order_has_no_more_counts_nowhere() -> None:
    """Its number was somebody else's; that the shop sent it is true under the right one."""
    order = Stage(kind=JobKind.ORDER, parcels=("B",))
    order.say(FactType.SHIPPED, source=FactSource.SHOP, parcel="A")
    before = order.state
    wrong = order.say(FactType.DELIVERED, parcel="A", expected=window(8, 20, day=27))

    assert believed(order.state) == believed(before)
    assert order.state.status is JobStatus.SHIPPED
    assert order.state.withdrawn == {wrong.id}
    assert fold_in(before, order.facts[:-1], wrong) == order.state


def test_a_parcel_that_is_gone_does_not_end_what_was_said_of_another() -> None:
    """So a fact that repeats the one in force is still withdrawn with it."""
    order = Stage(kind=JobKind.ORDER, parcels=("B",))
    first = order.say(FactType.DELAYED, expected=window(8, 20, day=27))
    gone = order.say(FactType.DELAYED, parcel="A", expected=window(8, 20, day=28))
    again = order.say(FactType.DELAYED, expected=window(8, 20, day=27))
    order.say(FactType.WITHDRAWN, withdraws=first.id)

    assert order.state.withdrawn == {first.id, gone.id, again.id}
