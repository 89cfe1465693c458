"""Nobody reports: who is asked, who is told, when, and that none of it is worded as lateness."""

from __future__ import annotations

from dataclasses import replace

import pytest

from notifier.domain.facts import FactSource, FactType
from notifier.domain.jobs import JobKind
from notifier.domain.messages import Channel, Role
from notifier.domain.rules.rule import RuleSet
from notifier.domain.windows import UNKNOWN, Expectation
from notifier.rulebook import rulebook_of
from tests.domain.stage import Somebody, Stage, at, window

_RULES = ("no_word_from_technician", "no_word_yet")
_ORDER_RULES = ("order_no_scan", "order_no_movement", "order_not_here")


def _visit(**details: object) -> Stage:
    """Return a visit from 9 to 11 of which the technician can be asked; it is 9 AM."""
    known: dict[str, object] = {
        "roles": (Role.CUSTOMER, Role.TECHNICIAN),
        "speaking": _RULES,
        "now": at(10, day=23),
    }
    stage = Stage(**(known | details))  # type: ignore[arg-type]
    stage.now = at(9)
    return stage


def _technician(stage: Stage) -> Somebody:
    return next(somebody for somebody in stage.people if somebody.role is Role.TECHNICIAN)


def _tasks(stage: Stage) -> list[str]:
    return [task.why for task in stage.plan().tasks]


def _heard(stage: Stage, hour: int, minute: int) -> tuple[list[str], list[str], list[str]]:
    """Return what goes to the technician, as a task, and to the customer at that time."""
    stage.now = at(hour, minute)
    asked, told = stage.send_all(_technician(stage)), stage.send_all()
    for row in (*asked, *told):
        stage.deliver(row)
    return [row.rule for row in asked], _tasks(stage), [row.rule for row in told]


def test_the_chain_of_an_ordinary_window() -> None:
    """9 to 11: asked at 10:15, a task from 10:30, the customer hears at 10:45."""
    stage = _visit()

    assert _heard(stage, 10, 14) == ([], [], [])
    assert _heard(stage, 10, 15) == (["ask_technician"], [], [])
    assert _heard(stage, 10, 29) == ([], [], [])
    assert _heard(stage, 10, 30) == ([], ["no_word_from_technician"], [])
    assert _heard(stage, 10, 44) == ([], ["no_word_from_technician"], [])
    assert _heard(stage, 10, 45)[2] == ["no_word_yet"]
    assert _heard(stage, 10, 50)[2] == []


def test_a_look_is_due_at_each_step() -> None:
    """Nobody needs to look before: the plan says when time alone changes something."""
    stage = _visit()

    for step in (at(10, 15), at(10, 30), at(10, 45)):
        planned = stage.reconcile()
        looks = [owed.send_at for owed in planned.owed if owed.send_at > stage.now]
        looks += [planned.look_at] if planned.look_at is not None else []
        assert min(looks) <= step
        stage.now = step
        for row in stage.send_all(_technician(stage)):
            stage.deliver(row)


def test_a_window_of_half_an_hour_is_told_before_it_ends() -> None:
    """9 to 9:30: silence begins with the window, and all three steps fit into it."""
    stage = _visit(promised=window(9, (9, 30)))

    assert _heard(stage, 9, 15)[0] == ["ask_technician"]
    assert "no_word_from_technician" in _heard(stage, 9, 20)[1]
    assert _heard(stage, 9, 25)[2] == ["no_word_yet"]


def test_the_customer_hears_no_time_and_when_they_hear_next() -> None:
    """It says nothing of lateness: it asserts no window, and promises news by 11:15."""
    stage = _visit()
    stage.now = at(10, 45)

    (row,) = stage.send_all()

    assert row.asserts is None
    assert not row.moves_told
    assert row.told_before == window(9, 11)
    assert row.next_update_at == at(11, 15)


