"""Every test that asks gets a database as a fresh installation has it, and to itself."""

from sqlalchemy import inspect
from sqlalchemy.orm import Session, sessionmaker

from tests.databases import Databases


def test_a_database_is_migrated(sessions: sessionmaker[Session]) -> None:
    """Its tables come from the migrations, not from the table classes."""
    with sessions() as session:
        tables = inspect(session.connection()).get_table_names()

    assert {"alembic_version", "facts", "jobs", "messages"} <= set(tables)


def test_databases_are_apart(databases: Databases, database_url: str) -> None:
    """Two of a kind are two, so that tests can't see each other's rows."""
    kind = "sqlite" if database_url.startswith("sqlite") else "postgres"

    other = databases.create(kind)

    assert other != database_url
    databases.drop(other)
