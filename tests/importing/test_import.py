"""What a file books: all of its lines or none, once, and just what the preview showed."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from notifier.clock import new_id
from notifier.domain.facts import FactSource
from notifier.domain.jobs import JobKind
from notifier.domain.tracking_codes import normal_tracking_code
from notifier.domain.windows import from_json
from notifier.errors import Conflict
from notifier.importing.bookings import Imported, Line, Outcome, import_lines, preview_import
from notifier.importing.saying import say_counts, say_reach, say_time
from notifier.store.tables import FactRow, Job, Message, Parcel, Person, Technician
from notifier.web.api.bookings_csv import read_lines
from tests.desk import TOMORROW, Desk, make_desk
from tests.fakes.clock import FakeClock

ZONE = "America/Los_Angeles"
DAY = """reference,service,technician,date,from,to,name,phone,email
JOB-1,Boiler repair,Sam,2026-11-24,9:00 AM,11:00 AM,Ada Park,206 555 0100,
JOB-2,Boiler check,Sam,2026-11-24,11:00 AM,1:00 PM,Bo Lind,,bo@example.com
"""
ORDERS = """kind,reference,date,items,carrier,tracking_code,name,phone
order,ORD-1,2026-11-25,Lamp | Shade,UPS,1Z 999 1 | 1Z 999 2,Cy Dale,+12065550102
"""


@pytest.fixture
def desk(sessions: sessionmaker[Session], clock: FakeClock) -> Desk:
    """Return a desk on both databases in turn."""
    return make_desk(sessions, clock)


def read(text: str) -> tuple[Line, ...]:
    """Return the lines of a file, as a brand in Los Angeles reads them."""
    return read_lines(text.encode(), zone=ZONE, country="US")


def outcomes(desk: Desk, lines: Sequence[Line]) -> list[Outcome]:
    """Return what each line would do."""
    return [seen.outcome for seen in preview_import(desk.services, desk.brand, lines).lines]


def faults(desk: Desk, text: str) -> list[tuple[int, str, str]]:
    """Return the faults of a file: line, column, sentence."""
    preview = preview_import(desk.services, desk.brand, read(text))
    return [
        (seen.line.number, fault.column, fault.sentence)
        for seen in preview.lines
        for fault in seen.faults
    ]


def bring_in(desk: Desk, text: str, *, expecting: str | None = None) -> Imported:
    """Import a file as it was previewed."""
    lines = read(text)
    version = expecting or preview_import(desk.services, desk.brand, lines).version
    return import_lines(
        desk.services,
        desk.brand,
        lines,
        expecting=version,
        source=FactSource.STAFF,
        actor="staff:1",
    )


def rows(desk: Desk) -> list[int]:
    """Return how many rows there are of what a booking writes."""
    tables = (Job, FactRow, Person, Parcel, Technician, Message)
    with desk.services.sessions() as session:
        return [session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


def job(desk: Desk, reference: str) -> Job:
    """Return the job of that reference."""
    with desk.services.sessions() as session:
        return session.scalars(select(Job).where(Job.reference == reference)).one()


def test_a_preview_writes_nothing(desk: Desk) -> None:
    """It only says what would be."""
    before = rows(desk)
    assert outcomes(desk, read(DAY)) == [Outcome.NEW, Outcome.NEW]
    assert rows(desk) == before


def test_a_day_of_visits_is_booked_at_the_times_of_the_place(desk: Desk) -> None:
    """As the API would have booked it: promised, agreed and expected, and a person told."""
    assert bring_in(desk, DAY).done
    row = job(desk, "JOB-1")
    assert from_json(row.promised) == from_json(row.agreed) == from_json(row.expected) == TOMORROW
    assert (row.kind, row.service) == (JobKind.APPOINTMENT, "Boiler repair")
    desk.deliver()
    assert any("Boiler repair" in text for text in desk.texts())


def test_an_order_comes_with_its_parcels_on_its_day(desk: Desk) -> None:
    """Two codes are two parcels of one carrier; a date alone is that day."""
    assert bring_in(desk, ORDERS).done
    row = job(desk, "ORD-1")
    assert (row.kind, row.items) == (JobKind.ORDER, ["Lamp", "Shade"])
    with desk.services.sessions() as session:
        codes = session.scalars(select(Parcel.tracking_code).where(Parcel.job_id == row.id))
        assert sorted(codes) == [normal_tracking_code(f"1Z 999 {n}") for n in (1, 2)]
    (line,) = read(ORDERS)
    assert line.new is not None
    assert say_time(line.new, zone=ZONE, now=desk.clock(), locale="en") == "Wed, Nov 25"


def test_the_same_file_again_changes_nothing(desk: Desk) -> None:
    """However it was saved in between."""
    bring_in(desk, DAY)
    desk.deliver()
    before = rows(desk)
    again = DAY.replace(",", ";").replace("\n", "\r\n")
    assert outcomes(desk, read(again)) == [Outcome.SAME, Outcome.SAME]
    assert bring_in(desk, again).done
    desk.deliver()
    assert rows(desk) == before


def test_what_is_new_in_a_longer_file_is_booked(desk: Desk) -> None:
    """The lines of the morning are there already."""
    bring_in(desk, DAY)
    longer = DAY + "JOB-3,Tap,Kim,2026-11-24,14:00,15:00,Di Moe,206 555 0103,\n"
    done = bring_in(desk, longer)
    assert say_counts(done.preview) == "1 new, 2 booked already"
    assert job(desk, "JOB-3").service == "Tap"


@pytest.mark.parametrize(
    "bad",
    [
        "JOB-3,,Sam,2026-11-24,14:00,15:00,Di,206 555 0103,",  # no service
        "JOB-3,Tap,Sam,2026-11-24,14:00,15:00,Di,12,",
        "JOB-3,Tap,Sam,2026-11-24,15:00,14:00,Di,206 555 0103,",
        "JOB-1,Tap,Sam,2026-11-24,14:00,15:00,Di,206 555 0103,",  # another one of that number
        "JOB-3,Tap,Sam,2026-11-24,14:00,15:00,Di,,,beyond",
        "TAKEN,Tap,Sam,2026-11-24,14:00,15:00,Di,206 555 0103,",
    ],
)
def test_one_bad_line_and_none_is_booked(desk: Desk, bad: str) -> None:
    """Nothing is half-imported."""
    desk.visit("TAKEN")
    before = rows(desk)
    assert not bring_in(desk, f"{DAY}{bad}\n").done
    assert rows(desk) == before


@pytest.mark.parametrize("after", [1, 5, 10, 14])
def test_what_breaks_off_half_way_leaves_nothing(desk: Desk, after: int) -> None:
    """Neither jobs nor the technician whom the first line brought."""
    before = rows(desk)
    left = iter(range(after))

    def breaking_off() -> UUID:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return new_id()

    desk.services = replace(desk.services, ids=breaking_off)
    with pytest.raises(KeyboardInterrupt):
        bring_in(desk, DAY)
    assert rows(desk) == before


def test_four_who_import_the_same_at_once_book_it_once(desk: Desk) -> None:
    """Who comes second is told so, and has booked nothing; somebody has."""

    def one(_: int) -> bool:
        try:
            return bring_in(desk, DAY).done
        except Conflict:
            return False

    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(one, range(4)))

    assert any(done)
    assert rows(desk)[:2] == [2, 2]
    assert outcomes(desk, read(DAY)) == [Outcome.SAME, Outcome.SAME]


def test_what_would_do_something_else_by_now_is_not_done(desk: Desk) -> None:
    """The new preview comes back instead; agreed to, it is done."""
    version = preview_import(desk.services, desk.brand, read(DAY)).version
    first = DAY.splitlines(keepends=True)[:2]
    bring_in(desk, "".join(first))
    before = rows(desk)

    refused = bring_in(desk, DAY, expecting=version)

    assert not refused.done
    assert rows(desk) == before
    assert say_counts(refused.preview) == "1 new, 1 booked already"
    assert bring_in(desk, DAY, expecting=refused.preview.version).done


def test_another_file_is_not_what_was_agreed_to(desk: Desk) -> None:
    """Not even with as many lines that are new."""
    version = preview_import(desk.services, desk.brand, read(DAY)).version
    assert not bring_in(desk, DAY.replace("9:00", "8:00"), expecting=version).done


def test_faults_name_the_column_as_the_file_does(desk: Desk) -> None:
    """In the API's sentences, all of a line at once."""
    desk.visit("TAKEN")
    text = (
        "Job,Work,Day,From,To,Mobile,Mail,Zone,Tracking No,Shipper,Technician,Tech phone\n"
        "J-1,Tap,2026-11-24,14:00,,12,nobody,Mars,,,,\n"
        "J-2,Tap,2026-11-24,,,2.0655501E+11,,,,,Sam,12\n"
        ",,2026-11-24,,,,,,1Z1,,,\n"
        "TAKEN,Tap,,,,,,,,,,\n"
        "J-3,Tap,,,,,,,,,,\n"
        "J-3,Tap,,,,,,,,,,\n"
        "J-3,Sink,,,,,,,,,,\n"
        "ORD-1,,,,,,,,1Z1 | 1z 1,UPS,,\n"
    )
    found = faults(desk, text)
    assert [(line, column) for line, column, _ in found] == [
        (2, "Zone"),
        (2, "Mobile"),
        (2, "Mail"),
        (3, "Mobile"),
        (3, "From"),
        (3, "To"),
        (3, "Tech phone"),
        (4, "Job"),
        (4, "Shipper"),
        (5, "Job"),
        (8, "Job"),
        (9, "Tracking No"),
    ]
    said = [sentence for _, _, sentence in found]
    assert "is no time zone" in said[0]
    assert "shortened by a spreadsheet" in said[3]
    assert said[7] == "is missing"
    assert "booked already, otherwise" in said[9]
    assert "stands on line 6 already" in said[10]
    assert "twice" in said[11]


