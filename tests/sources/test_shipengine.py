"""ShipEngine and ShipStation: who may post, what every status means, and which time counts."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from notifier.domain.facts import FactType
from notifier.domain.reasons import Reason
from notifier.domain.windows import UNKNOWN
from notifier.sources.parts.estimates import DayOf, LocalDay
from notifier.sources.protocol import (
    ByTrackingCode,
    Ignored,
    Incoming,
    SourceEvent,
    Untranslatable,
)
from notifier.sources.shipengine import (
    DETAILS,
    STATUSES,
    TRACK_EVENTS,
    delivery_id,
    translate,
    verify,
)
from tests.sources.in_words import in_words
from tests.sources.samples import SAMPLES, needs_samples, sample_bytes, sample_json
from tests.sources.shipengine_events import body_of, scan, simple, track_event

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
ADDRESS = "https://notify.example.com/webhooks/in/shipengine"


def translated(event: Any) -> tuple[SourceEvent, ...]:
    """Return the facts of an event that has some."""
    facts = translate(Incoming({}, body_of(event)))
    assert isinstance(facts, tuple), facts
    return facts


def why_ignored(event: Any) -> str:
    """Return why an event is nothing for us."""
    ignored = translate(Incoming({}, body_of(event)))
    assert isinstance(ignored, Ignored), ignored
    return ignored.why


@pytest.mark.parametrize(
    ("headers", "query", "good"),
    [
        ({"x-webhook-token": "secret"}, "", True),
        ({"x-webhook-token": "next"}, "", True),
        ({}, "?token=secret", True),
        ({"x-webhook-token": "Secret"}, "", False),
        ({"x-webhook-token": "é"}, "", False),
        ({"x-webhook-token": ""}, "?token=", False),
        ({"authorization": "secret"}, "", False),
        ({"x-shipengine-rsa-sha256-signature": "c2VjcmV0"}, "", False),
        ({}, "", False),
    ],
)
def test_who_posts_must_send_our_secret(headers: dict[str, str], query: str, good: bool) -> None:
    """In the header that we named, or in the address; the vendor's signature is not read."""
    assert verify(["secret", "next"], Incoming(headers, b"{}", ADDRESS + query), NOW) is good


@needs_samples
def test_every_word_of_the_vocabulary_has_a_decided_meaning() -> None:
    """A status, detail or type that ShipEngine lists and our tables lack fails here."""
    vocabulary = sample_json("vocabularies/shipengine_shipstation_v2.json")
    assert set(vocabulary["status_code"]) == set(STATUSES)
    assert set(vocabulary["status_detail_code_partial"]) <= set(DETAILS)
    for about in vocabulary["resource_type"]:
        answer = translate(Incoming({}, body_of({**simple("DE", NOW), "resource_type": about})))
        assert isinstance(answer, Ignored) is (about not in TRACK_EVENTS)


# The sample -> our facts, each with its time; or why it is ignored. FedEx's delivery is at its
# scan: its `actual_delivery_date` is 14 hours off.
_OUTCOMES: dict[str, list[str]] = {
    "shipengine/api_track_delivered_usps_2019_04_12": [
        "2019-04-12T17:45:26.734000Z parcel 9361269903502070406152 delivered",
    ],
    "shipengine/api_track_delivered_usps_2019_04_17": [
        "2019-04-17T02:33:38.252000Z parcel 9361269903502070406152 delivered",
    ],
    "shipstation/fulfillment_shipped_v2_pointer_real": [
        "ignored: FULFILLMENT_SHIPPED_V2 carries no scan",
    ],
    "shipstation/ship_notify_v1_pointer": ["ignored: SHIP_NOTIFY carries no scan"],
    "shipstation/track_event_v2_fedex_delivered_real": [
        "2026-08-28T19:24:32Z parcel 383369XXX473 delivered",
    ],
    "shipstation/track_event_v2_ups_pre_transit_real": [
        "2026-09-03T16:19:14Z parcel 1ZXXXG2702XXXXX019 delayed",
        "  expected: 2026-09-08",
    ],
}


