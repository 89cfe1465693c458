"""The migrated schema is the one that the tables describe, on both databases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, MetaData, event, inspect, select, text
from sqlalchemy.exc import InternalError
from sqlalchemy.orm import Session, sessionmaker

from notifier.domain.facts import FactSource, FactType
from notifier.intake import withdraw
from notifier.providers.receipt import ReceiptEvent
from notifier.store import engine as engines
from notifier.store.engine import create_engine_for
from notifier.store.migrate import is_current, upgrade
from notifier.store.tables import (
    Attempt,
    Base,
    DayLink,
    Job,
    Sender,
    Source,
    Tally,
    Task,
    Technician,
)
from tests.databases import Databases
from tests.desk import make_desk
from tests.fakes.clock import FakeClock

#: A brand as the first version wrote it.
_ACME = {
    "slug": "acme",
    "name": "Acme",
    "zone": "Europe/Berlin",
    "locale": "en",
    "phone": "+493012345",
    "country": "DE",
    "quiet_from": "21:00",
    "quiet_until": "08:00",
    "amends": {},
    "demo": False,
}


def _key(value: UUID, kind: str) -> object:
    """Return `value` as a reflected table of that kind of database takes it."""
    return value.hex if kind == "sqlite" else value


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Return an engine on a migrated database, of each kind in turn."""
    made = create_engine_for(database_url)
    yield made
    made.dispose()


