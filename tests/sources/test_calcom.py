"""Cal.com: signatures, what every trigger means, what ends a visit and what is nothing for us."""

from datetime import datetime
from typing import Any

import pytest

from notifier.domain.facts import FactType
from notifier.domain.reasons import Party
from notifier.domain.windows import OFF, Window
from notifier.sources.calcom import TRIGGERS, delivery_id, translate, verify
from notifier.sources.protocol import ByReference, Incoming, Untranslatable
from tests.sources.calcom_events import ADA, FIRST, HOST, SECOND, Visit, body_of, event, sign
from tests.sources.calcom_readings import HOUR, NOW, START, one, why_ignored
from tests.sources.samples import SAMPLES, needs_samples, sample_bytes

SECRET = "a secret of Cal.com's"

#: Every trigger that Cal.com's API takes for a webhook, and its test.
VOCABULARY = {
    "BOOKING_CREATED",
    "BOOKING_PAYMENT_INITIATED",
    "BOOKING_PAID",
    "BOOKING_RESCHEDULED",
    "BOOKING_REQUESTED",
    "BOOKING_CANCELLED",
    "BOOKING_REJECTED",
    "BOOKING_NO_SHOW_UPDATED",
    "FORM_SUBMITTED",
    "MEETING_ENDED",
    "MEETING_STARTED",
    "RECORDING_READY",
    "INSTANT_MEETING",
    "RECORDING_TRANSCRIPTION_GENERATED",
    "OOO_CREATED",
    "AFTER_HOSTS_CAL_VIDEO_NO_SHOW",
    "AFTER_GUESTS_CAL_VIDEO_NO_SHOW",
    "FORM_SUBMITTED_NO_EVENT",
    "ROUTING_FORM_FALLBACK_HIT",
    "DELEGATION_CREDENTIAL_ERROR",
    "WRONG_ASSIGNMENT_REPORT",
    "PING",
}


def test_a_delivery_is_signed_over_the_bytes_as_they_came() -> None:
    """The HMAC computed by hand from RFC 4231's second case holds; one byte more does not."""
    signature = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    for body, good in ((b"what do ya want for nothing?", True), (b"what do ya want!", False)):
        incoming = Incoming({"x-cal-signature-256": signature}, body)
        assert verify(["Jefe"], incoming, NOW) is good


def test_either_secret_signs_while_one_is_being_rotated() -> None:
    """The old secret and the new one both count; a third does not."""
    body = body_of(Visit(START).created(NOW))
    for secret, good in (("old", True), ("new", True), ("other", False)):
        incoming = Incoming({"x-cal-signature-256": sign(secret, body)}, body)
        assert verify(["old", "new"], incoming, NOW) is good


@pytest.mark.parametrize("given", ["", "no-secret-provided", "é", "0" * 64])
def test_a_malformed_signature_is_refused_quietly(given: str) -> None:
    """What Cal.com sends without a secret is refused; nothing makes verifying crash."""
    assert verify([SECRET], Incoming({"x-cal-signature-256": given}, b"{}"), NOW) is False
    assert verify([SECRET], Incoming({}, b"{}"), NOW) is False


def test_a_delivery_has_no_id_of_its_own() -> None:
    """The same body is the same delivery."""
    assert delivery_id(Incoming({}, body_of(Visit(START).created(NOW)))) is None


def test_every_trigger_has_a_decided_meaning() -> None:
    """A trigger that Cal.com lists and our table lacks fails here."""
    assert set(TRIGGERS) == VOCABULARY


# The sample -> our fact, its job, its time and its window.
_OUTCOMES = [
    (
        "booking_created_docs",
        FactType.BOOKED,
        "bFJeNb2uX8ANpT3JL5EfXw",
        "2023-05-24T09:30:00.538+00:00",
        ("2023-05-25T09:30:00+00:00", "2023-05-25T10:30:00+00:00"),
    ),
    (
        "booking_created_2023",
        FactType.BOOKED,
        "pssX2hWwDbuKHmdGQ9BuBz",
        "2023-02-18T11:54:18.440+00:00",
        ("2023-02-20T08:00:00+00:00", "2023-02-20T08:15:00+00:00"),
    ),
    (
        "booking_cancelled_2023",
        FactType.CANCELLED,
        "88wXJjC8AHAbepGYM2bwp4",
        "2023-02-18T12:11:37.975+00:00",
        None,
    ),
]


@needs_samples
@pytest.mark.parametrize(("sample", "fact", "reference", "at", "when"), _OUTCOMES)
def test_each_real_sample_has_its_outcome(
    sample: str, fact: FactType, reference: str, at: str, when: tuple[str, str] | None
) -> None:
    """What Cal.com really sent becomes these facts at these times."""
    answer = translate(Incoming({}, sample_bytes(f"payloads/calcom/{sample}.json")))

    assert isinstance(answer, tuple)
    (said,) = answer
    assert (said.type, said.join) == (fact, ByReference(reference))
    assert said.occurred_at == datetime.fromisoformat(at)
    booked = said.booking.window if said.booking else None
    assert booked == (when and Window(*map(datetime.fromisoformat, when)))


