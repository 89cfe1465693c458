"""One job from hour to hour, and its customer's page: the worker runs whenever the clock moves."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from flask.testing import FlaskClient

from notifier.domain.facts import FactSource, FactType
from notifier.intake import NewFact, record
from notifier.services import Services
from tests.fakes.clock import FakeClock
from tests.web.pages import deliver, link_of, plain, say, show

#: Midnight in Los Angeles at the beginning of the clock's day.
MIDNIGHT = datetime(2026, 11, 23, 8, tzinfo=UTC)


def at(clock: str, *, day: int = 23) -> datetime:
    """Return a time of day in Los Angeles, in November 2026."""
    hour, minute = map(int, clock.split(":"))
    return MIDNIGHT + timedelta(days=day - 23, hours=hour, minutes=minute)


@dataclass
class Story:
    """One job, its customer's page, and the clock that moves on."""

    services: Services
    brand: UUID
    client: FlaskClient
    clock: FakeClock
    job: UUID

    def move(self, clock: str, *, day: int = 23) -> None:
        """Let time pass until that hour; the worker looks each quarter of an hour."""
        until = at(clock, day=day)
        while self.clock() < until:
            minutes = 15 - self.clock().minute % 15
            self.clock.set(min(until, self.clock() + timedelta(minutes=minutes)))
            deliver(self.services)

    def say(self, type: FactType, **fields: Any) -> UUID:
        """Record what staff say, a second after whatever came before, and let it arrive."""
        self.clock.advance(seconds=1)
        return say(self.services, self.brand, self.job, type, **fields)

    def record(self, type: FactType, **fields: Any) -> None:
        """Record what staff say; nothing goes out yet."""
        self.clock.advance(seconds=1)
        new = NewFact(type=type, source=FactSource.STAFF, actor="staff:test", **fields)
        record(self.services, self.brand, self.job, new)

    @property
    def link(self) -> str:
        """The path of the customer's page."""
        return link_of(self.services, self.job)

    def shows(self, *words: str, never: tuple[str, ...] = ()) -> None:
        """Hold the page to what it must say now, and must not."""
        page = show(self.client, self.link)
        for said in words:
            assert said in page, page
        for said in never:
            assert said not in page, page

    def struck_out(self) -> list[str]:
        """Return what is crossed out on the page."""
        html = self.client.get(self.link).text
        return [plain(words) for words in re.findall(r"<s>(.*?)</s>", html)]

    def settle(self) -> None:
        """Let a few minutes pass, in which a burst of corrections would become one message."""
        self.clock.advance(minutes=7)
        deliver(self.services)
