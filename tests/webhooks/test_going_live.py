"""A source that is new: its history is on record and owes nothing; from then on it counts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, event, select
from sqlalchemy.exc import OperationalError

from notifier import planner
from notifier.domain.jobs import JobStatus
from notifier.domain.messages import WAITING
from notifier.errors import NotFound
from notifier.planner import look_again
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import AuditLine, Job, Message, Task
from notifier.webhooks.receiving import receive
from notifier.webhooks.set_up import add_source, set_live, set_said, set_stopped
from tests.fakes.clock import FakeClock
from tests.sources import easypost_events, generic_events, shopify_events
from tests.webhooks.deliveries import HOUR, book_order, signed, translate_all

SECRET = "the secret that the vendor was given"


def owed(services: Services, reference: str) -> list[str]:
    """Return the rules that owe something of the job with this reference."""
    with reading(services.sessions) as session:
        rows = session.scalars(
            select(Message)
            .join(Job, Job.id == Message.job_id)
            .where(Job.reference == reference, Message.status.in_(list(WAITING)))
        )
        return sorted(row.rule for row in rows)


def status_of(services: Services, reference: str) -> str:
    """Return where the job with this reference stands."""
    with reading(services.sessions) as session:
        return session.scalars(select(Job.status).where(Job.reference == reference)).one()


def say(services: Services, type_: str, webhook_id: str, **data: Any) -> None:
    """Let the source `new`, one of our own kind, deliver an event that happened just now."""
    body = generic_events.event(type_, services.now(), **data)
    headers = generic_events.signed(body, at=services.now(), webhook_id=webhook_id)
    receive(services, "new", headers, body)
    translate_all(services)


def book_a_visit(services: Services, reference: str) -> None:
    """Let the source book a visit of tomorrow noon."""
    noon = services.now().replace(hour=20, minute=0) + timedelta(days=1)
    say(
        services,
        "appointment.booked",
        f"booked {reference}",
        reference=reference,
        service="Boiler repair",
        window={"start": noon.isoformat(), "end": (noon + 2 * HOUR).isoformat()},
        customer={"name": "Ada Park", "phone": "+12065550100"},
    )


@pytest.fixture
def new(services: Services, brand: UUID) -> str:
    """A source of our own kind that is not live yet; its name."""
    add_source(services, brand, "new", "generic", generic_events.SECRET)
    return "new"


def test_what_a_source_says_before_it_is_live_owes_nothing_then_or_later(
    services: Services, clock: FakeClock, new: str
) -> None:
    """Nobody hears of last month's visits because somebody connected a tool today."""
    book_a_visit(services, "JOB-9")
    clock.advance(minutes=1)
    say(services, "appointment.delayed", "late", reference="JOB-9", minutes=45)
    with reading(services.sessions) as session:
        late = session.scalars(select(Job).where(Job.reference == "JOB-9")).one()
    assert late.late, "it is on record"
    assert owed(services, "JOB-9") == []

    clock.advance(minutes=1)
    assert set_live(services, new, actor="cli")

    assert "running_late" not in owed(services, "JOB-9")
    assert "booked" not in owed(services, "JOB-9")
    with reading(services.sessions) as session:
        assert session.scalars(select(Task)).all() == []
        assert "source_set_live" in session.scalars(select(AuditLine.did)).all()


def test_what_comes_due_once_it_is_live_is_owed(
    services: Services, clock: FakeClock, new: str
) -> None:
    """Of a visit of before, the reminder of tomorrow; and whatever the source says next."""
    book_a_visit(services, "JOB-9")
    assert owed(services, "JOB-9") == []

    clock.advance(minutes=1)
    set_live(services, new, actor="cli")
    assert owed(services, "JOB-9") == ["reminder"]

    clock.advance(minutes=1)
    say(services, "appointment.delayed", "late", reference="JOB-9", minutes=45)
    assert "running_late" in owed(services, "JOB-9")

    book_a_visit(services, "JOB-10")
    assert "booked" in owed(services, "JOB-10")


def test_a_reminder_whose_time_comes_before_the_source_is_live_is_never_owed(
    services: Services, clock: FakeClock, new: str
) -> None:
    """Nor is anything else that only time brings."""
    book_a_visit(services, "JOB-9")
    for _ in range(30):
        clock.advance(hours=1)
        look_again(services)
        assert owed(services, "JOB-9") == []

    set_live(services, new, actor="cli")

    assert owed(services, "JOB-9") == []


