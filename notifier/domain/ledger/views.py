"""What one person has been given so far about one job, and what is on its way to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from notifier.domain.caps import Heard
from notifier.domain.facts import PromiseKind
from notifier.domain.messages import (
    UNDER_WAY,
    Channel,
    MessageKind,
    MessageStatus,
    Role,
    Strength,
    WhyNot,
)
from notifier.domain.quiet.hours import QuietHours
from notifier.domain.windows import UNKNOWN, Expectation, Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A window that reached the person: the latest word of the ledger on one message or fact."""

    asserts: Expectation
    given_at: datetime  # the hand-over
    strength: Strength
    message: UUID | None = None
    fact: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenMoment:
    """An update or a call back that the person was promised and has not had yet."""

    what: PromiseKind
    due: datetime
    given_at: datetime
    fact: UUID | None = None  # in which it was promised; None: a message did so of its own
    put_off: int = 0  # how many texts put off what they wait for, and no person since

    @property
    def halfway(self) -> datetime:
        """Until when somebody may still be about to keep it, however soon it is due."""
        return self.given_at + (self.due - self.given_at) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class PastMessage:
    """A row of the outbox, as far as planning cares."""

    id: UUID
    rule: str
    family: str
    episode: str
    episode_no: int
    channel: Channel
    contact: UUID | None
    status: MessageStatus
    reason: str | None
    asserts: Expectation | None
    moves_told: bool
    rests_on: UUID | None
    told_before: Expectation | None
    technician: UUID | None
    next_update_at: datetime | None  # the update that it promises
    tell_by: datetime | None
    claimed_at: datetime | None
    handed_over_at: datetime | None
    accepted_at: datetime | None
    send_at: datetime  # since when it may go
    due_at: datetime
    turn_at: datetime | None = None  # when its turn first came
    gives_receipts: bool = True

    @property
    def under_way(self) -> bool:
        """Whether it reached the provider or may have, and has not ended."""
        held_in_doubt = self.status is MessageStatus.HELD and self.reason == WhyNot.OUTCOME_UNKNOWN
        return self.status in UNDER_WAY or held_in_doubt

    @property
    def may_have_reached(self) -> bool:
        """Whether the person may have read it."""
        return self.under_way or self.status is MessageStatus.DELIVERED

    @property
    def unsettled(self) -> bool:
        """Whether nobody knows yet if the provider has it."""
        return self.under_way and self.accepted_at is None

    @property
    def handed_over(self) -> datetime | None:
        """When it was handed over: the provider's time, else the claim's."""
        return self.handed_over_at or self.claimed_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A way to reach the person, or why it is none."""

    id: UUID
    channel: Channel
    why_not: WhyNot | None = None
    closed_to: frozenset[MessageKind] = frozenset()  # kinds without the consent that they need

    def why_not_for(self, kind: MessageKind) -> WhyNot | None:
        """Return why no message of `kind` goes this way; None: it does."""
        return self.why_not or (WhyNot.NO_CONSENT if kind in self.closed_to else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonView:
    """One person of one job: their role, ways, zones, and what they have been given."""

    job_person: UUID
    role: Role
    zones: tuple[ZoneInfo, ...]  # where it may be night for them; one if they stated it
    contacts: tuple[Contact, ...]
    quiet: Mapping[MessageKind, QuietHours] = field(default_factory=dict)  # stricter by region
    given: tuple[Given, ...] = ()
    past: tuple[PastMessage, ...] = ()
    has_other_jobs: bool = False  # open ones, that could be told of in the same message
    heard: tuple[Heard, ...] = ()  # lately, in all their jobs; only read where something is capped
    moments: tuple[OpenMoment, ...] = ()  # promised and not settled, the one due first first

    @property
    def told(self) -> Given | None:
        """The reached assertion with the latest hand-over."""
        return told_of(self.given)

    def moment_ahead(self, now: datetime) -> OpenMoment | None:
        """Return the moment that they wait for first, of those that have not passed."""
        return next((moment for moment in self.moments if moment.due > now), None)

    @property
    def update_due(self) -> datetime | None:
        """By when they were promised news ("we will text by"), if none has come since."""
        updates = (one.due for one in self.moments if one.what is PromiseKind.UPDATE)
        return next(updates, None)

    def spoken_to_since(self, moment: datetime) -> bool:
        """Return whether they were given a window after `moment` by phone or their own answer."""
        return any(
            given.message is None
            and given.strength is not Strength.NONE
            and given.given_at > moment
            for given in self.given
        )

    def awaited(self, at: datetime) -> Window | None:
        """Return the window in which they expect somebody, as they knew it at `at`.

        That is the last that had reached them, before any had the first; None if none ever did.
        """
        windows = [
            (given.given_at, given.asserts)
            for given in sorted(self.given, key=_hand_over)
            if given.strength is not Strength.NONE and isinstance(given.asserts, Window)
        ]
        known = [window for given_at, window in windows if given_at <= at]
        known = known or [window for _, window in windows[:1]]
        return known[-1] if known else None

    def quiet_for(self, kind: MessageKind, usual: QuietHours) -> QuietHours:
        """Return when no message of `kind` goes to them; `usual` are the brand's own hours."""
        return self.quiet.get(kind, usual)

    def contact(self, channel: Channel, kind: MessageKind | None = None) -> Contact | None:
        """Return the way to reach them over `channel`: a usable one before one that is not.

        :param kind: of the message that is to go; without one, consent is not looked at.
        """

        def is_closed(contact: Contact) -> bool:
            why_not = contact.why_not if kind is None else contact.why_not_for(kind)
            return why_not is not None

        ways = [contact for contact in self.contacts if contact.channel is channel]
        return min(ways, key=is_closed, default=None)


