"""What one person is owed by the rules that speak to them: messages, and calls by a person."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from notifier.domain import duties
from notifier.domain.caps import cap_reached
from notifier.domain.decisions import Reason
from notifier.domain.drift import Drift
from notifier.domain.ledger.views import PersonView, Reference
from notifier.domain.messages import WhyNot
from notifier.domain.moments import Moments
from notifier.domain.owed import Owed, TaskOwed
from notifier.domain.plan_input import PlanInput
from notifier.domain.rules.asserting import asserts_of, rests_on
from notifier.domain.rules.episodes import Episode
from notifier.domain.rules.rule import Asserts, Rule, RuleSet
from notifier.domain.steps import Step, first_step, next_step
from notifier.domain.windows import Expectation


class Owing:
    """Collects what one person is owed, rule by rule."""

    def __init__(
        self,
        job: PlanInput,
        person: PersonView,
        rules: RuleSet,
        now: datetime,
        *,
        reference: Reference,
        drift: Drift,
        untold: Collection[str],
    ) -> None:
        """Begin with nothing.

        :param untold: rules of whose message nobody can say yet that it told them.
        """
        self.job, self.person, self.rules, self.now = job, person, rules, now
        self.reference, self.drift = reference, drift
        self.owed: list[Owed] = []
        self.calls: list[tuple[str, TaskOwed]] = []  # each with the rule that it is of
        self.looks: list[datetime] = []
        self.untold = set(untold)
        self.gave_up: set[UUID] = set()  # messages whose channel gave way to the next

    def take_back(self, rules: Collection[str]) -> frozenset[str]:
        """Owe nothing of these rules after all; return those of which a message was owed."""
        said = frozenset(owed.rule.id for owed in self.owed if owed.rule.id in rules)
        self.owed = [owed for owed in self.owed if owed.rule.id not in rules]
        self.calls = [pair for pair in self.calls if pair[0] not in rules]
        return said

    def owe(
        self,
        rule: Rule,
        moments: Moments,
        episode: Episode,
        owed_at: datetime,
        notes: dict[str, object],
    ) -> Reason:
        """Owe them what `rule` says, and return that it does or what stands against it.

        What stands in `notes` is for whoever asks why.
        """
        asserts, moves_told = asserts_of(rule, self.job.state, self.reference, self.drift)
        expires_at = moments.expires_at(rule, asserts, owed_at)
        heard_by = moments.tell_by(rule)
        send_at = moments.send_at(rule, owed_at, heard_by)
        promised = moments.left_to_say(rule)
        if promised is not None:
            self.looks.append(promised)
        if send_at is None or send_at >= expires_at:
            if promised is not None:
                self._have_it_said(rule, episode, asserts, duties.NOT_SAID)
            elif rule.asserts is Asserts.OFF and self.now < expires_at:
                self._have_it_said(rule, episode, asserts, WhyNot.QUIET_HOURS)
            if send_at is None:
                return Reason.QUIET_HOURS
            self.untold.add(rule.id)
            return Reason.EXPIRED
        goes_now = send_at <= self.now and not self.job.held
        step = self._step(rule, episode, goes_now=goes_now)
        step = self._not_stuck(rule, step, owed_at, heard_by, goes_now=goes_now)
        if step.gave_up is not None:
            self.gave_up.add(step.gave_up)
        if step.passed_over:
            notes["passed_over"] = list(step.passed_over)
        self._call(rule, episode, step, asserts, heard_by, goes_at=send_at)
        if not step.owed:
            return step.reason
        why_not = self._why_not(rule, step, send_at)
        self.owed.append(
            Owed(
                job_person=self.person.job_person,
                rule=rule,
                episode=episode.text,
                episode_no=episode.number,
                channel=step.channel,
                step=step.index,
                contact=step.contact.id if step.contact else None,
                why_not=why_not,
                asserts=asserts,
                moves_told=moves_told,
                rests_on=rests_on(
                    rule,
                    asserts,
                    self.job.state,
                    self.reference,
                    promised_in=moments.promised_in(rule),
                ),
                told_before=self.reference.asserts,
                technician=self.job.state.technician if rule.names_technician else None,
                owed_at=owed_at,
                send_at=send_at,
                expires_at=expires_at,
                tell_by=heard_by,
                next_update_at=moments.next_update(rule, send_at),
            )
        )
        if why_not is WhyNot.CAP_REACHED:
            return Reason.CAP_REACHED
        return Reason.NEEDS_CALL if rule.call_first else Reason.OWED

    def _have_it_said(
        self, rule: Rule, episode: Episode, asserts: Expectation | None, why: str
    ) -> None:
        """Call a person in where it can't be written to them in time, and they must know it."""
        step = self._step(rule, episode, goes_now=False)
        if step.owed or step.unreached is not None:
            unsaid = replace(step, unreached=step.unreached or why)
            self._call(rule, episode, unsaid, asserts, None, goes_at=self.now)

    def _call(
        self,
        rule: Rule,
        episode: Episode,
        step: Step,
        asserts: Expectation | None,
        heard_by: datetime | None,
        *,
        goes_at: datetime,
    ) -> None:
        if rule.trial:
            return
        calls = duties.calls(
            self.job,
            self.person,
            rule,
            episode,
            step,
            asserts=asserts,
            heard_by=heard_by,
            goes_at=goes_at,
            now=self.now,
        )
        self.calls += [(rule.id, task) for task in calls]

    def _not_stuck(
        self,
        rule: Rule,
        step: Step,
        owed_at: datetime,
        heard_by: datetime | None,
        *,
        goes_now: bool,
    ) -> Step:
        """Call a person in where no provider takes it, no channel is left, and there is time to
        ring."""
        if step.waits_until is None:
            return step
        patience = step.waits_until
        if not step.gives_way:
            tried_until = step.waits_until if goes_now else owed_at + rule.reach
            ring_from = heard_by - duties.TIME_TO_RING if heard_by is not None else owed_at
            patience = max(tried_until, ring_from)
            if self.now >= patience:
                return replace(step, unreached=step.not_taken)
        self.untold.add(rule.id)
        self.looks.append(patience)
        return step

    def _step(self, rule: Rule, episode: Episode, *, goes_now: bool) -> Step:
        if rule.call_first:
            return first_step(rule, self.person)
        return next_step(
            rule,
            episode.text,
            self.person,
            live=self.job.manners.live_at is not None,
            halted=self.job.manners.halted,
            absent=self.job.manners.absent,
            goes_now=goes_now,
            now=self.now,
        )

    def _why_not(self, rule: Rule, step: Step, send_at: datetime) -> WhyNot | None:
        if rule.call_first:
            return WhyNot.NEEDS_CALL
        return step.why_not or self._at_cap(rule, step, send_at)

    def _at_cap(self, rule: Rule, step: Step, send_at: datetime) -> WhyNot | None:
        """Give way where they will have had enough by then, and look again when there is room."""
        frees_at = cap_reached(
            self.rules.caps,
            self.person.heard,
            priority=rule.at_a_cap,
            kind=rule.kind,
            contact=step.contact.id if step.contact else None,
            now=max(self.now, send_at),
        )
        if frees_at is None:
            return None
        self.looks.append(frees_at)
        return WhyNot.CAP_REACHED
