"""17TRACK: the signature, what every status means, and which time counts.

No sample is published whole. The statuses are those of help.17track.net, *Understanding Tracking
Status* (9 and 30), and of the v2.4 documentation as aio17track read it in July 2026; five more
integrations on GitHub list the same, another two more of `InTransit`. The signature is what
aio17track, AgriTheory's for Frappe and VillaTheme's for WooCommerce compute alike; body and times
are as in their samples and in two captured pushes of version 2.0.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from notifier.domain.facts import FactType
from notifier.domain.reasons import Reason
from notifier.domain.windows import UNKNOWN
from notifier.sources.parts.estimates import DayOf, Estimate, LocalDay
from notifier.sources.protocol import (
    ByTrackingCode,
    Ignored,
    Incoming,
    SourceEvent,
    Untranslatable,
)
from notifier.sources.seventeentrack import (
    STATUSES,
    SUB_STATUSES,
    delivery_id,
    translate,
    verify,
)
from tests.sources.seventeentrack_events import body_of, carrier, scan, sign, stopped, updated

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)

#: The main statuses, each with its sub-statuses, as help.17track.net lists them.
VOCABULARY = {
    "NotFound": "NotFound_Other NotFound_InvalidCode",
    "InfoReceived": "InfoReceived",
    "InTransit": "InTransit_PickedUp InTransit_Other InTransit_Departure InTransit_Arrival"
    " InTransit_CustomsProcessing InTransit_CustomsReleased InTransit_CustomsRequiringInformation",
    "Expired": "Expired_Other",
    "AvailableForPickup": "AvailableForPickup_Other",
    "OutForDelivery": "OutForDelivery_Other",
    "DeliveryFailure": "DeliveryFailure_Other DeliveryFailure_NoBody DeliveryFailure_Security"
    " DeliveryFailure_Rejected DeliveryFailure_InvalidAddress",
    "Delivered": "Delivered_Other",
    "Exception": "Exception_Other Exception_Returning Exception_Returned Exception_NoBody"
    " Exception_Security Exception_Damage Exception_Rejected Exception_Delayed Exception_Lost"
    " Exception_Destroyed Exception_Cancel",
}

# The example of a body and a key in the v2.4 documentation, as aio17track cites it, hashed by
# `printf '%s/%s' "$BODY" "$KEY" | openssl dgst -sha256`.
BODY = b'{"event":"TRACKING_UPDATED","data":{"number":"RR123456789CN","carrier":3011,"tag":null}}'
KEY = "123456ABCDEF"
SIGN = "45acb4a6f4a194a6ac1f0f712182c4e314b1ae9399941ea086987408f3166994"


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


def test_the_vector_verifies_and_a_changed_byte_does_not() -> None:
    """In either case of its letters; the same JSON with a blank is another body."""
    assert verify([KEY], Incoming({"sign": SIGN}, BODY), NOW)
    assert verify([KEY], Incoming({"sign": SIGN.upper()}, BODY), NOW)
    assert not verify([KEY], Incoming({"sign": SIGN}, BODY + b" "), NOW)


def test_either_key_signs_while_one_is_being_changed() -> None:
    """The old key and the new one both count; a third does not."""
    body = body_of(updated("Delivered_Other", looked=NOW))
    for key, good in (("old", True), ("new", True), ("other", False)):
        signed = Incoming({"sign": sign(key, body)}, body)
        assert verify(["old", "new"], signed, NOW) is good


@pytest.mark.parametrize("given", ["", "nonsense", "é", SIGN[:-1], f"{SIGN}0"])
def test_a_malformed_signature_is_refused_quietly(given: str) -> None:
    """Nothing that a header can hold makes verifying crash."""
    assert verify([KEY], Incoming({"sign": given}, BODY), NOW) is False
    assert verify([KEY], Incoming({}, BODY), NOW) is False


def test_every_word_of_the_vocabulary_has_a_decided_meaning() -> None:
    """A status that 17TRACK lists and our tables lack, or have besides, fails here."""
    assert set(STATUSES) == set(VOCABULARY)
    assert set(SUB_STATUSES) == {sub for listed in VOCABULARY.values() for sub in listed.split()}


@pytest.mark.parametrize(
    ("status", "sub_status", "fact", "cause"),
    [
        ("InTransit", "InTransit_PickedUp", FactType.IN_TRANSIT, None),
        ("InTransit", "InTransit_CustomsProcessing", FactType.IN_TRANSIT, None),
        (
            "InTransit",
            "InTransit_CustomsRequiringInformation",
            FactType.EXCEPTION,
            Reason.CUSTOMS,
        ),
        ("AvailableForPickup", "AvailableForPickup_Other", FactType.READY_FOR_PICKUP, None),
        ("OutForDelivery", "OutForDelivery_Other", FactType.OUT_FOR_DELIVERY, None),
        ("DeliveryFailure", "DeliveryFailure_NoBody", FactType.ATTEMPTED, None),
        ("DeliveryFailure", "DeliveryFailure_Other", FactType.ATTEMPTED, None),
        ("DeliveryFailure", "DeliveryFailure_Rejected", FactType.EXCEPTION, None),
        (
            "DeliveryFailure",
            "DeliveryFailure_InvalidAddress",
            FactType.EXCEPTION,
            Reason.ADDRESS,
        ),
        ("Delivered", "Delivered_Other", FactType.DELIVERED, None),
        ("Exception", "Exception_Returning", FactType.RETURNED, None),
        ("Exception", "Exception_Returned", FactType.RETURNED, None),
        ("Exception", "Exception_Damage", FactType.EXCEPTION, Reason.DAMAGED),
        ("Exception", "Exception_Security", FactType.EXCEPTION, None),
        # What was not invented yet, or belongs to another status, adds nothing to this one.
        ("Exception", "Exception_Teleported", FactType.EXCEPTION, None),
        ("InTransit", "InTransit_TransportArrived", FactType.IN_TRANSIT, None),
        ("OutForDelivery", "Exception_Returned", FactType.OUT_FOR_DELIVERY, None),
        ("Delivered", "", FactType.DELIVERED, None),
    ],
)
def test_the_status_decides_and_its_sub_status_tells_more(
    status: str, sub_status: str, fact: FactType, cause: Reason | None
) -> None:
    """Nobody is blamed for an attempt, whatever it failed for."""
    (only,) = translated(updated(sub_status, scan(sub_status, NOW), status=status, looked=NOW))
    assert (only.type, only.reason, only.by) == (fact, cause, None)
    assert (only.join, only.parcel) == (ByTrackingCode("RR123456789CN"), "RR123456789CN")


def test_a_delay_is_in_transit_and_unknown_until_a_day_is_named() -> None:
    """One delay is told as a delay, and not as a problem besides."""
    late = scan("Exception_Delayed", NOW)
    moved, delayed = translated(updated("Exception_Delayed", late, looked=NOW))
    assert (moved.type, delayed.type) == (FactType.IN_TRANSIT, FactType.DELAYED)
    assert (delayed.expected, delayed.reason) == (UNKNOWN, None)

    day = {"source": "Official", "from": None, "to": "2026-11-26T00:00:00-08:00"}
    _, delayed = translated(updated("Exception_Delayed", late, looked=NOW, estimate=day))
    assert delayed.expected == LocalDay(date(2026, 11, 26))


@pytest.mark.parametrize("sub_status", ["NotFound_Other", "InfoReceived", "Expired_Other"])
def test_some_statuses_move_nothing(sub_status: str) -> None:
    """Labels and silence are answered and ignored; an estimate in them still counts."""
    status = sub_status.partition("_")[0]
    assert why_ignored(updated(sub_status, looked=NOW)) == f"{status} moves nothing"
    day = {"source": "Official", "from": "2026-11-26", "to": None}
    (only,) = translated(updated(sub_status, looked=NOW, estimate=day))
    assert (only.type, only.expected) == (FactType.DELAYED, LocalDay(date(2026, 11, 26)))
    assert only.occurred_at == NOW


def test_what_is_no_news_of_a_parcel_is_ignored() -> None:
    """That 17TRACK looks no more, and a word or event of next year, are a 2xx."""
    assert why_ignored(stopped()) == "TRACKING_STOPPED is no news of a parcel"
    assert "ACCOUNT_CLOSED" in why_ignored({"event": "ACCOUNT_CLOSED"})
    assert "Teleported" in why_ignored(updated("Teleported_Other", looked=NOW))


def test_the_newest_scan_that_says_the_status_gives_the_time() -> None:
    """Whichever carrier's, wherever it is listed; what comes after a delivery does not count."""
    first = [scan("InTransit_Arrival", NOW - 50 * HOUR), scan("Delivered_Other", NOW - 60 * HOUR)]
    last = [scan("InTransit_Other", NOW - HOUR), scan("Delivered_Other", NOW - 4 * HOUR)]
    event = updated(
        "Delivered_Other", *last, looked=NOW - HOUR, carriers=[carrier(NOW - 2 * HOUR, *first)]
    )
    (only,) = translated(event)
    assert (only.occurred_at, only.note) == (NOW - 4 * HOUR, "Scan: Delivered_Other")


