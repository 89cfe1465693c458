"""What a look at one part of the installation found, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How a check stands. A warning wants a person; failing wants the traffic elsewhere."""

    OK = "ok"
    WARNING = "warning"
    FAILING = "failing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at. Neither sentence quotes a secret or names a person."""

    subject: str
    level: Level
    sentence: str
    remedy: str | None = None  # what to do next; nothing where all is well

    @classmethod
    def ok(cls, subject: str, sentence: str) -> Finding:
        """Return that all is well."""
        return cls(subject=subject, level=Level.OK, sentence=sentence)

    @classmethod
    def warning(cls, subject: str, sentence: str, remedy: str) -> Finding:
        """Return that a person should look at it."""
        return cls(subject=subject, level=Level.WARNING, sentence=sentence, remedy=remedy)

    @classmethod
    def failing(cls, subject: str, sentence: str, remedy: str) -> Finding:
        """Return that customers won't hear until somebody mends it."""
        return cls(subject=subject, level=Level.FAILING, sentence=sentence, remedy=remedy)
