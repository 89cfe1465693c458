"""`sources`: where a vendor's webhooks go, and the secret that signs them."""

from __future__ import annotations

from flask.testing import FlaskCliRunner
from sqlalchemy import func, select

from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import Source
from tests.services import given_brand


def test_a_source_gets_a_url_and_a_secret(run: FlaskCliRunner, services: Services) -> None:
    """A vendor's own secret is not repeated; a taken name and an unknown kind are sentences."""
    given_brand(services)

    ours = run.invoke(args=["sources", "add", "shop", "--kind", "generic"])
    theirs = run.invoke(
        args=["sources", "add", "parcels", "--kind", "easypost", "--secret", "of the vendor"]
    )
    taken = run.invoke(args=["sources", "add", "shop", "--kind", "generic"])
    unknown = run.invoke(args=["sources", "add", "other", "--kind", "pigeon"])

    assert "http://127.0.0.1:9/webhooks/in/shop" in ours.stdout
    assert "Secret: whsec_" in ours.stdout
    assert "of the vendor" not in theirs.output
    assert theirs.exit_code == 0
    assert (taken.exit_code, unknown.exit_code) == (1, 1)
    assert "easypost, generic" in unknown.stderr
    with reading(services.sessions) as session:
        assert session.scalar(select(func.count(Source.id))) == 2
