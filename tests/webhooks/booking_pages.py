"""What booking pages deliver in these tests, and what came of it: the visits, and what is owed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import permutations
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update

from notifier.domain.messages import WAITING
from notifier.domain.windows import Window, to_json
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import Delivery, Job, Message, Source
from notifier.webhooks.receiving import receive
from notifier.webhooks.set_up import add_source
from tests.sources import calcom_events, calendly_events
from tests.webhooks.deliveries import HOUR, translate_all

SECRET = "a secret of the booking page's"

#: How often a delivery comes again at most, when orders are drawn.
MOST_REPEATS = 5

Event = dict[str, Any]


def connect(services: Services, brand: UUID, kind: str) -> None:
    """Give the brand a source of a booking page, called after its kind and live for a month."""
    add_source(services, brand, kind, kind, SECRET, live=True)
    with services.sessions.begin() as session:
        session.execute(
            update(Source)
            .where(Source.name == kind)
            .values(live_at=services.now() - timedelta(days=30))
        )


def push(services: Services, source: str, headers: Mapping[str, str], body: bytes) -> UUID:
    """Let a booking page deliver `body`, and translate it; return the delivery's id."""
    headers = {"Content-Type": "application/json", **headers}
    delivery_id = receive(services, source, headers, body).delivery_id
    translate_all(services)
    return delivery_id


def push_calcom(services: Services, event: Event) -> UUID:
    """Let Cal.com deliver `event`; return the delivery's id."""
    body = calcom_events.body_of(event)
    return push(services, "calcom", {"X-Cal-Signature-256": calcom_events.sign(SECRET, body)}, body)


def push_calendly(services: Services, event: Event) -> UUID:
    """Let Calendly deliver `event`; return the delivery's id."""
    body = calendly_events.body_of(event)
    signature = calendly_events.sign(SECRET, body, services.now())
    return push(services, "calendly", {"Calendly-Webhook-Signature": signature}, body)


def calcom_visit(services: Services, nth: int) -> calcom_events.Visit:
    """Return a visit of its own for each `nth`, in two days, with Cal.com's id in the calendar."""
    first, *_ = calcom_events.uids_of(nth)
    return calcom_events.Visit(
        services.now() + timedelta(days=2),
        first,
        f"{first}@Cal.com",
        f"ada{nth}@example.com",
        f"+120655501{nth:02}",
    )


def jobs(services: Services) -> list[Job]:
    """Return every job there is."""
    with reading(services.sessions) as session:
        return list(session.scalars(select(Job)))


def standing(services: Services) -> list[Job]:
    """Return the jobs that somebody still comes to."""
    return [job for job in jobs(services) if not job.finished]


def owed(services: Services) -> set[tuple[str, str]]:
    """Return what waits to be sent: its rule and its channel."""
    with reading(services.sessions) as session:
        rows = session.scalars(select(Message).where(Message.status.in_(list(WAITING))))
        return {(row.rule, row.channel) for row in rows}


def comes_to(services: Services, names: Iterable[str]) -> list[str]:
    """Return how the visit that has these names stands, if it does, and what waits to be sent."""
    stands = ("status", "promised", "agreed", "expected")
    waits = ("rule", "channel", "asserts", "moves_told", "send_at", "tell_by", "expires_at")
    with reading(services.sessions) as session:
        its = list(session.scalars(select(Job).where(Job.reference.in_(list(names)))))
        rows = session.scalars(
            select(Message).where(
                Message.status.in_(list(WAITING)), Message.job_id.in_([job.id for job in its])
            )
        )
        said = [_said(job, stands) for job in its if not job.finished]
        return sorted(said + [_said(row, waits) for row in rows])


def _said(row: object, fields: Iterable[str]) -> str:
    return " ".join(f"{one}={getattr(row, one)}" for one in fields)


def ever_owed(services: Services, rule: str) -> int:
    """Return how many messages of a rule were ever planned, whatever became of them."""
    with reading(services.sessions) as session:
        return session.scalar(select(func.count()).where(Message.rule == rule)) or 0


def statuses(services: Services) -> dict[UUID, tuple[str, str | None]]:
    """Return what became of each delivery, and why."""
    with reading(services.sessions) as session:
        rows = session.execute(select(Delivery.id, Delivery.status, Delivery.why))
        return {delivery_id: (status, why) for delivery_id, status, why in rows}


def hour_from(start: datetime) -> Any:
    """Return how the hour from `start` is stored."""
    return to_json(Window(start, start + HOUR))


def orders_of(number: int) -> list[tuple[int, ...]]:
    """Return every order in which so many deliveries can arrive."""
    return list(permutations(range(number)))


def repeated(order: Sequence[int]) -> Iterator[int]:
    """Return the deliveries that first come in this order, each up to five times.

    What is repeated comes at any moment after the first time: drawn, and the same every run.
    """
    chance, seen = Random(repr(order)), list[int]()
    left = {nth: chance.randrange(MOST_REPEATS) for nth in order}
    for nth in order:
        yield nth
        seen.append(nth)
        yield from _some(chance, seen, left)
    yield from (nth for nth in seen for _ in range(left[nth]))


def _some(chance: Random, seen: Iterable[int], left: dict[int, int]) -> Iterator[int]:
    for nth in seen:
        if left[nth] and chance.random() < 0.5:
            left[nth] -= 1
            yield nth
