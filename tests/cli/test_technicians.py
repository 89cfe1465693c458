"""`technicians` and `day-link`: the numbers of those who go, and the page of their day."""

from __future__ import annotations

import pytest
from flask.testing import FlaskCliRunner
from sqlalchemy import func, select

from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import DayLink, Technician
from notifier.technicians.register import phone_of
from tests.services import given_brand


def given_technicians(run: FlaskCliRunner, services: Services, *names: str) -> None:
    """A brand, and who goes out for it."""
    given_brand(services)
    for name in names:
        made = run.invoke(args=["technicians", "phone", name, "+12065550177", "--new"])
        assert made.exit_code == 0, made.output


def test_a_technician_gets_a_number_and_loses_it(run: FlaskCliRunner, services: Services) -> None:
    """They are asked there from now on; what is no number changes nothing."""
    brand = given_brand(services)
    new = ["technicians", "phone", "Sam", "206 555 0177", "--new"]

    assert run.invoke(args=new).exit_code == 0
    with reading(services.sessions) as session:
        sam = session.scalars(select(Technician)).one()
    assert phone_of(services, brand.id, sam.id) == "+12065550177"
    assert run.invoke(args=["technicians", "phone", "sam", "206 555 0178"]).exit_code == 0
    assert phone_of(services, brand.id, sam.id) == "+12065550178"

    assert run.invoke(args=["technicians", "phone", "Sam", "12"]).exit_code == 1
    assert run.invoke(args=["technicians", "phone", "Sam"]).exit_code == 2
    assert run.invoke(args=["technicians", "phone", "Sam", "--remove", "--new"]).exit_code == 2
    assert run.invoke(args=["technicians", "phone", "Sam", "--remove"]).exit_code == 0
    assert phone_of(services, brand.id, sam.id) is None


@pytest.mark.parametrize(
    "args",
    [
        ["technicians", "phone", "Sam Riverra", "+12065550178"],
        ["technicians", "phone", "Sam Riverra", "--remove"],
        ["day-link", "Sam Riverra"],
    ],
)
def test_a_slip_in_a_technicians_name_makes_nobody_new(
    run: FlaskCliRunner, services: Services, args: list[str]
) -> None:
    """The real Sam would stay unasked; who may have been meant is named, and how to add others."""
    given_technicians(run, services, "Sam Rivera", "Priya Shah")

    result = run.invoke(args=args)

    assert result.exit_code == 1
    assert "did you mean Sam Rivera?" in result.stderr
    assert "Priya" not in result.stderr
    assert "--new" in result.stderr
    with reading(services.sessions) as session:
        assert session.scalar(select(func.count(Technician.id))) == 2


def test_a_number_that_is_none_adds_nobody(run: FlaskCliRunner, services: Services) -> None:
    """Whoever is new comes with their number, or not at all."""
    given_brand(services)

    assert run.invoke(args=["technicians", "phone", "Sam", "12", "--new"]).exit_code == 1

    with reading(services.sessions) as session:
        assert session.scalar(select(func.count(Technician.id))) == 0


def test_a_day_link_opens_and_closes(run: FlaskCliRunner, services: Services) -> None:
    """One technician, one day, revocable."""
    given_technicians(run, services, "Sam")

    made = run.invoke(args=["day-link", "Sam"])
    closed = run.invoke(args=["day-link", "Sam", "--revoke"])

    assert made.stdout.startswith("http://127.0.0.1:9/day/")
    assert closed.stdout == "Closed.\n"


@pytest.mark.parametrize("revoke", [[], ["--revoke"]])
@pytest.mark.parametrize("day", ["tomorrow", "2026-13-01", "24.11.2026", ""])
def test_a_day_that_is_none_opens_and_closes_nothing(
    run: FlaskCliRunner, services: Services, day: str, revoke: list[str]
) -> None:
    """How to write one is said; an empty one is not taken for today."""
    given_technicians(run, services, "Sam")

    result = run.invoke(args=["day-link", "Sam", "--day", day, *revoke])

    assert result.exit_code == 2
    assert "%Y-%m-%d" in result.stderr
    with reading(services.sessions) as session:
        assert session.scalars(select(DayLink)).all() == []


@pytest.mark.parametrize("day", ["2062-11-24", "2006-11-24", "9999-12-31"])
def test_a_day_in_a_year_that_was_mistyped_opens_no_link(
    run: FlaskCliRunner, services: Services, day: str
) -> None:
    """It would stand open for decades."""
    given_technicians(run, services, "Sam")

    result = run.invoke(args=["day-link", "Sam", "--day", day])

    assert result.exit_code == 1
    assert "within a year" in result.stderr