def test_the_migrations_end_in_the_tables(engine: Engine) -> None:
    """Alembic would have nothing to add, to drop or to change."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_migrating_twice_changes_nothing(database_url: str, engine: Engine) -> None:
    """Every start migrates."""
    upgrade(database_url)
    with engine.connect() as connection:
        tables = set(inspect(connection).get_table_names())
    assert tables - {"alembic_version"} == set(Base.metadata.tables)


@pytest.mark.postgres
def test_migrating_waits_for_who_uses_a_table(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Longer than anybody else does: a person sees that it waits, and would begin it again."""
    url = databases.create_unmigrated("postgres")
    upgrade(url, "0016")
    monkeypatch.setattr(engines, "LOCK_TIMEOUT_MS", 100)
    monkeypatch.setattr(engines, "IDLE_IN_TRANSACTION_MS", 1000)
    engine = create_engine_for(url)
    user = engine.connect()
    user.execute(text("LOCK TABLE deliveries"))

    upgrade(url)

    with engine.connect() as connection:
        assert is_current(connection)
    with pytest.raises(InternalError):
        user.close()
    engine.dispose()
    databases.drop(url)


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_what_an_older_version_wrote_is_there_after_migrating(
    databases: Databases, kind: str
) -> None:
    """A business updates in the middle of a day; its rows are in use and stay as they are."""
    url = databases.create_unmigrated(kind)
    upgrade(url, "0001")
    engine = create_engine_for(url)
    old = MetaData()
    old.reflect(engine)
    brand, technician, link = uuid4(), uuid4(), uuid4()
    now = datetime(2026, 11, 22, tzinfo=UTC).replace(tzinfo=None if kind == "sqlite" else UTC)

    with engine.begin() as connection:
        connection.execute(
            old.tables["brands"].insert(),
            _ACME | {"id": _key(brand, kind), "created_at": now},
        )
        connection.execute(
            old.tables["technicians"].insert(),
            {
                "id": _key(technician, kind),
                "brand_id": _key(brand, kind),
                "key": b"key",
                "name": b"name",
                "name_hash": b"hash",
                "created_at": now,
            },
        )
        connection.execute(
            old.tables["day_links"].insert(),
            {
                "id": _key(link, kind),
                "brand_id": _key(brand, kind),
                "technician_id": _key(technician, kind),
                "day": "2026-11-22",
                "token_hash": b"token",
                "created_at": now,
                "expires_at": now,
            },
        )
    upgrade(url)
    with Session(engine) as session:
        kept = session.get_one(DayLink, link)
        assert session.get_one(Technician, kept.technician_id).person_id is None
    engine.dispose()
    databases.drop(url)


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_open_tasks_of_an_older_version_are_known_for_what_they_are(
    databases: Databases, kind: str
) -> None:
    """Else none of them would end when it is no longer needed."""
    url = databases.create_unmigrated(kind)
    upgrade(url, "0002")
    engine = create_engine_for(url)
    old = MetaData()
    old.reflect(engine)
    now = datetime(2026, 11, 22, tzinfo=UTC).replace(tzinfo=None if kind == "sqlite" else UTC)
    job, person, fact = uuid4(), uuid4(), uuid4()
    keys: dict[str, tuple[str | None, str | None]] = {
        f"update:{job}:{person}:20261122T1500": ("update", None),
        f"call_back:{job}:{person}:20261122T1500": ("call_back", None),
        f"dispatch:{job}:no_word_for_dispatch:1": ("dispatch", "no_word_for_dispatch"),
        f"call:{job}:{person}:declined:{fact}": ("declined", None),
        f"call:{job}:{person}:unreached:running_late:1:off": ("unreached", "running_late"),
        f"call:{job}:{person}:needs_call:later_again:3:off": ("needs_call", "later_again"),
        f"call:{job}:{person}:running_late_again:2": ("beside", "running_late_again"),
        f"outcome_unknown:{fact}:{job}": (None, None),
    }
    brand = uuid4()
    with engine.begin() as connection:
        connection.execute(
            old.tables["brands"].insert(),
            _ACME | {"id": _key(brand, kind), "created_at": now},
        )
        for key in keys:
            connection.execute(
                old.tables["tasks"].insert(),
                {
                    "id": _key(uuid4(), kind),
                    "brand_id": _key(brand, kind),
                    "key": key,
                    "kind": "call",
                    "why": "why",
                    "due_at": now,
                    "created_at": now,
                    "dropped": False,
                },
            )
    upgrade(url)
    with Session(engine) as session:
        found = {task.key: (task.duty, task.rule) for task in session.scalars(select(Task))}
    assert found == keys
    engine.dispose()
    databases.drop(url)


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_what_the_tasks_of_an_older_version_are_about_is_read_from_their_keys(
    databases: Databases, kind: str
) -> None:
    """Else a call about a promise counts as news of the time, and no path is named."""
    url = databases.create_unmigrated(kind)
    upgrade(url, "0007")
    engine = create_engine_for(url)
    old = MetaData()
    old.reflect(engine)
    now = datetime(2026, 11, 22, tzinfo=UTC).replace(tzinfo=None if kind == "sqlite" else UTC)
    job, person, fact, brand = uuid4(), uuid4(), uuid4(), uuid4()
    keys: dict[str, tuple[UUID | None, str | None]] = {
        f"call:{job}:{person}:unreached:call_promised:promised/{fact.hex}:": (fact, None),
        f"call:{job}:{person}:needs_call:call_promised:promised/{fact.hex}:off": (fact, None),
        f"call:{job}:{person}:call_promised:promised/{fact.hex}": (fact, None),
        f"call:{job}:{person}:unreached:running_late:1:off": (None, None),
        f"call:{job}:{person}:declined:{fact}": (None, None),
        "halted:sms:twilio:20003:2026-11-22": (None, "twilio"),
        "halted:email:smtp:smtp_535:2026-11-22": (None, "smtp"),
        "silent:twilio_2:2026-11-22": (None, "twilio_2"),
        f"outcome_unknown:{fact}:{job}": (None, None),
    }
    with engine.begin() as connection:
        connection.execute(
            old.tables["brands"].insert(),
            _ACME | {"id": _key(brand, kind), "created_at": now},
        )
        for key in keys:
            connection.execute(
                old.tables["tasks"].insert(),
                {
                    "id": _key(uuid4(), kind),
                    "brand_id": _key(brand, kind),
                    "key": key,
                    "kind": "call",
                    "why": "why",
                    "due_at": now,
                    "created_at": now,
                    "dropped": False,
                },
            )
    upgrade(url)
    with Session(engine) as session:
        found = {task.key: (task.promised_in, task.path) for task in session.scalars(select(Task))}
    assert found == keys
    engine.dispose()
    databases.drop(url)


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_an_address_of_an_older_version_can_be_that_of_a_second_path(
    databases: Databases, kind: str
) -> None:
    """Its sender stays as it is, halted or not."""
    url = databases.create_unmigrated(kind)
    upgrade(url, "0007")
    engine = create_engine_for(url)
    old = MetaData()
    old.reflect(engine)
    now = datetime(2026, 11, 22, tzinfo=UTC)
    at = now.replace(tzinfo=None if kind == "sqlite" else UTC)
    brand, sendgrid = uuid4(), uuid4()
    speaks = {"channel": "email", "address": "hello@example.com"}
    with engine.begin() as connection:
        connection.execute(
            old.tables["brands"].insert(), _ACME | {"id": _key(brand, kind), "created_at": at}
        )
        connection.execute(
            old.tables["senders"].insert(),
            {
                "id": _key(sendgrid, kind),
                "brand_id": _key(brand, kind),
                "provider": "sendgrid",
                "halted_at": at,
                "halted_code": "http_401",
                **speaks,
            },
        )

    upgrade(url)

    with Session(engine) as session, session.begin():
        session.add(Sender(id=uuid4(), brand_id=brand, provider="smtp", **speaks))
    with Session(engine) as session:
        kept = session.get_one(Sender, sendgrid)
        assert (kept.provider, kept.halted_at, kept.halted_code) == ("sendgrid", now, "http_401")
        assert session.query(Sender).count() == 2
    engine.dispose()
    databases.drop(url)


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_a_job_of_an_older_version_is_that_of_the_source_that_booked_it(
    databases: Databases, kind: str
) -> None:
    """And its source is as live as it was, and leaves all words to us."""
    url = databases.create_unmigrated(kind)
    upgrade(url, "0010")
    engine = create_engine_for(url)
    old = MetaData()
    old.reflect(engine)
    now = datetime(2026, 11, 22, tzinfo=UTC)
    at = now.replace(tzinfo=None if kind == "sqlite" else UTC)
    brand, source, person = uuid4(), uuid4(), uuid4()
    booked_by = {"JOB-1": f"source:{source}", "JOB-2": "key:1"}
    with engine.begin() as connection:
        connection.execute(
            old.tables["brands"].insert(), _ACME | {"id": _key(brand, kind), "created_at": at}
        )
        ours = {"brand_id": _key(brand, kind), "created_at": at}
        connection.execute(
            old.tables["sources"].insert(),
            ours
            | {
                "id": _key(source, kind),
                "name": "shop",
                "kind": "generic",
                "key": b"key",
                "secret": b"secret",
                "live_at": at,
            },
        )
        connection.execute(
            old.tables["people"].insert(), ours | {"id": _key(person, kind), "locale": "en"}
        )
        for reference, actor in booked_by.items():
            job = uuid4()
            connection.execute(
                old.tables["jobs"].insert(),
                ours
                | {
                    "id": _key(job, kind),
                    "kind": "appointment",
                    "reference": reference,
                    "request_hash": b"hash",
                    "service": "Boiler repair",
                    "items": [],
                    "zone": "Europe/Berlin",
                    "customer_id": _key(person, kind),
                    "version": 1,
                    "status": "scheduled",
                    "late": False,
                    "finished": False,
                },
            )
            connection.execute(
                old.tables["facts"].insert(),
                {
                    "id": _key(uuid4(), kind),
                    "brand_id": _key(brand, kind),
                    "job_id": _key(job, kind),
                    "seq": 1,
                    "type": "booked",
                    "source": "api",
                    "actor": actor,
                    "occurred_at": at,
                    "received_at": at,
                    "body": {},
                },
            )

    upgrade(url)

    with Session(engine) as session:
        sources = {job.reference: job.source_id for job in session.scalars(select(Job))}
        kept = session.get_one(Source, source)
        assert (kept.live_at, kept.says_itself) == (now, [])
    assert sources == {"JOB-1": source, "JOB-2": None}
    engine.dispose()
    databases.drop(url)


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_an_older_versions_attempts_do_not_say_whether_they_were_begun(
    databases: Databases, kind: str
) -> None:
    """Nor do those that it begins while the new one runs beside it."""
    url = databases.create_unmigrated(kind)
    upgrade(url, "0012")
    engine = create_engine_for(url)
    old = MetaData()
    old.reflect(engine)
    now = datetime(2026, 11, 22, tzinfo=UTC)
    at = now.replace(tzinfo=None if kind == "sqlite" else UTC)
    brand = uuid4()

    def attempt() -> UUID:
        made = uuid4()
        values = {
            "id": _key(made, kind),
            "brand_id": _key(brand, kind),
            "message_id": _key(uuid4(), kind),
            "number": 1,
            "provider": "sendgrid",
            "started_at": at,
            "lease_until": at,
        }
        with engine.begin() as connection:
            connection.execute(old.tables["attempts"].insert(), values)
        return made

    with engine.begin() as connection:
        connection.execute(
            old.tables["brands"].insert(), _ACME | {"id": _key(brand, kind), "created_at": at}
        )
    made = [attempt()]
    upgrade(url)
    made.append(attempt())

    with Session(engine) as session:
        assert [session.get_one(Attempt, one).notes_call for one in made] == [False, False]
    engine.dispose()
    databases.drop(url)


