"""Onfleet: signatures, what every trigger means, and which time counts."""

import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from notifier.domain.facts import FactType
from notifier.domain.jobs import JobKind
from notifier.domain.messages import Role
from notifier.domain.reasons import Party
from notifier.domain.windows import UNKNOWN, Window
from notifier.sources.onfleet import (
    SPREAD,
    TRIGGERS,
    delivery_id,
    takes_secret,
    translate,
    verify,
)
from notifier.sources.protocol import (
    BookedPerson,
    ByReference,
    Ignored,
    Incoming,
    OptedOut,
    SourceEvent,
    Untranslatable,
)
from tests.sources.onfleet_events import (
    ACTIVE,
    ASSIGNED,
    COMPLETED,
    SAM,
    SECRET,
    SHORT_ID,
    UNASSIGNED,
    Task,
    body_of,
    ms,
    opt_out,
    sign,
)
from tests.sources.samples import needs_samples, sample_json

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
START = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
(
    STARTED, ETA, NEAR, DONE, FAILED, DUTY, CREATED, UPDATED, DELETED, HANDED, TAKEN_OFF, _, LATE,
    CLONED,
) = range(14)  # fmt: skip


def translated(event: dict[str, Any]) -> tuple[SourceEvent, ...]:
    """Return the facts of an event that has some."""
    answer = translate(Incoming({}, body_of(event)))
    assert isinstance(answer, tuple), answer
    return answer


def one(event: dict[str, Any]) -> SourceEvent:
    """Return the one fact of an event that has one."""
    (fact,) = translated(event)
    return fact


def why_ignored(event: dict[str, Any]) -> str:
    """Return why an event is nothing for us."""
    answer = translate(Incoming({}, body_of(event)))
    assert isinstance(answer, Ignored), answer
    return answer.why


def test_the_key_is_what_the_secret_says_in_hex() -> None:
    """RFC 4231's second case, whose key is "Jefe", holds; a changed byte does not."""
    signature = (
        "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
        "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"
    )
    for body, good in ((b"what do ya want for nothing?", True), (b"what do ya want!", False)):
        incoming = Incoming({"x-onfleet-signature": signature}, body)
        assert verify([b"Jefe".hex()], incoming, NOW) is good


def test_a_secret_taken_as_text_does_not_sign() -> None:
    """Whoever forgets to decode the secret makes another signature."""
    body = body_of(Task(START).event(CREATED, NOW))
    wrong = hmac.new(SECRET.encode(), body, hashlib.sha512).hexdigest()
    assert not verify([SECRET], Incoming({"x-onfleet-signature": wrong}, body), NOW)


def test_either_secret_signs_while_one_is_being_rotated() -> None:
    """The old secret and the new one both count; a third does not."""
    old, new, other = (secrets.token_hex(64) for _ in range(3))
    body = body_of(Task(START).event(CREATED, NOW))
    for secret, good in ((old, True), (new, True), (other, False)):
        incoming = Incoming({"x-onfleet-signature": sign(secret, body)}, body)
        assert verify([old, new], incoming, NOW) is good


@pytest.mark.parametrize("given", ["", "nonsense", "é", "0" * 128])
def test_a_malformed_signature_is_refused_quietly(given: str) -> None:
    """Nothing that a header can hold makes verifying crash."""
    assert verify([SECRET], Incoming({"x-onfleet-signature": given}, b"{}"), NOW) is False
    assert verify([SECRET], Incoming({}, b"{}"), NOW) is False


@pytest.mark.parametrize("secret", ["", "00", "not hex", "0" * 31, "00" * 200])
def test_a_secret_that_nobody_can_sign_with_is_refused(secret: str) -> None:
    """It is refused when the source is added, not when its first event comes."""
    assert not takes_secret(secret)
    assert takes_secret(SECRET)


