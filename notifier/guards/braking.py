"""The brake at the claim: whether a rule is about to send far more than it ever did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from notifier.domain.guards.brake import AboutToGo, bears, must_be_heard
from notifier.domain.jobs import JobKind
from notifier.domain.messages import MessageKind, WhyNot
from notifier.domain.quiet.hours import last_allowed
from notifier.domain.windows import from_json
from notifier.sending.refusals import Around
from notifier.services import Services
from notifier.store.braked import count_about_to_go, count_held, said_by
from notifier.store.snapshots import Snapshot
from notifier.store.tables import AuditLine, Message, Task
from notifier.store.tallies import Count
from notifier.store.tasks import owe_task

_log = structlog.get_logger()

#: The task that pages a person.
BRAKE_TASK = "brake"


class Brake:
    """The brake on the rules of one claim. Each rule is judged once, by all that is due of it."""

    def __init__(
        self,
        session: Session,
        services: Services,
        rows: Sequence[Message],
        around: Around,
        snapshots: Mapping[UUID, Snapshot],
        *,
        now: datetime,
    ) -> None:
        self._session, self._services, self._around, self._now = session, services, around, now
        self._snapshots = snapshots
        facts = {row.rests_on for row in rows if row.rests_on is not None}
        self._said_by = said_by(session, facts) if facts else {}
        self._braked: dict[tuple[UUID, str], bool] = {}

    def minds(self, row: Message) -> bool:
        """Return whether the message is one that the brake would hold, and so counts.

        What carries on what another channel tried was judged and counted as that.
        """
        return not (self._carries_on(row) or self._about(row).passes(self._now))

    def holds(self, row: Message, tally: Count) -> datetime | None:
        """Return until when the message is held; None: it goes. A person is paged once.

        :param tally: what its rule sent in this hour, and at most.
        """
        if not self.minds(row):
            return None
        key = (row.brand_id, row.rule)
        if key not in self._braked:
            self._braked[key] = self._is_braked(row, tally)
        return self._about(row).held_until(self._now) if self._braked[key] else None

    def _is_braked(self, row: Message, tally: Count) -> bool:
        brand = self._around.brands[row.brand_id]
        bearable = bears(self._services.guards.of(brand.slug), tally.most)
        if bearable is None:
            return False
        held = count_held(self._session, brand.id, row.rule)
        due = count_about_to_go(
            self._session,
            brand.id,
            row.rule,
            now=self._now,
            enough=max(bearable - tally.amount - held + 1, 0),
        )
        if tally.amount + held + due <= bearable:
            return False
        self._page(row, brand.slug, tally, bearable)
        return True

    def _carries_on(self, row: Message) -> bool:
        said = (row.job_person_id, row.rule, row.episode)
        return any(
            other.claimed_at is not None
            and (other.job_person_id, other.rule, other.episode) == said
            for other in self._snapshots[row.job_id].messages.values()
        )

    def _about(self, row: Message) -> AboutToGo:
        job = self._around.jobs[row.job_id]
        heard = must_be_heard(row.tell_by, from_json(row.asserts))
        return AboutToGo(
            kind=JobKind(job.kind),
            starts_at=job.starts_at,
            ends_at=job.ends_at,
            tell_by=row.tell_by,
            expires_at=row.expires_at,
            said_by=self._said_by.get(row.rests_on) if row.rests_on is not None else None,
            last_call=self._last_call(row) if heard else None,
        )

    def _last_call(self, row: Message) -> datetime:
        """Return until when its reader can hear it in time without being woken."""
        job = self._snapshots[row.job_id].plan_input
        person = next(one for one in job.people if one.job_person == row.job_person_id)
        ends = (row.tell_by, row.expires_at)
        return last_allowed(
            min(end for end in ends if end is not None and end > self._now),
            since=self._now,
            quiet=person.quiet_for(MessageKind(row.kind), job.manners.quiet),
            zones=person.zones,
        )

    def _page(self, row: Message, slug: str, tally: Count, bearable: int) -> None:
        """Raise a task, unless one is open for this rule."""
        paged = self._session.scalar(
            select(Task.id).where(
                Task.brand_id == row.brand_id,
                Task.kind == BRAKE_TASK,
                Task.rule == row.rule,
                Task.done_at.is_(None),
            )
        )
        if paged is not None:
            return
        owe_task(
            self._session,
            id=self._services.ids(),
            brand_id=row.brand_id,
            key=f"{BRAKE_TASK}:{row.rule}:{self._now:%Y%m%dT%H%M%S%f}",
            kind=BRAKE_TASK,
            why=WhyNot.BRAKED,
            rule=row.rule,
            due_at=self._now,
            created_at=self._now,
        )
        self._session.add(
            AuditLine(
                id=self._services.ids(),
                brand_id=row.brand_id,
                actor="guards",
                did="rule_braked",
                subject=f"rule:{row.rule}",
                body={"bearable": bearable, "in_this_hour": tally.amount, "most": tally.most},
                at=self._now,
            )
        )
        _log.error("rule_braked", rule=row.rule, brand=slug, bearable=bearable)