def test_what_a_rule_sent_before_it_was_counted_is_what_it_ever_did(
    database_url: str, sessions: sessionmaker[Session], clock: FakeClock
) -> None:
    """Its fullest hour: the first evening after the update is none to hold."""
    desk = make_desk(sessions, clock)
    started = clock()
    for number, hours in enumerate((0, 0, 0, 1, 1)):
        clock.set(started + timedelta(hours=hours, minutes=number))
        desk.visit(f"JOB-{number}")
    with sessions.begin() as session:
        session.execute(text("DROP TABLE tallies"))
        session.execute(text("DROP INDEX ix_messages_braked"))
        session.execute(text("UPDATE alembic_version SET version_num = '0006'"))

    upgrade(database_url, "0007")

    with sessions() as session:
        (tally,) = session.scalars(select(Tally))
    assert (tally.of, tally.key, tally.most, tally.amount) == ("rule", "booked", 3, 0)
    assert tally.since == started


_APPEND_ONLY = ("facts", "promises", "attempts", "calls_begun", "receipts")


@pytest.mark.parametrize("table", _APPEND_ONLY)
def test_append_only_tables_name_nobody(table: str) -> None:
    """They refer to people by id: erasing a person leaves them as they are."""
    columns = set(Base.metadata.tables[table].columns.keys())
    personal = {"name", "phone", "email", "address", "recipient", "subject", "html", "text"}
    assert not columns & personal


def test_append_only_tables_are_only_ever_added_to(
    sessions: sessionmaker[Session], clock: FakeClock
) -> None:
    """Late, sent, failed, called, taken back: no row of them is changed or removed."""
    desk = make_desk(sessions, clock)
    statements: list[str] = []

    def note(_c: object, _u: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(sessions.kw["bind"], "before_cursor_execute", note)
    job = desk.visit()
    late = desk.late(job, 45)
    desk.deliver()
    for message in desk.messages(job, "running_late"):
        desk.receipt(message, ReceiptEvent.UNDELIVERED, "30003")
    call = desk.say(job, FactType.TOLD)
    for fact in (call, late):
        withdraw(
            desk.services, desk.brand, job, fact.fact_id, source=FactSource.STAFF, actor="staff:1"
        )
    desk.deliver()
    event.remove(sessions.kw["bind"], "before_cursor_execute", note)
    changed = re.compile(rf"\s*(UPDATE|DELETE FROM) ({'|'.join(_APPEND_ONLY)})\b")
    assert [statement for statement in statements if changed.match(statement)] == []
    assert any("INSERT INTO promises" in statement for statement in statements)
