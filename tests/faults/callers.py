"""Integrations that book visits and say that they are late, over HTTP, and never give up.

What they are answered is their journal: owed is only what was answered with success. Whatever
they can't get through they are told of by a 503 with a problem document, and say it again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from uuid import UUID

from flask import Flask
from werkzeug.test import TestResponse

from notifier.api_keys import create_api_key
from notifier.domain.windows import utc_text
from tests.faults.judge import Owed
from tests.faults.web_app import web_app
from tests.faults.world import World

LATE = 45  # minutes

_FROM = 1000  # the number of the first visit that they book
_AT_ONCE = 3
_PAUSE_S = 0.1  # between two things that one caller says
_AGAIN_S = 0.5
_PATIENCE_S = 240
_PROBLEM = "application/problem+json"


@dataclass
class Callers:
    """Several callers of one app, and what they were answered."""

    world: World
    app: Flask
    key: str
    busy: int = 0  # times that one was told to come back later
    misled: list[str] = field(default_factory=list)  # answers that are neither
    _numbers: Iterator[int] = field(default_factory=lambda: count(_FROM))

    @classmethod
    def of(cls, world: World) -> Callers:
        """Return the callers of the brand of `world`."""
        app = web_app(world)
        return cls(world, app, create_api_key(world.services, world.brand, "callers"))

    @contextmanager
    def talking(self) -> Iterator[None]:
        """Let them talk meanwhile, and until all that they began is said."""
        stopping = threading.Event()
        threads = [threading.Thread(target=self._talk, args=(stopping,)) for _ in range(_AT_ONCE)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stopping.set()
            for thread in threads:
                thread.join()

    def _talk(self, stopping: threading.Event) -> None:
        try:
            while not stopping.wait(_PAUSE_S):
                job = self._book(next(self._numbers))
                stopping.wait(_PAUSE_S)
                self._say_late(job)
        except TimeoutError:
            self.misled.append(f"503 for {_PATIENCE_S} s on end")

    def _book(self, number: int) -> UUID:
        window = self.world.window()
        answer = self._until_taken(
            "/appointments",
            {
                "reference": f"JOB-{number}",
                "service": "Boiler repair",
                "window": {"start": utc_text(window.start), "end": utc_text(window.end)},
                "place": {"time_zone": self.world.zone},
                "customer": {
                    "name": "Ada Park",
                    "phone": self.world.phone(number),
                    "time_zone": self.world.zone,
                },
            },
        )
        assert answer.json is not None
        job = UUID(answer.json["id"])
        self.world.jobs.append(job)
        self._note(job, "booked", 0)
        return job

    def _say_late(self, job: UUID) -> None:
        self._until_taken(f"/appointments/{job}/facts", {"type": "delayed", "minutes": LATE})
        self._note(job, "running_late", LATE)

    def _note(self, job: UUID, rule: str, late: int) -> None:
        says = self.world.clock_time(late)
        self.world.owed.append(Owed(job=job, rule=rule, says=says))

    def _until_taken(self, path: str, body: object) -> TestResponse:
        """Say it until it is answered with success.

        :raises TimeoutError: if that takes much longer than any trouble lasts.
        """
        pause = threading.Event()
        patient_until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < patient_until:
            answer = self.app.test_client().post(
                f"/api/v1{path}", json=body, headers={"Authorization": f"Bearer {self.key}"}
            )
            if answer.status_code < 300:
                return answer
            if answer.status_code == 503 and answer.mimetype == _PROBLEM:
                self.busy += 1
            else:
                self.misled.append(f"{answer.status_code} {answer.mimetype}")
            pause.wait(_AGAIN_S)
        raise TimeoutError