def test_too_late_for_it_nothing_is_said() -> None:
    """We were down until the window had ended: it is overdue then, and no longer "no word"."""
    stage = _visit()
    stage.now = at(11, 1)

    assert stage.send_all() == []
    assert stage.send_all(_technician(stage)) == []
    assert _tasks(stage) == ["no_word_from_technician"]


@pytest.mark.parametrize("said", [FactType.ARRIVED, FactType.COMPLETED, FactType.CANCELLED])
def test_what_was_to_follow_is_dropped_once_they_are_there(said: FactType) -> None:
    """Whoever says it, the customer too: no text that waits, no task, no more "no news"."""
    stage = _visit()
    stage.now = at(10, 45)
    stage.reconcile()
    assert stage.waiting() == ["no_word_yet"]

    stage.say(said, source=FactSource.CUSTOMER if said is FactType.ARRIVED else FactSource.STAFF)

    assert "no_word_yet" not in stage.waiting()
    assert stage.waiting(_technician(stage)) == []
    assert _tasks(stage) == []


def test_a_lateness_that_waits_is_dropped_by_an_arrival() -> None:
    """Said late at 10:20 and held back, and there at 10:21: nobody hears of lateness."""
    stage = _visit()
    stage.now = at(10, 20)
    stage.late(45)
    assert stage.waiting() == ["running_late"]

    stage.say(FactType.ARRIVED, source=FactSource.CUSTOMER)

    assert stage.waiting() == []


def test_an_answer_breaks_the_silence() -> None:
    """On my way at 10:10: a quarter of an hour is theirs before anybody asks again."""
    stage = _visit()
    stage.now = at(10, 10)
    stage.say(FactType.EN_ROUTE, source=FactSource.TECHNICIAN)

    assert _heard(stage, 10, 24)[0] == []
    assert _heard(stage, 10, 25)[0] == ["ask_technician"]
    assert _heard(stage, 10, 29)[1] == []
    assert _heard(stage, 10, 30)[1] == ["no_word_from_technician"]


def test_what_the_customer_says_does_not_break_it() -> None:
    """That the time suits them tells nobody where the technician is."""
    stage = _visit()
    stage.now = at(10, 10)
    stage.say(
        FactType.ACCEPTED,
        source=FactSource.CUSTOMER,
        window=window(9, 11),
        person=stage.customer.id,
    )

    assert _heard(stage, 10, 15)[0] == ["ask_technician"]


@pytest.mark.parametrize("said", [FactType.REASSIGNED, FactType.CONTACT_CHANGED])
@pytest.mark.parametrize("minute", [31, 44])
def test_what_says_nothing_of_where_they_are_breaks_no_silence(said: FactType, minute: int) -> None:
    """Somebody else goes, or a number was put right: whoever goes is asked at once, and whoever
    waits hears before the window ends."""
    stage = _visit()
    stage.now = at(10, minute)
    stage.say(said, technician=stage.ids() if said is FactType.REASSIGNED else None)

    assert _heard(stage, 10, minute) == (["ask_technician"], ["no_word_from_technician"], [])
    assert _heard(stage, 10, 45)[2] == ["no_word_yet"]


def test_expected_moved_later_is_no_silence() -> None:
    """An hour late, and told so: all of it counts from the new window's end."""
    stage = _visit()
    stage.late(60)
    stage.sent_and_delivered()

    assert _heard(stage, 10, 45) == ([], [], [])
    assert _heard(stage, 11, 15)[0] == ["ask_technician"]
    assert _heard(stage, 11, 30)[1] == ["no_word_from_technician"]
    assert _heard(stage, 11, 45)[2] == ["no_word_yet"]


def test_silent_again_by_the_new_time_is_said_again() -> None:
    """Told at 10:45 that we check, then 60 minutes late, then nothing: they hear that too."""
    stage = _visit()
    assert _heard(stage, 10, 45)[2] == ["no_word_yet"]
    stage.late(60)
    stage.sent_and_delivered()

    assert _heard(stage, 11, 44)[2] == []
    assert _heard(stage, 11, 45)[2] == ["no_word_yet"]


