"""One person's side of a job: which rules speak to them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from functools import cached_property

from notifier.domain import duties
from notifier.domain.decisions import Decision, Reason
from notifier.domain.drift import Drift, DriftKind, drift_of
from notifier.domain.ledger.views import PersonView, Reference, reference_of
from notifier.domain.messages import MessageStatus, Role
from notifier.domain.mistakes import mistaken_in, unsaid_episodes
from notifier.domain.moments import Moments
from notifier.domain.owed import TaskOwed
from notifier.domain.owing import Owing
from notifier.domain.plan_input import PlanInput
from notifier.domain.rules.conditions import Part
from notifier.domain.rules.episodes import Episode, episode_of, slip_episode
from notifier.domain.rules.rule import Asserts, Audience, Family, Rule, RuleSet
from notifier.domain.rules.situation import Situation
from notifier.domain.steps import out_of_reach
from notifier.domain.windows import OFF, Window

#: A rule about the time that has spoken in this episode, or is about to, speaks alone.
_SPEAKS = frozenset(
    {Reason.OWED, Reason.UNDER_WAY, Reason.ALREADY_TOLD, Reason.ALREADY_SPOKEN, Reason.NEEDS_CALL}
)

#: Being about to speak, a rule silences those that it supersedes.
_ABOUT_TO_SPEAK = frozenset({Reason.OWED, Reason.UNDER_WAY})


class Side:
    """One person's side of a job: plans for them and collects what it finds."""

    def __init__(
        self,
        job: PlanInput,
        person: PersonView,
        rules: RuleSet,
        now: datetime,
        lead: Side | None,
    ) -> None:
        self.job, self.person, self.now = job, person, now
        self.rules = rules
        self.is_lead = lead is None  # the first customer: dispatch acts for them
        silent, self.looks = out_of_reach(person, rules.by_id, now)
        self.reference: Reference
        self.drift: Drift
        if person.role is Role.TECHNICIAN and lead is not None:  # asked about what they promised
            self.reference, self.drift = lead.reference, lead.drift
        else:
            self.reference = reference_of(person, job.state.agreed, out_of_reach=silent)
            self.drift = drift_of(job.state, person, self.reference, zone=job.zone, now=now)
        self.moments = Moments(job, person, self.reference, self.drift, now)
        self.slip = slip_episode(job.state, person, self.drift, job.zone)
        self.situation = Situation(
            job,
            person,
            self.drift,
            self.reference,
            bad_rules=rules.bad_news,
            before_episode=self.slip.number,
            now=now,
        )
        self.tasks: list[TaskOwed] = []
        self.decisions: list[Decision] = []
        self.owing = Owing(
            job,
            person,
            rules,
            now,
            reference=self.reference,
            drift=self.drift,
            untold={
                past.rule
                for past in person.past
                if past.unsettled
                and past.status is not MessageStatus.HELD
                and past.id not in silent
            },
        )
        self.mistaken = mistaken_in(person, job.state.withdrawn)
        self.looks += [moment.due for moment in person.moments]
        for window in (self.reference.asserts, job.state.expected):
            if isinstance(window, Window):
                self.looks.append(window.end)

    def run(self) -> None:
        """Consider every rule, in order."""
        if self.person.role is not Role.TECHNICIAN:
            self.tasks += duties.promised_moments(self.job, self.person)
            self.tasks += duties.declined(self.job, self.person, self.drift)
        audience = Audience(self.person.role.value)
        slip_spoken = False
        silenced: set[str] = set()
        rules = self.rules.of(self.job.state.kind)
        if self.person.role is Role.TECHNICIAN:  # nothing else concerns them
            rules = self.rules.asking(self.job.state.kind)
        for rule in rules:
            notes: dict[str, object] = {}
            reason = self._consider(rule, audience, notes, slip_spoken=slip_spoken)
            speaks = reason in _SPEAKS and not rule.trial
            slip_spoken = slip_spoken or (rule.family is Family.SLIP and speaks)
            if rule.supersedes and reason in _ABOUT_TO_SPEAK and not rule.trial:
                silenced.update(rule.supersedes)
            self.decisions.append(
                Decision(
                    rule=rule.id,
                    job_person=self.person.job_person,
                    role=self.person.role,
                    reason=reason,
                    situation=self.situation,
                    notes=notes,
                )
            )
        self._silence(silenced)
        self.tasks += [task for _, task in self.owing.calls]
        self.looks += self.owing.looks

    def _silence(self, silenced: set[str]) -> None:
        """Take back what another rule's message makes needless, in whatever order they stand."""
        if not silenced:
            return
        said = self.owing.take_back(silenced)
        self.decisions = [
            replace(decision, reason=Reason.SUPERSEDED_BY_RULE)
            if decision.rule in said
            else decision
            for decision in self.decisions
        ]

    def _consider(
        self, rule: Rule, audience: Audience, notes: dict[str, object], *, slip_spoken: bool
    ) -> Reason:
        """Return why the rule owes them something, or why not."""
        if not rule.enabled:
            return Reason.RULE_OFF
        if rule.brands and self.job.manners.brand not in rule.brands:
            return Reason.OTHER_BRAND
        for_dispatch = self.is_lead and Audience.DISPATCH in rule.to
        if audience not in rule.to and not for_dispatch:
            return Reason.NOT_ADDRESSED
        if self.job.state.finished and not rule.tells_of_end:
            return Reason.FINISHED
        is_slip = rule.family is Family.SLIP
        if is_slip and self.drift.kind is DriftKind.NONE:
            return Reason(self.drift.note or Reason.NO_DRIFT)
        # The rule that spoke in an episode carries it on to the next channel, whatever changed
        # around it meanwhile; no other says the same again.
        spoken_by = self.slip.spoken_by if is_slip else None
        spoken_by = spoken_by if spoken_by in self.rules.enabled else None
        if spoken_by != rule.id:
            situation = self._as_dispatch_sees_it if for_dispatch else self.situation
            failed = rule.condition.fails_by(situation)
            if failed is not None:
                notes["failed"] = failed.text
                self._look_for_silence(rule, failed)
                return Reason.CONDITION_FALSE
        if is_slip and slip_spoken:
            return Reason.ANOTHER_RULE_SPEAKS
        if spoken_by not in (None, rule.id):
            return Reason.EPISODE_ALREADY_SPOKEN
        if is_slip and self.drift.waits_for is not None:
            return Reason.WAITS_FOR_SETTLEMENT
        reasons = [
            self._speak(rule, moments, notes, for_dispatch=for_dispatch)
            for moments in self.moments.each(rule)
        ]
        return Reason.OWED if Reason.OWED in reasons else reasons[-1]

    def _speak(
        self, rule: Rule, moments: Moments, notes: dict[str, object], *, for_dispatch: bool
    ) -> Reason:
        """Owe them what the rule says at its moment, or return why not."""
        owed_at = moments.owed_at(rule, self.situation)
        if isinstance(owed_at, Reason):
            return owed_at
        owes_from = self.job.owes_from
        if owes_from is not None and owed_at < owes_from:
            return Reason.BEFORE_LIVE
        if self._is_silenced(rule, owed_at):
            return Reason.SUPERSEDED_BY_RULE
        episode = self._episode(rule, moments)
        if rule.asserts is Asserts.OFF and self._knows_that_nobody_comes(rule, episode):
            return Reason.ALREADY_TOLD
        if for_dispatch:
            return self._task_for_dispatch(rule, episode, owed_at)
        return self.owing.owe(rule, moments, episode, owed_at, notes)

    @cached_property
    def _as_dispatch_sees_it(self) -> Situation:
        """Lateness counts from what was agreed, whatever the customer has heard meanwhile."""
        agreed = self.job.state.agreed
        from_agreed = drift_of(
            self.job.state,
            self.person,
            Reference(agreed, None, None, agreed),
            zone=self.job.zone,
            now=self.now,
        )
        return Situation(
            self.job,
            self.person,
            from_agreed,
            self.reference,
            bad_rules=self.rules.bad_news,
            before_episode=self.slip.number,
            now=self.now,
        )

    def _knows_that_nobody_comes(self, rule: Rule, episode: Episode) -> bool:
        """Whether they were rung, or read it of another window, which news that came late then
        changed: what is off is off once. What they read by mistake does not count."""
        held = self.reference
        if held.asserts is not OFF or held.at is None:
            return False
        message = held.message
        return message is None or (
            message.rule == rule.id
            and message.episode != episode.text
            and message.rests_on not in self.job.state.withdrawn
        )

    def _is_silenced(self, rule: Rule, owed_at: datetime) -> bool:
        """Whether they heard something since that makes it needless."""
        silencers = self.rules.silencers.get(rule.id)
        return silencers is not None and any(
            message.rule in silencers
            and message.may_have_reached
            and message.claimed_at is not None
            and message.claimed_at >= owed_at
            for message in self.person.past
        )

    def _look_for_silence(self, rule: Rule, failed: Part) -> None:
        """Where only time is missing, look again when it will have passed."""
        if rule.condition.silent_for is None or failed is not rule.condition.parts[-1]:
            return
        owed_at = self.moments.owed_at(rule, self.situation)
        if isinstance(owed_at, datetime):
            self.looks.append(owed_at)

    def _episode(self, rule: Rule, moments: Moments) -> Episode:
        if rule.family is Family.SLIP:
            return self.slip
        return episode_of(
            rule,
            self.job.state,
            told=self.reference.asserts,
            moment=moments.anchor(rule, self.situation),
            says=moments.to_say.id if moments.to_say is not None else None,
            unsaid=self._unsaid(rule),
            zone=self.job.zone,
        )

    def _unsaid(self, rule: Rule) -> Collection[str]:
        """Return in which episodes a rule about what happened spoke by mistake, as they know."""
        withdrawn = self.job.state.withdrawn
        if rule.family is not Family.STATUS or not withdrawn:
            return ()
        return unsaid_episodes(self.person, rule.id, withdrawn)

    def _task_for_dispatch(self, rule: Rule, episode: Episode, owed_at: datetime) -> Reason:
        if owed_at > self.now:
            self.looks.append(owed_at)
            return Reason.NO_MOMENT
        if not rule.trial:
            expires_at = self.moments.expires_at(rule, None, owed_at)
            self.tasks.append(duties.for_dispatch(self.job, rule, episode.text, expires_at))
        return Reason.ON_TRIAL if rule.trial else Reason.A_TASK