def test_a_delivery_is_known_by_trigger_task_and_time() -> None:
    """A retry has the same; what has no task, or no time, has none."""
    event = Task(START).event(CREATED, NOW)
    assert delivery_id(Incoming({}, body_of(event))) == f"6:task-1:{ms(NOW)}"
    for lacking in ({"taskId": None}, {"time": "now"}, {"triggerId": [6]}, {"time": 10**40}):
        assert delivery_id(Incoming({}, body_of({**event, **lacking}))) is None


@needs_samples
def test_every_trigger_of_the_vocabulary_has_a_decided_meaning() -> None:
    """A trigger that Onfleet lists and our table lacks, or names otherwise, fails here."""
    vocabulary = sample_json("vocabularies/onfleet_triggers.json")["triggers"]
    ours = {str(number): name for number, (name, _) in TRIGGERS.items()}
    assert vocabulary.items() <= ours.items()


@needs_samples
def test_every_state_of_a_task_has_a_decided_meaning() -> None:
    """Until somebody is on the way an update says how the task stands; after that, nothing."""
    says = {}
    for state in sample_json("vocabularies/onfleet_triggers.json")["task_state"]:
        event = Task(START, state=int(state)).event(UPDATED, NOW)
        says[state] = not isinstance(translate(Incoming({}, body_of(event))), Ignored)
    assert says == {"0": True, "1": True, "2": False, "3": False}


def test_a_task_is_a_visit_and_arrives_whole() -> None:
    """Who waits, when, where; the recipient's id makes them the same human in every task."""
    booked = one(Task(START).event(CREATED, NOW))

    assert (booked.type, booked.job_kind) == (FactType.BOOKED, JobKind.APPOINTMENT)
    assert (booked.occurred_at, booked.join) == (NOW, ByReference(SHORT_ID))
    booking = booked.booking
    assert booking is not None
    assert booking.as_it_stands
    assert (booking.reference, booking.service) == (SHORT_ID, "Delivery")
    assert booking.window == Window(START, START + 2 * HOUR)
    assert booking.address == "12 Elm St, Seattle, Washington, 98101"
    assert booking.people == (
        BookedPerson(
            role=Role.CUSTOMER, reference="recipient-1", name="Ada Park", phone="+12065550100"
        ),
    )


def test_a_second_recipient_is_told_as_well() -> None:
    """Onfleet knows several recipients of one task; the first is the customer."""
    people = [{"name": "Ada Park"}, {"name": "Bea Park", "phone": "+12065550101"}]
    booking = one(Task(START).event(CREATED, NOW, task={"recipients": people})).booking
    assert booking is not None
    assert [person.role for person in booking.people] == [Role.CUSTOMER, Role.SECOND_CONTACT]


@pytest.mark.parametrize(
    "ends",
    [
        {"completeAfter": None},
        {"completeBefore": None},
        {"completeAfter": ms(START + 3 * HOUR)},
        {"completeBefore": str(ms(START))},
        {"completeBefore": True},
    ],
)
def test_half_a_window_is_none(ends: dict[str, Any]) -> None:
    """A task with one end only is booked without a time: none is invented."""
    booking = one(Task(START).event(CREATED, NOW, task=ends)).booking
    assert booking is not None
    assert booking.window is None


def test_a_pickup_is_called_one() -> None:
    """What is fetched is not delivered."""
    booking = one(Task(START).event(CREATED, NOW, task={"pickupTask": True})).booking
    assert booking is not None
    assert booking.service == "Pickup"


@pytest.mark.parametrize("trigger", [CREATED, UPDATED, CLONED])
@pytest.mark.parametrize("state", [UNASSIGNED, ASSIGNED])
def test_a_task_that_waits_is_said_as_it_stands(trigger: int, state: int) -> None:
    """Made, cloned or changed: any of them may come first."""
    booking = one(Task(START, state=state).event(trigger, NOW, worker=SAM)).booking
    assert booking is not None
    assert (booking.technician, booking.technician_phone) == ("Sam", "+12065550177")


