"""Jobber: what its webhooks point to, and the key that wears out."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest

from notifier.domain.facts import FactType
from notifier.domain.jobs import JobKind
from notifier.domain.windows import Window
from notifier.sources.jobber import (
    ADAPTER,
    TOPICS,
    delivery_id,
    headers,
    is_answer,
    renewal_due,
    renewal_question,
    renewed,
    takes_key,
    translate,
    verify,
)
from notifier.sources.parts.vendor_addresses import is_at
from notifier.sources.protocol import (
    BookedPerson,
    ByReference,
    Ignored,
    Incoming,
    Needs,
    SourceEvent,
    Untranslatable,
)
from tests.sources.jobber_events import (
    GRAPHQL,
    SECRET,
    TOKENS,
    delivered,
    encoded,
    pointer,
    signed,
    visit,
)
from tests.sources.odd_bodies import oddities
from tests.sources.samples import SAMPLES, needs_samples, sample_bytes

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
START = NOW + 24 * HOUR


def events(topic: str, answer: Any) -> tuple[SourceEvent, ...]:
    """Return what a webhook says once it is answered."""
    said = translate(delivered(pointer(topic, NOW), answer))
    assert isinstance(said, tuple), said
    return said


def why_ignored(topic: str, answer: Any = None) -> str:
    """Return why a webhook is nothing for us."""
    said = translate(delivered(pointer(topic, NOW), answer))
    assert isinstance(said, Ignored), said
    return said.why


def person(event: SourceEvent) -> BookedPerson:
    """Return for whom it is booked."""
    assert event.booking is not None
    (only,) = event.booking.people
    return only


def test_the_apps_secret_signs_the_body() -> None:
    """Either secret counts while one is being rotated; a changed byte does not."""
    body = pointer("VISIT_CREATE", NOW)
    for given, good in (
        (signed(body), True),
        (signed(body, "next"), True),
        (signed(body, "other"), False),
        (signed(body + b" "), False),
        ({"x-jobber-hmac-sha256": "é"}, False),
        ({}, False),
    ):
        assert verify([SECRET, "next"], Incoming(given, body), NOW) is good
    assert delivery_id(Incoming({}, body)) is None


#: What each real sample is.
_SAMPLES = {"client_create_2026": "CLIENT_CREATE is not about a visit"}


@needs_samples
@pytest.mark.parametrize("sample", _SAMPLES)
def test_each_real_sample_has_its_outcome(sample: str) -> None:
    """What was really sent leads to a question, or to nothing."""
    said = translate(Incoming({}, sample_bytes(f"payloads/jobber/{sample}.json"), can_ask=True))
    assert isinstance(said, Ignored)
    assert said.why == _SAMPLES[sample]


@needs_samples
def test_no_real_sample_is_left_without_an_outcome() -> None:
    """A sample added to the folder must be decided in the table above."""
    found = {path.stem for path in (SAMPLES / "payloads" / "jobber").glob("*.json")}
    assert found == set(_SAMPLES)


def test_every_topic_about_a_visit_has_a_decided_meaning() -> None:
    """What the enum WebHookTopicEnum lists of visits; the rest is about other things."""
    assert set(TOPICS) == {"VISIT_CREATE", "VISIT_UPDATE", "VISIT_COMPLETE", "VISIT_DESTROY"}
    for topic in ("JOB_UPDATE", "APP_DISCONNECT", "a topic of next year"):
        assert why_ignored(topic) == f"{topic} is not about a visit"


@pytest.mark.parametrize("topic", ["VISIT_CREATE", "VISIT_UPDATE", "VISIT_COMPLETE"])
def test_the_visit_is_asked_for_at_jobber(topic: str) -> None:
    """By its id, in variables of a query that is always the same."""
    needs = translate(delivered(pointer(topic, NOW)))
    assert isinstance(needs, Needs)
    (question,) = needs.questions
    assert (question.url, question.media_type) == (GRAPHQL, "application/json")
    assert ADAPTER.asking is not None
    assert is_at(ADAPTER.asking.hosts, question.url)
    assert is_at(ADAPTER.asking.hosts, TOKENS)
    assert json.loads(question.body or "")["variables"] == {"id": encoded()}


def test_a_visit_is_booked_with_its_client() -> None:
    """Under the number that it has in Jobber; its client's main number comes first."""
    (fact,) = events("VISIT_CREATE", visit(START))
    assert (fact.type, fact.job_kind, fact.join) == (
        FactType.BOOKED,
        JobKind.APPOINTMENT,
        ByReference("123"),
    )
    assert fact.occurred_at == NOW
    assert fact.booking is not None
    assert fact.booking.as_it_stands
    assert fact.booking.window == Window(START, START + 2 * HOUR)
    assert fact.booking.service == "Boiler repair"
    assert fact.booking.made_at == START - timedelta(days=3)
    assert fact.booking.address == "12 Elm Street, Fresno, CA, 93650, US"
    who = person(fact)
    assert (who.reference, who.name) == ("Q2xpZW50", "Ada Park")
    assert (who.phone, who.email) == ("206-555-0100", "ada@example.com")


