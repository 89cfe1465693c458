"""How many messages are enough, and what gives way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from notifier.domain.caps import Cap, CapPer, Heard, cap_reached, longest_period
from notifier.domain.messages import MessageKind, Priority

NOW = datetime(2026, 11, 23, 17, tzinfo=UTC)
PHONE, EMAIL = UUID(int=1), UUID(int=2)
DAY = timedelta(hours=24)
THREE_A_DAY = Cap(period=DAY, at_most=3)


def heard(
    *hours_ago: float,
    kind: MessageKind = MessageKind.TRANSACTIONAL,
    to_them: bool = True,
    contact: UUID | None = PHONE,
) -> list[Heard]:
    """Return messages that went so many hours ago."""
    return [
        Heard(at=NOW - timedelta(hours=hours), kind=kind, to_them=to_them, contact=contact)
        for hours in hours_ago
    ]


def frees_at(
    caps: list[Cap],
    messages: list[Heard],
    priority: Priority = Priority.NORMAL,
    kind: MessageKind = MessageKind.TRANSACTIONAL,
    contact: UUID | None = PHONE,
) -> datetime | None:
    """Return when there is room for one more."""
    return cap_reached(caps, messages, priority=priority, kind=kind, contact=contact, now=NOW)


def test_there_is_room_below_the_cap_and_none_at_it() -> None:
    """The third of three may go, the fourth may not."""
    assert frees_at([THREE_A_DAY], heard(1, 2)) is None
    assert frees_at([THREE_A_DAY], heard(1, 2, 3)) is not None


def test_room_comes_back_when_the_oldest_leaves_the_period() -> None:
    """However many there are too many."""
    assert frees_at([THREE_A_DAY], heard(1, 2, 20)) == NOW + timedelta(hours=4)
    assert frees_at([THREE_A_DAY], heard(1, 2, 3, 20)) == NOW + timedelta(hours=21)
    assert frees_at([THREE_A_DAY], heard(1, 2, 24)) is None


def test_what_is_high_never_gives_way() -> None:
    """Nobody waits at home because we wrote too often before."""
    assert frees_at([THREE_A_DAY], heard(*range(20)), Priority.HIGH) is None


def test_what_is_low_leaves_the_last_place_to_what_matters_more() -> None:
    """Two of three have gone: news may take the third, thanks may not."""
    assert frees_at([THREE_A_DAY], heard(1, 2), Priority.NORMAL) is None
    assert frees_at([THREE_A_DAY], heard(1, 2), Priority.LOW) == NOW + timedelta(hours=22)
    assert frees_at([THREE_A_DAY], heard(1), Priority.LOW) is None


def test_a_cap_of_one_lets_one_low_message_go() -> None:
    """Else nothing low would ever go."""
    once = Cap(period=DAY, at_most=1)
    assert frees_at([once], [], Priority.LOW) is None
    assert frees_at([once], heard(1), Priority.LOW) is not None


def test_of_kinds_only_those_count_that_the_cap_names() -> None:
    """One review a month has nothing to do with the news of a visit."""
    cap = Cap(period=timedelta(days=30), at_most=1, kinds=frozenset({MessageKind.MARKETING}))
    assert frees_at([cap], heard(1), kind=MessageKind.MARKETING) is None
    asked = heard(1, kind=MessageKind.MARKETING)
    assert frees_at([cap], asked, kind=MessageKind.MARKETING) is not None
    assert frees_at([cap], asked) is None


def test_a_person_is_counted_over_all_their_ways() -> None:
    """And nobody else who shares the number."""
    mixed = heard(1) + heard(2, contact=EMAIL) + heard(3, contact=None)
    assert frees_at([THREE_A_DAY], mixed) is not None
    assert frees_at([THREE_A_DAY], heard(1, 2) + heard(3, to_them=False)) is None


def test_a_contact_is_counted_whoever_shares_it() -> None:
    """A phone that rings six times a day is too much, for whomever it rings."""
    cap = Cap(per=CapPer.CONTACT, period=DAY, at_most=3)
    assert frees_at([cap], heard(1, 2) + heard(3, to_them=False)) is not None
    assert frees_at([cap], heard(1, 2) + heard(3, contact=EMAIL)) is None
    assert frees_at([cap], heard(1, 2, 3), contact=None) is None


def test_of_several_caps_each_must_have_room() -> None:
    """Room is there again when the last of them has it."""
    week = Cap(period=timedelta(days=7), at_most=4)
    assert frees_at([THREE_A_DAY, week], heard(1, 2, 23, 100)) == NOW + timedelta(hours=68)


def test_without_caps_nothing_is_counted() -> None:
    """And nothing needs to be read."""
    assert frees_at([], heard(*range(50))) is None
    assert longest_period([]) is None
    assert longest_period([THREE_A_DAY, Cap(period=timedelta(days=7), at_most=9)]) == timedelta(
        days=7
    )
