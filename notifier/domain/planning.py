"""The control loop: which messages are owed to whom, given facts, ledger, rules and time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from notifier.domain.decisions import Decision
from notifier.domain.owed import Owed, Plan, TaskOwed
from notifier.domain.plan_input import PlanInput
from notifier.domain.rules.rule import Rule, RuleSet
from notifier.domain.side import Side


def plan(job: PlanInput, rules: Sequence[Rule], *, now: datetime) -> Plan:
    """Return the messages and tasks owed for `job` at `now` (UTC), and every decision.

    Pure: the same input gives the same plan. Rules speak in their order; of those about
    the time (`family: slip`) the first that holds speaks alone.
    """
    known = rules if isinstance(rules, RuleSet) else RuleSet(rules)
    owed: list[Owed] = []
    tasks: list[TaskOwed] = []
    decisions: list[Decision] = []
    looks: list[datetime] = []
    untold: set[tuple[UUID | None, str | None]] = set()
    mistaken: set[tuple[UUID | None, str | None]] = set()
    gave_up: set[UUID] = set()
    lead: Side | None = None
    for person in job.people:
        side = Side(job, person, known, now, lead)
        lead = lead or side
        side.run()
        owed += side.owing.owed
        tasks += side.tasks
        decisions += side.decisions
        looks += side.looks
        untold.update((person.job_person, rule) for rule in side.owing.untold)
        gave_up |= side.owing.gave_up
        mistaken.update((person.job_person, rule) for rule in side.mistaken)
    return Plan(
        owed=tuple(owed),
        tasks=tuple(tasks),
        untold=frozenset(untold),
        mistaken=frozenset(mistaken),
        gave_up=frozenset(gave_up),
        decisions=tuple(decisions),
        look_at=min((look for look in looks if look > now), default=None),
    )
