"""A clock that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta


class FakeClock:
    """Stands where the real clock would: called, it returns the time (aware, UTC)."""

    def __init__(self, start: datetime = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)) -> None:
        self.set(start)

    def __call__(self) -> datetime:
        return self._now

    def set(self, moment: datetime) -> None:
        """Put the clock at `moment`, in any zone.

        :raises ValueError: if `moment` is naive.
        """
        if moment.tzinfo is None:
            raise ValueError("the clock takes aware times only")
        self._now = moment.astimezone(UTC)

    def advance(
        self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0
    ) -> datetime:
        """Move the clock on and return the new time."""
        self._now += timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        return self._now
