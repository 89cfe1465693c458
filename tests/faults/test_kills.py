"""A sample of the kills; `python -m tests.faults` runs all of them."""

from __future__ import annotations

import pytest

from notifier.domain.messages import Channel
from notifier.sending.lane import CLAIMS_AT_ONCE
from tests.faults.ground import Ground
from tests.faults.killing import Kill, cases, run
from tests.faults.points import OF_AN_EMAIL, OF_EACH_MESSAGE, Point

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

#: One of the path itself, one of its end, and two of an outcome in doubt.
SAMPLE = [
    Kill(point=Point.REQUEST_WRITTEN, database="postgres", workers=3, seed=0),
    Kill(point=Point.BEFORE_SETTLE_COMMITS, database="sqlite", workers=1, seed=0),
    Kill(point=Point.LAPSED, database="postgres", workers=1, seed=0),
    Kill(point=Point.LOOKED_UP, database="sqlite", workers=3, seed=0),
]

#: Claimed and not begun; begun, and nobody knows; begun, and the report tells.
EMAIL_SAMPLE = [
    Kill(point=point, database=database, workers=1, seed=0, channel=Channel.EMAIL)
    for point, database in (
        (Point.LAPSED, "sqlite"),
        (Point.CALL_NOTED, "postgres"),
        (Point.CALL_ENDED, "sqlite"),
    )
]


def test_the_suite_kills_at_every_point_on_both_databases_twenty_times() -> None:
    """Twelve points at least, one and three workers."""
    texts = [case for case in cases() if case.channel is Channel.SMS]

    assert {case.point for case in texts} == set(Point) - OF_AN_EMAIL
    assert len({case.point for case in texts}) >= 12
    assert len({case.name for case in texts}) == len(texts) == (len(Point) - 2) * 2 * 2 * 20


def test_emails_are_killed_at_every_point_too() -> None:
    """And only where somebody was killed while he called may one be in doubt in the end."""
    emails = [case for case in cases() if case.channel is Channel.EMAIL]

    assert {case.point for case in emails} == set(Point)
    assert len({case.name for case in cases()}) == len(list(cases()))
    assert {case.point for case in emails if not case.may_be_held} == {
        Point.BEFORE_CLAIM_COMMITS,
        Point.CLAIM_COMMITTED,
        Point.BEFORE_NOTE_COMMITS,
        Point.BEFORE_LAPSE_COMMITS,
        Point.LAPSED,
    }
    for case in emails:
        if case.point is Point.BEFORE_NOTE_COMMITS:
            assert case.may_be_held == case.count - 1, "those that it has noted are in doubt"
    assert not any(case.may_be_held for case in cases() if case.channel is Channel.SMS)


def test_where_each_message_passes_a_worker_dies_at_any_of_them() -> None:
    """The first, the last, or one between; never at one that no worker need come to."""
    for case in cases():
        some_worker_has = case.customers / case.workers
        assert 1 <= case.count < some_worker_has + 1
    for workers, most in ((1, 8), (3, 3)):
        for point in OF_EACH_MESSAGE:
            counts = {
                case.count for case in cases() if (case.point, case.workers) == (point, workers)
            }
            assert {1, 2} <= counts <= set(range(1, most + 1)), point


def test_three_workers_share_the_work() -> None:
    """A worker has two claims in hand at most: something is left for the others."""
    for case in cases():
        if case.workers > 1:
            assert case.at_a_time is not None
            assert CLAIMS_AT_ONCE * case.at_a_time < case.customers


@pytest.mark.parametrize("case", SAMPLE + EMAIL_SAMPLE, ids=lambda case: case.name)
def test_whoever_dies_where_each_customer_has_each_text_once(case: Kill, ground: Ground) -> None:
    """Nobody lost, nothing doubled, nothing that is not true or not owed."""
    verdict = run(case, ground)

    assert verdict.clean, verdict.untold
    assert verdict.owed == 2 * case.customers
