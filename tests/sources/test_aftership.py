"""AfterShip: signatures, what every status means, and which time counts."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from notifier.domain.facts import FactType
from notifier.domain.reasons import Reason
from notifier.domain.windows import UNKNOWN
from notifier.sources.aftership import (
    EVENTS,
    SUB_STATUSES,
    TAGS,
    delivery_id,
    translate,
    verify,
)
from notifier.sources.parts.estimates import LocalDay
from notifier.sources.protocol import (
    ByTrackingCode,
    Ignored,
    Incoming,
    SourceEvent,
    Untranslatable,
)
from tests.sources.aftership_events import body_of, checkpoint, sign, tracking_event
from tests.sources.samples import SAMPLES, needs_samples, sample_bytes, sample_json

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)


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


@needs_samples
def test_the_published_vectors_verify_and_a_changed_byte_does_not() -> None:
    """A real delivery holds under its secret, and no longer once a byte differs."""
    vectors = sample_json("vectors/aftership.json")
    for case in vectors["cases"]:
        headers, body = {"aftership-hmac-sha256": case["signature"]}, case["payload"].encode()
        assert verify([case["secret"]], Incoming(headers, body), NOW) is case["valid"]
        assert not verify([case["secret"]], Incoming(headers, body + b" "), NOW)


def test_either_secret_signs_while_one_is_being_rotated() -> None:
    """The old secret and the new one both count; a third does not."""
    body = body_of(tracking_event("InTransit", NOW))
    for secret, good in (("old", True), ("new", True), ("other", False)):
        signed = Incoming({"aftership-hmac-sha256": sign(secret, body)}, body)
        assert verify(["old", "new"], signed, NOW) is good


@pytest.mark.parametrize("given", ["", "nonsense", "é", "="])
def test_a_malformed_signature_is_refused_quietly(given: str) -> None:
    """Nothing that a header can hold makes verifying crash."""
    assert verify(["secret"], Incoming({"aftership-hmac-sha256": given}, b"{}"), NOW) is False
    assert verify(["secret"], Incoming({}, b"{}"), NOW) is False


@needs_samples
def test_every_word_of_the_vocabulary_has_a_decided_meaning() -> None:
    """A tag, sub-status or event that AfterShip lists and our tables lack fails here."""
    vocabulary = sample_json("vocabularies/aftership.json")
    assert set(vocabulary["tags"]) == set(TAGS)
    assert set(vocabulary["events"]) == EVENTS
    listed = {one["code"]: one["message"] for one in vocabulary["subtags"]}
    assert set(listed) == set(SUB_STATUSES)
    for code, said in listed.items():
        message = re.sub(r" \((from )?20\d\d-\d\d.*\)$", "", said)
        if "not found" not in message:
            assert SUB_STATUSES[code][0] == message


def _as_sent(value: Any) -> Any:
    """Return a sample that its collector wrote with other key names as AfterShip sends it."""
    if isinstance(value, dict):
        return {re.sub("([A-Z])", r"_\1", key).lower(): _as_sent(v) for key, v in value.items()}
    if isinstance(value, list):
        return [_as_sent(one) for one in value]
    if isinstance(value, int) and value > 10**12:
        return datetime.fromtimestamp(value / 1000, UTC).isoformat()
    return value


_OUTCOMES = [
    ("tracking_update_delivered_tnt_2021_signed", FactType.DELIVERED, "2021-08-24T10:40:08+00:00"),
    (
        "reserialised_exception_returned_to_sender_dhl_2021",
        FactType.RETURNED,
        "2021-09-07T01:24:17+00:00",
    ),
]


@needs_samples
@pytest.mark.parametrize(("sample", "fact", "at"), _OUTCOMES)
def test_each_real_sample_has_its_outcome(sample: str, fact: FactType, at: str) -> None:
    """A return that passed through `Delivered` is a return, since when AfterShip says so."""
    (only,) = translated(_as_sent(sample_json(f"payloads/aftership/{sample}.json")))
    assert only.type is fact
    assert only.occurred_at == datetime.fromisoformat(at)
    assert only.reason is None


@needs_samples
def test_no_real_sample_is_left_without_an_outcome() -> None:
    """A sample added to the folder must be decided in the table above."""
    found = {path.stem for path in (SAMPLES / "payloads/aftership").glob("*.json")}
    assert found == {sample for sample, _, _ in _OUTCOMES}


@needs_samples
def test_a_signed_sample_is_read_as_it_came() -> None:
    """The very bytes that were signed are the ones that are translated."""
    body = sample_bytes("payloads/aftership/tracking_update_delivered_tnt_2021_signed.json")
    facts = translate(Incoming({}, body))
    assert isinstance(facts, tuple)
    assert facts[0].join == ByTrackingCode("123456789")
    assert delivery_id(Incoming({}, body)) == "c6e7be2c-e670-42fd-b59f-faf4e559e7d0"


@pytest.mark.parametrize(
    ("tag", "message", "code", "fact", "cause"),
    [
        ("Exception", "Returned to sender", "Exception_007", FactType.RETURNED, None),
        ("Exception", "Incorrect Address", "Exception_007", FactType.EXCEPTION, Reason.ADDRESS),
        ("Exception", None, "Exception_012", FactType.EXCEPTION, Reason.DAMAGED),
        ("Exception", "Words of next year", "Exception_012", FactType.EXCEPTION, None),
        ("Exception", None, "Exception_099", FactType.EXCEPTION, None),
        ("Delivered", None, "Exception_012", FactType.DELIVERED, None),
        ("Delivered", "Returned to sender", "Exception_011", FactType.DELIVERED, None),
        ("OutForDelivery", "Out for Delivery", None, FactType.OUT_FOR_DELIVERY, None),
        (
            "OutForDelivery",
            "Delivery appointment scheduled",
            "OutForDelivery_004",
            FactType.IN_TRANSIT,
            None,
        ),
        (
            "AttemptFail",
            "Addressee not available",
            "AttemptFail_002",
            FactType.ATTEMPTED,
            None,
        ),
    ],
)
def test_the_tag_decides_then_the_message_then_the_code(
    tag: str, message: str | None, code: str | None, fact: FactType, cause: Reason | None
) -> None:
    """Codes changed their meaning over the years; messages say what they say."""
    event = tracking_event(tag, NOW, subtag=code, subtag_message=message)
    (only,) = translated(event)
    assert (only.type, only.reason, only.by) == (fact, cause, None)


def test_what_comes_back_is_never_delivered_to_the_customer() -> None:
    """`return_to_sender` turns whatever the parcel does into a return."""
    (only,) = translated(tracking_event("Delivered", NOW, return_to_sender=True))
    assert only.type is FactType.RETURNED


def test_a_delay_is_in_transit_and_unknown_until_a_day_is_named() -> None:
    """One delay is told as a delay, with its cause, and not as a problem besides."""
    late = {"subtag": "Exception_017", "subtag_message": "Delayed (Extreme weather)"}
    moved, delayed = translated(tracking_event("Exception", NOW, **late))
    assert (moved.type, delayed.type) == (FactType.IN_TRANSIT, FactType.DELAYED)
    assert (delayed.expected, delayed.reason) == (UNKNOWN, Reason.WEATHER)

    known = tracking_event("Exception", NOW, expected_delivery="2026-11-26", **late)
    assert translated(known)[1].expected == LocalDay(date(2026, 11, 26))


def test_the_newest_checkpoint_with_the_tag_gives_the_time() -> None:
    """Wherever it is listed; one without a zone is no later than AfterShip learnt of it."""
    points = [
        checkpoint("OutForDelivery", "2026-11-23T08:10:00-08:00", learnt=NOW),
        checkpoint("InTransit", "2026-11-23T16:50:00", learnt=NOW),
        checkpoint("OutForDelivery", "2026-11-22T08:00:00-08:00", learnt=NOW),
    ]
    (only,) = translated(tracking_event("OutForDelivery", NOW, checkpoints=points))
    assert only.occurred_at == datetime(2026, 11, 23, 16, 10, tzinfo=UTC)
    assert only.note == "Scan: OutForDelivery"

    east = [checkpoint("Delivered", "2026-11-24T03:30:00", learnt=NOW - timedelta(minutes=5))]
    (only,) = translated(tracking_event("Delivered", NOW, checkpoints=east))
    assert only.occurred_at == NOW - timedelta(minutes=5)


def test_a_status_without_a_checkpoint_counts_from_the_update() -> None:
    """The time of another status's scan would be a time at which this was not so."""
    points = [checkpoint("InTransit", "2026-11-20T16:50:00Z")]
    (only,) = translated(tracking_event("Exception", NOW, checkpoints=points))
    assert only.occurred_at == NOW


