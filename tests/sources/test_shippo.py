"""Shippo: signatures and tokens, what every status means, and which time counts."""

import json
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
from notifier.sources.shippo import STATUSES, SUBSTATUSES, delivery_id, translate, verify
from tests.sources.samples import SAMPLES, needs_samples, sample_json
from tests.sources.shippo_events import body_of, sign, track_updated

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
ADDRESS = "https://notify.example.com/webhooks/in/shippo"


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


def signed(body: bytes, signature: str) -> Incoming:
    """Return a delivery to the bare address."""
    return Incoming({"shippo-auth-signature": signature}, body, ADDRESS)


def test_a_signature_as_documented_holds_and_a_changed_byte_breaks_it() -> None:
    """`t=…,v1=…`: the hex HMAC-SHA256 of the time, a dot and the body, under either secret.

    Shippo publishes no vector. This one was made with `openssl dgst -sha256 -hmac`.
    """
    at = datetime.fromtimestamp(1_700_000_000, UTC)
    given = "t=1700000000,v1=0deaaf2b05fb44b952ab020e8fe01b730eca7e077c6e71dc9d8d1754031a42d6"
    body = b'{"event":"track_updated"}'
    assert verify(["a secret"], signed(body, given), at)
    assert verify(["old", "a secret"], signed(body, given.replace(",", ", ")), at)
    assert not verify(["a secret"], signed(body + b" ", given), at)
    assert not verify(["another"], signed(body, given), at)


@pytest.mark.parametrize(("late_s", "good"), [(0, True), (300, True), (-300, True), (301, False)])
def test_a_captured_signature_can_be_replayed_for_five_minutes_at_most(
    late_s: int, good: bool
) -> None:
    """The signed time may be off by five minutes either way."""
    body = body_of(track_updated("TRANSIT", NOW))
    incoming = signed(body, sign("secret", body, NOW))
    assert verify(["secret"], incoming, NOW + timedelta(seconds=late_s)) is good


@pytest.mark.parametrize(
    "given", ["", "t=,v1=", "t=٣,v1=00", "v1=00", "t=9999999999999,v1=0", "é=é", "t=1,v1=é"]
)
def test_a_malformed_signature_is_refused_quietly(given: str) -> None:
    """Nothing that a header can hold makes verifying crash."""
    assert verify(["secret"], signed(b"{}", given), NOW) is False
    assert verify(["secret"], Incoming({}, b"{}"), NOW) is False


@pytest.mark.parametrize(
    ("query", "good"),
    [
        ("?token=se%2Bcret", True),
        ("?a=1&token=se%2Bcret", True),
        ("?token=other", False),
        ("?token=", False),
        ("?token=%ff", False),
        ("?Token=se%2Bcret", False),
        ("", False),
        ("#token=se%2Bcret", False),
    ],
)
def test_the_token_in_the_address_stands_in_for_a_signature(query: str, good: bool) -> None:
    """Most accounts have no signatures: a token of ours in the address is what there is."""
    assert verify(["se+cret", "next"], Incoming({}, b"{}", ADDRESS + query), NOW) is good


@needs_samples
def test_every_word_of_the_vocabulary_has_a_decided_meaning() -> None:
    """A status or event that Shippo lists and our tables lack fails here."""
    vocabulary = sample_json("vocabularies/shippo.json")
    assert set(vocabulary["status"]) == set(STATUSES)
    for event in vocabulary["events"]:
        answer = translate(Incoming({}, body_of({**track_updated("TRANSIT", NOW), "event": event})))
        assert isinstance(answer, Ignored) is (event != "track_updated")
    assert {status for status, _, _ in SUBSTATUSES.values()} == set(STATUSES)


# Each time is the scan's, or Shippo's own where it learnt of the scan before that.
_OUTCOMES = [
    ("track_updated_delivered_docs", "2016-07-23T00:00:00+00:00"),
    ("track_object_test_create", "2016-12-08T15:19:00+00:00"),
    ("track_object_test_get_status", "2016-12-08T15:19:00+00:00"),
]


@needs_samples
@pytest.mark.parametrize(("sample", "at"), _OUTCOMES)
def test_each_real_sample_has_its_outcome(sample: str, at: str) -> None:
    """Delivered, once, at the scan; a substatus of another status adds nothing."""
    said = sample_json(f"payloads/shippo/{sample}.json")
    (only,) = translated(said if "event" in said else {"event": "track_updated", "data": said})
    assert (only.type, only.reason) == (FactType.DELIVERED, None)
    assert only.occurred_at == datetime.fromisoformat(at)
    assert only.parcel is not None
    assert only.parcel.startswith("92055901649173")


@needs_samples
def test_no_real_sample_is_left_without_an_outcome() -> None:
    """A sample added to the folder must be decided in the table above."""
    found = {path.stem for path in (SAMPLES / "payloads/shippo").glob("*.json")}
    assert found == {sample for sample, _ in _OUTCOMES}