def test_an_arrival_window_is_what_the_client_was_told() -> None:
    """Unless it is of another day, left over from the visit's job."""
    for begins, told in ((START - HOUR, True), (START - 48 * HOUR, False)):
        arrival = {"startAt": begins.isoformat(), "endAt": (begins + 4 * HOUR).isoformat()}
        fact, _ = events("VISIT_UPDATE", visit(START, arrivalWindow=arrival))
        assert fact.booking is not None
        expected = Window(begins, begins + 4 * HOUR) if told else Window(START, START + 2 * HOUR)
        assert fact.booking.window == expected


def test_a_number_to_which_the_client_wants_no_texts_is_not_taken() -> None:
    """Not even where it is the main one."""
    client = visit(START)["data"]["visit"]["client"]
    client["phones"][1]["smsAllowed"] = False
    assert person(events("VISIT_CREATE", visit(START, client=client))[0]).phone == "206-555-0111"
    client["phones"] = client["phones"][1:]
    assert person(events("VISIT_CREATE", visit(START, client=client))[0]).phone is None


def test_a_completed_visit_was_completed_when_jobber_says() -> None:
    """Its completion alone says so: what is changed afterwards is no news."""
    done = visit(START, isComplete=True, completedAt=(NOW - HOUR).isoformat())
    booked, completed = events("VISIT_COMPLETE", done)
    assert booked.type is FactType.BOOKED
    assert (completed.type, completed.occurred_at) == (FactType.COMPLETED, NOW - HOUR)
    assert why_ignored("VISIT_UPDATE", done) == "the visit is done: its completion says so"
    (again,) = events("VISIT_COMPLETE", visit(START))
    assert again.type is FactType.BOOKED, "somebody took the completion back"
    (timeless,) = events("VISIT_COMPLETE", visit(START, startAt=None, isComplete=True))
    assert (timeless.type, timeless.occurred_at) == (FactType.COMPLETED, NOW)


def test_who_comes_is_the_first_who_is_assigned() -> None:
    """A visit is booked with them; a change of it may have brought another."""
    (booked,) = events("VISIT_CREATE", visit(START))
    assert booked.booking is not None
    assert booked.booking.technician == "Sam Lee"
    _, comes = events("VISIT_UPDATE", visit(START))
    assert (comes.type, comes.technician, comes.occurred_at) == (
        FactType.REASSIGNED,
        "Sam Lee",
        NOW,
    )
    nobody = visit(START, assignedUsers={"nodes": []})
    (booked,) = events("VISIT_UPDATE", nobody)
    assert booked.booking is not None
    assert booked.booking.technician is None


def test_a_visit_that_the_app_may_not_read_fails() -> None:
    """Jobber shows none of it where a part is hidden; as gone it would be nobody's to mend."""
    hidden = [{"message": "An object of type User was hidden due to permissions"}]
    with pytest.raises(Untranslatable, match="scopes"):
        events("VISIT_UPDATE", {"data": {"visit": None}, "errors": hidden})
    gone = {"data": {"visit": None}, "errors": [{"message": "Visit not found"}]}
    assert why_ignored("VISIT_UPDATE", gone) == "gone at the vendor"


