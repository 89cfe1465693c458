"""Why each rule owes each person a message, or does not."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from notifier.domain.messages import MessageStatus, Role, WhyNot
from notifier.domain.planning import Decision, plan
from notifier.errors import NotFound
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.snapshots import Snapshot, load_snapshots
from notifier.store.tables import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """One decision, with the values that it was taken on and the condition's own text."""

    rule: str
    when: str
    job_person_id: UUID
    role: Role
    owed: bool
    reason: str
    values: dict[str, object]


def explain(services: Services, brand_id: UUID, job_id: UUID) -> list[Explained]:
    """Return every decision about a job as it stands now. Changes nothing.

    :raises NotFound: if the brand has no such job.
    """
    with reading(services.sessions) as session:
        snapshot = load_snapshots(session, [job_id]).get(job_id)
        if snapshot is None or snapshot.job.brand_id != brand_id:
            raise NotFound("there is no such job")
        planned = plan(snapshot.plan_input, services.rulebook.rules, now=services.now())
        return [_explained(services, snapshot, decision) for decision in planned.decisions]


def _explained(services: Services, snapshot: Snapshot, decision: Decision) -> Explained:
    rule = services.rulebook.rule(decision.rule)
    rows = [
        row
        for row in snapshot.messages.values()
        if row.rule == decision.rule and row.job_person_id == decision.job_person
    ]
    return Explained(
        rule=decision.rule,
        when=rule.when if rule is not None else "",
        job_person_id=decision.job_person,
        role=decision.role,
        owed=decision.owed,
        reason=_reason(snapshot, decision),
        values=decision.values | {"messages": [_fate(row) for row in rows]},
    )


def _reason(snapshot: Snapshot, decision: Decision) -> str:
    """In shadow everything is planned and nothing goes: that is what stands in the way."""
    if decision.owed and snapshot.brand.live_at is None:
        return WhyNot.SHADOW
    return decision.reason


def _fate(row: Message) -> dict[str, str | None]:
    """Return what became of one message of the rule: which channel, where it stands, why."""
    reason = row.reason
    if row.status == MessageStatus.REJECTED and row.provider and reason:
        reason = f"{row.provider} {reason}"
    return {"channel": row.channel, "status": row.status, "reason": reason}
