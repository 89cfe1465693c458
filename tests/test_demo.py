"""The demo day: around now wherever that is, honest in its history, and inside the sandbox."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from notifier.board_reading.day import read_day
from notifier.clock import new_id
from notifier.domain.facts import FactSource, FactType
from notifier.domain.windows import Window
from notifier.intake import NewFact
from notifier.preview import preview
from notifier.sandbox.demo import DemoLoaded, daytime_zone, load_demo_day
from notifier.sandbox.demo_script import JONAS, ORDERS, PRIYA, SAM, VISITS
from notifier.services import Services
from notifier.store.engine import create_sessions, reading
from notifier.store.tables import (
    Brand,
    ContactPoint,
    Job,
    Message,
    SandboxItem,
    Source,
    Suppression,
    Task,
    Technician,
)
from tests.conftest import DATABASE_KINDS
from tests.databases import Databases
from tests.fakes.clock import FakeClock
from tests.services import RecordingEmail, RecordingSms, make_services


@pytest.fixture(scope="module", params=DATABASE_KINDS)
def services(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Services]:
    """Return services at 9:00 in Los Angeles, with real providers that must stay silent."""
    url = databases.create(request.param)
    sessions = create_sessions(url)
    sms, email = RecordingSms(name="twilio"), RecordingEmail(name="sendgrid")
    yield make_services(sessions, now=FakeClock(), sms=sms, email=email)
    sessions.kw["bind"].dispose()
    databases.drop(url)


@pytest.fixture(scope="module")
def demo(services: Services) -> DemoLoaded:
    """Return the demo, loaded once for all that is asked about it."""
    return load_demo_day(services)


def _jobs(services: Services) -> dict[str, Job]:
    with reading(services.sessions) as session:
        return {job.reference: job for job in session.scalars(select(Job))}


def test_three_technicians_with_six_visits_and_a_dozen_orders(
    services: Services, demo: DemoLoaded
) -> None:
    """The board opens on a day that is under way: some done, some now, some to come."""
    jobs = _jobs(services)
    with reading(services.sessions) as session:
        names = {
            row.id: services.vault.open(row.key, row.name)
            for row in session.scalars(select(Technician))
        }
    visits = [job for job in jobs.values() if job.kind == "appointment"]
    orders = [job for job in jobs.values() if job.kind == "order"]

    assert Counter(names[job.technician_id] for job in visits if job.technician_id) == {
        SAM: 6,
        PRIYA: 6,
        JONAS: 6,
    }
    assert len(orders) == 12
    assert {job.status for job in visits} >= {"completed", "en_route", "arrived", "scheduled"}
    assert len({job.status for job in orders}) >= 8


def test_the_stories_that_the_first_look_needs(services: Services, demo: DemoLoaded) -> None:
    """One late and told, one silent past its start, one landline, one opted out, two people."""
    jobs, now = _jobs(services), services.now()
    late, silent = jobs["V-104"], jobs["V-303"]
    with reading(services.sessions) as session:
        told = session.scalars(
            select(Message.status).where(Message.job_id == late.id, Message.rule == "running_late")
        )
        assert told.all() == ["delivered"]
        both = select(Message.status).where(Message.job_id == jobs["V-204"].id)
        assert session.scalars(both).all() == ["delivered", "delivered"]
        assert session.scalars(select(ContactPoint.landline)).all().count(True) == 1
        assert session.scalars(select(Suppression.why)).all() == ["opted_out"]
    assert late.late
    assert silent.status == "scheduled"
    assert silent.starts_at is not None
    assert silent.ends_at is not None
    assert silent.starts_at < now < silent.ends_at


def test_the_first_five_minutes_are_set_up(services: Services, demo: DemoLoaded) -> None:
    """Who wrote back is first, with their phone; the silent visit is next: its phone holds one
    text, and half an hour late is ahead and fits one segment."""
    silent, now = _jobs(services)["V-303"], services.now()
    day = read_day(services, demo.brand_id)
    assert [card.reference for card in day.at_risk[:2]] == ["V-104", "V-303"]
    assert day.phone is not None
    assert day.phone.job_id == day.at_risk[0].id
    assert day.phone.bubbles[-1].from_customer
    docked = read_day(services, demo.brand_id, docked=silent.id).phone
    assert docked is not None
    assert ["is booked" in bubble.body for bubble in docked.bubbles] == [True]

    late = NewFact(type=FactType.DELAYED, source=FactSource.STAFF, actor="staff:tests", minutes=30)
    shown = preview(services, demo.brand_id, silent.id, late)

    assert isinstance(shown.expected, Window)
    assert shown.expected.start >= now
    assert [message.segments for message in shown.messages] == [1]


def test_an_offer_was_made_and_accepted(services: Services, demo: DemoLoaded) -> None:
    """Late, back on time, and the customer said yes by text: agreed is the first time again."""
    job = _jobs(services)["V-305"]
    assert job.agreed == job.promised == job.expected


def test_the_past_did_not_flood_anybody(services: Services, demo: DemoLoaded) -> None:
    """A couple of dozen texts, all arrived, none still to go, none older than this morning."""
    with reading(services.sessions) as session:
        messages = session.scalars(select(Message)).all()
    assert {message.status for message in messages} == {"delivered"}
    assert 10 <= len(messages) <= 30
    per_person = Counter(message.contact_point_id for message in messages)
    assert max(per_person.values()) <= 2
    assert all(
        message.handed_over_at and services.now() - message.handed_over_at < timedelta(hours=5)
        for message in messages
    )


def test_no_task_is_overdue_at_the_start(services: Services, demo: DemoLoaded) -> None:
    """A fresh reply is to be read, and a parcel looked into; the rest was dealt with."""
    with reading(services.sessions) as session:
        open_tasks = session.scalars(select(Task).where(Task.done_at.is_(None))).all()
    assert sorted(task.kind for task in open_tasks) == ["look_into", "reply"]
    assert all(task.due_at > services.now() for task in open_tasks)


def test_nothing_left_the_sandbox(services: Services, demo: DemoLoaded) -> None:
    """With real providers configured, not one of them was called."""
    assert [provider.sent for provider in services.sms.values()] == [[]]  # type: ignore[attr-defined]
    assert [provider.sent for provider in services.email.values()] == [[]]  # type: ignore[attr-defined]
    with reading(services.sessions) as session:
        assert session.scalars(select(Brand.demo)).all() == [True]
        assert set(session.scalars(select(Message.provider))) == {"sandbox"}
        assert session.scalars(select(SandboxItem.channel)).all().count("email") == 1


def test_everybody_is_invented() -> None:
    """Only numbers kept for fiction, only example.com."""
    guests = [entry.customer for entry in (*VISITS, *ORDERS)]
    guests += [visit.second for visit in VISITS if visit.second]
    for guest in guests:
        phone, email = guest.phone, guest.email
        assert phone is None or re.fullmatch(r"\+120655501\d\d|\+4420794600\d\d", phone)
        assert email is None or email.endswith("@example.com")


def test_it_is_late_morning_wherever_the_day_is() -> None:
    """At any minute of any season here, quiet hours are far from the demo's place."""
    for month in (1, 4, 7, 10):
        for minutes in range(0, 24 * 60, 20):
            now = datetime(2026, month, 1, tzinfo=UTC) + timedelta(minutes=minutes)
            assert 10 <= now.astimezone(ZoneInfo(daytime_zone(now))).hour <= 13


