"""The page of an order: dates and parcels, and what the customer can say of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from notifier.domain.facts import FactType
from notifier.domain.reasons import Reason
from notifier.domain.windows import Window
from notifier.services import Services
from notifier.store.tables import Brand
from tests.web.pages import (
    ADA,
    WINDOW,
    facts_of,
    given_order,
    link_of,
    press,
    say,
    show,
)


def test_an_order_shows_dates_and_parcels_and_takes_i_dont_have_it(
    client: FlaskClient, services: Services, brand: Brand
) -> None:
    """Delivered, says the carrier; not here, says the customer: both are said, neither lost."""
    job = given_order(services, brand.id)
    link = link_of(services, job)
    assert "UPS" in show(client, link)
    assert "DEMO0001" not in client.get(link).text

    say(services, brand.id, job, FactType.DELIVERED, parcel="DEMO0001")
    assert "Delivered" in show(client, link)
    assert {press(client, link, "not-received") for _ in range(2)} == {303}

    assert facts_of(services, job) == [("delivered", "staff"), ("not_received", "customer")]
    page = show(client, link)
    assert "You told us that it did not arrive" in page
    assert "reported missing" in page
    assert "reported missing:" not in page  # the day on which it was not there is no news


@pytest.mark.parametrize("locale", ["en-US", "pt-BR", "fr", "zz"])
def test_a_buyer_of_any_locale_has_a_page(
    client: FlaskClient, services: Services, brand: Brand, locale: str
) -> None:
    """As shops name it; a language without words has its page in English, dates and all."""
    friday = Window(WINDOW.start + timedelta(days=4), WINDOW.end + timedelta(days=4))
    job = given_order(services, brand.id, window=friday, people=(replace(ADA, locale=locale),))

    link = link_of(services, job)

    assert "Your order is planned for Fri, Nov 27" in show(client, link)
    assert '<html lang="en">' in client.get(link).text


def test_a_late_order_says_the_new_date(
    client: FlaskClient, services: Services, brand: Brand
) -> None:
    """Two days later, by the carrier: dates, no hours."""
    job = given_order(services, brand.id)
    later = Window(WINDOW.start + timedelta(days=2), WINDOW.end + timedelta(days=2))
    say(services, brand.id, job, FactType.DELAYED, expected=later, reason=Reason.CARRIER)

    page = show(client, link_of(services, job))

    assert "it comes later: Wed, Nov 25" in page
    assert "2 days later than promised" in page
    assert "AM" not in page
