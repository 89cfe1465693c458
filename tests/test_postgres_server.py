"""The tests' own server leaves nothing behind, however the tests end."""

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from sqlalchemy import create_engine, text

from tests.postgres_server import PostgresServer

pytestmark = pytest.mark.postgres

ROOT = Path(__file__).parents[1]
USER_OF_A_SERVER = """
from tests.postgres_server import PostgresServer
print(PostgresServer().url("postgres"), flush=True)
input()
"""


def processes_in(directory: Path) -> list[psutil.Process]:
    """Return the processes whose command line names `directory`."""
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if str(directory) in " ".join(process.info["cmdline"] or [])
    ]


def home_in(url: str) -> Path:
    """Return the server's directory, which is in its URL."""
    return Path(url.partition("?host=")[2])


def test_it_answers_and_goes() -> None:
    """It is a real PostgreSQL, and after `stop` neither process nor file is left."""
    with PostgresServer() as server:
        home = home_in(server.url("postgres"))
        engine = create_engine(server.url("postgres"))
        with engine.connect() as connection:
            assert connection.scalar(text("select 1")) == 1
        assert processes_in(home)
        engine.dispose()

    assert not processes_in(home)
    assert not home.exists()


def test_it_goes_when_the_tests_are_killed() -> None:
    """A killed test process can tidy nothing up, so somebody else has to."""
    tests = subprocess.Popen(
        [sys.executable, "-c", USER_OF_A_SERVER],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert tests.stdin is not None
    assert tests.stdout is not None
    home = home_in(tests.stdout.readline().strip())
    assert processes_in(home)
    guards = psutil.Process(tests.pid).children()

    tests.send_signal(signal.SIGKILL)
    tests.communicate()

    psutil.wait_procs(guards, timeout=20)
    assert not home.exists()
    assert not processes_in(home)
