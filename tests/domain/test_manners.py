"""What a rule can say about when, to whom and how: each word of it, on the planner alone."""

from dataclasses import replace
from datetime import timedelta

import pytest

from notifier.domain.facts import FactSource, FactType, PromiseKind
from notifier.domain.jobs import JobKind
from notifier.domain.ledger.views import OpenMoment
from notifier.domain.messages import MessageStatus, Role, WhyNot
from notifier.domain.rules.rule import RuleSet
from notifier.rulebook import rulebook_of
from tests.domain.stage import NINE_TO_ELEVEN, Stage, at, window


def staged(text: str, **stage: object) -> Stage:
    """Return a stage on which only the rules of `text` (in YAML, without the head) speak."""
    made = Stage(**stage)  # type: ignore[arg-type]
    made.rules = rulebook_of({"rules.yaml": f"rules:\n{text}"}).rules
    return made


LATE = """
  - id: running_late
    for: appointment
    if: { drift: later }
    family: slip
    asserts: drift
"""


# --- When -------------------------------------------------------------------------------


def test_a_burst_of_corrections_settles_into_one_message() -> None:
    """A carrier changes its mind three times in a minute: one message, of the last."""
    stage = staged(LATE + "    settle: 2m\n", now=at(7))
    for minutes in (30, 60, 45):
        stage.say(FactType.DELAYED, source=FactSource.API, minutes=minutes)
        stage.reconcile()
        stage.advance(seconds=20)
    assert stage.send_all() == []
    stage.advance(minutes=2)
    assert stage.send().asserts == NINE_TO_ELEVEN.shifted(45)


def test_what_staff_confirmed_settles_at_once() -> None:
    """They have seen the preview and pressed send."""
    stage = staged(LATE + "    settle: 2m\n", now=at(7))
    stage.late(45)
    assert stage.send().asserts == NINE_TO_ELEVEN.shifted(45)


def test_settling_never_outlasts_tell_by() -> None:
    """Told at 8:00 at the latest, however long the rule would wait for more."""
    stage = staged(LATE + "    settle: 30m\n")
    stage.now = at(7, 50)
    stage.say(FactType.DELAYED, source=FactSource.API, minutes=45)
    (owed,) = stage.plan().owed
    assert owed.send_at == at(8)


@pytest.mark.parametrize(
    ("moment", "goes"),
    [
        ("{ edge: told.end, before: 45m }", at(10, 15)),
        ("{ edge: told.start, after: 30m }", at(9, 30)),
        ("{ edge: agreed.end }", at(11)),
        ("{ edge: promised.start, before: 90m }", at(7, 30)),
        ("{ edge: expected.end, after: 5m }", at(11, 5)),
        ("{ edge: tell_by }", at(8)),
        ('{ edge: told.start, days: -1, time: "18:00" }', at(18, day=23)),
        ('{ edge: told.start, days: 1, time: "10:00" }', at(10, day=25)),
        ('{ edge: booked, working_days: 1, time: "12:00" }', at(12, day=24)),
        # From Tuesday the 24th: Wednesday, Thursday, Friday, and then Monday.
        ('{ edge: told.end, working_days: 4, time: "12:00" }', at(12, day=30)),
    ],
)
def test_a_moment_is_before_or_after_any_edge(moment: str, goes: object) -> None:
    """By the clock at the place."""
    text = f"""
  - id: reminder
    for: appointment
    at: {moment}
    concerns_past: true
    asserts: nothing
"""
    stage = staged(text, now=at(10, day=23))
    (owed,) = stage.plan().owed
    assert owed.send_at == goes
    said = moment.strip("{ }").replace('"', "")
    assert stage.rules[0].text == f"at: {{{said}}}"


CHECK_IN = """
  - id: reminder
    for: appointment
    at: { edge: told.start, before: 3h }
    asserts: nothing
    expires: 1h
"""


@pytest.mark.parametrize(
    ("booked_at", "reason"),
    [((6, 30), "owed"), ((7, 30), "expired")],
)
def test_a_moment_missed_by_a_late_booking_is_caught_up_while_it_is_worth_it(
    booked_at: tuple[int, int], reason: str
) -> None:
    """Its moment was six o'clock, and it helps for an hour."""
    assert staged(CHECK_IN, now=at(*booked_at)).why("reminder") == reason


def test_a_rule_can_say_that_it_does_not_catch_up() -> None:
    """Its reason says so."""
    stage = staged(CHECK_IN + "    catch_up: false\n", now=at(6, 30))
    assert stage.why("reminder") == "moment_passed"


def test_silence_begins_with_the_window_and_ends_with_any_report() -> None:
    """Twenty minutes in which nobody said anything; then somebody does."""
    text = """
  - id: reminder
    for: appointment
    if: { silent_for: 20m }
    asserts: nothing
"""
    stage = staged(text, now=at(9, 19))
    assert stage.owed() == []
    assert stage.plan().look_at == at(9, 20)
    stage.now = at(9, 20)
    assert stage.owed() == ["reminder"]
    stage.say(FactType.EN_ROUTE, source=FactSource.TECHNICIAN)
    assert stage.owed() == []
    stage.advance(minutes=20)
    assert stage.owed() == ["reminder"]
    stage.say(FactType.ACCEPTED, source=FactSource.CUSTOMER, window=NINE_TO_ELEVEN)
    assert stage.owed() == ["reminder"]  # a customer who writes is still waiting


