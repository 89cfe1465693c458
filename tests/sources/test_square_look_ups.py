"""Square, with a key: who visits and orders are for, and what became of what."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from notifier.domain.facts import FactType
from notifier.domain.jobs import JobKind
from notifier.domain.windows import Window
from notifier.sources.parts.vendor_addresses import is_at
from notifier.sources.protocol import (
    BookedParcel,
    BookedPerson,
    ByReference,
    Ignored,
    Incoming,
    Needs,
    SourceEvent,
    Untranslatable,
)
from notifier.sources.square import FULFILLMENT_STATES, translate
from notifier.sources.square_look_ups import ASKING, FULFILLMENTS
from tests.sources.odd_bodies import oddities
from tests.sources.samples import needs_samples, sample_json
from tests.sources.square_events import (
    asked,
    booking,
    customer,
    location,
    looked_up,
    order,
    service,
)

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
START = NOW + 24 * HOUR
API = "https://connect.squareup.com/v2"

VISIT = {"customer": customer(), "service": service(), "location": location()}


def questions(incoming: Incoming) -> list[tuple[str, str]]:
    """Return what is still to be asked."""
    needs = translate(incoming)
    assert isinstance(needs, Needs), needs
    return [(one.name, one.url) for one in needs.unanswered(incoming.answers)]


def events(body: dict[str, Any], answers: dict[str, Any]) -> tuple[SourceEvent, ...]:
    """Return what an event says once it is answered."""
    answer = translate(asked(body, answers))
    assert isinstance(answer, tuple), answer
    return answer


def visit(**changes: Any) -> dict[str, Any]:
    """Return the event of an accepted visit."""
    return booking(
        "ACCEPTED",
        NOW,
        START,
        created_at=(NOW - HOUR).isoformat(),
        location_id="L1",
        appointment_segments=[{"duration_minutes": 60, "service_variation_id": "S_1-a"}],
        **changes,
    )


def changed(old: str | None, new: str) -> dict[str, Any]:
    """Return the event of the order's fulfillment that went from one state to another."""
    update = {"fulfillment_uid": "F1", "old_state": old, "new_state": new}
    return order("order.fulfillment.updated", NOW, "OPEN", fulfillment_update=[update])


def person(event: SourceEvent) -> BookedPerson:
    """Return for whom it is booked."""
    assert event.booking is not None
    (only,) = event.booking.people
    return only


def test_a_visit_is_booked_with_its_customer_service_and_zone() -> None:
    """The three are asked for at once, at Square's own host."""
    assert questions(asked(visit())) == [
        ("customer", f"{API}/customers/C1"),
        ("service", f"{API}/catalog/object/S_1-a?include_related_objects=true"),
        ("location", f"{API}/locations/L1"),
    ]
    assert all(is_at(ASKING.hosts, url) for _, url in questions(asked(visit())))
    (fact,) = events(visit(), VISIT)
    assert (fact.type, fact.job_kind, fact.join) == (
        FactType.BOOKED,
        JobKind.APPOINTMENT,
        ByReference("B1"),
    )
    assert fact.occurred_at == NOW
    assert fact.booking is not None
    assert fact.booking.as_it_stands
    assert fact.booking.service == "Boiler repair"
    assert fact.booking.window == Window(START, START + HOUR)
    assert fact.booking.zone == "America/Denver"
    assert fact.booking.made_at == NOW - HOUR
    who = person(fact)
    assert (who.reference, who.name) == ("C1", "Ada Park")
    assert (who.phone, who.email) == ("+12065550100", "ada@example.com")


@needs_samples
def test_the_documented_booking_asks_for_whom_it_is() -> None:
    """As it stands in Square's own specification."""
    sample = sample_json("payloads/square/booking_created_spec.json")
    assert [name for name, _ in questions(asked(sample))] == ["customer", "service", "location"]


