"""Calls that people make: when one is asked for, how long it stays, and what making it says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session, sessionmaker

from notifier import intake
from notifier.delivery import deliver_due, resolve_unknown
from notifier.domain.facts import FactSource, FactType, PromiseKind
from notifier.domain.messages import MessageStatus, Strength, WhyNot
from notifier.domain.reasons import Party
from notifier.domain.windows import OFF, Window, from_json
from notifier.planner import look_again
from notifier.providers.errors import SendDeferred, SendOutcomeUnknown
from notifier.store.tables import FactRow, Task
from notifier.task_list import mark_done
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds
from tests.outbox_world import World, make_world

_STAFF = "staff:7"


@pytest.fixture
def world(sessions: sessionmaker[Session], clock: FakeClock, ids: FakeIds) -> World:
    """Return a live brand with scripted providers."""
    return make_world(sessions, clock, ids)


def given_unreachable(world: World) -> UUID:
    """Book a visit for somebody without a number or an address."""
    return world.book(phone=None, email=None)


def call_about(world: World, rule: str) -> Task:
    """Return the one call that a rule asks for."""
    (call,) = [task for task in world.tasks("call") if task.rule == rule]
    return call


def ring(world: World, task: Task) -> None:
    """Staff make a call, and tick it off a minute later."""
    world.clock.advance(minutes=1)
    mark_done(world.services, world.brand, task.id, actor=_STAFF)


def told(world: World, job: UUID) -> object:
    """Return what reached the customer last."""
    return from_json(world.person(job).told)


def facts(world: World, job: UUID) -> list[FactRow]:
    """Return the facts of a job, in the order in which they came."""
    with world.services.sessions() as session:
        query = FactRow.__table__.select().where(FactRow.job_id == job).order_by(FactRow.seq)
        return [FactRow(**row._mapping) for row in session.execute(query)]


def take_back(world: World, job: UUID, fact: UUID) -> None:
    """Staff say that a fact was a mistake."""
    world.clock.advance(seconds=1)
    intake.withdraw(world.services, world.brand, job, fact, source=FactSource.STAFF, actor=_STAFF)


def take_back_last(world: World, job: UUID) -> None:
    """Staff say that the last fact was a mistake."""
    take_back(world, job, facts(world, job)[-1].id)


def given_promised(world: World, what: PromiseKind) -> UUID:
    """Staff promise on the phone to call back, or to have news, within two hours."""
    job = world.book(starts_in=timedelta(hours=30))
    world.say(
        job,
        FactType.PROMISED,
        what=what,
        moment=world.clock() + timedelta(hours=2),
        by_phone=True,
    )
    return job


def given_a_promise_to_tell(world: World) -> UUID:
    """Staff promise news within two hours, and leave it to a text that can't reach her."""
    job = world.book(starts_in=timedelta(hours=30), phone=None, email=None)
    world.say(
        job,
        FactType.PROMISED,
        what=PromiseKind.UPDATE,
        moment=world.clock() + timedelta(hours=2),
    )
    return job


# --- When one is asked for, and how long it stays -------------------------------------------


def no_provider_takes(world: World, job: UUID, minutes: int) -> None:
    """Time passes in which the text is tried again and again."""
    world.sms.answers.extend(SendDeferred("http_503") for _ in range(minutes))
    for _ in range(minutes):
        world.clock.advance(minutes=1)
        look_again(world.services)
        deliver_due(world.services)
    assert world.message(job).status == MessageStatus.DEFERRED


def test_said_again_in_other_words_the_call_stays(world: World) -> None:
    """Nobody has told her yet; that it is said once more, as a time, changes nothing."""
    job = world.book(email=None, starts_in=timedelta(minutes=70))
    agreed = from_json(world.person(job).told)
    assert isinstance(agreed, Window)
    world.late(job, 60)
    no_provider_takes(world, job, 20)
    asked = call_about(world, "running_late")

    world.say(job, FactType.DELAYED, expected=agreed.shifted(60))

    still = call_about(world, "running_late")
    assert (still.id, still.created_at) == (asked.id, asked.created_at)


