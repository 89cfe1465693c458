"""The guards of one claim: what it may still send today, counted as it takes it.

The tallies of a brand are locked from here to the end of the claim, so that several workers
can't pass a limit together. A message is judged and counted once, when it is first claimed:
what is tried again was counted already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from notifier.domain.guards.limits import LIFTED_BY_HAND, Limits, TallyOf, stopped_by
from notifier.domain.messages import Channel, Priority, WhyNot
from notifier.domain.windows import OFF, from_json
from notifier.guards.braking import Brake
from notifier.guards.counting import Counted, counts_of, keys_of, measured
from notifier.sending.composing import Composed
from notifier.sending.refusals import Around
from notifier.services import Services
from notifier.store.outbox import PRIORITIES
from notifier.store.snapshots import Snapshot
from notifier.store.tables import Brand, Message
from notifier.store.tallies import Tallies
from notifier.store.tasks import owe_task
from notifier.store.vault import Unreadable

_log = structlog.get_logger()

#: The task that tells a person of a limit that was reached.
GUARD_TASK = "guard"


class GuardsAtClaim:
    """What stands in the way of the messages of one claim, and the count of those that go."""

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
        self._keys: dict[UUID, dict[TallyOf, str]] = {}  # by contact point
        self._tallies: dict[UUID, Tallies] = {}  # by brand
        fresh = [row for row in rows if row.claimed_at is None]
        for brand_id in sorted({row.brand_id for row in fresh}):
            brand = around.brands[brand_id]
            if self._limits(brand).any:
                mine = [row for row in fresh if row.brand_id == brand_id]
                self._tallies[brand_id] = Tallies(session, brand, self._wanted(mine), now=now)
        guarded = [row for row in fresh if row.brand_id in self._tallies]
        self._brake = Brake(session, services, guarded, around, snapshots, now=now)

    def holds(self, row: Message) -> datetime | None:
        """Return until when the brake holds the message that is due; None: it goes."""
        tallies = self._tallies.get(row.brand_id)
        if tallies is None or row.claimed_at is not None:
            return None
        return self._brake.holds(row, tallies.of(TallyOf.RULE, row.rule))

    def stops(self, row: Message, composed: Composed) -> WhyNot | None:
        """Return why the text that is due must not go now; None: it may. A person is told."""
        tallies = self._tallies.get(row.brand_id)
        if tallies is None or row.channel != Channel.SMS or row.claimed_at is not None:
            return None
        why = stopped_by(
            measured(
                self._counts_for(row, composed),
                tallies,
                self._limits(self._around.brands[row.brand_id]),
            ),
            never_gives_way=self._never_gives_way(row),
            calls_off=from_json(row.asserts) is OFF,
        )
        if why is not None:
            self._tell(row, why, tallies)
        return why

    def count(self, row: Message, composed: Composed) -> None:
        """Count a message that is being claimed."""
        tallies = self._tallies.get(row.brand_id)
        if tallies is None or row.claimed_at is not None:
            return
        if self._brake.minds(row):
            tallies.of(TallyOf.RULE, row.rule).amount += 1
        if row.channel != Channel.SMS:
            return
        for of, key, adds in self._counts_for(row, composed):
            tallies.of(of, key).amount += adds

    def write(self) -> None:
        """Put on record what was counted."""
        for tallies in self._tallies.values():
            tallies.write()

    def _counts_for(self, row: Message, composed: Composed) -> list[Counted]:
        assert row.contact_point_id is not None
        return counts_of(
            self._services.guards,
            self._around.brands[row.brand_id],
            self._keys[row.contact_point_id],
            self._around.points[row.contact_point_id].regions,
            composed.segments or 0,
        )

    def _limits(self, brand: Brand) -> Limits:
        return self._services.guards.of(brand.slug)

    def _wanted(self, rows: Sequence[Message]) -> dict[TallyOf, set[str]]:
        """Return the keys of what `rows` count for: rules, and the keyed hashes of numbers."""
        vault, around = self._services.vault, self._around
        for row in rows:
            point = around.points.get(row.contact_point_id) if row.contact_point_id else None
            if point is None or row.channel != Channel.SMS:
                continue
            try:
                number = vault.open(around.people[point.person_id].key, point.address)
            except Unreadable:
                continue  # the claim refuses it
            self._keys[point.id] = keys_of(vault, number, point.address_hash)
        numbers = self._keys.values()
        return {
            TallyOf.RULE: {row.rule for row in rows},
            TallyOf.NUMBER: {keys[TallyOf.NUMBER] for keys in numbers},
            TallyOf.PREFIX: {keys[TallyOf.PREFIX] for keys in numbers},
        }

    def _never_gives_way(self, row: Message) -> bool:
        rule = self._services.rulebook.rule(row.rule)
        if rule is None:
            return row.priority == PRIORITIES[Priority.HIGH]
        return rule.at_a_cap is Priority.HIGH

    def _tell(self, row: Message, why: WhyNot, tallies: Tallies) -> None:
        """Raise one task for each limit and stretch, and one more each time it was lifted."""
        of_a_number = why not in LIFTED_BY_HAND  # then the task shows whose message it was
        tally = tallies.of(LIFTED_BY_HAND.get(why, TallyOf.DAY))
        is_new = owe_task(
            self._session,
            id=self._services.ids(),
            brand_id=row.brand_id,
            key=f"{GUARD_TASK}:{why}:{tally.since:%Y%m%d}:{tally.more}",
            kind=GUARD_TASK,
            why=why,
            due_at=self._now,
            created_at=self._now,
            job_id=row.job_id if of_a_number else None,
            job_person_id=row.job_person_id if of_a_number else None,
            message_id=row.id if of_a_number else None,
        )
        if is_new:
            slug = self._around.brands[row.brand_id].slug
            _log.error("guard_reached", guard=str(why), brand=slug)
