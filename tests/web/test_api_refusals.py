"""Bad input gets a clear problem that names the field, and nothing is lost or recorded."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from sqlalchemy.exc import InternalError, OperationalError

from notifier.services import Services
from notifier.store.tables import ApiKey, Job
from tests.web.conftest import Api, Reply, an_appointment, an_order, booked, problem_fields


def customer(**changes: Any) -> dict[str, Any]:
    """Return a booking whose customer differs by `changes`."""
    return an_appointment(customer=an_appointment()["customer"] | changes)


def window(start: object, end: object) -> dict[str, Any]:
    """Return a booking with this window."""
    return an_appointment(window={"start": start, "end": end})


GOOD_END = "2026-11-23T21:00:00Z"


REFUSED: list[tuple[object, str]] = [
    (window("2026-11-23T19:00:00", GOOD_END), "window.start"),
    (window("2026-11-23", GOOD_END), "window.start"),
    (window(1795453200, GOOD_END), "window.start"),
    (window("1795453200", GOOD_END), "window.start"),
    (window(True, GOOD_END), "window.start"),
    (window("2026-02-30T19:00:00Z", GOOD_END), "window.start"),
    (window("0001-01-01T00:00:00+23:59", GOOD_END), "window.start"),
    (window("2026-11-23T19:00:00Z", "2026-11-23T19:00:00Z"), "window.end"),
    (window("2026-11-23T19:00:00Z", "2026-11-23T18:00:00Z"), "window.end"),
    (window("2026-11-23T19:00:00Z", None), "window.end"),
    (an_appointment(window="tomorrow"), "window"),
    (an_appointment(place={"time_zone": "Mars/Olympus"}), "place.time_zone"),
    (an_appointment(place={"time_zone": "../etc/passwd"}), "place.time_zone"),
    (an_appointment(place={"adress": "x"}), "place.adress"),
    (customer(time_zone="PST8"), "customer.time_zone"),
    (customer(phone="12345"), "customer.phone"),
    (customer(phone="not a number"), "customer.phone"),
    (customer(phone=12065550100), "customer.phone"),
    (customer(email="ada"), "customer.email"),
    (customer(email="ada@home"), "customer.email"),
    (customer(locale="English please"), "customer.locale"),
    (customer(name="Ada\x00Park"), "customer.name"),
    (customer(age=41), "customer.age"),
    (an_appointment(customer=None), "customer"),
    (an_appointment(reference=""), "reference"),
    (an_appointment(reference="   "), "reference"),
    (an_appointment(reference="x" * 101), "reference"),
    (an_appointment(reference="a\x00b"), "reference"),
    (an_appointment(reference=7), "reference"),
    (an_appointment(service=None), "service"),
    (an_appointment(surprise=True), "surprise"),
    (an_appointment(people=[{"role": "neighbour"}]), "people.0.role"),
    (an_appointment(people=[{"role": "on_site", "phone": "1"}]), "people.0.phone"),
    (an_appointment(people=[{"role": "on_site", "phone": "12345"}]), "people.0.phone"),
    ([], "body"),
    ("text", "body"),
]


def test_a_booking_that_makes_no_sense_is_refused_by_field(api: Api, services: Services) -> None:
    """422, the field named, nothing booked."""
    for body, field in REFUSED:
        answer = raw(api, json.dumps(body))
        assert answer.status_code == 422, body
        assert problem_fields(answer) == [field], body

    with services.sessions() as session:
        assert session.scalar(select(func.count()).select_from(Job)) == 0


def test_every_wrong_field_is_named_at_once(api: Api) -> None:
    """A caller should not have to come back for each."""
    body = window("2026-11-23T19:00:00", "soon") | {"reference": ""}

    assert problem_fields(api.post("/appointments", body)) == [
        "reference",
        "window.start",
        "window.end",
    ]


def test_the_same_parcel_twice_is_refused(api: Api) -> None:
    """Codes are compared as carriers do, without blanks and case."""
    parcels = [
        {"carrier": "UPS", "tracking_code": "1Z 1"},
        {"carrier": "UPS", "tracking_code": "1z1"},
    ]

    assert problem_fields(api.post("/orders", an_order(parcels=parcels))) == ["parcels"]


def test_what_is_not_json_is_refused(api: Api) -> None:
    """Including what Python's own reader would let through."""
    for text in ["", "{", '{"a": NaN}', "\x00", '"' + "\\ud800" * 3, "[" * 100_000, "9" * 10_000]:
        answer = raw(api, text)
        assert answer.status_code == 400, text[:20]
        assert problem_fields(answer) == ["body"]


def test_half_a_character_is_refused(api: Api) -> None:
    """A lone surrogate can't be stored or sent."""
    answer = raw(api, json.dumps(customer(name="Ada \ud83d")))

    assert answer.status_code == 422
    assert problem_fields(answer) == ["customer.name"]


def test_a_body_of_another_kind_is_refused(api: Api) -> None:
    """415 rather than a guess."""
    answer = raw(api, "reference=1", content_type="application/x-www-form-urlencoded")

    assert answer.status_code == 415
    assert answer.mimetype == "application/problem+json"


