"""Calendly: signatures, what every event means, and what a move does to the visit."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from notifier.domain.facts import FactType
from notifier.domain.jobs import JobKind
from notifier.domain.messages import Role
from notifier.domain.reasons import Party
from notifier.domain.windows import Window
from notifier.sources.calendly import EVENTS, delivery_id, translate, verify
from notifier.sources.protocol import (
    BookedPerson,
    ByReference,
    Ignored,
    Incoming,
    Renamed,
    SourceEvent,
    Untranslatable,
)
from tests.sources.calendly_events import (
    FIRST,
    SECOND,
    THIRD,
    Visit,
    body_of,
    event,
    sign,
    uri,
)
from tests.sources.samples import SAMPLES, needs_samples, sample_bytes

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
START = datetime(2026, 11, 25, 18, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECRET = "a signing key of Calendly's"

#: Every event that a subscription can be made for.
VOCABULARY = {
    "invitee.created",
    "invitee.canceled",
    "invitee_no_show.created",
    "invitee_no_show.deleted",
    "routing_form_submission.created",
    "event_type.created",
    "event_type.deleted",
    "event_type.updated",
    "meeting_recap.created",
    "meeting_recap.updated",
    "meeting_recap.deleted",
    "contact.created",
    "contact.updated",
    "contact.deleted",
}


def one(said: dict[str, Any]) -> SourceEvent:
    """Return the one fact of an event that has one."""
    answer = translate(Incoming({}, body_of(said)))
    assert isinstance(answer, tuple), answer
    (fact,) = answer
    return fact


def moved_to(said: dict[str, Any]) -> SourceEvent:
    """Return the booking of an event that moved it, once it says of the same who comes."""
    answer = translate(Incoming({}, body_of(said)))
    assert isinstance(answer, tuple), answer
    booked, reassigned = answer
    assert (reassigned.type, reassigned.technician) == (FactType.REASSIGNED, "Sam")
    assert (reassigned.join, reassigned.occurred_at) == (booked.join, booked.occurred_at)
    return booked


def why_ignored(said: dict[str, Any]) -> str:
    """Return why an event is nothing for us."""
    answer = translate(Incoming({}, body_of(said)))
    assert isinstance(answer, Ignored), answer
    return answer.why


def signed(body: bytes, header: str) -> Incoming:
    """Return a delivery with this signature header."""
    return Incoming({"calendly-webhook-signature": header}, body)


def test_the_signature_is_over_its_time_and_the_body() -> None:
    """A signature worked out apart holds; a changed byte, key or time does not."""
    body = b'{"event":"invitee.created"}'
    # printf '1795453200.{"event":"invitee.created"}' | openssl dgst -sha256 -hmac KEY
    good = "c8d8914df137b18db11282f73375292088e6a51b3a695b5e6d8360e025ede0f4"
    assert int(NOW.timestamp()) == 1795453200
    assert verify([SECRET], signed(body, f"t=1795453200,v1={good}"), NOW)
    assert not verify([SECRET], signed(body + b" ", f"t=1795453200,v1={good}"), NOW)
    assert not verify([SECRET], signed(body, f"t=1795453201,v1={good}"), NOW)
    assert not verify(["another"], signed(body, f"t=1795453200,v1={good}"), NOW)


@pytest.mark.parametrize(("late_s", "good"), [(0, True), (180, True), (-180, True), (181, False)])
def test_a_captured_delivery_can_be_replayed_for_three_minutes_at_most(
    late_s: int, good: bool
) -> None:
    """The signed time may be off by as much as Calendly says, either way."""
    body = body_of(Visit(START, NOW).created())
    incoming = signed(body, sign(SECRET, body, NOW))
    assert verify([SECRET], incoming, NOW + timedelta(seconds=late_s)) is good


def test_one_of_several_signatures_and_secrets_is_enough() -> None:
    """Either side may rotate its key."""
    body = body_of(Visit(START, NOW).created())
    stamp, _, good = sign(SECRET, body, NOW).partition(",")
    assert verify(["new", SECRET], signed(body, f"{stamp},v1=00,v0={'0' * 64}, {good}"), NOW)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=",
        "v1=00",
        "t=1795453200",
        "t=1795453200,v1=",
        "t=1795453200,v1=é",
        "t=٣,v1=00",
        "t=-1,v1=00",
        f"t={'9' * 40},v1=00",
        "," * 5000,
    ],
)
def test_a_malformed_signature_is_refused_quietly(header: str) -> None:
    """Nothing that a header can hold makes verifying crash, or pass."""
    assert verify([SECRET], signed(b"{}", header), NOW) is False
    assert verify([SECRET], Incoming({}, b"{}"), NOW) is False


def test_a_delivery_has_no_id_of_its_own() -> None:
    """The same body is the same delivery."""
    assert delivery_id(Incoming({}, body_of(Visit(START, NOW).created()))) is None


def test_every_event_has_a_decided_meaning() -> None:
    """An event that Calendly lists and our table lacks fails here."""
    assert set(EVENTS) == VOCABULARY


@needs_samples
def test_the_real_sample_of_2023_names_what_it_lacks() -> None:
    """Its collector lost the event's name, and it is older than `scheduled_event`."""
    body = sample_bytes("payloads/calendly/invitee_created_2023.json")
    with pytest.raises(Untranslatable, match="event: an event says"):
        translate(Incoming({}, body))
    named = {"event": "invitee.created", **json.loads(body)}
    with pytest.raises(Untranslatable, match=r"payload\.scheduled_event"):
        translate(Incoming({}, body_of(named)))


