"""What the fake providers hold: the texts and emails taken, and the faults still to come.

Whatever is taken is in the journal, on disk, before it is answered, so that a test which
kills processes has a judge that survived.
"""

import json
import os
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

Taken = dict[str, Any]


class FaultKind(StrEnum):
    """How a request goes wrong. Those named `..._after` take the message first."""

    TOO_MANY = "too_many"  # 429 with `code` or `body`; Retry-After where `retry_after` is set
    REJECT = "reject"  # 400 with `code`
    UNAUTHORIZED = "unauthorized"  # 401
    ERROR_BEFORE = "error_before"  # 500, not taken
    ERROR_AFTER = "error_after"  # 500, taken
    TIMEOUT_AFTER = "timeout_after"  # taken, no answer for `seconds`, then closed
    RESET_BEFORE = "reset_before"  # connection reset, not taken
    RESET_AFTER = "reset_after"  # connection reset, taken
    SLOW = "slow"  # taken, and answered after `seconds`
    LATE = "late"  # taken and answered after `seconds`, whoever still waits for it
    GARBAGE = "garbage"  # taken, and the success is no JSON
    NONE = "none"  # all goes well


_NOT_TAKEN = frozenset(
    {
        FaultKind.TOO_MANY,
        FaultKind.REJECT,
        FaultKind.UNAUTHORIZED,
        FaultKind.ERROR_BEFORE,
        FaultKind.RESET_BEFORE,
    }
)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One scripted failure. `seconds` bounds how long a connection hangs."""

    kind: FaultKind
    code: int | None = None
    retry_after: int | None = None
    body: str | None = None  # in place of what the provider would write
    seconds: float = 30.0

    @property
    def takes(self) -> bool:
        """Whether the message is taken all the same."""
        return self.kind not in _NOT_TAKEN


class ProviderState:
    """The messages of both providers, shared by the threads of the server."""

    def __init__(self, journal: Path | None) -> None:
        self._changed = threading.Condition()
        self._journal = journal
        self._sms: list[Taken] = []
        self._emails: list[Taken] = []
        self._next_faults: dict[str, deque[Fault]] = {"sms": deque(), "email": deque()}
        self._address_faults: dict[str, Fault] = {}
        self._requests = {"sms": 0, "email": 0}
        if journal is not None and journal.exists():
            self._reload(journal)

    @property
    def sms(self) -> list[Taken]:
        """Copies of the texts taken, oldest first."""
        with self._changed:
            return [dict(item) for item in self._sms]

    def sms_to(self, number: str | None) -> list[Taken]:
        """Copies of the texts taken for `number`, oldest first; with None, of all."""
        with self._changed:
            return [dict(item) for item in self._sms if number in (None, item["to"])]

    @property
    def emails(self) -> list[Taken]:
        """Copies of the emails taken, oldest first."""
        with self._changed:
            return [dict(item) for item in self._emails]

    def requests(self, channel: str) -> int:
        """How many sends were tried over `channel`, taken or not."""
        with self._changed:
            return self._requests[channel]

    def take(self, channel: str, item: Taken) -> None:
        """Keep one message: on disk first, then for those who wait."""
        with self._changed:
            if self._journal is not None:
                _append(self._journal, {"kind": channel, **item})
            self._list(channel).append(item)
            self._changed.notify_all()

    def update(self, channel: str, key: str, **changes: object) -> Taken:
        """Change a taken message, found by its provider's id, and return a copy.

        :raises KeyError: if no such message was taken.
        """
        with self._changed:
            for item in self._list(channel):
                if key in (item.get("sid"), item.get("id")):
                    item.update(changes)
                    return dict(item)
        raise KeyError(key)

    def wait_for(self, reached: Callable[[], bool], timeout: float) -> bool:
        """Wait until `reached` holds, looking again at each change; False after `timeout` s."""
        with self._changed:
            return self._changed.wait_for(reached, timeout)

    def fail_next(self, channel: str, fault: Fault, times: int) -> None:
        """Let the next `times` sends over `channel` fail."""
        with self._changed:
            self._next_faults[channel].extend([fault] * times)

    def fail_address(self, address: str, fault: Fault | None) -> None:
        """Let every send to `address` fail, or, with None, none any more."""
        with self._changed:
            if fault is None:
                self._address_faults.pop(address, None)
            else:
                self._address_faults[address] = fault

    def fault_for(self, channel: str, address: str) -> Fault | None:
        """Count a send and return the fault that meets it; the address's own comes first."""
        with self._changed:
            self._requests[channel] += 1
            self._changed.notify_all()
            if address in self._address_faults:
                return self._address_faults[address]
            waiting = self._next_faults[channel]
            return waiting.popleft() if waiting else None

    def _list(self, channel: str) -> list[Taken]:
        return self._sms if channel == "sms" else self._emails

    def _reload(self, journal: Path) -> None:
        for line in journal.read_text().splitlines():
            item = json.loads(line)
            self._list(item.pop("kind")).append(item)


def _append(journal: Path, entry: Taken) -> None:
    with journal.open("a") as file:
        file.write(json.dumps(entry) + "\n")
        file.flush()
        os.fsync(file.fileno())
