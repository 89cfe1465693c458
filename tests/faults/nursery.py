"""A process that has the whole product in memory and forks workers from it on demand.

Starting the product takes seconds, forking it some milliseconds; a suite that kills workers a
thousand times needs the latter. Run as a program: an order a line on its standard input, what
became of each worker on its standard output, both JSON. It ends, with all workers, when its
input closes.
"""

from __future__ import annotations

import gc
import json
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from apscheduler.executors import base as executors
from apscheduler.schedulers import base as schedulers

from notifier import clock, delivery
from notifier.booking import NewAppointment, NewPerson, book
from notifier.clock import system_now
from notifier.delivery import deliver_due, resolve_unknown
from notifier.domain.facts import FactSource
from notifier.domain.messages import Role
from notifier.domain.windows import Window
from notifier.providers.sendgrid_email import SendGridEmail
from notifier.providers.twilio_sms import TwilioSms
from notifier.scheduler import Worker
from notifier.services import Services, Timing
from notifier.store.database_clock import DatabaseClock
from notifier.store.engine import create_sessions
from notifier.waking import Waker
from tests.databases import Databases
from tests.fakes.provider_server import ACCOUNT_SID, API_KEY, AUTH_TOKEN, PUBLIC_URL
from tests.faults.guards import unreached_guards
from tests.faults.points import Trap
from tests.served import free_port
from tests.services import given_brand, make_services

ROOT = Path(__file__).parents[2]
FROM = "+15005550006"


@dataclass(frozen=True, kw_only=True)
class Order:
    """One worker to start: on which database, with which providers, on which timings."""

    database_url: str
    provider_url: str
    trap_file: str
    lease: float = 2.0  # seconds, as the others
    look_up_after: float = 2.5
    look_up_again: float = 4.0
    hold_after: float = 900.0
    answer_timeout: float = 10.0
    clock_off_by: float = 0.0  # this machine's, whatever the database's says
    at_a_time: int | None = None  # messages of one claim; None: as many as in production


#: Timings of an order as in production, five times as fast: for many messages, or a slow machine.
FIVE_TIMES_AS_FAST: Mapping[str, float] = MappingProxyType(
    {"lease": 6.0, "look_up_after": 8.0, "look_up_again": 18.0}
)


class Children:
    """Who was started and who has ended, as the program says. Numbers come round again."""

    def __init__(self) -> None:
        self.started: list[int] = []  # process ids, in the order of their births
        self.ended: set[int] = set()

    def heard(self, line: str) -> None:
        """Take in a line of its output."""
        said = json.loads(line)
        if "started" in said:
            self.started.append(said["started"])
            self.ended.discard(said["started"])
        else:
            self.ended.add(said["ended"])


