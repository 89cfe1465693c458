"""Our own events: signatures, every type, and what is refused by name."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from notifier.domain.facts import FactType
from notifier.domain.jobs import FACTS_OF, JobKind
from notifier.domain.messages import Role
from notifier.domain.reasons import Reason
from notifier.domain.windows import UNKNOWN, Window
from notifier.shape_faults import shape_faults
from notifier.sources.generic import TYPES, delivery_id, takes_secret, translate, verify
from notifier.sources.protocol import (
    ByReference,
    ByTrackingCode,
    Incoming,
    SourceEvent,
    Untranslatable,
)
from notifier.web.api.bookings_in import AppointmentIn
from tests.sources.generic_events import SECRET, event, signed
from tests.sources.samples import needs_samples, sample_json

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
WINDOW = {"start": "2026-11-23T18:00:00Z", "end": "2026-11-23T20:00:00+00:00"}


def one(body: bytes) -> SourceEvent:
    """Return the one event that `body` is."""
    answer = translate(Incoming({}, body))
    assert isinstance(answer, tuple)
    (only,) = answer
    return only


@needs_samples
def test_the_published_vectors_verify_as_stated() -> None:
    """Standard Webhooks' own vectors hold and fail as published, at the clock they name."""
    vectors = sample_json("vectors/standard_webhooks.json")
    for case in vectors["cases"]:
        at = datetime.fromtimestamp(case.get("clock", vectors["clock_for_these_cases"]), UTC)
        incoming = Incoming(case["headers"], case["payload"].encode())
        assert verify([case["secret"]], incoming, at) is case["valid"], case["name"]


@pytest.mark.parametrize(("late_s", "good"), [(0, True), (300, True), (-300, True), (301, False)])
def test_a_captured_delivery_can_be_replayed_for_five_minutes_at_most(
    late_s: int, good: bool
) -> None:
    """The signed time may be off by five minutes either way."""
    body = event("appointment.completed", NOW, reference="JOB-1")
    incoming = Incoming(signed(body, at=NOW), body)
    assert verify([SECRET], incoming, NOW + timedelta(seconds=late_s)) is good


def test_one_of_several_signatures_is_enough() -> None:
    """A sender that rotates its secret lists a signature of each."""
    body = event("appointment.completed", NOW, reference="JOB-1")
    headers = signed(body, at=NOW)
    headers["webhook-signature"] = f"v1a,xx v1,AAAA {headers['webhook-signature']}"
    assert verify(["whsec_" + "A" * 44, SECRET], Incoming(headers, body), NOW)


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": ""},
        {"webhook-id": "msg_2"},
        {"webhook-timestamp": "٣"},
        {"webhook-timestamp": "9" * 40},
        {"webhook-timestamp": "-1"},
        {"webhook-signature": ""},
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,é"},
    ],
)
def test_a_malformed_or_changed_header_is_refused_quietly(change: dict[str, str]) -> None:
    """Nothing that a header can hold makes verifying crash, or pass."""
    body = event("appointment.completed", NOW, reference="JOB-1")
    assert verify([SECRET], Incoming({**signed(body, at=NOW), **change}, body), NOW) is False


def test_the_signature_is_of_the_bytes_in_whatever_encoding() -> None:
    """What is no UTF-8 is refused for that, and not for a signature that is right."""
    for body in (b"\xff", '{"type": "é"}'.encode("utf-16")):
        assert verify([SECRET], Incoming(signed(body, at=NOW), body), NOW)
        assert not verify([SECRET], Incoming(signed(body, at=NOW), body + b"\xff"), NOW)


def test_the_delivery_has_the_senders_id() -> None:
    """The same `webhook-id` is the same delivery, however often it is sent."""
    assert delivery_id(Incoming({"webhook-id": "msg_1"}, b"{}")) == "msg_1"
    assert delivery_id(Incoming({}, b"{}")) is None


def test_every_fact_of_the_api_can_be_sent() -> None:
    """The types mirror the API's, but for corrections of people, which are no events."""
    for kind, facts in FACTS_OF.items():
        for fact in facts - {FactType.CONTACT_CHANGED}:
            sent = one(event(f"{kind}.{fact}", NOW, reference="JOB-1"))
            assert (sent.job_kind, sent.type, sent.join) == (kind, fact, ByReference("JOB-1"))
            assert sent.occurred_at == NOW
    assert len(TYPES) == sum(len(facts) - 1 for facts in FACTS_OF.values())


def test_a_fact_carries_what_it_says() -> None:
    """Minutes, expectation, cause and note arrive as the domain's values."""
    late = one(event("appointment.delayed", NOW, reference="A", minutes=45, reason="traffic"))
    assert (late.minutes, late.reason) == (45, Reason.TRAFFIC)
    assert one(event("order.delayed", NOW, reference="A", expected="unknown")).expected is UNKNOWN
    moved = one(event("appointment.rescheduled", NOW, reference="A", window=WINDOW, agreed=True))
    assert moved.window == Window(
        datetime(2026, 11, 23, 18, tzinfo=UTC), datetime(2026, 11, 23, 20, tzinfo=UTC)
    )
    assert moved.agreed is True


