"""What `serve` puts before the app."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from waitress.parser import HTTPRequestParser
from waitress.server import BaseWSGIServer

from notifier.cli.serving import LARGEST_BODY, open_server
from notifier.web.board.importing import MOST_SENT


@pytest.fixture
def server() -> Iterator[BaseWSGIServer]:
    """Return a server that listens somewhere, and answers nobody."""
    opened = open_server(lambda _environ, _start: [], host="127.0.0.1", port=0)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("length", "refused"), [(MOST_SENT, False), (LARGEST_BODY, True), (10**9, True)]
)
def test_a_body_that_no_route_takes_is_refused_by_its_length(
    server: BaseWSGIServer, length: int, refused: bool
) -> None:
    """Nothing of it is waited for, or kept; the largest form that the board takes goes through."""
    request = HTTPRequestParser(server.adj)

    request.received(f"POST /webhooks/in/a HTTP/1.1\r\nContent-Length: {length}\r\n\r\n".encode())

    assert request.completed is refused
    assert (request.error is not None and request.error.code == 413) is refused


def test_a_body_that_does_not_say_its_length_ends_there_too(server: BaseWSGIServer) -> None:
    """Chunks are counted as they come."""
    request = HTTPRequestParser(server.adj)
    request.received(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"

    sent = 0
    while not request.completed and sent < 2 * LARGEST_BODY:
        sent += request.received(chunk)

    assert request.error is not None
    assert request.error.code == 413
    assert sent < LARGEST_BODY + 2 * len(chunk)
