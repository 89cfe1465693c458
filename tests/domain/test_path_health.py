"""How a path fares, from its answers alone: the circuit, the rest, and the choice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.sending.path_health import (
    PATIENCE,
    Answer,
    Choice,
    PathHealth,
    Stand,
    Tone,
    after_answer,
    choose,
    figures,
    health_of,
)

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """Return a moment that many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def said(tones: str, *, every: float = 1, start: float = 0) -> list[Answer]:
    """Return answers, one a letter: w(ell), i(ll), s(low), p(aced)."""
    kinds = {"w": Tone.WELL, "i": Tone.ILL, "s": Tone.WELL, "p": Tone.PACED}
    return [
        Answer(at=at(start + place * every), tone=kinds[letter], took=6 if letter == "s" else 0.1)
        for place, letter in enumerate(tones)
    ]


def is_open(answers: list[Answer], seconds: float) -> bool:
    """Return whether the circuit lets nothing through at that moment."""
    return not health_of(answers).has_room(at(seconds), under_way=0)


@pytest.mark.parametrize(
    ("tones", "opened"),
    [
        ("", False),
        ("ii", False),
        ("iii", True),
        ("iwiiwii", False),
        ("sss", True),
        ("isi", True),
        ("wwwwwwwwww", False),
        ("wwiwiwiwii", True),
        ("pppppppppp", False),
        ("ipip", False),
    ],
)
def test_the_circuit_opens_after_three_in_a_row_or_half_of_ten(tones: str, *, opened: bool) -> None:
    """Slow is ill, too; being told that we are too fast is not."""
    assert is_open(said(tones), len(tones)) is opened


def test_what_was_ill_a_minute_ago_no_longer_counts() -> None:
    """The share is of the last minute alone."""
    old = said("wiwiwiwiw", every=1)

    assert is_open([*old, *said("i", start=10)], 11)
    assert not is_open([*old, *said("i", start=69)], 70)


def test_it_is_left_alone_longer_each_time_and_never_for_good() -> None:
    """A trial that fails opens it anew: 15 s, 30, 60, 120, and no longer than that."""
    answers, waits = said("iii"), []
    for _ in range(6):
        until = health_of(answers).open_until
        assert until is not None
        waits.append((until - answers[-1].at).total_seconds())
        answers.append(Answer(at=until, tone=Tone.ILL))

    assert waits == [15, 30, 60, 120, 120, 120]


def test_traffic_drifts_back_twice_as_much_for_each_trial_that_goes_well() -> None:
    """One at once, then two, four, eight; then it is closed."""
    answers = said("iii")
    room = []
    for number in range(4):
        health = health_of(answers)
        room.append(next(n for n in range(100) if not health.has_room(at(60), n)))
        answers += said("w", start=60 + number)

    assert room == [1, 2, 4, 8]
    assert health_of(answers).has_room(at(64), 1000)
    assert health_of([*answers, *said("ii", start=70)]).open_until is None


def test_a_trial_that_fails_begins_them_anew() -> None:
    """What went well before it counts no more: one at once, and it takes four to close it."""
    answers = [*said("iii"), *said("wwwi", start=60)]
    assert [health_of(answers).has_room(at(120), under_way) for under_way in (0, 1)] == [
        True,
        False,
    ]

    assert health_of([*answers, *said("www", start=120)]).open_until is not None
    assert health_of([*answers, *said("wwww", start=120)]).open_until is None


def test_what_opened_it_is_forgotten_when_it_is_closed_again() -> None:
    """One bad answer, less than a minute after the many that opened it, is one."""
    answers = [*said("wwiwiwiwii"), *said("wwww", start=30)]
    assert health_of(said("wwiwiwiwii")).open_until == at(24)
    assert health_of([*answers, *said("i", start=35)]).open_until is None


def test_an_answer_to_what_was_asked_before_it_opened_changes_nothing() -> None:
    """Others were with it at the same moment; they neither prolong nor close it."""
    opened = health_of(said("iii"))

    assert after_answer(opened, said("i", start=5)[0]) == opened
    assert after_answer(opened, said("w", start=5)[0]) == opened


def test_it_rests_as_long_as_it_was_told() -> None:
    """To the second; a shorter wish that comes later takes nothing away."""
    told = Answer(at=NOON, tone=Tone.PACED, wait=20)
    shorter = Answer(at=at(1), tone=Tone.PACED, wait=3)

    health = health_of([told, shorter])

    assert health.rests_until == at(20)
    assert health.open_until is None


def test_without_a_word_it_rests_longer_each_time() -> None:
    """Until something is taken again."""
    answers: list[Answer] = []
    waits = []
    for number in range(7):
        answers.append(Answer(at=at(100 * number), tone=Tone.PACED))
        until = health_of(answers).rests_until
        assert until is not None
        waits.append((until - answers[-1].at).total_seconds())
    again = [*answers, *said("wp", start=1000, every=1)]

    assert waits == [1, 2, 4, 8, 16, 30, 30]
    assert health_of(again).rests_until == at(1002)


def test_the_first_path_carries_while_it_is_well() -> None:
    """Whatever the second one does."""
    assert choose([Stand(), Stand()], now=NOON) == Choice(0, None)


