"""A source that says how something stands, whenever anything changes there, says no news again."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.facts import PROMISE, STATUS, Fact, FactSource, FactType, Standing
from notifier.domain.folding import fold, fold_in
from notifier.domain.jobs import JobKind, JobStatus
from notifier.domain.windows import UNKNOWN, Window
from tests.domain.facts_given import ORDER_FACTS, PARCELS, facts_of
from tests.domain.stage import Stage, window
from tests.domain.test_folding import believed
from tests.fakes.ids import id_number

SHOP, OTHER = id_number(1001), id_number(1002)
TUESDAY = window(8, 20, day=27)


def stage(*parcels: str) -> Stage:
    """Return an order in these parcels."""
    return Stage(kind=JobKind.ORDER, parcels=parcels or ("A",))


def has_it(
    order: Stage, type: FactType, *, of: str | None = "A", source: UUID = SHOP, word: str = ""
) -> Fact:
    """Let a shop say how it has a parcel, an hour after what was said before."""
    order.advance(minutes=60)
    return order.say(
        type,
        source=FactSource.SHOP,
        parcel=of,
        expected=UNKNOWN if type is FactType.DELAYED else None,
        stands=Standing(source, STATUS, word or type.value),
    )


def scanned(order: Stage, type: FactType, *, expected: Window | None = None) -> Fact:
    """Let the carrier say where the parcel is, an hour after what was said before."""
    order.advance(minutes=60)
    return order.say(type, source=FactSource.CARRIER, parcel="A", expected=expected)


def test_what_a_carrier_said_in_between_counts_on() -> None:
    """The status, the day, what each rests on, and who was heard last."""
    order = stage()
    has_it(order, FactType.DELAYED)
    scanned(order, FactType.OUT_FOR_DELIVERY)
    missed = scanned(order, FactType.ATTEMPTED, expected=TUESDAY)
    before = order.state
    again = has_it(order, FactType.DELAYED)

    assert order.state == replace(before, ignored=frozenset({again.id}))
    assert (order.state.status, order.state.expected) == (JobStatus.ATTEMPTED, TUESDAY)
    assert order.state.last_report == missed


def test_another_word_is_news_and_so_is_the_first_one_after_it() -> None:
    """A shop that has it otherwise in between has it on its way again."""
    order = stage()
    has_it(order, FactType.OUT_FOR_DELIVERY)
    has_it(order, FactType.ATTEMPTED)
    has_it(order, FactType.OUT_FOR_DELIVERY)

    assert order.state.status is JobStatus.OUT_FOR_DELIVERY
    assert not order.state.ignored


def test_what_happened_anew_is_news_and_what_only_has_it_so_since_is_not() -> None:
    """An event on the next day is another one; the shop's own state follows from it."""
    order = stage()
    has_it(order, FactType.OUT_FOR_DELIVERY)
    scanned(order, FactType.ATTEMPTED)
    order.advance(minutes=60)
    word = Standing(SHOP, STATUS, FactType.OUT_FOR_DELIVERY.value, anew=True)
    anew = order.say(FactType.OUT_FOR_DELIVERY, source=FactSource.SHOP, parcel="A", stands=word)
    assert order.state.status_fact == anew

    scanned(order, FactType.ATTEMPTED)
    still = has_it(order, FactType.OUT_FOR_DELIVERY)
    assert order.state.status is JobStatus.ATTEMPTED
    assert order.state.ignored == {still.id}


def test_two_words_of_one_meaning_are_two() -> None:
    """What it says for the first time breaks the silence, though the status is the same."""
    order = stage()
    has_it(order, FactType.IN_TRANSIT, word="carrier_picked_up")
    second = has_it(order, FactType.IN_TRANSIT, word="in_transit")

    assert order.state.last_report == second


def test_each_source_and_each_parcel_has_a_word_of_its_own() -> None:
    """What one has in one parcel is not what another has, nor what is in the next parcel."""
    order = stage("A", "B")
    has_it(order, FactType.OUT_FOR_DELIVERY)
    has_it(order, FactType.OUT_FOR_DELIVERY, of="B")
    has_it(order, FactType.OUT_FOR_DELIVERY, source=OTHER)
    assert not order.state.ignored

    again = has_it(order, FactType.OUT_FOR_DELIVERY)
    assert order.state.ignored == {again.id}