def test_the_wanted_zone_is_taken_at_a_good_hour() -> None:
    """BRAND_TIME_ZONE wins when it is daytime there, and only then."""
    noon, night = datetime(2026, 11, 23, 11, tzinfo=UTC), datetime(2026, 11, 23, 23, tzinfo=UTC)
    assert daytime_zone(noon, "Europe/Madrid") == "Europe/Madrid"
    assert daytime_zone(night, "Europe/Madrid") != "Europe/Madrid"


def test_the_ways_in_work(services: Services, demo: DemoLoaded) -> None:
    """A key, a sign-in link, a technician's day, and two sources to send events to."""
    assert demo.api_key.startswith("nk_")
    assert "/sign-in/" in demo.sign_in_url
    assert "/day/" in demo.day_url
    with reading(services.sessions) as session:
        assert set(session.scalars(select(Source.kind))) == {"easypost", "generic"}


class StoppedHalfWay:
    """Ids until somebody presses Ctrl-C."""

    def __init__(self) -> None:
        self.left = 300

    def __call__(self) -> UUID:
        """Return the next id, while there is one."""
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        return new_id()


def test_a_loading_that_was_interrupted_leaves_nothing_and_the_next_one_loads_all(
    sessions: sessionmaker[Session],
) -> None:
    """A first start asks whether there is a brand; half a demo would pass for a whole one."""
    with pytest.raises(KeyboardInterrupt):
        load_demo_day(make_services(sessions, now=FakeClock(), ids=StoppedHalfWay()))
    with reading(sessions) as session:
        assert session.scalars(select(Brand)).all() == []

    load_demo_day(make_services(sessions, now=FakeClock()))

    with reading(sessions) as session:
        assert session.scalar(select(func.count(Job.id))) == len(VISITS) + len(ORDERS)
        assert session.scalar(select(func.count(Source.id))) == 2