# --- Conditions ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("{ late_by: 45m }", True),
        ("{ late_by: 46m }", False),
        ("{ early_by: 10m }", False),
        ("{ drift: [later, unknown] }", True),
        ("{ status: en_route }", False),
        ("{ not: { status: en_route } }", True),
        ("{ cause: delayed, told: window, expected: window }", True),
        ("{ any: [ { status: en_route }, { late_by: 30m } ] }", True),
        ("{ any: [ { status: en_route }, { late_by: 50m } ] }", False),
        ("{ reason: traffic }", True),
        ("{ reason: weather }", False),
        ("{ finished: true }", False),
        ("{ technician_known: false, technician_changed: false }", True),
        ("{ bad_news: 0 }", True),
        ('{ bad_news: "1+" }', False),
        ("{ overdue: true }", False),
        ("{ promised: update }", False),
        ("{ put_off: 0 }", False),
    ],
)
def test_common_conditions_are_written_plainly(condition: str, holds: bool) -> None:
    """Each question of the language, on a visit that is 45 minutes late by traffic."""
    stage = staged(f"  - id: reminder\n    for: appointment\n    if: {condition}\n", now=at(7))
    stage.say(FactType.DELAYED, minutes=45, reason="traffic")
    assert (stage.why("reminder") == "owed") is holds


def test_cel_is_there_for_the_rest_and_both_must_hold() -> None:
    """`if` and `when` are one condition; its own text and the part that failed are shown."""
    text = LATE + "    when: drift.minutes % 2 == 0\n"
    stage = staged(text, now=at(7))
    stage.late(45)
    (decision,) = stage.plan().decisions
    assert (decision.reason, decision.notes["failed"]) == (
        "condition_false",
        "when: drift.minutes % 2 == 0",
    )
    assert stage.rules[0].text == "drift: later; when: drift.minutes % 2 == 0"
    stage.late(46)
    assert stage.owed() == ["running_late"]


# --- To whom ------------------------------------------------------------------------------


def test_a_rule_can_be_for_one_brand_only() -> None:
    """The others see why it does not speak."""
    stage = staged(LATE + "    brands: [acme]\n", now=at(7))
    stage.late(45)
    assert stage.why("running_late") == "other_brand"
    stage.brand = "acme"
    assert stage.why("running_late") == "owed"


def test_dispatch_gets_a_task_when_the_moment_has_come() -> None:
    """Once for each moment, and it ends with what it was about."""
    text = """
  - id: no_word
    for: appointment
    to: dispatch
    if: { status: scheduled, silent_for: 30m }
    at: { edge: told.end, before: 30m }
"""
    stage = staged(text, now=at(10, 29))
    assert stage.plan().tasks == ()
    assert stage.plan().look_at == at(10, 30)
    stage.now = at(10, 30)
    (task,) = stage.plan().tasks
    assert (task.kind, task.why, task.due_at) == ("look_into", "no_word", at(11))
    assert (stage.plan().owed, stage.why("no_word")) == ((), "a_task")
    stage.say(FactType.ARRIVED)
    assert stage.plan().tasks == ()


# --- How ----------------------------------------------------------------------------------


def test_tell_by_can_be_earlier_than_usual() -> None:
    """Two hours before the window instead of one."""
    stage = staged(LATE + "    tell_by: 2h\n", now=at(5, day=24))
    stage.late(45)
    (owed,) = stage.plan().owed
    assert owed.tell_by == at(7)


def test_nobody_is_called_where_the_rule_says_so() -> None:
    """`unreached: nothing`: a text that is only nice to have is no task."""
    for line, tasks in (("", 1), ("    unreached: nothing\n", 0)):
        stage = staged(LATE + line, now=at(7), channels=())
        stage.late(45)
        stage.reconcile()
        assert len(stage.plan().tasks) == tasks


# --- Manners ------------------------------------------------------------------------------


def test_at_night_a_rule_waits_drops_or_speaks_up() -> None:
    """At six in the morning, for a visit at nine: news of it, a nicety, and something far off."""
    nicety = LATE.replace("    family: slip\n    asserts: drift\n", "    asserts: nothing\n")
    for rule, line, reason in (
        (LATE, "    send_anyway_within: 4h\n", "owed"),
        (nicety, "    quiet: drop\n    send_anyway_within: 1h\n", "quiet_hours"),
        (LATE, "    send_anyway_within: 1h\n", "owed"),
    ):
        stage = staged(rule + line, now=at(5))
        stage.late(45)
        assert stage.why("running_late") == reason
    (owed,) = stage.plan().owed
    assert owed.send_at == at(8)


