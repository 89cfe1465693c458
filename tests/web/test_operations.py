"""What machines are told: alive, ready, and figures that name nobody."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from notifier.checkup.diagnosis import diagnose
from notifier.clock import system_now
from notifier.domain.findings import Level
from notifier.domain.messages import MessageStatus
from notifier.domain.windows import utc_text
from notifier.providers.receipt import Receipt, ReceiptEvent
from notifier.receipts import apply_receipt
from notifier.services import Services
from notifier.store.engine import create_sessions
from notifier.store.heartbeats import beat
from notifier.store.tables import Attempt, Brand, Message
from notifier.web.app_factory import create_app
from notifier.webhooks.set_up import add_source
from tests.fakes.clock import FakeClock
from tests.sources import generic_events
from tests.web.board.pushing import push
from tests.web.conftest import Api, WebSettingsOfTests, booked


def booked_ahead(api: Api, clock: FakeClock) -> UUID:
    """Book a visit in three hours."""
    start = clock() + timedelta(hours=3)
    window = {"start": utc_text(start), "end": utc_text(start + timedelta(hours=2))}
    return booked(api, window=window)


def ticked(services: Services, at: datetime) -> None:
    """Leave the scheduler's sign of life."""
    with services.sessions.begin() as session:
        beat(session, at)


def test_alive_is_said_without_the_database(services: Services, tmp_path: Path) -> None:
    """Being alive and being ready are different questions."""
    nowhere = create_sessions(f"sqlite:///{tmp_path}")  # a directory is no database
    client = create_app(replace(services, sessions=nowhere), WebSettingsOfTests()).test_client()

    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["checks"]["database"]["status"] == "failing"
    assert client.get("/metrics").status_code == 200
    api_answer = client.get("/api/v1/orders", headers={"Authorization": "Bearer nk_x"})
    assert api_answer.status_code == 503
    assert api_answer.headers["Retry-After"]


