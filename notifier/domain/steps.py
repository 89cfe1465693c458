"""Which channel carries a message next, and when there is none left."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from notifier.domain.decisions import Reason
from notifier.domain.ledger.views import Contact, PastMessage, PersonView
from notifier.domain.messages import FAILED, WAITING, Channel, MessageStatus, WhyNot
from notifier.domain.rules.rule import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The next channel of one episode, or why there is none."""

    owed: bool
    channel: Channel
    index: int = 0
    contact: Contact | None = None
    reason: Reason = Reason.OWED
    why_not: WhyNot | None = None  # why nothing goes by this channel; None: it does
    unreached: str | None = None  # a person must ring: why nothing reaches them
    row: UUID | None = None  # the message that waits to go this way, if there is one
    not_taken: str | None = None  # it was tried, or its sender rests, and it waits: why
    waits_until: datetime | None = None  # for so long; then the next channel, or a person
    gives_way: bool = False  # the next channel is there
    gave_up: UUID | None = None  # the message of the channel before, which no provider took
    passed_over: tuple[str, ...] = ()  # channels that can't carry it, and why

    @property
    def carries(self) -> bool:
        """Whether the message can go this way."""
        return self.owed and self.why_not is None and self.unreached is None


#: Verdicts after which no channel need carry it.
_SAID = frozenset({Reason.UNDER_WAY, Reason.ALREADY_TOLD})


#: How long to wait for a receipt where the rule that spoke is gone.
_REACH = timedelta(minutes=10)

#: Receipts come within seconds, mostly: before that, silence means nothing.
_REACH_AT_LEAST = timedelta(minutes=2)


def first_step(rule: Rule, person: PersonView) -> Step:
    """Return the channel under which a message that a person says instead is kept."""
    for index, channel in enumerate(rule.channels):
        contact = person.contact(channel, rule.kind)
        if contact is not None:
            return Step(owed=True, channel=channel, index=index, contact=contact)
    return Step(owed=True, channel=rule.channels[0], why_not=WhyNot.NO_CONTACT)


def next_step(
    rule: Rule,
    episode: str,
    person: PersonView,
    *,
    live: bool,
    halted: Collection[Channel],
    absent: Collection[Channel],
    goes_now: bool,
    now: datetime,
) -> Step:
    """Return what carries `rule`'s message in `episode` to `person` next.

    What no provider takes gives way to the next channel once its `reach` ran out, and at once
    where the channel is halted. That is final: what was certainly not taken goes no other way
    beside the one that carries it now.

    :param live: whether the brand has left shadow: what was skipped in it is open again.
    :param halted: channels of which the providers refuse every sender.
    :param absent: channels that no provider carries: nothing is given up for those.
    :param goes_now: whether it may go now: what waits for the morning, or for staff, is no
        failure of its channel.
    """
    rows = [row for row in person.past if row.rule == rule.id and row.episode == episode]
    if any(row.status is MessageStatus.DELIVERED for row in rows):
        return Step(owed=False, channel=rule.channels[0], reason=Reason.ALREADY_TOLD)
    in_use = {contact.id for contact in person.contacts}
    for before in rows:  # a channel opened meanwhile does not say it beside one that does
        verdict = _verdict(before, rule, person, live=live, now=now)
        if before.contact in in_use and verdict in _SAID:
            return Step(owed=False, channel=before.channel, reason=Reason(verdict))
    ways = _ways(rule, rows, person, live=live, now=now)
    step = next(ways)
    if step.waits_until is None or not step.carries:
        return step
    other = next((way for way in ways if way.carries and way.channel not in absent), None)
    if other is None or not goes_now:
        return step
    if step.channel in halted or step.waits_until <= now:
        return replace(other, gave_up=step.row)
    return replace(step, gives_way=True)


def _ways(
    rule: Rule, rows: Sequence[PastMessage], person: PersonView, *, live: bool, now: datetime
) -> Iterator[Step]:
    """Yield the channels that may carry it, in their order; at last why none does."""
    nothing: WhyNot | str = WhyNot.NO_CONTACT
    first_way: Step | None = None
    tried = False
    passed: list[str] = []
    for index, channel in enumerate(rule.channels):
        contact = person.contact(channel, rule.kind)
        if contact is None:
            passed.append(f"{channel}: {WhyNot.NO_CONTACT}")
            continue
        why_not = contact.why_not_for(rule.kind)
        row = _row(rows, channel, contact.id)
        way = Step(
            owed=True,
            channel=channel,
            index=index,
            contact=contact,
            why_not=why_not,
            passed_over=tuple(passed),
        )
        if row is None and why_not is None:
            yield way
            return
        if row is None:
            first_way = first_way or way
            nothing = why_not or nothing
            passed.append(f"{channel}: {nothing}")
            continue
        verdict = _verdict(row, rule, person, live=live, now=now)
        if verdict == "open":
            yield _still_to_go(way, row, rule, person)
        elif verdict != "next":
            yield Step(owed=False, channel=channel, reason=Reason(verdict))
            return
        tried = True
        nothing = row.reason or (WhyNot.NO_RECEIPT if row.under_way else row.status)
        passed.append(f"{channel}: {nothing}")
    way = first_way or Step(owed=True, channel=rule.channels[0], why_not=WhyNot.NO_CONTACT)
    yield Step(
        owed=not tried,  # a way that was tried has its row; of one that is none a row says why
        channel=way.channel,
        index=way.index,
        contact=way.contact,
        reason=Reason.UNREACHED,
        why_not=way.why_not,
        unreached=str(nothing),
        passed_over=tuple(passed),
    )


