"""Episodes: what a rule speaks about once, over whichever channels it takes."""

from dataclasses import replace

import pytest

from notifier.domain.facts import FactType, Terms
from notifier.domain.jobs import JobKind
from notifier.domain.messages import Channel, MessageStatus, WhyNot
from notifier.domain.rules.conditions import Condition
from notifier.domain.rules.rule import RuleSet
from tests.domain.stage import NINE_TO_ELEVEN, Stage, at, window


def test_corrections_before_the_claim_are_one_message() -> None:
    """50, 55, 45 within a second: one row, bound to the last."""
    stage = Stage()
    for minutes in (50, 55, 45):
        stage.late(minutes)
        stage.reconcile()
    assert len(stage.customer.rows) == 1
    assert stage.send().asserts == NINE_TO_ELEVEN.shifted(45)


def test_within_the_tolerance_of_what_was_sent_nothing_is_owed() -> None:
    """45, then 50, 55 and 45 again: no further text."""
    stage = Stage()
    stage.late(45)
    stage.send()
    for minutes in (50, 55, 45):
        stage.late(minutes)
        assert stage.send_all() == []


def test_further_out_is_a_new_episode() -> None:
    """Another hour is told again, and a person rings as well."""
    stage = Stage()
    stage.late(45)
    first = stage.sent_and_delivered()
    stage.late(120)
    second = stage.sent_and_delivered()
    assert (first.rule, second.rule) == ("running_late", "running_late_again")
    assert first.episode_no + 1 == second.episode_no
    assert [task.kind for task in stage.plan().tasks] in ([], ["call"])


def test_a_slip_that_reached_nobody_is_not_said_again() -> None:
    """*Again* is for people who heard of the first."""
    stage = Stage(channels=[Channel.SMS])
    stage.late(45)
    stage.fail(stage.send())
    stage.late(120)
    assert stage.send().rule == "running_late"


def test_channels_share_the_episode() -> None:
    """The email says what the text could not."""
    stage = Stage()
    stage.late(45)
    text = stage.send()
    stage.fail(text)
    email = stage.send()
    assert (email.rule, email.episode) == (text.rule, text.episode)
    stage.deliver(email)
    assert stage.send_all() == []


def test_the_rule_that_spoke_carries_on_whatever_changed_around_it() -> None:
    """Staff call the delay a move meanwhile: the failed text is still followed by its email."""
    stage = Stage()
    stage.late(45)
    text = stage.send()
    stage.say(FactType.RESCHEDULED, window=NINE_TO_ELEVEN.shifted(45), agreed=False)
    stage.fail(text)
    email = stage.send()
    assert (email.rule, email.channel) == ("running_late", Channel.EMAIL)


def test_a_row_withdrawn_before_its_claim_opens_again() -> None:
    """Late, on time, late: one row, sent once."""
    stage = Stage()
    stage.late(45)
    stage.reconcile()
    stage.late(0)
    stage.reconcile()
    (row,) = stage.customer.rows.values()
    assert row.status is MessageStatus.SUPERSEDED
    stage.late(45)
    stage.send()
    assert len(stage.customer.rows) == 1


def test_a_claimed_row_never_opens_again() -> None:
    """Certainly not taken, then untrue, then true again: a new episode."""
    stage = Stage()
    stage.late(45)
    row = stage.send(accepted=False)
    stage._update(row.id, status=MessageStatus.DEFERRED)
    stage.late(0)
    stage.reconcile()
    assert stage.customer.rows[row.id].status is MessageStatus.SUPERSEDED
    stage.late(45)
    again = stage.send()
    assert again.id != row.id
    assert again.episode_no == row.episode_no + 1


def test_an_agreed_move_begins_new_episodes() -> None:
    """The episode is of the agreed promise: its first slip is a first slip."""
    stage = Stage()
    stage.late(45)
    stage.sent_and_delivered()
    moved = window(9, 11, day=26)
    fact = stage.say(FactType.RESCHEDULED, window=moved, agreed=True)
    stage.give(moved, fact=fact)
    stage.advance(minutes=5)
    stage.late(45)
    assert stage.send().rule == "running_late"


def test_an_accepted_offer_does_not_hide_the_next_delay() -> None:
    """They took it, and then it slips to what they were once told: told again."""
    stage = Stage()
    stage.late(45)
    stage.sent_and_delivered()
    stage.late(0)
    stage.sent_and_delivered()
    fact = stage.say(FactType.ACCEPTED, window=NINE_TO_ELEVEN, terms=Terms.OFFER)
    stage.give(NINE_TO_ELEVEN, fact=fact)
    stage.advance(minutes=5)
    stage.late(45)
    assert stage.send().asserts == NINE_TO_ELEVEN.shifted(45)


def test_planning_twice_changes_nothing() -> None:
    """The outbox is what is owed, however often it is brought up to date."""
    stage = Stage()
    stage.late(45)
    stage.reconcile()
    before = dict(stage.customer.rows)
    for _ in range(3):
        stage.reconcile()
    assert stage.customer.rows == before


def test_the_reminder_is_one_for_each_visit() -> None:
    """It goes the evening before; delivered, it is not owed again."""
    stage = Stage(speaking=["reminder"])
    stage.reconcile()
    (row,) = stage.customer.rows.values()
    assert row.due_at == at(18, day=23)
    stage.now = at(18, day=23)
    stage.sent_and_delivered()
    assert stage.send_all() == []


def test_each_date_that_passes_is_an_episode_of_its_own() -> None:
    """Not here on Tuesday; Thursday was told, and not here on Thursday either."""
    order = Stage(kind=JobKind.ORDER, promised=window(8, 20), speaking=["order_not_here"])
    order.now = at(20, 1)
    assert order.sent_and_delivered().rule == "order_not_here"
    assert order.send_all() == []
    order.expect(window(8, 20, day=26))
    assert order.sent_and_delivered().rule == "order_delayed"
    order.now = at(20, 1, day=26)
    assert order.sent_and_delivered().rule == "order_not_here"


@pytest.mark.parametrize("live", [False, True])
def test_what_was_skipped_in_shadow_does_not_stand_in_the_way_once_live(live: bool) -> None:
    """The same slip moves on after the brand went live: now it is owed."""
    stage = Stage(live_at=None)
    stage.late(45)
    stage.reconcile()
    (row,) = stage.customer.rows.values()
    stage._update(row.id, status=MessageStatus.SKIPPED, reason=WhyNot.SHADOW)
    assert stage.send_all() == []
    stage.advance(minutes=5)
    if live:
        stage.live_at = stage.now
    assert stage.send_all() == []  # what happened before owes nothing
    stage.advance(minutes=5)
    stage.late(90)
    assert [sent.asserts for sent in stage.send_all()] == (
        [NINE_TO_ELEVEN.shifted(90)] if live else []
    )


def test_a_rule_that_is_gone_leaves_no_episode_behind() -> None:
    """A business takes a rule away while its text is out: the next one may speak."""
    stage = Stage()
    stage.late(45)
    stage.fail(stage.send())
    stage.rules = RuleSet(
        replace(rule, condition=Condition()) if rule.id == "running_late_again" else rule
        for rule in stage.rules
        if rule.id != "running_late"
    )
    assert stage.send().rule in ("running_late_again", "moved")
