"""What the doctor finds in the whole installation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from threading import Thread

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.serving import make_server

from notifier.brands import go_live
from notifier.checkup.diagnosis import diagnose
from notifier.checkup.reachability import ask_address, judge_address
from notifier.domain.findings import Level
from notifier.services import Services
from notifier.store.engine import create_sessions
from notifier.store.heartbeats import beat
from notifier.store.tables import Sender
from notifier.store.vault import Vault
from notifier.web.app_factory import create_app
from notifier.webhooks.receiving import SignatureRefused, receive
from notifier.webhooks.set_up import add_source, give_key
from tests.fakes.clock import FakeClock
from tests.fakes.provider_server import FakeProviders
from tests.providers.conftest import sendgrid_at, twilio_at
from tests.services import given_brand, make_services
from tests.sources import generic_events
from tests.web.board.pushing import push
from tests.web.conftest import WebSettingsOfTests

NUMBER = "+15005550006"


@pytest.fixture
def services(sessions: sessionmaker[Session], clock: FakeClock) -> Services:
    """Return services with the sandbox alone, at an address where nobody listens."""
    return make_services(sessions, now=clock, public_url="http://127.0.0.1:9")


@pytest.fixture
def configured(services: Services, clock: FakeClock) -> Iterator[Services]:
    """Return services with Twilio and SendGrid, both healthy fakes."""
    with FakeProviders(now=clock) as providers:
        providers.twilio_account.numbers[NUMBER] = (
            "https://notify.example.com/webhooks/twilio/inbound"
        )
        yield replace(
            services,
            sms={**services.sms, "twilio": twilio_at(providers, providers.url, clock)},
            email={**services.email, "sendgrid": sendgrid_at(providers, providers.url, clock)},
        )


def found(services: Services, subject: str, *, webhook_key: str | None = None) -> list[Level]:
    """Return the levels of what is said about `subject`."""
    findings = diagnose(services, webhook_key=webhook_key)
    return [finding.level for finding in findings if finding.subject == subject]


def given_beat(services: Services) -> None:
    """Let the clock work give a sign of life."""
    with services.sessions.begin() as session:
        beat(session, services.now())


def test_a_fresh_database_wants_its_first_start(services: Services) -> None:
    """No brand, nothing ticks: both lines say what to run."""
    assert found(services, "brands") == [Level.FAILING]
    assert found(services, "tick") == [Level.FAILING]
    assert found(services, "database") == [Level.OK]
    assert found(services, "rules") == [Level.OK]


def test_a_running_shadow_brand_is_a_warning_until_it_is_live(configured: Services) -> None:
    """Shadow is no fault, but nobody should forget it."""
    brand = given_brand(configured, live=False)
    given_beat(configured)
    assert found(configured, "brand northside") == [Level.WARNING]
    assert found(configured, "tick") == [Level.OK]
    assert found(configured, "settings") == [Level.OK]

    go_live(configured, brand.id, actor="test")

    assert found(configured, "brand northside") == [Level.OK]


def test_a_live_brand_on_the_sandbox_fails(services: Services) -> None:
    """Its customers would hear nothing while all looks sent."""
    given_brand(services)

    assert found(services, "brand northside") == [Level.FAILING]


def test_a_brand_without_a_number_to_ring_fails(configured: Services) -> None:
    """Most messages name one."""
    given_brand(configured, phone="")

    assert Level.FAILING in found(configured, "brand northside")


def test_a_demo_is_well_on_the_sandbox(services: Services) -> None:
    """Only its public address can't be asked while no server runs: a warning."""
    given_brand(services, demo=True)
    given_beat(services)

    findings = diagnose(services, webhook_key=None)

    assert {finding.subject for finding in findings if finding.level is not Level.OK} == {
        "public address, asked"
    }


def test_one_channel_without_a_provider_is_a_warning(configured: Services) -> None:
    """Texts alone may be meant; nobody hears by email then."""
    assert found(replace(configured, email={}), "settings") == [Level.WARNING]


def test_the_webhook_key_must_be_there_and_be_a_key(configured: Services) -> None:
    """Without it SendGrid's events are refused."""
    with FakeProviders() as providers:
        good = providers.sendgrid_public_key

    assert found(configured, "SendGrid webhook key") == [Level.WARNING]
    assert found(configured, "SendGrid webhook key", webhook_key="nonsense") == [Level.FAILING]
    assert found(configured, "SendGrid webhook key", webhook_key=good) == [Level.OK]


