"""Which messages are about to give way: their `reach` ends unanswered, and something follows."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from notifier.domain.owed import Plan
from notifier.domain.plan_input import PlanInput
from notifier.domain.planning import plan
from notifier.domain.rules.rule import RuleSet
from notifier.domain.steps import out_of_reach


def about_to_give_way(
    job: PlanInput, rules: RuleSet, *, now: datetime, until: datetime
) -> frozenset[UUID]:
    """Return the messages whose `reach` runs out after `now` and by `until`.

    None of a job of which another channel would carry nothing then, and nobody would ring:
    what became of its messages changes nothing.
    """
    silent: set[UUID] = set()
    for person in job.people:
        already, _ = out_of_reach(person, rules.by_id, now)
        by_then, _ = out_of_reach(person, rules.by_id, until)
        silent |= by_then - already
    if not silent or _follows(plan(job, rules, now=until)) <= _follows(plan(job, rules, now=now)):
        return frozenset()
    return frozenset(silent)


def _follows(planned: Plan) -> set[object]:
    goes = {
        (owed.job_person, owed.rule.id, owed.episode, owed.channel)
        for owed in planned.owed
        if owed.why_not is None
    }
    return goes | {task.key for task in planned.tasks}
