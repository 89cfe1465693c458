"""A delivery that breaks again and again holds up no other; a database that is away fails none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from notifier.domain.deliveries import DeliveryStatus
from notifier.services import Services
from notifier.sources.protocol import Incoming
from notifier.sources.registry import adapters
from notifier.store.deliveries import read_again
from notifier.store.tables import Source
from notifier.webhooks.receiving import translate_received
from notifier.webhooks.tries import PAUSES, Tries
from tests.fakes.clock import FakeClock
from tests.sources.easypost_events import Parcel as OnItsWay
from tests.webhooks.deliveries import CODE, HOUR, book_order, delivery, push

TROUBLE = (OperationalError("", {}, Exception("locked")), PoolTimeout("no connection is free"))


@pytest.fixture
def breaking(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Exception], None]:
    """Let EasyPost's deliveries about a code break as if by the database."""
    sound = adapters()["easypost"]

    def let_break(code: str, error: Exception) -> None:
        def translate(incoming: Incoming) -> Any:
            if code.encode() in incoming.body:
                raise error
            return sound.translate(incoming)

        monkeypatch.setitem(adapters(), "easypost", replace(sound, translate=translate))

    return let_break


@contextmanager
def away(services: Services) -> Iterator[None]:
    """Let the database take no statement that writes."""
    engine = services.sessions.kw["bind"]

    def refuse(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("UPDATE"):
            raise OperationalError(statement, None, Exception("disk is full"))

    event.listen(engine, "before_cursor_execute", refuse)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", refuse)


def given_two(services: Services, brand: UUID) -> tuple[UUID, UUID]:
    """Return two deliveries about two parcels of an order; the older one's is BROKEN."""
    book_order(services, brand, "BROKEN", CODE)
    first = push(services, OnItsWay(code="BROKEN").scanned("delivered", services.now() - HOUR))
    second = push(services, OnItsWay(code=CODE).scanned("delivered", services.now() - HOUR))
    return first, second


def status_of(services: Services, delivery_id: UUID) -> str:
    """Return where a delivery stands."""
    return delivery(services, delivery_id).status


@pytest.mark.parametrize("trouble", TROUBLE)
def test_what_breaks_while_the_database_is_well_fails_alone(
    services: Services,
    brand: UUID,
    clock: FakeClock,
    breaking: Callable[[str, Exception], None],
    trouble: Exception,
) -> None:
    """The younger one is applied in the same round. The older one is tried four times in 70 s."""
    breaking("BROKEN", trouble)
    first, second = given_two(services, brand)

    assert translate_received(services) == 2
    assert status_of(services, second) == DeliveryStatus.APPLIED
    for pause in PAUSES:
        assert status_of(services, first) == DeliveryStatus.RECEIVED
        assert translate_received(services) == 0
        clock.advance(seconds=pause.total_seconds())
        assert translate_received(services) == 1

    row = delivery(services, first)
    assert row.status == DeliveryStatus.FAILED
    assert row.why == f"{type(trouble).__name__}, 4 times, while the database was well for others."
    assert row.body is not None


def test_what_failed_so_is_read_again_once_it_is_mended(
    services: Services,
    brand: UUID,
    clock: FakeClock,
    breaking: Callable[[str, Exception], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """*Read again* has the four tries anew, and it is applied at the first that goes well."""
    breaking("BROKEN", TROUBLE[0])
    first, _ = given_two(services, brand)
    for _ in range(len(PAUSES) + 1):
        translate_received(services)
        clock.advance(minutes=1)
    assert status_of(services, first) == DeliveryStatus.FAILED

    with services.sessions.begin() as session:
        source_id = session.scalars(select(Source.id).where(Source.name == "easypost")).one()
        read_again(session, source_id, [DeliveryStatus.FAILED])
    translate_received(services)
    assert status_of(services, first) == DeliveryStatus.RECEIVED
    breaking("nothing that it says", TROUBLE[0])
    clock.advance(seconds=10)
    translate_received(services)

    assert status_of(services, first) == DeliveryStatus.APPLIED


def test_a_database_that_is_away_fails_no_delivery(
    services: Services,
    brand: UUID,
    clock: FakeClock,
    breaking: Callable[[str, Exception], None],
) -> None:
    """However long it is away: each stays as it was, and goes once it is back."""
    first, second = given_two(services, brand)
    with away(services):
        for _ in range(10):
            with pytest.raises(OperationalError):
                translate_received(services)
            clock.advance(minutes=1)
    assert {status_of(services, one) for one in (first, second)} == {DeliveryStatus.RECEIVED}

    assert translate_received(services) == 2

    assert {status_of(services, one) for one in (first, second)} == {DeliveryStatus.APPLIED}


def test_what_brings_the_database_down_is_tried_last(
    services: Services, brand: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest takes the database away each time that it is read: the other goes all the same."""
    sound = adapters()["easypost"]
    first, second = given_two(services, brand)
    bring_down = away(services)

    def translate(incoming: Incoming) -> Any:
        if b"BROKEN" in incoming.body:
            bring_down.__enter__()
            raise TROUBLE[0]
        return sound.translate(incoming)

    monkeypatch.setitem(adapters(), "easypost", replace(sound, translate=translate))
    for round_ in range(2):
        with pytest.raises(OperationalError):
            translate_received(services)
        bring_down.__exit__(None, None, None)
        bring_down = away(services)
        assert status_of(services, first) == DeliveryStatus.RECEIVED
        assert (status_of(services, second) == DeliveryStatus.APPLIED) is bool(round_)


def test_a_clock_that_is_set_back_keeps_no_delivery_waiting(clock: FakeClock) -> None:
    """A pause is at most as long as all of them, whatever the clock says by then."""
    tries, one = Tries(), UUID(int=1)
    tries.broke(one, clock(), counts=True)
    assert tries.in_turn([one], clock()) == []
    assert tries.in_turn([one], clock() - timedelta(days=1)) == [one]


def test_what_went_well_or_elsewhere_is_forgotten(clock: FakeClock) -> None:
    """Else it would grow with all that ever broke."""
    tries, one, other = Tries(), UUID(int=1), UUID(int=2)
    for broke in (one, other):
        tries.broke(broke, clock(), counts=True)
    tries.forget(one)
    assert len(tries) == 1
    tries.in_turn([one], clock())
    assert len(tries) == 0