def test_a_visit_that_was_deleted_is_called_off_without_asking() -> None:
    """It is gone from Jobber, and nobody says by whom."""
    said = translate(Incoming({}, pointer("VISIT_DESTROY", NOW)))
    assert isinstance(said, tuple)
    (fact,) = said
    assert (fact.type, fact.join, fact.occurred_at) == (
        FactType.CANCELLED,
        ByReference("123"),
        NOW,
    )
    assert fact.by is None


def test_a_visit_without_a_time_or_gone_meanwhile_is_nothing_yet() -> None:
    """Jobber tells again once it is scheduled."""
    assert why_ignored("VISIT_CREATE", visit(START, startAt=None)) == "it has no time yet"
    assert why_ignored("VISIT_CREATE", {"data": {"visit": None}}) == "gone at the vendor"


def test_older_apps_spell_the_time_otherwise() -> None:
    """Those of before December 2023; and an id that is no number stays as it is."""
    body = pointer("VISIT_DESTROY", NOW, "MQ==").replace(b"occurredAt", b"occuredAt")
    said = translate(Incoming({}, body))
    assert isinstance(said, tuple)
    assert (said[0].occurred_at, said[0].join) == (NOW, ByReference("MQ=="))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"data": {}}', "data.webHookEvent.topic"),
        (pointer("VISIT_CREATE", NOW, 7), "data.webHookEvent.itemId"),
    ],
)
def test_what_cant_be_read_names_its_field(body: bytes, field: str) -> None:
    """A failed delivery says what to mend."""
    with pytest.raises(Untranslatable) as caught:
        translate(Incoming({}, body, can_ask=True))
    assert str(caught.value).startswith(f"{field}: ")


def test_a_key_is_three_parts_and_gets_an_access_token() -> None:
    """The refresh token that came with it counts from then on."""
    key = "id:secret:refresh"
    assert takes_key(key)
    for odd in ("id:secret", "id::refresh", "id:secret:refresh:more", ""):
        assert not takes_key(odd)
    assert renewal_due(key, NOW)
    assert "Authorization" not in headers(key)
    question = renewal_question(key)
    assert question.media_type == "application/x-www-form-urlencoded"
    assert parse_qs(question.body or "") == {
        "client_id": ["id"],
        "client_secret": ["secret"],
        "grant_type": ["refresh_token"],
        "refresh_token": ["refresh"],
    }
    assert "secret" not in repr(question)

    new = renewed(key, b'{"access_token": "a.b.c", "refresh_token": "next"}', NOW)

    assert new is not None
    assert headers(new)["Authorization"] == "Bearer a.b.c"
    assert headers(new)["X-JOBBER-GRAPHQL-VERSION"] == "2025-04-16"
    assert not renewal_due(new, NOW + timedelta(minutes=49))
    assert renewal_due(new, NOW + timedelta(minutes=50))
    assert parse_qs(renewal_question(new).body or "")["refresh_token"] == ["next"]
    for unusable in (b"<html>", b"[]", b"{}", b'{"access_token": "a", "refresh_token": 7}'):
        assert renewed(key, unusable, NOW) is None


def test_too_many_questions_are_refused_with_a_200() -> None:
    """That is no answer, so it is asked again; nor is a page that says sorry."""
    throttled = {"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]}
    assert is_answer(json.dumps(visit(START)).encode())
    assert is_answer(b'{"data": {"visit": null}, "errors": []}')
    for no_answer in (json.dumps(throttled).encode(), b'{"data": null}', b"<html>", b"[]"):
        assert not is_answer(no_answer)


def test_no_answer_crashes_the_translator() -> None:
    """Whatever stands where something else was meant: events, questions, or a sentence."""
    done = visit(START, isComplete=True, completedAt=NOW.isoformat())
    done["data"]["visit"]["arrivalWindow"] = {"startAt": "soon", "endAt": 7}
    for odd in oddities(done):
        translate(delivered(pointer("VISIT_COMPLETE", NOW), odd))
    for odd in oddities(json.loads(pointer("VISIT_COMPLETE", NOW))):
        try:
            translate(delivered(json.dumps(odd).encode(), done))
        except Untranslatable:
            continue
