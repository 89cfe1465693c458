"""Ids that a test can foresee."""

from collections.abc import Callable
from datetime import datetime
from itertools import count
from uuid import UUID

# 2026-11-23 17:00:00 UTC in milliseconds: the first 48 bits of a version 7 id.
_START_MS = 1_795_453_200_000


class FakeIds:
    """Called, it returns the next id: UUIDs of version 7, each greater than the one before.

    The last digits count from 1, so that a failing test shows which id it was.
    """

    def __init__(self) -> None:
        self._numbers = count(1)

    def __call__(self) -> UUID:
        return id_number(next(self._numbers))


class IdsByTheClock:
    """As `FakeIds`, but each is of the moment at which it was asked for."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._numbers = count(1)

    def __call__(self) -> UUID:
        return _version_7(int(self._now().timestamp() * 1000), next(self._numbers))


def id_number(number: int) -> UUID:
    """Return the id that `FakeIds` gives out as its `number`th, counting from 1."""
    return _version_7(_START_MS + number, number)


def _version_7(milliseconds: int, number: int) -> UUID:
    version, variant = 0x7 << 76, 0b10 << 62
    return UUID(int=milliseconds << 80 | version | variant | number)