def test_in_doubt_the_call_stays(world: World) -> None:
    """The provider may have it this time, which nobody knows; taken, it ends."""
    job = world.book(email=None, starts_in=timedelta(minutes=70))
    world.late(job, 60)
    no_provider_takes(world, job, 20)
    asked = call_about(world, "running_late")

    world.clock.advance(minutes=10)
    world.sms.answers.clear()
    world.sms.answers.append(SendOutcomeUnknown("read_timeout"))
    deliver_due(world.services)
    assert world.message(job).status == MessageStatus.UNKNOWN
    assert call_about(world, "running_late").id == asked.id

    for seconds in (40, 50, 600):
        world.clock.advance(seconds=seconds)
        resolve_unknown(world.services)
    deliver_due(world.services)
    assert world.message(job).status == MessageStatus.ACCEPTED
    assert world.tasks("call") == []


# --- What making one says --------------------------------------------------------------------


def test_whoever_was_rung_was_told(world: World) -> None:
    """Ticking the call off is a fact: by whom, and what is believed now was given by phone."""
    job = given_unreachable(world)
    agreed = from_json(world.person(job).told)
    assert isinstance(agreed, Window)
    world.late(job, 60)
    ring(world, call_about(world, "running_late"))

    assert told(world, job) == agreed.shifted(60)
    given = world.promises(job)[-1]
    assert (given.strength, given.message_id) == (Strength.GIVEN, None)
    last = facts(world, job)[-1]
    assert (last.type, last.source, last.actor) == (FactType.TOLD, FactSource.STAFF, _STAFF)
    assert world.tasks("call") == []


def test_each_time_it_moves_is_a_call_of_its_own(world: World) -> None:
    """Ten, half past ten, ten again: she was rung about each before the next was known."""
    job = given_unreachable(world)
    for minutes in (60, 90, 60, 150, 60):
        world.late(job, minutes)
        calls = world.tasks("call")
        assert len(calls) == 1, minutes
        ring(world, calls[0])
        assert world.tasks("call") == []


def test_late_once_more_after_she_heard_that_it_was_not_she_is_rung_once_more(
    world: World,
) -> None:
    """The same news as before, to somebody who no longer holds it."""
    job = given_unreachable(world)
    agreed = from_json(world.person(job).told)
    assert isinstance(agreed, Window)
    world.late(job, 60)
    ring(world, call_about(world, "running_late"))
    world.late(job, 0)
    world.say(job, FactType.TOLD, window=agreed)
    assert world.tasks("call") == []
    world.late(job, 60)
    assert call_about(world, "running_late").done_by is None


def test_ticked_off_twice_she_was_rung_once(world: World) -> None:
    """Two people tick the same call off, or one of them twice."""
    job = given_unreachable(world)
    world.late(job, 60)
    call = call_about(world, "running_late")
    ring(world, call)
    before = len(facts(world, job))
    ring(world, call)
    assert len(facts(world, job)) == before


def test_a_call_that_nobody_needs_any_more_says_nothing(world: World) -> None:
    """The time moved on while she was rung about the one before: the new call stays."""
    job = given_unreachable(world)
    world.late(job, 60)
    call = call_about(world, "running_late")
    world.late(job, 150)
    ring(world, call)
    assert call_about(world, "running_late").id != call.id
    assert FactType.TOLD not in {fact.type for fact in facts(world, job)}


def test_rung_about_a_promise_she_was_promised_it_and_told_no_time(world: World) -> None:
    """That we have news by three says nothing of the visit; from now on it is watched."""
    job = given_a_promise_to_tell(world)
    held = len(world.promises(job))
    call = call_about(world, "promise_made")
    assert world.tasks("update") == []
    ring(world, call)
    assert facts(world, job)[-1].type == FactType.PROMISED
    *_, given = world.promises(job)
    assert (len(world.promises(job)), given.strength) == (held + 1, Strength.GIVEN)
    assert call.id not in {task.id for task in world.tasks("call")}
    assert len(world.tasks("update")) == 1


def test_rung_about_a_promise_whose_moment_has_come_she_was_spoken_to(world: World) -> None:
    job = given_a_promise_to_tell(world)
    call = call_about(world, "promise_made")
    world.clock.advance(days=1)
    ring(world, call)
    assert facts(world, job)[-1].type == FactType.SPOKEN_TO


