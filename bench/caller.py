"""Calls a server as somebody outside would: from a process of its own, over kept connections."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Call:
    """One POST."""

    path: str
    body: str
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """When it was sent and answered, by the machine's monotonic clock, and how."""

    sent: float
    answered: float
    status: int


def call(
    urls: Sequence[str], calls: Sequence[Call], *, connections: int, pause: float = 0
) -> list[Answer]:
    """Make `calls` over so many connections, each waiting for its answer; `pause` in seconds.

    The connections are shared out among `urls`.
    """
    order = {
        "urls": list(urls),
        "calls": [asdict(one) for one in calls],
        "connections": connections,
        "pause": pause,
    }
    done = subprocess.run(
        [sys.executable, "-m", "bench.caller"],
        input=json.dumps(order),
        capture_output=True,
        text=True,
        check=True,
    )
    return [Answer(*one) for one in json.loads(done.stdout)]


def _main() -> None:
    order = json.load(sys.stdin)
    calls, connections = order["calls"], order["connections"]
    addresses = [urlsplit(url).netloc for url in order["urls"]]
    answers: list[tuple[float, float, int] | None] = [None] * len(calls)

    def work(first: int) -> None:
        connection = http.client.HTTPConnection(addresses[first % len(addresses)])
        for index in range(first, len(calls), connections):
            one = calls[index]
            sent = time.monotonic()
            connection.request("POST", one["path"], one["body"].encode(), one["headers"])
            response = connection.getresponse()
            response.read()
            answers[index] = (sent, time.monotonic(), response.status)
            time.sleep(order["pause"])
        connection.close()

    with ThreadPoolExecutor(connections) as pool:
        list(pool.map(work, range(connections)))
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    _main()
