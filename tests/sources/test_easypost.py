"""EasyPost: signatures, what every status means, and which time counts."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from notifier.domain.facts import FactType
from notifier.domain.reasons import Reason
from notifier.domain.windows import UNKNOWN
from notifier.sources.easypost import DETAILS, STATUSES, delivery_id, translate, verify
from notifier.sources.parts.estimates import DayOf, LocalDay
from notifier.sources.protocol import (
    ByTrackingCode,
    Ignored,
    Incoming,
    SourceEvent,
    Untranslatable,
)
from tests.sources.easypost_events import Parcel, body_of, sign
from tests.sources.in_words import in_words
from tests.sources.samples import SAMPLES, needs_samples, sample_bytes, sample_json

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def translated(event: dict[str, Any]) -> tuple[SourceEvent, ...]:
    """Return the facts of an event that has some."""
    facts = translate(Incoming({}, body_of(event)))
    assert isinstance(facts, tuple), facts
    return facts


def why_ignored(event: dict[str, Any]) -> str:
    """Return why an event is nothing for us."""
    ignored = translate(Incoming({}, body_of(event)))
    assert isinstance(ignored, Ignored), ignored
    return ignored.why


@needs_samples
def test_the_published_vectors_verify_as_stated() -> None:
    """The vendor's own vectors, an accented secret among them, hold and fail as published."""
    vectors = sample_json("vectors/easypost.json")
    for case in vectors["cases"]:
        incoming = Incoming({"x-hmac-signature": case["signature"]}, case["payload"].encode())
        assert verify([case["secret"]], incoming, NOW) is case["valid"], case["name"]


def test_either_secret_signs_while_one_is_being_rotated() -> None:
    """The old secret and the new one both count; a third does not."""
    body = body_of(Parcel().scanned("in_transit", NOW))
    for secret, good in (("old", True), ("new", True), ("other", False)):
        signed = Incoming({"x-hmac-signature": sign(secret, body)}, body)
        assert verify(["old", "new"], signed, NOW) is good


@pytest.mark.parametrize("given", ["", "hmac-sha256-hex=", "nonsense", "é", "hmac-sha256-hex=é"])
def test_a_malformed_signature_is_refused_quietly(given: str) -> None:
    """Nothing that a header can hold makes verifying crash."""
    assert verify(["secret"], Incoming({"x-hmac-signature": given}, b"{}"), NOW) is False
    assert verify(["secret"], Incoming({}, b"{}"), NOW) is False


@needs_samples
def test_every_word_of_the_vocabulary_has_a_decided_meaning() -> None:
    """A status or detail that EasyPost lists and our tables lack fails here."""
    vocabulary = sample_json("vocabularies/easypost.json")
    assert set(vocabulary["status"]) == set(STATUSES)
    assert set(vocabulary["status_detail"]) == set(DETAILS)
    for description in vocabulary["event_descriptions"]:
        event = {**Parcel().scanned("delivered", NOW), "description": description}
        answer = translate(Incoming({}, body_of(event)))
        assert isinstance(answer, Ignored) is not description.startswith("tracker.")


_ENVELOPE = {"id": "evt_9", "object": "Event", "description": "tracker.updated"}

# The sample -> what it says, or why it is ignored.
_OUTCOMES: dict[str, list[str]] = {
    "easypost/batch_created": ["ignored: batch.created is not about a tracker"],
    "easypost/event_list_tracker_created": ["ignored: the event carries no tracker"],
    "easypost/event_list_tracker_updated": ["ignored: the event carries no tracker"],
    "easypost/tracker_updated_delivered_ups_guide": [
        "2014-11-19T10:51:54Z parcel EZ4000000004 delivered",
    ],
    "easypost/tracker_updated_delivered_ups_landing": [
        "2014-08-24T15:33:00Z parcel EZ4000000004 delivered",
    ],
    "easypost/tracker_updated_in_transit_fedex_signed": [
        "2024-08-02T18:50:00Z parcel 1 in_transit",
        "2024-08-02T19:26:51Z parcel 1 delayed",
        "  expected: 2024-08-05",
    ],
    "easypost_tracker_objects/tracker_delivered": [
        "2025-01-24T08:24:53Z parcel 9400100208271116404754 delivered",
    ],
    "easypost_tracker_objects/tracker_in_transit": [
        "2024-07-02T02:59:00Z parcel 9400100110368068500859 in_transit",
        "2024-07-29T18:10:00Z parcel 9400100110368068500859 delayed",
        "  expected: the day of 2024-07-29T18:10:00Z",
    ],
    "easypost_tracker_objects/tracker_pre_transit": [
        "2025-11-05T21:59:07Z parcel EZ1000000001 delayed",
        "  expected: the day of 2025-11-05T21:59:07Z",
    ],
    "easypost_tracker_objects/tracker_unknown": ["ignored: unknown moves nothing"],
}