def test_where_nobody_knows_the_time_nobody_is_asked_by_it() -> None:
    """Expected is unknown and told: an update was promised, which is watched by itself."""
    stage = _visit()
    stage.expect(UNKNOWN)
    stage.sent_and_delivered()

    asked, tasks, told = _heard(stage, 10, 45)
    assert (asked, told) == ([], [])
    assert "no_word_from_technician" not in tasks


def test_an_offer_that_nobody_answered_leaves_the_silence_to_be_told() -> None:
    """Nine to eleven stands, eight was only asked: who waits from nine hears before eleven."""
    stage = _visit(now=at(20, day=22))
    stage.now = at(12, day=23)
    stage.expect(window(8, 11))
    assert stage.sent_and_delivered().rule == "earlier_if_suits"

    assert _heard(stage, 10, 44)[2] == []
    assert _heard(stage, 10, 45)[2] == ["no_word_yet"]
    row = list(stage.customer.rows.values())[-1]
    assert (row.asserts, row.told_before) == (None, window(9, 11))


@pytest.mark.parametrize("reaches", [True, False])
@pytest.mark.parametrize("expected", [window((9, 45), (11, 45)), UNKNOWN])
def test_who_is_told_of_the_time_is_not_told_that_there_is_no_word(
    expected: Expectation, reaches: bool
) -> None:
    """We have a word: late, or that nobody knows. Where no text brings it, a person rings."""
    stage = _visit()
    stage.now = at(10, 15)
    stage.expect(expected)
    for _ in stage.customer.contacts:
        for row in stage.send_all():
            (stage.deliver if reaches else stage.fail)(row)

    assert _heard(stage, 10, 45)[2] == []
    assert ("call" in {task.kind for task in stage.plan().tasks}) is not reaches


def test_a_technician_is_asked_at_any_hour() -> None:
    """From 6 PM to 11 PM: at 10:15 PM they are at work, whoever else sleeps."""
    stage = _visit(promised=window(18, 23), now=at(9))

    assert _heard(stage, 22, 15)[0] == ["ask_technician"]
    assert _heard(stage, 22, 45)[2] == ["no_word_yet"]
    (row,) = stage.customer.rows.values()
    assert row.next_update_at == at(23, 15)


def test_nothing_but_what_is_asked_concerns_a_technician() -> None:
    """No rule about the customer is even considered for them, late or cancelled."""
    stage = _visit()
    stage.late(45)

    rules = {
        decision.rule
        for decision in stage.plan().decisions
        if decision.job_person == _technician(stage).id
    }

    assert rules == {"ask_technician"}
    assert [row.rule for row in stage.send_all(_technician(stage))] == []


def test_a_technician_whom_no_text_reaches_makes_no_task_of_their_own() -> None:
    """Dispatch has one about the visit anyway, a quarter of an hour later."""
    stage = _visit()
    technician = _technician(stage)
    technician.contacts = tuple(c for c in technician.contacts if c.channel is Channel.EMAIL)
    stage.now = at(10, 15)
    stage.reconcile()

    assert _tasks(stage) == []
    assert _heard(stage, 10, 30)[1] == ["no_word_from_technician"]


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
    stage = _visit()
    stage.rules = rulebook_of({"rules.yaml": _OTHER_TIMES}).rules

    assert _heard(stage, 9, 9) == ([], [], [])
    assert _heard(stage, 9, 10) == (["ask"], [], [])
    assert _heard(stage, 9, 20) == ([], ["no_word_from_technician"], [])
    assert _heard(stage, 10, 0)[2] == ["tell"]
    (row,) = stage.customer.rows.values()
    assert row.next_update_at == at(10, 45)