def told_of(given: Iterable[Given]) -> Given | None:
    """Return the reached assertion with the latest hand-over; ties go to the later attempt."""
    reached = [entry for entry in given if entry.strength is not Strength.NONE]
    return max(reached, key=_hand_over, default=None)


def _hand_over(given: Given) -> tuple[datetime, int]:
    """Ids are in the order of their making, so of two hand-overs at once the later one's wins."""
    return given.given_at, _place(given.message or given.fact)


def _place(origin: UUID | None) -> int:
    return origin.int if origin is not None else 0


@dataclass(frozen=True, slots=True)
class Reference:
    """What drift is measured from: the window told or under way with the latest hand-over."""

    asserts: Expectation | None
    at: datetime | None
    message: PastMessage | None
    last_window: Window | None  # the last window, where `asserts` is unknown or off

    @property
    def update_by(self) -> datetime | None:
        """By when they were promised news; None once they were told anything else."""
        waiting = self.message is not None and self.asserts is UNKNOWN
        return self.message.next_update_at if self.message is not None and waiting else None


def reference_of(
    person: PersonView, agreed: Window | None, *, out_of_reach: frozenset[UUID] = frozenset()
) -> Reference:
    """Return what `person` was told or is being told.

    :param out_of_reach: messages whose `reach` ran out: the next channel carries on, so
        they no longer count as being told.
    """
    entries: list[tuple[datetime, int, Expectation, PastMessage | None]] = []
    by_id = {message.id: message for message in person.past}
    for given in person.given:
        if given.strength is not Strength.NONE:
            message = by_id.get(given.message) if given.message else None
            entries.append((*_hand_over(given), given.asserts, message))
    for message in person.past:
        counts = message.under_way and message.moves_told and message.id not in out_of_reach
        if counts and message.asserts is not None and message.handed_over is not None:
            entries.append((message.handed_over, message.id.int, message.asserts, message))
    if not entries:
        return Reference(agreed, None, None, agreed)
    entries.sort(key=lambda entry: (entry[0], entry[1]))
    windows = [asserts for _, _, asserts, _ in entries if isinstance(asserts, Window)]
    at, _, asserts, message = entries[-1]
    return Reference(asserts, at, message, windows[-1] if windows else agreed)


def first_window(views: Iterable[PersonView]) -> tuple[Window, Given] | None:
    """Return the first window that anyone was told, by hand-over."""
    given = [entry for view in views for entry in view.given if isinstance(entry.asserts, Window)]
    reached = [entry for entry in given if entry.strength is not Strength.NONE]
    first = min(reached, key=lambda entry: entry.given_at, default=None)
    if first is None or not isinstance(first.asserts, Window):
        return None
    return first.asserts, first
