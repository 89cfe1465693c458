"""What people must do: the calls and looks that no message can replace."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from notifier.domain.drift import Drift, is_asked
from notifier.domain.episodes import Episode
from notifier.domain.facts import FactType, PromiseKind
from notifier.domain.ledger import PersonView
from notifier.domain.messages import WhyNot
from notifier.domain.owed import TaskOwed
from notifier.domain.plan_input import PlanInput
from notifier.domain.promises import promise_text
from notifier.domain.rules import Rule, Unreached
from notifier.domain.steps import Step
from notifier.domain.windows import Expectation, Window

#: Within what somebody who declined should hear from a person.
_ANSWER_WITHIN = timedelta(minutes=30)

#: A promised moment is due for a person so long before it comes.
_BEFORE_MOMENT = timedelta(minutes=10)

#: Nobody can ring sooner.
_SOON = timedelta(minutes=15)


def promised_moments(job: PlanInput, person: PersonView) -> Iterator[TaskOwed]:
    """Yield a task for each moment promised: news, or a call, before it comes.

    News of a job ends with it. A call back does not, nor does news promised since that is known.
    """
    end = job.state.status_fact if job.state.finished else None
    for moment in person.moments:
        call_back = moment.what is PromiseKind.CALL_BACK
        if end is not None and not call_back and moment.given_at < end.received_at:
            continue
        mark = "call_back" if call_back else "update"
        yield TaskOwed(
            key=f"{mark}:{job.job}:{person.job_person}:{moment.due:%Y%m%dT%H%M}",
            kind="call" if call_back else "update",
            why=f"{mark}_promised",
            due_at=moment.due - _BEFORE_MOMENT,
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
        kind="call",
        why="offer_declined",
        due_at=last.received_at + _ANSWER_WITHIN,
        job_person=person.job_person,
    )


def for_dispatch(job: PlanInput, rule: Rule, episode: str, due_at: datetime) -> TaskOwed:
    """Return the task of a rule that turns to dispatch; `due_at`: after it, it helps nobody."""
    return TaskOwed(
        key=f"dispatch:{job.job}:{rule.id}:{episode}",
        kind="look_into",
        why=rule.message,
        due_at=due_at,
        job_person=None,
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
    now: datetime,
) -> Iterator[TaskOwed]:
    """Yield the calls that a message comes with, or that replace it where nothing arrives.

    Where they replace it each news is a call of its own: one that was ticked off spoke of
    what was believed then.
    """
    news = _news(asserts)
    if rule.call_task:
        yield _call(job, person, rule.message, f"{rule.id}:{episode.text}", heard_by, now)
    elif rule.call_first:
        yield _call(
            job, person, rule.message, f"needs_call:{rule.id}:{episode.text}:{news}", heard_by, now
        )
    wanted = rule.unreached is Unreached.TASK and step.unreached != WhyNot.NO_CONSENT
    if step.unreached is not None and wanted:
        key = f"unreached:{rule.id}:{episode.text}:{news}"
        yield _call(job, person, step.unreached, key, heard_by, now)


def _news(asserts: Expectation | None) -> str:
    return promise_text(asserts) if isinstance(asserts, Window) else str(asserts or "")


def _call(
    job: PlanInput,
    person: PersonView,
    why: str,
    key: str,
    heard_by: datetime | None,
    now: datetime,
) -> TaskOwed:
    soon = now + _SOON
    due = max(now, heard_by) if heard_by is not None else soon
    return TaskOwed(
        key=f"call:{job.job}:{person.job_person}:{key}",
        kind="call",
        why=why,
        due_at=min(due, soon) if due <= now else due,
        job_person=person.job_person,
    )