def test_each_step_can_be_off() -> None:
    """Without the question the rest stands, and so on."""
    stage = _visit()
    stage.rules = RuleSet(
        replace(rule, enabled=rule.id != "ask_technician") for rule in stage.rules
    )

    assert _heard(stage, 10, 15)[0] == []
    assert _heard(stage, 10, 30)[1] == ["no_word_from_technician"]


# --- Orders -----------------------------------------------------------------------------


def _order(**details: object) -> Stage:
    """Return an order with one parcel, placed at 10 AM on the 10th for the evening of the 24th."""
    known: dict[str, object] = {
        "kind": JobKind.ORDER,
        "promised": window(9, 20),
        "parcels": ("1Z1",),
        "speaking": _ORDER_RULES,
        "now": at(10, day=10),
    }
    return Stage(**(known | details))  # type: ignore[arg-type]


def _told_by(stage: Stage, hour: int, *, day: int, minute: int = 0) -> list[str]:
    stage.now = at(hour, minute, day=day)
    told = stage.send_all()
    for row in told:
        stage.deliver(row)
    return [row.rule for row in told]


def test_a_label_that_no_carrier_scans() -> None:
    """Three days after the label nobody has seen the parcel: they hear, once."""
    stage = _order()

    assert _told_by(stage, 9, day=13, minute=59) == []
    assert _told_by(stage, 10, day=13) == ["order_no_scan"]
    (row,) = stage.customer.rows.values()
    assert row.asserts is None
    assert row.next_update_at == at(10, day=14)


def test_a_scan_in_time_is_no_silence() -> None:
    """Seen on the second day; from then on it is movement that is watched."""
    stage = _order()
    stage.now = at(9, day=12)
    stage.say(FactType.IN_TRANSIT, source=FactSource.CARRIER, parcel="1Z1")

    assert _told_by(stage, 12, day=13) == []
    assert _told_by(stage, 8, day=16) == []
    assert _told_by(stage, 9, day=16) == ["order_no_movement"]


def test_each_standstill_is_said() -> None:
    """It moves again and stands still again: they hear of the second one too."""
    stage = _order()
    stage.now = at(9, day=11)
    stage.say(FactType.IN_TRANSIT, source=FactSource.CARRIER, parcel="1Z1")
    assert _told_by(stage, 9, day=15) == ["order_no_movement"]
    stage.now = at(12, day=15)
    stage.say(FactType.IN_TRANSIT, source=FactSource.CARRIER, parcel="1Z1")

    assert "order_no_movement" not in _told_by(stage, 11, day=19)
    assert "order_no_movement" in _told_by(stage, 12, day=19)


def _scanned(stage: Stage, code: str, *days: int) -> None:
    """A carrier sees the parcel at noon of each of `days`."""
    for day in days:
        stage.now = at(12, day=day)
        stage.say(FactType.IN_TRANSIT, source=FactSource.CARRIER, parcel=code)


def test_a_parcel_that_moves_hides_none_that_nobody_has_seen() -> None:
    """One is scanned daily, the other never: three days after its label they hear, once."""
    stage = _order(parcels=("1Z1", "1Z2"))
    _scanned(stage, "1Z1", 11, 12)

    assert _told_by(stage, 9, day=13, minute=59) == []
    assert _told_by(stage, 10, day=13) == ["order_no_scan"]
    _scanned(stage, "1Z1", 13, 14)
    assert "order_no_movement" not in _told_by(stage, 12, day=14)


def test_a_parcel_that_moves_hides_none_that_stands_still() -> None:
    """One stopped on the 12th, whatever the other does, there or out for delivery."""
    stage = _order(parcels=("1Z1", "1Z2"))
    _scanned(stage, "1Z2", 11, 12)
    _scanned(stage, "1Z1", 13, 14)
    stage.say(FactType.OUT_FOR_DELIVERY, source=FactSource.CARRIER, parcel="1Z1")
    stage.now = at(12, day=15)
    stage.say(FactType.DELIVERED, source=FactSource.CARRIER, parcel="1Z1")
    stage.send_all()

    assert "order_no_movement" not in _told_by(stage, 11, day=16, minute=59)
    assert "order_no_movement" in _told_by(stage, 12, day=16)


