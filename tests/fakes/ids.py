"""Ids that a test can foresee."""

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


def id_number(number: int) -> UUID:
    """Return the id that `FakeIds` gives out as its `number`th, counting from 1."""
    version, variant = 0x7 << 76, 0b10 << 62
    return UUID(int=(_START_MS + number) << 80 | version | variant | number)
