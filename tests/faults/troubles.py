"""What a database can suffer: each gives a world on one, and a function that makes the trouble.

The trouble is over when the function returns: what mends a database in production (somebody
starts it again, makes room) has happened, and nothing else has.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from random import Random

import psycopg

from tests.faults.ground import Ground, NotReached
from tests.faults.world import World
from tests.postgres_server import PostgresServer

KILLS = 2  # of one case

_APART_S = (2.0, 37.0)  # from start to kill, beside what starting takes
_BRIEFLY_APART_S = (0.5, 1.0)
_LOCKED_S, _BRIEFLY_LOCKED_S = 20.0, 6.5  # a writer waits for five
_FULL_S, _BRIEFLY_FULL_S = 12.0, 8.0
_NO_CONNECTIONS_S, _BRIEFLY_NONE_S = 12.0, 4.0
_POOL_S = 20.0  # a caller waits for a connection for five
_DISK_BYTES = {"sqlite": 8_000_000, "postgres": 400_000_000}
_MAX_CONNECTIONS = 30

_LOCK = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
held.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""

_END_THE_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
"""

_Ready = tuple[World, Callable[[], None]]
Trouble = Callable[[Ground, str, Random, bool], AbstractContextManager[_Ready]]


@contextmanager
def postmaster_killed(
    ground: Ground, database: str, chance: Random, brief: bool
) -> Iterator[_Ready]:
    """PostgreSQL dies every few seconds, and somebody starts it again."""
    with PostgresServer(durable=True) as server, _world_on(server, ground) as world:

        def trouble() -> None:
            pause = threading.Event()
            for _ in range(1 if brief else KILLS):
                pause.wait(chance.uniform(*(_BRIEFLY_APART_S if brief else _APART_S)))
                server.kill()
                pause.wait(chance.uniform(0, 3))
                server.start()

        yield world, trouble


@contextmanager
def locked(ground: Ground, database: str, chance: Random, brief: bool) -> Iterator[_Ready]:
    """Another process has SQLite's write lock."""
    with ground.world("sqlite") as world:
        path = world.database_url.removeprefix("sqlite:///")

        def trouble() -> None:
            with subprocess.Popen(
                [sys.executable, "-c", _LOCK, path],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            ) as locking:
                assert locking.stdout is not None
                assert locking.stdin is not None
                assert locking.stdout.readline().strip() == "locked"
                threading.Event().wait(_BRIEFLY_LOCKED_S if brief else _LOCKED_S)
                locking.stdin.close()

        yield world, trouble


@contextmanager
def disk_full(ground: Ground, database: str, chance: Random, brief: bool) -> Iterator[_Ready]:
    """The database's disk is full, and then it is not; the providers' journal is elsewhere."""
    with ExitStack() as opened:
        disk = opened.enter_context(_small_disk(_DISK_BYTES[database]))
        server = None
        if database == "postgres":
            server = opened.enter_context(PostgresServer(durable=True, under=disk))
            world = opened.enter_context(_world_on(server, ground))
        else:
            url = f"sqlite:///{disk}/notifier.db"
            ground.migrate(url)
            world = opened.enter_context(_world_at(url, ground))

        def trouble() -> None:
            filler = disk / "filler"
            with filler.open("wb") as file:
                for _ in range(
                    int((_BRIEFLY_FULL_S if brief else _FULL_S) / 0.2)
                ):  # whatever is freed meanwhile is taken
                    _fill(file.fileno())
                    threading.Event().wait(0.2)
            filler.unlink()
            if server is not None:
                server.start()  # where it gave up

        yield world, trouble


@contextmanager
def no_connections(ground: Ground, database: str, chance: Random, brief: bool) -> Iterator[_Ready]:
    """Somebody else has all connections that PostgreSQL has to give."""
    limit = f"--max_connections={_MAX_CONNECTIONS}"
    with PostgresServer(options=(limit,)) as server, _world_on(server, ground) as world:
        address = server.url("postgres").replace("+psycopg", "")

        def trouble() -> None:
            with ExitStack() as taken:
                first = taken.enter_context(psycopg.connect(address, autocommit=True))
                first.execute(_END_THE_OTHERS)
                for _ in range(int((_BRIEFLY_NONE_S if brief else _NO_CONNECTIONS_S) / 0.1)):
                    try:
                        taken.enter_context(psycopg.connect(address))
                    except psycopg.OperationalError:
                        threading.Event().wait(0.1)

        yield world, trouble


@contextmanager
def pool_empty(ground: Ground, database: str, chance: Random, brief: bool) -> Iterator[_Ready]:
    """All connections of the process that answers callers are in use."""
    with ground.world(database) as world:
        engine = world.services.sessions.kw["bind"]

        def trouble() -> None:
            pool = engine.pool
            with ExitStack() as taken:
                for _ in range(pool.size() + pool._max_overflow):  # callers' own, too
                    taken.enter_context(engine.connect())
                threading.Event().wait(_POOL_S)

        yield world, trouble


@contextmanager
def _world_on(server: PostgresServer, ground: Ground) -> Iterator[World]:
    """Give a world on the only database of `server`."""
    url = server.url("postgres")
    ground.migrate(url)
    with _world_at(url, ground) as world:
        yield world


@contextmanager
def _world_at(url: str, ground: Ground) -> Iterator[World]:
    with ground.home() as home:
        world = World.made(url, home, ground.nursery)
        try:
            yield world
        finally:
            world.close()


@contextmanager
def _small_disk(size: int) -> Iterator[Path]:
    """Mount a disk of `size` bytes in memory.

    :raises NotReached: where this user may not mount anything.
    """
    disk = Path(tempfile.mkdtemp(prefix="full-", dir="/tmp"))  # a socket's path is short
    try:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "tmpfs", str(disk)]
        if os.geteuid() != 0 or subprocess.run(mount, check=False).returncode != 0:
            raise NotReached("only root can mount a small disk")
        try:
            yield disk
        finally:
            subprocess.run(["umount", "-l", str(disk)], check=True)
    finally:
        disk.rmdir()


def _fill(descriptor: int) -> None:
    """Write until there is no room."""
    size = 1 << 16
    while size:
        try:
            os.write(descriptor, b"\0" * size)
        except OSError:
            size //= 2