@pytest.mark.parametrize("state", [ACTIVE, COMPLETED])
def test_an_update_under_way_does_not_bring_the_planned_window_back(state: int) -> None:
    """A note or a photo changes a task whose arrival time is known better by now."""
    updated = Task(START, state=state).event(UPDATED, NOW)
    assert why_ignored(updated) == "the task is under way, and its other events say more"


def test_who_goes_is_named_when_it_is_said() -> None:
    """By the name that recipients see, with the number at which they are asked."""
    booked, handed = translated(Task(START).event(HANDED, NOW, worker=SAM))
    assert booked.type is FactType.BOOKED
    assert (handed.type, handed.technician) == (FactType.REASSIGNED, "Sam")
    assert handed.technician_phone == "+12065550177"

    unnamed = {**SAM, "displayName": ""}
    under_way = one(Task(START, state=ACTIVE).event(HANDED, NOW, worker=unnamed))
    assert (under_way.type, under_way.technician) == (FactType.REASSIGNED, "Sam Hill")


def test_a_task_handed_to_a_team_names_nobody() -> None:
    """It is still the task as it stands."""
    assert one(Task(START).event(HANDED, NOW)).type is FactType.BOOKED
    assert "under way" in why_ignored(Task(START, state=ACTIVE).event(HANDED, NOW))


def test_a_start_is_on_the_way_even_of_a_task_never_told_of() -> None:
    """Imported tasks come with their first event: it books them too."""
    booked, coming = translated(Task(START, state=ACTIVE).event(STARTED, NOW))
    assert booked.booking is not None
    assert booked.booking.window == Window(START, START + 2 * HOUR)
    assert (coming.type, coming.occurred_at) == (FactType.EN_ROUTE, NOW)


def test_an_eta_is_counted_from_its_event() -> None:
    """Twenty minutes from now, to the minute; what the task says besides is older."""
    said = Task(START, state=ACTIVE).event(
        ETA, NOW, etaSeconds=1230.5, task={"estimatedArrivalTime": ms(NOW + HOUR)}
    )
    fact = one(said)
    arrival = NOW + 20 * MINUTE
    assert (fact.type, fact.occurred_at) == (FactType.DELAYED, NOW)
    assert fact.expected == Window(arrival, arrival + SPREAD)


def test_a_delay_is_the_arrival_that_is_believed_now() -> None:
    """Or, without one, as much after the end of the window."""
    arrival = START + 2 * HOUR + 40 * MINUTE
    task = Task(START, state=ACTIVE)
    known = one(task.event(LATE, NOW, delay=60, task={"estimatedArrivalTime": ms(arrival)}))
    counted = one(task.event(LATE, NOW, delay=40 * 60.0))
    assert known.expected == counted.expected == Window(arrival, arrival + SPREAD)


@pytest.mark.parametrize("seconds", [None, "60", True, -5, 1e12, [60]])
def test_a_delay_of_nonsense_is_no_news(seconds: object) -> None:
    """No time is made up from what is none."""
    late = Task(START, state=ACTIVE).event(LATE, NOW, delay=seconds)
    assert why_ignored(late) == "the event names no arrival time"
    assert why_ignored(Task(START).event(ETA, NOW, etaSeconds=seconds)) == (
        "the event names no arrival time"
    )


@pytest.mark.parametrize(
    ("distance", "fact"),
    [
        (134.6, FactType.ARRIVED),
        (250, FactType.ARRIVED),
        (1500, FactType.EN_ROUTE),
        (None, FactType.EN_ROUTE),
    ],
)
def test_near_is_not_there(distance: object, fact: FactType) -> None:
    """A wide threshold fires streets away: nobody is told that somebody stands at the door."""
    assert one(Task(START, state=ACTIVE).event(NEAR, NOW, distance=distance)).type is fact


