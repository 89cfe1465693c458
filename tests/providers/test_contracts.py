"""Both adapters through Prism, which refuses what the official documents refuse.

Behind it stands our own stateful fake, whose answers Prism checks as well: so the tests
that use the fake alone rest on the providers' real contract.
"""

import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from notifier.providers.protocols import LookUpFound
from notifier.providers.receipt import ReceiptEvent
from tests.fakes.clock import FakeClock
from tests.fakes.provider_server import FakeProviders
from tests.providers import prism
from tests.providers.conftest import ADA, SHARED, TOKEN, a_text, an_email, sendgrid_at, twilio_at

CONTRACTS = SHARED / "contracts"
TWILIO = CONTRACTS / "twilio_messages.json"
SENDGRID = CONTRACTS / "sendgrid_mail_send.json"
PATIENT = (3.0, 10.0)

pytestmark = [pytest.mark.prism, pytest.mark.xdist_group("prism")]


@pytest.fixture(scope="module")
def prism_environment() -> dict[str, str]:
    """What Prism runs in, once it is installed; or one line on why it is not."""
    if not CONTRACTS.exists():
        pytest.skip("no contract tests: the providers' OpenAPI documents are not here")
    try:
        return prism.install(os.environ)
    except prism.PrismMissing as missing:
        pytest.skip(f"no contract tests with Prism: {missing}")


@pytest.fixture(scope="module")
def shared_providers() -> Iterator[FakeProviders]:
    """One fake behind Prism for all tests here: Prism takes seconds to start."""
    with FakeProviders(now=FakeClock()) as running:
        yield running


def _proxy(contract: Path, providers: FakeProviders, environment: dict[str, str]) -> Iterator[str]:
    try:
        with prism.proxy(contract, providers.url, environment) as url:
            yield url
    except prism.PrismMissing as missing:
        pytest.skip(f"no contract tests with Prism: {missing}")


@pytest.fixture(scope="module")
def twilio_url(
    shared_providers: FakeProviders,
    prism_environment: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    """Twilio's document in front of the fake."""
    document = tmp_path_factory.mktemp("contract") / TWILIO.name
    document.write_text(json.dumps(_with_relative_pages(json.loads(TWILIO.read_text()))))
    yield from _proxy(document, shared_providers, prism_environment)


def _with_relative_pages(document: dict[str, Any]) -> dict[str, Any]:
    """Let the links between pages be relative, as the API and the document's examples have them.

    The document says `format: uri`, which its own examples do not meet.
    """
    for path in document["paths"].values():
        for answer in path.get("get", {}).get("responses", {}).values():
            schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
            for name, field in schema.get("properties", {}).items():
                if name.endswith("uri"):
                    field["format"] = "uri-reference"
    return document


@pytest.fixture(scope="module")
def sendgrid_url(
    shared_providers: FakeProviders, prism_environment: dict[str, str]
) -> Iterator[str]:
    """SendGrid's document, as published, in front of the fake."""
    yield from _proxy(SENDGRID, shared_providers, prism_environment)


def test_a_text_and_its_look_up_conform(
    shared_providers: FakeProviders, twilio_url: str, clock: FakeClock
) -> None:
    """A send with every parameter that we use, and the search for it, are what Twilio expects."""
    twilio = twilio_at(shared_providers, twilio_url, clock, timeouts=PATIENT)

    accepted = twilio.send(a_text(valid_until=clock() + timedelta(hours=1)))
    found = twilio.look_up(to=ADA, link_token=TOKEN, since=clock())

    assert found == LookUpFound(accepted=accepted, status=ReceiptEvent.ACCEPTED)


def test_a_messaging_service_conforms(
    shared_providers: FakeProviders, twilio_url: str, clock: FakeClock
) -> None:
    """A messaging service's SID goes where the document wants it."""
    service = "MG" + "b" * 32
    sender = twilio_at(shared_providers, twilio_url, clock, from_=service, timeouts=PATIENT)

    sender.send(a_text())

    assert shared_providers.sms[-1]["messaging_service_sid"] == service


def test_the_fakes_list_conforms(
    shared_providers: FakeProviders, twilio_url: str, clock: FakeClock
) -> None:
    """Prism finds nothing to say about a page in the middle of the fake's list."""
    twilio = twilio_at(shared_providers, twilio_url, clock, timeouts=PATIENT)
    for number in range(3):
        twilio.send(a_text(to="+12065550177", token=f"page-{number}"))

    answer = requests.get(
        f"{twilio_url}/2010-04-01/Accounts/{shared_providers.account_sid}/Messages.json",
        params={"To": "+12065550177", "PageSize": "1", "Page": "1"},
        auth=(shared_providers.account_sid, shared_providers.auth_token),
        timeout=10,
    )

    assert answer.status_code == 200, answer.text
    assert "sl-violations" not in answer.headers
    assert answer.json()["next_page_uri"]


def test_prism_really_checks(shared_providers: FakeProviders, twilio_url: str) -> None:
    """A request that breaks the contract never reaches the fake."""
    before = shared_providers.state.requests("sms")

    answer = requests.post(
        f"{twilio_url}/2010-04-01/Accounts/{shared_providers.account_sid}/Messages.json",
        data={"To": ADA, "Body": "x", "MessagingServiceSid": "not a SID"},
        auth=(shared_providers.account_sid, shared_providers.auth_token),
        timeout=10,
    )

    assert answer.status_code >= 400
    assert shared_providers.state.requests("sms") == before


def test_an_email_conforms(
    shared_providers: FakeProviders, sendgrid_url: str, clock: FakeClock
) -> None:
    """The mail that the SDK builds is what SendGrid's published document describes."""
    sendgrid = sendgrid_at(shared_providers, sendgrid_url, clock, timeouts=PATIENT)

    accepted = sendgrid.send(an_email(unsubscribe_url="https://acme.example/u/1"))

    assert accepted.provider_id == shared_providers.emails[-1]["id"]
