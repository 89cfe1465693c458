"""A job in memory, with its outbox and its ledger: the domain alone, no database.

It does what the use cases do around the pure functions: fold, plan, reconcile, and keep rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from notifier.domain.drift import Drift, drift_of
from notifier.domain.facts import Fact, FactSource, FactType, PromiseKind
from notifier.domain.folding import JobState, fold
from notifier.domain.jobs import JobKind
from notifier.domain.ledger.views import (
    Contact,
    Given,
    OpenMoment,
    PastMessage,
    PersonView,
    reference_of,
    told_of,
)
from notifier.domain.messages import Channel, MessageKind, MessageStatus, Role, Strength
from notifier.domain.owed import Owed, Plan
from notifier.domain.plan_input import BrandManners, PlanInput
from notifier.domain.planning import plan
from notifier.domain.quiet.hours import QuietHours
from notifier.domain.reconciling import reconcile
from notifier.domain.rules.rule import RuleSet
from notifier.domain.steps import is_presumed
from notifier.domain.windows import Expectation, Window
from notifier.rulebook import load_rulebook
from tests.domain.stage_rows import as_reconciled, bound, new_row
from tests.fakes.ids import FakeIds

PLACE = ZoneInfo("America/Los_Angeles")
NINE_TO_ELEVEN = Window(
    datetime(2026, 11, 24, 9, tzinfo=PLACE).astimezone(UTC),
    datetime(2026, 11, 24, 11, tzinfo=PLACE).astimezone(UTC),
)
QUIET = QuietHours(time(21), time(8))

#: What speaks up by itself, and so is off unless a test is about it.
BY_THEMSELVES = frozenset(
    {
        "booked",
        "reminder",
        "time_set",
        "no_word_from_technician",
        "no_word_yet",
        "order_confirmed",
        "order_not_here",
        "order_no_scan",
        "order_no_movement",
    }
)


def at(hour: int, minute: int = 0, *, day: int = 24) -> datetime:
    """Return a moment of November 2026 by the clock at the place; the visit is on the 24th."""
    return datetime(2026, 11, day, hour, minute, tzinfo=PLACE).astimezone(UTC)


def window(start: int | tuple[int, int], end: int | tuple[int, int], *, day: int = 24) -> Window:
    """Return a window by the clock at the place: hours, or (hour, minute)."""
    from_, to = (moment if isinstance(moment, tuple) else (moment, 0) for moment in (start, end))
    return Window(at(*from_, day=day), at(*to, day=day))


@lru_cache(maxsize=1)
def default_rules() -> RuleSet:
    """Return the rules that the product comes with."""
    return load_rulebook(Path(__file__).parents[2] / "rules").rules


@dataclass
class Somebody:
    """A person of the job: what they were given, and the rows of the outbox that are theirs."""

    id: UUID
    role: Role
    contacts: tuple[Contact, ...]
    zones: tuple[ZoneInfo, ...] = (PLACE,)
    has_other_jobs: bool = False
    quiet: dict[MessageKind, QuietHours] = field(default_factory=dict)
    given: list[Given] = field(default_factory=list)
    rows: dict[UUID, PastMessage] = field(default_factory=dict)
    owed: dict[UUID, Owed] = field(default_factory=dict)
    moments: list[OpenMoment] = field(default_factory=list)  # that staff promised

    def view(self) -> PersonView:
        """Return them as planning sees them."""
        return PersonView(
            job_person=self.id,
            role=self.role,
            zones=self.zones,
            has_other_jobs=self.has_other_jobs,
            quiet=self.quiet,
            contacts=self.contacts,
            given=tuple(self.given),
            past=tuple(self.rows.values()),
            moments=(*self.moments, *self._moments()),
        )

    def _moments(self) -> tuple[OpenMoment, ...]:
        """The last update that a message promised, if nothing reached them since."""
        told = told_of(self.given)
        promised = [
            OpenMoment(
                what=PromiseKind.UPDATE,
                due=row.next_update_at,
                given_at=row.handed_over,
            )
            for row in self.rows.values()
            if row.status is MessageStatus.DELIVERED and row.next_update_at and row.handed_over
        ]
        since = [m for m in promised if told is None or m.given_at >= told.given_at]
        last = sorted(since, key=lambda moment: moment.given_at)[-1:]
        return tuple(replace(moment, put_off=len(since) - 1) for moment in last)

    @property
    def told(self) -> Expectation | None:
        """The last window that reached them."""
        given = self.view().told
        return given.asserts if given is not None else None


class Stage:
    """One job, moved on by what is said and by what is sent."""

    def __init__(
        self,
        *,
        kind: JobKind = JobKind.APPOINTMENT,
        promised: Window | None = NINE_TO_ELEVEN,
        now: datetime | None = None,
        roles: Sequence[Role] = (Role.CUSTOMER,),
        channels: Sequence[Channel] = (Channel.SMS, Channel.EMAIL),
        parcels: Sequence[str] = (),
        speaking: Sequence[str] = (),
        live_at: datetime | None = datetime(2026, 1, 1, tzinfo=UTC),
        email_gives_receipts: bool = True,
        zone: ZoneInfo = PLACE,
        quiet: QuietHours = QUIET,
    ) -> None:
        self.ids = FakeIds()
        self.zone, self.quiet = zone, quiet
        self.kind, self.parcels, self.live_at = kind, parcels, live_at
        self.now = now or at(10, day=23)
        self.held = False
        self.brand = "demo"
        self.halted: frozenset[Channel] = frozenset()
        self.email_gives_receipts = email_gives_receipts
        silent = BY_THEMSELVES - set(speaking)
        self.rules = RuleSet(
            replace(rule, enabled=rule.enabled and rule.id not in silent)
            for rule in default_rules()
        )
        self.facts: list[Fact] = []
        self.job = self.ids()
        self.people = [
            Somebody(
                self.ids(),
                role,
                tuple(Contact(id=self.ids(), channel=channel) for channel in channels),
                zones=(zone,),
            )
            for role in roles
        ]
        booked = self.say(FactType.BOOKED, window=promised)
        if promised is not None:
            self.give(promised, fact=booked)

    @property
    def customer(self) -> Somebody:
        """The first person."""
        return self.people[0]

    # --- What is said ---------------------------------------------------------------------

    def say(
        self,
        type: FactType,
        *,
        source: FactSource = FactSource.STAFF,
        occurred_at: datetime | None = None,
        **claims: object,
    ) -> Fact:
        """Record a fact now."""
        fact = Fact(
            id=self.ids(),
            seq=len(self.facts) + 1,
            type=type,
            source=source,
            occurred_at=occurred_at or self.now,
            received_at=self.now,
            **claims,  # type: ignore[arg-type]
        )
        self.facts.append(fact)
        return fact

    def late(self, minutes: int) -> Fact:
        """Staff say that it will be so much later than agreed."""
        return self.say(FactType.DELAYED, minutes=minutes)

    def expect(self, expected: Expectation) -> Fact:
        """Staff say what they expect."""
        return self.say(FactType.DELAYED, expected=expected)

    def take_back(self, fact: Fact) -> Fact:
        """Staff take a fact back as a mistake."""
        return self.say(FactType.WITHDRAWN, withdraws=fact.id)

    def give(
        self, expectation: Expectation, *, fact: Fact, somebody: Somebody | None = None
    ) -> None:
        """Enter in the ledger what a booking, a call or an answer gave."""
        (somebody or self.customer).given.append(
            Given(asserts=expectation, given_at=self.now, strength=Strength.GIVEN, fact=fact.id)
        )

    def advance(self, **passed: float) -> None:
        """Let time pass."""
        self.now += timedelta(**passed)

    # --- What follows ---------------------------------------------------------------------

    @property
    def state(self) -> JobState:
        """What the facts add up to."""
        return fold(self.kind, self.facts, self.parcels)

    def drift(self, somebody: Somebody | None = None) -> Drift:
        """Return how far belief is from what they were told."""
        view = (somebody or self.customer).view()
        state = self.state
        return drift_of(state, view, reference_of(view, state.agreed), zone=self.zone, now=self.now)

    def plan(self) -> Plan:
        """Return what is owed now."""
        return plan(self.plan_input(), self.rules, now=self.now)

    def plan_input(self) -> PlanInput:
        """Return the job as planning sees it."""
        state = self.state
        return PlanInput(
            job=self.job,
            state=state,
            zone=self.zone,
            booked_at=state.booked.effective_at if state.booked else self.now,
            held=self.held,
            people=tuple(somebody.view() for somebody in self.people),
            manners=BrandManners(
                quiet=self.quiet, live_at=self.live_at, brand=self.brand, halted=self.halted
            ),
        )

    def owed(self, somebody: Somebody | None = None) -> list[str]:
        """Return the rules that owe somebody a message now, in their order."""
        person = (somebody or self.customer).id
        return [owed.rule.id for owed in self.plan().owed if owed.job_person == person]

    def why(self, rule: str, somebody: Somebody | None = None) -> str:
        """Return why a rule speaks or is silent."""
        person = (somebody or self.customer).id
        found = [d for d in self.plan().decisions if (d.rule, d.job_person) == (rule, person)]
        return str(found[0].reason)

    def reconcile(self) -> Plan:
        """Make the outbox hold what is owed, as the use case does."""
        self._presume()
        planned = self.plan()
        rows = [
            as_reconciled(past, somebody.owed[past.id])
            for somebody in self.people
            for past in somebody.rows.values()
        ]
        changes = reconcile(rows, planned, finished=self.state.finished, now=self.now)
        for owed in changes.add:
            self._put(owed, self._new_row(owed))
        for row_id, owed in changes.bind:
            self._put(owed, bound(self._row(row_id), owed, self.now))
        for drop in changes.drop:
            self._update(drop.id, status=drop.status, reason=drop.reason)
        return planned

    def waiting(self, somebody: Somebody | None = None) -> list[str]:
        """Return the rules of the rows that wait for their time."""
        self.reconcile()
        rows = (somebody or self.customer).rows.values()
        return [row.rule for row in rows if row.status is MessageStatus.READY]

    # --- What is sent ---------------------------------------------------------------------

    def send(self, somebody: Somebody | None = None, *, accepted: bool = True) -> PastMessage:
        """Claim what is due for somebody and return the one row; the provider takes it."""
        sent = self.send_all(somebody, accepted=accepted)
        assert len(sent) == 1, [row.rule for row in sent]
        return sent[0]

    def send_all(
        self, somebody: Somebody | None = None, *, accepted: bool = True
    ) -> list[PastMessage]:
        """Claim everything that is due for somebody, one after the other."""
        somebody = somebody or self.customer
        sent = []
        for _ in range(20):
            self.reconcile()
            due = [
                row
                for row in somebody.rows.values()
                if row.status is MessageStatus.READY and row.due_at <= self.now
            ]
            if not due:
                break
            self._update(due[0].id, status=MessageStatus.CLAIMED, claimed_at=self.now)
            if accepted:
                self.accept(due[0])
            sent.append(self._row(due[0].id))
        return sent

    def accept(self, row: PastMessage) -> None:
        """The provider takes a claimed message."""
        self._update(
            row.id,
            status=MessageStatus.ACCEPTED,
            accepted_at=self.now,
            handed_over_at=self._row(row.id).claimed_at,
        )

    def deliver(self, row: PastMessage) -> None:
        """A receipt says that it arrived."""
        row = self._row(row.id)
        self._update(row.id, status=MessageStatus.DELIVERED)
        if row.moves_told and row.asserts is not None and row.handed_over is not None:
            self._owner(row.id).given.append(
                Given(
                    asserts=row.asserts,
                    given_at=row.handed_over,
                    strength=Strength.DELIVERED,
                    message=row.id,
                )
            )

    def fail(self, row: PastMessage) -> None:
        """A receipt, or the provider's own answer, says that it did not."""
        self._update(row.id, status=MessageStatus.UNDELIVERED, reason="30003")
        owner = self._owner(row.id)
        owner.given = [given for given in owner.given if given.message != row.id]

    def sent_and_delivered(self, somebody: Somebody | None = None) -> PastMessage:
        """Send the one message that is due, and let it arrive."""
        row = self.send(somebody)
        self.deliver(row)
        self.advance(seconds=1)
        return row

    # --- Rows -----------------------------------------------------------------------------

    def _presume(self) -> None:
        by_id = {rule.id: rule for rule in self.rules}
        for somebody in self.people:
            view, known = somebody.view(), {given.message for given in somebody.given}
            for row in view.past:
                rule = by_id.get(row.rule)
                if rule is None or row.id in known or not row.moves_told:
                    continue
                if not is_presumed(rule, row, view, self.now):
                    continue
                assert row.asserts is not None
                assert row.handed_over is not None
                somebody.given.append(
                    Given(
                        asserts=row.asserts,
                        given_at=row.handed_over,
                        strength=Strength.PRESUMED,
                        message=row.id,
                    )
                )

    def _owner(self, row_id: UUID) -> Somebody:
        return next(somebody for somebody in self.people if row_id in somebody.rows)

    def _row(self, row_id: UUID) -> PastMessage:
        return self._owner(row_id).rows[row_id]

    def _update(self, row_id: UUID, **values: object) -> None:
        owner = self._owner(row_id)
        owner.rows[row_id] = replace(owner.rows[row_id], **values)  # type: ignore[arg-type]

    def _new_row(self, owed: Owed) -> PastMessage:
        receipts = owed.channel is Channel.SMS or self.email_gives_receipts
        return new_row(self.ids(), owed, gives_receipts=receipts, now=self.now)

    def _put(self, owed: Owed, row: PastMessage) -> None:
        owner = next(somebody for somebody in self.people if somebody.id == owed.job_person)
        owner.rows[row.id], owner.owed[row.id] = row, owed
