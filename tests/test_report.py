"""The report on promises: a day of eight visits and one call, counted by hand.

All are on Monday the 23rd of November; the clock starts at nine. Visit by visit:

A  there in time                                                    kept
B  45 minutes late, heard 80 minutes before its tell_by, and there  moved in time; kept again
C  45 minutes late, heard 30 minutes after its tell_by; missed      moved late; broken again
D  missed by us, nobody told her                                    broken, never told
E  45 minutes late, presumed heard 20 minutes before its tell_by    moved in time, presumed
F  *45 late* was a mistake, taken back before it went; there        kept
G  nobody has said how it went                                      no word
H  booked, and called off by the customer                           nowhere
and Ada of visit A was promised a call by eleven, and rung.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy.orm import Session, sessionmaker

from notifier import intake
from notifier.domain.facts import FactSource, FactType, PromiseKind
from notifier.domain.ledger.report import ReportLine
from notifier.domain.messages import Strength
from notifier.domain.reasons import Party, Reason
from notifier.domain.windows import Window
from notifier.errors import Invalid
from notifier.report import By, report_promises
from notifier.store.tables import Promise
from tests.desk import Desk, make_desk
from tests.fakes.clock import FakeClock

DAY = date(2026, 11, 23)


@pytest.fixture
def desk(sessions: sessionmaker[Session], clock: FakeClock) -> Desk:
    """Return a brand at nine in the morning."""
    return make_desk(sessions, clock)


def visit(desk: Desk, name: str, hours: float, technician: str) -> UUID:
    """Book a visit of two hours that begins in so many; nothing is sent."""
    start = desk.clock() + timedelta(hours=hours)
    window = Window(start, start + timedelta(hours=2))
    job = desk.visit(name, window=window, technician=technician)
    desk.clock.set(start - timedelta(hours=hours))
    return job


def told(desk: Desk, job: UUID, when: datetime, strength: Strength) -> None:
    """What is expected reaches the customer then, as a message would have it."""
    row = desk.job(job)
    with desk.services.sessions.begin() as session:
        session.add(
            Promise(
                id=desk.services.ids(),
                brand_id=row.brand_id,
                job_id=job,
                job_person_id=desk.person(job).id,
                asserts=row.expected,
                given_at=when,
                strength=strength,
                message_id=desk.services.ids(),
                recorded_at=when,
            )
        )


def a_day(desk: Desk) -> None:
    """Live through the day of the docstring."""
    nine = desk.clock()

    def late(job: UUID, reason: Reason | None) -> None:
        desk.late(job, 45, reason=reason, source=FactSource.TECHNICIAN)

    def at(minutes: int) -> datetime:
        desk.clock.set(nine + timedelta(minutes=minutes))
        return desk.clock()

    a, b, c, d, e, f, _, h = (
        visit(desk, name, hours, who)
        for name, hours, who in (
            ("A", 2, "Sam"),
            ("B", 3, "Sam"),
            ("C", 3, "Zoe"),
            ("D", 3, "Zoe"),
            ("E", 4, "Sam"),
            ("F", 4, "Sam"),
            ("G", 4, "Zoe"),
            ("H", 4, "Zoe"),
        )
    )
    at(10)
    desk.say(
        a,
        FactType.PROMISED,
        what=PromiseKind.CALL_BACK,
        moment=nine + timedelta(hours=2),
        by_phone=True,
    )
    mistake = desk.late(f, 45).fact_id
    intake.withdraw(desk.services, desk.brand, f, mistake, source=FactSource.STAFF, actor="staff:1")
    desk.say(h, FactType.CANCELLED, by=Party.CUSTOMER)
    late(b, Reason.TRAFFIC)
    told(desk, b, at(40), Strength.DELIVERED)  # its tell_by is two hours from nine
    at(60)
    desk.say(a, FactType.SPOKEN_TO)
    late(c, None)
    late(e, Reason.TRAFFIC)
    at(130)
    desk.say(a, FactType.ARRIVED)
    told(desk, c, at(150), Strength.DELIVERED)
    told(desk, e, at(160), Strength.PRESUMED)  # its tell_by is three hours from nine
    at(250)
    desk.say(b, FactType.ARRIVED)
    desk.say(f, FactType.ARRIVED)
    at(360)
    desk.say(e, FactType.ARRIVED)
    desk.say(c, FactType.MISSED, by=Party.US, reason=Reason.STAFFING)
    desk.say(d, FactType.MISSED, by=Party.US, reason=Reason.STAFFING)
    at(600)


def report(desk: Desk, by: By | None = None, since: date = DAY) -> dict[object, ReportLine]:
    """Return the lines by group and strength, or by strength where there is one group."""
    lines = report_promises(desk.services, desk.brand, since=since, by=by)
    return {(line.group, line.reached) if by else line.reached: line for line in lines}


def counts(line: ReportLine) -> tuple[int, ...]:
    return (line.kept, line.moved_in_time, line.moved_late, line.broken, line.never_told)


def test_the_day_as_counted_by_hand(desk: Desk) -> None:
    """What reached them for certain is counted apart from what was presumed."""
    a_day(desk)
    lines = report(desk)
    given, delivered, presumed = (
        lines[s] for s in (Strength.GIVEN, Strength.DELIVERED, Strength.PRESUMED)
    )
    # A, its call, F kept; D broken. G: no word. H and F's mistake: nowhere.
    assert counts(given) == (3, 0, 0, 1, 1)
    assert (given.promises, given.no_word, given.open) == (5, 1, 0)
    assert given.share_before_tell_by == 0
    assert given.knew_before_start is None
    # B moved in time and C late; of the second times B's was kept and C's broke.
    assert counts(delivered) == (1, 1, 1, 1, 1)
    assert (delivered.second_times, delivered.second_kept) == (2, 1)
    # B knew 140 minutes before the start and 80 before its tell_by, C 30 and -30.
    assert delivered.knew_before_start == 85
    assert delivered.knew_before_tell_by == 25
    assert delivered.share_before_tell_by == pytest.approx(1 / 3)
    # E moved in time, as far as anybody knows, and its second time was kept.
    assert counts(presumed) == (1, 1, 0, 0, 0)
    assert (presumed.knew_before_start, presumed.knew_before_tell_by) == (80, 20)
    assert (presumed.second_times, presumed.second_kept) == (1, 1)


def test_by_technician(desk: Desk) -> None:
    """Who went, or should have."""
    a_day(desk)
    lines = report(desk, By.TECHNICIAN)
    assert counts(lines["Sam", Strength.GIVEN]) == (3, 0, 0, 0, 0)
    assert counts(lines["Zoe", Strength.GIVEN]) == (0, 0, 0, 1, 1)
    assert counts(lines["Zoe", Strength.DELIVERED]) == (0, 0, 1, 1, 1)


def test_by_reason(desk: Desk) -> None:
    """The reason of the change, where one was recorded."""
    a_day(desk)
    lines = report(desk, By.REASON)
    assert counts(lines["unchanged", Strength.GIVEN]) == (3, 0, 0, 0, 0)
    assert counts(lines["staffing", Strength.GIVEN]) == (0, 0, 0, 1, 1)


def test_by_source_and_by_rule(desk: Desk) -> None:
    """Who said what was promised, and what carried the promise."""
    a_day(desk)
    by_source, by_rule = report(desk, By.SOURCE), report(desk, By.RULE)
    assert by_source["api", Strength.GIVEN].promises == 4
    assert by_source["staff", Strength.GIVEN].promises == 1  # the call
    assert by_rule["booking", Strength.DELIVERED].moved_in_time == 1
    assert by_rule["phone", Strength.GIVEN].kept == 1
    assert by_rule["message", Strength.DELIVERED].promises == 2


def test_only_what_was_due_then_is_counted(desk: Desk) -> None:
    """Days are the brand's, both ends included."""
    a_day(desk)
    brand, services = desk.brand, desk.services
    before, after = DAY - timedelta(days=1), DAY + timedelta(days=1)
    assert report_promises(services, brand, since=before, until=before) == []
    assert report_promises(services, brand, since=after, until=after) == []
    whole = report_promises(services, brand, since=before, until=after)
    assert whole == report_promises(services, brand, since=DAY, until=DAY)
    with pytest.raises(Invalid, match="before"):
        report_promises(services, brand, since=DAY, until=before)


def test_a_new_day_begins_at_the_midnight_of_the_brand(desk: Desk) -> None:
    """Due at half past midnight of the 24th is not due on the 23rd."""
    end = datetime.fromisoformat("2026-11-24T08:30:00+00:00")
    desk.visit("N", window=Window(end - timedelta(hours=1), end))
    days = (DAY, DAY + timedelta(days=1))
    due = [report_promises(desk.services, desk.brand, since=day, until=day) for day in days]
    assert [len(lines) for lines in due] == [0, 1]


def test_many_jobs_are_read_a_hundred_at_a_time(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And whoever waits sees how far it is."""
    monkeypatch.setattr("notifier.report._STEP", 2)
    a_day(desk)
    seen: list[tuple[int, int]] = []
    lines = report_promises(
        desk.services,
        desk.brand,
        since=DAY,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == [(2, 8), (4, 8), (6, 8), (8, 8)]
    assert lines == report_promises(desk.services, desk.brand, since=DAY)
