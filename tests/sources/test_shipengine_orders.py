"""ShipStation's API v2: the orders and parcels that its webhooks point to."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from notifier.domain.facts import FactType
from notifier.sources.parts.estimates import LocalDay
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
from notifier.sources.shipengine import translate
from notifier.sources.shipengine_orders import ASKING, LISTS, SHIPMENT_STATUSES
from tests.sources.odd_bodies import oddities
from tests.sources.samples import needs_samples, sample_bytes
from tests.sources.shipengine_lists import (
    LABELS,
    ORDER,
    ORDERS,
    SENT_ELSEWHERE,
    delivered,
    fulfillment,
    label,
    order,
    page,
    pointer,
)

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def events(about: str, url: str, answers: dict[str, Any]) -> tuple[SourceEvent, ...]:
    """Return what a webhook says once it is answered."""
    answer = translate(delivered(pointer(about, url), answers))
    assert isinstance(answer, tuple), answer
    return answer


def ordered(*orders: Any) -> tuple[SourceEvent, ...]:
    """Return what a webhook about these orders says."""
    return events("SHIPMENT_CREATED_V2", ORDERS, {"page 1": page("shipments", *orders)})


def customer(event: SourceEvent) -> BookedPerson:
    """Return for whom it is booked."""
    assert event.booking is not None
    (person,) = event.booking.people
    return person


@needs_samples
def test_the_real_pointer_leads_to_its_list() -> None:
    """At ShipStation's own host, as it is written; without a key it is left alone."""
    body = sample_bytes("payloads/shipstation/fulfillment_shipped_v2_pointer_real.json")
    needs = translate(Incoming({}, body, can_ask=True))
    assert isinstance(needs, Needs)
    (question,) = needs.questions
    assert question.url.endswith(
        "/v2/fulfillments?fulfillment_id=se-16731019&shipment_id=se-412669417"
    )
    assert is_at(ASKING.hosts, question.url)
    assert isinstance(translate(Incoming({}, body)), Ignored)


def test_every_status_of_an_order_has_a_decided_meaning() -> None:
    """What ShipStation's API v2 lists as `shipment_status`."""
    assert set(SHIPMENT_STATUSES) == {"pending", "processing", "label_purchased", "cancelled"}


@pytest.mark.parametrize(("status", "awaited"), [*SHIPMENT_STATUSES.items(), ("a new one", False)])
def test_only_orders_that_somebody_waits_for_are_booked(status: str, awaited: bool) -> None:
    """Not those that are called off, or whose status nobody knows here."""
    other = order(NOW, shipment_number="2")
    assert len(ordered(order(NOW, shipment_status=status), other)) == 1 + awaited


def test_an_order_is_booked_with_its_day_and_its_customer() -> None:
    """Under its number; the day is the one by which the shop means to deliver."""
    (fact,) = ordered(order(NOW, deliver_by_date="2026-11-27T00:00:00Z"))
    assert (fact.type, fact.join, fact.occurred_at) == (FactType.BOOKED, ByReference("100044"), NOW)
    assert fact.booking is not None
    assert fact.booking.window == LocalDay(date(2026, 11, 27))
    assert fact.booking.made_at == NOW
    assert fact.booking.items == ("Kettle",)
    assert fact.booking.address == "12 Elm Street, Fresno, CA, 93650, US"
    assert fact.booking.as_it_stands
    person = customer(fact)
    assert (person.name, person.phone) == ("Ada Park", "+12065550100")
    assert person.email == "ada@example.com"
    (undated,) = ordered(order(NOW))
    assert undated.booking is not None
    assert undated.booking.window is None


def test_whoever_gets_a_present_is_not_told_of_it() -> None:
    """The mail is the buyer's; name and number are those of the address."""
    person = customer(ordered(order(NOW, is_gift=True))[0])
    assert (person.name, person.phone, person.email) == (None, None, "ada@example.com")


