"""A server of the product that can be started in a moment, and dies where it is told to."""

from __future__ import annotations

import logging
import os
import signal
import socket
from collections.abc import Callable, Iterable
from enum import StrEnum
from itertools import count
from typing import Any

import waitress
from sqlalchemy import Engine, event

from notifier.clock import system_now
from notifier.scheduler import Worker
from notifier.store.engine import create_sessions
from notifier.waking import Waker
from notifier.web.app_factory import create_app
from tests.services import make_services
from tests.web.conftest import WebSettingsOfTests

#: A WSGI application.
Answering = Callable[[dict[str, Any], Any], Iterable[bytes]]

_THREADS = 4

#: Without a tick nothing is missed, for what is journalled wakes the worker; a death may lose that.
_TICK_S = 0.2


class Point(StrEnum):
    """Where a server dies: at one of the commits that it makes, or of the answers that it gives."""

    BEFORE_COMMIT = "before_commit"
    AFTER_COMMIT = "after_commit"
    BEFORE_ANSWER = "before_answer"  # the delivery is journalled, and its sender never learns it
    NEVER = "never"


def serve(listening: socket.socket, database_url: str, point: Point, after: int) -> None:
    """Serve and translate until killed, at the `after`th passage of `point` by its own hand."""
    sessions = create_sessions(database_url)
    engine = sessions.kw["bind"]
    assert isinstance(engine, Engine)
    waker = Waker(engine)
    services = make_services(sessions, now=system_now, wake=waker)
    die = _dying(after)
    if point is Point.BEFORE_COMMIT:
        event.listen(engine, "commit", die)
    elif point is Point.AFTER_COMMIT:
        event.listen(sessions, "after_commit", die)
    app: Answering = create_app(services, WebSettingsOfTests())
    if point is Point.BEFORE_ANSWER:
        app = _before_answers(app, die)
    logging.getLogger("waitress").setLevel(logging.ERROR)  # it tells of every short queue
    Worker(services, waker, tick_seconds=_TICK_S).start()
    waitress.serve(app, sockets=[listening], threads=_THREADS, ident=None, _quiet=True)


def _dying(after: int) -> Callable[..., None]:
    """Return what ends this process, as a power cut would, when it is called that often."""
    calls = count(1)

    def die(*_: object) -> None:
        if next(calls) == after:
            os.kill(os.getpid(), signal.SIGKILL)

    return die


def _before_answers(answering: Answering, die: Callable[..., None]) -> Answering:
    def answer(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        answered = answering(environ, start)
        die()
        return answered

    return answer