def test_a_tracker_that_is_not_live_moves_an_order_in_silence(
    services: Services, brand: UUID, clock: FakeClock
) -> None:
    """The order is our own, and live; what the tracker says again once it is live is owed."""
    add_source(services, brand, "tracker", "easypost", SECRET)
    parcel = easypost_events.Parcel()
    book_order(services, brand, parcel.code)

    def scan(status: str, **more: Any) -> None:
        clock.advance(hours=1)
        body = easypost_events.body_of(parcel.scanned(status, services.now(), **more))
        receive(services, "tracker", signed(body, SECRET), body)
        translate_all(services)

    late = services.now() + timedelta(days=4)
    scan("in_transit", estimate=late)
    assert owed(services, "ORD-1") == []
    assert status_of(services, "ORD-1") == JobStatus.IN_TRANSIT

    clock.advance(minutes=1)
    set_live(services, "tracker", actor="cli")
    assert owed(services, "ORD-1") == []

    scan("in_transit", estimate=late)
    assert "order_delayed" in owed(services, "ORD-1")


def test_what_was_sent_before_and_is_read_after_is_history(
    services: Services, clock: FakeClock, new: str
) -> None:
    """It counts when it came, not when somebody had time for it."""
    body = generic_events.event(
        "order.booked",
        services.now(),
        reference="ORD-7",
        customer={"name": "Ada Park", "phone": "+12065550100"},
    )
    headers = generic_events.signed(body, at=services.now(), webhook_id="early")
    receive(services, new, headers, body)
    clock.advance(minutes=1)
    set_live(services, new, actor="cli")

    translate_all(services)

    assert status_of(services, "ORD-7") == JobStatus.ORDERED
    assert owed(services, "ORD-7") == []


def shop(services: Services, topic: str, body: dict[str, Any]) -> None:
    """Let Shopify deliver."""
    incoming = shopify_events.delivered(topic, body)
    headers = {
        **incoming.headers,
        "x-shopify-webhook-id": f"{topic} {services.now()}",
        "x-shopify-hmac-sha256": shopify_events.sign(SECRET, incoming.body),
    }
    receive(services, "shopify", headers, incoming.body)
    translate_all(services)


def test_an_order_of_before_that_changes_afterwards_is_not_confirmed(
    services: Services, brand: UUID, clock: FakeClock
) -> None:
    """A note on an order of last week reaches us today: its buyer has long had the receipt."""
    add_source(services, brand, "shopify", "shopify", SECRET)
    set_said(services, "shopify", [], actor="cli")
    set_live(services, "shopify", actor="cli")
    clock.advance(hours=1)
    made, now = services.now() - timedelta(days=7), services.now()

    shop(services, "orders/updated", shopify_events.order(made, updated_at=now.isoformat()))
    shop(services, "orders/create", shopify_events.order(now, name="#1002"))

    assert owed(services, "#1001") == []
    assert owed(services, "#1002") == ["order_confirmed"]


def test_what_a_shop_writes_itself_we_do_not_say_again(
    services: Services, brand: UUID, clock: FakeClock
) -> None:
    """One voice is enough, until the business turns the shop's off and has ours."""
    add_source(services, brand, "shopify", "shopify", SECRET, live=True)

    def sell_and_send(name: str) -> list[str]:
        clock.advance(hours=1)
        now = services.now()
        shop(services, "orders/create", shopify_events.order(now, name=name))
        said = owed(services, name)
        parcel = shopify_events.fulfillment(
            now, name=f"{name}.1", tracking_number=f"code {name}", tracking_numbers=[]
        )
        shop(services, "fulfillments/create", parcel)
        said += owed(services, name)
        clock.advance(hours=1)
        out = {"shipment_status": "out_for_delivery", "updated_at": services.now().isoformat()}
        shop(services, "fulfillments/update", parcel | out)
        assert status_of(services, name) == JobStatus.OUT_FOR_DELIVERY
        return said + owed(services, name)

    assert sell_and_send("#1001") == []

    set_said(services, "shopify", [], actor="cli")
    assert {"order_confirmed", "shipped", "out_for_delivery"} <= set(sell_and_send("#1002"))


def test_of_an_order_that_no_shop_booked_all_is_ours_to_say(
    services: Services, brand: UUID, clock: FakeClock
) -> None:
    """The shop writes to its own buyers only."""
    add_source(services, brand, "shopify", "shopify", SECRET, live=True)
    book_order(services, brand, reference="#1001")
    clock.advance(hours=1)

    shop(services, "fulfillments/create", shopify_events.fulfillment(services.now()))

    assert "shipped" in owed(services, "#1001")