@needs_samples
@pytest.mark.parametrize("sample", _OUTCOMES)
def test_each_real_sample_has_its_outcome(sample: str) -> None:
    """What was really sent becomes these facts of this parcel at these times, or nothing."""
    answer = translate(Incoming({}, sample_bytes(f"payloads/{sample}.json")))
    assert in_words(answer) == _OUTCOMES[sample]


@needs_samples
def test_no_real_sample_is_left_without_an_outcome() -> None:
    """A sample added to the folders must be decided in the table above."""
    found = {
        f"{folder}/{path.stem}"
        for folder in ("shipengine", "shipstation")
        for path in (SAMPLES / "payloads" / folder).glob("*.json")
    }
    assert found == set(_OUTCOMES)


@pytest.mark.parametrize(
    ("status", "detail", "fact", "cause"),
    [
        ("IT", None, FactType.IN_TRANSIT, None),
        ("it", "in_transit", FactType.IN_TRANSIT, None),
        ("IT", "OUT_FOR_DELIVERY", FactType.OUT_FOR_DELIVERY, None),
        ("AC", "PICKED_UP", FactType.IN_TRANSIT, None),
        ("UN", "RECEIVED_BY_CARRIER", FactType.IN_TRANSIT, None),
        ("EX", None, FactType.EXCEPTION, None),
        ("EX", "UNSPECIFIED_EXCEPTION", FactType.EXCEPTION, None),
        ("EX", "HUB_SCAN_OUT", FactType.EXCEPTION, None),
        ("EX", "ADDRESS_QUERY", FactType.EXCEPTION, Reason.ADDRESS),
        ("EX", "HELD_BY_CUSTOMS", FactType.EXCEPTION, Reason.CUSTOMS),
        ("EX", "MISSORTED", FactType.EXCEPTION, Reason.CARRIER),
        ("EX", "REFUSED_BY_CUSTOMER", FactType.EXCEPTION, None),
        ("EX", "CUSTOMER_CARDED", FactType.ATTEMPTED, None),
        ("EX", "RETURN_TO_SENDER", FactType.RETURNED, None),
        ("AT", None, FactType.ATTEMPTED, None),
        ("SP", None, FactType.READY_FOR_PICKUP, None),
        ("DE", "DELIVERED_TO_ALTERNATIVE_DELIVERY_LOCATION", FactType.READY_FOR_PICKUP, None),
        ("DE", "OUT_FOR_DELIVERY", FactType.DELIVERED, None),
        ("DE", "A_CODE_OF_NEXT_YEAR", FactType.DELIVERED, None),
    ],
)
def test_the_detail_tells_a_status_apart(
    status: str, detail: str | None, fact: FactType, cause: Reason | None
) -> None:
    """An attempt is claimed only where the carrier speaks of one, a cause only where stated."""
    (only,) = translated(simple(status, NOW, detail=detail))
    assert (only.type, only.reason, only.by) == (fact, cause, None)


@pytest.mark.parametrize(
    ("carrier", "carrier_detail", "fact"),
    [
        ("ups", "OT", FactType.OUT_FOR_DELIVERY),
        ("ups_walleted", "OT", FactType.OUT_FOR_DELIVERY),
        ("ups", "OD", FactType.IN_TRANSIT),
        ("fedex", "OT", FactType.IN_TRANSIT),
        (None, "OT", FactType.IN_TRANSIT),
    ],
)
def test_out_for_delivery_with_ups_is_a_code_of_its_own(
    carrier: str | None, carrier_detail: str, fact: FactType
) -> None:
    """UPS fills in no detail but its own; loaded on the van is not yet on the road."""
    event = track_event(
        scan("IT", "2026-11-23T13:24:22Z", carrier_detail=carrier_detail), carrier_code=carrier
    )
    assert translated(event)[0].type is fact


