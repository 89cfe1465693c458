"""When each claim had its locks and each act committed, in one process, as seen from outside.

Nothing of the product is changed for it: steps are wrapped, and commits are watched, for as
long as the watch lasts. It also says when somebody passes a point, so that others start there.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from typing import Any
from unittest.mock import patch
from uuid import UUID

from sqlalchemy import event
from sqlalchemy.orm import Session

from notifier import delivery
from notifier.store import outbox


class Pass(StrEnum):
    """What those who race pass, in their order."""

    CLAIM_BEGINS = "claim_begins"  # and has no lock yet
    CLAIM_LOCKED = "claim_locked"
    CLAIM_CHECKED = "claim_checked"  # against the truth, and nothing refused or worded yet
    CLAIM_COMMITS = "claim_commits"
    CLAIM_COMMITTED = "claim_committed"  # and the provider not yet called
    ACT_BEGINS = "act_begins"
    ACT_COMMITS = "act_commits"
    ACT_COMMITTED = "act_committed"


class Watch:
    """Knows the moment of each lock and commit; monotonic seconds."""

    def __init__(self) -> None:
        self.locked: dict[UUID, float] = {}  # by message: when its claim had the locks
        self._thread = threading.local()
        self._awaited: tuple[Pass, threading.Event] | None = None

    def await_pass(self, point: Pass) -> threading.Event:
        """Return what is set when somebody passes `point` the next time."""
        passed = threading.Event()
        self._awaited = (point, passed)
        return passed

    def act(self, act: Callable[[], object]) -> tuple[float, float]:
        """Run `act`; return when its first commit began, holding all locks, and when it ended."""
        self._thread.acting = True
        self._thread.commits, self._thread.committed = None, None
        try:
            self._passed(Pass.ACT_BEGINS)
            act()
        finally:
            self._thread.acting = False
        return self._thread.commits, self._thread.committed

    @contextmanager
    def over_the_claims(self) -> Iterator[None]:
        """Watch this process for the length of a `with`."""
        listeners = (("before_commit", self._before_commit), ("after_commit", self._after_commit))
        with ExitStack() as patched:
            for owner, name, wrap in (
                (delivery, "claim_due", self._around_claim),
                (outbox, "lock_due", self._around_locks),
                (outbox, "due_of_jobs", self._before_rows),
            ):
                patched.enter_context(patch.object(owner, name, wrap(getattr(owner, name))))
            for name, listener in listeners:
                event.listen(Session, name, listener)
                patched.callback(event.remove, Session, name, listener)
            yield

    def _around_claim(self, claim: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **kwargs: Any) -> Any:
            self._thread.locked = None
            self._thread.claiming = True
            try:
                claimed = claim(*args, **kwargs)
            finally:
                self._thread.claiming = False
            for one in claimed.claims:
                self.locked[one.message_id] = self._thread.locked
            return claimed

        return watched

    def _around_locks(self, lock: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **kwargs: Any) -> Any:
            self._passed(Pass.CLAIM_BEGINS)
            found = lock(*args, **kwargs)
            if found:
                self._thread.locked = time.monotonic()
                self._passed(Pass.CLAIM_LOCKED)
            return found

        return watched

    def _before_rows(self, read: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **kwargs: Any) -> Any:
            self._passed(Pass.CLAIM_CHECKED)
            return read(*args, **kwargs)

        return watched

    def _before_commit(self, _session: Session) -> None:
        if getattr(self._thread, "acting", False) and self._thread.commits is None:
            self._thread.commits = time.monotonic()
            self._passed(Pass.ACT_COMMITS)
        if self._is_claiming():
            self._passed(Pass.CLAIM_COMMITS)

    def _after_commit(self, _session: Session) -> None:
        if getattr(self._thread, "acting", False) and self._thread.committed is None:
            self._thread.committed = time.monotonic()
            self._passed(Pass.ACT_COMMITTED)
        if self._is_claiming():
            self._passed(Pass.CLAIM_COMMITTED)

    def _is_claiming(self) -> bool:
        claiming = getattr(self._thread, "claiming", False)
        return claiming and self._thread.locked is not None

    def _passed(self, point: Pass) -> None:
        if self._awaited is not None and self._awaited[0] == point:
            self._awaited[1].set()