def test_of_two_that_have_stopped_the_first_to_stop_counts() -> None:
    """One stands still since the 12th, the other since the 14th."""
    stage = _order(parcels=("1Z1", "1Z2"))
    _scanned(stage, "1Z2", 12)
    _scanned(stage, "1Z1", 14)

    assert "order_no_movement" in _told_by(stage, 12, day=16)


def test_the_next_look_is_when_the_silent_parcel_has_been_silent_for_long() -> None:
    """Time alone changes something, and nothing comes in that would have us look."""
    stage = _order(parcels=("1Z1", "1Z2"))
    _scanned(stage, "1Z1", 11, 12)

    assert stage.plan().look_at == at(10, day=13)


def test_a_parcel_that_is_there_is_silent_for_good() -> None:
    """The first came on the 11th; the other one moves."""
    stage = _order(parcels=("1Z1", "1Z2"))
    stage.now = at(12, day=11)
    stage.say(FactType.DELIVERED, source=FactSource.CARRIER, parcel="1Z1")
    _scanned(stage, "1Z2", 12)
    stage.rules = rulebook_of({"rules.yaml": _A_DAY_OF_SILENCE}).rules

    assert _told_by(stage, 11, day=13, minute=59) == []
    assert _told_by(stage, 12, day=13) == ["a_day"]


_A_DAY_OF_SILENCE = """
rules:
  - id: a_day
    for: order
    if: { silent_for: 1d }
    message: order_no_movement
    asserts: nothing
    update_after: 24h
"""


def test_what_is_said_of_the_order_is_said_of_each_parcel() -> None:
    """The shop has an eye on all of it."""
    stage = _order(parcels=("1Z1", "1Z2"))
    stage.now = at(12, day=12)
    stage.say(FactType.SHIPPED, source=FactSource.SHOP)

    assert "order_no_scan" not in _told_by(stage, 11, day=15, minute=59)
    assert "order_no_scan" in _told_by(stage, 12, day=15)


def test_an_order_without_a_parcel_waits_for_no_scan() -> None:
    """Nothing has a label yet, so nobody can have missed it."""
    stage = _order(parcels=())

    assert _told_by(stage, 10, day=13) == []
    assert stage.why("order_no_scan") == "condition_false"


def test_a_promised_day_that_ends_without_delivery() -> None:
    """8 PM of the 24th and nothing is there: they hear that evening that we check."""
    stage = _order()
    stage.now = at(9, day=22)
    stage.say(FactType.IN_TRANSIT, source=FactSource.CARRIER, parcel="1Z1")

    assert _told_by(stage, 19, day=24, minute=59) == []
    assert _told_by(stage, 20, day=24) == ["order_not_here"]


@pytest.mark.parametrize("said", [FactType.DELIVERED, FactType.CANCELLED])
def test_an_order_that_has_ended_is_silent_for_good(said: FactType) -> None:
    """There, or called off: no scan, movement or day is waited for."""
    stage = _order()
    stage.now = at(9, day=12)
    stage.say(said, source=FactSource.SHOP)
    told = _told_by(stage, 9, day=12)

    for day in (13, 16, 20, 25):
        told += _told_by(stage, 12, day=day)
    assert set(told).isdisjoint(_ORDER_RULES)


def test_the_days_are_the_business_s_own() -> None:
    """One day instead of three, for those who promise much."""
    stage = _order()
    stage.rules = rulebook_of(
        {
            "rules.yaml": """
rules:
  - id: soon
    for: order
    if: { status: ordered, tracked: true, silent_for: 1d }
    message: order_no_scan
    asserts: nothing
    update_after: 24h
    concerns_past: true
"""
        }
    ).rules

    assert _told_by(stage, 10, day=11) == ["soon"]