def test_a_halted_sender_fails_with_its_code(configured: Services) -> None:
    """A provider that refused our account keeps a whole channel waiting."""
    brand = given_brand(configured)
    with configured.sessions.begin() as session:
        session.add(
            Sender(
                id=configured.ids(),
                brand_id=brand.id,
                channel="sms",
                provider="twilio",
                address=NUMBER,
                halted_at=configured.now() - timedelta(minutes=5),
                halted_code="20003",
            )
        )

    halted = [
        finding
        for finding in diagnose(configured, webhook_key=None)
        if finding.subject == "sender of northside"
    ]

    assert [finding.level for finding in halted] == [Level.FAILING]
    assert "20003" in halted[0].sentence
    assert NUMBER not in repr(halted)


def test_a_source_that_can_not_ask_its_vendor_fails(services: Services) -> None:
    """Until it has its key; a source that says all by itself needs none."""
    brand = given_brand(services)
    add_source(services, brand.id, "ships", "shipstation", live=True)
    add_source(services, brand.id, "shop", "generic", live=True)
    assert found(services, "source ships") == [Level.FAILING]
    assert found(services, "source shop") == []

    give_key(services, "ships", "an-api:key")

    assert found(services, "source ships") == []


def test_a_source_that_nothing_counts_of_fails_and_what_is_to_be_read_warns(
    services: Services, clock: FakeClock
) -> None:
    """Each by its name, with what to do next."""
    brand = given_brand(services)
    add_source(services, brand.id, "shop", "generic", generic_events.SECRET, live=True)
    assert found(services, "sources") == [Level.OK]
    push(services, minutes="many")
    push(services, 2, reference="JOB-2")
    assert found(services, "source shop") == [Level.WARNING]

    clock.advance(days=1, minutes=1)
    with pytest.raises(SignatureRefused):
        receive(services, "shop", {}, b"{}")
    services.refusals.write_due(services.sessions, clock())

    said = [one for one in diagnose(services, webhook_key=None) if one.subject == "source shop"]
    assert [one.level for one in said] == [Level.FAILING, Level.WARNING, Level.WARNING]
    refused, failed, waits = said
    assert "sources rotate shop" in (refused.remedy or "")
    assert failed.sentence == "1 of its deliveries could not be read."
    assert "sources replay shop" in (failed.remedy or "")
    assert waits.sentence == "1 of its deliveries wait, some for more than a day."
    assert "sources put-aside shop" in (waits.remedy or "")


def test_a_schema_of_another_version_fails(services: Services) -> None:
    """Nothing else is read from it: the tables may not be what the code expects."""
    with services.sessions.begin() as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'older'"))

    assert found(services, "database") == [Level.FAILING]
    assert found(services, "tick") == []


def test_a_database_that_does_not_answer_fails(services: Services) -> None:
    """It is one line among the others, and shows no password."""
    url = "postgresql+psycopg://product:sesame@127.0.0.1:9/none"
    away = replace(services, sessions=create_sessions(url))

    findings = diagnose(away, webhook_key=None)

    assert [f.level for f in findings if f.subject == "database"] == [Level.FAILING]
    assert "sesame" not in repr(findings)


def test_the_public_address_is_asked_who_it_is(services: Services) -> None:
    """Another installation, or this one with another secret, is not us."""
    server = make_server("127.0.0.1", 0, create_app(services, WebSettingsOfTests()))
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        address = f"http://127.0.0.1:{server.server_port}"

        def asked(vault: Vault) -> Level:
            return ask_address(address, vault, customers_see_it=True).level

        assert asked(services.vault) is Level.OK
        assert asked(Vault("another secret, long enough to be one too")) is Level.FAILING
    finally:
        server.shutdown()
        thread.join()


def test_an_address_of_this_machine_will_not_do_for_customers() -> None:
    """Links in their messages would lead nowhere; plain http is a warning."""

    def level(url: str, *, customers: bool) -> Level:
        return judge_address(url, customers_see_it=customers).level

    assert level("http://127.0.0.1:9", customers=True) is Level.FAILING
    assert level("http://127.0.0.1:9", customers=False) is Level.OK
    assert level("http://notify.invalid", customers=True) is Level.WARNING
    assert level("https://notify.invalid", customers=True) is Level.OK
