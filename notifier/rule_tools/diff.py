"""What another rule set would send differently for every open job. Nothing is sent or written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from notifier.domain.messages import Channel, Role
from notifier.domain.owed import Owed
from notifier.domain.planning import plan
from notifier.domain.rules.rule import RuleSet
from notifier.planner import load_for_planning
from notifier.rule_tools.preview import PreviewedWords, words_of
from notifier.rulebook import Rulebook
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.snapshots import Snapshot
from notifier.store.tables import Job

#: Jobs read at a time.
_STEP = 100


class Change(StrEnum):
    """What becomes of one message under the other rules."""

    ADDED = "added"
    GONE = "gone"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One message as a rule set would send it."""

    channel: Channel
    send_at: datetime
    subject: str | None
    body: str | None
    why_none: str | None  # there are no words for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One message that the other rules would send, not send, or send otherwise."""

    job_id: UUID
    reference: str
    zone: str
    role: Role
    rule: str
    change: Change
    now: Sent | None  # by the rules in force
    then: Sent | None  # by the others

    @property
    def differs_in(self) -> tuple[str, ...]:
        """What of a changed message is another: channel, time, words."""
        if self.now is None or self.then is None:
            return ()
        parts = {
            "channel": self.now.channel != self.then.channel,
            "time": self.now.send_at != self.then.send_at,
            "words": (self.now.subject, self.now.body) != (self.then.subject, self.then.body),
        }
        return tuple(name for name, differs in parts.items() if differs)


@dataclass
class Totals:
    """How many messages of each rule differ, over all jobs."""

    jobs: int = 0
    jobs_that_differ: int = 0
    by_rule: Counter[tuple[str, Change]] = field(default_factory=Counter)

    def count(self, differences: Sequence[Difference]) -> None:
        """Count one job."""
        self.jobs += 1
        self.jobs_that_differ += bool(differences)
        self.by_rule.update((one.rule, one.change) for one in differences)

    def of(self, rule: str) -> dict[Change, int]:
        """Return the counts of one rule."""
        return {change: self.by_rule[rule, change] for change in Change}

    @property
    def rules(self) -> list[str]:
        """The rules that differ anywhere, by name."""
        return sorted({rule for rule, _ in self.by_rule})


def count_open_jobs(services: Services, brand_id: UUID) -> int:
    """Return how many jobs there are to compare."""
    with reading(services.sessions) as session:
        query = select(func.count()).select_from(Job)
        return session.scalar(query.where(Job.brand_id == brand_id, Job.finished.is_(False))) or 0


def diff_rules(
    services: Services, brand_id: UUID, other: Rulebook
) -> Iterator[tuple[Difference, ...]]:
    """Yield of each open job what `other` would send differently now: nothing, for most.

    Both rule sets plan the same snapshot at the same moment, so that only the rules differ.
    """
    now = services.now()
    after = UUID(int=0)
    while True:
        with reading(services.sessions) as session:
            ids = list(
                session.scalars(
                    select(Job.id)
                    .where(Job.brand_id == brand_id, Job.finished.is_(False), Job.id > after)
                    .order_by(Job.id)
                    .limit(_STEP)
                )
            )
            if not ids:
                return
            snapshots = load_for_planning(session, services, ids)
            for job_id in ids:
                yield tuple(_compare(session, services, snapshots[job_id], other, now))
        after = ids[-1]


_Key = tuple[UUID, str, str]


def _compare(
    session: Session, services: Services, snapshot: Snapshot, other: Rulebook, now: datetime
) -> Iterator[Difference]:
    present = _sends(snapshot, services.rulebook.rules, now)
    future = _sends(snapshot, other.rules, now)
    for key in sorted(present.keys() | future.keys(), key=lambda key: (str(key[0]), *key[1:])):
        before, after = present.get(key), future.get(key)
        if _same(before, after):
            continue
        job_person, rule, _ = key
        said_now = _sent(session, services, snapshot, before, now)
        said_then = _sent(session, services, snapshot, after, now)
        if said_now == said_then:
            continue
        change = Change.CHANGED
        if before is None or after is None:
            change = Change.ADDED if before is None else Change.GONE
        yield Difference(
            job_id=snapshot.job.id,
            reference=snapshot.job.reference,
            zone=snapshot.job.zone,
            role=Role(snapshot.people[job_person][0].role),
            rule=rule,
            change=change,
            now=said_now,
            then=said_then,
        )


def _sends(snapshot: Snapshot, rules: RuleSet, now: datetime) -> dict[_Key, Owed]:
    """Return what would go out, by person, rule and episode."""
    planned = plan(snapshot.plan_input, rules, now=now)
    return {
        (owed.job_person, owed.rule.id, owed.episode): owed
        for owed in planned.owed
        if owed.why_not is None and not owed.rule.trial
    }


def _same(before: Owed | None, after: Owed | None) -> bool:
    """Return whether two messages are certainly the same, without putting them into words."""
    if before is None or after is None:
        return before is after
    return _what(before) == _what(after)


def _what(owed: Owed) -> tuple[object, ...]:
    return (
        owed.rule.message,
        owed.channel,
        owed.contact,
        owed.send_at,
        owed.asserts,
        owed.told_before,
        owed.next_update_at,
        owed.technician,
        owed.tell_by,
        owed.moves_told,
    )


def _sent(
    session: Session,
    services: Services,
    snapshot: Snapshot,
    owed: Owed | None,
    now: datetime,
) -> Sent | None:
    if owed is None:
        return None
    words: PreviewedWords = words_of(session, services, snapshot, owed, now=now)
    return Sent(
        channel=words.channel,
        send_at=owed.send_at,
        subject=words.subject,
        body=words.body,
        why_none=words.why_none,
    )