def test_ready_while_the_clock_work_runs(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    """Failing until the first tick, and again when it stands still for a minute."""
    assert client.get("/readyz").status_code == 503
    ticked(services, clock())
    assert client.get("/readyz").status_code == 200
    clock.advance(seconds=61)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["checks"]["tick"]["value"] == 61


def test_overdue_messages_are_a_warning(
    api: Api, client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    """With how long the oldest waits; the traffic is still welcome."""
    job_id = booked(api)
    api.post(f"/appointments/{job_id}/facts", {"type": "delayed", "minutes": 45})
    clock.advance(minutes=5)
    ticked(services, clock())

    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["status"] == "warning"
    assert answer.json["checks"]["oldest_overdue_message"]["value"] >= 300


def test_a_provider_that_never_reports_back_is_a_warning(
    api: Api, client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    """Accepted a quarter of an hour ago and no callback since: the public address is wrong."""
    clock.set(system_now())  # what is counted is found by the time in its id
    job_id = booked_ahead(api, clock)
    api.post(f"/appointments/{job_id}/facts", {"type": "delayed", "minutes": 45})
    with services.sessions.begin() as session:
        for message in session.scalars(select(Message)):
            attempt = Attempt(
                id=services.ids(),
                brand_id=message.brand_id,
                message_id=message.id,
                number=1,
                provider="sandbox",
                started_at=clock(),
                lease_until=clock(),
            )
            session.add(attempt)
            message.attempt_id, message.provider = attempt.id, "sandbox"
            message.status, message.accepted_at = MessageStatus.ACCEPTED, clock()
    clock.advance(minutes=16)
    ticked(services, clock())

    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json is not None
    check = answer.json["checks"]["accepted_without_callback_count"]
    assert check["status"] == "warning"
    assert f"sandbox ({check['value']:.0f})" in check["detail"]
    (said,) = [
        finding
        for finding in diagnose(services, webhook_key=None)
        if finding.subject == "accepted without callback"
    ]
    assert said.level is Level.WARNING
    assert "sandbox" in said.sentence
    assert "PUBLIC_URL" in (said.remedy or "")
    assert "registered" in (said.remedy or "")


def test_figures_count_and_name_nobody(api: Api, client: FlaskClient, clock: FakeClock) -> None:
    """Messages by status, facts by type, requests by endpoint; no id, name or number."""
    clock.set(system_now())
    job_id = booked_ahead(api, clock)
    api.post(f"/appointments/{job_id}/facts", {"type": "delayed", "minutes": 45})

    text = client.get("/metrics").get_data(as_text=True)

    assert 'notifier_facts_last_day{source="api",type="delayed"} 1.0' in text
    assert "notifier_messages_last_day{" in text
    assert 'endpoint="api.record_appointment_fact"' in text
    assert not any(word in text for word in (str(job_id), "Ada", "5550100", "JOB-1001"))


def test_a_code_that_we_do_not_know_is_counted(
    api: Api, client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    """By provider and code, so that somebody gives it a line of its own."""
    clock.set(system_now())  # what is counted is found by the time in its id
    for number, code in enumerate(("30099", "30099", "30003", "read_timeout")):
        apply_receipt(
            services,
            Receipt(
                message_id=None,
                attempt_id=None,
                provider="twilio",
                provider_id="SM1",
                event_id=f"SM1:{number}",
                event=ReceiptEvent.UNDELIVERED,
                code=code,
            ),
            origin="callback",
        )

    text = client.get("/metrics").get_data(as_text=True)

    counted = [line for line in text.splitlines() if line.startswith("notifier_unknown_codes")]
    assert counted == ['notifier_unknown_codes_last_day{code="30099",provider="twilio"} 2.0']
    (said,) = [
        finding
        for finding in diagnose(services, webhook_key=None)
        if finding.subject == "provider codes"
    ]
    assert said.level is Level.WARNING
    assert "twilio 30099 (2×)" in said.sentence


def test_pages_with_a_secret_address_send_no_referrer(client: FlaskClient) -> None:
    """The address is the key: it must not travel on."""
    for path in ("/s/unknown-token", "/day/unknown-token"):
        answer = client.get(path)
        assert answer.status_code in {404, 410}
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.mimetype == "text/html"


def test_every_answer_forbids_what_is_inline_or_from_elsewhere(client: FlaskClient) -> None:
    """Strict by default, and no cache in between may keep an answer."""
    for path in ("/healthz", "/api/docs", "/board", "/nothing"):
        headers = client.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "private" in headers["Cache-Control"] or "no-store" in headers["Cache-Control"]


def test_on_https_the_session_never_travels_in_the_clear(app: Flask) -> None:
    """HttpOnly, Lax, Secure; and browsers are told to stay on https."""
    assert app.config["SESSION_COOKIE_SECURE"]
    assert app.config["SESSION_COOKIE_HTTPONLY"]
    assert app.config["SESSION_COOKIE_SAMESITE"] == "Lax"
    assert "Strict-Transport-Security" in app.test_client().get("/healthz").headers


def test_a_form_from_elsewhere_is_refused(client: FlaskClient) -> None:
    """The board's forms need our token; the API has no cookie to abuse."""
    answer = client.post("/board/search", data={"q": "ada"})

    assert answer.status_code == 400
    assert answer.mimetype == "text/html"


def test_what_sources_were_refused_is_counted_by_kind_and_reason(
    client: FlaskClient, services: Services, brand: Brand, clock: FakeClock
) -> None:
    """Of the last day, in whichever brand; the source's own name is not said."""
    for name in ("adas-shop", "other"):
        add_source(services, brand.id, name, "generic", live=True)
        client.post(f"/webhooks/in/{name}", json={})
    line = 'notifier_source_refusals_last_day{kind="generic",reason="signature"}'
    clock.advance(seconds=5)

    client.get("/healthz")  # any request writes what is due
    text = client.get("/metrics").get_data(as_text=True)
    assert f"{line} 2.0" in text
    assert "adas-shop" not in text

    clock.advance(days=1)
    assert line not in client.get("/metrics").get_data(as_text=True)


def test_what_is_not_on_record_is_counted_by_kind_and_state(
    client: FlaskClient, services: Services, brand: Brand
) -> None:
    """Of all times, and 0 where there is none, so that an alarm can be made of it."""
    add_source(services, brand.id, "shop", "generic", generic_events.SECRET, live=True)
    push(services, minutes="many")
    push(services, 2, reference="JOB-2")

    text = client.get("/metrics").get_data(as_text=True)

    for state, number in (("failed", 1), ("waiting", 1), ("fetching", 0)):
        line = f'notifier_source_deliveries_unread{{kind="generic",state="{state}"}} {number}.0'
        assert line in text


def test_guessing_sign_in_links_is_slowed_down(client: FlaskClient) -> None:
    """Twenty a minute, then 429 with a time to wait."""
    answers = [client.get(f"/sign-in/guess-{number}") for number in range(21)]

    assert answers[19].status_code != 429
    assert answers[20].status_code == 429
    assert int(answers[20].headers["Retry-After"]) > 0
    assert client.get("/healthz").status_code == 200


def test_the_documents_of_the_api_are_open_to_read(client: FlaskClient, brand: Brand) -> None:
    """OpenAPI 3.1 for machines; for people a page without any script."""
    spec = client.get("/api/openapi.json").json
    page = client.get("/api/docs").get_data(as_text=True)

    assert spec is not None
    assert spec["openapi"].startswith("3.1")
    assert len(spec["paths"]) == 14
    for path, operations in spec["paths"].items():
        assert path in page
        for operation in operations.values():
            assert {"401", "422", "503"} <= operation["responses"].keys()
    assert "<script" not in page
    assert "http" not in page.replace("https://go.example.com", "").replace("OpenAPI", "")
