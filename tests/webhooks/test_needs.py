"""A source of which not all counts needs somebody; one that is well needs nobody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import event, select

from notifier.domain.deliveries import DeliveryStatus, Refusal
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.source_refusals import RefusedInHour, add_refusals
from notifier.store.tables import Delivery, Source
from notifier.webhooks.needs import Need, count_unread, read_needs
from notifier.webhooks.set_up import add_source
from tests.fakes.clock import FakeClock


def _needs(services: Services, brand: UUID) -> dict[str, Sequence[Need]]:
    with reading(services.sessions) as session:
        found = read_needs(session, now=services.now(), brand_id=brand)
    return {source.name: source.needs for source in found if source.needs}


def _came(services: Services, name: str, status: DeliveryStatus, *, ago: timedelta) -> None:
    with services.sessions.begin() as session:
        source = session.scalars(select(Source).where(Source.name == name)).one()
        delivery_id = services.ids()
        session.add(
            Delivery(
                id=delivery_id,
                brand_id=source.brand_id,
                source_id=source.id,
                delivery_key=delivery_id.bytes * 2,
                received_at=services.now() - ago,
                repeats=0,
                status=status,
            )
        )


def _refused(services: Services, name: str, reason: Refusal, *, ago: timedelta) -> None:
    at = services.now() - ago
    hour = at.replace(minute=0, second=0, microsecond=0)
    with services.sessions.begin() as session:
        source_id = session.scalars(select(Source.id).where(Source.name == name)).one()
        add_refusals(session, [RefusedInHour(source_id, hour, reason, 3, at)])


@pytest.fixture
def shop(services: Services, brand: UUID) -> str:
    """Return the name of a source that is live and has sent nothing yet."""
    add_source(services, brand, "shopfront", "generic", live=True)
    return "shopfront"


@pytest.mark.parametrize(
    ("status", "ago", "needs"),
    [
        (DeliveryStatus.FAILED, timedelta(days=40), (Need.FAILED,)),
        (DeliveryStatus.FAILED, timedelta(), (Need.FAILED,)),
        (DeliveryStatus.WAITING, timedelta(hours=23), None),
        (DeliveryStatus.WAITING, timedelta(hours=25), (Need.WAITS,)),
        (DeliveryStatus.FETCHING, timedelta(hours=25), (Need.WAITS,)),
        (DeliveryStatus.APPLIED, timedelta(days=2), None),
        (DeliveryStatus.IGNORED, timedelta(days=2), None),
        (DeliveryStatus.RECEIVED, timedelta(), None),
    ],
)
def test_what_is_not_on_record_and_was_to_be(
    services: Services,
    brand: UUID,
    shop: str,
    status: DeliveryStatus,
    ago: timedelta,
    needs: tuple[Need, ...] | None,
) -> None:
    """What failed at once; what waits, once it can't be a vendor's order of events any more."""
    _came(services, shop, status, ago=ago)

    assert _needs(services, brand).get(shop) == needs


@pytest.mark.parametrize(
    ("applied", "needs"), [(timedelta(days=6), None), (timedelta(days=8), (Need.WAITS,))]
)
def test_an_account_that_others_share_needs_nobody_for_their_parcels(
    services: Services,
    brand: UUID,
    shop: str,
    applied: timedelta,
    needs: tuple[Need, ...] | None,
) -> None:
    """While ours find their orders; where none does, it is the orders that do not come."""
    _came(services, shop, DeliveryStatus.WAITING, ago=timedelta(days=2))
    _came(services, shop, DeliveryStatus.APPLIED, ago=applied)

    assert _needs(services, brand).get(shop) == needs


@pytest.mark.parametrize("reason", [Refusal.SIGNATURE, Refusal.CONTENT_TYPE, Refusal.JSON])
def test_a_source_that_is_refused_needs_somebody_until_something_is_taken(
    services: Services, brand: UUID, shop: str, clock: FakeClock, reason: Refusal
) -> None:
    """What was taken before says nothing of the secret as it is now."""
    _came(services, shop, DeliveryStatus.APPLIED, ago=timedelta(hours=3))
    _refused(services, shop, reason, ago=timedelta(hours=2))
    assert _needs(services, brand) == {shop: (Need.REFUSED,)}

    _came(services, shop, DeliveryStatus.IGNORED, ago=timedelta(hours=1))

    assert _needs(services, brand) == {}


def test_whoever_was_refused_a_week_ago_has_given_up(
    services: Services, brand: UUID, shop: str, clock: FakeClock
) -> None:
    """Or never was the vendor."""
    _refused(services, shop, Refusal.SIGNATURE, ago=timedelta())
    clock.advance(days=6, hours=22)
    assert _needs(services, brand) == {shop: (Need.REFUSED,)}

    clock.advance(hours=3)

    assert _needs(services, brand) == {}


def test_too_much_at_once_is_no_silence(services: Services, brand: UUID, shop: str) -> None:
    """The rest of it was taken, and the vendor sends again what was not."""
    _refused(services, shop, Refusal.RATE, ago=timedelta())

    assert _needs(services, brand) == {}


def test_a_source_that_can_not_ask_its_vendor(services: Services, brand: UUID) -> None:
    """Whatever else it needs stands behind it."""
    add_source(services, brand, "ships", "shipstation", live=True)
    _came(services, "ships", DeliveryStatus.FAILED, ago=timedelta())

    assert _needs(services, brand) == {"ships": (Need.NO_KEY, Need.FAILED)}


def test_another_brands_sources_are_not_ours(services: Services, brand: UUID, shop: str) -> None:
    """Nobody here can mend them."""
    _came(services, shop, DeliveryStatus.FAILED, ago=timedelta())

    assert _needs(services, services.ids()) == {}


def test_what_is_not_on_record_is_counted_whatever_else_came(
    services: Services, brand: UUID, shop: str
) -> None:
    """By the source, 0 where there is none."""
    for status in (DeliveryStatus.FAILED, DeliveryStatus.FAILED, DeliveryStatus.APPLIED):
        _came(services, shop, status, ago=timedelta())

    with reading(services.sessions) as session:
        unread = count_unread(session, by=Source.name)

    assert unread[shop, DeliveryStatus.FAILED] == 2
    assert unread[shop, DeliveryStatus.WAITING] == 0
    assert all(number == 0 for (name, _), number in unread.items() if name != shop)


def test_every_page_asks_so_no_delivery_is_read_without_an_index(
    services: Services, brand: UUID, shop: str
) -> None:
    """On SQLite, which says what it would read."""
    _refused(services, shop, Refusal.SIGNATURE, ago=timedelta())
    engine = services.sessions.kw["bind"]
    if engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL reads a table this small as a whole")
    asked = []

    def note(_c: object, _u: object, statement: str, values: object, *_: object) -> None:
        asked.append((statement, values))

    event.listen(engine, "before_cursor_execute", note)
    try:
        _needs(services, brand)
        with reading(services.sessions) as session:
            count_unread(session, by=Source.kind)
    finally:
        event.remove(engine, "before_cursor_execute", note)

    with engine.connect() as connection:
        steps = [
            step
            for statement, values in asked
            if "FROM deliveries" in statement
            for *_, step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        ]
    read = [step for step in steps if "deliveries" in step]
    assert read
    assert all("ix_deliveries_source" in step for step in read)
