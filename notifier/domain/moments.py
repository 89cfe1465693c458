"""When one message is owed, by when it must be heard, and until when it helps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from notifier.domain import promises
from notifier.domain.drift import BEFORE_UPDATE, Drift, DriftKind
from notifier.domain.facts import Fact
from notifier.domain.ledger import PersonView, Reference
from notifier.domain.plan_input import PlanInput
from notifier.domain.quiet_hours import next_allowed
from notifier.domain.rules import Asserts, EpisodeBy, Family, Rule
from notifier.domain.windows import Expectation, Window, local_date

#: After this long a word about "unknown" or "off" has no window left to expire with.
_WITHOUT_WINDOW = timedelta(hours=12)

#: So many updates are promised at most, counted from the end of the window last told.
_UPDATES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """Reads them from one person's side of a job at `now` (UTC)."""

    job: PlanInput
    person: PersonView
    reference: Reference
    drift: Drift
    now: datetime

    def owed_at(self, rule: Rule) -> datetime | None:
        """Return since when it is owed: the time of its cause, never that of looking."""
        if rule.evening_before is not None:
            return self._evening_before(rule)
        if rule.family is Family.SLIP and self.drift.update_by is not None:
            return self.drift.update_by - BEFORE_UPDATE
        if rule.family is Family.SLIP:
            cause = self._slip_cause()
        elif self._is_overdue_rule(rule):
            told = self.reference.asserts
            return told.end if isinstance(told, Window) else None
        else:
            cause = self._status_cause(rule)
        if cause is None:
            return self.job.booked_at
        return cause.received_at + timedelta(seconds=cause.hold_seconds)

    def _slip_cause(self) -> Fact | None:
        state = self.job.state
        facts = [state.expected_fact, *state.answers]
        message = self.reference.message
        on_mistake = message is not None and message.rests_on in state.withdrawn
        if on_mistake or self.drift.kind is DriftKind.MISTAKE:
            facts.append(state.taken_back)  # what is owed is owed since then
        known = [fact for fact in facts if fact is not None]
        return max(known, key=lambda fact: fact.received_at, default=None)

    def _status_cause(self, rule: Rule) -> Fact | None:
        state = self.job.state
        if rule.names_technician and rule.episode is EpisodeBy.PROMISE and state.technician_fact:
            facts = [state.technician_fact, state.status_fact]
            return max(
                (fact for fact in facts if fact is not None),
                key=lambda fact: fact.received_at,
                default=None,
            )
        return state.status_fact or state.booked

    def _is_overdue_rule(self, rule: Rule) -> bool:
        return rule.family is Family.MOMENT and rule.concerns_past

    def _evening_before(self, rule: Rule) -> datetime | None:
        """Return the moment of a reminder, if the promise was given before it."""
        window = self.reference.asserts
        if not isinstance(window, Window) or rule.evening_before is None:
            return None
        day = local_date(window.start, self.job.zone) - timedelta(days=1)
        moment = datetime.combine(day, rule.evening_before, self.job.zone)
        moment = moment.astimezone(window.start.tzinfo)
        given_at = self.reference.at or self.job.booked_at
        return moment if given_at < moment else None

    def expires_at(self, rule: Rule, asserts: Expectation | None, owed_at: datetime) -> datetime:
        """A slip expires with the window that it asserts; the rest as the rule says."""
        told = self.reference.last_window
        if rule.family is Family.SLIP:
            if isinstance(asserts, Window):
                return asserts.end
            return max(owed_at, told.end if told else owed_at) + _WITHOUT_WINDOW
        limit = owed_at + rule.expires
        if rule.concerns_past or not isinstance(asserts, Window):
            return limit
        return min(limit, asserts.end)

    def tell_by(self, rule: Rule) -> datetime | None:
        """The promise that would be broken in silence: the one the person holds now."""
        told = self.reference.asserts
        window = told if isinstance(told, Window) else self.reference.last_window
        if rule.asserts in (Asserts.CURRENT, Asserts.NOTHING) or window is None:
            return None
        if self.reference.update_by is not None:
            return self.reference.update_by
        return promises.tell_by(
            self.job.state.kind,
            window,
            given_at=self.reference.at or self.job.booked_at,
            zone=self.job.zone,
        )

    def next_update(self, rule: Rule, send_at: datetime) -> datetime | None:
        """Return the update promise that the message makes, on a quarter of an hour."""
        if rule.update_after is None:
            return None
        moment = max(send_at, self.now) + rule.update_after
        moment += timedelta(minutes=-moment.minute % 15)
        told, cause = self.reference.last_window, self.job.state.expected_fact
        ends = [told.end] if told is not None else []
        ends += [cause.received_at] if cause is not None else []
        if ends and moment > max(ends) + _UPDATES * rule.update_after:
            return None  # nobody knows any more: a person must ring, not the engine
        moment = moment.replace(second=0, microsecond=0)
        return next_allowed(moment, self.job.manners.quiet, self.person.zones)