@pytest.mark.parametrize(
    "estimate",
    [
        {"latest_estimated_delivery": {"type": "specific", "datetime": "2026-11-26T00:00:00"}},
        {
            "latest_estimated_delivery": {
                "type": "range",
                "datetime": None,
                "datetime_min": "2026-11-24",
                "datetime_max": "2026-11-26T20:00:00-08:00",
            },
            "expected_delivery": "2026-11-25",
        },
        {"courier_estimated_delivery_date": {"estimated_delivery_date": "2026-11-26"}},
        {
            "courier_estimated_delivery_date": None,
            "aftership_estimated_delivery_date": {
                "estimated_delivery_date": "2026-11-25",
                "estimated_delivery_date_max": "2026-11-26",
            },
        },
    ],
)
def test_a_revised_estimate_is_the_last_day_of_it(estimate: dict[str, Any]) -> None:
    """Under every name that AfterShip gave it, as old as the update."""
    event = tracking_event("InTransit", NOW, event="edd_revise", **estimate)
    _, day = translated(event)
    assert (day.type, day.expected) == (FactType.DELAYED, LocalDay(date(2026, 11, 26)))
    assert (day.occurred_at, day.parcel) == (NOW, "1Z999AA10123456784")


def test_an_estimate_ends_with_the_delivery() -> None:
    """What was delivered, waits at a shop or comes back is expected no more."""
    for tag in ("Delivered", "AvailableForPickup"):
        assert len(translated(tracking_event(tag, NOW, expected_delivery="2026-11-26"))) == 1


