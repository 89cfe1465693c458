"""`brand`: shadow and live, quiet hours, the countries that are texted."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskCliRunner
from sqlalchemy import select

from notifier.booking import NewAppointment, NewPerson, book
from notifier.domain.facts import FactSource
from notifier.domain.messages import Role
from notifier.domain.windows import Window
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import Brand
from tests.services import given_brand


def brand_row(services: Services, slug: str) -> Brand:
    """Return the brand as it is on record now."""
    with reading(services.sessions) as session:
        return session.scalars(select(Brand).where(Brand.slug == slug)).one()


def test_a_brand_starts_in_shadow_and_goes_live_on_purpose(
    run: FlaskCliRunner, services: Services
) -> None:
    """What would go is listed first, by job and never by person; *no* changes nothing."""
    described = ["--name", "North", "--zone", "America/Los_Angeles", "--phone", "(206) 555-0199"]
    made = run.invoke(args=["brand", "add", "north", *described])
    assert made.exit_code == 0, made.output
    brand = brand_row(services, "north")
    assert brand.live_at is None
    start = services.now() + timedelta(days=3)
    book(
        services,
        brand.id,
        NewAppointment(
            reference="JOB-1",
            service="Boiler repair",
            technician=None,
            window=Window(start, start + timedelta(hours=2)),
            zone=None,
            address=None,
            people=(
                NewPerson(
                    role=Role.CUSTOMER,
                    name="Ada Park",
                    phone="+12065550100",
                    email=None,
                    zone=None,
                    locale=None,
                ),
            ),
        ),
        source=FactSource.API,
        actor="key:test",
    )

    refused = run.invoke(args=["brand", "live", "north"], input="n\n")

    assert refused.exit_code == 1
    assert "reminder" in refused.stdout
    assert "JOB-1" in refused.stdout
    assert "Ada" not in refused.stdout
    assert "5550100" not in refused.stdout
    assert brand_row(services, "north").live_at is None

    assert run.invoke(args=["brand", "live", "north"], input="y\n").exit_code == 0
    assert brand_row(services, "north").live_at == services.now()


def test_going_live_twice_changes_nothing(run: FlaskCliRunner, services: Services) -> None:
    """`--yes` answers for scripts; the second run says since when, and is no error."""
    given_brand(services, live=False)
    assert run.invoke(args=["brand", "live", "northside", "--yes"]).exit_code == 0
    since = brand_row(services, "northside").live_at

    again = run.invoke(args=["brand", "live", "northside", "--yes"])

    assert again.exit_code == 0
    assert "has been live since" in again.stdout
    assert brand_row(services, "northside").live_at == since


def test_quiet_hours_are_set_and_said(run: FlaskCliRunner, services: Services) -> None:
    """Of every day, of one, and a day's own taken away; without any they are printed."""
    given_brand(services)
    args = ["brand", "quiet", "northside"]

    assert run.invoke(args=args).stdout == "northside is quiet: 21:00-08:00.\n"
    said = run.invoke(args=[*args, "20:00-09:00", "sun=all-day", "sat=20:00-10:00"]).stdout
    assert said == "northside is quiet: 20:00-09:00, sat 20:00-10:00, sun all-day.\n"
    assert brand_row(services, "northside").quiet_days == {
        "sun": ["00:00", "24:00"],
        "sat": ["20:00", "10:00"],
    }
    assert run.invoke(args=[*args, "sun=usual"]).stdout == (
        "northside is quiet: 20:00-09:00, sat 20:00-10:00.\n"
    )


@pytest.mark.parametrize(
    "hours",
    [["9 to 5"], ["sunday=none"], ["21:00-08:00", "20:00-08:00"], ["sun=08:00-08:00"]],
)
def test_quiet_hours_that_make_no_sense_are_a_sentence(
    run: FlaskCliRunner, services: Services, hours: list[str]
) -> None:
    """No traceback, and nothing is changed."""
    given_brand(services)

    result = run.invoke(args=["brand", "quiet", "northside", *hours])

    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert brand_row(services, "northside").quiet_until == "08:00"


def test_the_countries_that_are_texted_are_set_and_said(
    run: FlaskCliRunner, services: Services
) -> None:
    """By their codes; `own` is the brand's own alone, and what is no country a sentence."""
    given_brand(services)
    args = ["brand", "countries", "northside"]

    assert run.invoke(args=args).stdout == "northside texts to US.\n"
    assert run.invoke(args=[*args, "us", "ca"]).stdout == "northside texts to CA, US.\n"
    assert brand_row(services, "northside").countries == ["CA", "US"]
    refused = run.invoke(args=[*args, "Canada"])
    assert (refused.exit_code, refused.stderr[:21]) == (1, "Error: 'CANADA' is no")
    assert run.invoke(args=[*args, "own"]).stdout == "northside texts to US.\n"