def test_what_is_gone_at_square_costs_no_booking() -> None:
    """A customer, a service or a location that was deleted; or none was named."""
    gone = translate(
        Incoming(
            {},
            asked(visit()).body,
            answers={"customer": b"", "service": b"", "location": b""},
            can_ask=True,
        )
    )
    assert isinstance(gone, tuple)
    assert gone[0].booking is not None
    assert (gone[0].booking.service, gone[0].booking.zone) == ("your appointment", None)
    assert (person(gone[0]).reference, person(gone[0]).phone) == ("C1", None)
    nameless = booking("ACCEPTED", NOW, START, customer_id=None)
    assert person(events(nameless, {})[0]).name is None


@pytest.mark.parametrize("status", ["CANCELLED_BY_CUSTOMER", "NO_SHOW", "PENDING"])
def test_nobody_is_asked_about_what_an_event_says_by_itself(status: str) -> None:
    """It means the same with a key as without."""
    body = booking(status, NOW, START)
    assert translate(asked(body)) == translate(Incoming({}, asked(body).body))
    late = booking("ACCEPTED", START, START)
    assert isinstance(translate(asked(late)), Ignored)
    called_off = order("order.updated", NOW, "CANCELED")
    (fact,) = events(called_off, {})
    assert fact.type is FactType.CANCELLED


def test_every_state_of_every_type_has_a_decided_meaning() -> None:
    """What the enums FulfillmentType and FulfillmentState list."""
    assert set(FULFILLMENTS) == {"SHIPMENT", "PICKUP", "DELIVERY"}
    for states in FULFILLMENTS.values():
        assert set(states) == set(FULFILLMENT_STATES)


@pytest.mark.parametrize("kind", FULFILLMENTS)
@pytest.mark.parametrize("state", [*FULFILLMENT_STATES, "a state of next year"])
def test_what_became_of_it_is_told_apart_by_what_it_is(kind: str, state: str) -> None:
    """At the time that its details state, else when the order changed."""
    meaning = FULFILLMENTS[kind].get(state)
    at = NOW - HOUR
    details = {meaning[1]: at.isoformat()} if meaning is not None else {}
    answers = {"order": looked_up(NOW, kind, state, **details), "customer": customer()}
    booked, *facts = events(changed("RESERVED", state), answers)
    assert booked.type is FactType.BOOKED
    if meaning is None:
        assert facts == []
        return
    (fact,) = facts
    assert (fact.type, fact.occurred_at, fact.join) == (meaning[0], at, ByReference("O1"))
    answers["order"] = looked_up(NOW, kind, state)
    assert events(changed("RESERVED", state), answers)[1].occurred_at == NOW


def test_an_order_is_asked_for_and_then_its_customer() -> None:
    """In two rounds, for the event names neither."""
    made = order("order.created", NOW, "OPEN")
    assert questions(asked(made)) == [("order", f"{API}/orders/O1")]
    answers = {"order": looked_up(NOW, "SHIPMENT")}
    assert questions(asked(made, answers)) == [("customer", f"{API}/customers/C1")]
    (booked,) = events(made, answers | {"customer": customer()})
    assert (booked.type, booked.join) == (FactType.BOOKED, ByReference("O1"))
    assert booked.booking is not None
    assert booked.booking.items == ("Kettle",)
    assert booked.booking.made_at == NOW
    assert booked.booking.address == "12 Elm Street, Fresno, US"
    assert booked.booking.window is None, "that of the carrier is not known"
    assert person(booked).phone == "+12065550100"


def test_what_the_business_brings_has_the_window_that_it_states() -> None:
    """Never one that is made up; and what is collected comes when the customer does."""
    at = {"deliver_at": START.isoformat()}
    for kind, details, window in (
        ("DELIVERY", at | {"delivery_window_duration": "PT1H30M"}, (START, START + 1.5 * HOUR)),
        ("DELIVERY", at | {"delivery_window_duration": "P1D"}, (START, START + 24 * HOUR)),
        ("DELIVERY", at, None),
        ("DELIVERY", at | {"delivery_window_duration": "soon"}, None),
        ("DELIVERY", at | {"delivery_window_duration": "P999D"}, None),
        ("PICKUP", {"pickup_at": START.isoformat(), "pickup_window_duration": "PT1H"}, None),
        ("SHIPMENT", {"expected_shipped_at": START.isoformat()}, None),
    ):
        answers = {"order": looked_up(NOW, kind, **details), "customer": customer()}
        (booked,) = events(order("order.updated", NOW, "OPEN"), answers)
        assert booked.booking is not None
        assert booked.booking.window == (Window(*window) if window else None)


