"""What could not be read is read again; raw bodies are kept for a while; how a source is doing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from notifier.clock import new_id, system_now
from notifier.domain.deliveries import DeliveryStatus
from notifier.errors import Conflict, Invalid, NotFound
from notifier.housekeeping import tidy
from notifier.services import Services
from notifier.sources.protocol import Ignored, Untranslatable
from notifier.sources.registry import adapters
from notifier.store.engine import reading
from notifier.store.tables import Delivery, Job
from notifier.webhooks.health import read_sources
from notifier.webhooks.receiving import SignatureRefused
from notifier.webhooks.set_up import end_rotation, rotate_secret
from notifier.webhooks.unread import replay
from tests.fakes.clock import FakeClock
from tests.sources import generic_events
from tests.sources.easypost_events import Parcel as OnItsWay
from tests.webhooks.deliveries import (
    CODE,
    HOUR,
    book_order,
    book_visit,
    count,
    delivery,
    facts_of,
    job,
    push,
    push_ours,
    translate_all,
)


@pytest.mark.parametrize(
    ("said", "status", "ignored_too"),
    [
        (Untranslatable("result.status: a new one."), DeliveryStatus.FAILED, False),
        (Ignored("a new one"), DeliveryStatus.IGNORED, True),
    ],
)
def test_after_an_update_what_could_not_be_read_is_read(
    services: Services,
    brand: UUID,
    monkeypatch: pytest.MonkeyPatch,
    said: Exception | Ignored,
    status: DeliveryStatus,
    ignored_too: bool,
) -> None:
    """And what was read already is on record once, however often it is read."""

    def unable(_incoming: object) -> Any:
        if isinstance(said, Exception):
            raise said
        return said

    job_id, parcel = book_order(services, brand, CODE), OnItsWay(code=CODE)
    read = push(services, parcel.scanned("in_transit", services.now() - 2 * HOUR))
    translate_all(services)
    with monkeypatch.context() as before:
        before.setitem(adapters(), "easypost", replace(adapters()["easypost"], translate=unable))
        unread = push(services, parcel.scanned("out_for_delivery", services.now() - HOUR))
        translate_all(services)
    assert delivery(services, unread).status == status

    assert replay(services, "easypost", actor="cli", ignored_too=ignored_too) == 1
    translate_all(services)
    assert replay(services, "easypost", actor="cli", ignored_too=ignored_too) == 0

    assert {delivery(services, one).status for one in (read, unread)} == {DeliveryStatus.APPLIED}
    assert job(services, job_id).status == "out_for_delivery"
    assert len(facts_of(services, job_id)) == 2


def test_a_booking_that_failed_is_sent_again_corrected_under_its_id(
    services: Services, brand: UUID
) -> None:
    """The visit exists; what failed stays as it was, and doubles nothing when it is read again."""

    def booking(phone: str) -> bytes:
        start = services.now() + 2 * HOUR
        return generic_events.event(
            "appointment.booked",
            services.now(),
            reference="JOB-9",
            service="Boiler repair",
            window={"start": start.isoformat(), "end": (start + HOUR).isoformat()},
            place={"time_zone": "America/Los_Angeles"},
            customer={"name": "Ada Park", "phone": phone},
        )

    wrong = push_ours(services, booking("12"))
    translate_all(services)
    assert delivery(services, wrong).status == DeliveryStatus.FAILED

    corrected = push_ours(services, booking("+12065550100"))
    translate_all(services)
    assert replay(services, "shop", actor="cli") == 1
    translate_all(services)

    assert delivery(services, corrected).status == DeliveryStatus.APPLIED
    assert delivery(services, wrong).status == DeliveryStatus.FAILED
    assert count(services, Job) == 1


def test_a_fact_that_failed_is_sent_again_corrected_under_its_id(
    services: Services, brand: UUID
) -> None:
    """It counts at once, and what failed is not read into it later."""
    job_id = book_visit(services, brand)
    wrong, corrected = (
        push_ours(services, generic_events.event("appointment.delayed", services.now(), **delayed))
        for delayed in (
            {"reference": "JOB-1", "minuts": 45},
            {"reference": "JOB-1", "minutes": 45},
        )
    )
    translate_all(services)

    assert delivery(services, wrong).status == DeliveryStatus.FAILED
    assert delivery(services, corrected).status == DeliveryStatus.APPLIED
    assert [fact.body["minutes"] for fact in facts_of(services, job_id)] == [45]


def test_a_retry_with_another_envelope_is_said_before(services: Services, brand: UUID) -> None:
    """EasyPost counts in the body to whom it still has to send; what it says is one fact."""
    job_id = book_order(services, brand, CODE)
    at = services.now() - HOUR
    event = OnItsWay(code=CODE).scanned(
        "failure", at, detail="delivery_exception", estimate=services.now() + 24 * HOUR
    )
    first = push(services, {**event, "pending_urls": ["https://a.example", "https://b.example"]})
    translate_all(services)
    again = push(services, {**event, "pending_urls": ["https://a.example"]})
    translate_all(services)

    assert again != first
    assert delivery(services, again).status == DeliveryStatus.APPLIED
    assert delivery(services, again).why == "said before"
    assert [fact.type for fact in facts_of(services, job_id)] == ["attempted", "delayed"]


@pytest.mark.parametrize(
    ("type_", "data"),
    [
        ("delayed", {"minutes": 45, "technician": "Kim", "reason": "traffic"}),
        ("delayed", {"expected": "off"}),
        ("cancelled", {}),
        ("told", {}),
    ],
)
def test_a_try_that_is_stamped_anew_is_said_before(
    services: Services, brand: UUID, clock: FakeClock, type_: str, data: dict[str, Any]
) -> None:
    """Some put the time of each try into the body: within minutes that is the same event."""
    job_id = book_visit(services, brand)
    for _ in range(3):
        event = generic_events.event(
            f"appointment.{type_}", services.now(), reference="JOB-1", **data
        )
        again = push_ours(services, event)
        translate_all(services)
        clock.advance(minutes=2)

    assert delivery(services, again).why == "said before"
    assert len(facts_of(services, job_id)) == 1


@pytest.mark.parametrize(
    ("type_", "said", "other", "later"),
    [
        ("delayed", {"minutes": 45}, {"minutes": 30}, 0),
        ("delayed", {"minutes": 45}, {"expected": "unknown"}, 0),
        ("delayed", {"minutes": 45, "reason": "traffic"}, {"minutes": 45, "reason": "parts"}, 0),
        ("reassigned", {"technician": "Kim"}, {"technician": "Lou"}, 0),
        ("cancelled", {"by": "customer"}, {}, 0),
        ("en_route", {}, {}, 10),
    ],
)
def test_something_else_under_an_id_that_was_applied_fails_and_says_so(
    services: Services,
    brand: UUID,
    clock: FakeClock,
    type_: str,
    said: dict[str, Any],
    other: dict[str, Any],
    later: int,
) -> None:
    """Nobody can tell which of the two is meant: the first stays, and the second is not silent."""
    job_id = book_visit(services, brand)
    for data in (said, other):
        event = generic_events.event(
            f"appointment.{type_}", services.now(), reference="JOB-1", **data
        )
        second = push_ours(services, event)
        translate_all(services)
        clock.advance(minutes=later)

    row = delivery(services, second)
    assert row.status == DeliveryStatus.FAILED
    assert row.why == "Another delivery with this id said something else of the job."
    (fact,) = facts_of(services, job_id)
    assert fact.type == type_
    assert delivery(services, push_ours(services, event, "msg_2")).why is None
    translate_all(services)
    assert len(facts_of(services, job_id)) == 2


def test_the_same_id_about_two_jobs_is_a_fact_of_each(services: Services, brand: UUID) -> None:
    """An id that a sender used twice loses neither."""
    jobs = [book_visit(services, brand, reference) for reference in ("JOB-1", "JOB-2")]
    for reference in ("JOB-1", "JOB-2"):
        event = generic_events.event("appointment.en_route", services.now(), reference=reference)
        push_ours(services, event)
    translate_all(services)

    assert [len(facts_of(services, one)) for one in jobs] == [1, 1]


def test_raw_bodies_go_after_a_month_and_their_lines_stay(
    services: Services, brand: UUID, clock: FakeClock
) -> None:
    """What was never read keeps its body; what waited for its order so long says so."""
    parcel = OnItsWay(code=CODE)
    book_order(services, brand, CODE)
    applied = push(services, parcel.scanned("in_transit", services.now() - HOUR))
    waiting = push(services, OnItsWay(code="ELSE1").scanned("in_transit", services.now() - HOUR))
    translate_all(services)
    clock.advance(days=29)
    fresh = push(services, parcel.scanned("delivered", services.now() - HOUR))
    translate_all(services)
    unread = push(services, OnItsWay(code="ELSE2").scanned("in_transit", services.now()))
    with services.sessions.begin() as session:
        session.get_one(Delivery, unread).received_at = services.now() - timedelta(days=60)

    clock.advance(days=1, seconds=1)
    assert tidy(services) == 2
    assert tidy(services) == 0

    with reading(services.sessions) as session:
        kept = {row.id for row in session.query(Delivery) if row.body is not None}
    assert kept == {fresh, unread}
    assert delivery(services, applied).status == DeliveryStatus.APPLIED
    assert delivery(services, applied).headers is None
    assert delivery(services, waiting).status == DeliveryStatus.IGNORED
    assert delivery(services, waiting).why == "its job was not booked while its body was kept"
    assert replay(services, "easypost", actor="cli") == 0, "there is nothing to read"


def test_a_source_is_seen_at_a_glance(services: Services, brand: UUID, clock: FakeClock) -> None:
    """When it was heard of last, what came of it, and how late its news is."""
    # How late it is is asked of facts by the time in their ids.
    clock.set(system_now().replace(microsecond=0))
    services = replace(services, ids=new_id)
    book_order(services, brand, CODE)
    push(services, OnItsWay(code=CODE).scanned("in_transit", services.now() - 2 * HOUR))
    push(services, OnItsWay(code="ELSE1").scanned("in_transit", services.now() - HOUR))
    push(services, {"id": "evt_1", "description": "tracker.updated", "result": {"status": "x"}})
    translate_all(services)

    tracker, shop = read_sources(services, brand)

    assert (tracker.name, tracker.kind, tracker.rotating) == ("easypost", "easypost", False)
    assert tracker.last_at == services.now()
    assert tracker.counts == {
        DeliveryStatus.APPLIED: 1,
        DeliveryStatus.WAITING: 1,
        DeliveryStatus.FAILED: 1,
    }
    assert tracker.waits == {"no order with this tracking code yet": 1}
    assert tracker.why == "result.tracking_code: a tracker has one."
    assert (tracker.failed_at, tracker.can_read_again) == (services.now(), 1)
    assert tracker.late_by == 2 * HOUR
    assert (shop.name, shop.last_at, shop.counts, shop.late_by) == ("shop", None, {}, None)

    clock.advance(days=40)
    tidy(services)
    tracker, _ = read_sources(services, brand)
    assert tracker.last_at == clock() - timedelta(days=40)
    assert tracker.counts == {DeliveryStatus.FAILED: 1}, "what is to be mended does not age"
    assert (tracker.waits, tracker.can_read_again, tracker.late_by) == ({}, 0, None)


def test_a_source_that_is_silent_for_a_month_was_heard_of_last_then(
    services: Services, brand: UUID, clock: FakeClock
) -> None:
    """Nothing of it is to be mended, and nothing is counted any more."""
    book_order(services, brand, CODE)
    push(services, OnItsWay(code=CODE).scanned("in_transit", services.now() - HOUR))
    translate_all(services)
    last = clock()
    clock.advance(days=30)

    tracker, _ = read_sources(services, brand)

    assert (tracker.last_at, tracker.counts) == (last, {})


def test_two_secrets_count_until_the_vendor_has_changed_to_the_second(
    services: Services, brand: UUID
) -> None:
    """Nothing is refused meanwhile, and afterwards what is signed with the old one is."""
    event = OnItsWay(code=CODE).scanned("in_transit", services.now())
    made = rotate_secret(services, "easypost").secret
    assert made is not None
    push(services, event)
    push(services, event, made)
    assert read_sources(services, brand)[0].rotating

    end_rotation(services, "easypost")

    push(services, event, made)
    with pytest.raises(SignatureRefused):
        push(services, event)


def test_a_rotation_that_makes_no_sense_is_refused(services: Services, brand: UUID) -> None:
    """There is no such source; no second secret; one already; one that can't sign."""
    for act in (rotate_secret, end_rotation, partial(replay, actor="cli")):
        with pytest.raises(NotFound):
            act(services, "nobody")
    with pytest.raises(Conflict):
        end_rotation(services, "shop")
    with pytest.raises(Invalid):
        rotate_secret(services, "shop", "short")
    rotate_secret(services, "shop")
    with pytest.raises(Conflict):
        rotate_secret(services, "shop")
