"""Servers are killed while deliveries stream in: what was answered with success is never lost.

Each is a process of its own, with its web server and its worker, and two share an address. Some
die by their own hand at a commit or before an answer, some are killed at any moment; at once
another takes their place. The sender tries again on anything but a 2xx, as vendors do, and sends
some again that were taken.
"""

from __future__ import annotations

import http.client
import json
import multiprocessing
import random
import socket
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from multiprocessing.process import BaseProcess
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from notifier.clock import system_now
from notifier.domain.deliveries import DeliveryStatus
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import Delivery, FactRow
from notifier.webhooks.set_up import add_source
from tests.served import eventually
from tests.services import given_brand, make_services
from tests.sources.easypost_events import Parcel, body_of
from tests.webhooks import amounts
from tests.webhooks.deliveries import SECRET, book_order, signed
from tests.webhooks.mortal_server import Point, serve

_SERVERS = 2
_SENDERS = 4
_AN_ORDER = 40  # scans
_A_DEATH = 60  # deliveries for each server that dies
_PATIENCE_S = 60


@dataclass
class Sender:
    """Posts each delivery until it is taken, and some once more; notes what it was answered."""

    port: int
    chance: random.Random
    answered: dict[str, set[str]] = field(default_factory=dict)  # by event: ids in the journal
    refused: Counter[str] = field(default_factory=Counter)

    def send(self, event: str, body: bytes) -> None:
        """Do so."""
        taken: set[str] = set()
        for _ in range(2 if self.chance.random() < 0.2 else 1):
            taken.add(eventually(lambda: self._post(body), _PATIENCE_S))
        self.answered[event] = taken

    def _post(self, body: bytes) -> str | None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("POST", "/webhooks/in/easypost", body, signed(body))
            response = connection.getresponse()
            said = response.read()
        except (OSError, http.client.HTTPException) as error:
            self.refused[type(error).__name__] += 1
            return None
        finally:
            connection.close()
        if response.status != 200:
            self.refused[str(response.status)] += 1
            return None
        return str(UUID(json.loads(said)["delivery"]))


def test_what_was_acknowledged_is_in_the_journal_and_in_the_job_once(
    sessions: sessionmaker[Session], database_url: str
) -> None:
    """Whichever moment a server died at: each delivery is one row and one fact."""
    chance = random.Random(amounts.SEED)
    services = make_services(sessions, now=system_now)
    stream = _stream(services, amounts.KILLS * _A_DEATH)
    with _listening() as listening, Servers(listening, database_url) as servers:
        sender = Sender(listening.getsockname()[1], chance)
        with ThreadPoolExecutor(_SENDERS) as senders:
            try:
                sent = [senders.submit(sender.send, *one) for one in stream]
                servers.die(chance, amounts.KILLS, sender, len(stream))
                for one in sent:
                    one.result()
            finally:
                senders.shutdown(cancel_futures=True)
        eventually(lambda: not _unread(services), _PATIENCE_S)
    assert sender.refused, "nobody noticed"
    _judge(services, sender, [event for event, _ in stream])


def _stream(services: Services, length: int) -> list[tuple[str, bytes]]:
    """Return the ids and bodies of scans of a few orders, each told of by an event of its own."""
    brand = given_brand(services).id
    add_source(services, brand, "easypost", "easypost", SECRET, live=True)
    codes = [f"1ZSTREAM{number}" for number in range(-(-length // _AN_ORDER))]
    for code in codes:
        book_order(services, brand, code, reference=code)
    stream = []
    for number in range(length):
        parcel = Parcel(code=codes[number % len(codes)], numbers=count(number))
        at = services.now() - timedelta(seconds=length - number)
        event = parcel.scanned("in_transit", at)
        stream.append((str(event["id"]), body_of(event)))
    return stream


@contextmanager
def _listening() -> Iterator[socket.socket]:
    """Give the address that the servers share, which outlives each of them."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


class Servers:
    """The servers on one database; the context ends all of them."""

    def __init__(self, listening: socket.socket, database_url: str) -> None:
        self._forks = multiprocessing.get_context("forkserver")
        self._forks.set_forkserver_preload(["tests.webhooks.mortal_server"])
        self._listening, self._database_url = listening, database_url
        self._running: list[BaseProcess] = []

    def __enter__(self) -> Servers:
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._running:
            server.kill()
            server.join()

    def die(self, chance: random.Random, times: int, sender: Sender, length: int) -> None:
        """Let so many die, one after the other, each followed by another; then none any more.

        Who has not died by its own hand after some deliveries more is killed, whatever it does.
        """
        for _ in range(_SERVERS):
            self._start(*_fate(chance))
        for _ in range(times):
            enough = min(length, len(sender.answered) + chance.randint(10, _A_DEATH))
            dead = self._dead_until(sender, enough)
            self._end(dead[0] if dead else chance.choice(self._running))
            self._start(*_fate(chance))
        for server in [*self._running]:
            self._end(server)
            self._start(Point.NEVER, 0)

    def _dead_until(self, sender: Sender, enough: int) -> list[BaseProcess]:
        """Wait until somebody has died, or so many deliveries were taken; return who has died."""
        eventually(lambda: self._dead() or len(sender.answered) >= enough, _PATIENCE_S)
        return self._dead()

    def _dead(self) -> list[BaseProcess]:
        return [one for one in self._running if not one.is_alive()]

    def _start(self, point: Point, after: int) -> None:
        server = self._forks.Process(
            target=serve, args=(self._listening, self._database_url, point, after), daemon=True
        )
        server.start()
        self._running.append(server)

    def _end(self, server: BaseProcess) -> None:
        server.kill()
        server.join()
        self._running.remove(server)


def _fate(chance: random.Random) -> tuple[Point, int]:
    return chance.choice([*Point]), chance.randint(1, 2 * _A_DEATH)


def _unread(services: Services) -> int:
    with reading(services.sessions) as session:
        unread = select(func.count()).where(Delivery.status == DeliveryStatus.RECEIVED)
        return session.scalar(unread) or 0


def _judge(services: Services, sender: Sender, told: Sequence[str]) -> None:
    """Hold the answers against the journal, and what was told against the facts of the jobs."""
    with reading(services.sessions) as session:
        rows = session.execute(select(Delivery.id, Delivery.status)).all()
        facts = Counter(
            session.scalars(select(FactRow.external_id).where(FactRow.source_id.is_not(None)))
        )
    assert all(len(answers) == 1 for answers in sender.answered.values())
    acknowledged = [answer for answers in sender.answered.values() for answer in answers]
    assert sorted(acknowledged) == sorted(str(row.id) for row in rows)
    assert {row.status for row in rows} == {DeliveryStatus.APPLIED}
    assert facts == Counter(told)