def test_the_latest_event_is_enough_where_no_carrier_lists_its_scans() -> None:
    """It is the newest of them again."""
    event = updated("Delivered_Other", scan("Delivered_Other", NOW - HOUR), looked=NOW)
    event["data"]["track_info"]["tracking"]["providers"][0]["events"] = None
    assert translated(event)[0].occurred_at == NOW - HOUR


def test_a_scan_in_the_words_of_version_2_0_is_found_by_its_stage() -> None:
    """As a capture of a test push has it, of a parcel that waited in Hamburg."""
    told = scan(None, None, stage="Exception", time_iso="2022-09-14T08:47:00+01:00")
    del told["sub_status"], told["time_raw"]
    looked = datetime(2022, 10, 11, 12, 28, 36, tzinfo=UTC)
    (only,) = translated(updated("Exception_Other", told, looked=looked))
    assert only.occurred_at == datetime(2022, 9, 14, 7, 47, tzinfo=UTC)


def test_a_status_that_no_scan_says_came_after_the_newest() -> None:
    """At the time of that scan, whichever of the two arrives last would count."""
    event = updated("Exception_Lost", scan("InTransit_Other", NOW - HOUR), looked=NOW)
    (only,) = translated(event)
    assert only.occurred_at == NOW - HOUR + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("times", "at"),
    [
        ({"time_utc": "2026-11-23T12:00:00Z"}, NOW - 5 * HOUR),
        ({"time_iso": "2026-11-23T04:00:00-08:00"}, NOW - 5 * HOUR),
        ({"time_utc": "nonsense", "time_iso": "2026-11-23T12:00:00"}, NOW - 5 * HOUR),
        (
            {"time_raw": {"date": "2026-11-23", "time": "04:00:00", "timezone": "-08:00"}},
            NOW - 5 * HOUR,
        ),
        (
            {"time_raw": {"date": "2026-11-23", "time": "12:00:00", "timezone": None}},
            NOW - 5 * HOUR,
        ),
        ({"time_raw": {"date": "2026-11-23"}}, NOW - 17 * HOUR),
        # A local time east of Greenwich, or a zone that is not the carrier's.
        ({"time_raw": {"date": "2026-11-24", "time": "01:00:00"}}, NOW),
        ({"time_iso": "2026-11-23T20:00:00+01:00"}, NOW),
        # None at all: since the last look, at the latest.
        ({"time_raw": "2026-11-23 12:00"}, NOW),
        ({}, NOW),
    ],
)
def test_a_scan_is_as_old_as_it_says_and_no_newer_than_the_last_look(
    times: dict[str, Any], at: datetime
) -> None:
    """The summarised event's times too, with a zone or without one."""
    told = scan("Delivered_Other", None, **times)
    (only,) = translated(updated("Delivered_Other", told, looked=NOW))
    assert only.occurred_at == at


