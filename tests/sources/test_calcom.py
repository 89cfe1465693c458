"""Cal.com: signatures, what every trigger means, and that a moved booking is the same visit."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from notifier.domain.facts import FactType
from notifier.domain.jobs import JobKind
from notifier.domain.messages import Role
from notifier.domain.reasons import Party
from notifier.domain.windows import OFF, UNKNOWN, Window
from notifier.sources.calcom import TRIGGERS, delivery_id, translate, verify
from notifier.sources.protocol import (
    BookedPerson,
    ByReference,
    Ignored,
    Incoming,
    SourceEvent,
    Untranslatable,
)
from tests.sources.calcom_events import (
    ADA,
    FIRST,
    HOST,
    SECOND,
    THIRD,
    Visit,
    body_of,
    event,
    sign,
)
from tests.sources.samples import SAMPLES, needs_samples, sample_bytes

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
START = datetime(2026, 11, 25, 18, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
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


def one(said: dict[str, Any]) -> SourceEvent:
    """Return the one fact of an event that has one."""
    answer = translate(Incoming({}, body_of(said)))
    assert isinstance(answer, tuple), answer
    (fact,) = answer
    return fact


def moved(said: dict[str, Any]) -> SourceEvent:
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


def test_a_booking_arrives_whole() -> None:
    """Who booked, when, where and who comes; guests are not written to."""
    booked = one(Visit(START).created(NOW))

    assert (booked.type, booked.job_kind) == (FactType.BOOKED, JobKind.APPOINTMENT)
    assert (booked.occurred_at, booked.join) == (NOW, ByReference(FIRST))
    booking = booked.booking
    assert booking is not None
    assert booking.as_it_stands
    assert booking.people == (
        BookedPerson(
            role=Role.CUSTOMER,
            name="Ada Park",
            phone="+12065550100",
            email=ADA,
            zone="America/Denver",
            locale="en",
        ),
    )
    assert (booking.reference, booking.service) == (FIRST, "Boiler repair")
    assert booking.window == Window(START, START + HOUR)
    assert (booking.zone, booking.address) == ("America/Los_Angeles", "12 Elm St, Seattle")
    assert booking.technician == "Sam"


def test_a_booking_that_moves_twice_stays_one_visit() -> None:
    """Each move has a uid of its own; all of them, and the end, are of the first."""
    visit = Visit(START)
    told = [
        one(visit.created(NOW)),
        moved(visit.moved(NOW + HOUR, to=START + HOUR)),
        moved(visit.moved(NOW + 2 * HOUR, to=START + 3 * HOUR, uid=THIRD)),
        one(visit.cancelled(NOW + 3 * HOUR)),
    ]

    assert [fact.join for fact in told] == [
        ByReference(FIRST),
        ByReference(FIRST, (SECOND,)),
        ByReference(FIRST, (THIRD,)),
        ByReference(FIRST, (THIRD,)),
    ]
    windows = [fact.booking.window for fact in told if fact.booking]
    assert [window.start for window in windows if isinstance(window, Window)] == [
        START,
        START + HOUR,
        START + 3 * HOUR,
    ]


@pytest.mark.parametrize("calendar_id", [None, "icqjqduvn7q3s6m7e3pq5brmt0@google.com"])
def test_without_its_own_calendar_id_a_move_leads_back_to_the_booking_before(
    calendar_id: str | None,
) -> None:
    """A calendar's own id says nothing of the first uid; `rescheduleUid` is one move back."""
    visit = Visit(START, calendar_id=calendar_id)
    assert one(visit.created(NOW)).join == ByReference(FIRST)
    assert moved(visit.moved(NOW, to=START + HOUR)).join == ByReference(FIRST, (SECOND,))


def test_the_visits_of_a_series_stay_apart() -> None:
    """One calendar id for a whole series does not make its visits one."""
    series = Visit(START).created(NOW)
    series["payload"] |= {"uid": SECOND, "recurringEvent": {"freq": 2, "count": 4}}
    assert one(series).join == ByReference(SECOND)


