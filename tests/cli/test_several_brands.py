"""Several brands speak from the numbers of one installation: a STOP is for each that wrote."""

from __future__ import annotations

import signal

import pytest
from flask import Flask
from pydantic import SecretStr
from sqlalchemy import select

from config.settings import Settings
from notifier.booking import NewPerson
from notifier.cli import serving
from notifier.domain.messages import Channel
from notifier.replies import IncomingReply, take_reply
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import Brand, Sender, Suppression
from tests.services import SECRET, given_brand
from tests.web.board.world import given_visit

NUMBER = "+12065550199"
ADA = "+12065550142"


@pytest.fixture
def app(app: Flask) -> Flask:
    """Return the app of an installation with a number at Twilio."""
    app.config["SETTINGS"] = Settings(
        secret_key=SecretStr(SECRET),
        brand_name="Northside",
        brand_phone="206-555-0199",
        twilio_account_sid="AC" + "0" * 32,
        twilio_auth_token=SecretStr("token"),
        twilio_from=NUMBER,
    )
    app.extensions["notifier.upgrade"] = lambda: None
    return app


def brands_in(services: Services, table: type[Sender] | type[Suppression]) -> set[str]:
    """Return the slugs of the brands that have a row in `table`."""
    with reading(services.sessions) as session:
        rows = select(Brand.slug).where(Brand.id.in_(select(table.brand_id)))
        return set(session.scalars(rows))


@pytest.mark.parametrize("command", ["brand add", "migrate"])
def test_stop_reaches_the_brand_that_wrote(app: Flask, services: Services, command: str) -> None:
    """Made by the command, or before an update: the number is as much its own as the first's."""
    run = app.test_cli_runner()
    given_brand(services, slug="default")
    run.invoke(args=["migrate"])
    if command == "brand add":
        of_acme = ["--name", "Acme", "--zone", "America/Los_Angeles", "--phone", "206-555-0100"]
        run.invoke(args=["brand", "add", "acme", *of_acme])
        with services.sessions.begin() as session:
            acme = session.scalars(select(Brand).where(Brand.slug == "acme")).one()
            acme.live_at = services.now()
    else:
        acme = given_brand(services, slug="acme")
        run.invoke(args=["migrate"])
    given_visit(services, acme, people=(NewPerson(name="Ada Park", phone=ADA),))

    take_reply(
        services,
        IncomingReply(
            channel=Channel.SMS,
            provider_id="SM1",
            from_address=ADA,
            to_address=NUMBER,
            body="STOP",
            received_at=services.now(),
        ),
    )

    assert "acme" in brands_in(services, Suppression)


def test_the_demo_speaks_from_no_real_number(app: Flask, services: Services) -> None:
    """It never leaves the sandbox."""
    given_brand(services, slug="default")
    given_brand(services, slug="demo", demo=True)
    app.test_cli_runner().invoke(args=["migrate"])

    assert brands_in(services, Sender) == {"default"}


class EndsAtOnce:
    """A worker that is told to end as soon as it runs."""

    def start(self) -> None:
        """Do as whoever stops the process."""
        signal.raise_signal(signal.SIGTERM)

    def stop(self) -> None:
        """There is nothing to stop."""


def test_a_number_set_since_the_last_update_is_known_to_a_worker(
    app: Flask, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a second path was set and only the worker started anew, it can be halted, too."""
    given_brand(services, slug="default")
    monkeypatch.setattr(serving, "_worker", lambda _app: EndsAtOnce())
    before = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        ended = app.test_cli_runner().invoke(args=["worker"])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

    assert ended.exit_code == 0, ended.output
    assert brands_in(services, Sender) == {"default"}
