"""The product around one job, in memory: what intake, claiming, settling, look-ups and receipts
do on rows, over the real fold, plan and reconcile."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from notifier.domain.caps import Cap, Heard
from notifier.domain.decisions import Reason
from notifier.domain.drift import drift_of, is_asked
from notifier.domain.facts import Fact, FactSource, FactType, PromiseKind, Terms
from notifier.domain.folding import JobState
from notifier.domain.jobs import FACTS_OF, JobKind
from notifier.domain.ledger import (
    Contact,
    Given,
    OpenMoment,
    PastMessage,
    PersonView,
    reference_of,
)
from notifier.domain.ledger_entries import Entry, Word
from notifier.domain.messages import (
    TAKEN,
    WAITING,
    Channel,
    MessageStatus,
    Priority,
    Role,
    Strength,
    WhyNot,
)
from notifier.domain.open_moments import open_moments
from notifier.domain.outcomes import Course
from notifier.domain.owed import Owed, Plan, TaskOwed
from notifier.domain.promises import drifted
from notifier.domain.reconciling import Row, reconcile
from notifier.domain.retries import GiveUp, after_deferral
from notifier.domain.rules import Rule, RuleSet
from notifier.domain.steps import is_presumed
from notifier.domain.transitions import COUNTS_FOR_ANY_ATTEMPT, MessageEvent, after
from notifier.domain.windows import Window
from notifier.services import Timing
from tests.domain.stage import BY_THEMSELVES, PLACE, Somebody, Stage
from tests.model.attempts import Answer, Arrival, Attempt, Fate, Weather

_TIMING = Timing()
_LEASE, _LOOK_UP, _LOOK_AGAIN, _HOLD = (
    timedelta(seconds=seconds)
    for seconds in (
        _TIMING.lease,
        _TIMING.look_up_after,
        _TIMING.look_up_again,
        _TIMING.hold_after,
    )
)
_ARRIVES_AFTER = timedelta(seconds=20)

_SUPPRESSED = frozenset({WhyNot.OPTED_OUT, WhyNot.BOUNCED, WhyNot.INVALID_ADDRESS})
_FINAL_RECEIPTS = {
    Arrival.DELIVERED: MessageEvent.RECEIPT_DELIVERED,
    Arrival.FAILED: MessageEvent.RECEIPT_UNDELIVERED,
}
_MOST_ROUNDS = 40

#: In which a person gets no more messages than the cap allows.
CAP_PERIOD = timedelta(hours=24)
_WHILE_OWED = ("update:", "call_back:", "dispatch:")
_UNTIL_SETTLED = (":unreached:", ":declined:", ":needs_call:")


@dataclass
class Person(Somebody):
    """Somebody of the job, with the moments that they were promised."""

    promised: list[Entry] = field(default_factory=list)
    course: Callable[[], Course] | None = None

    def view(self) -> PersonView:
        """Return them as planning sees them, with what they heard lately."""
        return replace(super().view(), heard=tuple(self._heard()))

    def _heard(self) -> Iterator[Heard]:
        for row in self.rows.values():
            if row.claimed_at is not None and row.may_have_reached:
                kind = self.owed[row.id].rule.kind
                at = row.accepted_at or row.claimed_at
                yield Heard(at=at, kind=kind, to_them=True, contact=row.contact)

    def _moments(self) -> tuple[OpenMoment, ...]:
        if not self.promised or self.course is None:
            return ()
        entries = [*self.promised, *(self._entry(given) for given in self.given)]
        origins = {entry.message for entry in entries}
        words = [
            Word(at=row.handed_over, asserts=row.asserts, rests_on=row.rests_on)
            for row in self.rows.values()
            if row.id not in origins and row.handed_over is not None and _arrived(row)
        ]
        return open_moments(entries, words, self.course(), self.id)

    def _entry(self, given: Given) -> Entry:
        return Entry(
            what=PromiseKind.WINDOW,
            asserts=given.asserts,
            moment=None,
            given_at=given.given_at,
            tell_by=None,
            strength=given.strength,
            message=given.message,
            fact=given.fact,
            rests_on=self.rows[given.message].rests_on if given.message else given.fact,
        )


def _arrived(row: PastMessage) -> bool:
    silent = row.status in TAKEN and not row.gives_receipts
    return silent or row.status is MessageStatus.DELIVERED


@dataclass(slots=True)
class OpenTask:
    """A task as the board keeps it."""

    owed: TaskOwed
    raised_at: datetime
    done: bool = False
    dropped: bool = False


class World(Stage):
    """One job, its people, its outbox, its ledger, its tasks, and two providers."""

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

    # --- Intake -----------------------------------------------------------------------------

    def record(
        self, type: FactType, *, source: FactSource = FactSource.STAFF, **claims: Any
    ) -> Fact:
        """Record a fact with all that follows, as one transaction."""
        assert type in FACTS_OF[self.kind]
        fact = self.say(type, source=source, **claims)
        if fact.id not in self.state.ignored:
            self._give_by_fact(fact)
        self.bring_up_to_date()
        return fact

    def withdraw(self, fact: Fact) -> None:
        """Take a fact back, and what it gave with it."""
        if any(known.withdraws == fact.id for known in self.facts):
            return
        self.take_back(fact)
        withdrawn = self.state.withdrawn
        for person in self.people:
            person.given = [
                replace(given, strength=Strength.NONE) if given.fact in withdrawn else given
                for given in person.given
            ]
        self.bring_up_to_date()

    def terms(self, person: Somebody, window: Window) -> Terms | None:
        """Return what accepting `window` accepts, or None where it is no longer on offer."""
        state, view = self.state, person.view()
        reference = reference_of(view, state.agreed)
        if not drifted(state.kind, state.expected, window, PLACE):
            drift = drift_of(state, view, reference, zone=PLACE, now=self.now)
            return Terms.OFFER if is_asked(drift.kind) else Terms.SUITS
        return None if drifted(state.kind, window, reference.asserts, PLACE) else Terms.SUITS

    def hold(self, held: bool) -> None:
        """*Hold, I'll call*, or let go."""
        self.held = held
        self.bring_up_to_date()

    def close(self, contact: Contact, why: WhyNot | None) -> None:
        """Opt an address out (or back in): first its rows, then who carries on."""
        for person in self.people:
            person.contacts = tuple(
                replace(known, why_not=why) if known.id == contact.id else known
                for known in person.contacts
            )
        self.bring_up_to_date()
        self.bring_up_to_date()

    def _give_by_fact(self, fact: Fact) -> None:
        asserts = None
        person = fact.person
        if fact.type is FactType.PROMISED and fact.by_phone:
            owner = self._owner_of(person)
            owner.promised.append(
                Entry(
                    what=fact.what or PromiseKind.UPDATE,
                    asserts=None,
                    moment=fact.moment,
                    given_at=fact.effective_at,
                    tell_by=fact.moment,
                    strength=Strength.GIVEN,
                    message=None,
                    fact=fact.id,
                    rests_on=fact.id,
                )
            )
        if fact.type is FactType.TOLD:
            asserts = fact.window or fact.expected
        elif fact.type is FactType.ACCEPTED:
            asserts = fact.window
        elif fact.type is FactType.RESCHEDULED and fact.agreed:
            asserts, person = fact.window, self.customer.id
        if asserts is None:
            return
        self._owner_of(person).given.append(
            Given(
                asserts=asserts,
                given_at=fact.effective_at,
                strength=Strength.GIVEN,
                fact=fact.id,
            )
        )

    def _owner_of(self, person: UUID | None) -> Person:
        owner = next(one for one in self.people if one.id == person)
        assert isinstance(owner, Person)
        return owner

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
            row = replace(self._new_row(owed), id=self.ids(), status=MessageStatus.PLANNED)
            self.fates[row.id] = Fate(owed, len(self.fates), owed.send_at, owed.expires_at)
            self._put(row.id, owed, replace(self._bind(row, owed)))
            if owed.why_not is not None:
                self._update(row.id, status=_blocked(owed.why_not), reason=owed.why_not)
        closed = any(_closes(self._row(row_id), owed) for row_id, owed in changes.bind)
        for row_id, owed in changes.bind:
            self._put(row_id, owed, self._bind(self._row(row_id), owed))
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

    def _bind(self, row: PastMessage, owed: Owed) -> PastMessage:
        fate = self.fates[row.id]
        fate.owed, fate.expires_at = owed, owed.expires_at
        row = replace(
            row,
            asserts=owed.asserts,
            moves_told=owed.moves_told,
            rests_on=owed.rests_on,
            told_before=owed.told_before,
            technician=owed.technician,
            next_update_at=owed.next_update_at,
        )
        if owed.why_not is not None and row.contact is not None:
            fate.send_at = owed.send_at
            return replace(
                row, status=_blocked(owed.why_not), reason=owed.why_not, due_at=owed.send_at
            )
        if row.status is MessageStatus.DEFERRED:
            return replace(row, due_at=max(row.due_at, owed.send_at))
        if self.held:
            row = replace(row, status=MessageStatus.HELD, reason=WhyNot.HELD_BY_STAFF)
        else:
            waits = owed.send_at > self.now
            status = MessageStatus.PLANNED if waits else MessageStatus.READY
            row = replace(row, status=status, reason=None)
        if fate.send_at > self.now or owed.send_at > self.now:
            fate.send_at = owed.send_at
            row = replace(row, due_at=owed.send_at)
        return row

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
        owed = {task.key: task for task in planned.tasks}
        for key, task in owed.items():
            known = self.tasks.get(key)
            if known is None or known.dropped:
                self.tasks[key] = OpenTask(task, self.now)
        too_late = tuple(
            f"call:{self.job}:{decision.job_person}:unreached:{decision.rule}:"
            for decision in planned.decisions
            if decision.reason is Reason.EXPIRED
        )
        for key, known in self.tasks.items():
            ends = key.startswith(_WHILE_OWED) or any(mark in key for mark in _UNTIL_SETTLED)
            if ends and key not in owed and not known.done and not key.startswith(too_late):
                known.done = known.dropped = True

    def _raise_task(self, key: str, row: PastMessage) -> None:
        task = TaskOwed(
            key=key,
            kind="look_into",
            why=WhyNot.OUTCOME_UNKNOWN,
            due_at=self.now,
            job_person=self._owner(row.id).id,
        )
        self.tasks.setdefault(key, OpenTask(task, self.now))

    # --- Claiming ---------------------------------------------------------------------------

    def due(self) -> list[PastMessage]:
        """Return what may be claimed now, the longest due first."""
        if self.held:
            return []
        rows = []
        for person in self.people:
            if any(row.status is MessageStatus.CLAIMED for row in person.rows.values()):
                continue
            rows += [
                row
                for row in person.rows.values()
                if row.status in WAITING and row.due_at <= self.now
            ]
        return sorted(rows, key=self._turn)

    def _turn(self, row: PastMessage) -> tuple[int, datetime, int]:
        fate = self.fates[row.id]
        return list(Priority).index(fate.owed.rule.priority), row.due_at, fate.made

    def claim(self) -> list[Attempt]:
        """Check what is due once more, refuse what must not go, and start the rest."""
        if not self.due():
            return []
        self.bring_up_to_date()
        attempts: list[Attempt] = []
        busy: set[UUID] = set()
        refused = False
        for row in self.due():
            person = self._person(row)
            if person.id in busy:
                continue
            refusal = self._refusal(person, row)
            if refusal is not None:
                status, why = refusal
                self._update(row.id, status=status, reason=why)
                refused = True
                continue
            attempts.append(self._claim(person, row))
            busy.add(person.id)
        if refused:
            self.bring_up_to_date()
        return attempts

    def _refusal(self, person: Person, row: PastMessage) -> tuple[MessageStatus, WhyNot] | None:
        if self.fates[row.id].expires_at <= self.now:
            return MessageStatus.EXPIRED, WhyNot.EXPIRED
        if self.fates[row.id].owed.rule.trial:
            return MessageStatus.SKIPPED, WhyNot.TRIAL
        contact = next((c for c in person.contacts if c.id == row.contact), None)
        if contact is None:
            return MessageStatus.SKIPPED, WhyNot.NO_CONTACT
        if contact.why_not is not None:
            return _blocked(contact.why_not), contact.why_not
        return None

    def _claim(self, person: Person, row: PastMessage) -> Attempt:
        fate = self.fates[row.id]
        answer = self.weather[row.channel].answer
        attempt = Attempt(row.id, len(fate.attempts) + 1, self.now, answer)
        self.on_claim(person, row, attempt)
        fate.attempts.append(attempt)
        self._update(
            row.id,
            status=MessageStatus.CLAIMED,
            reason=None,
            claimed_at=self.now,
            due_at=self.now + _LEASE,
        )
        gives_receipts = self._row(row.id).gives_receipts
        arrival = self.weather[row.channel].arrival
        if answer.taken and gives_receipts and arrival is not Arrival.SILENCE:
            self.arriving.append((self.now + _ARRIVES_AFTER, attempt, arrival))
        return attempt

    # --- What comes of it -------------------------------------------------------------------

    def settle(self, attempt: Attempt) -> None:
        """The worker learns what it learns, if it lives."""
        event, row = attempt.answer.event, self._row(attempt.row)
        attempt.answered = True
        overtaken = self.fates[row.id].attempts[-1] is not attempt
        if event is None or (overtaken and event not in COUNTS_FOR_ANY_ATTEMPT):
            return
        status = after(row.status, event)
        moved = status is not row.status
        self._update(row.id, status=status)
        if event is MessageEvent.ANSWERED_ACCEPTED:
            if moved:
                self._update(row.id, reason=None)
            self._take(attempt)
        elif event is MessageEvent.ANSWERED_DEFERRED and moved:
            self._defer(row)
        elif event is MessageEvent.ANSWERED_REJECTED and moved:
            self._update(row.id, reason="21610")
        elif event is MessageEvent.ANSWERED_UNKNOWN and moved:
            due = max(self.now, attempt.started_at + _LOOK_UP)
            self._update(row.id, reason="timeout", due_at=due)
        if attempt.answer is Answer.BAD_ADDRESS and moved:
            self._flag(row)
        self.bring_up_to_date()

    def _defer(self, row: PastMessage) -> None:
        fate = self.fates[row.id]
        decision = after_deferral(
            len(fate.attempts), now=self.now, retry_after=None, expires_at=fate.expires_at
        )
        if isinstance(decision, GiveUp):
            self._update(row.id, status=MessageStatus.EXPIRED, reason=WhyNot.GAVE_UP)
        else:
            self._update(row.id, reason="20429", due_at=decision.at)

    def _flag(self, row: PastMessage) -> None:
        person = self._person(row)
        person.contacts = tuple(
            replace(known, why_not=WhyNot.INVALID_ADDRESS) if known.id == row.contact else known
            for known in person.contacts
        )

    def _take(self, attempt: Attempt) -> None:
        row = self._row(attempt.row)
        self._update(
            row.id,
            handed_over_at=row.handed_over_at or attempt.started_at,
            accepted_at=row.accepted_at or self.now,
        )

    def receive(self, attempt: Attempt, event: MessageEvent) -> None:
        """A receipt comes, before our own answer or long after it."""
        row = self._row(attempt.row)
        overtaken = self.fates[row.id].attempts[-1] is not attempt
        if overtaken and event not in COUNTS_FOR_ANY_ATTEMPT:
            return
        status = after(row.status, event)
        if status is row.status:
            return
        self._update(row.id, status=status)
        if status in TAKEN:
            self._update(row.id, reason=None)
            self._take(attempt)
        else:
            self._update(row.id, reason="30003")
        if status is MessageStatus.DELIVERED:
            self._reached(self._row(row.id), Strength.DELIVERED)
        elif status is MessageStatus.UNDELIVERED:
            self._not_reached(row)
        self.bring_up_to_date()

    def resolve(self) -> None:
        """Leases lapse; what is in doubt is looked up in the provider's record."""
        for person in self.people:
            for row in list(person.rows.values()):
                attempt = self.fates[row.id].attempts[-1] if self.fates[row.id].attempts else None
                if attempt is None or row.due_at > self.now:
                    continue
                if row.status is MessageStatus.CLAIMED:
                    due = max(self.now, attempt.started_at + _LOOK_UP)
                    status = after(row.status, MessageEvent.LEASE_LAPSED)
                    self._update(row.id, status=status, reason="lease_lapsed", due_at=due)
                    self.bring_up_to_date()
                elif row.status is MessageStatus.UNKNOWN:
                    self._look_up(row, attempt)
                    self.bring_up_to_date()

    def _look_up(self, row: PastMessage, attempt: Attempt) -> None:
        if not self.can_look_up:
            hold_at = attempt.started_at + _HOLD
            if self.now < hold_at:
                self._update(row.id, due_at=hold_at)
                return
            status = after(row.status, MessageEvent.UNRESOLVED)
            self._update(row.id, status=status, reason=WhyNot.OUTCOME_UNKNOWN)
            self._raise_task(f"outcome_unknown:{row.id}:{attempt.number}", row)
        elif attempt.answer.taken:
            self._update(row.id, status=after(row.status, MessageEvent.FOUND), reason=None)
            self._take(attempt)
        elif not attempt.absences:
            attempt.absences += 1
            again = max(attempt.started_at + _LOOK_AGAIN, self.now + timedelta(seconds=10))
            self._update(row.id, due_at=again)
        else:
            status = after(row.status, MessageEvent.NOT_TAKEN)
            self._update(row.id, status=status, reason=None, due_at=self.now)

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

    # --- Time -------------------------------------------------------------------------------

    def tick(self) -> None:
        """One round of a living worker: look again, deliver and settle, resolve."""
        for _ in range(_MOST_ROUNDS):
            if self.look_at is not None and self.look_at <= self.now:
                self.bring_up_to_date()
            attempts = self.claim()
            for attempt in attempts:
                self.settle(attempt)
            self.resolve()
            if not attempts and not self.due():
                return
        raise AssertionError("delivery does not come to rest")

    def next_moment(self) -> datetime | None:
        """Return when a living worker has something to do next."""
        moments = [moment for moment, _, _ in self.arriving]
        if self.look_at is not None:
            moments.append(self.look_at)
        for person in self.people:
            for row in person.rows.values():
                waits = row.status in WAITING and not self.held
                if waits or row.status in (MessageStatus.CLAIMED, MessageStatus.UNKNOWN):
                    moments.append(row.due_at)
        return min((moment for moment in moments if moment > self.now), default=None)

    def let_arrive(self) -> None:
        """Let the receipts come whose time has come."""
        here = [entry for entry in self.arriving if entry[0] <= self.now]
        self.arriving = [entry for entry in self.arriving if entry[0] > self.now]
        for _, attempt, arrival in here:
            self.receive(attempt, _FINAL_RECEIPTS[arrival])

    def _person(self, row: PastMessage) -> Person:
        owner = self._owner(row.id)
        assert isinstance(owner, Person)
        return owner


def _on_trial(rule: Rule) -> Rule:
    return replace(rule, id=f"trial_{rule.id}", trial=True)


def _closes(row: PastMessage, owed: Owed) -> bool:
    """Whether the way that the row waited for is none any more. A cap closes none of them."""
    return owed.why_not not in (None, WhyNot.CAP_REACHED) and row.reason != owed.why_not


def _blocked(why: WhyNot) -> MessageStatus:
    return MessageStatus.SUPPRESSED if why in _SUPPRESSED else MessageStatus.SKIPPED