def test_a_body_that_is_too_large_is_refused(api: Api) -> None:
    """413, and the problem says how large it may be."""
    for size in (1_000_001, 10_000_000):
        answer = raw(api, json.dumps(an_appointment(service="x" * size)))
        assert answer.status_code == 413
        assert problem_fields(answer) == ["body"]


def test_a_query_that_makes_no_sense_is_refused_by_field(api: Api) -> None:
    """Even an unknown name: a filter that is silently ignored shows the wrong jobs."""
    for query, field in (
        ({"cursor": "x"}, "cursor"),
        ({"limit": "0"}, "limit"),
        ({"limit": "201"}, "limit"),
        ({"late": "perhaps"}, "late"),
        ({"status": "lost"}, "status"),
        ({"reference": "a\x00"}, "reference"),
        ({"q": "\x00"}, "q"),
        ({"colour": "red"}, "colour"),
    ):
        answer = api.get("/appointments", **query)
        assert answer.status_code == 422, query
        assert problem_fields(answer) == [field]


def test_no_endpoint_ignores_what_it_is_asked(api: Api) -> None:
    """A name that it does not know, or one said twice, is refused wherever it is asked."""
    ids = {
        "appointments": api.post("/appointments", an_appointment()).json["id"],
        "orders": api.post("/orders", an_order()).json["id"],
    }
    paths = Reply.of(api.client.get("/api/openapi.json")).json["paths"]
    asked = 0
    for path, operations in paths.items():
        kind = path.split("/")[3]
        place = path.format(job_id=ids[kind], fact_id=ids[kind])
        for method, operation in operations.items():
            known = [one["name"] for one in operation["parameters"] if one["in"] == "query"]
            for query, named in [("colour=red", "colour"), ("=1", "query")] + [
                (f"{name}=&{name}=", name) for name in known
            ]:
                answer = Reply.of(
                    api.client.open(
                        f"{place}?{query}",
                        method=method.upper(),
                        headers={"Authorization": f"Bearer {api.key}"},
                    )
                )
                assert answer.status_code == 422, (method, place, query, answer.text)
                assert set(problem_fields(answer)) == {named}, (method, place, query)
                asked += 1
    assert asked > 40


def test_without_a_good_key_nothing_is_answered(client: FlaskClient) -> None:
    """401 with a challenge, before anything of the request is read."""
    for header in (None, "Bearer", "Bearer nk_wrong", "Basic eDp5", "Bearer é"):
        headers = {} if header is None else {"Authorization": header}
        answer = Reply.of(client.post("/api/v1/appointments", data="{", headers=headers))
        assert answer.status_code == 401
        assert answer.mimetype == "application/problem+json"
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_revoked_key_opens_nothing(api: Api, services: Services) -> None:
    """At once, with the next request."""
    assert api.get("/appointments").status_code == 200
    with services.sessions.begin() as session:
        session.execute(update(ApiKey).values(revoked_at=services.now()))

    assert api.get("/appointments").status_code == 401


def test_what_is_not_there_or_not_done_here_is_a_problem_too(api: Api) -> None:
    """404 and 405, for ids of any form."""
    nobody = "019ab000-0000-7000-8000-000000000001"

    for path in ("/appointments/7", f"/appointments/{nobody}", "/nothing"):
        answer = api.get(path)
        assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    answer = api.patch("/appointments", {})
    assert (answer.status_code, answer.mimetype) == (405, "application/problem+json")
    assert "GET" in answer.headers["Allow"]
    job_id = booked(api)
    assert api.post(f"/appointments/{job_id}/facts/{nobody}/withdraw").status_code == 404


@pytest.mark.parametrize("kind", [OperationalError, InternalError])
def test_a_busy_database_asks_to_come_back(
    api: Api, monkeypatch: pytest.MonkeyPatch, kind: type[OperationalError | InternalError]
) -> None:
    """503 with Retry-After; a caller that waits has lost nothing. The second: it only reads."""

    def busy(*_: object, **__: object) -> None:
        raise kind("UPDATE jobs", {"name": "Ada Park"}, Exception("locked"))

    monkeypatch.setattr("notifier.web.api.jobs.book_in", busy)

    answer = api.post("/appointments", an_appointment())

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "Ada" not in answer.text


def test_what_nobody_expected_tells_nothing(
    api: Api, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """500 without a trace, and the log names places, never values."""

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("Ada Park, +12065550100")

    monkeypatch.setattr("notifier.web.api.jobs.book_in", broken)

    answer = api.post("/appointments", an_appointment())
    logged = "".join(capsys.readouterr())

    assert answer.status_code == 500
    assert "RuntimeError" in logged
    assert not any(word in answer.text + logged for word in ("Ada", "5550100", "Traceback"))


def raw(api: Api, text: str, content_type: str = "application/json") -> Reply:
    """POST `text` as it is."""
    headers = {"Authorization": f"Bearer {api.key}"}
    return Reply.of(
        api.client.post(
            "/api/v1/appointments", data=text, headers=headers, content_type=content_type
        )
    )