def test_an_open_circuit_shifts_to_the_second_path() -> None:
    """And back for a trial, one at a time, once it was left alone long enough."""
    ill = health_of(said("iii"))

    def index(seconds: float, under_way: int = 0) -> int:
        return choose([Stand(health=ill, under_way=under_way), Stand()], now=at(seconds)).index

    assert index(3) == 1
    assert index(17) == 0
    assert index(17, under_way=1) == 1


def test_a_short_rest_is_waited_for_and_a_long_one_is_not() -> None:
    """A customer's thread stays with one number for the sake of seconds."""
    short = health_of([Answer(at=NOON, tone=Tone.PACED, wait=PATIENCE.total_seconds())])
    long = health_of([Answer(at=NOON, tone=Tone.PACED, wait=PATIENCE.total_seconds() + 1)])

    assert choose([Stand(health=short), Stand()], now=at(1)) == Choice(0, NOON + PATIENCE)
    assert choose([Stand(health=long), Stand()], now=at(1)) == Choice(1, None)
    assert choose([Stand(health=long), Stand()], now=at(32)) == Choice(0, None)


def test_a_halted_sender_is_passed_over_and_waited_for_where_it_is_the_only_one() -> None:
    """Nothing goes from it meanwhile."""
    halted = Stand(halted_until=at(60))

    assert choose([halted, Stand()], now=NOON) == Choice(1, None)
    assert choose([halted], now=NOON) == Choice(0, at(60))
    assert choose([halted, Stand()], now=at(60)) == Choice(0, None)


def test_the_last_path_is_never_taken_away() -> None:
    """Open circuits choose between paths; where all are open, the first goes on."""
    ill = Stand(health=health_of(said("iii")))

    assert choose([ill], now=at(3)) == Choice(0, None)
    assert choose([ill, ill], now=at(3)) == Choice(0, None)


def test_where_all_rest_the_one_that_is_free_soonest_is_waited_for() -> None:
    """The second, if the first was told to rest for longer."""
    rests = [
        Stand(health=health_of([Answer(at=NOON, tone=Tone.PACED, wait=wait)])) for wait in (90, 60)
    ]

    assert choose(rests, now=at(1)) == Choice(1, at(60))


def test_figures_of_the_last_minutes() -> None:
    """How many, how many ill, how many too fast, and the median time."""
    shown = figures(said("wwsip"), since=at(1))

    assert (shown.answers, shown.ill, shown.paced, shown.seconds) == (4, 2, 1, 0.1)
    assert figures([], since=NOON).seconds is None


_ANSWERS = st.lists(
    st.builds(
        Answer,
        at=st.integers(0, 2000).map(at),
        tone=st.sampled_from(Tone),
        took=st.one_of(st.none(), st.floats(0, 30)),
        wait=st.one_of(st.none(), st.floats(0, 600)),
    ),
    max_size=60,
).map(lambda answers: sorted(answers, key=lambda answer: answer.at))


@given(_ANSWERS)
def test_whatever_it_answered_it_is_tried_again_within_two_minutes(answers: list[Answer]) -> None:
    """No history closes a path for good, and none lets more than a trial through at first."""
    health = health_of(answers)
    last = answers[-1].at if answers else NOON

    assert health.has_room(last + timedelta(minutes=2), under_way=0)
    if health.open_until is not None and health.good_trials == 0:
        assert not health.has_room(health.open_until, under_way=1)


@given(_ANSWERS, st.integers(1, 20))
def test_enough_good_answers_close_it_whatever_was_before(
    answers: list[Answer], every: int
) -> None:
    """Health returns by itself: four trials that go well."""
    last = answers[-1].at if answers else NOON
    later = (last - NOON).total_seconds() + 121
    health = health_of([*answers, *said("wwww", start=later, every=every)])

    assert health.open_until is None
    assert health.paced == 0


@given(_ANSWERS, _ANSWERS, st.integers(0, 2100))
def test_the_choice_is_the_first_that_is_able_and_never_waits_beside_one_that_is_free(
    first: list[Answer], second: list[Answer], seconds: int
) -> None:
    """It waits for a path only within `PATIENCE`, or where no path is able."""
    stands = [Stand(health=health_of(first)), Stand(health=health_of(second))]
    now = at(seconds)

    choice = choose(stands, now=now)

    able = [index for index, stand in enumerate(stands) if stand.is_able(now)]
    if able:
        assert choice.index == able[0]
        assert choice.waits_until is None or stands[able[0]].health.rest <= PATIENCE
    else:
        assert (choice.waits_until or now) == min(stand.free_at(now) for stand in stands)


@given(_ANSWERS)
def test_being_too_fast_never_opens_the_circuit(answers: list[Answer]) -> None:
    """However often it is said: pace is no failure."""
    paced = [Answer(at=one.at, tone=Tone.PACED, took=one.took, wait=one.wait) for one in answers]

    assert health_of(paced).open_until is None
    assert health_of(paced) == PathHealth(
        rests_until=health_of(paced).rests_until,
        rest=health_of(paced).rest,
        paced=len(paced),
    )
