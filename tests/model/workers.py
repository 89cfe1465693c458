"""What workers do around one job: claim, settle, look up, hear from providers; and time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from notifier.domain.ledger.views import (
    PastMessage,
)
from notifier.domain.messages import (
    TAKEN,
    WAITING,
    MessageStatus,
    Priority,
    Strength,
    WhyNot,
)
from notifier.domain.reconciling import blocked_status
from notifier.domain.sending.retries import GiveUp, after_deferral
from notifier.domain.sending.transitions import COUNTS_FOR_ANY_ATTEMPT, MessageEvent, after
from notifier.services import Timing
from tests.model.attempts import Answer, Arrival, Attempt
from tests.model.outbox import Outbox
from tests.model.people import Person

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

_FINAL_RECEIPTS = {
    Arrival.DELIVERED: MessageEvent.RECEIPT_DELIVERED,
    Arrival.FAILED: MessageEvent.RECEIPT_UNDELIVERED,
}
_MOST_ROUNDS = 40


class Workers(Outbox):
    """A job whose messages go out through two providers, which fare as the weather is."""

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
            return blocked_status(contact.why_not), contact.why_not
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
        if attempt.answer is Answer.HALTED:
            self.halted |= {row.channel}
        if event is MessageEvent.ANSWERED_ACCEPTED:
            self.halted -= {row.channel}
            if moved:
                self._update(row.id, reason=None)
            self._take(attempt)
        elif event is MessageEvent.ANSWERED_DEFERRED and moved:
            self._update(row.id, reason="20429")
            self._defer(row, since=self.now)
        elif event is MessageEvent.ANSWERED_REJECTED and moved:
            self._update(row.id, reason="21610")
        elif event is MessageEvent.ANSWERED_UNKNOWN and moved:
            due = max(self.now, attempt.started_at + _LOOK_UP)
            self._update(row.id, reason="timeout", due_at=due)
        if attempt.answer is Answer.BAD_ADDRESS and moved:
            self._flag(row)
        self.bring_up_to_date()

    def _defer(self, row: PastMessage, *, since: datetime) -> None:
        fate = self.fates[row.id]
        decision = after_deferral(
            len(fate.attempts), now=since, retry_after=None, expires_at=fate.expires_at
        )
        if isinstance(decision, GiveUp):
            self._update(row.id, status=MessageStatus.EXPIRED, reason=WhyNot.GAVE_UP)
        else:
            self._update(row.id, due_at=decision.at)

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
            self._raise_task(f"outcome_unknown:{row.id}:{attempt.number}", self._owner(row.id).id)
        elif attempt.answer.taken:
            self._update(row.id, status=after(row.status, MessageEvent.FOUND), reason=None)
            self._take(attempt)
        elif not attempt.absences:
            attempt.absences += 1
            again = max(attempt.started_at + _LOOK_AGAIN, self.now + timedelta(seconds=10))
            self._update(row.id, due_at=again)
        else:
            self._update(row.id, status=after(row.status, MessageEvent.NOT_TAKEN))
            self._defer(row, since=attempt.started_at)

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
