"""What reached somebody, how surely, and which of several words counts."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from notifier.domain.facts import FactType
from notifier.domain.ledger.views import Given, told_of
from notifier.domain.messages import Channel, MessageStatus, Role, Strength, WhyNot
from notifier.domain.rules.rule import Rule, RuleSet
from notifier.domain.windows import OFF, Window
from notifier.rulebook import rulebook_of
from tests.domain.stage import NINE_TO_ELEVEN, Somebody, Stage, at, window
from tests.fakes.ids import id_number

LATE, LATER = NINE_TO_ELEVEN.shifted(30), NINE_TO_ELEVEN.shifted(90)


def word(asserts: Window, given_at: datetime, number: int, strength: Strength) -> Given:
    """Return an entry of the ledger from the message with that number."""
    return Given(asserts=asserts, given_at=given_at, strength=strength, message=id_number(number))


def why_skipped(somebody: Somebody) -> list[WhyNot | str | None]:
    """Return the reasons of the rows that nothing was sent for."""
    return [row.reason for row in somebody.rows.values() if row.status is MessageStatus.SKIPPED]


@pytest.mark.parametrize("backwards", [False, True])
def test_told_is_the_latest_hand_over_whenever_its_receipt_came(backwards: bool) -> None:
    """A receipt that comes late for an older message changes only the ledger's row."""
    entries = [
        word(LATE, at(8), 1, Strength.DELIVERED),
        word(LATER, at(9), 2, Strength.DELIVERED),
    ]
    told = told_of(reversed(entries) if backwards else entries)
    assert told is not None
    assert told.asserts == LATER


@pytest.mark.parametrize("backwards", [False, True])
def test_ties_go_to_the_later_attempt(backwards: bool) -> None:
    """Providers give whole seconds; the receipts may arrive in any order."""
    entries = [
        word(LATE, at(8), 1, Strength.DELIVERED),
        word(LATER, at(8), 2, Strength.DELIVERED),
    ]
    told = told_of(reversed(entries) if backwards else entries)
    assert told is not None
    assert told.asserts == LATER


def test_what_reached_nobody_does_not_count() -> None:
    """A failure after the receipt takes the word back."""
    entries = [
        word(LATE, at(8), 1, Strength.DELIVERED),
        word(LATER, at(9), 2, Strength.NONE),
    ]
    told = told_of(entries)
    assert told is not None
    assert told.asserts == LATE


def test_drift_is_measured_from_what_is_under_way() -> None:
    """Sent and not yet delivered: it is not said twice, and told has not moved."""
    stage = Stage()
    stage.late(30)
    stage.send()
    assert stage.customer.told == NINE_TO_ELEVEN
    assert stage.owed() == []


@pytest.mark.parametrize(
    ("reason", "again"), [(WhyNot.OUTCOME_UNKNOWN, False), (WhyNot.HELD_BY_STAFF, True)]
)
def test_a_row_held_in_doubt_is_under_way_and_one_that_staff_hold_is_not(
    reason: WhyNot, again: bool
) -> None:
    """The first may have been read; the second certainly was not."""
    stage = Stage()
    stage.late(30)
    if again:
        stage.reconcile()
        row = next(iter(stage.customer.rows.values()))
    else:
        row = stage.send(accepted=False)
    stage._update(row.id, status=MessageStatus.HELD, reason=reason)
    assert (stage.owed() == ["running_late"]) is again


def test_undelivered_takes_the_next_channel_and_then_a_person() -> None:
    """The text fails, the email fails: somebody rings before the promise is broken."""
    stage = Stage()
    stage.late(30)
    stage.fail(stage.send())
    email = stage.send()
    assert email.channel is Channel.EMAIL
    assert stage.plan().tasks == ()
    stage.fail(email)
    assert stage.send_all() == []
    (task,) = stage.plan().tasks
    assert task.kind == "call"
    assert task.due_at <= at(8)


def test_a_rule_says_how_long_to_wait_for_a_receipt() -> None:
    """Twenty-five minutes instead of ten: no email at 24, one at 25."""
    stage = Stage()
    stage.rules = rulebook_of({"rules.yaml": _PATIENT}).rules
    stage.late(30)
    assert stage.send().channel is Channel.SMS
    stage.advance(minutes=24)
    assert stage.send_all() == []
    stage.advance(minutes=1)
    assert stage.send().channel is Channel.EMAIL


_PATIENT = """
rules:
  - id: patient
    for: appointment
    if: { drift: later }
    family: slip
    message: running_late
    channels: [sms, email]
    reach: 25m
"""


def test_a_silent_channel_is_none_when_its_reach_ran_out() -> None:
    """No receipt within ten minutes: the email carries on; silent too, a person rings."""
    stage = Stage()
    stage.late(30)
    stage.send()
    stage.advance(minutes=9)
    assert stage.owed() == []
    stage.advance(minutes=1)
    assert stage.send().channel is Channel.EMAIL
    assert stage.customer.told == NINE_TO_ELEVEN
    stage.advance(minutes=10)
    assert stage.send_all() == []
    assert [(task.kind, task.why) for task in stage.plan().tasks] == [("call", "no_receipt")]
    assert stage.customer.told == NINE_TO_ELEVEN