def test_a_delay_is_in_transit_and_unknown_until_a_day_is_named() -> None:
    """The carrier says that it will be late and not when: nothing is invented."""
    moved, late = translated(simple("EX", NOW, detail="CARRIER_DELAYS"))
    assert (moved.type, late.type) == (FactType.IN_TRANSIT, FactType.DELAYED)
    assert (late.expected, late.reason) == (UNKNOWN, Reason.CARRIER)


@pytest.mark.parametrize(
    ("description", "said"),
    [
        ("In Transit to Next Facility, Arriving On Time", None),
        ("In Transit to Next Facility", "It is on track to be delivered by the expected date."),
    ],
)
def test_a_parcel_that_usps_calls_on_time_is_not_late(description: str, said: str | None) -> None:
    """Its scan comes as an exception because of delays; its own words are the opposite."""
    event = track_event(
        scan("EX", "2026-11-23T07:00:00Z", detail="CARRIER_DELAYS", description=description),
        carrier_status_description=said,
    )
    (only,) = translated(event)
    assert (only.type, only.reason) == (FactType.IN_TRANSIT, None)


def test_two_delivered_scans_are_one_delivery() -> None:
    """USPS repeats it a minute later; the parcel arrives once, at the newer."""
    event = track_event(
        scan("DE", "2026-11-23T13:52:00Z", detail="DELIVERED"),
        scan("DE", "2026-11-23T13:51:00Z", detail="DELIVERED"),
        scan("IT", "2026-11-23T11:20:00Z", detail="OUT_FOR_DELIVERY"),
        actual_delivery_date="2026-11-22T23:52:00",
    )
    (only,) = translated(event)
    assert only.type is FactType.DELIVERED
    assert only.occurred_at == datetime(2026, 11, 23, 13, 52, tzinfo=UTC)


def test_the_scan_that_says_what_the_tracking_says_gives_the_time() -> None:
    """An older scan that is listed first, or a newer one of something else, does not."""
    event = track_event(
        scan("IT", "2026-11-23T11:20:00Z", detail="OUT_FOR_DELIVERY", description="On the van"),
        scan("IT", "2026-11-23T15:00:00Z", detail="INFORMATION"),
        scan("EX", "2026-11-23T16:00:00Z", detail="UNSPECIFIED_EXCEPTION"),
    )
    (only,) = translated(event)
    assert only.occurred_at == datetime(2026, 11, 23, 11, 20, tzinfo=UTC)
    assert only.note == "On the van"

    bare = track_event(
        scan("EX", "2026-11-23T16:00:00Z"),
        scan("IT", "2026-11-23T11:20:00Z"),
        status_code="IT",
        status_detail_code="OUT_FOR_DELIVERY",
    )
    (only,) = translated(bare)
    assert only.occurred_at == datetime(2026, 11, 23, 11, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "carrier_at", "true"),
    [
        # Local time, marked as UTC or not at all: `occurred_at` is right.
        ("2026-11-23T14:51:00Z", "2026-11-23T09:51:00Z", "2026-11-23T14:51:00Z"),
        ("2026-11-23T14:51:00Z", "2026-11-23T09:51:00", "2026-11-23T14:51:00Z"),
        # With an offset it is exact, and `occurred_at` is that offset too late.
        ("2026-06-25T04:52:00Z", "2026-06-24T14:52:00-07:00", "2026-06-24T21:52:00Z"),
    ],
)
def test_of_two_times_of_a_scan_the_true_one_counts(at: str, carrier_at: str, true: str) -> None:
    """A parcel is not delivered on the wrong day because of a false Z."""
    (only,) = translated(track_event(scan("DE", at, carrier_at=carrier_at)))
    assert only.occurred_at == datetime.fromisoformat(true)


def test_a_status_that_no_scan_has_comes_after_the_newest_scan() -> None:
    """Whichever of the two arrives first, the exception that follows the van is the later one."""
    out = scan("IT", NOW.isoformat(), detail="OUT_FOR_DELIVERY")
    (first,) = translated(track_event(out))
    (then,) = translated(track_event(out, status_code="EX", status_detail_code="MISSORTED"))

    assert (first.type, then.type) == (FactType.OUT_FOR_DELIVERY, FactType.EXCEPTION)
    assert (first.occurred_at, then.occurred_at) == (NOW, NOW + timedelta(seconds=1))