@pytest.mark.parametrize("tag", ["Pending", "InfoReceived", "Expired"])
def test_some_statuses_move_nothing(tag: str) -> None:
    """Labels and silence are answered and ignored; an estimate in them still counts."""
    assert why_ignored(tracking_event(tag, NOW)) == f"{tag} moves nothing"
    (only,) = translated(tracking_event(tag, NOW, expected_delivery="2026-11-26"))
    assert only.expected == LocalDay(date(2026, 11, 26))


def test_what_was_not_invented_yet_is_ignored() -> None:
    """A tag or an event of next year is a 2xx, whatever else it brings."""
    assert "Teleported" in why_ignored(
        tracking_event("Teleported", NOW, expected_delivery="2026-11-26")
    )
    assert "return.approved" in why_ignored(tracking_event("x", NOW, event="return.approved"))


def test_a_code_with_blanks_and_small_letters_finds_its_parcel() -> None:
    """Codes are compared as our parcels hold them."""
    (only,) = translated(tracking_event("InTransit", NOW, tracking_number=" 1z 999 aa1 "))
    assert only.join == ByTrackingCode("1Z999AA1")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"event": None}, "event"),
        ({"msg": None}, "msg"),
        ({"msg": {"tag": "Delivered"}}, "msg.tracking_number"),
        ({"msg": {"tag": "Delivered", "tracking_number": "1\u0000Z"}}, "msg.tracking_number"),
        ({"msg": {"tracking_number": "1Z-SECRET"}}, "msg.tag"),
    ],
)
def test_what_cant_be_read_names_its_field_and_quotes_nothing(
    change: dict[str, Any], field: str
) -> None:
    """A failed delivery says what to mend, without what may be personal."""
    with pytest.raises(Untranslatable, match=f"^{field}:") as caught:
        translate(Incoming({}, body_of({**tracking_event("Delivered", NOW), **change})))
    assert "SECRET" not in str(caught.value)


def test_the_events_id_names_the_delivery() -> None:
    """A retry has the same id; an event without a usable one has none."""
    event = tracking_event("Delivered", NOW)
    assert delivery_id(Incoming({}, body_of(event))) == event["event_id"]
    assert delivery_id(Incoming({}, body_of({**event, "event_id": 7}))) is None


def test_without_any_time_nothing_is_invented() -> None:
    """`ts` stands in for the update's time; odd ones are no time at all."""
    event = tracking_event("Delivered", NOW, updated_at=None)
    assert translated(event)[0].occurred_at == NOW
    for odd in (None, True, -1, 10**15, "soon"):
        assert translated({**event, "ts": odd})[0].occurred_at is None