def test_an_end_counts_when_the_driver_made_it() -> None:
    """The app sends it when it has a network again."""
    details = {"failureReason": "NONE", "time": ms(START + HOUR), "success": True}
    done = one(
        Task(START, state=COMPLETED).event(
            DONE, START + 3 * HOUR, task={"completionDetails": details}
        )
    )
    assert (done.type, done.occurred_at) == (FactType.COMPLETED, START + HOUR)


def test_a_failure_is_nobodys_fault_and_its_reason_is_for_staff() -> None:
    """What a driver ticks proves nothing about who was absent, or why."""
    details = {
        "failureReason": "UNABLE_TO_LOCATE",
        "failureNotes": "no bell",
        "time": ms(START + HOUR),
    }
    failed = one(
        Task(START, state=COMPLETED).event(
            FAILED, START + 2 * HOUR, task={"completionDetails": details}
        )
    )
    assert (failed.type, failed.by, failed.reason) == (FactType.MISSED, Party.UNKNOWN, None)
    assert (failed.occurred_at, failed.note) == (START + HOUR, "UNABLE_TO_LOCATE no bell")


def test_a_failure_before_the_window_leaves_the_time_open() -> None:
    """Nobody has waited in vain yet; somebody has to say when it is tried again."""
    failed = one(Task(START, state=COMPLETED).event(FAILED, START - HOUR))
    assert (failed.type, failed.expected, failed.note) == (FactType.DELAYED, UNKNOWN, None)


def test_deleting_calls_off_what_was_still_to_come() -> None:
    """A task that is over is merely tidied away."""
    gone = one(Task(START).event(DELETED, NOW))
    assert (gone.type, gone.by) == (FactType.CANCELLED, Party.UNKNOWN)
    assert why_ignored(Task(START, state=COMPLETED).event(DELETED, NOW)) == (
        "the task was over when it was deleted"
    )


def test_a_task_without_recipient_concerns_nobody() -> None:
    """A stop at the depot is never waited for."""
    for trigger in (CREATED, STARTED, ETA, DONE):
        stop = Task(START).event(trigger, NOW, task={"recipients": []})
        assert why_ignored(stop) == "the task has no recipient, so nobody is written to"


def test_an_opt_out_of_onfleets_texts_is_one_of_the_business() -> None:
    """It closes the number at the time of the STOP, not at that of the event."""
    stop = opt_out("+12065550100", NOW)
    assert translate(Incoming({}, body_of(stop))) == OptedOut("+12065550100", NOW)
    stop["timestamp"] = None
    assert translate(Incoming({}, body_of(stop))) == OptedOut(
        "+12065550100", NOW + timedelta(seconds=1)
    )


def test_an_opt_out_without_a_number_fails() -> None:
    """Somebody has to look who it was."""
    with pytest.raises(Untranslatable, match=r"^recipient\.phone: "):
        translate(Incoming({}, body_of(opt_out("none", NOW))))


def test_what_next_year_brings_is_ignored() -> None:
    """A trigger that we do not know is answered, and nothing for us."""
    assert why_ignored(Task(START).event(99, NOW)) == "trigger99 is not known here"
    assert why_ignored({"triggerId": 10**30}) == "this trigger is not known here"


@pytest.mark.parametrize(
    ("event", "field"),
    [
        ({}, "triggerId"),
        ({"triggerId": True}, "triggerId"),
        ({"triggerId": CREATED, "data": {}}, "data.task"),
        (Task(START).event(CREATED, NOW, task={"shortId": 7}), "data.task.shortId"),
        (Task(START).event(DONE, NOW, task={"shortId": None}), "data.task.shortId"),
    ],
)
def test_what_cant_be_read_names_its_field_and_nobody(event: dict[str, Any], field: str) -> None:
    """A failed delivery says what to mend, and quotes nothing of a person."""
    with pytest.raises(Untranslatable, match=field) as caught:
        translate(Incoming({}, body_of(event)))
    assert "Ada" not in str(caught.value)