def test_without_scans_no_time_is_invented() -> None:
    """`actual_delivery_date` is up to 14 hours off and counts nowhere."""
    event = simple("DE", NOW, events=[], actual_delivery_date="2026-11-23T05:24:32")
    assert translated(event)[0].occurred_at is None
    assert translated({**event, "resource_type": "API_TRACK"})[0].occurred_at is None


@pytest.mark.parametrize(
    ("estimate", "day"),
    [
        ("2026-11-26T00:00:00Z", LocalDay(date(2026, 11, 26))),
        ("2026-11-26T10:00:00", LocalDay(date(2026, 11, 26))),
        ("2026-11-26T20:00:00Z", DayOf(datetime(2026, 11, 26, 20, tzinfo=UTC))),
    ],
)
def test_an_estimate_is_a_day_and_as_old_as_the_newest_scan(estimate: str, day: object) -> None:
    """FedEx gives local times without a zone, UPS midnights, others UTC."""
    event = track_event(
        scan("IT", (NOW - timedelta(hours=3)).isoformat(), detail="OUT_FOR_DELIVERY"),
        scan("UN", NOW.isoformat()),
        estimated_delivery_date=estimate,
    )
    moved, estimated = translated(event)
    assert moved.occurred_at == NOW - timedelta(hours=3)
    assert (estimated.expected, estimated.occurred_at) == (day, NOW)


def test_an_old_estimate_and_one_of_a_delivered_parcel_are_none() -> None:
    """They say nothing about when the parcel comes."""
    assert len(translated(simple("IT", NOW, estimated_delivery_date="2026-11-20"))) == 1
    assert len(translated(simple("DE", NOW, estimated_delivery_date="2026-11-26"))) == 1


@pytest.mark.parametrize(
    ("status", "detail"),
    [("NY", None), ("AC", None), ("AC", "ELEC_ADVICE_RECD_BY_CARRIER"), ("UN", None)],
)
def test_some_statuses_move_nothing(status: str, detail: str | None) -> None:
    """A label that USPS calls accepted is no parcel on its way; an estimate still counts."""
    assert why_ignored(simple(status, NOW, detail=detail)) == f"{status} moves nothing"
    (only,) = translated(simple(status, NOW, estimated_delivery_date="2026-11-26"))
    assert only.type is FactType.DELAYED


def test_what_was_not_invented_yet_is_ignored() -> None:
    """A status or type of next year is a 2xx."""
    assert "ZZ" in why_ignored(simple("ZZ", NOW, estimated_delivery_date="2026-11-26"))
    assert "TELEPORT_V3" in why_ignored({**simple("DE", NOW), "resource_type": "TELEPORT_V3"})


def test_a_number_with_blanks_and_small_letters_finds_its_parcel() -> None:
    """Codes are compared as our parcels hold them."""
    (only,) = translated(simple("IT", NOW, code=" 1z 999 aa1 "))
    assert (only.join, only.parcel) == (ByTrackingCode("1Z999AA1"), "1Z999AA1")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"resource_type": None}, "resource_type"),
        ({"data": None}, "data"),
        ({"data": {"status_code": "DE"}}, "data.tracking_number"),
        ({"data": {"tracking_number": "SECRET"}}, "data.status_code"),
    ],
)
def test_what_cant_be_read_names_its_field_and_quotes_nothing(
    change: dict[str, Any], field: str
) -> None:
    """A failed delivery says what to mend, without what may be personal."""
    with pytest.raises(Untranslatable, match=f"^{field}:") as caught:
        translate(Incoming({}, body_of({**simple("DE", NOW), **change})))
    assert "SECRET" not in str(caught.value)


def test_deliveries_have_no_number() -> None:
    """The body stands in for an id: the same one again is the same delivery."""
    assert delivery_id(Incoming({}, body_of(simple("DE", NOW)))) is None
