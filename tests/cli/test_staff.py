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