def test_a_source_that_went_wrong_is_stopped(
    services: Services, clock: FakeClock, new: str
) -> None:
    """What waits of its visits goes nowhere, what it says is on record; live again, it counts."""
    set_live(services, new, actor="cli")
    clock.advance(minutes=1)
    book_a_visit(services, "JOB-9")
    assert "booked" in owed(services, "JOB-9")

    assert set_stopped(services, new, actor="cli")
    assert not set_stopped(services, new, actor="cli")
    clock.advance(minutes=1)

    assert owed(services, "JOB-9") == []
    with reading(services.sessions) as session:
        assert "source_stopped" in session.scalars(select(AuditLine.did)).all()

    clock.advance(minutes=1)
    set_live(services, new, actor="cli")
    assert owed(services, "JOB-9") == ["reminder"]


@pytest.mark.parametrize(
    "trouble", [OperationalError("INSERT", None, Exception("locked")), KeyboardInterrupt()]
)
def test_going_live_that_breaks_off_half_way_forgets_nobody(
    services: Services,
    clock: FakeClock,
    new: str,
    monkeypatch: pytest.MonkeyPatch,
    trouble: BaseException,
) -> None:
    """Said again it is live already: whoever was not planned then must be at the next tick."""
    references = [f"JOB-{number}" for number in range(5)]
    for reference in references:
        book_a_visit(services, reference)
    clock.advance(minutes=1)
    monkeypatch.setattr(planner, "STEP", 2)
    engine, steps = services.sessions.kw["bind"], []

    def break_down(_c: object, _u: object, statement: str, *_: object) -> None:
        if statement.startswith("INSERT INTO messages "):
            steps.append(statement)
            if len(steps) == 2:
                raise trouble

    event.listen(engine, "before_cursor_execute", break_down)
    with suppress(KeyboardInterrupt):
        assert set_live(services, new, actor="cli")
    event.remove(engine, "before_cursor_execute", break_down)
    assert [owed(services, one) for one in references] == [["reminder"]] * 2 + [[]] * 3

    assert not set_live(services, new, actor="cli")
    look_again(services)

    assert [owed(services, one) for one in references] == [["reminder"]] * 5


@contextmanager
def held_back(
    services: Services, statement: str, work: Callable[[], object]
) -> Iterator[Future[object]]:
    """Let `work` go as far as to commit what `statement` began, and on at the end of the `with`."""
    engine = services.sessions.kw["bind"]
    at_commit, go_on = threading.Event(), threading.Event()

    def note(connection: Connection, _u: object, said: str, *_: object) -> None:
        if said.startswith(statement):
            connection.info["is_held"] = True

    def hold(connection: Connection) -> None:
        if connection.info.pop("is_held", False):
            at_commit.set()
            assert go_on.wait(timeout=30)

    event.listen(engine, "before_cursor_execute", note)
    event.listen(engine, "commit", hold)
    with ThreadPoolExecutor(1) as other:
        working = other.submit(work)
        try:
            assert at_commit.wait(timeout=30)
            yield working
        finally:
            go_on.set()
            event.remove(engine, "before_cursor_execute", note)
            working.exception()
            event.remove(engine, "commit", hold)


@pytest.mark.parametrize("booked_first", [True, False])
def test_a_visit_that_is_booked_while_its_source_goes_live_has_its_reminder(
    services: Services, new: str, booked_first: bool
) -> None:
    """Either is as far as to commit when the other begins: neither may go by what was before."""
    both: list[tuple[str, Callable[[], object]]] = [
        ("INSERT INTO jobs", lambda: book_a_visit(services, "JOB-9")),
        ("UPDATE sources", lambda: set_live(services, new, actor="cli")),
    ]
    (statement, first), (_, second) = both if booked_first else reversed(both)

    with ThreadPoolExecutor(1) as other, held_back(services, statement, first) as working:
        meanwhile = other.submit(second)
        with suppress(NotYet):
            meanwhile.result(timeout=0.5)  # it is to be waiting, as long as we are here
    working.result()
    meanwhile.result()
    look_again(services)

    assert "reminder" in owed(services, "JOB-9")


def test_a_source_goes_live_once(services: Services, new: str) -> None:
    """And only one that there is."""
    assert set_live(services, new, actor="cli")
    assert not set_live(services, new, actor="cli")
    with pytest.raises(NotFound):
        set_live(services, "nobody", actor="cli")
    with pytest.raises(NotFound):
        set_said(services, "nobody", [], actor="cli")