class Nursery:
    """Starts and ends workers; a context manager that ends all of them."""

    def __init__(self, databases: Databases) -> None:
        warmed_on = [databases.create(kind) for kind in ("sqlite", "postgres")]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery", *warmed_on],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._changed = threading.Condition()
        self._starting = threading.Lock()  # one after the other: workers come up unnamed
        self._children = Children()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def start(self, order: Order) -> int:
        """Start one worker and return its process id."""
        assert self._process.stdin is not None
        with self._starting, self._changed:
            before = len(self._children.started)
            self._process.stdin.write(json.dumps(asdict(order)) + "\n")
            self._process.stdin.flush()
            if not self._changed.wait_for(lambda: len(self._children.started) > before, timeout=60):
                raise AssertionError("no worker was started in a minute")
            return self._children.started[before]

    def has_ended(self, pid: int) -> bool:
        """Whether the worker is dead."""
        with self._changed:
            return pid in self._children.ended

    def wait_for_end(self, pid: int, timeout: float) -> bool:
        """Wait until the worker is dead; False after `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: pid in self._children.ended, timeout)

    def kill(self, pid: int) -> None:
        """End the worker as a power cut would, and wait until it has ended."""
        if not self.has_ended(pid):
            os.kill(pid, signal.SIGKILL)
        assert self.wait_for_end(pid, 60)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._changed:
                self._children.heard(line)
                self._changed.notify_all()


def main() -> None:
    """Take orders until the input closes."""
    template = make_services(create_sessions("sqlite://"), now=system_now)
    for database_url in sys.argv[1:]:
        _send_once(template, database_url)
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    waiting = selectors.DefaultSelector()
    waiting.register(sys.stdin, selectors.EVENT_READ)
    waiting.register(woken, selectors.EVENT_READ)
    children: set[int] = set()
    while True:
        for key, _ in waiting.select():
            if key.fileobj == woken:
                os.read(woken, 4096)
                _bury(children)
                continue
            line = sys.stdin.readline()
            if not line:
                for pid in children:
                    os.kill(pid, signal.SIGKILL)
                return
            pid = os.fork()
            if pid == 0:
                _live(template, Order(**json.loads(line)))
            children.add(pid)
            _say({"started": pid})


def _send_once(template: Services, database_url: str) -> None:
    """Send a text in vain, so that workers are born with all that the first one loads.

    Loading it took each of them longer than all else that they do.
    """
    nobody = f"http://127.0.0.1:{free_port()}"
    order = Order(database_url=database_url, provider_url=nobody, trap_file="")
    services = services_for(template, order)
    brand = given_brand(services, slug="default", zone="Etc/UTC")
    start = system_now() + timedelta(hours=3)
    customer = NewPerson(
        role=Role.CUSTOMER, name="Ada Park", phone="+12062000000", zone="Etc/UTC", locale="en"
    )
    visit = NewAppointment(
        reference="JOB",
        service="Boiler repair",
        window=Window(start, start + timedelta(hours=2)),
        people=(customer,),
    )
    book(services, brand.id, visit, source=FactSource.API, actor="key:faults")
    deliver_due(services)
    resolve_unknown(services)
    services.sessions.kw["bind"].dispose()
    delivery._calls_by.cache_clear()  # threads do not survive a fork
    gc.freeze()


def _bury(children: set[int]) -> None:
    while children:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        children.discard(pid)
        _say({"ended": pid, "status": status})


def _say(what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def _live(template: Services, order: Order) -> None:
    """Be a worker until killed."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    os.dup2(2, 1)
    _set_clock(order.clock_off_by)
    if order.at_a_time is not None:
        deliver_due.__defaults__ = (order.at_a_time,)
    Trap(Path(order.trap_file)).arm()
    services = services_for(template, order)
    waker = services.wake
    assert isinstance(waker, Waker)
    Worker(services, waker, tick_seconds=0.5).start()
    while True:
        signal.pause()


def services_for(template: Services, order: Order) -> Services:
    """Return the product's services on the database and the providers of `order`."""
    sessions = create_sessions(order.database_url)
    engine = sessions.kw["bind"]
    on_postgres = engine.dialect.name == "postgresql"
    now: Callable[[], datetime] = DatabaseClock(engine) if on_postgres else system_now
    timeouts = (3.0, order.answer_timeout)
    return replace(
        template,
        sessions=sessions,
        now=now,
        sms={
            "twilio": TwilioSms(
                account_sid=ACCOUNT_SID,
                auth_token=AUTH_TOKEN,
                from_=FROM,
                public_url=PUBLIC_URL,
                now=now,
                api_url=order.provider_url,
                timeouts=timeouts,
            )
        },
        email={
            "sendgrid": SendGridEmail(
                api_key=API_KEY,
                from_address="hello@northside.example",
                now=now,
                api_url=order.provider_url,
                timeouts=timeouts,
            )
        },
        wake=Waker(engine),
        public_url=PUBLIC_URL,
        timing=Timing(
            lease=order.lease,
            look_up_after=order.look_up_after,
            look_up_again=order.look_up_again,
            hold_after=order.hold_after,
        ),
        guards=unreached_guards(),
    )


def _set_clock(off_by: float) -> None:
    """Let this process read a clock that is `off_by` seconds ahead, wherever it is read."""
    real_time, ahead = time.time, timedelta(seconds=off_by)

    class Ahead(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + ahead

    time.time = lambda: real_time() + off_by
    for module in (clock, schedulers, executors):
        module.datetime = Ahead  # type: ignore[union-attr]


if __name__ == "__main__":
    main()
