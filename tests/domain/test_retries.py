"""When a deferred message goes again."""

from datetime import UTC, datetime, timedelta

import pytest

from notifier.domain.sending.retries import BACKOFF_S, GiveUp, TryAgain, after_deferral

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=3)


@pytest.mark.parametrize(("count", "seconds"), [(1, 5), (2, 15), (3, 45), (6, 600), (50, 600)])
def test_each_deferral_waits_longer_up_to_a_limit(count: int, seconds: int) -> None:
    """The first retry comes soon; a provider that stays down is asked every ten minutes."""
    decided = after_deferral(count, now=NOW, retry_after=None, expires_at=LATER)

    assert decided == TryAgain(NOW + timedelta(seconds=seconds))


def test_a_wait_that_the_provider_asks_for_is_kept() -> None:
    """Retry-After longer than ours wins; a shorter one does not hurry us."""
    longer = after_deferral(1, now=NOW, retry_after=90, expires_at=LATER)
    shorter = after_deferral(3, now=NOW, retry_after=0, expires_at=LATER)

    assert longer == TryAgain(NOW + timedelta(seconds=90))
    assert shorter == TryAgain(NOW + timedelta(seconds=BACKOFF_S[2]))


def test_what_would_go_after_its_expiry_does_not_go() -> None:
    """A retry at the very moment of expiry is already too late."""
    expires_at = NOW + timedelta(seconds=BACKOFF_S[0])

    assert after_deferral(1, now=NOW, retry_after=None, expires_at=expires_at) == GiveUp()