@pytest.mark.parametrize(
    ("answers", "phone"),
    [
        ({"responses": {"attendeePhoneNumber": {"value": "+12065550111"}}}, "+12065550111"),
        ({"smsReminderNumber": "+12065550112"}, "+12065550112"),
        ({"responses": {"smsReminderNumber": {"value": "206 555 0113"}}}, "206 555 0113"),
        (
            {
                "location": "+12065550114",
                "responses": {
                    "location": {"value": {"value": "phone", "optionValue": "+12065550114"}}
                },
            },
            "+12065550114",
        ),
        (
            {
                "location": "+12065550199",
                "responses": {"location": {"value": {"value": "userPhone", "optionValue": ""}}},
            },
            None,
        ),
        ({"responses": {"attendeePhoneNumber": {"value": "none"}}}, None),
    ],
)
def test_the_number_is_found_wherever_it_was_asked_for(
    answers: dict[str, Any], phone: str | None
) -> None:
    """A question, the reminder, a call to the customer; never the host's own number."""
    visit = Visit(START)
    said = visit.payload(**answers)
    del said["attendees"][0]["phoneNumber"]

    booking = one(event("BOOKING_CREATED", NOW, said)).booking

    assert booking is not None
    assert booking.people[0].phone == phone
    if "location" in answers:
        assert booking.address is None  # a number is no place


@pytest.mark.parametrize(
    "location", ["integrations:daily", "https://meet.example.com/x", "", None, {"a": 1}]
)
def test_a_call_has_no_address(location: object) -> None:
    """Only a place where somebody goes is one."""
    booking = one(event("BOOKING_CREATED", NOW, Visit(START).payload(location=location))).booking
    assert booking is not None
    assert booking.address is None


def test_an_address_that_cal_com_made_up_is_nobodys() -> None:
    """Whoever gave a number alone has an address made of it, which no one reads."""
    said = Visit(START).created(NOW)
    said["payload"]["attendees"][0]["email"] = "12065550100@sms.cal.com"
    booking = one(said).booking
    assert booking is not None
    assert booking.people[0].email is None


def test_what_is_odd_about_a_person_stops_no_booking() -> None:
    """A zone or locale that we don't know is left out."""
    said = Visit(START).created(NOW)
    said["payload"]["attendees"][0] |= {"timeZone": "Mars/Olympus", "language": {"locale": "xx_x"}}
    said["payload"]["organizer"] = None
    booking = one(said).booking
    assert booking is not None
    assert (booking.people[0].zone, booking.people[0].locale) == (None, None)
    assert (booking.zone, booking.technician) == (None, None)


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
    refused = event("BOOKING_REJECTED", NOW, Visit(START).payload(status="REJECTED"))
    assert why_ignored(asked) == "BOOKING_REQUESTED is no booking until the host confirms it"
    assert why_ignored(refused) == "BOOKING_REJECTED is of a request, which was never booked"


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


@pytest.mark.parametrize(
    ("who", "agreed"),
    [(None, True), (ADA, True), (ADA.upper(), True), (HOST, False), ("boss@example.com", False)],
)
def test_a_new_time_is_agreed_where_the_customer_chose_it(who: str | None, agreed: bool) -> None:
    """Their own link names them or nobody; of what the host moved they are to hear."""
    said = Visit(START).moved(NOW, to=START + HOUR)
    said["payload"]["rescheduledBy"] = who
    booking = moved(said).booking
    assert booking is not None
    assert booking.agreed is agreed


def test_a_request_to_move_gives_up_the_old_time() -> None:
    """Until the host confirms the new one nobody knows the time, and nothing is invented."""
    visit = Visit(START, uid=SECOND)
    asked = one(event("BOOKING_REQUESTED", NOW, visit.payload(status="PENDING")))
    assert (asked.type, asked.expected, asked.join) == (
        FactType.DELAYED,
        UNKNOWN,
        ByReference(FIRST, (SECOND,)),
    )
    assert moved(visit.created(NOW)).join == asked.join


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


def test_an_event_with_seats_is_nobodys_visit() -> None:
    """One booking of many people would move for all when one of them moves."""
    shared = event("BOOKING_CREATED", NOW, Visit(START).payload(seatsPerTimeSlot=8))
    assert why_ignored(shared) == "an event with seats is shared by several people"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"uid": None, "iCalUID": None}, "payload.uid"),
        ({"uid": "a\u0000b", "iCalUID": 7}, "payload.uid"),
        ({"startTime": "2026-11-25T18:00:00"}, "payload.startTime"),
        ({"startTime": "2026-11-25T20:00:00Z"}, "payload.startTime"),
        ({"endTime": None}, "payload.startTime"),
        ({"attendees": []}, "payload.attendees"),
        ({"attendees": ["Ada"]}, "payload.attendees"),
    ],
)
def test_what_cant_be_read_names_its_field_and_nobody(change: dict[str, Any], field: str) -> None:
    """A failed delivery says what to mend, and quotes nothing of a person."""
    said = Visit(START).payload(**change)
    with pytest.raises(Untranslatable, match=field) as caught:
        translate(Incoming({}, body_of(event("BOOKING_CREATED", NOW, said))))
    assert "Ada" not in str(caught.value)


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