@needs_samples
@pytest.mark.parametrize("sample", _OUTCOMES)
def test_each_real_sample_has_its_outcome(sample: str) -> None:
    """What EasyPost really sent becomes these facts of this parcel at these times, or nothing."""
    body = sample_bytes(f"payloads/{sample}.json")
    if "tracker_objects" in sample:  # only the tracker was captured: give it its envelope
        body = json.dumps({**_ENVELOPE, "result": json.loads(body)}).encode()

    assert in_words(translate(Incoming({}, body))) == _OUTCOMES[sample]


@needs_samples
def test_no_real_sample_is_left_without_an_outcome() -> None:
    """A sample added to the folder must be decided in the table above."""
    found = {
        f"{folder}/{path.stem}"
        for folder in ("easypost", "easypost_tracker_objects")
        for path in (SAMPLES / "payloads" / folder).glob("*.json")
    }
    assert found == set(_OUTCOMES)


def test_a_scan_joins_by_its_normalised_code_at_its_own_time() -> None:
    """Blanks and lower case don't keep a scan from its parcel, nor does arriving late."""
    event = Parcel(code=" 1z 999 aa1 ").scanned(
        "out_for_delivery", NOW - HOUR, detail="out_for_delivery", sent_at=NOW
    )

    (fact,) = translated(event)

    assert fact.join == ByTrackingCode("1Z999AA1")
    assert fact.parcel == "1Z999AA1"
    assert fact.type is FactType.OUT_FOR_DELIVERY
    assert fact.occurred_at == NOW - HOUR


def test_scans_listed_out_of_order_count_by_their_times() -> None:
    """The newest scan with the tracker's status gives the time, wherever it is listed."""
    parcel = Parcel()
    parcel.scanned("in_transit", NOW - HOUR)
    event = parcel.scanned("in_transit", NOW - 3 * HOUR, sent_at=NOW)

    assert translated(event)[0].occurred_at == NOW - HOUR


def test_a_status_that_no_scan_has_comes_after_the_newest_scan() -> None:
    """Whichever of the two arrives first, the failure that follows the van is the later one."""
    parcel = Parcel()
    (out,) = translated(parcel.scanned("out_for_delivery", NOW - HOUR))
    (failed,) = translated(parcel.updated("failure", NOW, detail="delivery_exception"))

    assert failed.type is FactType.ATTEMPTED
    assert out.occurred_at is not None
    assert failed.occurred_at == out.occurred_at + timedelta(seconds=1)


def test_a_local_time_east_of_greenwich_counts_from_the_trackers_look() -> None:
    """In Tokyo the van leaves at 17:00, marked as UTC; EasyPost hears of it a minute later."""
    van, door, minute = NOW - 3 * HOUR, NOW - HOUR, timedelta(minutes=1)
    parcel = Parcel()
    first = parcel.scanned("out_for_delivery", van + 9 * HOUR, sent_at=van + minute)
    second = parcel.scanned("failure", door + 9 * HOUR, detail="failure", sent_at=door + minute)
    third = parcel.updated("out_for_delivery", NOW, detail="out_for_delivery")

    assert [translated(one)[0].occurred_at for one in (first, second, third)] == [
        van + minute,
        door + minute,
        NOW,
    ]


def test_an_event_without_the_trackers_look_is_no_older_than_itself() -> None:
    """Then the event's own time is the latest at which its scans can have happened."""
    event = Parcel().scanned("out_for_delivery", NOW + 9 * HOUR, sent_at=NOW)
    for garbled in (None, "yesterday"):
        event["result"]["updated_at"] = garbled
        assert translated(event)[0].occurred_at == NOW


def test_a_status_without_a_scan_comes_after_one_that_lies_ahead() -> None:
    """It is later than the van's scan as that counts, not than the hour that it claims."""
    parcel = Parcel()
    parcel.scanned("out_for_delivery", NOW + 6 * HOUR, sent_at=NOW - 3 * HOUR)
    (failed,) = translated(parcel.updated("failure", NOW, detail="delivery_exception"))
    assert failed.occurred_at == NOW + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("detail", "fact", "reason"),
    [
        ("delivery_exception", FactType.ATTEMPTED, None),
        ("failure", FactType.ATTEMPTED, None),
        ("refused", FactType.EXCEPTION, None),
        ("damaged", FactType.EXCEPTION, Reason.DAMAGED),
        ("address_correction", FactType.EXCEPTION, Reason.ADDRESS),
        ("weather_delay", FactType.EXCEPTION, Reason.WEATHER),
        ("return", FactType.RETURNED, None),
        ("a_detail_of_next_year", FactType.EXCEPTION, None),
    ],
)
def test_a_failure_is_told_apart_by_its_detail(
    detail: str, fact: FactType, reason: Reason | None
) -> None:
    """An attempt is claimed only where the carrier speaks of one, a cause only where stated."""
    first = translated(Parcel().scanned("failure", NOW, detail=detail))[0]
    assert (first.type, first.reason) == (fact, reason)


