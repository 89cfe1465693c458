"""Episodes: what a rule speaks about once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from notifier.domain.drift import Drift, DriftKind
from notifier.domain.folding import JobState
from notifier.domain.ledger.promises import drifted, promise_key
from notifier.domain.ledger.views import PastMessage, PersonView
from notifier.domain.messages import MessageStatus
from notifier.domain.rules.rule import EpisodeBy, Family, Rule
from notifier.domain.windows import Expectation, Window, local_date

_TAKEN_BACK = frozenset({MessageStatus.SUPERSEDED})


@dataclass(frozen=True, slots=True)
class Episode:
    """What is spoken about: mostly the agreed promise, and its number for the person."""

    text: str
    number: int
    spoken_by: str | None = None  # the rule that has spoken in it
    promised_in: UUID | None = None  # the fact in which staff promised what is said


def slip_episode(state: JobState, person: PersonView, drift: Drift, zone: ZoneInfo) -> Episode:
    """Return the episode in which rules about the time speak to `person` now."""
    return _slip(state, person, promise_key(state), drift, zone)


def episode_of(
    rule: Rule,
    state: JobState,
    *,
    told: Expectation | None,
    moment: datetime | None,
    says: UUID | None,
    unsaid: Collection[str] = (),
    zone: ZoneInfo,
) -> Episode:
    """Return the episode that `rule`, which is not about the time, would speak in now.

    :param told: what they hold: a moment of a promise comes once for each of its days.
    :param moment: what a rule about a moment counts from.
    :param says: the fact in which staff promised what the rule is to say: each is told by itself.
    :param unsaid: episodes in which it spoke by mistake, as they know: then it speaks anew.
    """
    episode = _first_episode(rule, state, told=told, moment=moment, says=says, zone=zone)
    text, number = episode.text, 1
    while text in unsaid:
        number += 1
        text = f"{episode.text}/again{number}"
    return replace(episode, text=text)


def _first_episode(
    rule: Rule,
    state: JobState,
    *,
    told: Expectation | None,
    moment: datetime | None,
    says: UUID | None,
    zone: ZoneInfo,
) -> Episode:
    if says is not None:
        return Episode(f"promised/{says.hex}", 1, promised_in=says)
    promise = promise_key(state)
    if rule.episode is EpisodeBy.ONCE:
        return Episode("once", 1)
    if rule.episode is EpisodeBy.MOMENT and moment is not None:
        return Episode(f"{promise}/at/{moment:%Y%m%dT%H%M}", 1)
    if rule.episode is EpisodeBy.DAY:
        since = moment or (state.status_fact.effective_at if state.status_fact else None)
        if since is not None:
            return Episode(f"day/{local_date(since, zone).isoformat()}", 1)
    if rule.family is Family.MOMENT and isinstance(told, Window):
        return Episode(f"{promise}/{local_date(told.end, zone).isoformat()}", 1)
    if rule.names_technician and state.technician is not None:
        return Episode(f"{promise}/{state.technician.hex}", 1)
    return Episode(f"{promise}/1", 1)


def _slip(
    state: JobState, person: PersonView, promise: str, drift: Drift, zone: ZoneInfo
) -> Episode:
    """The number grows only when `expected` leaves what the last episode asserted.

    What was said last goes on speaking where an agreement that was a mistake is taken back.
    """
    spoken = [
        message
        for message in person.past
        if message.family == Family.SLIP and message.claimed_at is not None
    ]
    if not spoken:
        return Episode(f"{promise}/1", 1)
    newest = max(spoken, key=_claim)
    last = [message for message in spoken if message.episode == newest.episode]
    if _still_speaks(last, newest, state, person, drift, zone):
        # What was only asked is not yet told: another rule may tell it.
        spoken_by = newest.rule if newest.moves_told == drift.moves_told else None
        return Episode(newest.episode, newest.episode_no, spoken_by)
    numbers = [one.episode_no for one in spoken if one.episode.startswith(f"{promise}/")]
    number = max(numbers, default=0) + 1
    return Episode(f"{promise}/{number}", number)


def _still_speaks(
    last: list[PastMessage],
    newest: PastMessage,
    state: JobState,
    person: PersonView,
    drift: Drift,
    zone: ZoneInfo,
) -> bool:
    if all(message.status in _TAKEN_BACK for message in last):
        return False  # it was no longer true for a while, and is true again
    if newest.handed_over is not None and person.spoken_to_since(newest.handed_over):
        return False
    if drift.kind is DriftKind.MISTAKE and any(
        message.may_have_reached
        and message.rests_on in state.withdrawn
        and _claim(message) > _claim(newest)
        for message in person.past
    ):
        return False  # they heard a mistake since, and not that it is one
    return not drifted(state.kind, drift.asserts, newest.asserts, zone)


def _claim(message: PastMessage) -> tuple[float, int]:
    return (message.claimed_at.timestamp() if message.claimed_at else 0.0, message.id.int)
