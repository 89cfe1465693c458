"""The product with a trap in it: where the trap file says so, the process ends at once.

`flask --app tests.faults.app serve` is `flask --app app serve` with the text provider wrapped
and the database's commits watched. Nothing of the product is changed for it.
"""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, cast

from flask import Flask
from sqlalchemy import event
from sqlalchemy.orm import Session

from app import create_app as create_real_app
from notifier.providers.protocols import Accepted, LookUp, OutgoingSms, SmsProvider
from notifier.services import Services
from notifier.store.tables import Attempt

TRAP_FILE = "TRAP_FILE"  # the setting that names it


class Point(StrEnum):
    """Where a process can be killed, in the order in which a text passes them."""

    BEFORE_CLAIM_COMMITS = "before_claim_commits"
    CLAIM_COMMITTED = "claim_committed"  # and the provider not yet called
    ANSWERED = "answered"  # and nothing of the answer written down
    BEFORE_SETTLE_COMMITS = "before_settle_commits"
    SETTLED = "settled"


def create_app() -> Flask:
    """Return the real app, trapped."""
    app = create_real_app()
    services = cast("Services", app.extensions["notifier"])
    trap = _Trap(Path(os.environ[TRAP_FILE]))
    trap.watch_commits()
    trapped = _TrappedSms(services.sms["twilio"], trap)
    app.extensions["notifier"] = replace(services, sms={**services.sms, "twilio": trapped})
    return app


class _Trap:
    """Knows, for each thread, whether it is claiming or has an answer in its hands."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._thread = threading.local()

    def spring(self, point: Point) -> None:
        """End the process if it is to end here."""
        if self._file.exists() and self._file.read_text() == point:
            os.kill(os.getpid(), signal.SIGKILL)

    def answered(self) -> None:
        """The next commit of this thread settles the answer."""
        self._thread.answered = True
        self.spring(Point.ANSWERED)

    def watch_commits(self) -> None:
        """Spring around the commits of claims and of settled answers."""
        event.listen(Attempt, "after_insert", self._claiming)
        event.listen(Session, "before_commit", self._before_commit)
        event.listen(Session, "after_commit", self._after_commit)

    def _claiming(self, *_: Any) -> None:
        self._thread.claiming = True

    def _before_commit(self, _session: Session) -> None:
        if getattr(self._thread, "claiming", False):
            self.spring(Point.BEFORE_CLAIM_COMMITS)
        if getattr(self._thread, "answered", False):
            self.spring(Point.BEFORE_SETTLE_COMMITS)

    def _after_commit(self, _session: Session) -> None:
        if getattr(self._thread, "claiming", False):
            self._thread.claiming = False
            self.spring(Point.CLAIM_COMMITTED)
        if getattr(self._thread, "answered", False):
            self._thread.answered = False
            self.spring(Point.SETTLED)


@dataclass(frozen=True)
class _TrappedSms:
    """The real adapter; it tells the trap when an answer came."""

    real: SmsProvider
    trap: _Trap

    @property
    def name(self) -> str:
        return self.real.name

    @property
    def gives_receipts(self) -> bool:
        return self.real.gives_receipts

    @property
    def can_look_up(self) -> bool:
        return self.real.can_look_up

    def send(self, sms: OutgoingSms) -> Accepted:
        accepted = self.real.send(sms)
        self.trap.answered()
        return accepted

    def look_up(self, *, to: str, link_token: str, since: datetime) -> LookUp:
        return self.real.look_up(to=to, link_token=link_token, since=since)