@pytest.mark.parametrize("zone", ["localtime", "Factory", "America", "../../etc/passwd"])
def test_a_zone_is_a_place(desk: Desk, zone: str) -> None:
    """Not what the machine is set to, and no other file beside the zones."""
    line = f"J-1,Tap,2026-11-24,9:00,10:00,Ada,{zone}\n"
    found = faults(desk, f"reference,service,date,from,to,name,time_zone\n{line}")
    assert [(column, "is no time zone" in sentence) for _, column, sentence in found] == [
        ("time_zone", True)
    ]


def test_numbers_that_can_not_be_one_are_found_before_anything_is_written(desk: Desk) -> None:
    """The customer's, and the technician's."""
    text = (
        "reference,service,phone,technician,tech phone\n"
        "J-1,Tap,12,Sam,206 555 0100\n"
        "J-2,Tap,206 555 0100,Sam,12\n"
    )
    assert [(line, column) for line, column, _ in faults(desk, text)] == [
        (2, "phone"),
        (3, "tech phone"),
    ]


def test_what_a_dispatcher_should_know_is_said(desk: Desk) -> None:
    """A time that is over, a place elsewhere, nobody to write to."""
    text = (
        "reference,service,date,from,to,time zone,phone\n"
        "J-1,Tap,2026-11-23,7:00,8:00,,\n"
        "J-2,Tap,2026-11-24,9:00,10:00,America/New_York,206 555 0100\n"
        "J-3,Tap,,,,,\n"
    )
    news = [line.new for line in read(text)]
    said = [
        say_time(new, zone=ZONE, now=desk.clock(), locale="en") for new in news if new is not None
    ]
    assert said == [
        "today, 7:00–8:00 AM, over already",
        "tomorrow, 9:00–10:00 AM ET",
        "no time yet",
    ]
    assert [bool(say_reach(new)) for new in news if new is not None] == [True, False, True]