def test_without_any_time_nothing_is_invented() -> None:
    """Then the arrival counts, for what was last looked at is not known either."""
    (only,) = translated(updated("Delivered_Other", scan("Delivered_Other", None), looked=None))
    assert only.occurred_at is None
    event = updated("Delivered_Other", looked=None)
    event["data"]["track_info"] |= {"tracking": None, "time_metrics": "soon"}
    assert translated(event)[0].occurred_at is None


@pytest.mark.parametrize(
    ("said", "day"),
    [
        (("2026-11-24T08:00:00-08:00", "2026-11-26T20:00:00-08:00"), LocalDay(date(2026, 11, 26))),
        (("2026-11-26", None), LocalDay(date(2026, 11, 26))),
        ((None, "2026-11-26T20:00:00Z"), DayOf(datetime(2026, 11, 26, 20, tzinfo=UTC))),
    ],
)
def test_an_estimate_is_its_last_day_as_of_the_last_look(
    said: tuple[str | None, str | None], day: Estimate
) -> None:
    """Of two after the same scan the newer one must win: they differ by the look alone."""
    estimate = {"source": "17TRACK", "from": said[0], "to": said[1]}
    told = scan("InTransit_Other", NOW - 9 * HOUR)
    event = updated(
        "InTransit_Other",
        told,
        looked=NOW,
        estimate=estimate,
        carriers=[carrier(NOW - 30 * HOUR), carrier(None)],
    )
    moved, delayed = translated(event)
    assert (moved.occurred_at, delayed.occurred_at) == (NOW - 9 * HOUR, NOW)
    assert (delayed.type, delayed.expected) == (FactType.DELAYED, day)


