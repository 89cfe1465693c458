"""Why each rule owes each person a message, or does not: now, or at a moment in the past."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifier.domain.caps import longest_period
from notifier.domain.decisions import Decision, Reason
from notifier.domain.folding import JobState
from notifier.domain.messages import FAILED, WAITING, Channel, MessageStatus, Role, WhyNot
from notifier.domain.owed import Owed, Plan
from notifier.domain.planning import plan
from notifier.domain.reconciling import reconcile
from notifier.domain.windows import utc_text
from notifier.errors import Invalid, NotFound
from notifier.planner import load_for_planning, outbox_rows
from notifier.rule_tools.sets import RulesInForce, rules_in_force, rules_of_now
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.snapshots import Snapshot
from notifier.store.snapshots_as_of import snapshot_as_of
from notifier.store.tables import Job, Message

#: Decisions that leave out what would be owed. What is owed says itself why it does not go.
_IN_THE_WAY = frozenset(
    {
        Reason.WAITS_FOR_THE_CUSTOMER,
        Reason.WAITS_FOR_SETTLEMENT,
        Reason.SUPERSEDED_BY_RULE,
        Reason.ON_TRIAL,
        Reason.MOMENT_PASSED,
        Reason.BEFORE_LIVE,
        Reason.EXPIRED,
        Reason.QUIET_HOURS,
        Reason.UNREACHED,
    }
)

#: It was owed and its channels were tried: their rows say what came of it.
_WAS_OWED = frozenset({Reason.UNREACHED, Reason.ALREADY_SPOKEN})

#: What is due, and kept for now.
_KEPT = frozenset({WhyNot.BRAKED, WhyNot.WAITS_FOR_SENDER})

_TAKEN = frozenset({MessageStatus.ACCEPTED, MessageStatus.SENT})
_NOT_SENT = FAILED | {MessageStatus.SKIPPED, MessageStatus.EXPIRED, MessageStatus.HELD}


class NotOnRecordYet(Invalid):
    """The moment asked about lies before the job was on record, which was at `since` (UTC)."""

    def __init__(self, since: datetime) -> None:
        super().__init__("at", f"the job was not on record yet: it came at {utc_text(since)}")
        self.since = since


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """One decision, with the values that it was taken on and the condition's own text."""

    rule: str
    when: str
    job_person_id: UUID
    role: Role
    owed: bool
    reason: str
    in_the_way: tuple[str, ...]  # what keeps it from going, though the rule speaks
    values: dict[str, object]
    channel: Channel | None = None  # that carries it next
    send_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Every decision about a job at a moment, and what it was decided on."""

    job_id: UUID
    reference: str
    zone: ZoneInfo  # of the place
    at: datetime
    now: datetime
    state: JobState
    held: bool
    rules_hash: str
    rules_since: datetime | None  # None: not on record since when
    items: tuple[Explained, ...]

    @property
    def is_past(self) -> bool:
        """Whether another moment than the present was asked about."""
        return self.at < self.now


def explain(
    services: Services, brand_id: UUID, job_id: UUID, *, at: datetime | None = None
) -> list[Explained]:
    """Return every decision about a job as it stands, or stood at `at` (UTC). Changes nothing.

    :raises NotFound, Invalid, Conflict: as `explanation_of`.
    """
    return list(explanation_of(services, brand_id, job_id, at=at).items)


def explanation_of(
    services: Services, brand_id: UUID, job_id: UUID, *, at: datetime | None = None
) -> Explanation:
    """Return why a job's rules speak or are silent, now or at `at` (UTC).

    :raises NotFound: if the brand has no such job.
    :raises Invalid: if `at` lies in the future, or before the job was on record.
    :raises Conflict: if the rules of then can't be read any more.
    """
    now = services.now()
    if at is not None and at > now:
        raise Invalid("at", "nobody can explain the future: give a moment that has passed")
    with reading(services.sessions) as session:
        made = session.scalar(
            select(Job.created_at).where(Job.id == job_id, Job.brand_id == brand_id)
        )
        if made is None:
            raise NotFound("there is no such job")
        # Asked first: no database takes every moment that lies before the first job.
        if at is not None and at < made:
            raise NotOnRecordYet(made)
        rules = (
            rules_of_now(session, services) if at is None else rules_in_force(session, services, at)
        )
        snapshot = (
            load_for_planning(session, services, [job_id]).get(job_id)
            if at is None
            else _as_of(session, services, job_id, at, rules)
        )
        assert snapshot is not None  # jobs are never deleted
        return _explanation(snapshot, rules, at=at or now, now=now)


def _as_of(
    session: Session, services: Services, job_id: UUID, at: datetime, rules: RulesInForce
) -> Snapshot | None:
    period = longest_period(rules.rulebook.rules.caps)
    return snapshot_as_of(
        session,
        job_id,
        at,
        consent=services.consent,
        heard_since=at - period if period is not None else None,
    )


def _explanation(
    snapshot: Snapshot, rules: RulesInForce, *, at: datetime, now: datetime
) -> Explanation:
    planned = plan(snapshot.plan_input, rules.rulebook.rules, now=at)
    if at < now:
        _as_planned(snapshot, planned, at)
    owed = {(one.job_person, one.rule.id): one for one in planned.owed}
    return Explanation(
        job_id=snapshot.job.id,
        reference=snapshot.job.reference,
        zone=snapshot.plan_input.zone,
        at=at,
        now=now,
        state=snapshot.state,
        held=snapshot.job.held_at is not None,
        rules_hash=rules.rulebook.hash,
        rules_since=rules.since,
        items=tuple(
            _explained(
                snapshot, rules, decision, owed.get((decision.job_person, decision.rule)), at
            )
            for decision in planned.decisions
        ),
    )


def _as_planned(snapshot: Snapshot, planned: Plan, at: datetime) -> None:
    """Let rows that wait say what was planned then: one that opened again keeps no trace."""
    changes = reconcile(outbox_rows(snapshot), planned, finished=snapshot.state.finished, now=at)
    for drop in changes.drop:
        row = snapshot.messages[drop.id]
        row.status, row.reason = drop.status, drop.reason
    for message_id, owed in changes.bind:
        row = snapshot.messages[message_id]
        if row.status in (MessageStatus.PLANNED, MessageStatus.READY):
            waits = owed.send_at > at
            row.status = MessageStatus.PLANNED if waits else MessageStatus.READY


def _explained(
    snapshot: Snapshot, rules: RulesInForce, decision: Decision, owed: Owed | None, at: datetime
) -> Explained:
    rule = rules.rulebook.rule(decision.rule)
    rows = [
        row
        for row in snapshot.messages.values()
        if row.rule == decision.rule and row.job_person_id == decision.job_person
    ]
    in_the_way = _in_the_way(snapshot, decision, owed, rows, at)
    never_goes = (why for why in (WhyNot.TRIAL, WhyNot.SHADOW) if why in in_the_way)
    return Explained(
        rule=decision.rule,
        when=rule.text if rule is not None else "",
        job_person_id=decision.job_person,
        role=decision.role,
        owed=decision.owed,
        reason=next(never_goes, decision.reason) if decision.owed else decision.reason,
        in_the_way=in_the_way,
        values=decision.values | _twice(rows) | {"messages": [_fate(row) for row in rows]},
        channel=owed.channel if owed is not None else None,
        send_at=owed.send_at if owed is not None else None,
    )


def _in_the_way(
    snapshot: Snapshot,
    decision: Decision,
    owed: Owed | None,
    rows: Sequence[Message],
    at: datetime,
) -> tuple[str, ...]:
    """Return what keeps a message from going out at `at`, though its rule speaks."""
    found: list[str] = []
    if decision.reason in _IN_THE_WAY:
        found.append(decision.reason)
    if owed is not None:
        if owed.rule.trial:
            found.append(Reason.ON_TRIAL)
        if snapshot.brand.live_at is None:
            found.append(WhyNot.SHADOW)
        if snapshot.plan_input.held:
            found.append(WhyNot.HELD_BY_STAFF)
        found += [row.reason for row in rows if row.status in WAITING and row.reason in _KEPT]
        if owed.why_not is not None:
            found.append(owed.why_not)
        elif owed.owed_at <= at < owed.send_at:
            gathered = owed.rule.digest is not None
            found.append(WhyNot.IN_DIGEST if gathered else Reason.QUIET_HOURS)
    elif decision.reason in _WAS_OWED:
        last = max((row.episode_no for row in rows), default=0)
        tried = [row for row in rows if row.episode_no == last]
        found += [row.reason for row in tried if row.reason and row.status in _NOT_SENT]
        if decision.reason is Reason.UNREACHED and any(row.status in _TAKEN for row in tried):
            found.append(WhyNot.NO_RECEIPT)
    return tuple(dict.fromkeys(str(reason) for reason in found))


def _twice(rows: Sequence[Message]) -> dict[str, object]:
    """Return over which channels they have the latest of it that arrived over more than one."""
    by_episode: dict[int, list[str]] = defaultdict(list)
    for row in rows:
        if row.status == MessageStatus.DELIVERED:
            by_episode[row.episode_no].append(row.channel)
    twice = [channels for _, channels in sorted(by_episode.items()) if len(set(channels)) > 1]
    return {"reached_twice": " and ".join(sorted(twice[-1]))} if twice else {}


def _fate(row: Message) -> dict[str, str | None]:
    """Return what became of one message of the rule: which channel, where it stands, why."""
    reason = row.reason
    if row.status == MessageStatus.REJECTED and row.provider and reason:
        reason = f"{row.provider} {reason}"
    return {"channel": row.channel, "status": row.status, "reason": reason}


def of_person(
    items: Sequence[Explained], role: str | None = None, rule: str | None = None
) -> list[Explained]:
    """Return those of `items` that are about one role, or one rule, or both."""
    return [one for one in items if role in (None, one.role) and rule in (None, one.rule)]
