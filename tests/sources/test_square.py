"""Square: the signed address, what every status means, and what it can't say."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from notifier.domain.facts import FactType
from notifier.domain.jobs import JobKind
from notifier.domain.reasons import Party
from notifier.domain.windows import Window
from notifier.sources.protocol import ByReference, Ignored, Incoming, SourceEvent, Untranslatable
from notifier.sources.square import (
    BOOKING_STATUSES,
    FULFILLMENT_STATES,
    ORDER_STATES,
    delivery_id,
    translate,
    verify,
)
from tests.sources.in_words import in_words
from tests.sources.odd_bodies import oddities
from tests.sources.samples import SAMPLES, needs_samples, sample_json
from tests.sources.square_events import URL, booking, delivered, event, order, sign

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
START = NOW + 24 * HOUR


def one(body: dict[str, Any]) -> SourceEvent:
    """Return the one fact of an event that has it."""
    answer = translate(delivered(body))
    assert isinstance(answer, tuple), answer
    (only,) = answer
    return only


def why_ignored(body: dict[str, Any]) -> str:
    """Return why an event is nothing for us."""
    answer = translate(delivered(body))
    assert isinstance(answer, Ignored), answer
    return answer.why


def fulfilled(*changes: tuple[str | None, str]) -> dict[str, Any]:
    """Return the event of fulfillments that went from one state to another."""
    return order(
        "order.fulfillment.updated",
        NOW,
        "OPEN",
        fulfillment_update=[
            {"fulfillment_uid": str(nth), "old_state": old, "new_state": new}
            for nth, (old, new) in enumerate(changes)
        ],
    )


@needs_samples
def test_the_published_vectors_verify_as_stated() -> None:
    """The address is signed with the body."""
    for case in sample_json("vectors/square.json")["cases"]:
        headers = {"x-square-hmacsha256-signature": case["signature"]}
        body = case["payload"].encode()
        incoming = Incoming(headers, body, case["notification_url"])
        assert verify([case["key"]], incoming, NOW) is case["valid"], case["name"]
        for changed in (
            Incoming(headers, body + b" ", case["notification_url"]),
            Incoming(headers, body, case["notification_url"] + "/"),
        ):
            assert not verify([case["key"]], changed, NOW)


def test_either_secret_signs_while_one_is_being_rotated() -> None:
    """The old key and the new one both count; a third does not, nor another address."""
    for key, good in (("old", True), ("new", True), ("other", False)):
        headers = {"x-square-hmacsha256-signature": sign(key, b"{}")}
        assert verify(["old", "new"], Incoming(headers, b"{}", URL), NOW) is good
    elsewhere = {"x-square-hmacsha256-signature": sign("old", b"{}", URL + "-2")}
    assert not verify(["old"], Incoming(elsewhere, b"{}", URL), NOW)


@pytest.mark.parametrize("given", ["", "nonsense", "é", "a" * 10_000])
def test_a_malformed_signature_is_refused_quietly(given: str) -> None:
    """Nothing that a header can hold makes verifying crash."""
    headers = {"x-square-hmacsha256-signature": given}
    assert verify(["key"], Incoming(headers, b"{}", URL), NOW) is False
    assert verify(["key"], Incoming({}, b"{}", URL), NOW) is False


#: From the enums BookingStatus, OrderState and FulfillmentState.
_VOCABULARY: dict[str, Collection[str]] = {
    "ACCEPTED CANCELLED_BY_CUSTOMER CANCELLED_BY_SELLER DECLINED NO_SHOW PENDING": BOOKING_STATUSES,
    "CANCELED COMPLETED DRAFT OPEN": ORDER_STATES,
    "CANCELED COMPLETED FAILED PREPARED PROPOSED RESERVED": FULFILLMENT_STATES,
}


def test_every_word_of_the_vocabulary_has_a_decided_meaning() -> None:
    """A status that Square lists and our tables lack fails here."""
    for words, table in _VOCABULARY.items():
        assert set(words.split()) == set(table)


_SAMPLES: dict[str, list[str]] = {
    "booking_created_spec": [
        "2020-12-08T19:56:53Z i2id2g3enyspi7 rescheduled",
        "  when: 2020-12-17T16:00:00Z to 2020-12-17T16:30:00Z",
    ],
    "customer_updated_spec": ["ignored: customer.updated is not about a visit or an order"],
    "order_created_spec": ["ignored: ordered in Square: who it is for needs a look-up there"],
    "order_created_test_notification": [
        "ignored: ordered in Square: who it is for needs a look-up there",
    ],
    "order_updated_spec": ["ignored: OPEN owes nothing"],
    "order_updated_test_notification": ["ignored: OPEN owes nothing"],
}


@needs_samples
@pytest.mark.parametrize("sample", _SAMPLES)
def test_each_real_sample_has_its_outcome(sample: str) -> None:
    """What Square documents becomes a fact of its visit at its time, or nothing."""
    answer = translate(delivered(sample_json(f"payloads/square/{sample}.json")))
    assert in_words(answer) == _SAMPLES[sample]


@needs_samples
def test_no_real_sample_is_left_without_an_outcome() -> None:
    """A sample added to the folder must be decided in the table above."""
    found = {path.stem for path in (SAMPLES / "payloads" / "square").glob("*.json")}
    assert found == set(_SAMPLES)


def test_an_accepted_booking_moves_the_visit_with_its_id() -> None:
    """It names nobody to write to, so it books nothing; its time lasts through its segments."""
    for name in ("booking.created", "booking.updated"):
        fact = one({**booking("ACCEPTED", NOW, START), "type": name})
        assert (fact.join, fact.job_kind) == (ByReference("B1"), JobKind.APPOINTMENT)
        assert (fact.type, fact.occurred_at, fact.agreed) == (FactType.RESCHEDULED, NOW, False)
        assert fact.window == Window(START, START + timedelta(minutes=90))
        assert fact.booking is None


def test_a_change_after_it_has_begun_moves_nothing() -> None:
    """A payment or a note says the old time again, which somebody may have moved since."""
    assert why_ignored(booking("ACCEPTED", START, START)) == "no news of when it is"
    odds: list[dict[str, Any]] = [{"start_at": None}, {"start_at": "soon"}]
    for odd in (*odds, {"appointment_segments": []}):
        assert why_ignored(booking("ACCEPTED", NOW, START, **odd)) == "no news of when it is"
    endless = [{"duration_minutes": 10**9}]
    body = booking("ACCEPTED", NOW, START, appointment_segments=endless)
    assert why_ignored(body) == "no news of when it is"


@pytest.mark.parametrize(
    ("status", "by"),
    [
        ("CANCELLED_BY_CUSTOMER", Party.CUSTOMER),
        ("CANCELLED_BY_SELLER", Party.US),
        ("DECLINED", Party.US),
    ],
)
def test_a_cancellation_says_whose_doing_it_is(status: str, by: Party) -> None:
    """In its very name; it has no window."""
    fact = one(booking(status, NOW, START))
    assert (fact.type, fact.by, fact.occurred_at) == (FactType.CANCELLED, by, NOW)
    assert (fact.window, fact.agreed) == (None, None)


def test_a_no_show_is_missed_once_its_time_has_come() -> None:
    """The seller marks as such who stays away, and who cancels too late."""
    after, before = (
        one(booking("NO_SHOW", START + HOUR, START)),
        one(booking("NO_SHOW", NOW, START)),
    )
    assert (after.type, after.by) == (FactType.MISSED, Party.CUSTOMER)
    assert (before.type, before.by) == (FactType.CANCELLED, Party.CUSTOMER)


@pytest.mark.parametrize("status", ["PENDING", "TELEPORTED"])
def test_some_statuses_owe_nothing(status: str) -> None:
    """A request, and statuses not invented yet."""
    assert why_ignored(booking(status, NOW, START)) == f"{status} owes nothing"


@pytest.mark.parametrize(("state", "fact"), [*ORDER_STATES.items(), ("a state of next year", None)])
def test_an_orders_state_calls_it_off_or_owes_nothing(state: str, fact: FactType | None) -> None:
    """Nobody says by whom it was called off; completed is paid, not delivered."""
    body = order("order.updated", NOW, state)
    if fact is None:
        assert why_ignored(body) == f"{state} owes nothing"
        return
    event = one(body)
    assert (event.join, event.job_kind) == (ByReference("O1"), JobKind.ORDER)
    assert (event.type, event.occurred_at, event.by) == (FactType.CANCELLED, NOW, None)


@pytest.mark.parametrize("state", [*FULFILLMENT_STATES, "a state of next year"])
def test_a_fulfillment_says_only_that_it_failed(state: str) -> None:
    """Completed is sent, collected or delivered, and the event does not say which."""
    body = fulfilled(("PROPOSED", "RESERVED"), ("RESERVED", state))
    if state == "FAILED":
        fact = one(body)
        assert (fact.type, fact.join) == (FactType.EXCEPTION, ByReference("O1"))
    else:
        assert why_ignored(body) == "whether it is sent or collected needs a look-up in Square"


def test_a_fulfillment_that_did_not_change_its_state_says_nothing() -> None:
    """A tracking number added to one that failed is no second failure, and two are one."""
    assert why_ignored(fulfilled(("FAILED", "FAILED")))
    assert one(fulfilled((None, "FAILED"), ("RESERVED", "FAILED"))).type is FactType.EXCEPTION


def test_other_events_are_nothing_for_us() -> None:
    """Square's test event among them."""
    why = why_ignored(event("webhooks.test_notification"))
    assert why == "webhooks.test_notification is not about a visit or an order"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"data": {}}, "type"),
        (event("booking.updated"), "data.object.booking"),
        (event("order.updated", order_created={"order_id": "O1"}), "data.object.order_updated"),
        (booking("ACCEPTED", NOW, START, id=None), "data.object.booking.id"),
        (booking("", NOW, START), "data.object.booking.status"),
        (order("order.updated", NOW, "OPEN", order_id=7), "data.object.order_updated.order_id"),
    ],
)
def test_what_cant_be_read_names_its_field(body: dict[str, Any], field: str) -> None:
    """A failed delivery says what to mend."""
    with pytest.raises(Untranslatable) as caught:
        translate(delivered(body))
    assert str(caught.value).startswith(f"{field}: ")


def test_the_events_id_names_the_delivery() -> None:
    """A retry has the same id; an event without a usable one has none."""
    body = booking("ACCEPTED", NOW, START)
    assert delivery_id(delivered(body)) == "e1"
    assert delivery_id(delivered({**body, "event_id": 7})) is None


def test_no_value_in_a_body_crashes_the_translator() -> None:
    """Whatever stands where something else was meant: facts, ignored, or a sentence."""
    for body in (
        booking("ACCEPTED", NOW, START),
        booking("NO_SHOW", NOW, START),
        order("order.updated", NOW, "CANCELED"),
        fulfilled((None, "FAILED")),
    ):
        for odd in oddities(body):
            try:
                answer = translate(delivered(odd))
            except Untranslatable:
                continue
            assert answer