@needs_samples
def test_the_real_sample_of_2023_with_its_visit_is_a_booking() -> None:
    """With what Calendly sends since then, it is booked when the invitee was made."""
    said = json.loads(sample_bytes("payloads/calendly/invitee_created_2023.json"))
    said["event"] = "invitee.created"
    said["payload"]["scheduled_event"] = {
        "start_time": "2023-02-01T09:00:00.000000Z",
        "end_time": "2023-02-01T09:30:00.000000Z",
    }

    booked = one(said)

    assert (booked.type, booked.join) == (FactType.BOOKED, ByReference("AAAAAAAAAAAA"))
    assert booked.occurred_at == datetime(2023, 1, 29, 13, 50, 13, 72950, tzinfo=UTC)
    assert booked.booking is not None
    assert booked.booking.people[0].zone == "Asia/Baghdad"


@needs_samples
def test_no_real_sample_is_left_without_an_outcome() -> None:
    """A sample added to the folder must be decided above."""
    found = {path.stem for path in (SAMPLES / "payloads" / "calendly").glob("*.json")}
    assert found == {"invitee_created_2023"}


def test_a_booking_arrives_whole() -> None:
    """Who booked, when, where and who comes, at the moment of booking."""
    booked = one(Visit(START, NOW).created())

    assert (booked.type, booked.job_kind) == (FactType.BOOKED, JobKind.APPOINTMENT)
    assert (booked.occurred_at, booked.join) == (NOW, ByReference(FIRST))
    booking = booked.booking
    assert booking is not None
    assert booking.as_it_stands
    assert booking.people == (
        BookedPerson(
            role=Role.CUSTOMER,
            name="Ada Park",
            phone="+1 206-555-0100",
            email="ada@example.com",
            zone="America/Denver",
        ),
    )
    assert (booking.service, booking.technician) == ("Boiler repair", "Sam")
    assert booking.window == Window(START, START + HOUR)
    assert (booking.zone, booking.address) == (None, "12 Elm St, Seattle")


@pytest.mark.parametrize(
    ("question", "answer", "phone"),
    [
        ("Your mobile number, please", "(206) 555-0111", "(206) 555-0111"),
        ("Phone", "none", None),
        ("Téléphone", "+33 6 12 34 56 78", "+33 6 12 34 56 78"),
        ("Number of rooms", "20651234567", None),
        ("Order number", "12065550111", None),
    ],
)
def test_a_number_counts_where_a_question_asked_for_one(
    question: str, answer: str, phone: str | None
) -> None:
    """What else looks like a number is somebody's order, not their phone."""
    said = Visit(START, NOW).created()
    said["payload"]["text_reminder_number"] = None
    said["payload"]["questions_and_answers"] = [
        "nonsense",
        {"question": question, "answer": answer, "position": 0},
    ]
    booking = one(said).booking
    assert booking is not None
    assert booking.people[0].phone == phone


@pytest.mark.parametrize(
    ("location", "phone", "address"),
    [
        ({"type": "outbound_call", "location": "+12065550111"}, "+12065550111", None),
        ({"type": "inbound_call", "location": "+12065550199"}, None, None),
        ({"type": "ask_invitee", "location": "3 Oak Rd\nSeattle"}, None, "3 Oak Rd Seattle"),
        ({"type": "zoom", "join_url": "https://example.com"}, None, None),
        (None, None, None),
    ],
)
def test_a_location_is_a_place_or_a_number_or_neither(
    location: object, phone: str | None, address: str | None
) -> None:
    """The number at which the host rings is the customer's; the host's own is nobody's."""
    said = Visit(START, NOW).created()
    said["payload"]["text_reminder_number"] = None
    said["payload"]["scheduled_event"]["location"] = location
    booking = one(said).booking
    assert booking is not None
    assert (booking.people[0].phone, booking.address) == (phone, address)


