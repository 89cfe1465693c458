"""The same `Idempotency-Key` from fifty callers at once: one job or fact, one answer for all.

Some send another body, which is a conflict, or one that makes no sense, which is refused. In
half of the cases the process that serves them is killed while they ask, and they ask again.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import requests
from sqlalchemy import func, select

from notifier.api_keys import create_api_key
from notifier.store.engine import reading
from notifier.store.tables import FactRow, Job
from tests.fakes.provider_server import PUBLIC_URL
from tests.faults.ground import Ground, NotReached
from tests.faults.judge import Owed, Verdict
from tests.faults.nursery import FROM
from tests.faults.web_app import web_app
from tests.faults.world import World
from tests.served import Served, free_port
from tests.services import SECRET

DATABASES = ("sqlite", "postgres")

_CALLERS = 50
_PATIENCE_S = 120
_AGAIN_S = 0.5

_Ask = Callable[[str, dict[str, Any], str], tuple[int, Any]]
"""A POST of a body to a path under a key; what it returns is the status and the JSON."""


class Other(StrEnum):
    """What every second caller sends under the same key."""

    SAME = "same"
    ANOTHER = "another"
    SENSELESS = "senseless"

    @property
    def status(self) -> int | None:
        """What they are answered, if not what all are."""
        return {Other.ANOTHER: 409, Other.SENSELESS: 422}.get(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """Bookings and facts, each said by fifty callers under one key."""

    other: Other
    database: str
    killed: bool
    seed: int = 0
    rounds: int = 5

    @property
    def name(self) -> str:
        """What this case is called, in the table and in the record of what has run."""
        how = "killed" if self.killed else "alive"
        return f"repeat/{self.other}/{self.database}/{how}/{self.rounds}/{self.seed}"


def cases() -> Iterator[Repeat]:
    """Yield the repeats of the suite."""
    for other in Other:
        for database in DATABASES:
            for killed in (False, True):
                for seed in range(4):
                    yield Repeat(other=other, database=database, killed=killed, seed=seed)


def run(case: Repeat, ground: Ground) -> Verdict:
    """Run `case` and return the verdict; a second job or fact counts as doubled.

    :raises NotReached: if a confirmation never went out, or if the process was to be killed and
        never was while callers asked.
    """
    with ground.world(case.database) as world, ExitStack() as open_:
        server = _Server(world, case) if case.killed else None
        if server is not None:
            open_.callback(server.kill)
        world.start_workers(1)
        callers = _Callers(case, world, server.ask if server is not None else _in_process(world))
        for number in range(case.rounds):
            if server is not None:
                server.die_in(random.Random(f"{case.name}/{number}").uniform(0.01, 0.5))
            callers.book(number)
            if not world.come_to_rest():
                raise NotReached("the confirmation did not go out")
            if server is not None:
                server.die_in(random.Random(f"{case.name}/{number}/late").uniform(0.01, 0.5))
            callers.turn_late(number)
        verdict = world.verdict()
        verdict.add(callers.verdict)
        if server is not None:
            if not server.cut_off:
                raise NotReached("it never died while somebody asked")
            verdict.notes.append(f"{server.cut_off} requests were cut off")
        return verdict


class _Callers:
    """Fifty who say the same at the same time, and what was wrong with their answers."""

    def __init__(self, case: Repeat, world: World, ask: _Ask) -> None:
        self.verdict = Verdict()
        self._case, self._world, self._ask = case, world, ask

    def book(self, number: int) -> None:
        """Book a visit; one of two services, if they differ."""
        window = self._world.window()
        body = {
            "reference": f"JOB-{number}",
            "service": "Boiler repair",
            "window": {"start": window.start.isoformat(), "end": window.end.isoformat()},
            "place": {"time_zone": self._world.zone},
            "customer": {
                "name": "Ada Park",
                "phone": self._world.phone(number),
                "time_zone": self._world.zone,
            },
        }
        other = {
            Other.SAME: body,
            Other.ANOTHER: body | {"service": "Boiler check"},
            Other.SENSELESS: body | {"service": ""},
        }[self._case.other]
        _, answer = self._say("/appointments", body, other, key=f"book-{number}", status=201)
        with reading(self._world.services.sessions) as session:
            jobs = list(session.scalars(select(Job.id).where(Job.reference == f"JOB-{number}")))
        if [str(job) for job in jobs] != [answer["id"]]:
            self._doubled(f"{len(jobs)} visits for one key")
        self._world.jobs.append(jobs[0])
        says = self._world.clock_time(0)
        self._world.owed.append(Owed(job=jobs[0], rule="booked", says=says))

    def turn_late(self, number: int) -> None:
        """Say that the visit is late: by 45 minutes or, if they differ, by 60."""
        job = self._world.jobs[number]
        body = {"type": "delayed", "minutes": 45}
        other = {
            Other.SAME: body,
            Other.ANOTHER: body | {"minutes": 60},
            Other.SENSELESS: body | {"minutes": "soon"},
        }[self._case.other]
        path = f"/appointments/{job}/facts"
        said, _ = self._say(path, body, other, key=f"late-{number}", status=202)
        query = select(func.count()).where(FactRow.job_id == job, FactRow.type == "delayed")
        with reading(self._world.services.sessions) as session:
            facts = session.scalar(query)
        if facts != 1:
            self._doubled(f"{facts} facts for one key")
        says = self._world.clock_time(said["minutes"])
        self._world.owed.append(Owed(job=job, rule="running_late", says=says))

    def _say(
        self, path: str, body: dict[str, Any], other: dict[str, Any], *, key: str, status: int
    ) -> tuple[dict[str, Any], Any]:
        """Return the body that was taken, and one of the answers to it.

        All speak of the same job and fact; of the job as it stands, so they are not alike.
        """
        bodies = [body, other] * (_CALLERS // 2)
        at_once = threading.Barrier(_CALLERS)

        def ask(its: dict[str, Any]) -> tuple[int, Any]:
            at_once.wait(_PATIENCE_S)
            return self._ask(path, its, key)

        with ThreadPoolExecutor(_CALLERS) as threads:
            answers = list(zip(bodies, threads.map(ask, bodies), strict=True))
        taken = [(its, answer) for its, (code, answer) in answers if code == status]
        refused = [its for its, (code, _) in answers if code == self._case.other.status]
        if len(taken) + len(refused) < _CALLERS:
            codes = sorted({code for _, (code, _) in answers})
            self.verdict.misled += 1
            self.verdict.untold.append(f"misled: answered with {codes}")
        about = {str(answer.get("fact", answer)["id"]) for _, answer in taken}
        if len(about) > 1 or any(its in refused for its, _ in taken):
            self._doubled(f"{len(taken)} were told of {len(about)} things")
        return taken[0]

    def _doubled(self, what: str) -> None:
        self.verdict.doubled += 1
        self.verdict.untold.append(f"doubled: {what}")


def _in_process(world: World) -> _Ask:
    """Return how to ask an app in this process: as many at once as there are callers."""
    app = web_app(world)
    headers = _headers(world)

    def ask(path: str, body: dict[str, Any], key: str) -> tuple[int, Any]:
        ends = time.monotonic() + _PATIENCE_S
        while True:
            answer = app.test_client().post(
                f"/api/v1{path}", json=body, headers=headers | {"Idempotency-Key": key}
            )
            if answer.status_code != 503 or time.monotonic() > ends:
                return answer.status_code, answer.json

    return ask


class _Server:
    """The product as a process that dies now and then, and is started again at once."""

    def __init__(self, world: World, case: Repeat) -> None:
        self.cut_off = 0
        self._world = world
        self._port = free_port()
        self._headers = _headers(world)
        self._process = self._start()

    def ask(self, path: str, body: dict[str, Any], key: str) -> tuple[int, Any]:
        """Ask until there is an answer; a process that is dead, or busy, is asked again."""
        ends, never = time.monotonic() + _PATIENCE_S, threading.Event()
        while True:
            try:
                answer = requests.post(
                    f"http://127.0.0.1:{self._port}/api/v1{path}",
                    json=body,
                    headers=self._headers | {"Idempotency-Key": key},
                    timeout=30,
                )
            except requests.RequestException:
                self.cut_off += 1
            else:
                if answer.status_code != 503:
                    return answer.status_code, answer.json()
            if time.monotonic() > ends:
                raise AssertionError("nobody answered")
            never.wait(_AGAIN_S)

    def die_in(self, seconds: float) -> None:
        """Kill the process in so many seconds, and start it again."""

        def die() -> None:
            self._process.kill()
            self._process = self._start()

        threading.Timer(seconds, die).start()

    def kill(self) -> None:
        """End it for good."""
        self._process.kill()

    def _start(self) -> Served:
        process = Served(
            settings={
                "PORT": str(self._port),
                "PUBLIC_URL": PUBLIC_URL,
                "SECRET_KEY": SECRET,
                "DATABASE_URL": self._world.database_url,
                "BRAND_NAME": "Northside Heating",
                "BRAND_PHONE": "206-555-0199",
                "TWILIO_ACCOUNT_SID": self._world.providers.account_sid,
                "TWILIO_AUTH_TOKEN": self._world.providers.auth_token,
                "TWILIO_FROM": FROM,
                "TWILIO_API_URL": self._world.providers.url,
                "LEASE_SECONDS": "2",
                "LOOKUP_AFTER_SECONDS": "2.5",
                "LOOKUP_AGAIN_SECONDS": "4",
            },
            cwd=self._world.directory,
            home=self._world.directory,
        )
        process.hears("Sign in:")
        return process


def _headers(world: World) -> dict[str, str]:
    key = create_api_key(world.services, world.brand, "faults")
    return {"Authorization": f"Bearer {key}"}
