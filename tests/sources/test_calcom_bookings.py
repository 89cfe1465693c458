"""Cal.com: what books a visit, and that a moved booking is the same visit."""

from typing import Any

import pytest

from notifier.domain.facts import FactType
from notifier.domain.jobs import JobKind
from notifier.domain.messages import Role
from notifier.domain.windows import UNKNOWN, Window
from notifier.sources.calcom import translate
from notifier.sources.protocol import BookedPerson, ByReference, Incoming, Untranslatable
from tests.sources.calcom_events import ADA, FIRST, HOST, SECOND, THIRD, Visit, body_of, event
from tests.sources.calcom_readings import HOUR, NOW, START, moved, one, why_ignored


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
        ByReference(FIRST, (SECOND, THIRD)),
        ByReference(FIRST, (THIRD,)),
    ]
    windows = [fact.booking.window for fact in told if fact.booking]
    assert [window.start for window in windows if isinstance(window, Window)] == [
        START,
        START + HOUR,
        START + 3 * HOUR,
    ]


@pytest.mark.parametrize(
    "calendar_id", [None, "icqjqduvn7q3s6m7e3pq5brmt0@google.com", f"{SECOND}@Cal.com"]
)
def test_without_its_own_calendar_id_a_move_leads_back_to_the_booking_before(
    calendar_id: str | None,
) -> None:
    """A calendar's own id, or the booking's, says nothing of the first; `rescheduleUid` is one
    move back."""
    visit = Visit(START, calendar_id=calendar_id)
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
