"""News in any order, any number of times, from any number of workers: one outcome."""

from __future__ import annotations

import json
import random
import threading
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from notifier.domain.deliveries import DeliveryStatus
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import Job, Message, Parcel
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


def way_of(code: str, now: datetime, *, delivered: bool) -> list[dict[str, Any]]:
    """Return the events of one troubled parcel, the last of them an hour ago."""
    parcel = OnItsWay(code=code)
    tomorrow, after = now + timedelta(days=1), now + timedelta(days=2)
    events = [
        parcel.scanned("pre_transit", now - 40 * HOUR, detail="label_created"),
        parcel.scanned("in_transit", now - 30 * HOUR, estimate=tomorrow),
        parcel.updated("in_transit", now - 20 * HOUR, detail="weather_delay"),
        parcel.scanned("in_transit", now - 18 * HOUR, estimate=after),
        parcel.scanned("out_for_delivery", now - 5 * HOUR, detail="out_for_delivery"),
        parcel.scanned("failure", now - 4 * HOUR, detail="delivery_exception"),
        parcel.scanned("unknown", now - 3 * HOUR, estimate=tomorrow),
        parcel.scanned("out_for_delivery", now - 2 * HOUR, detail="out_for_delivery"),
    ]
    if delivered:
        events.append(parcel.scanned("delivered", now - HOUR, detail="arrived_at_destination"))
    return events


@pytest.mark.parametrize("delivered", [False, True])
def test_any_order_and_any_number_of_repeats_end_alike(
    services: Services, brand: UUID, delivered: bool
) -> None:
    """Twenty shuffles of one parcel's events, each event up to three times: one outcome."""
    shuffle = random.Random(20)
    outcomes = set()
    for number in range(20):
        code = f"1ZSHUFFLE{number:04}"
        events = way_of(code, services.now(), delivered=delivered)
        sequence = [event for event in events for _ in range(shuffle.randint(1, 3))]
        if number:
            shuffle.shuffle(sequence)
        booked_at = shuffle.randint(0, len(sequence)) if number else 0
        job_id = None
        for position, event in enumerate(sequence):
            if position == booked_at:
                job_id = book_order(services, brand, code, reference=f"ORD-{number}")
            push(services, event)
            if shuffle.random() < 0.3:
                translate_all(services)
        job_id = job_id or book_order(services, brand, code, reference=f"ORD-{number}")
        translate_all(services)
        outcomes.add(_outcome(services, job_id))
    assert len(outcomes) == 1
    ((status, *_),) = outcomes
    assert status == ("delivered" if delivered else "out_for_delivery")


def _outcome(services: Services, job_id: UUID) -> tuple[object, ...]:
    """Return what the job, its parcel and its open messages came to."""
    with reading(services.sessions) as session:
        row = session.get_one(Job, job_id)
        parcel = session.scalars(select(Parcel).where(Parcel.job_id == job_id)).one()
        messages = session.scalars(
            select(Message).where(
                Message.job_id == job_id, Message.status.in_(["planned", "ready"])
            )
        )
        owed = sorted((one.rule, one.channel, json.dumps(one.asserts)) for one in messages)
    return (
        row.status,
        json.dumps(row.expected),
        row.late,
        row.reason,
        parcel.status,
        json.dumps(parcel.expected),
        tuple(owed),
    )