def test_a_moment_promised_at_night_is_kept_at_night() -> None:
    """Staff promised news by half past ten in the evening, about a visit in two days."""
    stage = Stage(now=at(20, day=22))
    due = at(22, 30, day=22)
    stage.customer.moments.append(OpenMoment(what=PromiseKind.UPDATE, due=due, given_at=stage.now))
    (owed,) = (owed for owed in stage.plan().owed if owed.rule.id == "no_news_yet")
    assert (owed.send_at, owed.expires_at) == (at(22, 20, day=22), due)


def test_a_rule_supersedes_another_wherever_it_stands() -> None:
    """The reminder need not go when the news goes anyway; and not after it either."""
    text = """
  - id: reminder
    for: appointment
    at: { edge: agreed.start, before: 2h }
    asserts: nothing
""" + LATE.replace("family", "supersedes: [reminder]\n    family")
    stage = staged(text, now=at(6))
    stage.reconcile()
    assert stage.waiting() == ["reminder"]
    stage.now = at(7, 30)
    stage.late(45)
    assert stage.why("reminder") == "superseded_by_rule"
    row = stage.send()
    assert row.rule == "running_late"
    (reminder,) = [row for row in stage.customer.rows.values() if row.rule == "reminder"]
    assert (reminder.status, reminder.reason) == (
        MessageStatus.SUPERSEDED,
        WhyNot.SUPERSEDED_BY_RULE,
    )
    assert stage.send_all() == []
    assert stage.why("reminder") == "superseded_by_rule"


def test_the_second_slip_adds_a_call_and_the_third_is_not_texted_alone() -> None:
    """The correction budget of the default rules."""
    stage = Stage(now=at(10, day=23))
    stage.late(30)
    assert stage.plan().tasks == ()
    assert stage.sent_and_delivered().rule == "running_late"
    stage.late(60)
    assert [task.why for task in stage.plan().tasks] == ["running_late_again"]
    assert stage.sent_and_delivered().rule == "running_late_again"
    stage.late(90)
    stage.reconcile()
    assert stage.send_all() == []
    assert stage.why("late_once_too_often") == "needs_call"
    (kept,) = [row for row in stage.customer.rows.values() if row.rule == "late_once_too_often"]
    assert (kept.status, kept.reason) == (MessageStatus.SKIPPED, WhyNot.NEEDS_CALL)
    keys = [task.key for task in stage.plan().tasks if "late_once_too_often" in task.key]
    assert len(keys) == 1
    told = stage.say(FactType.TOLD, window=stage.state.expected, person=stage.customer.id)
    stage.give(NINE_TO_ELEVEN.shifted(90), fact=told)
    assert stage.why("late_once_too_often") == "within_tolerance"


def test_a_rule_on_trial_is_planned_and_takes_nothing_from_the_real_one() -> None:
    """It stands before the real one, and both are owed: the claim lets only one pass."""
    text = LATE.replace("running_late", "maybe").replace(
        "asserts", "call_task: true\n    trial: true\n    asserts"
    )
    stage = staged(text + LATE, now=at(7))
    stage.late(45)
    assert stage.owed() == ["maybe", "running_late"]
    assert stage.plan().tasks == ()
    stage.reconcile()
    trial = next(row for row in stage.customer.rows.values() if row.rule == "maybe")
    stage._update(trial.id, status=MessageStatus.SKIPPED, reason=WhyNot.TRIAL)
    assert stage.why("maybe") == "trial"
    assert [row.rule for row in stage.send_all()] == ["running_late"]


def test_a_digest_waits_only_for_people_with_other_jobs() -> None:
    """Three parcels are worth five minutes; one is not, and none outlasts its `tell_by`."""
    text = """
  - id: order_delayed
    for: order
    if: { drift: later }
    family: slip
    asserts: drift
    digest: 5m
"""
    stage = staged(text, kind=JobKind.ORDER, promised=window(8, 20, day=26), now=at(12))
    stage.expect(window(8, 20, day=27))
    (owed,) = stage.plan().owed
    assert owed.send_at == at(12)
    stage.customer.has_other_jobs = True
    (owed,) = stage.plan().owed
    assert owed.send_at == at(12) + timedelta(minutes=5)


def test_everyone_of_the_roles_that_a_rule_names_is_told() -> None:
    """And nobody else."""
    stage = staged(
        LATE + "    to: [customer, on_site]\n",
        now=at(7),
        roles=(Role.CUSTOMER, Role.SECOND_CONTACT, Role.ON_SITE),
    )
    stage.late(45)
    assert [stage.owed(person) for person in stage.people] == [
        ["running_late"],
        [],
        ["running_late"],
    ]


def test_a_rule_set_knows_its_rules_by_name() -> None:
    """And answers the same as a plain sequence of them."""
    stage = Stage()
    stage.late(45)
    as_set = stage.owed()
    assert isinstance(stage.rules, RuleSet)
    stage.rules = RuleSet(replace(rule) for rule in stage.rules)
    assert stage.owed() == as_set == ["running_late"]