def test_not_rung_after_all_she_is_to_be_rung_again(world: World) -> None:
    """The call was ticked off by mistake; the fact is taken back, and the call is owed again."""
    job = given_unreachable(world)
    world.late(job, 60)
    ring(world, call_about(world, "running_late"))
    take_back_last(world, job)
    assert call_about(world, "running_late").why == WhyNot.NO_CONTACT


@pytest.mark.parametrize(
    ("channels", "rule"), [({"phone": None, "email": None}, "cancelled"), ({}, "missed_by_us")]
)
def test_not_rung_after_all_of_what_has_ended_she_is_to_be_rung_again(
    world: World, channels: dict[str, Any], rule: str
) -> None:
    """So it is where a call replaces the message, and where it goes beside one."""
    job = world.book(**channels)
    world.clock.advance(hours=6)
    world.say(job, FactType.CANCELLED if rule == "cancelled" else FactType.MISSED, by=Party.US)
    deliver_due(world.services)
    call = call_about(world, rule)
    ring(world, call)
    assert world.tasks("call") == []
    take_back_last(world, job)
    assert call_about(world, rule).id == call.id
    ring(world, call)
    assert world.tasks("call") == []


def test_a_call_back_that_was_not_made_after_all_is_still_promised(world: World) -> None:
    job = given_promised(world, PromiseKind.CALL_BACK)
    ring(world, world.tasks("call")[0])
    take_back_last(world, job)
    (call,) = world.tasks("call")
    assert (call.done_by, call.done_fact) == (None, None)


def test_a_call_that_nobody_needs_any_more_does_not_come_back(world: World) -> None:
    """They were rung about a delay that was made up meanwhile."""
    job = given_unreachable(world)
    world.late(job, 60)
    ring(world, call_about(world, "running_late"))
    rung = facts(world, job)[-1].id
    world.late(job, 0)
    for call in world.tasks("call"):
        ring(world, call)
    take_back(world, job, rung)
    assert world.tasks("call") == []


def test_an_earlier_time_that_was_asked_about_by_phone_is_not_told(world: World) -> None:
    """It binds nobody until they accept; but they were asked, and are not rung again."""
    job = given_unreachable(world)
    before = told(world, job)
    world.late(job, -60)
    ring(world, call_about(world, "earlier_if_suits"))
    assert told(world, job) == before
    assert facts(world, job)[-1].type == FactType.SPOKEN_TO
    world.clock.advance(minutes=1)
    look_again(world.services)
    assert world.tasks("call") == []


def test_offered_once_more_she_is_asked_once_more(world: World) -> None:
    """The earlier time was withdrawn in between, and offered anew."""
    job = given_unreachable(world)
    for minutes in (-60, 0, -60):
        world.late(job, minutes)
        for call in world.tasks("call"):
            ring(world, call)
    spoken = [fact for fact in facts(world, job) if fact.type == FactType.SPOKEN_TO]
    assert len(spoken) == 2


def test_who_was_rung_that_nobody_comes_knows_it(world: World) -> None:
    """What is over can still be told."""
    job = given_unreachable(world)
    world.say(job, FactType.CANCELLED)
    ring(world, call_about(world, "cancelled"))
    assert told(world, job) is OFF


def test_a_call_back_that_was_made_is_kept(world: World) -> None:
    """They were rung as promised, about whatever it was: no text says that nobody rang."""
    job = given_promised(world, PromiseKind.CALL_BACK)
    ring(world, world.tasks("call")[0])
    assert facts(world, job)[-1].type == FactType.SPOKEN_TO
    world.clock.advance(minutes=115)
    look_again(world.services)
    deliver_due(world.services)
    assert world.sms.sent == []


def test_looking_into_something_is_no_call(world: World) -> None:
    """News that was promised is not given by ticking it off."""
    job = given_promised(world, PromiseKind.UPDATE)
    before = len(facts(world, job))
    ring(world, world.tasks("update")[0])
    assert len(facts(world, job)) == before
