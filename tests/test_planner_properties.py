"""What must hold of planning whatever is said, in whatever order, and however often.

In memory where the domain alone decides; through the use cases on a real database where rows
and transactions do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import cast
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from notifier.booking import NewAppointment, NewPerson, book
from notifier.domain.facts import Fact, FactSource, FactType
from notifier.domain.jobs import JobKind
from notifier.domain.messages import WAITING, Role
from notifier.domain.windows import UNKNOWN, Window
from notifier.intake import NewFact, record, withdraw
from notifier.planner import bring_up_to_date
from notifier.services import Services
from notifier.store.engine import create_sessions
from notifier.store.tables import Brand, Job, Message
from tests.databases import Databases
from tests.domain.facts_given import APPOINTMENT_FACTS, ORDER_FACTS, PARCELS, facts_of
from tests.domain.stage import NINE_TO_ELEVEN, Stage
from tests.fakes.clock import FakeClock
from tests.fakes.ids import id_number
from tests.services import given_brand, make_services

# --- In memory ----------------------------------------------------------------------------


def outbox_after(kind: JobKind, facts: list[Fact]) -> set[tuple[object, ...]]:
    """Return what waits in the outbox once `facts` arrived in that order, planned after each."""
    stage = Stage(kind=kind, parcels=PARCELS if kind is JobKind.ORDER else ())
    stage.facts = []
    stage.now = max(fact.received_at for fact in facts)
    for seq, fact in enumerate(facts, 1):
        stage.facts.append(replace(fact, seq=seq))
        stage.reconcile()
    return {
        (row.rule, row.channel, row.asserts, row.moves_told, row.told_before)
        for row in stage.customer.rows.values()
        if row.status in WAITING
    }


@pytest.mark.parametrize(
    ("kind", "said"),
    [(JobKind.APPOINTMENT, APPOINTMENT_FACTS), (JobKind.ORDER, ORDER_FACTS)],
)
@given(data=st.data())
@settings(max_examples=60)
def test_another_order_and_repeats_end_in_the_same_messages(
    kind: JobKind,
    said: st.SearchStrategy[dict[str, object]],
    data: st.DataObject,
) -> None:
    """Distinct times, before the first claim: the outbox is a function of what was said."""
    facts = data.draw(facts_of(said))
    others = facts[1:]
    repeats = data.draw(st.lists(st.sampled_from(others), max_size=3)) if others else []
    again = [replace(fact, id=id_number(900 + n)) for n, fact in enumerate(repeats)]
    shuffled = [*others, *again]
    data.draw(st.randoms(use_true_random=False)).shuffle(shuffled)
    assert outbox_after(kind, [facts[0], *shuffled]) == outbox_after(kind, facts)


@given(facts_of(APPOINTMENT_FACTS), st.integers(0, 40))
@settings(max_examples=100)
def test_nothing_is_planned_twice_or_past_its_expiry(facts: list[Fact], hours: int) -> None:
    """Whenever one looks."""
    stage = Stage(speaking=["booked", "reminder"])
    stage.facts = list(facts)
    stage.now = facts[0].received_at + timedelta(hours=hours)
    planned = stage.plan()
    keys = [(o.job_person, o.contact, o.rule.id, o.episode, o.channel) for o in planned.owed]
    assert len(keys) == len(set(keys))
    for owed in planned.owed:
        assert owed.owed_at <= owed.send_at < owed.expires_at
        assert stage.now <= owed.send_at
    slips = [owed for owed in planned.owed if owed.rule.family == "slip"]
    assert len(slips) <= 1


@given(facts_of(APPOINTMENT_FACTS))
@settings(max_examples=100)
def test_planning_twice_changes_nothing(facts: list[Fact]) -> None:
    """The outbox is at rest after the first time."""
    stage = Stage(speaking=["booked", "reminder"])
    stage.facts = list(facts)
    stage.now = facts[0].received_at
    stage.reconcile()
    before = dict(stage.customer.rows)
    stage.reconcile()
    assert stage.customer.rows == before


@given(facts_of(APPOINTMENT_FACTS), st.randoms(use_true_random=False))
@settings(max_examples=100)
def test_whatever_was_sent_in_between_it_comes_to_rest(facts: list[Fact], random: Random) -> None:
    """Sent, delivered or failed after each fact: the loop settles, and says nothing twice."""
    stage = Stage()
    stage.facts = []
    for seq, fact in enumerate(facts, 1):
        received = stage.now + timedelta(minutes=1)
        stage.now = received
        stage.facts.append(replace(fact, seq=seq, occurred_at=received, received_at=received))
        sent = stage.send_all()
        keys = [(row.rule, row.episode, row.channel) for row in sent]
        assert len(keys) == len(set(keys))
        for row in sent:
            (stage.deliver if random.random() < 0.7 else stage.fail)(row)
    stage.send_all()
    stage.advance(seconds=1)
    assert stage.send_all() == []


# --- On a database ------------------------------------------------------------------------

_references = count(1)
_MINUTES = st.sampled_from([0, 20, 45, 50, 120])


class Bench:
    """One brand on one database; each example books a visit of its own."""

    def __init__(self, services: Services, brand: Brand, clock: FakeClock) -> None:
        self.services, self.brand, self.clock = services, brand, clock
        self.start = clock()

    def visit(self) -> UUID:
        """Book a visit for tomorrow, nine to eleven at the place."""
        self.clock.set(self.start)
        new = NewAppointment(
            reference=f"JOB-{next(_references)}",
            service="Boiler repair",
            window=NINE_TO_ELEVEN,
            people=(NewPerson(role=Role.CUSTOMER, name="Ada", phone="+12065550100"),),
        )
        booked = book(self.services, self.brand.id, new, source=FactSource.API, actor="key:1")
        return booked.job_id

    def say(self, job: UUID, fact: NewFact) -> UUID:
        """Record one fact."""
        return record(self.services, self.brand.id, job, fact).fact_id

    def outbox(self, job: UUID) -> tuple[object, ...]:
        """Return the job as it stands and what waits for it."""
        with self.services.sessions() as session:
            row = session.get_one(Job, job)
            waiting = session.scalars(
                select(Message).where(
                    Message.job_id == job, Message.status.in_([s.value for s in WAITING])
                )
            )
            messages = sorted((m.rule, m.channel, str(m.asserts)) for m in waiting)
            return (row.status, row.expected, row.agreed, row.reason, messages)


@pytest.fixture(scope="module")
def bench(databases: Databases) -> Iterator[Bench]:
    """Return a bench on one SQLite database that all examples share."""
    sessions = create_sessions(databases.create("sqlite"))
    clock = FakeClock()
    services = make_services(sessions, now=clock)
    yield Bench(services, given_brand(services), clock)
    cast("Engine", sessions.kw["bind"]).dispose()


def delays(minutes: list[int], start: datetime) -> list[NewFact]:
    """Return what was said, a minute apart."""
    return [
        NewFact(
            type=FactType.DELAYED,
            source=FactSource.STAFF,
            actor="staff:1",
            occurred_at=start + timedelta(minutes=number),
            **({"expected": UNKNOWN} if value == 20 else {"minutes": value}),
        )
        for number, value in enumerate(minutes, 1)
    ]


@given(
    minutes=st.lists(_MINUTES, min_size=1, max_size=4),
    random=st.randoms(use_true_random=False),
)
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_database_ends_in_the_same_rows(
    bench: Bench, minutes: list[int], random: Random
) -> None:
    """In order once, or shuffled with every fact said twice: job and outbox are the same."""
    facts = delays(minutes, bench.start)
    in_order, shuffled = bench.visit(), bench.visit()
    bench.clock.advance(minutes=10)
    for fact in facts:
        bench.say(in_order, fact)
    twice = facts * 2
    random.shuffle(twice)
    for fact in twice:
        bench.say(shuffled, fact)
    assert bench.outbox(in_order) == bench.outbox(shuffled)


@given(minutes=st.lists(_MINUTES, min_size=1, max_size=3), which=st.integers(0, 2))
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_withdrawn_leaves_the_rows_of_what_was_never_said(
    bench: Bench, minutes: list[int], which: int
) -> None:
    """A withdrawn delay withdraws its message, and only that."""
    facts = delays(minutes, bench.start)
    mistake = facts[which % len(facts)]
    # What repeats the mistake goes with it; what repeats another fact does not come up here.
    rest = [fact for fact in facts if _claim(fact) != _claim(mistake)]
    without, with_it = bench.visit(), bench.visit()
    bench.clock.advance(minutes=10)
    for fact in rest:
        bench.say(without, fact)
    said = [bench.say(with_it, fact) for fact in [*rest, mistake]]
    withdraw(
        bench.services, bench.brand.id, with_it, said[-1], source=FactSource.STAFF, actor="staff:1"
    )
    assert bench.outbox(without) == bench.outbox(with_it)


def _claim(fact: NewFact) -> tuple[object, Window | object]:
    return fact.minutes, fact.expected


def test_planning_a_job_twice_changes_no_row(bench: Bench) -> None:
    """Nor its version, which would make every preview stale."""
    job = bench.visit()
    bench.say(job, delays([45], bench.start)[0])
    with bench.services.sessions.begin() as session:
        before = (bench.outbox(job), session.get_one(Job, job).version)
        for _ in range(3):
            bring_up_to_date(session, bench.services, [job], now=bench.services.now())
        session.flush()
        assert not session.dirty
        version = session.get_one(Job, job).version
    assert (bench.outbox(job), version) == before
