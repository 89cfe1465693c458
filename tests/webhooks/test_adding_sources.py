"""Adding a source: its address, its secret, and names that can't be."""

from __future__ import annotations

from uuid import UUID

import pytest

from notifier.errors import Conflict, Invalid, NotFound
from notifier.services import Services
from notifier.store.tables import Source
from notifier.webhooks.set_up import add_source
from tests.webhooks.deliveries import (
    count,
)


def test_a_source_gets_an_address_and_a_secret_that_is_shown_once(
    services: Services, brand: UUID
) -> None:
    """Ours is a Standard Webhooks secret; one that was given is not repeated."""
    made = add_source(services, brand, "field-app", "generic", None)
    given = add_source(services, brand, "tracker", "easypost", "given")

    assert made.url == "https://notify.example.com/webhooks/in/field-app"
    assert made.secret is not None
    assert made.secret.startswith("whsec_")
    assert given.secret is None
    assert made.secret not in repr(made)


@pytest.mark.parametrize(
    ("name", "kind", "secret", "field"),
    [
        ("Easy Post", "easypost", None, "name"),
        ("-", "easypost", None, "name"),
        ("x", "teleport", None, "kind"),
        ("x", "generic", "short", "secret"),
        ("x", "easypost", " ", "secret"),
        ("x", "shopify", None, "secret"),  # Shopify makes its own
    ],
)
def test_a_source_that_could_not_work_is_refused(
    services: Services, brand: UUID, name: str, kind: str, secret: str | None, field: str
) -> None:
    """The field is named, and nothing is added."""
    with pytest.raises(Invalid) as caught:
        add_source(services, brand, name, kind, secret)
    assert caught.value.field == field
    assert count(services, Source) == 2


def test_a_name_can_be_taken_once(services: Services, brand: UUID) -> None:
    """Two sources can't share an address, nor can one belong to nobody."""
    with pytest.raises(Conflict):
        add_source(services, brand, "easypost", "generic")
    with pytest.raises(NotFound):
        add_source(services, services.ids(), "new", "generic")
