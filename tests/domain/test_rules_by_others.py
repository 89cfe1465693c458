"""Rules as a business writes them, and what could go wrong with them."""

from dataclasses import replace

from notifier.domain.facts import FactSource, FactType
from notifier.domain.jobs import JobKind
from notifier.domain.messages import MessageStatus, WhyNot
from notifier.domain.rules.rule import RuleSet
from tests.domain.stage import NINE_TO_ELEVEN, Stage, at, window
from tests.domain.test_manners import LATE, staged


def test_a_time_learnt_days_after_the_booking_is_told() -> None:
    """It is owed since it is known, not since the booking; so too after going live."""
    stage = Stage(promised=None, now=at(10, day=20), speaking=["time_set"])
    stage.now = at(10, day=23)
    stage.live_at = at(9, day=23)
    stage.expect(NINE_TO_ELEVEN)
    assert stage.owed() == ["time_set"]


def test_a_date_learnt_after_the_order_is_told() -> None:
    """The carrier gives the first one."""
    order = Stage(kind=JobKind.ORDER, promised=None, now=at(10, day=20))
    order.now = at(10, day=23)
    order.expect(window(8, 20, day=26))
    assert order.owed() == ["order_date_set"]


def test_what_went_on_trial_goes_once_the_rule_is_live() -> None:
    """The trial is over: the slip that nobody was told of is told."""
    stage = staged(LATE + "    trial: true\n", now=at(7))
    stage.late(45)
    stage.reconcile()
    (row,) = stage.customer.rows.values()
    stage._update(row.id, status=MessageStatus.SKIPPED, reason=WhyNot.TRIAL)
    assert stage.why("running_late") == "trial"
    stage.rules = RuleSet(replace(rule, trial=False) for rule in stage.rules)
    assert stage.send().rule == "running_late"


TASK_FOR_DISPATCH = """
  - id: ring_the_boss
    for: appointment
    to: dispatch
    if: { late_by: 40m }
"""


def test_a_task_for_dispatch_silences_nobody_and_outlasts_the_text() -> None:
    """Lateness counts from what was agreed: hearing of it does not undo it."""
    stage = staged(TASK_FOR_DISPATCH + LATE, now=at(7))
    stage.late(45)
    assert stage.owed() == ["running_late"]
    stage.sent_and_delivered()
    assert [task.why for task in stage.plan().tasks] == ["ring_the_boss"]
    stage.late(10)
    assert stage.plan().tasks == ()


def test_what_is_superseded_raises_no_call_either() -> None:
    """A call that belongs to a message that need not go."""
    calling = LATE.replace("running_late", "calls").replace(
        "asserts", "call_task: true\n    asserts"
    )
    text = """
  - id: moved
    for: appointment
    if: { expected: window, late_by: 10m }
    asserts: nothing
    supersedes: [calls]
"""
    stage = staged(text + calling, now=at(7))
    stage.late(45)
    assert stage.owed() == ["moved"]
    assert stage.plan().tasks == ()


def test_a_kind_word_does_not_wake_anybody_after_the_visit() -> None:
    """Done at ten to eleven in the evening: the thanks wait until the morning."""
    text = """
  - id: done_thanks
    for: appointment
    if: { status: completed }
    asserts: nothing
    tells_of_end: true
    concerns_past: true
    expires: 24h
"""
    stage = staged(text, promised=window(20, 22), now=at(12))
    stage.now = at(22, 50)
    stage.say(FactType.COMPLETED, source=FactSource.TECHNICIAN)
    (owed,) = stage.plan().owed
    assert owed.send_at == at(8, day=25)


def test_a_job_that_ended_is_only_told_of_by_rules_that_tell_of_ends() -> None:
    """Whatever else its condition says."""
    text = "  - id: reminder\n    for: appointment\n    if: { status: completed }\n"
    stage = staged(text, now=at(10))
    stage.say(FactType.COMPLETED)
    assert stage.why("reminder") == "finished"


def test_a_text_whose_rule_is_gone_does_not_count_as_heard_for_ever() -> None:
    """Renamed while the text was under way, and no receipt: the new rule speaks."""
    stage = staged(LATE, now=at(7))
    stage.late(45)
    stage.send()
    stage.rules = RuleSet(replace(rule, id="delay") for rule in stage.rules)
    assert stage.plan().look_at == at(7, 10)
    stage.advance(minutes=10)
    assert stage.owed() == ["delay"]


def test_a_move_agreed_late_is_no_reminder_missed_at_booking() -> None:
    """`catch_up: false` counts from the agreement, not from the booking."""
    text = """
  - id: reminder
    for: appointment
    at: { edge: agreed.start, before: 2h }
    asserts: nothing
    catch_up: false
"""
    stage = staged(text, now=at(10, day=20))
    stage.now = at(12, day=24)
    stage.say(FactType.RESCHEDULED, window=window(13, 15), agreed=True)
    assert stage.why("reminder") == "moment_passed"
