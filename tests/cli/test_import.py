"""`import FILE`: a report of each line, a question, and then all of it or nothing."""

from __future__ import annotations

from pathlib import Path

from flask.testing import FlaskCliRunner
from sqlalchemy import select

from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import FactRow, Job
from tests.services import given_brand

DAY = """reference,service,date,from,to,name,phone
JOB-1,Boiler repair,2026-11-24,9:00,11:00,Ada Park,206 555 0100
JOB-2,Boiler check,2026-11-24,11:00,13:00,Bo Lind,
"""


def references(services: Services) -> list[str]:
    """Return what is booked."""
    with reading(services.sessions) as session:
        return sorted(session.scalars(select(Job.reference)))


def test_it_reports_asks_and_imports(
    run: FlaskCliRunner, services: Services, tmp_path: Path
) -> None:
    """No is an answer; nobody's name or number is printed; again, it changes nothing."""
    given_brand(services)
    path = tmp_path / "day.csv"
    path.write_text(DAY, encoding="utf-8")

    refused = run.invoke(args=["import", str(path)], input="n\n")
    left = references(services)
    done = run.invoke(args=["import", str(path)], input="y\n")
    again = run.invoke(args=["import", str(path)])

    assert "   2  new  appointment  JOB-1  tomorrow, 9:00–11:00 AM\n" in refused.stdout
    assert "11:00 AM–1:00 PM  no phone or email: nobody is written to\n" in refused.stdout
    assert "Ada" not in refused.stdout
    assert (refused.exit_code, left) == (1, [])
    assert done.stdout.endswith("Import 2? [y/N]: y\nImported 2.\n")
    assert references(services) == ["JOB-1", "JOB-2"]
    assert (again.exit_code, again.stdout.splitlines()[-1]) == (0, "2 booked already")
    with reading(services.sessions) as session:
        assert set(session.scalars(select(FactRow.actor))) == {"cli"}


def test_what_is_piped_in_is_read(run: FlaskCliRunner, services: Services) -> None:
    """A line of another program's, without a question."""
    given_brand(services)
    done = run.invoke(args=["import", "-", "--yes"], input=DAY)
    assert done.stdout.endswith("Imported 2.\n")


def test_a_fault_is_shown_with_its_column_and_nothing_is_imported(
    run: FlaskCliRunner, services: Services, tmp_path: Path
) -> None:
    """A program sees it by the exit code."""
    given_brand(services)
    path = tmp_path / "day.csv"
    path.write_text(DAY + "JOB-\x1b[31m3,Tap,2026-11-31,9:00,10:00,,\n", encoding="utf-8")

    refused = run.invoke(args=["import", str(path), "--yes"])

    assert refused.exit_code == 1
    assert "\n      date: is not a day that exists\n" in refused.stdout
    assert "\x1b" not in refused.stdout
    assert "2 new, 1 to mend\n" in refused.stdout
    assert refused.stderr.startswith("Error: Nothing was imported.")
    assert references(services) == []


def test_what_is_no_csv_file_is_a_sentence(
    run: FlaskCliRunner, services: Services, tmp_path: Path
) -> None:
    """A workbook, most often."""
    given_brand(services)
    path = tmp_path / "day.xlsx"
    path.write_bytes(b"PK\x03\x04")
    refused = run.invoke(args=["import", str(path)])
    assert refused.exit_code == 1
    assert refused.stderr.startswith("Error: This is a spreadsheet, not a CSV file")
