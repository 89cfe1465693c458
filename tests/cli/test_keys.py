"""`create-api-key` and `revoke-api-key`: what they print, and whom they let in."""

from __future__ import annotations

from flask.testing import FlaskCliRunner

from notifier.api_keys import authenticate
from notifier.services import Services
from notifier.store.engine import reading
from tests.services import given_brand


def test_a_key_is_printed_and_nothing_else(run: FlaskCliRunner, services: Services) -> None:
    """A script may take the whole output; the key works, and names may repeat."""
    brand = given_brand(services)

    first, second = (run.invoke(args=["create-api-key", "shop"]) for _ in range(2))

    assert first.exit_code == second.exit_code == 0
    assert first.stdout.count("\n") == 1
    assert first.stdout != second.stdout
    with reading(services.sessions) as session:
        caller = authenticate(session, services, first.stdout.strip())
    assert caller is not None
    assert caller.brand_id == brand.id


def test_a_revoked_key_opens_nothing_and_the_others_stay(
    run: FlaskCliRunner, services: Services
) -> None:
    """All keys of the name end; one of another name goes on."""
    given_brand(services)
    lost, kept = (
        run.invoke(args=["create-api-key", name]).stdout.strip() for name in ("lost", "kept")
    )

    assert run.invoke(args=["revoke-api-key", "lost"]).stdout == "Ended 1 key(s) named lost.\n"
    assert run.invoke(args=["revoke-api-key", "lost"]).exit_code == 1

    with reading(services.sessions) as session:
        assert authenticate(session, services, lost) is None
        assert authenticate(session, services, kept) is not None