def test_an_order_can_be_found_by_its_parcel() -> None:
    """A carrier's code will do where the sender has no reference."""
    sent = one(event("order.delivered", NOW, tracking_code="1z 999"))
    assert (sent.join, sent.parcel) == (ByTrackingCode("1Z999"), "1Z999")


@pytest.mark.parametrize("code", ["\x1c", "\x1d", "\x1e", "\x1f", " \x1f\x1e "])
def test_a_tracking_code_that_is_blank_is_none(code: str) -> None:
    """What only Python counts as a blank would stand for the rest of any order."""
    with pytest.raises(Untranslatable, match=r"data\.tracking_code: "):
        one(event("order.delivered", NOW, tracking_code=code))
    with pytest.raises(Untranslatable, match=r"data\.tracking_code: "):
        one(event("order.delivered", NOW, reference="ORD-1", tracking_code=code))
    parcels = [{"carrier": "UPS", "tracking_code": code}]
    with pytest.raises(Untranslatable, match=r"data\.parcels\.0\.tracking_code: "):
        one(event("order.booked", NOW, reference="A", parcels=parcels, customer={"name": "Ada"}))
    with pytest.raises(ValueError, match="must not be blank"):
        ByTrackingCode(code)


def test_a_booking_arrives_whole() -> None:
    """A booked order has its people, place, window and parcels."""
    booked = one(
        event(
            "order.booked",
            NOW,
            reference="ORD-1",
            items=["Kettle"],
            parcels=[{"carrier": "UPS", "tracking_code": "1Z"}],
            window=WINDOW,
            place={"time_zone": "America/Los_Angeles"},
            customer={"name": "Ada Park", "phone": "+12065550100"},
        )
    )
    assert booked.type is FactType.BOOKED
    assert booked.job_kind is JobKind.ORDER
    assert booked.booking is not None
    assert booked.booking.people[0].role is Role.CUSTOMER
    assert booked.booking.zone == "America/Los_Angeles"
    assert booked.booking.parcels[0].tracking_code == "1Z"


@pytest.mark.parametrize(
    ("type_", "data", "field"),
    [
        ("appointment.teleported", {"reference": "A"}, "type"),
        ("appointment.shipped", {"reference": "A"}, "type"),
        ("appointment.delayed", {}, "data.reference"),
        ("appointment.delayed", {"reference": "A", "color": "red"}, "data.color"),
        ("appointment.delayed", {"reference": "A", "minutes": "45"}, "data.minutes"),
        ("appointment.delayed", {"reference": "A", "minutes": True}, "data.minutes"),
        ("appointment.delayed", {"reference": "A", "minutes": 10**9}, "data.minutes"),
        ("appointment.delayed", {"reference": "A", "reason": "flu"}, "data.reason"),
        ("appointment.delayed", {"reference": "A", "expected": "soon"}, "data.expected"),
        ("appointment.delayed", {"reference": "A", "tracking_code": "1Z"}, "data.tracking_code"),
        ("appointment.delayed", {"reference": "A\u0000"}, "data.reference"),
        (
            "appointment.rescheduled",
            {"reference": "A", "window": {"start": "2026-11-23T18:00:00", "end": "x"}},
            "data.window.start",
        ),
        (
            "appointment.rescheduled",
            {"reference": "A", "window": {"start": WINDOW["end"], "end": WINDOW["start"]}},
            "data.window",
        ),
        ("appointment.booked", {"reference": "A", "service": "Repair"}, "data.customer"),
        ("order.booked", {"reference": "A", "customer": {"nickname": "x"}}, "data.customer.nickn"),
    ],
)
def test_what_is_wrong_is_named(type_: str, data: dict[str, Any], field: str) -> None:
    """The reason kept with a failed delivery names the field and quotes no value."""
    with pytest.raises(Untranslatable) as caught:
        translate(Incoming({}, event(type_, NOW, **data)))
    assert str(caught.value).startswith(field)
    assert "flu" not in str(caught.value)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"reference": "A", "color": "red"}, "data.color: is not known here."),
        ({"reference": "A", "minutes": "45"}, "data.minutes: must be a whole number."),
        ({"reference": "A", "minutes": 10**9}, "data.minutes: must be at most 86400."),
        ({"reference": "A", "note": ""}, "data.note: must not be empty."),
        ({"reference": "A", "note": "a" * 3000}, "data.note: must be at most 2000 characters."),
        ({"reference": "A", "agreed": "yes"}, "data.agreed: must be true or false."),
        (
            {"reference": "A", "expected": "soon"},
            "data.expected: must be an object with start and end, or one of unknown, off.",
        ),
        (
            {"reference": "A", "expected": {"start": WINDOW["start"]}},
            "data.expected.end: is missing.",
        ),
        (
            {"reference": "A", "technician": 7},
            "data.technician: must be a name, or an object with name and phone.",
        ),
        ({"reference": "A", "technician": {"phone": "123"}}, "data.technician.name: is missing."),
        (
            {"reference": "A", "a": 1, "b": 2, "c": 3, "d": 4},
            "data.a: is not known here. data.b: is not known here. data.c: is not known here. "
            "And 1 more.",
        ),
    ],
)
def test_what_is_wrong_is_said_in_the_words_of_the_api(data: dict[str, Any], said: str) -> None:
    """Whoever reads why a delivery failed reads nothing of Python."""
    with pytest.raises(Untranslatable) as caught:
        translate(Incoming({}, event("appointment.delayed", NOW, **data)))
    assert str(caught.value) == said


