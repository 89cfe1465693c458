"""A rule on trial plans and records, and sends nothing; what it would have said can be read."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy.orm import Session, sessionmaker

from notifier.board_reading.trials import read_trials
from notifier.domain.decisions import Reason
from notifier.domain.facts import FactType
from notifier.domain.messages import MessageStatus, WhyNot
from notifier.domain.rules.rule import RuleSet
from notifier.explain import Explained, explain
from notifier.preview import preview
from tests.desk import Desk, make_desk, staff_fact
from tests.fakes.clock import FakeClock


@pytest.fixture
def desk(sessions: sessionmaker[Session], clock: FakeClock) -> Desk:
    """Return a desk whose rule about lateness is on trial."""
    return on_trial(make_desk(sessions, clock), trial=True)


def on_trial(desk: Desk, *, trial: bool) -> Desk:
    """Return the desk with its rule about lateness on trial, or no longer so."""
    book = desk.services.rulebook
    rules = RuleSet(
        replace(rule, trial=trial) if rule.id == "running_late" else rule for rule in book.rules
    )
    return replace(desk, services=replace(desk.services, rulebook=replace(book, rules=rules)))


def late_of(desk: Desk, job: UUID) -> Explained:
    """Return what is explained of the rule on trial."""
    found = explain(desk.services, desk.brand, job)
    return next(one for one in found if one.rule == "running_late")


def test_it_is_recorded_and_never_sent(desk: Desk) -> None:
    """One row that says why, no text, no task; `told` stays."""
    job = desk.visit()
    told = desk.told(job)
    desk.late(job, 45)
    desk.deliver()
    desk.clock.advance(hours=1)
    desk.deliver()
    rows = desk.messages(job, "running_late")
    assert [(row.status, row.reason) for row in rows] == [(MessageStatus.SKIPPED, WhyNot.TRIAL)]
    assert len(desk.sms.sent) == 1  # the confirmation
    assert desk.told(job) == told
    assert desk.tasks(job) == []


def test_what_it_would_have_said_is_put_into_words_when_it_is_read(desk: Desk) -> None:
    """Before its turn and after, over the channel that it would have taken."""
    job = desk.visit()
    desk.late(job, 45)
    for _ in range(2):
        found = read_trials(desk.services, desk.brand, job)
        assert [(one.rule, one.channel, one.to_name) for one in found] == [
            ("running_late", "sms", "Ada Park")
        ]
        assert "9:45" in (found[0].body or "")
        desk.deliver()
    assert read_trials(desk.services, job, job) == ()


def test_explain_says_trial_before_its_turn_and_after(desk: Desk) -> None:
    """It is what stands in the way."""
    job = desk.visit()
    desk.late(job, 45)
    before = late_of(desk, job)
    desk.deliver()
    after = late_of(desk, job)
    assert (before.owed, after.owed) == (True, False)
    assert before.reason == after.reason == Reason.ON_TRIAL
    assert before.in_the_way == after.in_the_way == (Reason.ON_TRIAL,)


def test_staff_are_not_shown_it_as_something_that_goes_out(desk: Desk) -> None:
    """The preview of a fact lists what will be sent, and this will not."""
    job = desk.visit()
    late = staff_fact(FactType.DELAYED, minutes=45)
    assert preview(desk.services, desk.brand, job, late).messages == ()
    real = on_trial(desk, trial=False)
    assert len(preview(real.services, desk.brand, job, late).messages) == 1


def test_a_message_that_waited_is_not_sent_once_its_rule_is_on_trial(
    sessions: sessionmaker[Session], clock: FakeClock
) -> None:
    """It was owed by the rules of a moment ago, and is not by those of now."""
    desk = on_trial(make_desk(sessions, clock), trial=False)
    job = desk.visit()
    desk.late(job, 45)
    desk = on_trial(desk, trial=True)
    desk.deliver()
    rows = desk.messages(job, "running_late")
    assert [(row.status, row.reason) for row in rows] == [(MessageStatus.SKIPPED, WhyNot.TRIAL)]
