"""Every vendor that a source could ask, behind one local server, whatever host is named.

Real addresses are HTTPS at the vendor's own host; `vendors` leads each of them here, and the
server notes which host was meant.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from notifier.webhooks.vendors import Vendors


@dataclass(frozen=True)
class Asked:
    """One question as it arrived; `url` as the asker meant it."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Said:
    """One answer. `trickles`: its body comes a byte at a time and never ends."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    trickles: bool = False


class FakeVendor:
    """Answers what `answers` says for an address, 404 for any other."""

    def __init__(self) -> None:
        self.answers: dict[str, Said | Callable[[Asked], Said]] = {}
        self.asked: list[Asked] = []
        self.stopping = threading.Event()
        self._server = _Server(("127.0.0.1", 0), self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)

    @property
    def urls(self) -> list[str]:
        """What was asked for, in order."""
        return [one.url for one in self.asked]

    def vendors(self, *, max_seconds: float = 10.0) -> Vendors:
        """Return the way to all vendors, which ends here."""
        made = Vendors(max_seconds=max_seconds)
        made.session.mount("https://", _Leads(self._server.server_address[1]))
        return made

    def answer(self, asked: Asked) -> Said:
        """Note the question and return what is said to it."""
        self.asked.append(asked)
        said = self.answers.get(asked.url, Said(404))
        return said if isinstance(said, Said) else said(asked)


class _Leads(HTTPAdapter):
    """Carries every request to one port of this machine."""

    def __init__(self, port: int) -> None:
        super().__init__(max_retries=0)
        self._port = port

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> Any:
        """Send `request` to the fake; the host that was meant goes along as `Host`."""
        led, meant = request.copy(), urlsplit(str(request.url))
        led.headers["Host"] = meant.netloc
        led.url = f"http://127.0.0.1:{self._port}{meant.path or '/'}"
        if meant.query:
            led.url += f"?{meant.query}"
        return super().send(led, *args, **options)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], vendor: FakeVendor) -> None:
        super().__init__(address, _Handler)
        self.vendor = vendor

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: some of those who ask don't wait for the end."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def _answer(self, method: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = f"https://{self.headers['Host']}{self.path}"
        said = self.server.vendor.answer(Asked(method, url, dict(self.headers), body))
        self.send_response(said.status)
        for name, value in said.headers.items():
            self.send_header(name, value)
        if said.trickles:
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            while not self.server.vendor.stopping.wait(0.02):
                self.wfile.write(b" ")
            return
        self.send_header("Content-Length", str(len(said.body)))
        self.end_headers()
        self.wfile.write(said.body)