def _still_to_go(way: Step, row: PastMessage, rule: Rule, person: PersonView) -> Step:
    """Return `way` with what became of its message so far, and how long to be patient."""
    not_taken = _not_taken(row)
    if not_taken is None:
        return way
    since = max(row.send_at, row.turn_at or row.send_at)  # what waited for us has tried nothing
    waits_until = _patience_ends(rule, row, person, since=since)
    return replace(way, row=row.id, not_taken=not_taken, waits_until=waits_until)


def out_of_reach(
    person: PersonView, rules: Mapping[str, Rule], now: datetime
) -> tuple[frozenset[UUID], list[datetime]]:
    """Return the messages whose `reach` ran out unanswered, and when others' will."""
    silent: set[UUID] = set()
    looks: list[datetime] = []
    for row in person.past:
        rule = rules.get(row.rule)
        if not row.under_way or row.claimed_at is None:
            continue
        ends = _reach_ends(rule, row, person)
        if ends > now:
            looks.append(ends)
        elif (
            row.gives_receipts
            or row.accepted_at is None  # in doubt: nothing can be presumed of it
            or rule is None
            or _ways_after(rule, row, person)
        ):
            silent.add(row.id)
    return frozenset(silent), looks


def _reach_ends(rule: Rule | None, row: PastMessage, person: PersonView) -> datetime:
    """Return until when to wait for a receipt of a claimed message; None: its rule is gone."""
    taken_at = row.accepted_at or row.claimed_at
    assert taken_at is not None
    return _patience_ends(rule, row, person, since=taken_at)


def _patience_ends(
    rule: Rule | None, row: PastMessage, person: PersonView, *, since: datetime
) -> datetime:
    """Return until when one channel has the time, from when it was handed over, or had its turn.

    Where they must hear it soon, the ways that are left share the time, and so does whoever
    rings when none of them reached anybody.
    """
    reach = rule.reach if rule is not None else _REACH
    if row.tell_by is None or row.tell_by <= since:  # nothing is in time any more
        return since + reach
    to_share = 2 + (_ways_after(rule, row, person) if rule is not None else 0)
    share = (row.tell_by - since) / to_share
    return since + min(reach, max(share, _REACH_AT_LEAST))


def is_presumed(rule: Rule, row: PastMessage, person: PersonView, now: datetime) -> bool:
    """Return whether it is held to have reached them: the last channel gives no receipts,
    took it, and its `reach` ran out without a failure."""
    taken = row.status in (MessageStatus.ACCEPTED, MessageStatus.SENT)
    if row.gives_receipts or not taken or row.accepted_at is None:
        return False
    return _reach_ends(rule, row, person) <= now and _ways_after(rule, row, person) == 0


def _ways_after(rule: Rule, row: PastMessage, person: PersonView) -> int:
    """Return how many later channels of the rule could carry the message on."""
    later = (
        rule.channels[rule.channels.index(row.channel) + 1 :]
        if row.channel in rule.channels
        else ()
    )
    ways = [person.contact(channel, rule.kind) for channel in later]
    return sum(way is not None and way.why_not_for(rule.kind) is None for way in ways)


def _not_taken(row: PastMessage) -> str | None:
    """Return why a message whose turn had come still waits; None: its turn is yet to come."""
    had_its_turn = row.claimed_at is not None or row.reason == WhyNot.WAITS_FOR_SENDER
    return row.reason or row.status if had_its_turn else None


def _row(rows: Sequence[PastMessage], channel: Channel, contact: UUID) -> PastMessage | None:
    mine = [row for row in rows if row.channel is channel and row.contact == contact]
    return mine[-1] if mine else None


def _verdict(row: PastMessage, rule: Rule, person: PersonView, *, live: bool, now: datetime) -> str:
    """Return `open` (the row is still to go), `next` (try another channel), or why to stop."""
    if row.status in WAITING:
        return "open"
    if row.status is MessageStatus.HELD and row.reason == WhyNot.HELD_BY_STAFF:
        return "open"
    if row.status is MessageStatus.SKIPPED and row.reason == WhyNot.DROPPED_BY_STAFF:
        return Reason.ALREADY_SPOKEN  # nothing else says it either
    if row.status in (MessageStatus.SUPERSEDED, MessageStatus.EXPIRED):
        gave_up = row.status is MessageStatus.EXPIRED and row.reason == WhyNot.GAVE_UP
        return "open" if row.claimed_at is None and not gave_up else "next"  # nobody took it
    if row.status is MessageStatus.SKIPPED and row.reason == WhyNot.SHADOW:
        return "open" if live else Reason.ALREADY_SPOKEN
    if row.status is MessageStatus.SKIPPED and row.reason == WhyNot.CAP_REACHED:
        return "open"  # there may be room again
    if row.status is MessageStatus.SKIPPED and row.reason == WhyNot.TRIAL:
        return Reason.ON_TRIAL if rule.trial else "open"
    if row.status in FAILED or row.status is MessageStatus.SKIPPED:
        return "next"
    if is_presumed(rule, row, person, now):
        return Reason.ALREADY_TOLD
    if row.under_way and row.claimed_at is not None and _reach_ends(rule, row, person) <= now:
        return "next"
    return Reason.UNDER_WAY if row.under_way else Reason.ALREADY_SPOKEN
