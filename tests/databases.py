"""Empty, migrated databases for tests: real SQLite files and a real PostgreSQL server.

Migrating takes longer than most tests, so each kind is migrated once a test process and copied
from then on. Nothing starts before the first test that asks.
"""

import sqlite3
import tempfile
from contextlib import ExitStack, closing
from functools import cached_property, lru_cache
from itertools import count
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Composed, Identifier, Literal

from notifier.store.migrate import upgrade
from tests.postgres_server import PostgresServer

_TEMPLATE = "migrated"


class Databases:
    """Makes databases; `close` ends the server and with it every PostgreSQL database."""

    def __init__(self, directory: Path, *, durable: bool = False) -> None:
        """Make them under `directory`; `durable` as `PostgresServer` takes it."""
        self._directory = directory
        self._durable = durable
        self._numbers = count(1)
        self._open = ExitStack()

    def create(self, kind: str) -> str:
        """Return the URL of a new, migrated, empty database; `kind` is sqlite or postgres."""
        name = f"test_{next(self._numbers)}"
        if kind == "sqlite":
            url = f"sqlite:///{self._directory / name}.db"
            self.copy_sqlite(url)
            return url
        server = self._postgres
        self._run(
            SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(_TEMPLATE))
        )
        return server.url(name)

    def copy_sqlite(self, url: str) -> None:
        """Put a migrated, empty file where `url` says, in place of what is there."""
        self._remove_sqlite(url)
        Path(url.removeprefix("sqlite:///")).write_bytes(_migrated_sqlite())

    def drop(self, url: str) -> None:
        """Remove a database that `create` made, whoever is still connected to it."""
        if url.startswith("sqlite:///"):
            _remove_sqlite(url)
            return
        name = url.partition("?")[0].rpartition("/")[2]
        self._run(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))

    def create_unmigrated(self, kind: str) -> str:
        """Return the URL of a database without any table, for tests of the migrations."""
        name = f"test_{next(self._numbers)}"
        if kind == "sqlite":
            return f"sqlite:///{self._directory / name}.db"
        self._run(SQL("CREATE DATABASE {}").format(Identifier(name)))
        return self._server.url(name)

    def close(self) -> None:
        """Stop the server, if one was started."""
        self._open.close()

    def _remove_sqlite(self, url: str) -> None:
        path = url.removeprefix("sqlite:///")
        for suffix in ("", "-wal", "-shm"):
            Path(path + suffix).unlink(missing_ok=True)

    @cached_property
    def _server(self) -> PostgresServer:
        return self._open.enter_context(PostgresServer(durable=self._durable))

    @cached_property
    def _postgres(self) -> PostgresServer:
        template = Identifier(_TEMPLATE)
        self._run(SQL("CREATE DATABASE {}").format(template))
        upgrade(self._server.url(_TEMPLATE))
        # A connection left open in a pool would keep the template from being copied.
        self._run(SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(template))
        self._run(
            SQL("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {}").format(
                Literal(_TEMPLATE)
            )
        )
        return self._server

    def _run(self, statement: Composed) -> None:
        """Run `statement` outside any transaction, as making a database must be."""
        conninfo = self._server.url("postgres").replace("+psycopg", "")
        with psycopg.connect(conninfo, autocommit=True) as connection:
            connection.execute(statement)


@lru_cache(maxsize=1)
def _migrated_sqlite() -> bytes:
    """Return a migrated SQLite file, whole; processes forked from this one have it, too."""
    with tempfile.TemporaryDirectory() as directory:
        migrated, whole = Path(directory) / "migrated.db", Path(directory) / "whole.db"
        upgrade(f"sqlite:///{migrated}")
        with closing(sqlite3.connect(migrated)) as source, closing(sqlite3.connect(whole)) as copy:
            source.backup(copy)  # in one file, whatever still lies in a WAL
        return whole.read_bytes()


def _remove_sqlite(url: str) -> None:
    path = url.removeprefix("sqlite:///")
    for suffix in ("", "-wal", "-shm"):
        Path(path + suffix).unlink(missing_ok=True)
