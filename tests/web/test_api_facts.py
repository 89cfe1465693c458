"""Saying what happened, through HTTP, and seeing what follows from it."""

from __future__ import annotations

from typing import Any

from tests.fakes.clock import FakeClock
from tests.web.conftest import Api, an_order, booked, problem_fields

LATER = {"start": "2026-11-23T19:45:00Z", "end": "2026-11-23T21:45:00Z"}
WINDOW = {"start": "2026-11-23T19:00:00Z", "end": "2026-11-23T21:00:00Z"}


def test_a_delay_moves_what_is_expected_and_owes_a_message(api: Api) -> None:
    """202 with the fact and the job after it; `told` stays until a message arrives."""
    job_id = booked(api)

    answer = api.post(
        f"/appointments/{job_id}/facts",
        {"type": "delayed", "minutes": 45, "reason": "traffic", "note": "Van in the jam"},
    )

    assert answer.status_code == 202
    fact, job = answer.json["fact"], answer.json["job"]
    assert (fact["type"], fact["minutes"], fact["source"]) == ("delayed", 45, "api")
    assert fact["applied"]
    assert fact["note"] == "Van in the jam"
    assert (job["expected"], job["told"], job["status"]) == (LATER, WINDOW, "scheduled")
    assert job["late"]
    late = api.get(f"/appointments/{job_id}/messages").json["items"]
    assert ("running_late", "ready") in {(m["rule"], m["status"]) for m in late}
    waiting = next(m for m in late if m["rule"] == "running_late")
    assert waiting["person"]["name"] == "Ada Park"
    assert waiting["to"] == "+12065550100"
    assert waiting["asserts"] == LATER
    assert waiting["attempts"] == 0


def test_minutes_below_zero_ask_whether_an_earlier_time_suits(api: Api) -> None:
    """A wrong sign is an offer to a customer: the description of the API names that."""
    job_id = booked(api)

    api.post(f"/appointments/{job_id}/facts", {"type": "delayed", "minutes": -30})

    messages = api.get(f"/appointments/{job_id}/messages").json["items"]
    assert "earlier_if_suits" in {message["rule"] for message in messages}
    schemas = api.client.get("/api/openapi.json").get_json()["components"]["schemas"]
    said = schemas["AppointmentFactIn"]["properties"]["minutes"]["description"]
    assert "Below zero it is earlier: the customer of an appointment is asked" in said


def test_a_delay_taken_back_owes_nothing(api: Api) -> None:
    """Withdrawn before it went: the message is superseded, and taking back twice is once."""
    job_id = booked(api)
    facts = f"/appointments/{job_id}/facts"
    fact_id = api.post(facts, {"type": "delayed", "minutes": 45}).json["fact"]["id"]

    answer = api.post(f"{facts}/{fact_id}/withdraw")
    again = api.post(f"{facts}/{fact_id}/withdraw")

    assert answer.status_code == again.status_code == 202
    job = again.json["job"]
    assert job["expected"] == WINDOW
    assert next(f for f in job["facts"] if f["id"] == fact_id)["withdrawn"]
    late = [
        message["status"]
        for message in api.get(f"/appointments/{job_id}/messages").json["items"]
        if message["rule"] == "running_late"
    ]
    assert late == ["superseded"]


def test_what_is_expected_can_be_said_outright(api: Api) -> None:
    """A window, nobody knows, or not that day."""
    facts = f"/appointments/{booked(api)}/facts"

    for expected in ("unknown", "off", LATER):
        answer = api.post(facts, {"type": "delayed", "expected": expected})
        assert answer.json["job"]["expected"] == expected


def test_a_move_that_was_agreed_is_agreed_expected_and_told(api: Api) -> None:
    """Agreed on the phone: the customer knows it already."""
    job_id = booked(api)
    window = {"start": "2026-11-24T19:00:00Z", "end": "2026-11-24T21:00:00Z"}

    job = api.post(
        f"/appointments/{job_id}/facts",
        {"type": "rescheduled", "window": window, "agreed": True},
    ).json["job"]

    assert (job["agreed"], job["expected"], job["told"]) == (window, window, window)
    assert job["promised"] == WINDOW


def test_what_somebody_said_by_phone_is_told(api: Api) -> None:
    """`told` without a window means what is expected now."""
    job_id = booked(api)
    facts = f"/appointments/{job_id}/facts"
    api.post(facts, {"type": "delayed", "minutes": 45})

    job = api.post(facts, {"type": "told"}).json["job"]

    assert (job["told"], job["told_strength"]) == (LATER, "given")


