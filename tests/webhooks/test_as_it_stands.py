"""What a source says anew of a job: a window that moved, a parcel that it was given."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import permutations
from uuid import UUID

import pytest
from sqlalchemy import select

from notifier.domain.deliveries import DeliveryStatus
from notifier.domain.facts import FactSource, FactType
from notifier.domain.jobs import JobKind
from notifier.domain.messages import WAITING, Role
from notifier.domain.windows import Window, to_json
from notifier.intake import NewFact, record
from notifier.services import Services
from notifier.sources.parts.json_bodies import read_object
from notifier.sources.protocol import (
    BookedParcel,
    BookedPerson,
    Booking,
    ByReference,
    Incoming,
    SourceEvent,
)
from notifier.sources.registry import adapters
from notifier.store.engine import reading
from notifier.store.tables import FactRow, Job, JobPerson, Message, Parcel
from tests.fakes.clock import FakeClock
from tests.sources import generic_events
from tests.sources.easypost_events import Parcel as OnItsWay
from tests.webhooks.deliveries import (
    CODE,
    HOUR,
    book_order,
    delivery,
    facts_of,
    job,
    push,
    push_ours,
    translate_all,
)
from tests.webhooks.shopify_orders import Said, tell


@pytest.fixture(params=list(JobKind))
def kind(request: pytest.FixtureRequest) -> JobKind:
    """Return visits, then orders."""
    return JobKind(request.param)


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch, kind: JobKind) -> None:
    """Let the source of our own kind be a tool that says all of a job whenever it changes."""

    def translate(incoming: Incoming) -> tuple[SourceEvent, ...]:
        said = read_object(incoming.body)
        data, at = said["data"], datetime.fromisoformat(said["timestamp"])
        join = ByReference("JOB-7")
        if "code" in data:
            parcel = BookedParcel(carrier="UPS", tracking_code=data["code"])
            return (
                SourceEvent(
                    join=join,
                    job_kind=JobKind.ORDER,
                    type=FactType.SHIPPED,
                    occurred_at=at,
                    parcel=data["code"],
                    adds_parcel=parcel,
                ),
            )
        start = datetime.fromisoformat(data["start"])
        booking = Booking(
            reference="JOB-7",
            service="Boiler repair",
            people=(BookedPerson(role=Role.CUSTOMER, name="Ada Park", phone="+12065550100"),),
            window=Window(start, start + 2 * HOUR),
            zone="America/Los_Angeles",
            as_it_stands=True,
            agreed=data.get("agreed", False),
        )
        return (
            SourceEvent(
                join=join,
                job_kind=kind,
                type=FactType.BOOKED,
                occurred_at=at,
                booking=booking,
            ),
        )

    adapter = replace(adapters()["generic"], translate=translate)
    monkeypatch.setitem(adapters(), "generic", adapter)


@pytest.mark.usefixtures("tool")
@pytest.mark.parametrize("agreed", [False, True])
def test_a_window_that_moved_is_followed_and_said_again_it_is_no_news(
    services: Services, brand: UUID, kind: JobKind, agreed: bool
) -> None:
    """Booked, changed in something else, moved, and each of them twice."""
    at, start = services.now(), services.now() + 48 * HOUR
    for number, (said_at, begins) in enumerate(
        [(at - 3 * HOUR, start), (at - 2 * HOUR, start), (at - HOUR, start + 24 * HOUR)] * 2
    ):
        event = generic_events.event("job", said_at, start=begins.isoformat(), agreed=agreed)
        push_ours(services, event, f"msg_{number}")
    translate_all(services)

    only = _only_job(services)
    (moved,) = facts_of(services, only.id)
    new = Window(start + 24 * HOUR, start + 26 * HOUR)
    if kind is JobKind.APPOINTMENT:
        assert (moved.type, moved.body["window"]) == ("rescheduled", to_json(new))
        assert moved.body["agreed"] is agreed
    else:
        assert (moved.type, moved.body["expected"]) == ("delayed", to_json(new))
    assert moved.occurred_at == at - HOUR
    assert only.ends_at == new.end


@pytest.mark.usefixtures("tool")
@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_in_whatever_order_it_is_said_the_latest_counts(
    services: Services, brand: UUID, order: tuple[int, ...]
) -> None:
    """And the first is what was promised, though it comes when another has booked the job."""
    at, start = services.now(), services.now() + 48 * HOUR
    for nth in order:
        said_at = at - timedelta(hours=3 - nth)
        begins = start + nth * 24 * HOUR
        push_ours(
            services, generic_events.event("job", said_at, start=begins.isoformat()), f"msg_{nth}"
        )
        translate_all(services)

    only = _only_job(services)
    assert only.ends_at == start + 2 * 24 * HOUR + 2 * HOUR
    assert only.promised == to_json(Window(start, start + 2 * HOUR))


@pytest.mark.usefixtures("tool")
@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_delay_stays_though_the_window_is_said_again(
    services: Services, brand: UUID, kind: JobKind, order: tuple[int, ...]
) -> None:
    """It was moved, staff said of it that it comes later, and something else was changed in it."""
    at, start = services.now(), services.now() + 48 * HOUR
    moved, later = start + 24 * HOUR, Window(start + 50 * HOUR, start + 52 * HOUR)

    def tool_says(hours_ago: int, begins: datetime) -> None:
        event = generic_events.event("job", at - hours_ago * HOUR, start=begins.isoformat())
        push_ours(services, event, f"msg_{hours_ago}")

    def staff_say() -> None:
        new = NewFact(
            type=FactType.DELAYED,
            source=FactSource.STAFF,
            actor="staff:1",
            occurred_at=at - 2 * HOUR,
            expected=later,
        )
        record(services, brand, _only_job(services).id, new)

    tell(services, [partial(tool_says, 4, start)])
    said: tuple[Said, ...] = (partial(tool_says, 3, moved), staff_say, partial(tool_says, 1, moved))
    for nth in order:
        tell(services, [said[nth]])

    assert _only_job(services).expected == to_json(later)


@pytest.mark.usefixtures("tool")
def test_two_windows_under_one_id_are_not_both_taken(services: Services, brand: UUID) -> None:
    """The first stays; the other one fails and says so, and is heard under an id of its own."""
    at, start = services.now(), services.now() + 48 * HOUR
    taken = []
    for day, webhook_id in enumerate(["msg_1", "msg_2", "msg_2"]):
        begins = start + day * 24 * HOUR
        event = generic_events.event("job", at - (3 - day) * HOUR, start=begins.isoformat())
        taken.append(push_ours(services, event, webhook_id))
        translate_all(services)

    assert [delivery(services, one).status for one in taken] == ["applied", "applied", "failed"]
    assert _only_job(services).ends_at == start + 26 * HOUR

    push_ours(services, event, "msg_3")
    translate_all(services)
    assert _only_job(services).ends_at == start + 50 * HOUR


@pytest.mark.usefixtures("tool")
@pytest.mark.parametrize("kind", [JobKind.APPOINTMENT], indirect=True)
@pytest.mark.parametrize("told", [False, True])
def test_a_promise_that_is_heard_late_is_history_once_they_were_told_another(
    services: Services, brand: UUID, told: bool
) -> None:
    """What somebody read is not reworded: a text that was claimed may have reached them."""
    at, start = services.now(), services.now() + 48 * HOUR
    later = start + 24 * HOUR
    moved = generic_events.event("job", at - HOUR, start=later.isoformat(), agreed=True)
    push_ours(services, moved, "msg_1")
    translate_all(services)
    with services.sessions.begin() as session:
        (text, *_) = session.scalars(select(Message))
        text.claimed_at = at if told else None
    booked = generic_events.event("job", at - 2 * HOUR, start=start.isoformat(), agreed=True)
    push_ours(services, booked, "msg_2")
    translate_all(services)

    promised = later if told else start
    only = _only_job(services)
    assert only.promised == to_json(Window(promised, promised + 2 * HOUR))
    assert only.expected == to_json(Window(later, later + 2 * HOUR))
    with reading(services.sessions) as session:
        customer = session.scalars(select(JobPerson)).one()
    assert customer.told == to_json(Window(later, later + 2 * HOUR))


@pytest.mark.usefixtures("tool")
@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_a_window_that_moved_and_moved_back_is_where_it_was(
    services: Services, brand: UUID, order: tuple[int, ...]
) -> None:
    """What was no news when it was read is news once what it took back comes late."""
    at, start = services.now(), services.now() + 48 * HOUR
    days = [0, 1, 0, 0]
    for nth in order:
        said_at, begins = at - (9 - nth) * HOUR, start + days[nth] * 24 * HOUR
        event = generic_events.event("job", said_at, start=begins.isoformat())
        push_ours(services, event, f"msg_{nth}")
        translate_all(services)

    assert _only_job(services).ends_at == start + 2 * HOUR


@pytest.mark.usefixtures("tool")
@pytest.mark.parametrize("kind", [JobKind.ORDER], indirect=True)
def test_a_shop_that_says_its_promise_again_does_not_contradict_the_carrier(
    services: Services, brand: UUID
) -> None:
    """The parcel comes a day later; then somebody edits a note in the shop."""
    at, start = services.now(), services.now() + 24 * HOUR
    booked = generic_events.event("job", at - 3 * HOUR, start=start.isoformat())
    push_ours(services, booked, "msg_1")
    shipped = generic_events.event("job", at - 2 * HOUR, code=CODE)
    push_ours(services, shipped, "msg_2")
    translate_all(services)
    later = start + 72 * HOUR
    push(services, OnItsWay(code=CODE).scanned("in_transit", at - HOUR, estimate=later))
    push_ours(services, generic_events.event("job", at, start=start.isoformat()), "msg_3")
    translate_all(services)

    order = _only_job(services)
    assert order.status == "in_transit"
    assert order.ends_at is not None
    assert order.ends_at > start + 48 * HOUR
    assert [(fact.type, fact.source) for fact in _facts(services, order.id)] == [
        (FactType.BOOKED, FactSource.API),
        (FactType.SHIPPED, FactSource.API),
        (FactType.IN_TRANSIT, FactSource.CARRIER),
        (FactType.DELAYED, FactSource.CARRIER),
    ]


@pytest.mark.usefixtures("tool")
@pytest.mark.parametrize("kind", [JobKind.ORDER], indirect=True)
def test_a_parcel_that_an_order_is_given_later_takes_what_waited_for_its_code(
    services: Services, brand: UUID
) -> None:
    """The carrier scanned it before the shop named it; named twice, it is one parcel."""
    job_id = book_order(services, brand, reference="JOB-7")
    scan = push(services, OnItsWay(code=CODE).scanned("out_for_delivery", services.now() - HOUR))
    translate_all(services)
    assert delivery(services, scan).status == DeliveryStatus.WAITING

    for number in range(2):
        said_at = services.now() - 2 * HOUR - timedelta(minutes=number)
        event = generic_events.event("job", said_at, code=CODE.lower())
        push_ours(services, event, f"msg_{number}")
        translate_all(services)

    assert delivery(services, scan).status == DeliveryStatus.APPLIED
    assert job(services, job_id).status == "out_for_delivery"
    with reading(services.sessions) as session:
        (parcel,) = session.scalars(select(Parcel))
    assert (parcel.tracking_code, parcel.carrier) == (CODE, "UPS")


@pytest.mark.usefixtures("tool")
@pytest.mark.parametrize("kind", [JobKind.APPOINTMENT], indirect=True)
@pytest.mark.parametrize("order", list(permutations(range(2))))
@pytest.mark.parametrize("agreed", [False, True])
def test_who_did_not_choose_the_new_time_is_told_of_it(
    services: Services, brand: UUID, clock: FakeClock, order: tuple[int, ...], agreed: bool
) -> None:
    """A visit that the business moved to another day owes a text, whichever is heard first."""
    clock.advance(hours=3)
    at, start = services.now(), services.now() + 48 * HOUR
    for nth in order:
        begins = (start + nth * 24 * HOUR).isoformat()
        event = generic_events.event("job", at - (2 - nth) * HOUR, start=begins, agreed=agreed)
        push_ours(services, event, f"msg_{nth}")
        translate_all(services)

    new = to_json(Window(start + 24 * HOUR, start + 26 * HOUR))
    with reading(services.sessions) as session:
        texts = session.scalars(select(Message).where(Message.rule == "moved"))
        owed = [text.asserts for text in texts if text.status in WAITING]
    assert owed == ([] if agreed else [new])
    assert (_only_job(services).agreed == new) is agreed


def _only_job(services: Services) -> Job:
    with reading(services.sessions) as session:
        (only,) = session.scalars(select(Job))
        return only


def _facts(services: Services, job_id: UUID) -> list[FactRow]:
    with reading(services.sessions) as session:
        query = select(FactRow).where(FactRow.job_id == job_id).order_by(FactRow.seq)
        return list(session.scalars(query))
