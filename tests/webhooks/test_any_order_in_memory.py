"""The news of one parcel in any order, in memory: what is believed of it, and what is owed.

`test_any_order.py` goes all the way; this one goes further, for it takes a tenth of the time.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from notifier.domain.facts import FactSource, FactType
from notifier.domain.jobs import JobKind, JobStatus
from notifier.domain.messages import WAITING
from notifier.domain.windows import Window
from notifier.sources.parts.estimates import resolve
from notifier.sources.protocol import Incoming, SourceEvent
from notifier.sources.registry import adapters
from tests.domain.stage import PLACE, Stage
from tests.webhooks import amounts
from tests.webhooks.ways import HOUR, TRACKED, Order

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
PROMISED = Window(NOW + 24 * HOUR, NOW + 32 * HOUR)
ORDER = Order(1)

_PERMUTATIONS = 120
_MOST = 5

#: Whose word an event is, and what it says.
News = tuple[FactSource, tuple[SourceEvent, ...]]


@cache
def _news_of(name: str) -> tuple[News, ...]:
    """Return what each delivery about the parcel says."""
    found = []
    for said in TRACKED[name](ORDER, NOW):
        adapter = adapters()[said.kind]
        headers = {header.lower(): value for header, value in said.headers.items()}
        events = adapter.translate(Incoming(headers, said.body))
        found.append((adapter.speaks_as, events if isinstance(events, tuple) else ()))
    return tuple(found)


def _outcome(news: Sequence[News], *, planned_meanwhile: bool = False) -> tuple[Any, ...]:
    """Return what is believed of the order once `news` came in that order, and what is owed."""
    booked_at = NOW - timedelta(days=4)
    parcels = (ORDER.code,)
    stage = Stage(kind=JobKind.ORDER, promised=PROMISED, now=booked_at, parcels=parcels)
    stage.now = NOW
    for source, events in news:
        for event in events:
            _say(stage, source, event)
        if planned_meanwhile:
            stage.reconcile()
    stage.reconcile()
    state = stage.state
    rested_on, reported = state.expected_fact, state.last_report
    return (
        (state.status, state.promised, state.agreed, state.expected, state.reason, state.by),
        {code: (one.status, one.expected) for code, one in state.parcels.items()},
        rested_on and (rested_on.type, rested_on.occurred_at),
        reported and reported.occurred_at,
        sorted(
            repr((row.rule, row.channel, row.episode, row.asserts, row.told_before, row.due_at))
            for row in stage.customer.rows.values()
            if row.status in WAITING
        ),
    )


def _say(stage: Stage, source: FactSource, event: SourceEvent) -> None:
    assert event.type is not FactType.BOOKED
    stage.say(
        event.type,
        source=source,
        occurred_at=event.occurred_at,
        expected=resolve(event.expected, PLACE) if event.expected is not None else None,
        reason=event.reason,
        parcel=event.parcel,
    )


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("easypost", JobStatus.DELIVERED),
        ("easypost_ahead", JobStatus.ATTEMPTED),
        ("shippo", JobStatus.DELIVERED),
        ("aftership", JobStatus.RETURNED),
        ("shipengine", JobStatus.DELIVERED),
        ("seventeentrack", JobStatus.RETURNED),
    ],
)
def test_each_way_ends_where_it_does(name: str, end: JobStatus) -> None:
    """What the others are compared with is what happened; the customer is told of the end."""
    (status, *_), *_, owed = _outcome(_news_of(name))
    assert status is end
    assert any(end in message for message in owed)


@pytest.mark.parametrize("name", TRACKED)
def test_120_orders_with_repeats_end_alike(name: str) -> None:
    """Shuffled, each up to five times, as it stood after any of its events."""
    chance = random.Random(name)
    news = _news_of(name)
    for number in range(_PERMUTATIONS):
        upto = len(news) if number % 2 else chance.randint(1, len(news))
        shuffled = [one for one in news[:upto] for _ in range(chance.randint(1, _MOST))]
        chance.shuffle(shuffled)
        assert _outcome(shuffled) == _as_it_happened(name, upto), (number, upto)


@cache
def _as_it_happened(name: str, upto: int) -> tuple[Any, ...]:
    return _outcome(_news_of(name)[:upto])


@pytest.mark.parametrize("name", TRACKED)
@seed(amounts.SEED)
@given(data=st.data())
@settings(
    max_examples=amounts.ORDERS,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_orders_that_nobody_thought_of_end_alike(name: str, data: st.DataObject) -> None:
    """As hypothesis draws them, planned after each event or at the end alone."""
    news = _news_of(name)
    upto = data.draw(st.integers(1, len(news)))
    times = data.draw(st.lists(st.integers(1, _MOST), min_size=upto, max_size=upto))
    drawn = [one for one, many in zip(range(upto), times, strict=True) for _ in range(many)]
    order = data.draw(st.permutations(drawn))
    told = [news[one] for one in order]
    planned_meanwhile = data.draw(st.booleans())
    assert _outcome(told, planned_meanwhile=planned_meanwhile) == _as_it_happened(name, upto)
