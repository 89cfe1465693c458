"""First come, first served, among the threads of one process."""

from __future__ import annotations

import threading
from collections import deque


class Turns:
    """A lock that is handed to whoever has waited longest.

    SQLite makes a writer that finds another one ahead sleep and try again, ever longer; under
    steady load an unlucky one starves until it gives up. Here nobody overtakes.
    """

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._taken = False

    def take(self, timeout: float) -> bool:
        """Wait for a turn, `timeout` seconds at most; return whether it came."""
        with self._mutex:
            if not self._taken:
                self._taken = True
                return True
            mine = threading.Event()
            self._waiting.append(mine)
        if mine.wait(timeout):
            return True
        with self._mutex:
            if mine.is_set():  # it came as we gave up
                return True
            self._waiting.remove(mine)
            return False

    def give_up(self) -> None:
        """End a turn: the next in line has it."""
        with self._mutex:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False