def test_an_estimate_is_a_day_at_the_place_and_as_old_as_the_tracker() -> None:
    """Midnight is a date as written; the estimate's time is the tracker's, not the scan's."""
    event = Parcel().scanned(
        "in_transit",
        NOW - 5 * HOUR,
        estimate=datetime(2026, 11, 26, tzinfo=UTC),
        sent_at=NOW,
    )

    moved, estimated = translated(event)

    assert (moved.type, moved.occurred_at) == (FactType.IN_TRANSIT, NOW - 5 * HOUR)
    assert (estimated.type, estimated.occurred_at) == (FactType.DELAYED, NOW)
    assert estimated.expected == LocalDay(date(2026, 11, 26))


def test_an_estimate_with_an_hour_is_the_day_that_it_has_at_the_place() -> None:
    """3:00 UTC on Thursday is Wednesday evening in Los Angeles, so the zone decides later."""
    at = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)
    assert translated(Parcel().scanned("in_transit", NOW, estimate=at))[1].expected == DayOf(at)


def test_the_carriers_own_local_date_wins() -> None:
    """Where the carrier names a local date, no moment is converted."""
    event = Parcel().scanned("in_transit", NOW, estimate=datetime(2026, 11, 26, 3, 0, tzinfo=UTC))
    event["result"]["carrier_detail"] = {"est_delivery_date_local": "2026-11-25"}
    assert translated(event)[1].expected == LocalDay(date(2026, 11, 25))


def test_an_estimate_that_was_never_brought_up_to_date_is_none() -> None:
    """A date days before the tracker's own time says nothing about when the parcel comes."""
    event = Parcel().scanned("in_transit", NOW, estimate=NOW - timedelta(days=4))
    assert [fact.type for fact in translated(event)] == [FactType.IN_TRANSIT]


def test_a_delay_without_a_date_is_unknown_and_carries_its_cause() -> None:
    """The carrier says that it will be late and not when: nothing is invented."""
    moved, late = translated(Parcel().scanned("in_transit", NOW, detail="weather_delay"))
    assert (moved.type, late.type) == (FactType.IN_TRANSIT, FactType.DELAYED)
    assert (late.expected, late.reason) == (UNKNOWN, Reason.WEATHER)


def test_an_unknown_scan_still_brings_its_estimate() -> None:
    """ "Arriving early" comes as `unknown`: no status moves, the date does."""
    event = Parcel().scanned("unknown", NOW, estimate=datetime(2026, 11, 24, tzinfo=UTC))
    (fact,) = translated(event)
    assert fact.expected == LocalDay(date(2026, 11, 24))


@pytest.mark.parametrize("status", ["pre_transit", "cancelled", "error", "unknown"])
def test_some_statuses_move_nothing(status: str) -> None:
    """A label and its cancellation are answered and ignored."""
    assert why_ignored(Parcel().scanned(status, NOW)) == f"{status} moves nothing"


def test_a_status_not_invented_yet_is_ignored_with_its_estimate() -> None:
    """It may be an end: a day for a parcel that comes no more would be a false promise."""
    event = Parcel().scanned("teleported", NOW, estimate=NOW + 48 * HOUR)
    assert why_ignored(event) == "teleported is a status that is not known here"


def test_a_return_parcel_is_never_delivered_to_the_customer() -> None:
    """What is on its way back is `returned`, whatever its tracker says."""
    (fact,) = translated(Parcel().scanned("delivered", NOW, is_return=True))
    assert fact.type is FactType.RETURNED


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"description": None}, "description"),
        ({"result": {"status": "delivered"}}, "result.tracking_code"),
        ({"result": {"tracking_code": "1Z"}}, "result.status"),
        ({"result": {"tracking_code": "1\u0000Z", "status": "delivered"}}, "result.tracking_code"),
    ],
)
def test_what_cant_be_read_names_its_field(change: dict[str, Any], field: str) -> None:
    """A failed delivery says what to mend."""
    event = {**Parcel().scanned("delivered", NOW), **change}
    with pytest.raises(Untranslatable, match=field):
        translate(Incoming({}, body_of(event)))


def test_the_events_id_names_the_delivery() -> None:
    """A retry has the same id; an event without a usable one has none."""
    event = Parcel().scanned("delivered", NOW)
    assert delivery_id(Incoming({}, body_of(event))) == event["id"]
    assert delivery_id(Incoming({}, body_of({**event, "id": 7}))) is None
    assert delivery_id(Incoming({}, body_of({**event, "id": "x" * 300}))) is None
