"""What people must do: the calls and looks that no message can replace."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from notifier.domain.drift import Drift, drift_of, is_asked
from notifier.domain.facts import FactType, PromiseKind
from notifier.domain.folding import JobState
from notifier.domain.ledger.promises import promise_text
from notifier.domain.ledger.views import PersonView, reference_of
from notifier.domain.messages import Strength, WhyNot
from notifier.domain.owed import Duty, TaskOwed
from notifier.domain.plan_input import PlanInput
from notifier.domain.rules.episodes import Episode
from notifier.domain.rules.rule import Family, Rule, Unreached
from notifier.domain.steps import Step
from notifier.domain.windows import OFF, UNKNOWN, Expectation, Window

#: Within what somebody who declined should hear from a person.
_ANSWER_WITHIN = timedelta(minutes=30)

#: A promised moment is due for a person so long before it comes.
_BEFORE_MOMENT = timedelta(minutes=10)

#: Calls in which people hear what is believed about the time.
_ABOUT_NEWS = frozenset({Duty.UNREACHED, Duty.NEEDS_CALL, Duty.BESIDE})

#: Why they are rung whom no text could tell of a promise before its moment.
NOT_SAID = "promise_not_said"

#: What somebody needs to see that they are to ring, and to do so.
TIME_TO_RING = timedelta(minutes=15)


def promised_moments(job: PlanInput, person: PersonView) -> Iterator[TaskOwed]:
    """Yield a task for each moment promised: news, or a call, before it comes.

    News of a job ends with it. A call back does not, nor does news promised since that is known.
    """
    end = job.state.status_fact if job.state.finished else None
    for moment in person.moments:
        call_back = moment.what is PromiseKind.CALL_BACK
        if end is not None and not call_back and moment.given_at < end.received_at:
            continue
        duty = Duty.CALL_BACK if call_back else Duty.UPDATE
        yield TaskOwed(
            key=f"{duty}:{job.job}:{person.job_person}:{moment.due:%Y%m%dT%H%M}",
            duty=duty,
            kind="call" if call_back else "update",
            why=f"{duty}_promised",
            due_at=max(moment.due - _BEFORE_MOMENT, moment.halfway),
            job_person=person.job_person,
        )


def declined(job: PlanInput, person: PersonView, drift: Drift) -> Iterator[TaskOwed]:
    """Yield a task where what was asked does not suit them: find a time that does."""
    answers = (FactType.ACCEPTED, FactType.DECLINED, FactType.TOLD)
    mine = [
        fact
        for fact in job.state.answers
        if fact.person == person.job_person and fact.type in answers
    ]
    last = mine[-1] if mine else None
    if last is None or last.type is not FactType.DECLINED or not is_asked(drift.kind):
        return
    if last.window != job.state.expected:
        return
    yield TaskOwed(
        key=f"call:{job.job}:{person.job_person}:declined:{last.id}",
        duty=Duty.DECLINED,
        kind="call",
        why="offer_declined",
        due_at=last.received_at + _ANSWER_WITHIN,
        job_person=person.job_person,
    )


def for_dispatch(job: PlanInput, rule: Rule, episode: str, due_at: datetime) -> TaskOwed:
    """Return the task of a rule that turns to dispatch; `due_at`: after it, it helps nobody."""
    return TaskOwed(
        key=f"dispatch:{job.job}:{rule.id}:{episode}",
        duty=Duty.DISPATCH,
        kind="look_into",
        why=rule.message,
        due_at=due_at,
        job_person=None,
        rule=rule.id,
    )


def calls(
    job: PlanInput,
    person: PersonView,
    rule: Rule,
    episode: Episode,
    step: Step,
    *,
    asserts: Expectation | None,
    heard_by: datetime | None,
    goes_at: datetime,
    now: datetime,
) -> Iterator[TaskOwed]:
    """Yield the calls that a message comes with, or that replace it where nothing arrives.

    :param heard_by: by when they must have heard it.
    :param goes_at: when the message goes, or would: without `heard_by` nobody rings before it.

    Where they replace it each news is a call of its own: one that was ticked off spoke of
    what was believed then.
    """
    owed: list[tuple[Duty, str]] = []  # and why
    if rule.call_task:
        owed.append((Duty.BESIDE, rule.message))
    elif rule.call_first:
        owed.append((Duty.NEEDS_CALL, rule.message))
    wanted = rule.unreached is Unreached.TASK and step.unreached != WhyNot.NO_CONSENT
    if step.unreached is not None and wanted:
        owed.append((Duty.UNREACHED, step.unreached))
    for duty, why in owed:
        yield TaskOwed(
            key=f"call:{job.job}:{person.job_person}:{_about(duty, rule, episode, asserts)}",
            duty=duty,
            kind="call",
            why=why,
            due_at=_ring_by(heard_by, goes_at, now),
            job_person=person.job_person,
            rule=rule.id,
            since=_news_since(job, person) if rule.family is Family.SLIP else None,
            promised_in=episode.promised_in,
        )


def _about(duty: Duty, rule: Rule, episode: Episode, asserts: Expectation | None) -> str:
    if duty is Duty.BESIDE:
        return f"{rule.id}:{episode.text}"
    news = promise_text(asserts) if isinstance(asserts, Window) else str(asserts or "")
    return f"{duty}:{rule.id}:{episode.text}:{news}"


@dataclass(frozen=True, slots=True)
class SaidByCall:
    """The fact that a call is: its type, and what was promised in it."""

    type: FactType
    what: PromiseKind | None = None
    moment: datetime | None = None


def said_by_call(
    duty: Duty | None,
    job: PlanInput,
    person: PersonView,
    *,
    promised_in: UUID | None,
    now: datetime,
) -> SaidByCall:
    """Return the fact that a call to `person`, made and ticked off at `now`, is.

    Rung about news, they were *told* the newest; about a promise whose moment is ahead, they
    were *promised* it on the phone. An offer that was made by phone binds nobody either, what
    has passed is no news, and other calls are about something else: then somebody has *spoken
    to* them, no more.

    :param promised_in: the fact in which staff promised what the call tells; None: no promise.
    """
    state = job.state
    if promised_in is not None:
        made = next((fact for fact in state.answers if fact.id == promised_in), None)
        if made is None or made.moment is None or made.moment <= now:
            return SaidByCall(FactType.SPOKEN_TO)
        return SaidByCall(FactType.PROMISED, what=made.what, moment=made.moment)
    if duty not in _ABOUT_NEWS or not _can_be_told(state, now):
        return SaidByCall(FactType.SPOKEN_TO)
    reference = reference_of(person, state.agreed)
    drift = drift_of(state, person, reference, zone=job.zone, now=now)
    return SaidByCall(FactType.SPOKEN_TO if is_asked(drift.kind) else FactType.TOLD)


def _can_be_told(state: JobState, now: datetime) -> bool:
    if isinstance(state.expected, Window):
        return not state.finished and state.expected.end > now
    return state.expected is OFF or (state.expected is UNKNOWN and not state.finished)


def _news_since(job: PlanInput, person: PersonView) -> datetime | None:
    """Return when what they don't know came up: since it is believed, or since they were told
    something else by phone."""
    state = job.state
    moments = [
        given.given_at
        for given in person.given
        if given.message is None and given.strength is not Strength.NONE
    ]
    if state.expected_fact is not None:
        moments.append(state.expected_fact.received_at)
    return max(moments, default=None)


def _ring_by(heard_by: datetime | None, goes_at: datetime, now: datetime) -> datetime:
    return max(now, goes_at) + TIME_TO_RING if heard_by is None else max(now, heard_by)
