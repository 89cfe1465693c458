"""When one message is owed, by when it must be heard, and until when it helps."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from notifier.domain.decisions import Reason
from notifier.domain.drift import Drift, DriftKind
from notifier.domain.facts import Fact, FactSource, FactType, Terms
from notifier.domain.ledger import promises
from notifier.domain.ledger.promises_to_say import left_to_say, left_to_take_back
from notifier.domain.ledger.views import PersonView, Reference
from notifier.domain.messages import Role
from notifier.domain.plan_input import PlanInput
from notifier.domain.quiet.hours import next_allowed, send_moment
from notifier.domain.rules.rule import Asserts, EpisodeBy, Family, InQuietHours, Rule
from notifier.domain.rules.situation import Situation
from notifier.domain.schedule import Edge, moment_of
from notifier.domain.windows import OFF, UNKNOWN, Expectation, Window

#: After this long a word about "unknown" or "off" has no window left to expire with.
_WITHOUT_WINDOW = timedelta(hours=12)

#: What they said about the time, or were told of it by phone.
_ON_TIME = frozenset({FactType.ACCEPTED, FactType.DECLINED, FactType.TOLD})


class Moments:
    """Reads them from one person's side of a job at `now` (UTC)."""

    def __init__(
        self,
        job: PlanInput,
        person: PersonView,
        reference: Reference,
        drift: Drift,
        now: datetime,
        *,
        to_say: Fact | None = None,
    ) -> None:
        self.job, self.person, self.now = job, person, now
        self.reference, self.drift = reference, drift
        self.to_say = to_say  # a promise by staff that is ours to say, or to take back

    def each(self, rule: Rule) -> tuple[Moments, ...]:
        """Return the moments of each promise that `rule` is to say, or to take back; of other
        rules, these."""
        match rule.at.edge if rule.at is not None else None:
            case Edge.PROMISE_MADE:
                promises = left_to_say(self.job.state, self.person)
            case Edge.PROMISE_TAKEN_BACK:
                promises = left_to_take_back(self.job.state, self.person)
            case _:
                return (self,)
        about = (self.job, self.person, self.reference, self.drift, self.now)
        return tuple(Moments(*about, to_say=promise) for promise in promises) or (self,)

    def left_to_say(self, rule: Rule) -> datetime | None:
        """Return the moment that staff promised, where the rule is to say so."""
        says = rule.at is not None and rule.at.edge is Edge.PROMISE_MADE
        return self.to_say.moment if says and self.to_say is not None else None

    def promised_in(self, rule: Rule) -> UUID | None:
        """Return the fact in which was promised what the rule's message says, or puts off."""
        if self.to_say is not None:
            return self.to_say.id
        about_moment = rule.at is not None and rule.at.edge is Edge.MOMENT
        ahead = self.person.moment_ahead(self.now) if about_moment else None
        return ahead.fact if ahead is not None else None

    def named(self, rule: Rule) -> datetime | None:
        """Return the moment that the rule's `at` names; None if its edge is not known."""
        assert rule.at is not None
        edge = self._edge(rule.at.edge)
        if edge is None:
            return None
        named = moment_of(rule.at, edge, zone=self.job.zone, works=self.job.manners.works)
        ahead = self.person.moment_ahead(self.now) if rule.at.edge is Edge.MOMENT else None
        # Nobody owns up to what was promised for the next minutes before it can have been tried.
        return named if ahead is None else max(named, ahead.halfway)

    def anchor(self, rule: Rule, situation: Situation) -> datetime | None:
        """Return what an episode of the rule is counted by: its moment, silence's length, or when
        a parcel came to stand where the rule asks about one."""
        if rule.at is not None:
            return self.named(rule)
        if rule.condition.silent_for is None and rule.condition.parcel_at:
            led_there = situation.went_there(rule.condition.parcel_at)
            return led_there.effective_at if led_there is not None else None
        silence = rule.condition.silent_for
        since = situation.silent_since(rule.condition.silent_at) if silence is not None else None
        return since + silence if since is not None and silence is not None else None

    def owed_at(self, rule: Rule, situation: Situation) -> datetime | Reason:
        """Return since when it is owed: the time of its cause, never that of looking."""
        silence = rule.condition.silent_for
        if rule.at is not None:
            moment = self.named(rule)
            if moment is None:
                return Reason.NO_MOMENT
            if not rule.catch_up and moment <= self._given_at(rule.at.edge):
                return Reason.MOMENT_PASSED
            since = situation.silent_since(rule.condition.silent_at)
            return moment if silence is None or since is None else max(moment, since + silence)
        if silence is not None:
            anchor = self.anchor(rule, situation)
            return anchor if anchor is not None else Reason.NO_MOMENT
        is_slip = rule.family is Family.SLIP
        cause = self._slip_cause() if is_slip else self._status_cause(rule, situation)
        if cause is None:
            return self.job.booked_at
        return Reason.BEFORE_LIVE if cause.before_live else self._settled(rule, cause)

    def _settled(self, rule: Rule, cause: Fact) -> datetime:
        """A burst of corrections becomes one message; what staff confirmed settles at once."""
        known = cause.received_at
        if cause.hold_seconds or cause.source is FactSource.STAFF or not rule.settle:
            return known + timedelta(seconds=cause.hold_seconds)
        heard_by = self.tell_by(rule)
        settled = known + rule.settle
        return settled if heard_by is None else max(known, min(settled, heard_by))

    def _edge(self, edge: Edge) -> datetime | None:
        state, told = self.job.state, self.reference.asserts
        match edge:
            case Edge.BOOKED:
                return self.job.booked_at
            case Edge.STATUS:
                return state.status_fact.effective_at if state.status_fact else None
            case Edge.PROMISED_START | Edge.PROMISED_END:
                return _edge_of(state.promised, edge)
            case Edge.AGREED_START | Edge.AGREED_END:
                return _edge_of(state.agreed, edge)
            case Edge.EXPECTED_START | Edge.EXPECTED_END:
                return _edge_of(state.expected, edge)
            case Edge.TOLD_START | Edge.TOLD_END:
                return _edge_of(told, edge)
            case Edge.TELL_BY:
                return self._heard_by(told) if isinstance(told, Window) else None
            case Edge.MOMENT:
                promised = self.person.moment_ahead(self.now)
                return promised.due if promised is not None else None
            case Edge.PROMISE_MADE:
                if self.to_say is None:
                    return None
                return self.to_say.received_at + timedelta(seconds=self.to_say.hold_seconds)
            case Edge.PROMISE_TAKEN_BACK:
                taken_back = state.taken_back if self.to_say is not None else None
                return taken_back.received_at if taken_back is not None else None

    def _given_at(self, edge: Edge) -> datetime:
        """Return when what the edge belongs to was promised, believed or done."""
        state = self.job.state
        if edge in (Edge.TOLD_START, Edge.TOLD_END, Edge.TELL_BY):
            return self.reference.at or self.job.booked_at
        if edge in (Edge.EXPECTED_START, Edge.EXPECTED_END) and state.expected_fact is not None:
            return state.expected_fact.received_at
        if edge in (Edge.AGREED_START, Edge.AGREED_END):
            return self._agreed_at()
        return self.job.booked_at

    def _agreed_at(self) -> datetime:
        """Return when the customer last accepted what is agreed."""
        state = self.job.state
        facts = [fact for fact in state.answers if fact.terms is Terms.OFFER]
        if state.expected_fact is not None and state.expected_fact.agreed:
            facts.append(state.expected_fact)
        taken = [fact.received_at for fact in facts if fact.window == state.agreed]
        return max(taken, default=self.job.booked_at)

    def _slip_cause(self) -> Fact | None:
        state = self.job.state
        facts = [state.expected_fact, state.expected_again]
        facts += [fact for fact in state.answers if fact.type in _ON_TIME]
        message = self.reference.message
        on_mistake = message is not None and message.rests_on in state.withdrawn
        if on_mistake or self._not_rung() or self.drift.kind is DriftKind.MISTAKE:
            facts.append(state.taken_back)  # what is owed is owed since then
        known = [fact for fact in facts if fact is not None]
        return max(known, key=lambda fact: fact.received_at, default=None)

    def _not_rung(self) -> bool:
        """Whether it was a mistake that somebody told them something."""
        return any(given.fact in self.job.state.withdrawn for given in self.person.given)

    def _status_cause(self, rule: Rule, situation: Situation) -> Fact | None:
        """Return the last fact that can have made the rule's condition true."""
        state = self.job.state
        led_there = situation.went_there(rule.condition.parcel_at)
        facts = [led_there or state.status_fact or state.booked]
        if rule.names_technician and rule.episode is EpisodeBy.PROMISE:
            facts.append(state.technician_fact)
        if rule.condition.about_time:
            facts.append(state.expected_fact)
        if rule.asserts is Asserts.OFF and self._not_rung():
            facts.append(state.taken_back)
        known = [fact for fact in facts if fact is not None]
        return max(known, key=lambda fact: fact.received_at, default=None)

    def expires_at(self, rule: Rule, asserts: Expectation | None, owed_at: datetime) -> datetime:
        """A slip expires with the window that it asserts, a promise with its moment; what goes
        before an edge, at the edge; that nobody comes, not while they wait; the rest as the rule
        says."""
        told = self.reference.last_window
        promised = self.left_to_say(rule)
        if promised is not None:
            return promised
        if rule.family is Family.SLIP:
            if isinstance(asserts, Window):
                return asserts.end
            return max(owed_at, told.end if told else owed_at) + _WITHOUT_WINDOW
        limit = owed_at + rule.expires
        if asserts is OFF and told is not None:
            limit = max(limit, told.end)
        if rule.at is not None and rule.at.shift < timedelta(0):
            edge = self._edge(rule.at.edge)
            return min(limit, edge) if edge is not None else limit
        if rule.concerns_past or not isinstance(asserts, Window):
            return limit
        return min(limit, asserts.end)

    def send_at(self, rule: Rule, owed_at: datetime, heard_by: datetime | None) -> datetime | None:
        """Return when it may go, at `now` or later; None: never, for quiet hours drop it."""
        if self.person.role is Role.TECHNICIAN:  # at work, whatever the hour
            return max(owed_at, self.now)
        kind, zone = self.job.state.kind, self.job.zone
        hours = [
            promises.hour_of(kind, window, zone)
            for window in (self.reference.asserts, self.job.state.expected)
            if isinstance(window, Window) and owed_at < window.end
        ]
        if rule.at is not None and rule.at.edge is Edge.MOMENT:
            hours.append(heard_by)  # whoever promised news at night meant it
        return send_moment(
            owed_at,
            now=max(self.now, self._gathered_at(rule, owed_at, heard_by)),
            quiet=self.person.quiet_for(rule.kind, self.job.manners.quiet),
            zones=self.person.zones,
            tell_by=heard_by,
            starts=[hour for hour in hours if hour is not None],
            drop=rule.quiet is InQuietHours.DROP,
            send_anyway_within=rule.send_anyway_within,
        )

    def _gathered_at(self, rule: Rule, owed_at: datetime, heard_by: datetime | None) -> datetime:
        """Return until when it waits for the same news of their other jobs."""
        if rule.digest is None or not self.person.has_other_jobs:
            return owed_at
        gathered = owed_at + rule.digest
        return gathered if heard_by is None else min(gathered, heard_by)

    def tell_by(self, rule: Rule) -> datetime | None:
        """The promise that would be broken in silence: the one the person holds now."""
        if rule.at is not None and rule.at.edge is Edge.MOMENT:
            return self._edge(Edge.MOMENT)
        told = self.reference.asserts
        window = told if isinstance(told, Window) else self.reference.last_window
        if rule.asserts in (Asserts.CURRENT, Asserts.NOTHING) or window is None:
            return None
        if told is UNKNOWN and self.reference.update_by is not None:
            return self.reference.update_by
        return self._heard_by(window, rule.tell_by)

    def _heard_by(self, window: Window, notice: timedelta | None = None) -> datetime:
        return promises.tell_by(
            self.job.state.kind,
            window,
            given_at=self.reference.at or self.job.booked_at,
            zone=self.job.zone,
            notice=notice,
        )

    def next_update(self, rule: Rule, send_at: datetime) -> datetime | None:
        """Return the moment that the message promises: on a quarter of an hour, or as staff
        named it. Whoever waits up for a visit, and so is told at night, waits for no morning."""
        promised = self.left_to_say(rule)
        if promised is not None or rule.update_after is None:
            return promised
        told_at = max(send_at, self.now)
        moment = told_at + rule.update_after
        moment += timedelta(minutes=-moment.minute % 15)
        moment = moment.replace(second=0, microsecond=0)
        quiet = self.person.quiet_for(rule.kind, self.job.manners.quiet)
        if any(quiet.covers(told_at, zone) for zone in self.person.zones):
            law = quiet.law()
            return moment if law is None else next_allowed(moment, law, self.person.zones)
        return next_allowed(moment, quiet, self.person.zones)


def _edge_of(window: Expectation | None, edge: Edge) -> datetime | None:
    if not isinstance(window, Window):
        return None
    return window.start if edge.value.endswith(".start") else window.end