def test_a_split_order_is_one_order_with_two_parcels() -> None:
    """Two shipments of one number; their labels come in one webhook."""
    first, second = order(NOW), order(NOW, shipment_id="se-413")
    assert len(ordered(first, second)) == 1
    labels = [label(NOW), label(NOW, "383144914556", shipment_id="se-413")]
    answers = {"page 1": page("labels", *labels)}
    needs = translate(delivered(pointer("LABEL_CREATED_V2", LABELS), answers))
    assert isinstance(needs, Needs)
    assert [one.url for one in needs.questions] == [ORDER, ORDER.replace("412", "413")]

    answers |= {"order se-412": first, "order se-413": second}
    booked, *sent = events("LABEL_CREATED_V2", LABELS, answers)

    assert booked == ordered(first)[0]
    assert [one.parcel for one in sent] == ["383144378470", "383144914556"]
    assert {one.type for one in sent} == {FactType.SHIPPED}
    assert {one.join for one in sent} == {ByReference("100044")}
    assert sent[0].adds_parcel == BookedParcel(carrier="fedex", tracking_code="383144378470")


def test_what_was_sent_by_somebody_elses_label_is_sent_too() -> None:
    """It books the same order; if that is gone, what it says itself must do."""
    answers = {"page 1": page("fulfillments", fulfillment(NOW))}
    known = events("FULFILLMENT_SHIPPED_V2", SENT_ELSEWHERE, answers | {"order se-412": order(NOW)})
    assert known[0] == ordered(order(NOW))[0]
    gone = translate(
        Incoming(
            {},
            pointer("FULFILLMENT_SHIPPED_V2", SENT_ELSEWHERE),
            answers={**delivered(b"", answers).answers, "order se-412": b""},
            can_ask=True,
        )
    )
    assert isinstance(gone, tuple)
    assert customer(gone[0]) == customer(known[0])
    assert gone[1] == known[1]
    assert gone[1].adds_parcel == BookedParcel(carrier="FedEx", tracking_code="3831466")


def test_labels_that_carry_nothing_to_anybody_are_nothing() -> None:
    """They are void, for what comes back, or of an order that is gone and tells no number."""
    voided, back = label(NOW, voided=True), label(NOW, is_return_label=True)
    answers: dict[str, Any] = {"page 1": page("labels", voided, back)}
    nothing = translate(delivered(pointer("LABEL_CREATED_V2", LABELS), answers))
    assert isinstance(nothing, Ignored)
    lost = Incoming(
        {},
        pointer("LABEL_CREATED_V2", LABELS),
        answers={
            **delivered(b"", {"page 1": page("labels", label(NOW))}).answers,
            "order se-412": b"",
        },
        can_ask=True,
    )
    assert isinstance(translate(lost), Ignored)


@pytest.mark.parametrize(
    ("about", "url"),
    [
        ("LABEL_CREATED_V2", ORDERS),
        ("LABEL_CREATED_V2", "https://api.shipstation.com/v2/users"),
        ("SHIPMENT_CREATED_V2", "https://[api.shipstation.com/v2/shipments"),
    ],
)
def test_a_pointer_leads_to_its_own_list_and_to_nothing_else(about: str, url: str) -> None:
    """Whoever learns the secret can't have us read other things with the key."""
    with pytest.raises(Untranslatable, match="resource_url: "):
        translate(delivered(pointer(about, url)))
    odd = label(NOW, shipment_id="../users/se-1")
    with pytest.raises(Untranslatable, match="shipment_id: "):
        events("LABEL_CREATED_V2", LABELS, {"page 1": page("labels", odd)})


def test_a_key_goes_along_as_the_vendor_wants_it() -> None:
    """In a header of its own; it is no pair, as that of version 1."""
    assert ASKING.headers("the-key") == {"API-Key": "the-key"}
    assert ASKING.takes_key("the-key")
    assert not ASKING.takes_key("the key")
    assert not ASKING.takes_key("")
    assert set(LISTS) == {"SHIPMENT_CREATED_V2", "LABEL_CREATED_V2", "FULFILLMENT_SHIPPED_V2"}


def test_no_answer_crashes_the_translator() -> None:
    """Whatever stands where something else was meant: events, questions, or a sentence."""
    for about, url, answers in (
        ("SHIPMENT_CREATED_V2", ORDERS, {"page 1": page("shipments", order(NOW))}),
        (
            "LABEL_CREATED_V2",
            LABELS,
            {"page 1": page("labels", label(NOW)), "order se-412": order(NOW)},
        ),
    ):
        for name in answers:
            for odd in oddities(answers[name]):
                try:
                    translate(delivered(pointer(about, url), answers | {name: odd}))
                except Untranslatable:
                    continue