BOOKING = {"reference": "A", "service": "Repair", "window": WINDOW, "customer": {"name": "Ada"}}


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"reference": "A\r\nB"}, "reference"),
        ({"reference": "A" * 101}, "reference"),
        ({"service": "Boiler\r\nBcc: eve@example.com"}, "service"),
        ({"service": "\x1b[31mBoiler"}, "service"),
        ({"service": "\N{RIGHT-TO-LEFT OVERRIDE}reliob"}, "service"),
        ({"technician": "Sam\nEve"}, "technician"),
        ({"technician": {"name": "Sam", "phone": "+1\r\n2065550177"}}, "technician.phone"),
        ({"place": {"time_zone": "localtime"}}, "place.time_zone"),
        ({"place": {"address": "\x07"}}, "place.address"),
        ({"window": {"start": WINDOW["start"], "end": "2099-12-31T23:59:59-23:59"}}, "window.end"),
        ({"customer": {"name": "Ada\r\nX: y"}}, "customer.name"),
        ({"customer": {"email": "ada@example.com,evil@example.net"}}, "customer.email"),
        ({"customer": {"email": "ada@example.com\r\nBcc: e@example.net"}}, "customer.email"),
        ({"customer": {"phone": "12"}}, "customer.phone"),
        ({"customer": {"time_zone": "Factory"}}, "customer.time_zone"),
        ({"customer": {"locale": "../../../../etc"}}, "customer.locale"),
    ],
)
def test_what_the_api_refuses_is_refused_here(data: dict[str, Any], field: str) -> None:
    """By the same shapes: a text reaches customers by whichever way it came."""
    assert isinstance(AppointmentIn.model_validate(BOOKING), AppointmentIn)
    with pytest.raises(ValidationError) as by_api:
        AppointmentIn.model_validate(BOOKING | data)
    with pytest.raises(Untranslatable) as here:
        translate(Incoming({}, event("appointment.booked", NOW, **(BOOKING | data))))

    ((named, said),) = shape_faults(by_api.value)
    assert named == field
    assert str(here.value) == f"data.{named}: {said}."


@pytest.mark.parametrize("timestamp", [0, "0", "1700000000", "2026-11-23T17:00:00", None, "soon"])
def test_a_time_needs_an_offset(timestamp: object) -> None:
    """Naive times and bare numbers are refused, not guessed."""
    body = json.dumps(
        {"type": "order.delivered", "timestamp": timestamp, "data": {"reference": "A"}}
    ).encode()
    with pytest.raises(Untranslatable, match="timestamp"):
        translate(Incoming({}, body))


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_short", "not base64!", "whsec_" + "A" * 400]
)
def test_a_secret_that_nobody_can_sign_with_is_refused(secret: str) -> None:
    """It is refused when the source is added, not when its first event comes."""
    assert not takes_secret(secret)
    assert takes_secret(SECRET)


def test_a_technician_comes_with_a_number_or_without() -> None:
    """A name as ever, or a name and the number at which they are asked; for facts as well."""
    person = {"name": "Ada Park", "phone": "+12065550100"}
    booking = {"reference": "V-1", "service": "Boiler repair", "customer": person}
    sam = {"name": "Sam", "phone": "+12065550177"}

    plain = one(event("appointment.booked", NOW, **booking, technician="Sam")).booking
    reached = one(event("appointment.booked", NOW, **booking, technician=sam)).booking
    fact = one(event("appointment.reassigned", NOW, reference="V-1", technician=sam))

    assert plain is not None
    assert reached is not None
    assert (plain.technician, plain.technician_phone) == ("Sam", None)
    assert (reached.technician, reached.technician_phone) == ("Sam", "+12065550177")
    assert (fact.technician, fact.technician_phone) == ("Sam", "+12065550177")


def test_nobody_is_booked_as_a_technician() -> None:
    """Who goes is named as such, not among the people whom the job concerns."""
    person = {"name": "Eve", "phone": "+12065550100", "role": "technician"}
    with pytest.raises(Untranslatable):
        one(
            event(
                "appointment.booked", NOW, reference="V-1", service="Boiler repair", customer=person
            )
        )