@pytest.mark.parametrize(
    ("known_at", "email_at", "rung_at"),
    [
        (at(7), at(7, 10), at(7, 20)),
        (at(7, 45), at(7, 50), at(7, 55)),
        (at(7, 56), at(7, 58), at(8)),
        (at(8), at(8, 10), at(8, 20)),
    ],
)
def test_where_they_must_hear_soon_all_ways_and_a_ring_share_the_time(
    known_at: datetime, email_at: datetime, rung_at: datetime
) -> None:
    """By eight: nothing waits its ten minutes at 7:45. When eight has passed, nothing hurries."""
    stage = Stage()
    stage.now = known_at
    stage.late(30)
    assert stage.send().channel is Channel.SMS
    stage.now = email_at - timedelta(seconds=1)
    assert stage.send_all() == []
    stage.now = email_at
    assert stage.send().channel is Channel.EMAIL
    stage.now = rung_at - timedelta(seconds=1)
    assert stage.plan().tasks == ()
    stage.now = rung_at
    (task,) = stage.plan().tasks
    assert (task.kind, task.why, task.due_at) == ("call", "no_receipt", max(at(8), rung_at))


def test_the_plan_looks_again_when_reach_runs_out() -> None:
    """Time alone moves the message on."""
    stage = Stage()
    stage.late(30)
    stage.send()
    assert stage.plan().look_at == stage.now + timedelta(minutes=10)


def test_presumed_is_told_where_the_last_channel_gives_no_receipts() -> None:
    """It was taken, nothing failed, its reach ran out: planning treats it as told."""
    stage = Stage(channels=[Channel.EMAIL], email_gives_receipts=False)
    stage.late(30)
    stage.send()
    assert stage.customer.told == NINE_TO_ELEVEN
    stage.advance(minutes=10)
    stage.reconcile()
    assert stage.customer.told == LATE
    assert stage.customer.given[-1].strength is Strength.PRESUMED
    assert stage.owed() == []
    assert stage.plan().tasks == ()


@pytest.mark.parametrize(
    ("status", "reason"),
    [(MessageStatus.UNKNOWN, None), (MessageStatus.HELD, WhyNot.OUTCOME_UNKNOWN)],
)
def test_the_last_channel_in_doubt_is_not_presumed(
    status: MessageStatus, reason: WhyNot | None
) -> None:
    """No receipt will ever come and no record can be asked: somebody rings, as for any silence."""
    stage = Stage(channels=[Channel.EMAIL], email_gives_receipts=False)
    stage.late(30)
    row = stage.send(accepted=False)
    stage._update(row.id, status=status, reason=reason)
    assert stage.plan().tasks == ()
    stage.advance(minutes=10)
    stage.reconcile()
    assert [task.kind for task in stage.plan().tasks] == ["call"]
    assert stage.customer.told == NINE_TO_ELEVEN


@pytest.mark.parametrize("fact", [FactType.CANCELLED, FactType.MISSED])
def test_presumed_news_of_a_status_needs_no_call(fact: FactType) -> None:
    """Whether or not it says a time, nobody is asked to ring about it."""
    stage = Stage(channels=[Channel.EMAIL], email_gives_receipts=False)
    stage.say(fact, by="us")
    stage.send()
    before = stage.plan().tasks
    stage.advance(minutes=11)
    stage.reconcile()
    assert [task.key for task in stage.plan().tasks if "unreached" in task.key] == []
    assert len(before) <= 1  # a miss asks for a call of its own


def test_silence_before_the_last_channel_is_not_presumed() -> None:
    """An email that nobody confirms, with a text still to try."""
    stage = Stage(email_gives_receipts=False)
    stage.rules = RuleSet(
        rule if rule.id != "running_late" else _email_first(rule) for rule in stage.rules
    )
    stage.late(30)
    assert stage.send().channel is Channel.EMAIL
    stage.advance(minutes=10)
    assert stage.send().channel is Channel.SMS
    assert stage.customer.told == NINE_TO_ELEVEN


def _email_first(rule: Rule) -> Rule:
    return replace(rule, channels=(Channel.EMAIL, Channel.SMS))


def test_one_persons_receipt_does_not_silence_another() -> None:
    """Two people of whom one can't be reached: each is told, or rung, on their own."""
    stage = Stage(roles=(Role.CUSTOMER, Role.SECOND_CONTACT))
    second = stage.people[1]
    second.contacts = ()
    stage.late(30)
    stage.sent_and_delivered()
    stage.reconcile()
    assert why_skipped(second) == [WhyNot.NO_CONTACT]
    assert [task.job_person for task in stage.plan().tasks] == [second.id]


def test_told_by_phone_is_given_and_withdraws_the_text() -> None:
    """Somebody rang: the row is no longer owed."""
    stage = Stage()
    stage.late(30)
    assert stage.waiting() == ["running_late"]
    call = stage.say(FactType.TOLD, window=LATE)
    stage.give(LATE, fact=call)
    assert stage.waiting() == []
    assert stage.customer.told == LATE


def test_a_cancelled_visit_supersedes_the_late_text() -> None:
    """Cancel with a late text pending: no late text."""
    stage = Stage()
    stage.late(30)
    stage.reconcile()
    stage.say(FactType.CANCELLED)
    assert stage.sent_and_delivered().rule == "cancelled"
    assert stage.customer.told is OFF
    rows = {row.rule: row.status for row in stage.customer.rows.values()}
    assert rows["running_late"] is MessageStatus.SUPERSEDED


def test_a_tighter_window_than_they_were_told_is_not_told_again() -> None:
    """Nothing of what they hold is broken."""
    stage = Stage()
    stage.expect(window((9, 30), (10, 30)))
    assert stage.send_all() == []
