"""`staff`: who signs in, and whose phone gets the texts of a shadow."""

from __future__ import annotations

from flask.testing import FlaskCliRunner
from sqlalchemy import func, select

from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import Staff
from tests.services import given_brand


def test_staff_are_added_once_and_get_a_link(run: FlaskCliRunner, services: Services) -> None:
    """The link signs in; the same address again is a sentence; another link can be had."""
    given_brand(services)

    added = run.invoke(args=["staff", "add", "Dee", "dee@northside.example"])
    again = run.invoke(args=["staff", "add", "Dee", "DEE@northside.example"])
    link = run.invoke(args=["staff", "sign-in-link", "dee@northside.example"])

    assert added.stdout.startswith("http://127.0.0.1:9/sign-in/")
    assert again.exit_code == 1
    assert "already staff" in again.stderr
    assert link.stdout.startswith("http://127.0.0.1:9/sign-in/")
    assert link.stdout != added.stdout


def test_who_is_on_the_staff_is_listed_with_their_addresses(
    run: FlaskCliRunner, services: Services
) -> None:
    """Whoever needs another link finds by which address; where nobody is, how to add somebody."""
    brand = given_brand(services, live=False)
    nobody = run.invoke(args=["staff", "list"])
    for name in ("Dee", "Sam"):
        run.invoke(args=["staff", "add", name, f"{name}@northside.example"])
    run.invoke(args=["staff", "verify-phone", "dee@northside.example", "206 555 0123"])
    with services.sessions.begin() as session:
        sam = session.scalars(select(Staff).where(Staff.phone_hash.is_(None))).one()
        sam.disabled_at = services.now()

    listed = run.invoke(args=["staff", "list"])
    stranger = run.invoke(args=["staff", "sign-in-link", "x@y.example"])

    assert nobody.stdout.startswith(f"Nobody is on the staff of {brand.name}.")
    assert listed.stdout == (
        "Dee  dee@northside.example; their phone gets messages in shadow\n"
        "Sam  sam@northside.example; may no longer sign in\n"
    )
    assert "`staff list` names them" in stranger.stderr


def test_a_staff_phone_is_verified_for_shadow(run: FlaskCliRunner, services: Services) -> None:
    """It is kept as a hash; a number that is none, and a stranger, are sentences."""
    given_brand(services, live=False)
    run.invoke(args=["staff", "add", "Dee", "dee@northside.example"])
    verify = ["staff", "verify-phone", "dee@northside.example"]

    assert run.invoke(args=[*verify, "12"]).exit_code == 1
    assert run.invoke(args=["staff", "verify-phone", "x@y.example", "+12065550123"]).exit_code == 1
    assert run.invoke(args=[*verify, "206 555 0123"]).exit_code == 0
    with reading(services.sessions) as session:
        verified = session.scalar(select(func.count()).where(Staff.phone_hash.is_not(None)))
    assert verified == 1
