"""The outbox, the ledger and the tasks around one job, in memory, as planning keeps them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from notifier.domain.caps import Cap
from notifier.domain.facts import Fact, FactSource, FactType, PromiseKind
from notifier.domain.folding import JobState
from notifier.domain.jobs import JobKind
from notifier.domain.ledger.entries import Entry
from notifier.domain.ledger.outcomes import Course
from notifier.domain.ledger.views import (
    Contact,
    Given,
    PastMessage,
)
from notifier.domain.messages import (
    Channel,
    Role,
    Strength,
)
from notifier.domain.owed import Owed, Plan, TaskOwed
from notifier.domain.reconciling import Row, Standing, closes, reconcile, standing
from notifier.domain.reconciling_tasks import TaskRow, reconcile_tasks
from notifier.domain.rules.rule import Rule, RuleSet
from notifier.domain.steps import is_presumed
from notifier.domain.windows import Window
from tests.domain.stage import BY_THEMSELVES, Stage
from tests.model.attempts import Arrival, Attempt, Fate, Weather
from tests.model.people import CAP_PERIOD, Person

_MOST_ROUNDS = 40


@dataclass(slots=True)
class OpenTask:
    """A task as the board keeps it."""

    row: TaskRow
    raised_at: datetime
    promised_in: UUID | None = None
    done_fact: UUID | None = None

    @property
    def done(self) -> bool:
        """Whether nobody need do it any more."""
        return self.row.done_at is not None


class Outbox(Stage):
    """One job and its people, with what is owed to them and what reached them."""

    def __init__(
        self,
        *,
        kind: JobKind,
        promised: Window | None,
        now: datetime,
        roles: Sequence[Role],
        channels: Sequence[Channel],
        parcels: Sequence[str],
        zones: tuple[ZoneInfo, ...],
        email_gives_receipts: bool,
        can_look_up: bool,
        trials: Sequence[str] = (),
        cap: int | None = None,
        technicians: Sequence[UUID] = (),
    ) -> None:
        self._state: tuple[int, JobState] | None = None
        super().__init__(
            kind=kind,
            promised=promised,
            now=now,
            roles=roles,
            channels=channels,
            parcels=parcels,
            speaking=tuple(BY_THEMSELVES),
            email_gives_receipts=email_gives_receipts,
        )
        self.people = [
            Person(one.id, one.role, one.contacts, zones, given=one.given, course=self.course)
            for one in self.people
        ]
        self.cap = cap
        self.rules = RuleSet(
            [*(_on_trial(rule) for rule in self.rules if rule.id in trials), *self.rules],
            caps=[Cap(period=CAP_PERIOD, at_most=cap)] if cap is not None else (),
        )
        self.technicians = {technician: self._technician() for technician in technicians}
        self.people += self.technicians.values()
        self.can_look_up = can_look_up
        self.fates: dict[UUID, Fate] = {}
        self.tasks: dict[str, OpenTask] = {}
        self.weather: dict[Channel, Weather] = {channel: Weather() for channel in Channel}
        self.arriving: list[tuple[datetime, Attempt, Arrival]] = []
        self.look_at: datetime | None = None
        self.on_claim: Callable[[Person, PastMessage, Attempt], None] = lambda *_: None
        self.bring_up_to_date()

    @property
    def state(self) -> JobState:
        """What the facts add up to; folded once for each new fact."""
        if self._state is None or self._state[0] != len(self.facts):
            self._state = (len(self.facts), super().state)
        return self._state[1]

    def _technician(self) -> Person:
        contact = Contact(id=self.ids(), channel=Channel.SMS)
        return Person(self.ids(), Role.TECHNICIAN, (contact,), course=self.course)

    def plan(self) -> Plan:
        """Return what is owed now; of technicians only the one assigned now is planned for."""
        everybody, assigned = self.people, self.technicians.get(self.state.technician or self.job)
        self.people = [
            one for one in everybody if one.role is not Role.TECHNICIAN or one is assigned
        ]
        try:
            return super().plan()
        finally:
            self.people = everybody

    def course(self) -> Course:
        """Return how the job really went."""
        return Course(self.state, self.facts)

    # --- Planning ---------------------------------------------------------------------------

    def bring_up_to_date(self) -> Plan:
        """Make the outbox hold what is owed now."""
        for _ in range(_MOST_ROUNDS):
            self._presume()
            self._first_told()
            planned = self.plan()
            blocked = self._apply(planned)
            self._keep_tasks(planned)
            self.look_at = planned.look_at
            if not blocked:
                return planned
        raise AssertionError("planning does not come to rest")

    def _apply(self, planned: Plan) -> bool:
        changes = reconcile(self._rows(), planned, finished=self.state.finished, now=self.now)
        for owed in changes.add:
            row = self._new_row(owed)
            self.fates[row.id] = Fate(owed, len(self.fates), owed.send_at, owed.expires_at)
            self._put(owed, self._bind(row, owed, None))
        closed = any(closes(self._row(row_id).reason, owed) for row_id, owed in changes.bind)
        for row_id, owed in changes.bind:
            row = self._row(row_id)
            before = Standing(
                status=row.status,
                reason=row.reason,
                send_at=self.fates[row_id].send_at,
                due_at=row.due_at,
            )
            self._put(owed, self._bind(row, owed, before))
        for drop in changes.drop:
            self._update(drop.id, status=drop.status, reason=drop.reason)
        return closed

    def _rows(self) -> list[Row]:
        return [
            Row(
                id=past.id,
                job_person=person.id,
                contact=past.contact,
                rule=past.rule,
                episode=past.episode,
                channel=past.channel,
                status=past.status,
                reason=past.reason,
                claimed=past.claimed_at is not None,
                expires_at=self.fates[past.id].expires_at,
            )
            for person in self.people
            for past in person.rows.values()
        ]

    def _bind(self, row: PastMessage, owed: Owed, before: Standing | None) -> PastMessage:
        stands = standing(owed, before, held=self.held, now=self.now)
        fate = self.fates[row.id]
        fate.owed, fate.expires_at, fate.send_at = owed, owed.expires_at, stands.send_at
        return replace(
            row,
            asserts=owed.asserts,
            moves_told=owed.moves_told,
            rests_on=owed.rests_on,
            told_before=owed.told_before,
            technician=owed.technician,
            next_update_at=owed.next_update_at,
            tell_by=owed.tell_by,
            status=stands.status,
            reason=stands.reason,
            send_at=stands.send_at,
            due_at=stands.due_at,
        )

    def _first_told(self) -> None:
        """The first window that anyone was told becomes promised and agreed."""
        if self.state.promised is not None:
            return
        reached = [
            given
            for person in self.people
            for given in person.given
            if isinstance(given.asserts, Window) and given.strength is not Strength.NONE
        ]
        first = min(reached, key=lambda given: given.given_at, default=None)
        if first is None:
            return
        fact = Fact(
            id=self.ids(),
            seq=len(self.facts) + 1,
            type=FactType.BOOKED,
            source=FactSource.CLOCK,
            occurred_at=first.given_at,
            received_at=first.given_at,
            window=first.asserts if isinstance(first.asserts, Window) else None,
        )
        self.facts.append(fact)

    def _keep_tasks(self, planned: Plan) -> None:
        rows = [task.row for task in self.tasks.values()]
        changes = reconcile_tasks(rows, planned)
        for task in (*changes.add, *changes.reopen):
            self._raise_task(task.key, task.job_person, task)
        for key in changes.bring_back:
            back = self.tasks[key]
            back.row = replace(back.row, done_at=None, dropped=False, undone=False)
            back.done_fact = None
        for key in changes.drop:
            self.finish_task(key, dropped=True)

    def _raise_task(self, key: str, job_person: UUID | None, task: TaskOwed | None = None) -> None:
        row = TaskRow(
            key=key,
            duty=task.duty if task is not None else None,
            rule=task.rule if task is not None else None,
            job_person=job_person,
            why=task.why if task is not None else "",
            due_at=task.due_at if task is not None else self.now,
            done_at=None,
            dropped=False,
        )
        promised_in = task.promised_in if task is not None else None
        self.tasks[key] = OpenTask(row, self.now, promised_in)

    def finish_task(self, key: str, *, dropped: bool = False) -> None:
        """Nobody need do it any more: somebody did, or it was dropped."""
        task = self.tasks[key]
        task.row = replace(task.row, done_at=self.now, dropped=dropped, undone=False)
        task.done_fact = None

    def undo(self, withdrawn: Collection[UUID]) -> None:
        """What was ticked off by a fact that is taken back was not done."""
        for task in self.tasks.values():
            if task.done_fact in withdrawn:
                task.row = replace(task.row, done_at=None, undone=True)

    # --- The ledger -------------------------------------------------------------------------

    def _reached(self, row: PastMessage, strength: Strength) -> None:
        person = self._person(row)
        assert row.handed_over is not None
        if row.moves_told and row.asserts is not None:
            person.given = [given for given in person.given if given.message != row.id]
            person.given.append(
                Given(
                    asserts=row.asserts,
                    given_at=row.handed_over,
                    strength=strength,
                    message=row.id,
                )
            )
        if row.next_update_at is not None:
            person.promised = [entry for entry in person.promised if entry.message != row.id]
            person.promised.append(
                Entry(
                    what=self._what_it_promises(row),
                    asserts=None,
                    moment=row.next_update_at,
                    given_at=row.handed_over,
                    tell_by=row.next_update_at,
                    strength=strength,
                    message=row.id,
                    fact=None,
                    rests_on=row.rests_on,
                    rule=row.rule,
                )
            )

    def _what_it_promises(self, row: PastMessage) -> PromiseKind:
        """What writes down what staff promised promises just that; others, an update."""
        made = next((fact for fact in self.facts if fact.id == row.rests_on), None)
        if made is None or made.type is not FactType.PROMISED or made.what is None:
            return PromiseKind.UPDATE
        return made.what

    def _not_reached(self, row: PastMessage) -> None:
        person = self._person(row)
        person.given = [
            replace(given, strength=Strength.NONE) if given.message == row.id else given
            for given in person.given
        ]
        person.promised = [
            replace(entry, strength=Strength.NONE) if entry.message == row.id else entry
            for entry in person.promised
        ]

    def _presume(self) -> None:
        by_id = {rule.id: rule for rule in self.rules}
        for person in self.people:
            assert isinstance(person, Person)
            view, known = person.view(), {given.message for given in person.given}
            known |= {entry.message for entry in person.promised}
            for row in view.past:
                if row.id in known or not (row.moves_told or row.next_update_at):
                    continue
                if is_presumed(by_id[row.rule], row, view, self.now):
                    self._reached(row, Strength.PRESUMED)

    def _person(self, row: PastMessage) -> Person:
        owner = self._owner(row.id)
        assert isinstance(owner, Person)
        return owner


def _on_trial(rule: Rule) -> Rule:
    return replace(rule, id=f"trial_{rule.id}", trial=True)
