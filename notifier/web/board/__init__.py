"""The board, for signed-in staff. Importing the views hangs them on the blueprint."""

from notifier.web.board import day, job, sheets, signing_in, tasks
from notifier.web.board.blueprint import board

__all__ = ["board", "day", "job", "sheets", "signing_in", "tasks"]
