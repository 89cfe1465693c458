"""`report promises`: a table to read, CSV and JSON to go on with."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskCliRunner
from sqlalchemy import update

from notifier import intake
from notifier.booking import NewAppointment, NewPerson, book
from notifier.domain.facts import FactSource, FactType
from notifier.domain.messages import Role
from notifier.domain.windows import Window
from notifier.intake import NewFact
from notifier.services import Services
from notifier.store.tables import Brand
from tests.fakes.clock import FakeClock
from tests.services import given_brand


def one_booked(
    services: Services, clock: FakeClock, technician: str = "Sam"
) -> tuple[Brand, UUID, Window]:
    """Return the brand of a visit that begins in two hours, the visit, and its window."""
    brand = given_brand(services)
    start = clock() + timedelta(hours=2)
    agreed = Window(start, start + timedelta(hours=2))
    visit = NewAppointment(
        reference="JOB-1",
        service="Boiler repair",
        technician=technician,
        window=agreed,
        people=(NewPerson(role=Role.CUSTOMER, name="Ada Park", phone="+12065550100"),),
    )
    job = book(services, brand.id, visit, source=FactSource.API, actor="key:1").job_id
    return brand, job, agreed


def one_kept(services: Services, clock: FakeClock, technician: str = "Sam") -> None:
    """One visit, and they were there in time."""
    brand, job, _ = one_booked(services, clock, technician)
    clock.advance(hours=3)
    fact = NewFact(type=FactType.ARRIVED, source=FactSource.STAFF, actor="staff:1")
    intake.record(services, brand.id, job, fact)


def test_the_table_names_its_columns_and_no_customer(
    run: FlaskCliRunner, services: Services, clock: FakeClock
) -> None:
    """A line for each technician, and nothing where there is nothing to say."""
    one_kept(services, clock)
    args = ["report", "promises", "--since", "2026-11-23", "--by", "technician"]

    result = run.invoke(args=args)

    assert result.exit_code == 0, result.output
    heads, line = result.stdout.splitlines()
    assert heads.split()[:4] == ["reached", "promises", "kept", "in"]
    assert line.split()[:4] == ["Sam", "given", "1", "1"]
    assert "Ada" not in result.output
    assert result.stderr == ""  # progress is for a terminal


def test_csv_and_json_say_the_same(
    run: FlaskCliRunner, services: Services, clock: FakeClock
) -> None:
    """For a spreadsheet, and for a program."""
    one_kept(services, clock)
    args = ["report", "promises", "--since", "2026-11-20", "--format"]
    (row,) = csv.DictReader(io.StringIO(run.invoke(args=[*args, "csv"]).stdout))
    (line,) = json.loads(run.invoke(args=[*args, "json"]).stdout)
    assert (row["group"], row["reached"], row["kept"]) == ("all", "given", "1")
    assert (line["kept"], line["broken"], line["share_before_tell_by"]) == (1, 0, None)
    assert set(row) == set(line)


def test_minutes_are_whole_and_who_heard_too_late_is_below_zero(
    run: FlaskCliRunner, services: Services, clock: FakeClock
) -> None:
    """For whom nine is the start and eight `tell_by`, twenty seconds past eight is too late."""
    brand, job, agreed = one_booked(services, clock)
    clock.advance(hours=1, seconds=20)
    moved = NewFact(
        type=FactType.RESCHEDULED,
        source=FactSource.STAFF,
        actor="staff:1",
        window=agreed.shifted(60),
        agreed=True,
    )
    intake.record(services, brand.id, job, moved)
    clock.advance(hours=2)
    args = ["report", "promises", "--since", "2026-11-20", "--format"]

    (row, *_) = csv.DictReader(io.StringIO(run.invoke(args=[*args, "csv"]).stdout))
    (line, *_) = json.loads(run.invoke(args=[*args, "json"]).stdout)
    table = run.invoke(args=[*args, "table"]).stdout

    assert (row["knew_before_start"], row["knew_before_tell_by"]) == ("59", "-1")
    assert (line["knew_before_start"], line["knew_before_tell_by"]) == (59, -1)
    assert {"59 min", "-1 min"} <= set(re.split("  +", table))


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", " =1+1"])
def test_a_name_in_the_csv_is_never_a_formula(
    run: FlaskCliRunner, services: Services, clock: FakeClock, name: str
) -> None:
    """A schedule may call a technician anything; a spreadsheet must show it, not run it."""
    one_kept(services, clock, technician=name)
    args = ["report", "promises", "--since", "2026-11-20", "--by", "technician"]

    (row,) = csv.DictReader(io.StringIO(run.invoke(args=[*args, "--format", "csv"]).stdout))

    assert row["group"].startswith("'")
    assert row["group"].endswith(name.strip())


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Asia/Tokyo"])
def test_all_the_days_that_there_are_can_be_asked_for(
    run: FlaskCliRunner, services: Services, clock: FakeClock, zone: str
) -> None:
    """Who wants everything gives the first day and the last one that can be written."""
    one_kept(services, clock)
    with services.sessions.begin() as session:
        session.execute(update(Brand).values(zone=zone))
    args = ["report", "promises", "--since", "0001-01-01"]

    for extra in ([], ["--until", "9999-12-31"]):
        result = run.invoke(args=[*args, *extra])
        assert result.exit_code == 0, result.output
        assert "given" in result.stdout


def test_what_can_not_be_is_a_sentence(run: FlaskCliRunner, services: Services) -> None:
    """Days the wrong way round, a word that is no day, and a time with nothing in it."""
    given_brand(services)
    args = ["report", "promises", "--since", "2026-11-23"]
    wrong = run.invoke(args=[*args, "--until", "2026-11-01"])
    assert wrong.exit_code == 1
    assert "lies before" in wrong.stderr
    assert run.invoke(args=["report", "promises", "--since", "yesterday"]).exit_code == 2
    assert run.invoke(args=args).stdout == "Nothing was due since 2026-11-23.\n"
