"""Brands: in shadow everything is planned and nothing goes; live, what was before owes nothing."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from contextlib import suppress
from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, event, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from notifier.brands import find_brand, go_live, set_countries, set_quiet_hours, would_go
from notifier.domain.facts import FactType
from notifier.domain.messages import MessageStatus, WhyNot
from notifier.errors import Conflict, Invalid, NotFound
from notifier.intake import record_in
from notifier.planner import load_for_planning, look_again
from notifier.store.tables import AuditLine, Brand, Job, Message
from tests.desk import TOMORROW, Desk, make_desk, staff_fact
from tests.fakes.clock import FakeClock
from tests.services import given_brand


@pytest.fixture
def desk(sessions: sessionmaker[Session], clock: FakeClock) -> Desk:
    """Return a desk whose brand is in shadow."""
    return make_desk(sessions, clock, live=False)


def test_in_shadow_everything_is_planned_and_nothing_goes(desk: Desk) -> None:
    """Each message says that this is why."""
    job = desk.visit()
    desk.late(job, 45)
    desk.deliver()
    assert desk.sms.sent == []
    (late,) = desk.messages(job, "running_late")
    assert (late.status, late.reason) == (MessageStatus.SKIPPED, WhyNot.SHADOW)


def test_what_happened_before_it_went_live_owes_nothing(desk: Desk) -> None:
    """Neither what was skipped nor what still waits; what comes after does."""
    skipped, waiting = desk.visit("JOB-1"), desk.visit("JOB-2")
    desk.late(skipped, 45)
    desk.deliver()
    desk.late(waiting, 45)
    desk.clock.advance(minutes=1)
    assert go_live(desk.services, desk.brand, actor="staff:1")
    desk.deliver()
    assert desk.sms.sent == []
    (late,) = desk.messages(waiting, "running_late")
    assert (late.status, late.reason) == (MessageStatus.SUPERSEDED, WhyNot.BEFORE_LIVE)
    desk.clock.advance(minutes=1)
    for job in (skipped, waiting):
        desk.late(job, 90)
        desk.deliver()
        assert desk.told(job) == TOMORROW.shifted(90)
    assert len(desk.sms.sent) == 2


def test_what_is_still_to_come_is_listed_and_goes(desk: Desk) -> None:
    """The reminder of tomorrow's visit is owed after going live."""
    job = desk.visit()
    assert [row.rule for row in would_go(desk.services, desk.brand)] == ["reminder"]
    go_live(desk.services, desk.brand, actor="staff:1")
    desk.clock.set(would_go(desk.services, desk.brand)[0].send_at)
    desk.deliver()
    assert [sms.to for sms in desk.sms.sent] == ["+12065550100"]
    assert desk.messages(job, "reminder")[0].status == MessageStatus.DELIVERED


def test_going_live_twice_changes_nothing(desk: Desk) -> None:
    """The first time is on record."""
    assert go_live(desk.services, desk.brand, actor="staff:1")
    desk.clock.advance(hours=1)
    assert not go_live(desk.services, desk.brand, actor="staff:2")
    with desk.services.sessions() as session:
        (line,) = session.scalars(select(AuditLine))
    assert (line.did, line.actor) == ("brand_set_live", "staff:1")


def test_a_command_means_the_only_real_brand(desk: Desk) -> None:
    """The demo does not count; of several, one must be named."""
    given_brand(desk.services, slug="demo", demo=True)
    with desk.services.sessions() as session:
        assert find_brand(session, None).id == desk.brand
        assert find_brand(session, "demo").demo
        with pytest.raises(NotFound, match="northside"):
            find_brand(session, "southside")
    given_brand(desk.services, slug="southside")
    with desk.services.sessions() as session, pytest.raises(Conflict, match="--brand"):
        find_brand(session, None)


