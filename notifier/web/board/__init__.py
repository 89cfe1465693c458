"""The board, for signed-in staff. Importing the views hangs them on the blueprint."""

from notifier.web.board import (
    day,
    day_links,
    importing,
    job,
    quiet_hours,
    sheets,
    signing_in,
    sources,
    taking_back,
    tasks,
    whereabouts,
    why,
)
from notifier.web.board.blueprint import board

__all__ = [
    "board",
    "day",
    "day_links",
    "importing",
    "job",
    "quiet_hours",
    "sheets",
    "signing_in",
    "sources",
    "taking_back",
    "tasks",
    "whereabouts",
    "why",
]
