"""The two APIs' wire format: what they accept, refuse and answer, and how they go wrong."""

import base64
import json
import re
import socket
import struct
import threading
from datetime import datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import uuid4

from tests.fakes.provider_state import Fault, FaultKind, Taken

if TYPE_CHECKING:
    from tests.fakes.provider_server import FakeProviders

_MESSAGES = re.compile(r"/2010-04-01/Accounts/(AC[0-9a-fA-F]{32})/Messages\.json")
_ACCOUNT = re.compile(r"/2010-04-01/Accounts/(AC[0-9a-fA-F]{32})[/.]")
_E164 = re.compile(r"\+[1-9]\d{6,14}")


class ProviderServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], providers: "FakeProviders") -> None:
        super().__init__(address, _Handler)
        self.providers = providers
        self.stopping = threading.Event()
        self.open_connections: set[socket.socket] = set()

    def stop(self) -> None:
        """Stop as a dead provider does: kept connections end too."""
        self.stopping.set()
        self.shutdown()
        self.server_close()
        for connection in list(self.open_connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients that vanish are what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: ProviderServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.server.open_connections.add(self.connection)

    def finish(self) -> None:
        self.server.open_connections.discard(self.connection)
        super().finish()

    def log_message(self, format: str, *args: Any) -> None:
        pass

    @property
    def _providers(self) -> "FakeProviders":
        return self.server.providers

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = urlsplit(self.path).path
        match = _MESSAGES.fullmatch(path)
        if match:
            self._create_sms(match[1], {k: v[0] for k, v in parse_qs(body.decode()).items()})
        elif path == "/v3/mail/send":
            self._create_email(json.loads(body))
        elif path == "/_control":
            self._control(json.loads(body))
        else:
            self._twilio_error(404, 20404)

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if parts.path.startswith("/v3/"):
            self._look_at_sendgrid(parts.path)
            return
        account = _ACCOUNT.match(parts.path)
        if not self._twilio_signed_in(account[1] if account else self._providers.account_sid):
            self._twilio_error(401, 20003)
        elif _MESSAGES.fullmatch(parts.path):
            self._list_sms(parts.path, query)
        else:
            found = self._providers.twilio_account.answer(parts.path, query)
            if found is None:
                self._twilio_error(404, 20404)
            else:
                self._answer(*found)

    def _look_at_sendgrid(self, path: str) -> None:
        if self.headers.get("Authorization") != f"Bearer {self._providers.api_key}":
            self._sendgrid_error(401, "authorization required")
            return
        found = self._providers.sendgrid_account.answer(path)
        self._answer(*(found or (404, {"errors": [{"message": "not found", "field": None}]})))

    def _create_sms(self, account_sid: str, form: dict[str, str]) -> None:
        if not self._twilio_signed_in(account_sid):
            self._twilio_error(401, 20003)
            return
        fault = self._providers.state.fault_for("sms", form.get("To", ""))
        code = _fault_in_sms(form)
        if code is not None:
            self._twilio_error(400, code)
            return
        item: Taken = {
            "sid": f"SM{uuid4().hex}",
            "account_sid": account_sid,
            "to": form["To"],
            "from": form.get("From"),
            "messaging_service_sid": form.get("MessagingServiceSid"),
            "body": form["Body"],
            "status": "accepted" if "MessagingServiceSid" in form else "queued",
            "status_callback": form.get("StatusCallback"),
            "validity": int(form["ValidityPeriod"]) if "ValidityPeriod" in form else None,
            "error_code": None,
            "at": self._providers.now().isoformat(),
        }
        self._wait_if_late(fault)
        if fault is None or fault.takes:
            lag = timedelta(seconds=self._providers.listing_lag(item["to"]))
            item["listed_from"] = (self._providers.now() + lag).isoformat()
            self._providers.state.take("sms", item)
        if fault is None or self._go_wrong(fault, twilio=True):
            self._answer(201, _message(item))

    def _list_sms(self, path: str, query: dict[str, str]) -> None:
        size, number = int(query.get("PageSize", 50)), int(query.get("Page", 0))
        now = self._providers.now()
        matching = [
            item
            for item in self._providers.state.sms_to(query.get("To"))[::-1]  # newest first
            if datetime.fromisoformat(item.get("listed_from") or item["at"]) <= now
        ]
        if "DateSent>" in query:  # like Twilio's own, this filter hides what is still queued
            matching = [i for i in matching if i["status"] not in ("queued", "accepted")]
        start = size * number
        page = matching[start : start + size]

        def uri(page_number: int) -> str:
            return f"{path}?{urlencode(query | {'PageSize': size, 'Page': page_number})}"

        more = len(matching) > start + size
        self._answer(
            200,
            {
                "messages": [_message(item) for item in page],
                "page": number,
                "page_size": size,
                "start": start,
                "end": start + len(page) - 1 if page else start,
                "uri": uri(number),
                "first_page_uri": uri(0),
                "next_page_uri": uri(number + 1) if more else None,
                "previous_page_uri": uri(number - 1) if number else None,
            },
        )

    def _create_email(self, mail: dict[str, Any]) -> None:
        if self.headers.get("Authorization") != f"Bearer {self._providers.api_key}":
            self._sendgrid_error(401, "authorization required")
            return
        try:
            item = _email(mail) | {"at": self._providers.now().isoformat()}
        except (KeyError, IndexError, TypeError):
            self._sendgrid_error(400, "invalid request")
            return
        fault = self._providers.state.fault_for("email", item["to"])
        self._wait_if_late(fault)
        if fault is None or fault.takes:
            self._providers.state.take("email", item)
        if fault is None or self._go_wrong(fault, twilio=False):
            # An empty 202 must not claim to be JSON.
            self._answer(202, None, {"X-Message-Id": item["id"]})

    def _wait_if_late(self, fault: Fault | None) -> None:
        if fault is not None and fault.kind is FaultKind.LATE:
            self.server.stopping.wait(fault.seconds)

    def _go_wrong(self, fault: Fault, *, twilio: bool) -> bool:
        """Play the fault; return True where the ordinary answer is still to follow."""
        refuse = self._twilio_error if twilio else self._sendgrid_error
        match fault.kind:
            case FaultKind.TOO_MANY:
                wait = fault.retry_after
                headers = {} if wait is None else {"Retry-After": str(wait)}
                if fault.body is None:
                    refuse(429, fault.code or 20429, headers)
                else:
                    self._answer_bytes(429, fault.body.encode(), headers)
            case FaultKind.REJECT:
                refuse(400, fault.code or 21211)
            case FaultKind.UNAUTHORIZED:
                refuse(401, 20003)
            case FaultKind.ERROR_BEFORE | FaultKind.ERROR_AFTER:
                refuse(500, 20500)
            case FaultKind.GARBAGE:
                self._answer_bytes(201, b"<html>sorry", {"Content-Type": "application/json"})
            case FaultKind.RESET_BEFORE | FaultKind.RESET_AFTER:
                self._reset()
            case FaultKind.TIMEOUT_AFTER:
                self.server.stopping.wait(fault.seconds)
                self.close_connection = True
            case FaultKind.SLOW:
                self.server.stopping.wait(fault.seconds)
                return True
            case FaultKind.LATE | FaultKind.NONE:
                return True
        return False

    def _reset(self) -> None:
        """End the connection with a RST rather than a FIN."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.rfile.close()
        self.connection.close()
        self.close_connection = True

    def _control(self, order: dict[str, Any]) -> None:
        """Do what another process asks: {"do": "deliver", "sid": …} and the like."""
        allowed = {
            "fail_next_sms",
            "fail_next_email",
            "fail_number",
            "deliver",
            "email_event",
            "reply",
        }
        name = order.pop("do")
        if name not in allowed:
            self._answer(400, {"error": f"no such order: {name}"})
            return
        self._answer(200, {"result": getattr(self._providers, name)(**order)})

    def _twilio_signed_in(self, account_sid: str) -> bool:
        pair = f"{self._providers.account_sid}:{self._providers.auth_token}"
        expected = f"Basic {base64.b64encode(pair.encode()).decode()}"
        same = account_sid == self._providers.account_sid
        return same and self.headers.get("Authorization") == expected

    def _twilio_error(self, status: int, code: int, headers: dict[str, str] | None = None) -> None:
        error = {
            "code": code,
            "message": "The 'To' number +15005550001 is made up by the fake",
            "more_info": f"https://www.twilio.com/docs/errors/{code}",
            "status": status,
        }
        self._answer(status, error, headers)

    def _sendgrid_error(
        self, status: int, what: object, headers: dict[str, str] | None = None
    ) -> None:
        errors = [{"message": str(what), "field": None, "help": None}]
        self._answer(status, {"errors": errors}, headers)

    def _answer(self, status: int, body: object, headers: dict[str, str] | None = None) -> None:
        if body is None:
            self._answer_bytes(status, b"", headers or {})
            return
        typed = {"Content-Type": "application/json", **(headers or {})}
        self._answer_bytes(status, json.dumps(body).encode(), typed)

    def _answer_bytes(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _fault_in_sms(form: dict[str, str]) -> int | None:
    """Return Twilio's code for a request that it would refuse, or None."""
    if not form.get("To"):
        return 21604
    if not _E164.fullmatch(form["To"]):
        return 21211
    if not form.get("From") and not form.get("MessagingServiceSid"):
        return 21603
    if not form.get("Body"):
        return 21602
    if len(form["Body"]) > 1600:
        return 21617
    validity = form.get("ValidityPeriod", "1")
    return None if validity.isdecimal() and 1 <= int(validity) <= 36_000 else 20001


def _message(item: Taken) -> dict[str, Any]:
    """Return a text as Twilio's message resource."""
    uri = f"/2010-04-01/Accounts/{item['account_sid']}/Messages/{item['sid']}"
    created = format_datetime(datetime.fromisoformat(item["at"]))
    waiting = item["status"] in ("queued", "accepted")
    return {
        "account_sid": item["account_sid"],
        "api_version": "2010-04-01",
        "body": item["body"],
        "date_created": created,
        "date_sent": None if waiting else created,
        "date_updated": created,
        "direction": "outbound-api",
        "error_code": item["error_code"],
        "error_message": None,
        "from": item["from"],
        "messaging_service_sid": item["messaging_service_sid"],
        "num_media": "0",
        "num_segments": "1",
        "price": None,
        "price_unit": "USD",
        "sid": item["sid"],
        "status": item["status"],
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": item["to"],
        "uri": f"{uri}.json",
    }


def _email(mail: dict[str, Any]) -> Taken:
    person = mail["personalizations"][0]
    parts = {part["type"]: part["value"] for part in mail["content"]}
    return {
        "id": uuid4().hex,
        "to": person["to"][0]["email"],
        "from": mail["from"]["email"],
        "from_name": mail["from"].get("name"),
        "subject": person.get("subject") or mail["subject"],
        "text": parts.get("text/plain"),
        "html": parts.get("text/html"),
        "custom_args": mail.get("custom_args", {}) | person.get("custom_args", {}),
        "headers": mail.get("headers", {}) | person.get("headers", {}),
        "tracking_settings": mail.get("tracking_settings", {}),
    }
