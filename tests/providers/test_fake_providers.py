"""The fake itself: its callbacks are signed as the providers', and it runs on its own."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask, request

from notifier.providers.protocols import LookUpAbsent, LookUpFound
from notifier.providers.receipt import Receipt, ReceiptEvent
from notifier.providers.sendgrid_receipts import parse_event_batch
from notifier.providers.signatures import verify_sendgrid, verify_twilio
from notifier.providers.twilio_receipts import parse_status_callback
from tests.fakes.clock import FakeClock
from tests.fakes.provider_server import FakeProviders
from tests.providers.conftest import (
    ADA,
    ATTEMPT,
    MESSAGE,
    TOKEN,
    a_text,
    an_email,
    sendgrid_at,
    twilio_at,
)


def _app(providers: FakeProviders, receipts: list[Receipt], replies: list[str]) -> Flask:
    """Return the smallest app that takes callbacks and refuses forged ones."""
    app = Flask(__name__)

    def signed_by_twilio() -> bool:
        return verify_twilio(
            auth_token=providers.auth_token,
            url=request.url,
            params=request.form.to_dict(flat=False),
            signature=request.headers["X-Twilio-Signature"],
        )

    @app.post("/webhooks/twilio/status")
    def status() -> tuple[str, int]:
        if not signed_by_twilio():
            return "", 403
        receipts.extend(parse_status_callback(request.form, query=request.args).receipts)
        return "", 204

    @app.post("/webhooks/twilio/inbound")
    def inbound() -> tuple[str, int]:
        if not signed_by_twilio():
            return "", 403
        replies.append(request.form["Body"])
        return "", 204

    @app.post("/webhooks/sendgrid/events")
    def events() -> tuple[str, int]:
        body = request.get_data()
        if not verify_sendgrid(
            public_key=providers.sendgrid_public_key,
            timestamp=request.headers["X-Twilio-Email-Event-Webhook-Timestamp"],
            signature=request.headers["X-Twilio-Email-Event-Webhook-Signature"],
            body=body,
            now=providers.now(),
            tolerance_s=60,
        ):
            return "", 403
        receipts.extend(parse_event_batch(body).receipts)
        return "", 204

    return app


def test_callbacks_are_signed_as_the_providers_sign_them(
    providers: FakeProviders, clock: FakeClock
) -> None:
    """From the send to the receipt: our ids go out and come back under a good signature."""
    receipts: list[Receipt] = []
    replies: list[str] = []
    providers.callbacks.app = _app(providers, receipts, replies).test_client()
    text = twilio_at(providers, providers.url, clock).send(a_text())
    email = sendgrid_at(providers, providers.url, clock).send(an_email())

    assert providers.deliver(text.provider_id, "undelivered", 30006) == 204
    assert providers.email_event(email.provider_id, "bounce", type="blocked") == 204
    assert providers.reply(from_=ADA, to="+15005550006", body="who's this?") == 204

    assert [(r.provider, r.event, r.code) for r in receipts] == [
        ("twilio", ReceiptEvent.UNDELIVERED, "30006"),
        ("sendgrid", ReceiptEvent.UNDELIVERED, None),
    ]
    assert {(r.message_id, r.attempt_id) for r in receipts} == {(MESSAGE, ATTEMPT)}
    assert [r.provider_id for r in receipts] == [text.provider_id, email.provider_id]
    assert replies == ["who's this?"]


def test_the_list_may_lag_behind_what_was_taken(providers: FakeProviders, clock: FakeClock) -> None:
    """As Twilio's may: absent for a while is not yet *not taken*."""
    providers.listing_lag = {ADA: 5.0}.__getitem__
    twilio, began = twilio_at(providers, providers.url, clock), clock()
    twilio.send(a_text())

    clock.advance(seconds=4)
    assert isinstance(twilio.look_up(to=ADA, link_token=TOKEN, since=began), LookUpAbsent)
    clock.advance(seconds=1)
    assert isinstance(twilio.look_up(to=ADA, link_token=TOKEN, since=began), LookUpFound)


def test_waiting_for_texts_says_how_many_came(providers: FakeProviders, clock: FakeClock) -> None:
    """A test that waits in vain learns what there was instead."""
    twilio_at(providers, providers.url, clock).send(a_text())

    assert len(providers.wait_for_sms(1)) == 1
    with pytest.raises(AssertionError, match="1 of 2"):
        providers.wait_for_sms(2, timeout=0.01)


@contextmanager
def _process(journal: Path) -> Iterator[dict[str, Any]]:
    command = [sys.executable, "-m", "tests.fakes.provider_server", "--journal", str(journal)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())
        finally:
            process.kill()


def test_it_runs_as_a_process_and_its_journal_outlives_it(
    providers: FakeProviders, tmp_path: Path, clock: FakeClock
) -> None:
    """A fault test scripts it from outside, kills it, and reads what customers really got."""
    journal = tmp_path / "journal"
    with _process(journal) as started:
        twilio = twilio_at(providers, started["url"], clock, timeouts=(3, 10))
        order = {"do": "fail_next_sms", "kind": "too_many"}
        requests.post(f"{started['url']}/_control", json=order, timeout=5).raise_for_status()
        with pytest.raises(Exception, match="20429"):
            twilio.send(a_text())
        sent = twilio.send(a_text())

    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    assert [(line["kind"], line["sid"], line["to"]) for line in lines] == [
        ("sms", sent.provider_id, ADA)
    ]
