"""Callers repeat themselves: at once, from many threads, and after an answer was lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from flask import Flask
from sqlalchemy import func, select

from notifier.services import Services
from notifier.store.tables import FactRow, IdempotencyKey, Job
from tests.web.conftest import Api, Reply, an_appointment, booked, problem_fields

THREADS = 20
LATE = {"type": "delayed", "minutes": 45}


def test_the_same_key_and_body_get_the_same_answer(api: Api, services: Services) -> None:
    """A fact said again under its key is not recorded again."""
    facts = f"/appointments/{booked(api)}/facts"

    first = api.post(facts, LATE, idempotency_key="a")
    again = api.post(facts, LATE, idempotency_key="a")
    other = api.post(facts, LATE, idempotency_key="b")

    assert (first.status_code, again.status_code, other.status_code) == (202, 202, 202)
    assert again.json == first.json
    assert other.json["fact"]["id"] != first.json["fact"]["id"]


def test_a_booking_repeated_under_its_key_is_created_both_times(api: Api) -> None:
    """201 again, not 200: the caller learns what its first request did."""
    first = api.post("/appointments", an_appointment(), idempotency_key="a")
    again = api.post("/appointments", an_appointment(), idempotency_key="a")
    bare = api.post("/appointments", an_appointment())

    assert (first.status_code, again.status_code, bare.status_code) == (201, 201, 200)
    assert again.json == first.json


def test_the_same_key_for_another_body_is_a_conflict(api: Api, services: Services) -> None:
    """And the second request does nothing."""
    facts = f"/appointments/{booked(api)}/facts"
    api.post(facts, LATE, idempotency_key="a")

    answer = api.post(facts, {"type": "arrived"}, idempotency_key="a")

    assert answer.status_code == 409
    with services.sessions() as session:
        types = list(session.scalars(select(FactRow.type).order_by(FactRow.seq)))
    assert types == ["booked", "delayed"]


def test_a_request_that_was_refused_may_be_mended_under_the_same_key(api: Api) -> None:
    """Nothing was done under it, so nothing is remembered."""
    refused = api.post("/appointments", an_appointment(service=""), idempotency_key="a")
    mended = api.post("/appointments", an_appointment(), idempotency_key="a")

    assert (refused.status_code, mended.status_code) == (422, 201)


def test_a_key_that_is_none_is_refused(api: Api) -> None:
    """Empty, or longer than anything that a caller makes up."""
    for key in ("", "x" * 256):
        answer = api.post("/appointments", an_appointment(), idempotency_key=key)
        assert answer.status_code == 422
        assert problem_fields(answer) == ["Idempotency-Key"]


def test_what_is_kept_of_a_key_is_neither_the_key_nor_the_body(
    api: Api, services: Services
) -> None:
    """Hashes and ids only."""
    api.post("/appointments", an_appointment(), idempotency_key="for Ada Park")

    with services.sessions() as session:
        row = session.scalars(select(IdempotencyKey)).one()
        job_id = session.scalar(select(Job.id))
    assert (row.status, row.job_id, row.fact_id) == (201, job_id, None)
    assert b"Ada" not in row.scope + row.request_hash


def test_one_fact_from_twenty_threads_under_one_key_is_one_fact(
    app: Flask, api: Api, services: Services
) -> None:
    """Everybody gets the same answer, and it was recorded once."""
    facts = f"/appointments/{booked(api)}/facts"

    answers = at_once(app, api, facts, LATE, key="a")

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json["fact"]["id"] for answer in answers}) == 1
    with services.sessions() as session:
        said = select(func.count()).select_from(FactRow).where(FactRow.type == "delayed")
        assert session.scalar(said) == 1


def test_one_fact_from_twenty_threads_without_a_key_owes_one_message(app: Flask, api: Api) -> None:
    """Saying it twenty times is saying it once: the windows never add up."""
    job_id = booked(api)

    answers = at_once(app, api, f"/appointments/{job_id}/facts", LATE, key=None)

    assert {answer.status_code for answer in answers} == {202}
    messages = api.get(f"/appointments/{job_id}/messages").json["items"]
    late = [m for m in messages if (m["rule"], m["channel"]) == ("running_late", "sms")]
    assert len(late) == 1
    expected = api.get(f"/appointments/{job_id}").json["expected"]
    assert expected["end"] == "2026-11-23T21:45:00Z"


def test_one_booking_from_twenty_threads_is_one_job(
    app: Flask, api: Api, services: Services
) -> None:
    """With a key all are told that it was created; without one, only the first."""
    body = an_appointment()

    keyed = at_once(app, api, "/appointments", body, key="a")
    bare = at_once(app, api, "/appointments", an_appointment(reference="JOB-2"), key=None)

    assert {answer.status_code for answer in keyed} == {201}
    assert sorted(answer.status_code for answer in bare) == [200] * (THREADS - 1) + [201]
    assert len({answer.json["id"] for answer in keyed}) == 1
    with services.sessions() as session:
        assert session.scalar(select(func.count()).select_from(Job)) == 2


def at_once(app: Flask, api: Api, path: str, body: object, *, key: str | None) -> list[Reply]:
    """POST the same from many threads, each with a client of its own."""
    headers = {} if key is None else {"idempotency_key": key}

    def ask(_: int) -> Reply:
        return Api(app.test_client(), api.key).post(path, body, **headers)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(ask, range(THREADS)))
