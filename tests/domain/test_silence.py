"""Nobody reports: who is asked, who is told, when, and that none of it is worded as lateness."""

from __future__ import annotations

from dataclasses import replace

from notifier.domain.messages import Channel
from notifier.domain.rules.rule import RuleSet
from notifier.rulebook import rulebook_of
from tests.domain.silence import heard, tasks, the_technician, visit
from tests.domain.stage import at, window


def test_the_chain_of_an_ordinary_window() -> None:
    """9 to 11: asked at 10:15, a task from 10:30, the customer hears at 10:45."""
    stage = visit()

    assert heard(stage, 10, 14) == ([], [], [])
    assert heard(stage, 10, 15) == (["ask_technician"], [], [])
    assert heard(stage, 10, 29) == ([], [], [])
    assert heard(stage, 10, 30) == ([], ["no_word_from_technician"], [])
    assert heard(stage, 10, 44) == ([], ["no_word_from_technician"], [])
    assert heard(stage, 10, 45)[2] == ["no_word_yet"]
    assert heard(stage, 10, 50)[2] == []


def test_a_look_is_due_at_each_step() -> None:
    """Nobody needs to look before: the plan says when time alone changes something."""
    stage = visit()

    for step in (at(10, 15), at(10, 30), at(10, 45)):
        planned = stage.reconcile()
        looks = [owed.send_at for owed in planned.owed if owed.send_at > stage.now]
        looks += [planned.look_at] if planned.look_at is not None else []
        assert min(looks) <= step
        stage.now = step
        for row in stage.send_all(the_technician(stage)):
            stage.deliver(row)


def test_a_window_of_half_an_hour_is_told_before_it_ends() -> None:
    """9 to 9:30: silence begins with the window, and all three steps fit into it."""
    stage = visit(promised=window(9, (9, 30)))

    assert heard(stage, 9, 15)[0] == ["ask_technician"]
    assert "no_word_from_technician" in heard(stage, 9, 20)[1]
    assert heard(stage, 9, 25)[2] == ["no_word_yet"]


def test_the_customer_hears_no_time_and_when_they_hear_next() -> None:
    """It says nothing of lateness: it asserts no window, and promises news by 11:15."""
    stage = visit()
    stage.now = at(10, 45)

    (row,) = stage.send_all()

    assert row.asserts is None
    assert not row.moves_told
    assert row.told_before == window(9, 11)
    assert row.next_update_at == at(11, 15)


def test_too_late_for_it_nothing_is_said() -> None:
    """We were down until the window had ended: it is overdue then, and no longer "no word"."""
    stage = visit()
    stage.now = at(11, 1)

    assert stage.send_all() == []
    assert stage.send_all(the_technician(stage)) == []
    assert tasks(stage) == ["no_word_from_technician"]


def test_a_technician_is_asked_at_any_hour() -> None:
    """From 6 PM to 11 PM: at 10:15 PM they are at work, whoever else sleeps."""
    stage = visit(promised=window(18, 23), now=at(9))

    assert heard(stage, 22, 15)[0] == ["ask_technician"]
    assert heard(stage, 22, 45)[2] == ["no_word_yet"]
    (row,) = stage.customer.rows.values()
    assert row.next_update_at == at(23, 15)


def test_nothing_but_what_is_asked_concerns_a_technician() -> None:
    """No rule about the customer is even considered for them, late or cancelled."""
    stage = visit()
    stage.late(45)

    rules = {
        decision.rule
        for decision in stage.plan().decisions
        if decision.job_person == the_technician(stage).id
    }

    assert rules == {"ask_technician"}
    assert [row.rule for row in stage.send_all(the_technician(stage))] == []


def test_a_technician_whom_no_text_reaches_makes_no_task_of_their_own() -> None:
    """Dispatch has one about the visit anyway, a quarter of an hour later."""
    stage = visit()
    technician = the_technician(stage)
    technician.contacts = tuple(c for c in technician.contacts if c.channel is Channel.EMAIL)
    stage.now = at(10, 15)
    stage.reconcile()

    assert tasks(stage) == []
    assert heard(stage, 10, 30)[1] == ["no_word_from_technician"]


_OTHER_TIMES = """
rules:
  - id: ask
    for: appointment
    to: technician
    if: { status: scheduled, silent_for: 5m }
    at: { edge: told.start, after: 10m }
    message: ask_technician
    asserts: nothing
    unreached: nothing
  - id: ring
    for: appointment
    to: dispatch
    if: { status: scheduled, silent_for: 5m }
    at: { edge: told.start, after: 20m }
    message: no_word_from_technician
  - id: tell
    for: appointment
    if: { status: scheduled, silent_for: 5m }
    at: { edge: told.start, after: 1h }
    message: no_word_yet
    asserts: nothing
    update_after: 45m
"""


def test_every_step_can_be_set_otherwise() -> None:
    """A business that asks ten minutes in, rings at twenty past, and tells at ten."""
    stage = visit()
    stage.rules = rulebook_of({"rules.yaml": _OTHER_TIMES}).rules

    assert heard(stage, 9, 9) == ([], [], [])
    assert heard(stage, 9, 10) == (["ask"], [], [])
    assert heard(stage, 9, 20) == ([], ["no_word_from_technician"], [])
    assert heard(stage, 10, 0)[2] == ["tell"]
    (row,) = stage.customer.rows.values()
    assert row.next_update_at == at(10, 45)


def test_each_step_can_be_off() -> None:
    """Without the question the rest stands, and so on."""
    stage = visit()
    stage.rules = RuleSet(
        replace(rule, enabled=rule.id != "ask_technician") for rule in stage.rules
    )

    assert heard(stage, 10, 15)[0] == []
    assert heard(stage, 10, 30)[1] == ["no_word_from_technician"]
