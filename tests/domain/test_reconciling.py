"""The outbox is held against what is owed: add, bind, reopen, drop with a reason, or leave."""

from dataclasses import replace
from datetime import timedelta

import pytest

from notifier.domain.facts import FactType
from notifier.domain.messages import MessageStatus, WhyNot
from notifier.domain.reconciling import Changes, Row, Standing, key_of, reconcile, standing
from tests.domain.stage import Stage

NOTHING = Changes((), (), ())


def row_of(stage: Stage, status: MessageStatus, **values: object) -> Row:
    """Return the row of the one message that is owed, in `status`."""
    (owed,) = stage.plan().owed
    job_person, contact, rule, episode, channel = key_of(owed)
    fields: dict[str, object] = {
        "id": stage.ids(),
        "job_person": job_person,
        "contact": contact,
        "rule": rule,
        "episode": episode,
        "channel": channel,
        "status": status,
        "reason": None,
        "claimed": False,
        "expires_at": owed.expires_at,
    }
    return Row(**(fields | values))  # type: ignore[arg-type]


def late_stage() -> Stage:
    """Return a visit that is 45 minutes late."""
    stage = Stage()
    stage.late(45)
    return stage


def test_what_is_owed_and_not_there_is_added() -> None:
    """Once."""
    stage = late_stage()
    changes = reconcile([], stage.plan(), finished=False, now=stage.now)
    assert [owed.rule.id for owed in changes.add] == ["running_late"]
    assert (changes.bind, changes.drop) == ((), ())


@pytest.mark.parametrize(
    "status", [MessageStatus.PLANNED, MessageStatus.READY, MessageStatus.DEFERRED]
)
def test_what_is_owed_and_waits_is_bound_anew(status: MessageStatus) -> None:
    """It says what is believed now."""
    stage = late_stage()
    row = row_of(stage, status)
    changes = reconcile([row], stage.plan(), finished=False, now=stage.now)
    assert [bound for bound, _ in changes.bind] == [row.id]
    assert (changes.add, changes.drop) == ((), ())


@pytest.mark.parametrize(
    ("status", "reason", "claimed", "opens"),
    [
        (MessageStatus.SUPERSEDED, WhyNot.NO_LONGER_OWED, False, True),
        (MessageStatus.EXPIRED, WhyNot.EXPIRED, False, True),
        (MessageStatus.SUPERSEDED, WhyNot.NO_LONGER_OWED, True, False),
        (MessageStatus.SKIPPED, WhyNot.SHADOW, False, True),
        (MessageStatus.SKIPPED, WhyNot.NO_CONTACT, False, False),
        (MessageStatus.HELD, WhyNot.HELD_BY_STAFF, False, True),
        (MessageStatus.HELD, WhyNot.OUTCOME_UNKNOWN, True, False),
        *(
            (status, None, True, False)
            for status in (
                MessageStatus.CLAIMED,
                MessageStatus.ACCEPTED,
                MessageStatus.SENT,
                MessageStatus.DELIVERED,
                MessageStatus.UNDELIVERED,
                MessageStatus.REJECTED,
                MessageStatus.UNKNOWN,
                MessageStatus.SUPPRESSED,
            )
        ),
    ],
)
def test_only_what_was_never_claimed_opens_again(
    status: MessageStatus, reason: WhyNot | None, claimed: bool, opens: bool
) -> None:
    """What may have gone is left alone, whatever is owed."""
    stage = late_stage()
    row = row_of(stage, status, reason=reason, claimed=claimed)
    changes = reconcile([row], stage.plan(), finished=False, now=stage.now)
    assert bool(changes.bind) is opens
    assert (changes.add, changes.drop) == ((), ())


@pytest.mark.parametrize("status", list(MessageStatus))
def test_what_is_no_longer_owed_is_dropped_only_while_it_waits(status: MessageStatus) -> None:
    """And says why."""
    stage = late_stage()
    row = row_of(stage, status)
    stage.late(0)
    changes = reconcile([row], stage.plan(), finished=False, now=stage.now)
    waits = status in (MessageStatus.PLANNED, MessageStatus.READY, MessageStatus.DEFERRED)
    assert [drop.reason for drop in changes.drop] == [WhyNot.NO_LONGER_OWED] * waits


def test_a_job_that_ended_says_so() -> None:
    """Completed with a late text pending."""
    stage = late_stage()
    row = row_of(stage, MessageStatus.READY)
    stage.say(FactType.COMPLETED)
    (drop,) = reconcile([row], stage.plan(), finished=True, now=stage.now).drop
    assert (drop.status, drop.reason) == (MessageStatus.SUPERSEDED, WhyNot.JOB_ENDED)


def test_what_came_too_late_expires() -> None:
    """Its window is over."""
    stage = late_stage()
    row = row_of(stage, MessageStatus.READY)
    stage.now = row.expires_at + timedelta(seconds=1)
    (drop,) = reconcile([row], stage.plan(), finished=False, now=stage.now).drop
    assert (drop.status, drop.reason) == (MessageStatus.EXPIRED, WhyNot.EXPIRED)


def test_what_happened_before_going_live_says_so() -> None:
    """Planned in shadow, and dropped by the brand's first live plan."""
    stage = late_stage()
    row = row_of(stage, MessageStatus.READY)
    stage.advance(minutes=1)
    stage.live_at = stage.now
    (drop,) = reconcile([row], stage.plan(), finished=False, now=stage.now).drop
    assert drop.reason == WhyNot.BEFORE_LIVE


def test_twice_changes_nothing() -> None:
    """After the first time, the outbox says what is owed."""
    stage = late_stage()
    row = row_of(stage, MessageStatus.READY)
    stage.late(0)
    dropped = reconcile([row], stage.plan(), finished=False, now=stage.now)
    assert dropped.drop
    closed = row_of(late_stage(), MessageStatus.SUPERSEDED, reason=WhyNot.NO_LONGER_OWED, id=row.id)
    assert reconcile([closed], stage.plan(), finished=False, now=stage.now) == NOTHING


@pytest.mark.parametrize(("goes_in", "since"), [(0, -5), (60, 60)])
def test_what_was_put_off_until_the_morning_may_go_since_then(goes_in: int, since: int) -> None:
    """A second try keeps its own time, and the message's turn is when it first was due."""
    stage = late_stage()
    (owed,) = stage.plan().owed
    minute = timedelta(minutes=1)
    before = Standing(
        status=MessageStatus.DEFERRED,
        reason="no_connection",
        send_at=stage.now - 5 * minute,
        due_at=stage.now + 2 * minute,
    )
    owed = replace(owed, send_at=stage.now + goes_in * minute)
    stands = standing(owed, before, held=False, now=stage.now)
    assert stands.send_at == stage.now + since * minute
    assert stands.due_at == stage.now + max(2, goes_in) * minute
    assert (stands.status, stands.reason) == (MessageStatus.DEFERRED, "no_connection")
