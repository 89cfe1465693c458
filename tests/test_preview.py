"""A preview writes nothing, and says what is then really sent."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from notifier import intake
from notifier.booking import NewPerson
from notifier.domain.facts import FactType
from notifier.domain.messages import Role, WhyNot
from notifier.domain.reasons import Reason
from notifier.domain.windows import UNKNOWN, Expectation
from notifier.errors import Conflict, Invalid
from notifier.preview import preview
from notifier.store.tables import AuditLine, FactRow, Job, Message, MessageKey, Promise, Task
from tests.desk import TOMORROW, WITH_EMAIL, Desk, make_desk, staff_fact
from tests.fakes.clock import FakeClock

_LINK = re.compile(r"https://\S+")


@pytest.fixture
def desk(sessions: sessionmaker[Session], clock: FakeClock) -> Desk:
    """Return a desk on both databases in turn."""
    return make_desk(sessions, clock)


def rows(desk: Desk) -> list[int | None]:
    """Return how many rows every table has that a fact may touch."""
    with desk.services.sessions() as session:
        return [
            session.scalar(select(func.count()).select_from(table))
            for table in (FactRow, Message, MessageKey, Promise, Task, AuditLine, Job)
        ]


@pytest.mark.parametrize(
    "said",
    [
        {"minutes": 45, "reason": Reason.TRAFFIC},
        {"minutes": -60},
        {"expected": UNKNOWN},
        {"expected": TOMORROW.shifted(24 * 60)},
    ],
)
def test_it_says_word_for_word_what_is_then_sent(
    desk: Desk, said: dict[str, int | Expectation | Reason]
) -> None:
    """Apart from the link, which is the message's own."""
    job = desk.visit()
    seen = preview(desk.services, desk.brand, job, staff_fact(FactType.DELAYED, **said))
    (shown,) = seen.messages
    sent = len(desk.sms.sent)
    desk.say(job, FactType.DELAYED, expecting_version=seen.version, **said)
    desk.deliver()
    (text,) = desk.sms.sent[sent:]
    assert _LINK.sub("", text.body) == _LINK.sub("", shown.body)
    assert len(text.body) == len(shown.body)
    assert (shown.to, shown.sends, shown.segments) == (text.to, True, 1)


def test_it_writes_nothing(desk: Desk) -> None:
    """Not a row, not a version, not a text."""
    job = desk.visit()
    before, version = rows(desk), desk.job(job).version
    seen = preview(desk.services, desk.brand, job, staff_fact(FactType.DELAYED, minutes=45))
    assert (rows(desk), desk.job(job).version) == (before, version)
    assert seen.version == version
    assert seen.expected == TOMORROW.shifted(45)
    sent = len(desk.sms.sent)
    desk.deliver()
    assert len(desk.sms.sent) == sent


def test_a_correction_of_what_still_waits_is_shown_as_it_would_read(desk: Desk) -> None:
    """The ten seconds of *Undo* are running: 60 instead of 45 shows the new text."""
    job = desk.visit()
    desk.late(job, 45, hold_seconds=10)
    seen = preview(
        desk.services, desk.brand, job, staff_fact(FactType.DELAYED, minutes=60, hold_seconds=10)
    )
    (shown,) = seen.messages
    assert "10-noon" in shown.body or "10:00" in shown.body or "10 AM" in shown.body


def test_what_would_no_longer_go_is_counted(desk: Desk) -> None:
    """On time again before it went."""
    job = desk.visit()
    desk.late(job, 45)
    seen = preview(desk.services, desk.brand, job, staff_fact(FactType.DELAYED, minutes=0))
    assert seen.withdrawn == 1
    assert [shown.rule for shown in seen.messages] == ["reminder"]  # is due after all


def test_whom_nothing_will_reach_is_named_each_time(desk: Desk) -> None:
    """With why; the second correction says it too."""
    nobody = NewPerson(role=Role.SECOND_CONTACT, name="Bo")
    job = desk.visit(people=(WITH_EMAIL, nobody))
    for minutes in (45, 90):
        fact = staff_fact(FactType.DELAYED, minutes=minutes)
        (unreached,) = preview(desk.services, desk.brand, job, fact).unreached
        assert (unreached.name, unreached.role) == ("Bo", Role.SECOND_CONTACT)
        assert unreached.why == WhyNot.NO_CONTACT
        desk.late(job, minutes)
    fact = staff_fact(FactType.DELAYED, minutes=95)
    assert len(preview(desk.services, desk.brand, job, fact).unreached) == 1


def test_a_held_job_shows_that_nothing_goes(desk: Desk) -> None:
    """They said that they would ring."""
    job = desk.visit()
    intake.hold(desk.services, desk.brand, job, actor="staff:1")
    fact = staff_fact(FactType.DELAYED, minutes=45)
    (shown,) = preview(desk.services, desk.brand, job, fact).messages
    assert not shown.sends


def test_a_brand_in_shadow_shows_it_and_sends_nothing(
    sessions: sessionmaker[Session], clock: FakeClock
) -> None:
    """Everything is planned and shown."""
    desk = make_desk(sessions, clock, live=False)
    job = desk.visit()
    (shown,) = preview(
        desk.services, desk.brand, job, staff_fact(FactType.DELAYED, minutes=45)
    ).messages
    assert not shown.sends
    assert "late" in shown.body


def test_what_could_not_be_recorded_can_not_be_previewed(desk: Desk) -> None:
    """The same refusals, and nothing stays locked."""
    job = desk.visit()
    with pytest.raises(Invalid):
        preview(desk.services, desk.brand, job, staff_fact(FactType.SHIPPED))
    gone = staff_fact(FactType.ACCEPTED, window=TOMORROW.shifted(300))
    with pytest.raises(Conflict):
        preview(desk.services, desk.brand, job, gone)
    assert desk.late(job, 45).applied
