"""Finding jobs: by reference, status, lateness, words; a page at a time."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import update

from notifier.services import Services
from notifier.store.tables import Person
from tests.web.conftest import Api, an_order, booked


def test_pages_follow_each_other_without_gap_or_repeat(api: Api) -> None:
    """Newest first; the last page says that there is no next."""
    made = [str(booked(api, reference=f"JOB-{number}")) for number in range(5)]

    seen: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(3):
        page = api.get("/appointments", limit="2", **cursor).json
        seen += [job["id"] for job in page["items"]]
        cursor = {"cursor": page["next"]} if page["next"] else {}

    assert seen == made[::-1]
    assert cursor == {}


def test_filters_narrow_and_all_must_hold(api: Api) -> None:
    """An order is not among appointments, whatever its reference."""
    late = booked(api, reference="JOB-1")
    booked(api, reference="JOB-2")
    api.post("/orders", an_order())
    api.post(f"/appointments/{late}/facts", {"type": "delayed", "minutes": 45})

    def references(**query: str) -> list[str]:
        return [job["reference"] for job in api.get("/appointments", **query).json["items"]]

    assert references() == ["JOB-2", "JOB-1"]
    assert references(reference="JOB-2") == ["JOB-2"]
    assert references(late="true") == ["JOB-1"]
    assert references(late="false") == ["JOB-2"]
    assert references(late="true", reference="JOB-2") == []
    assert references(status="scheduled") == ["JOB-2", "JOB-1"]
    assert references(status="en_route") == []
    assert references(reference="ORD-2001") == []


def test_a_job_is_found_by_what_its_customer_says_on_the_phone(api: Api) -> None:
    """Name, number, address, email: any part of them, all of what is asked."""
    booked(api)

    for words, found in (
        ("ada", True),
        ("PARK Ada", True),
        ("par", True),
        ("0100", True),
        ("(206) 555-0100", True),
        ("1200 pine", True),
        ("ada@example.com", True),
        ("Bo", False),
        ("Ada Lind", False),
        ("?!", False),
    ):
        assert len(api.get("/appointments", q=words).json["items"]) == found, words


def test_messages_come_in_pages_too(api: Api) -> None:
    """Oldest first."""
    job_id = booked(api)
    api.post(f"/appointments/{job_id}/facts", {"type": "delayed", "minutes": 45})
    path = f"/appointments/{job_id}/messages"
    whole = api.get(path).json

    first = api.get(path, limit="1").json
    rest = api.get(path, cursor=first["next"]).json

    assert len(whole["items"]) > 1
    assert first["items"] + rest["items"] == whole["items"]
    assert (whole["next"], rest["next"]) == (None, None)


def test_an_erased_person_is_null_and_their_job_remains(api: Api, services: Services) -> None:
    """Their key is gone: nobody can open what was theirs."""
    job_id = booked(api)
    api.post(f"/appointments/{job_id}/facts", {"type": "delayed", "minutes": 45, "note": "secret"})
    with services.sessions.begin() as session:
        session.execute(update(Person).values(key=None))

    job = api.get(f"/appointments/{job_id}").json
    messages = api.get(f"/appointments/{job_id}/messages").json["items"]

    assert UUID(job["id"]) == job_id
    assert job["address"] is None
    assert job["people"][0]["name"] is None
    assert {channel["to"] for channel in job["people"][0]["channels"]} == {None}
    assert {fact["note"] for fact in job["facts"]} == {None}
    assert {(m["to"], m["body"], m["person"]["name"]) for m in messages} == {(None, None, None)}