@pytest.mark.parametrize(
    "sub_status", ["Delivered_Other", "AvailableForPickup_Other", "Exception_Returning"]
)
def test_an_estimate_ends_with_the_delivery(sub_status: str) -> None:
    """What was delivered, waits at a shop or comes back is expected no more."""
    estimate = {"source": "Official", "from": None, "to": "2026-11-26"}
    told = scan(sub_status, NOW)
    assert len(translated(updated(sub_status, told, looked=NOW, estimate=estimate))) == 1


def test_what_is_pushed_again_after_another_look_says_the_same() -> None:
    """The body differs, so it is another delivery; the fact is the one that is on record."""
    told = scan("OutForDelivery_Other", NOW - HOUR)
    first, again = (updated("OutForDelivery_Other", told, looked=at) for at in (NOW, NOW + HOUR))
    assert body_of(first) != body_of(again)
    assert translated(first) == translated(again)
    assert delivery_id(Incoming({}, body_of(first))) is None


def test_a_late_push_carries_its_own_time() -> None:
    """What arrives after newer news is as old as it was: the order of the posts says nothing."""
    older, newer = (
        translated(updated(sub, scan(sub, at), looked=at))[0]
        for sub, at in (("OutForDelivery_Other", NOW - HOUR), ("Delivered_Other", NOW))
    )
    assert (older.occurred_at, newer.occurred_at) == (NOW - HOUR, NOW)


def test_a_code_with_blanks_and_small_letters_finds_its_parcel() -> None:
    """Codes are compared as our parcels hold them."""
    (only,) = translated(updated("Delivered_Other", looked=NOW, number=" rr 123 456 789 cn "))
    assert only.join == ByTrackingCode("RR123456789CN")


def _without(*path: str) -> Any:
    event = updated("Delivered_Other", scan("Delivered_Other", NOW), looked=NOW, number="SECRET")
    place = event
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    return event


@pytest.mark.parametrize(
    ("event", "field"),
    [
        (_without("event"), "event"),
        (_without("data"), "data"),
        (_without("data", "number"), "data.number"),
        (updated("Delivered_Other", looked=NOW, number="1\u0000Z"), "data.number"),
        (_without("data", "track_info"), "data.track_info.latest_status.status"),
        (
            _without("data", "track_info", "latest_status", "status"),
            "data.track_info.latest_status.status",
        ),
    ],
)
def test_what_cant_be_read_names_its_field_and_quotes_nothing(event: Any, field: str) -> None:
    """A failed delivery says what to mend, without what may be personal."""
    with pytest.raises(Untranslatable, match=f"^{field}:") as caught:
        translate(Incoming({}, body_of(event)))
    assert "SECRET" not in str(caught.value)
