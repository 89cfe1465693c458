"""By when a change must be heard, and until when it is worth saying."""

from datetime import datetime, timedelta

import pytest

from notifier.domain.facts import FactType
from notifier.domain.jobs import JobKind
from notifier.domain.ledger.promises import tell_by
from notifier.domain.plan_input import BrandManners, PlanInput, current_tell_by
from notifier.domain.windows import UNKNOWN, Window
from tests.domain.stage import NINE_TO_ELEVEN, PLACE, QUIET, Stage, at, window

LONG_AGO = at(8, day=1)
VISIT, ORDER = JobKind.APPOINTMENT, JobKind.ORDER


@pytest.mark.parametrize(
    ("kind", "promise", "given_at", "moment"),
    [
        (VISIT, NINE_TO_ELEVEN, LONG_AGO, at(8)),
        (VISIT, NINE_TO_ELEVEN, at(7, 55), at(8, 10)),
        (VISIT, NINE_TO_ELEVEN, at(8, 50), at(9)),
        (ORDER, window(8, 20), LONG_AGO, at(8)),
        (ORDER, window(14, 20), LONG_AGO, at(9)),
        (ORDER, window(14, 20), at(8, 55), at(9, 10)),
        (ORDER, window(0, (23, 59)), LONG_AGO, at(9)),
        (ORDER, Window(at(8, day=20), at(20)), LONG_AGO, at(9)),
    ],
)
def test_tell_by(kind: JobKind, promise: Window, given_at: datetime, moment: datetime) -> None:
    """An hour before a visit; nine on the day of a delivery, or its start if that is sooner.

    Never within 15 minutes of giving the promise, and never after its start. A window of a
    whole day, or of several, promises a date.
    """
    assert tell_by(kind, promise, given_at=given_at, zone=PLACE) == moment


def test_of_a_moment_it_is_the_moment_itself() -> None:
    """*We text by 9:30*: at 9:30 the promise is kept or broken."""
    stage = Stage(now=at(8, 30))
    stage.expect(UNKNOWN)
    stage.sent_and_delivered()
    assert _of_the_customer(stage) == at(9, 30)


def test_each_promise_has_its_own() -> None:
    """Once a later window was told, it counts from that."""
    stage = Stage()
    assert _of_the_customer(stage) == at(8)
    stage.late(120)
    stage.sent_and_delivered()
    assert _of_the_customer(stage) == at(10)


def _of_the_customer(stage: Stage) -> datetime | None:
    return current_tell_by(
        PlanInput(
            job=stage.job,
            state=stage.state,
            zone=PLACE,
            booked_at=stage.facts[0].effective_at,
            held=False,
            people=tuple(somebody.view() for somebody in stage.people),
            manners=BrandManners(quiet=QUIET, live_at=stage.live_at),
        )
    )


@pytest.mark.parametrize(
    ("told", "expected", "asserts"),
    [
        (NINE_TO_ELEVEN, window(10, 12), window(10, 12)),
        (NINE_TO_ELEVEN, window(7, 9), window(7, 9)),
    ],
)
def test_a_slip_expires_with_the_window_that_it_asserts(
    told: Window, expected: Window, asserts: Window
) -> None:
    """After its end nobody is helped by hearing of it."""
    stage = Stage(promised=told)
    stage.expect(expected)
    (owed,) = stage.plan().owed
    assert owed.expires_at == asserts.end
    stage.now = asserts.end
    assert stage.plan().owed == ()


def test_a_change_after_tell_by_is_still_told() -> None:
    """As an apology, with the moment that was missed on record."""
    stage = Stage()
    stage.now = at(8, 30)
    stage.late(45)
    (owed,) = stage.plan().owed
    assert owed.tell_by == at(8)
    assert owed.tell_by < owed.send_at == at(8, 30)


def test_a_cancellation_breaks_the_promise_and_has_its_tell_by() -> None:
    """Called off at night for nine: it is heard by eight."""
    stage = Stage(now=at(22, day=23))
    stage.say(FactType.CANCELLED)
    (owed,) = stage.plan().owed
    assert owed.tell_by == at(8)


def test_a_reminder_is_owed_only_for_a_promise_given_before_its_moment() -> None:
    """Booked at seven in the evening for tomorrow: they know."""
    assert Stage(now=at(17, 59, day=23), speaking=["reminder"]).owed() == ["reminder"]
    late_booking = Stage(now=at(18, 1, day=23), speaking=["reminder"])
    assert late_booking.owed() == []
    assert late_booking.why("reminder") == "moment_passed"


def test_an_open_offer_does_not_silence_the_reminder() -> None:
    """Unanswered, the old window is the visit's, and they are reminded of it."""
    stage = Stage(speaking=["reminder"])
    stage.expect(window(7, 9))
    stage.sent_and_delivered()
    stage.now = at(18, day=23)
    reminder = stage.send()
    assert (reminder.rule, reminder.asserts) == ("reminder", NINE_TO_ELEVEN)


def test_the_task_of_somebody_unreached_is_due_by_tell_by() -> None:
    """A person can still keep the promise that the engine could not."""
    stage = Stage()
    stage.customer.contacts = ()
    stage.late(45)
    (task,) = stage.plan().tasks
    assert task.due_at <= at(8)
    stage.now = at(8, 30)
    (task,) = stage.plan().tasks
    assert task.due_at <= at(8, 30) + timedelta(minutes=15)
