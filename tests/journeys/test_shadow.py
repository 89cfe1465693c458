"""The first contact with real customers is deliberate."""

from __future__ import annotations

import pytest

from notifier.brands import find_brand, go_live
from tests.journeys.product import Product, hours


@pytest.fixture
def live_at() -> None:
    """The brand is in shadow."""


def test_customers_of_a_brand_in_shadow_get_nothing_and_owe_nothing_of_before(
    product: Product,
) -> None:
    """Everything is planned and shown, nothing is sent; live, only what happens from then on."""
    job = product.book()
    product.late(job)

    assert product.new_texts() == []
    assert product.providers.emails == []
    assert product.fates(job, "running_late") == [("sms", "skipped", "shadow")]
    assert product.told(job) == hours("19:00", "21:00")

    product.clock.advance(minutes=1)
    with product.services.sessions() as session:
        brand = find_brand(session, None)
    go_live(product.services, brand.id, actor="cli")
    assert product.new_texts() == []

    product.late(job, 120)

    assert "1-3 PM" in product.new_text()["body"]