def renamed(said: dict[str, Any]) -> ByReference:
    """Return by which names the visit is known after the end of one of its invitees."""
    answer = translate(Incoming({}, body_of(said)))
    assert isinstance(answer, Renamed)
    assert answer.why == "moved, which the invitee.created of its new time says"
    return answer.join


def test_a_first_move_stays_the_same_visit() -> None:
    """The old invitee's end says but the new one's id, by which the visit is known as well."""
    visit = Visit(START, NOW)
    ended, booked = visit.moved(NOW + HOUR, to=START + HOUR)

    assert renamed(ended) == ByReference(FIRST, (SECOND,))
    moved = moved_to(booked)
    assert (moved.join, moved.occurred_at) == (ByReference(FIRST, (SECOND,)), NOW + HOUR)
    assert moved.booking is not None
    assert moved.booking.window == Window(START + HOUR, START + 2 * HOUR)


def test_after_a_move_every_event_is_still_of_the_first() -> None:
    """A cancellation and a no-show of the new invitee find the visit."""
    visit = Visit(START, NOW)
    visit.moved(NOW + HOUR, to=START + HOUR)
    assert one(visit.canceled(NOW + 2 * HOUR)).join == ByReference(FIRST, (SECOND,))
    absent = event("invitee_no_show.created", START, visit.payload())
    assert one(absent).join == ByReference(FIRST, (SECOND,))


def test_a_second_move_leads_back_to_the_one_before() -> None:
    """The newest invitee names that one alone, by whose name the visit is known by then."""
    visit = Visit(START, NOW)
    visit.moved(NOW + HOUR, to=START + HOUR)

    ended, booked = visit.moved(NOW + 2 * HOUR, to=START + 2 * HOUR, invitee=THIRD)

    assert renamed(ended) == ByReference(FIRST, (SECOND, THIRD))
    assert moved_to(booked).join == ByReference(SECOND, (THIRD,))
    assert one(visit.canceled(NOW + 3 * HOUR)).join == ByReference(SECOND, (THIRD,))


@pytest.mark.parametrize(
    ("who", "party"),
    [
        ("invitee", Party.CUSTOMER),
        ("host", Party.US),
        ("robot", Party.UNKNOWN),
        (None, Party.UNKNOWN),
    ],
)
def test_who_cancelled_is_said_where_calendly_says_it(who: str | None, party: Party) -> None:
    """At the time of the cancellation, with the reason for staff."""
    fact = one(Visit(START, NOW).canceled(NOW + HOUR, by=who))
    assert (fact.type, fact.by, fact.note) == (FactType.CANCELLED, party, "No longer needed")
    assert (fact.occurred_at, fact.join) == (NOW + HOUR, ByReference(FIRST))


@pytest.mark.parametrize(
    "payload",
    [
        {"no_show": {"created_at": "2026-11-25T19:30:00Z"}},
        {"uri": "https://api.calendly.com/invitee_no_shows/X", "invitee": uri(FIRST)},
    ],
)
def test_absence_is_the_customers_only_where_the_host_says_so(payload: dict[str, Any]) -> None:
    """A mark is a fact, whether it carries the invitee or their address; for taking it back
    there is the board."""
    said = Visit(START, NOW).payload(**payload)
    marked = one(event("invitee_no_show.created", START + HOUR + HOUR / 2, said))
    assert (marked.type, marked.by, marked.join) == (
        FactType.MISSED,
        Party.CUSTOMER,
        ByReference(FIRST),
    )
    assert marked.occurred_at == START + HOUR + HOUR / 2
    assert "take back" in why_ignored(event("invitee_no_show.deleted", START, said))


def test_what_next_year_brings_is_ignored() -> None:
    """An event that we do not know is answered, and nothing for us."""
    assert why_ignored(event("invitee.teleported", NOW, {})) == (
        "invitee.teleported is not known here"
    )


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"uri": None}, "payload.uri"),
        ({"uri": "https://example.com/Ada"}, "payload.uri"),
        ({"scheduled_event": None}, "payload.scheduled_event"),
        ({"scheduled_event": {"start_time": "Ada"}}, "payload.scheduled_event.start_time"),
    ],
)
def test_what_cant_be_read_names_its_field_and_nobody(change: dict[str, Any], field: str) -> None:
    """A failed delivery says what to mend, and quotes nothing of a person."""
    said = Visit(START, NOW).payload(**change)
    with pytest.raises(Untranslatable, match=field) as caught:
        translate(Incoming({}, body_of(event("invitee.created", NOW, said))))
    assert "Ada" not in str(caught.value)


def test_an_event_without_its_invitee_names_it() -> None:
    """A body that is no event of Calendly's says so."""
    with pytest.raises(Untranslatable, match="payload"):
        translate(Incoming({}, body_of({"event": "invitee.created"})))
