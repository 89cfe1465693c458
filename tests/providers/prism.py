"""Prism, which holds requests and answers against a provider's own OpenAPI document."""

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

PACKAGE = "@stoplight/prism-cli@5.14.2"  # 5.16 needs a newer node
_CHECKOUT = Path(__file__).parents[2]
_INSTALL_SECONDS = 90
_START_SECONDS = 20


class PrismMissing(Exception):
    """Prism can't be had on this machine; the text says why, in one line."""


def install(environment: Mapping[str, str]) -> dict[str, str]:
    """Fetch Prism into the checkout's node_modules; return the environment to run it in.

    :raises PrismMissing: without node, or where the registry does not answer.
    """
    if shutil.which("npx") is None or shutil.which("node") is None:
        raise PrismMissing("node and npx are not installed")
    home = _CHECKOUT / "node_modules" / ".prism"
    home.mkdir(parents=True, exist_ok=True)
    inside = {
        **environment,
        "npm_config_cache": str(home / "cache"),
        "npm_config_update_notifier": "false",
        "npm_config_fetch_retries": "1",
        "npm_config_fetch_timeout": "20000",
    }
    # Two test processes that install into one cache would break each other's.
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            with _group([*_npx(), "--version"], inside) as process:
                failed = process.wait(timeout=_INSTALL_SECONDS) != 0
        except subprocess.TimeoutExpired:
            failed = True
    if failed:
        raise PrismMissing("the npm registry did not give it to us")
    return inside


@contextmanager
def proxy(contract: Path, upstream: str, environment: Mapping[str, str]) -> Iterator[str]:
    """Put Prism in front of `upstream` and yield its URL; nothing of it is left afterwards.

    :raises PrismMissing: if it does not come up.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [*_npx(), "proxy", "--errors", "-h", "127.0.0.1", "-p", str(port)]
    with _group([*command, str(contract), upstream], environment) as process:
        listening = threading.Event()
        threading.Thread(target=_read, args=(process, listening), daemon=True).start()
        if not listening.wait(_START_SECONDS):
            raise PrismMissing("it did not start")
        yield f"http://127.0.0.1:{port}"


def _npx() -> list[str]:
    return ["npx", "-y", PACKAGE]


def _read(process: subprocess.Popen[str], listening: threading.Event) -> None:
    # Read to the end, or Prism stops once the pipe is full.
    for line in process.stdout or ():
        if "Prism is listening" in line:
            listening.set()


@contextmanager
def _group(command: list[str], environment: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Run `command` in a process group of its own: npx starts a shell, which starts node."""
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
