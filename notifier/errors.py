"""Errors that a caller can do something about. Each is a decision somebody must take."""

from __future__ import annotations


class NotifierError(Exception):
    """Has a sentence for the caller in `str(error)`; never personal data."""


class NotFound(NotifierError):
    """There is no such thing for this brand. A 404."""


class Invalid(NotifierError):
    """What was asked makes no sense; `field` names the part that doesn't. A 422."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class Conflict(NotifierError):
    """It was true once, or is taken: look again before asking again. A 409."""


class Busy(NotifierError):
    """The database can't take it now; nothing was recorded. A 503, to be asked again."""
