"""The whole product in one process, used as its users use it: through HTTP and nothing else.

The database, the worker, the adapters and the signatures are real; only the two providers
and the clock are not. The worker is never ticked: what happens, happens by being woken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from typing import Any
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient

from notifier.scheduler import Worker
from notifier.services import Services
from tests.fakes.clock import FakeClock
from tests.fakes.provider_server import PUBLIC_URL, FakeProviders
from tests.fakes.provider_state import Taken
from tests.journeys.watched_waker import WatchedWaker
from tests.sources import easypost_events
from tests.web.conftest import Api, Reply, an_appointment, an_order

ADA = "+12065550100"
OUR_NUMBER = "+15005550006"
EASYPOST_SECRET = "secret of EasyPost"
_NEVER = 86_400.0  # seconds
_TAG = re.compile(r"<[^>]*>")


def hours(start: str, end: str, *, day: int = 23) -> dict[str, str]:
    """Return a window of November 2026 in UTC: `hours("19:00", "21:00")`."""
    return {"start": f"2026-11-{day}T{start}:00Z", "end": f"2026-11-{day}T{end}:00Z"}


@dataclass(frozen=True)
class Job:
    """A booked job, as its business holds it: a path of the API."""

    id: UUID
    kind: str  # appointments, orders

    @property
    def path(self) -> str:
        """Where the API keeps it."""
        return f"/{self.kind}/{self.id}"


@dataclass
class Product:
    """Everything that a story can do and see."""

    app: Flask
    api: Api
    services: Services
    waker: WatchedWaker
    clock: FakeClock
    providers: FakeProviders
    sign_in_url: str  # one-time, of a member of staff
    _worker: Worker | None = None
    _browser: FlaskClient | None = None
    _seen: int = 0  # texts looked at so far

    # --- what a business does ---------------------------------------------------------

    def book(self, kind: str = "appointments", **changes: Any) -> Job:
        """Book a visit 11 AM to 1 PM today, or an order for tomorrow; let what follows happen."""
        body = an_appointment(**changes) if kind == "appointments" else an_order(**changes)
        answer = self.api.post(f"/{kind}", body)
        assert answer.status_code == 201, answer.text
        self.rest()
        return Job(UUID(answer.json["id"]), kind)

    def book_quietly(self, kind: str = "appointments", **changes: Any) -> Job:
        """Book, let every confirmation arrive, and look away until something new is sent."""
        job = self.book(kind, **changes)
        for text in self.providers.sms:
            if text["status"] == "queued":
                self.report(text)
        self.new_texts()
        return job

    def say(self, job: Job, fact: str, **details: Any) -> str:
        """Record a fact a second later and return its id; delivery runs on by itself."""
        self.clock.advance(seconds=1)
        answer = self.api.post(f"{job.path}/facts", {"type": fact, **details})
        assert answer.status_code == 202, answer.text
        return str(answer.json["fact"]["id"])

    def late(self, job: Job, minutes: int = 45, **details: Any) -> str:
        """Say that a visit is late."""
        return self.say(job, "delayed", minutes=minutes, **details)

    def take_back(self, job: Job, fact_id: str) -> None:
        """Withdraw a fact a second later."""
        self.clock.advance(seconds=1)
        answer = self.api.post(f"{job.path}/facts/{fact_id}/withdraw")
        assert answer.status_code == 202, answer.text

    def caller(self) -> Api:
        """Return another caller with the same key, for a thread of its own."""
        return Api(self.app.test_client(), self.api.key)

    # --- what it sees -----------------------------------------------------------------

    def job(self, job: Job) -> Any:
        """Return the job as the API shows it."""
        return _ok(self.api.get(job.path)).json

    def told(self, job: Job, role: str = "customer") -> Any:
        """Return the window that last reached the person in `role`."""
        return next(p["told"] for p in self.job(job)["people"] if p["role"] == role)

    def messages(self, job: Job, rule: str | None = None) -> list[Any]:
        """Return the job's messages, oldest first; with `rule`, those of that rule."""
        items = _ok(self.api.get(f"{job.path}/messages")).json["items"]
        return [item for item in items if rule in (None, item["rule"])]

    def fates(self, job: Job, rule: str) -> list[tuple[str, str, str | None]]:
        """Return channel, status and reason of each message of `rule`."""
        return [(m["channel"], m["status"], m["reason"]) for m in self.messages(job, rule)]

    def explain(self, job: Job, rule: str, role: str = "customer") -> Any:
        """Return what `rule` says about the person in `role` now."""
        items = _ok(self.api.get(f"{job.path}/explain")).json["items"]
        return next(i for i in items if i["rule"] == rule and i["person"]["role"] == role)

    def board(self, path: str = "") -> str:
        """Return the words of a page of the board, signed in as staff."""
        if self._browser is None:
            self._browser = self._signed_in()
        answer = self._browser.get(f"/board{path}", base_url=PUBLIC_URL)
        assert answer.status_code == 200, answer.text
        return " ".join(unescape(_TAG.sub(" ", answer.get_data(as_text=True))).split())

    def press(self, path: str, **form: str) -> None:
        """Press a button of the board that posts to `path`, signed in as staff."""
        if self._browser is None:
            self._browser = self._signed_in()
        page = self._browser.get("/board/tasks", base_url=PUBLIC_URL).get_data(as_text=True)
        token = re.search(r'name="csrf_token" value="([^"]*)"', page)
        answer = self._browser.post(
            f"/board{path}",
            data={"csrf_token": token[1] if token else "", **form},
            base_url=PUBLIC_URL,
            headers={"Referer": PUBLIC_URL},
        )
        assert answer.status_code == 303, answer.text
        self.rest()

    # --- what customers and carriers do -----------------------------------------------

    def new_texts(self) -> list[Taken]:
        """Return the texts taken since the last look, once delivery has come to rest."""
        self.rest()
        texts = self.providers.sms
        new, self._seen = texts[self._seen :], len(texts)
        return new

    def new_text(self) -> Taken:
        """Return the one text taken since the last look; more or none is a failure."""
        texts = self.new_texts()
        assert len(texts) == 1, [text["body"] for text in texts]
        return texts[0]

    def report(self, text: Taken, status: str = "delivered", code: int | None = None) -> None:
        """Let Twilio report what became of a text, a second later."""
        self.clock.advance(seconds=1)
        assert self.providers.deliver(text["sid"], status, code) == 204
        self.rest()

    def reply(self, body: str, *, from_: str = ADA) -> None:
        """Let a customer answer by text, a second later."""
        self.clock.advance(seconds=1)
        assert self.providers.reply(from_=from_, to=OUR_NUMBER, body=body) == 200
        self.rest()

    def push(self, event: dict[str, Any]) -> None:
        """Let EasyPost push an event, signed, and let what follows happen."""
        self.push_body(easypost_events.body_of(event))

    def push_body(self, body: bytes) -> None:
        """Push `body` as it is, signed by EasyPost."""
        headers = {"X-Hmac-Signature": easypost_events.sign(EASYPOST_SECRET, body)}
        answer = self.app.test_client().post(
            "/webhooks/in/easypost", data=body, headers=headers, content_type="application/json"
        )
        assert answer.status_code == 200, answer.text
        self.rest()

    # --- time and the worker ----------------------------------------------------------

    def start(self) -> None:
        """Start the worker; its own ticks are a day apart, so that only wakes count."""
        self._worker = Worker(self.services, self.waker, tick_seconds=_NEVER)
        self._worker.start()
        self.waker()  # what a tick would find

    def stop(self) -> None:
        """Stop the worker; what it has begun is finished first."""
        if self._worker is not None:
            self._worker.stop()
            self._worker = None

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Keep the worker away, so that what is owed is still to go."""
        self.rest()
        self.stop()
        yield
        self.start()

    def rest(self) -> None:
        """Wait until nothing is left to do at this moment. A paused worker is at rest."""
        if self._worker is not None:
            self.waker.wait_until_idle()

    def move_to(self, moment: str) -> None:
        """Put the clock at a time of November 2026 in UTC, `24 16:00`, and tick once."""
        day, at = moment.split()
        self.clock.set(datetime.fromisoformat(f"2026-11-{day}T{at}:00").replace(tzinfo=UTC))
        self.waker()
        self.rest()

    def wait(self, **span: float) -> None:
        """Let time pass, and tick once."""
        self.clock.advance(**span)
        self.waker()
        self.rest()

    def _signed_in(self) -> FlaskClient:
        """Return a browser that has used up the sign-in link."""
        browser = self.app.test_client()
        path = self.sign_in_url.removeprefix(PUBLIC_URL)
        page = browser.get(path, base_url=PUBLIC_URL).get_data(as_text=True)
        token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
        answer = browser.post(
            path, data={"csrf_token": token}, base_url=PUBLIC_URL, headers={"Referer": PUBLIC_URL}
        )
        assert answer.status_code == 303, answer.text
        return browser


def _ok(answer: Reply) -> Reply:
    assert answer.status_code == 200, answer.text
    return answer
