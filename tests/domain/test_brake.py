"""What the brake holds and until when; what goes through whatever it says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.facts import FactSource
from notifier.domain.guards.brake import SOON, AboutToGo, bears
from notifier.domain.guards.limits import Limits
from notifier.domain.jobs import JobKind

NOW = datetime(2026, 11, 23, 17, tzinfo=UTC)
_moments = st.integers(-10_000, 10_000).map(lambda minutes: NOW + timedelta(minutes=minutes))


def message(
    starts_in: float | None = None,
    tell_in: float | None = None,
    *,
    kind: JobKind = JobKind.APPOINTMENT,
    said_by: FactSource | None = FactSource.API,
    last_call_in: float | None = None,
) -> AboutToGo:
    """Return a message about a window of two hours; all in hours from now."""
    start = None if starts_in is None else NOW + timedelta(hours=starts_in)
    return AboutToGo(
        kind=kind,
        starts_at=start,
        ends_at=None if start is None else start + timedelta(hours=2),
        tell_by=None if tell_in is None else NOW + timedelta(hours=tell_in),
        expires_at=NOW + timedelta(hours=30),
        said_by=said_by,
        last_call=None if last_call_in is None else NOW + timedelta(hours=last_call_in),
    )


@pytest.mark.parametrize(
    ("about", "passes"),
    [
        (message(24), False),
        (message(2), True),
        (message(-1), True),  # it goes on
        (message(-3), False),  # it is over
        (message(24, 2), True),
        (message(24, 3), False),
        (message(5, -1.5), True),  # they wait at home for the first window
        (message(24, -4), False),
        (message(1, kind=JobKind.ORDER), False),  # an order's window is a day
        (message(24, 1, kind=JobKind.ORDER), True),
        (message(24, -1, kind=JobKind.ORDER), False),
        (message(24, said_by=FactSource.STAFF), True),
        (message(24, said_by=FactSource.TECHNICIAN), True),
        (message(24, said_by=FactSource.CARRIER), False),
        (message(24, said_by=None), False),
        (message(last_call_in=2), True),
        (message(last_call_in=3), False),
    ],
)
def test_what_goes_through(about: AboutToGo, passes: bool) -> None:
    """A person's own word, what concerns the next two hours, and that nobody comes before it is
    too late to say so."""
    assert about.passes(NOW) is passes


@given(
    st.sampled_from(JobKind),
    st.none() | _moments,
    st.none() | _moments,
    st.integers(1, 3000),
    st.none() | _moments,
)
def test_what_is_held_comes_up_again_in_time(
    kind: JobKind,
    starts_at: datetime | None,
    tell_by: datetime | None,
    lasts: int,
    last_call: datetime | None,
) -> None:
    """At the moment until which it is held it passes, or has expired; a minute sooner neither."""
    about = AboutToGo(
        kind=kind,
        starts_at=starts_at,
        ends_at=starts_at and starts_at + timedelta(minutes=lasts),
        tell_by=tell_by,
        expires_at=NOW + timedelta(days=5),
        said_by=None,
        last_call=last_call,
    )
    if about.passes(NOW):
        return
    until = about.held_until(NOW)
    assert NOW < until <= about.expires_at
    assert about.passes(until) or until == about.expires_at
    if until - NOW > timedelta(minutes=1) and until - NOW < SOON:
        assert not about.passes(until - timedelta(minutes=1))


def test_what_a_rule_bears_is_a_multiple_of_what_it_ever_did() -> None:
    """With a floor, so that a small shop is not held for its sixth message."""
    limits = Limits(brake_from=50, brake_times=3)
    assert [bears(limits, most) for most in (0, 16, 17, 100)] == [50, 50, 51, 300]
    assert bears(Limits(), 100) is None
