"""Puts the product together as `app.py` does, around fake providers and a fake clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from notifier.api_keys import create_api_key
from notifier.clock import new_id
from notifier.providers.sendgrid_email import SendGridEmail
from notifier.providers.twilio_sms import TwilioSms
from notifier.services import Services
from notifier.staff import add_staff, make_sign_in_link
from notifier.web.app_factory import create_app
from notifier.webhooks.set_up import add_source
from tests.fakes.clock import FakeClock
from tests.fakes.provider_server import PUBLIC_URL, FakeProviders
from tests.journeys.product import EASYPOST_SECRET, OUR_NUMBER, Product
from tests.journeys.watched_waker import WatchedWaker
from tests.services import given_brand, make_services
from tests.web.conftest import Api, WebSettingsOfTests

_LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def live_at() -> datetime | None:
    """Return since when the brand is live; a module may say None for a brand in shadow."""
    return _LONG_AGO


@pytest.fixture
def product(
    sessions: sessionmaker[Session], clock: FakeClock, live_at: datetime | None
) -> Iterator[Product]:
    """Return the running product of one live brand in Los Angeles; it is 9:00 AM there."""
    with FakeProviders(now=clock) as providers:
        waker = WatchedWaker(cast("Engine", sessions.kw["bind"]))
        services = _services(sessions, clock, providers, waker)
        brand = given_brand(services, live=live_at is not None)
        add_source(services, brand.id, "easypost", "easypost", EASYPOST_SECRET, live=True)
        staff = add_staff(services, brand.id, "Dee", "dee@northside.example")
        app = create_app(
            services,
            WebSettingsOfTests(
                public_url=PUBLIC_URL,
                twilio_auth_token=SecretStr(providers.auth_token),
                sendgrid_webhook_public_key=providers.sendgrid_public_key,
            ),
        )
        providers.callbacks.app = app.test_client()
        product = Product(
            app=app,
            api=Api(app.test_client(), create_api_key(services, brand.id, "a shop")),
            services=services,
            waker=waker,
            clock=clock,
            providers=providers,
            sign_in_url=make_sign_in_link(services, staff),
        )
        product.start()
        yield product
        product.stop()


def _services(
    sessions: sessionmaker[Session], clock: FakeClock, providers: FakeProviders, waker: WatchedWaker
) -> Services:
    twilio = TwilioSms(
        account_sid=providers.account_sid,
        auth_token=providers.auth_token,
        from_=OUR_NUMBER,
        public_url=PUBLIC_URL,
        now=clock,
        api_url=providers.url,
    )
    sendgrid = SendGridEmail(
        api_key=providers.api_key,
        from_address="hello@northside.example",
        now=clock,
        api_url=providers.url,
    )
    plain = make_services(
        sessions, now=clock, ids=new_id, sms=twilio, wake=waker, public_url=PUBLIC_URL
    )
    return replace(plain, email={sendgrid.name: sendgrid})
