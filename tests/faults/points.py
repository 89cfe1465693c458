"""The points of the send path at which a worker can be killed or frozen, and the trap that does it.

Nothing of the product is changed for it: its steps are wrapped from outside, and the commits of
each step are watched.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session
from urllib3.connection import HTTPConnection

from notifier import delivery
from notifier.sending import lookups


class Point(StrEnum):
    """Where a worker can end, in the order in which a message passes them."""

    BEFORE_CLAIM_COMMITS = "before_claim_commits"
    CLAIM_COMMITTED = "claim_committed"
    BEFORE_NOTE_COMMITS = "before_note_commits"  # that the call begins: of an email alone
    CALL_NOTED = "call_noted"
    BEFORE_CALL = "before_call"
    REQUEST_WRITTEN = "request_written"  # and no answer read
    ANSWER_ARRIVED = "answer_arrived"  # and not understood yet
    CALL_ENDED = "call_ended"  # and nothing of it written down
    BEFORE_SETTLE_COMMITS = "before_settle_commits"
    SETTLED = "settled"

    # Of a claim whose worker died.
    BEFORE_LAPSE_COMMITS = "before_lapse_commits"
    LAPSED = "lapsed"
    BEFORE_QUESTION_COMMITS = "before_question_commits"
    QUESTION_COMMITTED = "question_committed"
    LOOKED_UP = "looked_up"  # and nothing of it written down
    BEFORE_FINDING_COMMITS = "before_finding_commits"
    FINDING_COMMITTED = "finding_committed"


#: These are passed only once an outcome is in doubt.
IN_DOUBT = frozenset(
    {
        Point.BEFORE_LAPSE_COMMITS,
        Point.LAPSED,
        Point.BEFORE_QUESTION_COMMITS,
        Point.QUESTION_COMMITTED,
        Point.LOOKED_UP,
        Point.BEFORE_FINDING_COMMITS,
        Point.FINDING_COMMITTED,
    }
)

#: A path that can be searched passes none of these.
OF_AN_EMAIL = frozenset({Point.BEFORE_NOTE_COMMITS, Point.CALL_NOTED})

#: Who ends here the first time that it comes by has begun no call yet.
BEFORE_ANY_CALL = frozenset(
    {Point.BEFORE_CLAIM_COMMITS, Point.CLAIM_COMMITTED, Point.BEFORE_NOTE_COMMITS}
)

#: Each message passes these by itself; the others are passed once for all of a claim, or only
#: by what is in doubt.
OF_EACH_MESSAGE = frozenset(
    {
        Point.BEFORE_NOTE_COMMITS,
        Point.CALL_NOTED,
        Point.BEFORE_CALL,
        Point.REQUEST_WRITTEN,
        Point.ANSWER_ARRIVED,
        Point.CALL_ENDED,
        Point.BEFORE_SETTLE_COMMITS,
        Point.SETTLED,
    }
)

#: Each step that commits: before, and after.
_COMMITS = {
    "claim": (Point.BEFORE_CLAIM_COMMITS, Point.CLAIM_COMMITTED),
    "note": (Point.BEFORE_NOTE_COMMITS, Point.CALL_NOTED),
    "settle": (Point.BEFORE_SETTLE_COMMITS, Point.SETTLED),
    "lapse": (Point.BEFORE_LAPSE_COMMITS, Point.LAPSED),
    "question": (Point.BEFORE_QUESTION_COMMITS, Point.QUESTION_COMMITTED),
    "finding": (Point.BEFORE_FINDING_COMMITS, Point.FINDING_COMMITTED),
}

#: Where the steps are called from: whoever looks a step up there finds it watched.
_STEPS = (
    (delivery, "claim_due", "claim"),
    (delivery, "_note_call", "note"),
    (delivery, "settle", "settle"),
    (lookups, "let_lapse", "lapse"),
    (lookups, "_take_question", "question"),
    (lookups, "_settle", "finding"),
)

_Step = Callable[..., Any]


class Trap:
    """Ends or freezes this process at the point that the file names, the time that it names.

    The file says `point count signal`. Of several workers the first to get there takes the file
    with it, so one trap is for one worker.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._thread = threading.local()
        self._lock = threading.Lock()
        self._passed: dict[str, int] = {}

    def arm(self) -> None:
        """Watch the steps of this process from now on."""
        for module, name, step in _STEPS:
            setattr(module, name, self._in_step(step, getattr(module, name)))
        calls: list[tuple[object, str, Callable[[_Step], _Step]]] = [
            (delivery, "_call", self._around_call),
            (lookups, "ask", self._after_look_up),
            (HTTPConnection, "getresponse", self._around_answer),
        ]
        for owner, name, wrap in calls:
            setattr(owner, name, wrap(getattr(owner, name)))
        event.listen(Session, "after_flush", self._after_flush)
        event.listen(Session, "do_orm_execute", self._after_statement)
        event.listen(Session, "before_commit", self._before_commit)
        event.listen(Session, "after_commit", self._after_commit)

    def pass_by(self, point: Point) -> None:
        """End or freeze the process, if that is to be here and now.

        No thread goes past any point while that is found out. The signal is for this thread, so
        that it goes no step further; one for the process would come a moment later.
        """
        with self._lock:
            try:
                wanted, count, how = self._file.read_text().split()
            except FileNotFoundError:
                return
            if wanted != point:
                return
            self._passed[wanted] = self._passed.get(wanted, 0) + 1
            if self._passed[wanted] < int(count):
                return
            try:
                self._file.unlink()
            except FileNotFoundError:  # another worker was first
                return
            signal.pthread_kill(threading.get_ident(), int(how))

    def _in_step(self, step: str, work: _Step) -> _Step:
        def watched(*args: Any, **kwargs: Any) -> Any:
            self._thread.step = step
            try:
                return work(*args, **kwargs)
            finally:
                self._thread.step = None

        return watched

    def _after_flush(self, *_: Any) -> None:
        self._thread.wrote = True

    def _after_statement(self, statement: ORMExecuteState) -> None:
        if statement.is_insert:
            self._thread.wrote = True

    def _before_commit(self, session: Session) -> None:
        """A round that finds nothing to do commits, too: that is no point of the path."""
        step: str | None = getattr(self._thread, "step", None)
        wrote = getattr(self._thread, "wrote", False) or session.new or session.dirty
        self._thread.wrote = False
        self._thread.committing = step if wrote else None
        if step is not None and wrote:
            self.pass_by(_COMMITS[step][0])

    def _after_commit(self, _session: Session) -> None:
        step = getattr(self._thread, "committing", None)
        self._thread.committing = None
        if step is not None:
            self.pass_by(_COMMITS[step][1])

    def _around_call(self, call: _Step) -> _Step:
        def watched(*args: Any) -> Any:
            self.pass_by(Point.BEFORE_CALL)
            self._thread.calling = True
            try:
                outcome = call(*args)
            finally:
                self._thread.calling = False
            self.pass_by(Point.CALL_ENDED)
            return outcome

        return watched

    def _after_look_up(self, ask: _Step) -> _Step:
        def watched(*args: Any) -> Any:
            found = ask(*args)
            self.pass_by(Point.LOOKED_UP)
            return found

        return watched

    def _around_answer(self, read: _Step) -> _Step:
        def watched(connection: HTTPConnection) -> Any:
            if not getattr(self._thread, "calling", False):
                return read(connection)
            self.pass_by(Point.REQUEST_WRITTEN)
            answer = read(connection)
            self.pass_by(Point.ANSWER_ARRIVED)
            return answer

        return watched