def test_quiet_hours_of_a_weekday_move_what_is_planned(desk: Desk) -> None:
    """Open jobs are planned anew: the reminder of six in the evening waits for half an hour."""
    go_live(desk.services, desk.brand, actor="staff:1")
    desk.visit()
    (before,) = would_go(desk.services, desk.brand)
    zone = ZoneInfo("America/Los_Angeles")
    day = before.send_at.astimezone(zone).strftime("%a").lower()

    set_quiet_hours(desk.services, desk.brand, days={day: "17:00-18:30"}, actor="cli")

    (after,) = would_go(desk.services, desk.brand)
    assert before.send_at.astimezone(zone).time() == time(18)
    assert after.send_at.astimezone(zone).time() == time(18, 30)
    set_quiet_hours(desk.services, desk.brand, days={day: None}, actor="cli")
    assert would_go(desk.services, desk.brand) == [before]


def test_quiet_hours_that_make_no_sense_change_nothing(desk: Desk) -> None:
    """Neither a day that is none, nor hours that are none."""
    for days in ({"sunday": "20:00-10:00"}, {"sun": "late"}):
        with pytest.raises(Invalid):
            set_quiet_hours(desk.services, desk.brand, days=days, actor="cli")
    with desk.services.sessions() as session:
        assert session.get_one(Brand, desk.brand).quiet_days is None
        assert list(session.scalars(select(AuditLine))) == []


def go_away_after_one_commit(engine: Engine) -> Callable[[], None]:
    """Let the database take one transaction and then nothing, until what is returned is called."""
    gone: list[object] = []

    def go_away(connection: object) -> None:
        gone.append(connection)

    def refuse(_c: object, _u: object, statement: str, *_: object) -> None:
        if gone:
            raise OperationalError(statement, None, Exception("the server is gone"))

    event.listen(engine, "commit", go_away)
    event.listen(engine, "before_cursor_execute", refuse)

    def come_back() -> None:
        event.remove(engine, "commit", go_away)
        event.remove(engine, "before_cursor_execute", refuse)

    return come_back


@pytest.mark.parametrize(
    "change",
    [
        lambda desk: go_live(desk.services, desk.brand, actor="cli"),
        lambda desk: set_quiet_hours(desk.services, desk.brand, usual="none", actor="cli"),
        lambda desk: set_countries(desk.services, desk.brand, ["US", "CA"], actor="cli"),
    ],
)
def test_what_changed_for_a_brand_is_planned_though_its_database_was_gone_right_after(
    desk: Desk, change: Callable[[Desk], object]
) -> None:
    """The command can't be said again: it is so already. The next tick does the rest, of whatever
    is open, or has news of its end that may still go."""
    waiting, over = desk.visit("JOB-1"), desk.visit("JOB-2")
    for job in (waiting, over):
        desk.say(job, FactType.CANCELLED)
    desk.visit("JOB-3")
    with desk.services.sessions.begin() as session:
        expired = update(Message).where(Message.job_id == over)
        session.execute(expired.values(expires_at=desk.clock()))
    assert look_again(desk.services) == 0
    come_back = go_away_after_one_commit(desk.services.sessions.kw["bind"])

    change(desk)
    come_back()

    assert look_again(desk.services) == 2


def test_a_brand_that_goes_live_and_news_of_its_jobs_wait_for_each_other_in_one_order(
    desk: Desk,
) -> None:
    """News holds one job and wants the next, and writes rows that refer to the brand meanwhile."""
    first, second = sorted(desk.visit(f"JOB-{number}") for number in range(2))
    with desk.services.sessions.begin() as session:  # the first is found last where none sorts
        later = desk.clock() + timedelta(days=9)
        session.execute(update(Job).where(Job.id == first).values(starts_at=later))
    with ThreadPoolExecutor(1) as other:
        with desk.services.sessions.begin() as session:
            load_for_planning(session, desk.services, [first], lock=True)
            going_live = other.submit(go_live, desk.services, desk.brand, actor="cli")
            with suppress(NotYet):
                going_live.result(timeout=0.5)  # it is to be waiting, as long as we are here
            late = staff_fact(FactType.DELAYED, minutes=45)
            for job in (first, second):
                record_in(session, desk.services, desk.brand, job, late)
        assert going_live.result()

    assert [desk.job(job).late for job in (first, second)] == [True, True]