def test_an_order_follows_its_parcel(api: Api) -> None:
    """However the tracking code is written."""
    order = api.post("/orders", an_order()).json

    job = api.post(
        f"/orders/{order['id']}/facts", {"type": "shipped", "parcel": "1z999aa10123456784"}
    ).json["job"]

    assert job["status"] == "shipped"
    assert job["parcels"][0]["status"] == "shipped"


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({}, "type"),
    ({"type": "shipped"}, "type"),
    ({"type": "booked"}, "type"),
    ({"type": "withdrawn"}, "type"),
    ({"type": "exploded"}, "type"),
    ({"type": "delayed"}, "expected"),
    ({"type": "delayed", "minutes": 45, "expected": "off"}, "minutes"),
    ({"type": "delayed", "minutes": "45"}, "minutes"),
    ({"type": "delayed", "minutes": True}, "minutes"),
    ({"type": "delayed", "minutes": 4.5}, "minutes"),
    ({"type": "delayed", "minutes": -1441}, "minutes"),
    ({"type": "delayed", "minutes": 10081}, "minutes"),
    ({"type": "delayed", "expected": "soon"}, "expected"),
    ({"type": "delayed", "expected": {"start": "2026-11-23T19:00:00Z"}}, "expected.end"),
    ({"type": "delayed", "minutes": 5, "reason": "flu"}, "reason"),
    ({"type": "delayed", "minutes": 5, "by": "us"}, "by"),
    ({"type": "delayed", "minutes": 5, "note": "a\x00b"}, "note"),
    ({"type": "delayed", "minutes": 5, "occurred_at": "2026-11-23T19:00:00"}, "occurred_at"),
    ({"type": "delayed", "minutes": 5, "occurred_at": 1795453200}, "occurred_at"),
    ({"type": "delayed", "minutes": 5, "occurred_at": "1795453200"}, "occurred_at"),
    ({"type": "missed", "by": "the dog"}, "by"),
    ({"type": "arrived", "minutes": 5}, "minutes"),
    ({"type": "reassigned"}, "technician"),
    ({"type": "rescheduled", "agreed": True}, "window"),
    ({"type": "rescheduled", "window": LATER}, "agreed"),
    ({"type": "accepted"}, "window"),
    ({"type": "told", "person": "019ab000-0000-7000-8000-000000000001"}, "person"),
    ({"type": "arrived", "surprise": 1}, "surprise"),
]


def test_a_fact_that_makes_no_sense_is_refused_by_field(api: Api) -> None:
    """Nothing is recorded, and the field is named."""
    job_id = booked(api)

    for body, field in REFUSED:
        answer = api.post(f"/appointments/{job_id}/facts", body)
        assert answer.status_code == 422, body
        assert problem_fields(answer) == [field], body

    assert len(api.get(f"/appointments/{job_id}").json["facts"]) == 1


def test_an_appointments_fact_says_nothing_of_an_order(api: Api) -> None:
    """And a code that is none of its parcels is named."""
    order = api.post("/orders", an_order()).json
    facts = f"/orders/{order['id']}/facts"

    assert problem_fields(api.post(facts, {"type": "en_route"})) == ["type"]
    assert problem_fields(api.post(facts, {"type": "shipped", "parcel": "XX1"})) == ["parcel"]


def test_explain_says_of_every_rule_whether_it_speaks_and_why(api: Api) -> None:
    """With the rule's condition and the values that it saw, for each person."""
    job_id = booked(api)
    api.post(f"/appointments/{job_id}/facts", {"type": "delayed", "minutes": 45})

    items = api.get(f"/appointments/{job_id}/explain").json["items"]

    late = next(item for item in items if item["rule"] == "running_late")
    assert late["owed"]
    assert late["person"]["role"] == "customer"
    assert any(not item["owed"] and item["reason"] for item in items)


def test_explain_answers_for_the_past_as_it_was(api: Api, clock: FakeClock) -> None:
    """`at` names the moment; one without a zone, or before the booking, is a 422."""
    job_id = booked(api)
    clock.advance(minutes=30)
    api.post(f"/appointments/{job_id}/facts", {"type": "delayed", "minutes": 45})
    path = f"/appointments/{job_id}/explain"

    then = api.get(path, at="2026-11-23T17:15:00Z").json["items"]
    now = api.get(path).json["items"]

    late_then, late_now = (
        next(item for item in items if item["rule"] == "running_late") for items in (then, now)
    )
    assert (late_then["owed"], late_now["owed"]) == (False, True)
    assert late_then["why"] == "They know the right time, or are being told it."
    assert late_now["send_at"] == "2026-11-23T17:30:00Z"
    assert late_now["in_the_way"] == []
    for wrong in ("2026-11-23T17:15:00", "2026-11-20T17:15:00Z", "2027-01-01T00:00:00Z", "soon"):
        assert problem_fields(api.get(path, at=wrong)) == ["at"], wrong
    for first in ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00"):
        assert problem_fields(api.get(path, at=first)) == ["at"], first
