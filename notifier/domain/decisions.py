"""Why a rule owes a person a message, or does not: every answer that planning can give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from notifier.domain.messages import Role
from notifier.domain.rules.situation import Situation


class Reason(StrEnum):
    """The answers. Those that a message's row can show too have the same value there."""

    OWED = "owed"
    # the rule does not speak to them
    RULE_OFF = "rule_off"
    OTHER_BRAND = "other_brand"
    NOT_ADDRESSED = "role_not_addressed"
    CONDITION_FALSE = "condition_false"
    # the time did not move
    FINISHED = "finished"
    THERE_ALREADY = "there_already"
    NOTHING_TOLD_YET = "nothing_told_yet"
    WITHIN_TOLERANCE = "within_tolerance"
    EXPECTED_HAS_PASSED = "expected_has_passed"
    EARLIER_OWES_NOTHING = "earlier_owes_nothing"
    WAITS_FOR_THE_CUSTOMER = "waits_for_the_customer"
    NO_DRIFT = "no_drift"
    # others speak, or have spoken
    ANOTHER_RULE_SPEAKS = "another_rule_speaks"
    EPISODE_ALREADY_SPOKEN = "episode_already_spoken"
    WAITS_FOR_SETTLEMENT = "waits_for_settlement"
    SUPERSEDED_BY_RULE = "superseded_by_rule"
    ALREADY_TOLD = "already_told"
    ALREADY_SPOKEN = "already_spoken"
    UNDER_WAY = "under_way"
    ON_TRIAL = "trial"
    # the moment
    NO_MOMENT = "no_moment"
    MOMENT_PASSED = "moment_passed"
    BEFORE_LIVE = "before_live"
    EXPIRED = "expired"
    QUIET_HOURS = "quiet_hours"
    # what stands in the way
    UNREACHED = "unreached"
    NO_CONSENT = "no_consent"
    CAP_REACHED = "cap_reached"
    NEEDS_CALL = "needs_call"
    A_TASK = "a_task"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was decided about one rule and one person, and on what."""

    rule: str
    job_person: UUID
    role: Role
    reason: Reason
    situation: Situation
    notes: Mapping[str, object] = field(default_factory=dict)

    @property
    def owed(self) -> bool:
        """Whether a message is owed."""
        return self.reason is Reason.OWED

    @property
    def values(self) -> dict[str, object]:
        """The values that the condition could read, and what else was found."""
        return self.situation.values() | dict(self.notes)
