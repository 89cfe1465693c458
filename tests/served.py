"""The product as a process of its own: started, listened to, stopped, killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self, TypeVar

ROOT = Path(__file__).parent.parent
START_S = 60  # a machine that does much else starts slowly
_POLL_S = 0.05

_Found = TypeVar("_Found")


class Served:
    """`flask --app APP serve` (or another command) with `settings` and nothing else set."""

    def __init__(
        self,
        *command: str,
        app: str = "app",
        settings: Mapping[str, str],
        cwd: Path,
        home: Path,
        root: Path = ROOT,
    ) -> None:
        self.lines: list[str] = []
        self._changed = threading.Condition()
        self._ended = False
        self._process = subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", app, *(command or ("serve",))],
            cwd=cwd,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(home),
                "PYTHONPATH": str(root),
                "PYTHONDONTWRITEBYTECODE": "1",
                **settings,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self.kill()

    @property
    def pid(self) -> int:
        """The process, which leads a group of its own."""
        return self._process.pid

    def hears(self, start: str, timeout: float = START_S) -> str:
        """Wait for a line that begins with `start` and return what follows it.

        :raises AssertionError: if the process ends, or `timeout` seconds pass, without it.
        """

        def heard() -> str | None:
            said = (line for line in self.lines if line.startswith(start))
            return next(said, None)

        with self._changed:
            self._changed.wait_for(lambda: heard() is not None or self._ended, timeout)
            line = heard()
        assert line is not None, f"it never said {start!r}:\n" + "\n".join(self.lines)
        return line.removeprefix(start).strip()

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.kill()
        self.wait()

    def stop(self, timeout: float = 20) -> int:
        """Ask it to stop and return its exit code."""
        self._process.send_signal(signal.SIGTERM)
        return self.wait(timeout)

    def wait(self, timeout: float = START_S) -> int:
        """Wait until it has ended and return its exit code."""
        code = self._process.wait(timeout)
        self._reader.join(timeout)
        return code

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                with self._changed:
                    self.lines.append(line.rstrip("\n"))
                    self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()


def free_port() -> int:
    """Return a port that nobody listens on at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def eventually(look: Callable[[], _Found | None], timeout: float = 30) -> _Found:
    """Look again and again until there is something to see, and return it.

    For what another process does, which can't tell us when it has.

    :raises AssertionError: after `timeout` seconds, with what was seen last.
    """
    pause = threading.Event()
    for _ in range(int(timeout / _POLL_S)):
        found = look()
        if found:
            return found
        pause.wait(_POLL_S)
    raise AssertionError(f"nothing came of it in {timeout} s: {look()!r}")
