"""The control loop: which messages are owed to whom, given facts, ledger, rules and time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from notifier.domain.drift import (
    BEFORE_UPDATE,
    WITHIN_TOLERANCE,
    Drift,
    DriftKind,
    drift_of,
    is_asked,
)
from notifier.domain.episodes import Episode, episode_of
from notifier.domain.facts import FactType
from notifier.domain.jobs import JobKind
from notifier.domain.ledger import Contact, PersonView, Reference, reference_of
from notifier.domain.messages import Channel, Role, WhyNot
from notifier.domain.moments import Moments
from notifier.domain.plan_input import PlanInput
from notifier.domain.quiet_hours import send_moment
from notifier.domain.rules import Asserts, Family, Rule
from notifier.domain.situation import Situation, situation_of
from notifier.domain.steps import Step, next_step, out_of_reach
from notifier.domain.windows import OFF, UNKNOWN, Expectation, Window

#: Within what somebody who declined should hear from a person.
_ANSWER_WITHIN = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """One message owed to one person: a row of the outbox, new or already there."""

    job_person: UUID
    rule: Rule
    episode: str
    episode_no: int
    channel: Channel
    step: int
    contact: UUID | None
    why_not: WhyNot | None  # nothing will be sent: the row says why
    asserts: Expectation | None
    moves_told: bool
    rests_on: UUID | None
    told_before: Expectation | None
    technician: UUID | None
    owed_at: datetime
    send_at: datetime
    expires_at: datetime
    tell_by: datetime | None
    next_update_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOwed:
    """Something that a person must do; one per key, however often it is planned."""

    key: str
    kind: str
    why: str
    due_at: datetime
    job_person: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Why one rule owes one person a message, or does not."""

    rule: str
    job_person: UUID
    role: Role
    owed: bool
    reason: str
    values: dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is owed, what people must do, why, and when time alone may change it."""

    owed: tuple[Owed, ...]
    tasks: tuple[TaskOwed, ...]
    decisions: tuple[Decision, ...]
    look_at: datetime | None


def plan(job: PlanInput, rules: Sequence[Rule], *, now: datetime) -> Plan:
    """Return the messages and tasks owed for `job` at `now` (UTC), and every decision.

    Pure: the same input gives the same plan. Rules speak in their order; of those about
    the time (`family: slip`) the first that holds speaks alone.
    """
    owed: list[Owed] = []
    tasks: list[TaskOwed] = []
    decisions: list[Decision] = []
    looks: list[datetime] = []
    for person in job.people:
        planner = _ForPerson(job, person, rules, now)
        planner.run()
        owed += planner.owed
        tasks += planner.tasks
        decisions += planner.decisions
        looks += planner.looks
    return Plan(
        owed=tuple(owed),
        tasks=tuple(tasks),
        decisions=tuple(decisions),
        look_at=min((look for look in looks if look > now), default=None),
    )


class _ForPerson:
    """Plans for one person; collects what it finds."""

    def __init__(
        self, job: PlanInput, person: PersonView, rules: Sequence[Rule], now: datetime
    ) -> None:
        self.job, self.person, self.now = job, person, now
        self.rules = [rule for rule in rules if rule.jobs is job.state.kind]
        by_id = {rule.id: rule for rule in self.rules}
        silent, self.looks = out_of_reach(person, by_id, now)
        self.reference: Reference = reference_of(person, job.state.agreed, out_of_reach=silent)
        self.drift: Drift = drift_of(job.state, person, self.reference, zone=job.zone, now=now)
        self.moments = Moments(
            job=job, person=person, reference=self.reference, drift=self.drift, now=now
        )
        self.enabled = frozenset(rule.id for rule in self.rules if rule.enabled)
        self.bad_rules = frozenset(rule.id for rule in self.rules if rule.bad_news)
        self.owed: list[Owed] = []
        self.tasks: list[TaskOwed] = []
        self.decisions: list[Decision] = []
        told = self.reference.asserts
        if isinstance(told, Window):
            self.looks.append(told.end)
        if self.reference.update_by is not None:
            self.looks.append(self.reference.update_by - BEFORE_UPDATE)
        if isinstance(job.state.expected, Window):
            self.looks.append(job.state.expected.end)

    def run(self) -> None:
        self._promised_update()
        self._declined()
        slip_spoken = False
        for rule in self.rules:
            reason, values = self._consider(rule, slip_spoken=slip_spoken)
            slip_spoken = slip_spoken or (rule.family is Family.SLIP and reason == "owed")
            self.decisions.append(
                Decision(
                    rule=rule.id,
                    job_person=self.person.job_person,
                    role=self.person.role,
                    owed=reason == "owed",
                    reason=reason,
                    values=values,
                )
            )

    def _promised_update(self) -> None:
        """Somebody must have news for them before the moment that they were promised."""
        due = self.person.update_due
        if due is None or self.job.state.finished:
            return
        self.tasks.append(
            TaskOwed(
                key=f"update:{self.job.job}:{self.person.job_person}:{due:%Y%m%dT%H%M}",
                kind="update",
                why="update_promised",
                due_at=due - BEFORE_UPDATE,
                job_person=self.person.job_person,
            )
        )

    def _declined(self) -> None:
        """What was asked does not suit them: a person must find a time that does."""
        mine = [fact for fact in self.job.state.answers if fact.person == self.person.job_person]
        last = mine[-1] if mine else None
        asked = is_asked(self.drift.kind) and last is not None
        if not asked or last is None or last.type is not FactType.DECLINED:
            return
        if last.window != self.job.state.expected:
            return
        self.tasks.append(
            TaskOwed(
                key=f"call:{self.job.job}:{self.person.job_person}:declined:{last.id}",
                kind="call",
                why="offer_declined",
                due_at=last.received_at + _ANSWER_WITHIN,
                job_person=self.person.job_person,
            )
        )

    def _consider(self, rule: Rule, *, slip_spoken: bool) -> tuple[str, dict[str, object]]:
        """Return the reason (`owed` if it is) and the values that it was decided on."""
        episode = self._episode(rule)
        situation = situation_of(
            self.job.state,
            self.person,
            self.drift,
            self.reference,
            bad_rules=self.bad_rules,
            before_episode=episode.number,
            now=self.now,
            zone=self.job.zone,
        )
        values = situation.values()
        reason = self._reason(rule, episode, situation, values, slip_spoken=slip_spoken)
        return reason, values

    def _reason(
        self,
        rule: Rule,
        episode: Episode,
        situation: Situation,
        values: dict[str, object],
        *,
        slip_spoken: bool,
    ) -> str:
        if not rule.enabled:
            return WhyNot.RULE_OFF
        if self.person.role not in rule.to:
            return "role_not_addressed"
        if rule.family is Family.SLIP and self.drift.kind is DriftKind.NONE:
            return self.drift.note or "no_drift"
        # The rule that spoke in an episode carries it on to the next channel, whatever changed
        # around it meanwhile; no other says the same again.
        spoken_by = episode.spoken_by if episode.spoken_by in self.enabled else None
        carries_on = spoken_by == rule.id
        if not carries_on and not rule.condition(values):
            return "condition_false"
        if slip_spoken and rule.family is Family.SLIP:
            return "another_rule_speaks"
        if spoken_by not in (None, rule.id):
            return "episode_already_spoken"
        if rule.family is Family.SLIP and self.drift.waits_for is not None:
            return "waits_for_settlement"
        owed_at = self.moments.owed_at(rule)
        if owed_at is None:
            return "no_moment"
        live_at = self.job.manners.live_at
        if live_at is not None and owed_at < live_at:
            return WhyNot.BEFORE_LIVE
        return self._owe(rule, episode, owed_at, values)

    def _episode(self, rule: Rule) -> Episode:
        return episode_of(
            rule,
            self.job.state,
            self.person,
            told=self.reference.asserts,
            drift=self.drift,
            zone=self.job.zone,
        )

    def _owe(
        self, rule: Rule, episode: Episode, owed_at: datetime, values: dict[str, object]
    ) -> str:
        asserts, moves_told = self._asserts(rule)
        expires_at = self.moments.expires_at(rule, asserts, owed_at)
        heard_by = self.moments.tell_by(rule)
        send_at = send_moment(
            owed_at,
            now=self.now,
            quiet=self.job.manners.quiet,
            zones=self.person.zones,
            tell_by=heard_by,
            starts=[
                window.start
                for window in (self.reference.asserts, self.job.state.expected)
                if isinstance(window, Window)
            ],
        )
        if send_at >= expires_at:
            return WhyNot.EXPIRED
        live = self.job.manners.live_at is not None
        step = next_step(rule, episode.text, self.person, live=live, now=self.now)
        if step.passed_over:
            values["passed_over"] = list(step.passed_over)
        if rule.call_task:
            self._task("call", rule.message, f"{rule.id}:{episode.text}", heard_by)
        if step.unreached is not None:
            self._task("call", step.unreached, f"unreached:{rule.id}:{episode.text}", heard_by)
        if not step.owed:
            return step.reason
        self.owed.append(
            Owed(
                job_person=self.person.job_person,
                rule=rule,
                episode=episode.text,
                episode_no=episode.number,
                channel=step.channel,
                step=step.index,
                contact=step.contact.id if step.contact else None,
                why_not=self._why_not(step),
                asserts=asserts,
                moves_told=moves_told,
                rests_on=self._rests_on(rule, asserts),
                told_before=self.reference.asserts,
                technician=self.job.state.technician if rule.names_technician else None,
                owed_at=owed_at,
                send_at=send_at,
                expires_at=expires_at,
                tell_by=heard_by,
                next_update_at=self.moments.next_update(rule, send_at),
            )
        )
        return "owed"

    def _why_not(self, step: Step) -> WhyNot | None:
        contact: Contact | None = step.contact
        if contact is None:
            return WhyNot.NO_CONTACT
        return contact.why_not

    def _asserts(self, rule: Rule) -> tuple[Expectation | None, bool]:
        """Return what the message says about the time, and whether `told` moves by it."""
        if rule.asserts is Asserts.DRIFT:
            return self.drift.asserts, self.drift.moves_told
        if rule.asserts is Asserts.UNKNOWN:
            return UNKNOWN, True
        if rule.asserts is Asserts.OFF:
            return OFF, True
        if rule.asserts is Asserts.NOTHING:
            return None, False
        told = self.reference.asserts
        if told is None or (self.drift.kind is DriftKind.NONE and self._may_say_expected()):
            return self.job.state.expected, True
        return told, True

    def _may_say_expected(self) -> bool:
        """Whether what is expected needs no news of its own: it is what they hold, or, of an
        order, sooner."""
        state = self.job.state
        sooner_is_fine = state.kind is JobKind.ORDER and isinstance(state.expected, Window)
        return sooner_is_fine or self.drift.note == WITHIN_TOLERANCE

    def _rests_on(self, rule: Rule, asserts: Expectation | None) -> UUID | None:
        state = self.job.state
        if rule.family is Family.STATUS and state.status_fact is not None:
            return state.status_fact.id
        if asserts == state.expected and state.expected_fact is not None:
            return state.expected_fact.id
        if rule.family is Family.SLIP and state.expected_fact is not None:
            return state.expected_fact.id
        message = self.reference.message
        return message.rests_on if message is not None else None

    def _task(self, kind: str, why: str, key: str, heard_by: datetime | None) -> None:
        soon = self.now + timedelta(minutes=15)
        due = max(self.now, heard_by) if heard_by is not None else soon
        self.tasks.append(
            TaskOwed(
                key=f"{kind}:{self.job.job}:{self.person.job_person}:{key}",
                kind=kind,
                why=why,
                due_at=min(due, soon) if due <= self.now else due,
                job_person=self.person.job_person,
            )
        )