def test_a_tracking_number_gives_the_order_its_parcel_also_when_it_comes_later() -> None:
    """Completed is said again then, with nothing changed but the number."""
    details = {"shipped_at": NOW.isoformat(), "tracking_number": "1z 999", "carrier": "UPS"}
    answers = {"order": looked_up(NOW, "SHIPMENT", "COMPLETED", **details), "customer": customer()}
    for old in ("PREPARED", "COMPLETED"):
        _, sent = events(changed(old, "COMPLETED"), answers)
        assert (sent.type, sent.occurred_at) == (FactType.SHIPPED, NOW)
        assert sent.adds_parcel == BookedParcel(carrier="UPS", tracking_code="1Z999")
    assert len(events(changed("FAILED", "FAILED"), answers)) == 1


def test_the_number_at_a_gifts_address_is_not_the_buyers() -> None:
    """Without a customer on record it is the recipient's, for nobody else is known."""
    answers: dict[str, Any] = {"order": looked_up(NOW, "SHIPMENT")}
    buyer = {"given_name": "Bea", "family_name": "Lane", "phone_number": None}
    body = order("order.created", NOW, "OPEN")
    gift = person(events(body, answers | {"customer": customer(**buyer)})[0])
    assert (gift.name, gift.phone, gift.email) == ("Bea Lane", None, "ada@example.com")
    answers["order"]["order"]["customer_id"] = None
    recipient = answers["order"]["order"]["fulfillments"][0]["shipment_details"]["recipient"]
    del recipient["customer_id"]
    alone = person(events(body, answers)[0])
    assert (alone.name, alone.phone, alone.reference) == ("Ada Park", "+12065550100", None)


def test_a_sale_over_the_counter_is_no_order_of_ours() -> None:
    """Nothing of it is sent, brought or collected; nor is a draft, or what was called off."""
    sale = looked_up(NOW, "SHIPMENT")
    sale["order"]["fulfillments"] = []
    draft, off = looked_up(NOW, "SHIPMENT"), looked_up(NOW, "SHIPMENT")
    draft["order"]["state"], off["order"]["state"] = "DRAFT", "CANCELED"
    for answer in (sale, draft, off, looked_up(NOW, "IN_STORE")):
        said = translate(asked(order("order.created", NOW, "OPEN"), {"order": answer}))
        assert isinstance(said, Ignored)


def test_an_id_that_is_none_of_squares_is_no_part_of_an_address() -> None:
    """An event is signed; yet nothing but ids goes into what is asked."""
    with pytest.raises(Untranslatable, match="order_id: "):
        translate(asked(order("order.created", NOW, "OPEN", order_id="../payments?x=")))
    assert questions(asked(visit(customer_id="../x"))) == questions(asked(visit()))[1:]


def test_a_key_is_a_bearer_token() -> None:
    """As Square wants it."""
    assert ASKING.headers("EAAA") == {"Authorization": "Bearer EAAA"}
    assert ASKING.takes_key("EAAA")
    assert not ASKING.takes_key("EA AA")


def test_no_answer_crashes_the_translator() -> None:
    """Whatever stands where something else was meant: events, questions, or a sentence."""
    details = {"deliver_at": START.isoformat(), "delivery_window_duration": "PT1H"}
    of_order = {
        "order": looked_up(NOW, "DELIVERY", "COMPLETED", **details),
        "customer": customer(),
    }
    for body, answers in ((visit(), VISIT), (changed("RESERVED", "COMPLETED"), of_order)):
        for name in answers:
            for odd in oddities(answers[name]):
                try:
                    translate(asked(body, answers | {name: odd}))
                except Untranslatable:
                    continue
    for odd in oddities(changed("RESERVED", "COMPLETED")):
        try:
            translate(asked(odd, of_order))
        except Untranslatable:
            continue
