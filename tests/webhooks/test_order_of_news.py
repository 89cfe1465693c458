"""News in any order, any number of times, from any number of workers: one outcome."""

from __future__ import annotations

import threading
from datetime import timedelta
from uuid import UUID

from notifier.domain.deliveries import DeliveryStatus
from notifier.services import Services
from tests.sources.easypost_events import Parcel as OnItsWay
from tests.webhooks.deliveries import (
    CODE,
    HOUR,
    book_order,
    delivery,
    facts_of,
    job,
    push,
    translate_all,
)


def test_old_news_changes_nothing(services: Services, brand: UUID) -> None:
    """A scan that arrives after a newer one is recorded and moves nothing back."""
    job_id = book_order(services, brand, CODE)
    parcel = OnItsWay(code=CODE)
    old = parcel.scanned("in_transit", services.now() - 5 * HOUR)
    new = parcel.scanned("out_for_delivery", services.now() - HOUR)

    push(services, new)
    translate_all(services)
    push(services, old)
    translate_all(services)

    assert job(services, job_id).status == "out_for_delivery"
    assert len(facts_of(services, job_id)) == 2


def test_a_recycled_code_does_not_deliver_a_fresh_order(services: Services, brand: UUID) -> None:
    """A tracker of last spring's parcel is somebody else's, whatever it says now."""
    job_id = book_order(services, brand, CODE)
    delivery_id = push(
        services, OnItsWay(code=CODE).scanned("delivered", services.now() - timedelta(days=200))
    )

    translate_all(services)

    row = delivery(services, delivery_id)
    assert (row.status, row.why) == (
        DeliveryStatus.IGNORED,
        "older than every order with this code",
    )
    assert job(services, job_id).status == "ordered"


def test_two_workers_apply_a_delivery_once(services: Services, brand: UUID) -> None:
    """Two processes that translate at the same time never record a fact twice."""
    job_id = book_order(services, brand, CODE)
    parcel = OnItsWay(code=CODE)
    for hours in range(6, 0, -1):
        push(services, parcel.scanned("in_transit", services.now() - hours * HOUR))
    errors: list[BaseException] = []

    def work() -> None:
        try:
            translate_all(services)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not errors
    assert len(facts_of(services, job_id)) == 6