def test_a_word_about_the_whole_order_is_about_its_parcels() -> None:
    """So a parcel that gets its code later is where the order was said to be."""
    order = stage("A", "B")
    has_it(order, FactType.OUT_FOR_DELIVERY, of=None)
    scanned(order, FactType.ATTEMPTED)
    again = has_it(order, FactType.OUT_FOR_DELIVERY)
    assert order.state.ignored == {again.id}

    has_it(order, FactType.ATTEMPTED, of="B")
    has_it(order, FactType.EXCEPTION, of=None)
    has_it(order, FactType.ATTEMPTED, of="B")
    assert order.state.ignored == {again.id}


def test_a_promise_and_a_status_are_two_things() -> None:
    """What a shop promises of the order is no word about where its parcels are."""
    order = stage()
    has_it(order, FactType.OUT_FOR_DELIVERY, of=None)
    order.advance(minutes=60)
    promise = Standing(SHOP, PROMISE, "the 27th")
    order.say(FactType.DELAYED, source=FactSource.SHOP, expected=TUESDAY, stands=promise)
    again = has_it(order, FactType.OUT_FOR_DELIVERY, of=None)
    assert order.state.ignored == {again.id}

    scanned(order, FactType.IN_TRANSIT, expected=window(8, 20, day=28))
    order.say(FactType.DELAYED, source=FactSource.SHOP, expected=TUESDAY, stands=promise)
    assert order.state.expected == window(8, 20, day=28)


def test_the_word_of_a_parcel_that_was_a_mistake_is_none() -> None:
    """The right code is as the wrong one was, and says so for the first time."""
    order = stage("B")
    has_it(order, FactType.OUT_FOR_DELIVERY, of="A")
    has_it(order, FactType.OUT_FOR_DELIVERY, of="B")

    assert order.state.parcels["B"].status is JobStatus.OUT_FOR_DELIVERY


def test_what_staff_put_right_is_not_undone_by_the_old_word() -> None:
    """Taken back as a mistake, it is not said anew by a source that only has it so still."""
    order = stage()
    wrong = has_it(order, FactType.DELIVERED)
    order.say(FactType.WITHDRAWN, withdraws=wrong.id)
    still = has_it(order, FactType.DELIVERED)

    assert order.state.status is JobStatus.ORDERED
    assert {wrong.id, still.id} <= order.state.withdrawn


def test_taking_back_what_was_said_again_takes_it_back() -> None:
    """Staff see the last line, and mean what it says, whatever was said in between."""
    order = stage()
    first = has_it(order, FactType.OUT_FOR_DELIVERY)
    scanned(order, FactType.ATTEMPTED)
    again = has_it(order, FactType.OUT_FOR_DELIVERY)
    order.say(FactType.WITHDRAWN, withdraws=again.id)

    assert order.state.withdrawn == {first.id, again.id}
    assert order.state.status is JobStatus.ATTEMPTED


_STANDING = ORDER_FACTS.flatmap(
    lambda claims: st.sampled_from([SHOP, OTHER, None]).map(
        lambda source: (
            claims
            if source is None or claims["type"] is FactType.WITHDRAWN
            else claims | {"stands": Standing(source, STATUS, claims["type"].value)}
        )
    )
)


@given(facts_of(_STANDING), st.randoms(use_true_random=False), st.integers(0, 100))
def test_in_whatever_order_it_is_said_it_comes_to_the_same(
    facts: list[Fact], random: object, which: int
) -> None:
    """Shuffled, and carried on by any of them."""
    there = fold(JobKind.ORDER, facts, PARCELS)
    shuffled = list(facts)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    late = [replace(fact, seq=seq) for seq, fact in enumerate(shuffled, 1)]
    assert believed(fold(JobKind.ORDER, late, PARCELS)) == believed(there)

    last = facts.pop(which % len(facts))
    before = fold(JobKind.ORDER, facts, PARCELS)
    assert fold_in(before, facts, last) == there