@needs_samples
def test_no_real_sample_is_left_without_an_outcome() -> None:
    """A sample added to the folder must be decided in the table above."""
    found = {path.stem for path in (SAMPLES / "payloads" / "calcom").glob("*.json")}
    assert found == {sample for sample, *_ in _OUTCOMES}


@pytest.mark.parametrize(
    ("who", "party"),
    [
        (ADA, Party.CUSTOMER),
        (HOST, Party.US),
        ("else@example.com", Party.UNKNOWN),
        (None, Party.UNKNOWN),
    ],
)
def test_who_cancelled_is_said_where_cal_com_says_it(who: str | None, party: Party) -> None:
    """`cancelledBy` is an address: the customer's, the host's, or nobody's that we know."""
    said = Visit(START).cancelled(NOW, cancelledBy=who, cancellationReason="No longer needed")
    fact = one(said)
    assert (fact.type, fact.by, fact.note) == (FactType.CANCELLED, party, "No longer needed")


def test_a_host_who_asks_for_another_time_does_not_end_the_visit() -> None:
    """It is off until the customer chooses; a cancelled job could not be moved any more."""
    fact = one(Visit(START).cancelled(NOW, requestReschedule=True, cancelledBy=HOST))
    assert (fact.type, fact.expected, fact.by) == (FactType.DELAYED, OFF, None)


def test_a_request_is_no_booking() -> None:
    """Nothing is promised before the host confirms, and a refusal takes nothing back."""
    asked = event("BOOKING_REQUESTED", NOW, Visit(START).payload(status="PENDING"))
    refused = one(event("BOOKING_REJECTED", NOW, Visit(START).payload(status="REJECTED")))
    assert why_ignored(asked) == "BOOKING_REQUESTED is no booking until the host confirms it"
    assert refused.unless_known == "BOOKING_REJECTED is of a request, which was never booked"


@pytest.mark.parametrize(
    ("said", "join"),
    [
        ({}, ByReference(FIRST, (SECOND,))),
        ({"iCalUID": None, "rescheduleUid": FIRST}, ByReference(FIRST, (SECOND,))),
        ({"iCalUID": None}, ByReference(SECOND)),
    ],
)
def test_a_refusal_to_move_leaves_no_time_at_all(said: dict[str, Any], join: ByReference) -> None:
    """Cal.com cancelled the old time with the request, and its refusal may name that alone."""
    payload = Visit(START, uid=SECOND).payload(status="REJECTED", rejectionReason="Away", **said)
    refused = one(event("BOOKING_REJECTED", NOW, payload))
    assert (refused.type, refused.by, refused.note) == (FactType.CANCELLED, Party.US, "Away")
    assert (refused.join, refused.occurred_at) == (join, NOW)


def test_absence_is_the_customers_only_where_the_host_says_so() -> None:
    """A mark is a fact; taking it back is for a person."""
    fact = one(Visit(START).not_there(START + HOUR))
    assert (fact.type, fact.by, fact.occurred_at) == (
        FactType.MISSED,
        Party.CUSTOMER,
        START + HOUR,
    )
    assert "taken back" in why_ignored(Visit(START).not_there(START, absent=False))


@pytest.mark.parametrize("trigger", ["MEETING_STARTED", "MEETING_ENDED"])
def test_the_clock_is_no_witness(trigger: str) -> None:
    """These come at the booked times, whether or not anybody came: nothing is completed."""
    flat = {"triggerEvent": trigger, "uid": FIRST, "createdAt": "2026-11-20T09:00:00.000Z"}
    assert why_ignored(flat) == f"{trigger} comes by the clock, whether or not somebody came"


def test_what_next_year_brings_is_ignored() -> None:
    """A trigger that we do not know is answered, and nothing for us."""
    assert why_ignored(event("BOOKING_TELEPORTED", NOW, {})) == (
        "BOOKING_TELEPORTED is not known here"
    )


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"createdAt": "2026-11-23T17:00:00Z"}, "triggerEvent"),
        ({"triggerEvent": "BOOKING_CREATED", "content": "my own template"}, "payload"),
        ({"triggerEvent": "BOOKING_NO_SHOW_UPDATED", "payload": {}}, "payload.bookingUid"),
    ],
)
def test_an_event_without_its_parts_names_the_part(said: dict[str, Any], field: str) -> None:
    """A custom template on Cal.com's side is found out by its name."""
    with pytest.raises(Untranslatable, match=field):
        translate(Incoming({}, body_of(said)))