@pytest.mark.parametrize(
    ("status", "substatus", "fact", "cause"),
    [
        ("TRANSIT", None, FactType.IN_TRANSIT, None),
        ("TRANSIT", "out_for_delivery", FactType.OUT_FOR_DELIVERY, None),
        ("TRANSIT", "pickup_available", FactType.READY_FOR_PICKUP, None),
        ("TRANSIT", "notice_left", FactType.ATTEMPTED, None),
        ("TRANSIT", "location_inaccessible", FactType.EXCEPTION, None),
        ("TRANSIT", "address_issue", FactType.EXCEPTION, Reason.ADDRESS),
        ("TRANSIT", "package_damaged", FactType.EXCEPTION, Reason.DAMAGED),
        ("TRANSIT", "a_code_of_next_year", FactType.IN_TRANSIT, None),
        ("FAILURE", None, FactType.EXCEPTION, None),
        ("FAILURE", "package_lost", FactType.EXCEPTION, Reason.CARRIER),
        ("RETURNED", "package_unclaimed", FactType.RETURNED, None),
        ("DELIVERED", "address_issue", FactType.DELIVERED, None),
    ],
)
def test_the_substatus_tells_a_status_apart(
    status: str, substatus: str | None, fact: FactType, cause: Reason | None
) -> None:
    """An attempt is claimed only where the carrier speaks of one, a cause only where stated."""
    (only,) = translated(track_updated(status, NOW, substatus=substatus))
    assert (only.type, only.reason, only.by) == (fact, cause, None)


def test_a_delay_is_in_transit_and_unknown_until_a_day_is_named() -> None:
    """The carrier says that it will be late and not when: nothing is invented."""
    moved, late = translated(track_updated("TRANSIT", NOW, substatus="delayed"))
    assert (moved.type, late.type) == (FactType.IN_TRANSIT, FactType.DELAYED)
    assert (late.expected, late.reason) == (UNKNOWN, Reason.CARRIER)

    known = track_updated("TRANSIT", NOW, substatus="delayed", eta="2026-11-26T00:00:00Z")
    assert translated(known)[1].expected == LocalDay(date(2026, 11, 26))


@pytest.mark.parametrize(
    ("eta", "day"),
    [
        ("2026-11-26T00:00:00Z", LocalDay(date(2026, 11, 26))),
        ("2026-11-26T18:49:42.566", LocalDay(date(2026, 11, 26))),
        ("2026-11-26T18:49:00Z", DayOf(datetime(2026, 11, 26, 18, 49, tzinfo=UTC))),
    ],
)
def test_an_estimate_is_a_day_and_as_old_as_the_status(eta: str, day: object) -> None:
    """Scans and estimates have two clocks: Shippo's own for the second."""
    event = track_updated(
        "TRANSIT", NOW - timedelta(hours=5), eta=eta, object_updated=NOW.isoformat()
    )
    moved, estimated = translated(event)
    assert moved.occurred_at == NOW - timedelta(hours=5)
    assert (estimated.expected, estimated.occurred_at) == (day, NOW)


def test_an_old_estimate_and_one_of_a_delivered_parcel_are_none() -> None:
    """They say nothing about when the parcel comes."""
    assert len(translated(track_updated("TRANSIT", NOW, eta="2026-11-20T00:00:00Z"))) == 1
    assert len(translated(track_updated("DELIVERED", NOW, eta="2026-11-26T00:00:00Z"))) == 1


def test_a_scan_is_no_later_than_shippo_learnt_of_it() -> None:
    """Carriers' local times come marked as UTC, which east of Greenwich is the future."""
    event = track_updated("DELIVERED", NOW, status_date="2026-11-24T03:30:00Z")
    assert translated(event)[0].occurred_at == NOW
    assert translated(track_updated("DELIVERED", NOW, status_date=None))[0].occurred_at == NOW


def test_a_number_with_blanks_and_small_letters_finds_its_parcel() -> None:
    """Codes are compared as our parcels hold them."""
    (only,) = translated(track_updated("TRANSIT", NOW, code=" 1z 999 aa1 "))
    assert only.join == ByTrackingCode("1Z999AA1")


@pytest.mark.parametrize("status", ["UNKNOWN", "PRE_TRANSIT"])
def test_some_statuses_move_nothing(status: str) -> None:
    """Labels and parcels not found are answered and ignored; an estimate still counts."""
    assert why_ignored(track_updated(status, NOW)) == f"{status} moves nothing"
    (only,) = translated(track_updated(status, NOW, eta="2026-11-26T00:00:00Z"))
    assert only.type is FactType.DELAYED


def test_what_was_not_invented_yet_is_ignored() -> None:
    """A status of next year is a 2xx; so is a parcel of which nothing is known."""
    assert "TELEPORTED" in why_ignored(track_updated("TELEPORTED", NOW, eta="2026-11-26"))
    nothing = track_updated("TRANSIT", NOW)
    nothing["data"]["tracking_status"] = None
    assert why_ignored(nothing) == "the carrier has said nothing yet"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"event": None}, "event"),
        ({"data": []}, "data"),
        ({"data": {"tracking_status": {"status": "SECRET"}}}, "data.tracking_number"),
        ({"data": {"tracking_number": "SECRET", "tracking_status": {}}}, "data.tracking_status"),
        ({"data": {"tracking_number": "SECRET", "tracking_status": 7}}, "data.tracking_status"),
    ],
)
def test_what_cant_be_read_names_its_field_and_quotes_nothing(
    change: dict[str, Any], field: str
) -> None:
    """A failed delivery says what to mend, without what may be personal."""
    with pytest.raises(Untranslatable, match=f"^{field}") as caught:
        translate(Incoming({}, body_of({**track_updated("TRANSIT", NOW), **change})))
    assert "SECRET" not in str(caught.value)


def test_shippo_numbers_no_deliveries() -> None:
    """The body stands in for an id: the same one again is the same delivery."""
    assert delivery_id(Incoming({}, json.dumps({"id": "x"}).encode())) is None
