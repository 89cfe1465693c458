"""What a request that got no answer means: each failure before and after it was written."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from notifier.providers.codes import Reaction
from notifier.providers.connection import (
    error_for_broken_request,
    kept_session,
    retry_after_seconds,
)
from notifier.providers.errors import (
    ProviderMisconfigured,
    SendDeferred,
    SendError,
    SendOutcomeUnknown,
)


@contextmanager
def answering(answer: bytes) -> Iterator[int]:
    """Listen on a port; read what comes, write `answer`, hang up."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65_536)
                    connection.sendall(answer)

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


@contextmanager
def vouching_for_itself(directory: Path) -> Iterator[int]:
    """Listen on a port, with TLS and a certificate that nobody signed but its owner."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(directory))
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection, suppress(OSError):
                context.wrap_socket(connection, server_side=True)

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(timeout=5)


def self_signed(directory: Path) -> Path:
    """Write the key and certificate of `localhost` to one file, and return it."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = directory / "localhost.pem"
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path


def what_became(url: str, *, proxy: str | None = None) -> SendError:
    """Post something to `url` and return what its failure means."""
    proxies = {"http": proxy, "https": proxy} if proxy else None
    with pytest.raises(requests.RequestException) as caught:
        kept_session().post(url, data=b"x", timeout=(1, 0.3), proxies=proxies)
    return error_for_broken_request(caught.value)


def test_what_failed_before_the_request_was_written_may_go_again() -> None:
    """No address, nobody there, no keys agreed on, no proxy: nothing was taken."""
    with answering(b"HTTP/1.1 407 Sign in\r\n\r\n") as port:
        cases = {
            "no_connection": what_became("http://nowhere.invalid"),
            "no_handshake": what_became(f"https://127.0.0.1:{port}"),
            "no_proxy": what_became("https://api.invalid", proxy=f"http://127.0.0.1:{port}"),
        }
    cases["no_connection "] = what_became(f"http://127.0.0.1:{port}")

    assert {name: error.code for name, error in cases.items()} == {
        name: name.strip() for name in cases
    }
    assert all(type(error) is SendDeferred for error in cases.values())


def test_a_connection_that_does_not_come_about_may_go_again() -> None:
    """A full backlog answers nobody: the connect times out with nothing written."""
    with socket.socket() as full, socket.socket() as waiting:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting.connect(full.getsockname())

        error = what_became(f"http://127.0.0.1:{full.getsockname()[1]}")

    assert type(error) is SendDeferred
    assert error.code == "connect_timeout"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"", "connection_lost"),
        (b"no HTTP at all\r\n\r\n", "connection_lost"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", "connection_lost"),
    ],
)
def test_what_failed_after_it_was_written_is_in_doubt(answer: bytes, code: str) -> None:
    """The request was read; whoever hangs up then may have taken it."""
    with answering(answer) as port:
        error = what_became(f"http://127.0.0.1:{port}")

    assert (type(error), error.code) == (SendOutcomeUnknown, code)


def test_a_proxy_that_has_the_request_itself_leaves_it_in_doubt() -> None:
    """Plain HTTP is no tunnel: the proxy read the request before it hung up."""
    with answering(b"") as port:
        error = what_became("http://api.invalid", proxy=f"http://127.0.0.1:{port}")

    assert (type(error), error.code) == (SendOutcomeUnknown, "connection_lost")


def test_a_silent_server_leaves_it_in_doubt() -> None:
    """It listens and reads, and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        error = what_became(f"http://127.0.0.1:{silent.getsockname()[1]}")

    assert (type(error), error.code) == (SendOutcomeUnknown, "read_timeout")


@pytest.mark.parametrize("url", ["nowhere", "http://", "gopher://x"])
def test_an_address_that_is_none_is_our_own_fault(url: str) -> None:
    """The channel halts: no message is to blame."""
    assert isinstance(what_became(url), ProviderMisconfigured)


def test_whoever_can_not_prove_to_be_the_provider_gets_nothing(tmp_path: Path) -> None:
    """Nothing was written, nor will be until a person looks: it may be somebody in between."""
    with vouching_for_itself(tmp_path) as port:
        error = what_became(f"https://localhost:{port}")

    assert (type(error), error.code) == (ProviderMisconfigured, "certificate_not_trusted")
    assert error.reaction is Reaction.HALT_CHANNEL


_DATE = "Mon, 23 Nov 2026 17:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": " 0 "}, 0),
        ({"Retry-After": "Mon, 23 Nov 2026 17:01:30 GMT"}, 90),
        ({"Retry-After": "Mon, 23 Nov 2026 17:01:30 GMT", "Date": _DATE}, 90),
        # Their clock is a minute fast: it is the span that they mean.
        ({"Retry-After": _DATE, "Date": "Mon, 23 Nov 2026 16:59:30 GMT"}, 30),
        ({"Retry-After": "Mon, 23 Nov 2026 16:00:00 GMT"}, 0),
        ({"Retry-After": "9" * 400}, 86_400),
        ({"Retry-After": "Fri, 23 Nov 2096 17:00:00 GMT"}, 86_400),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "1.5"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "Mon, 23 Nov 2026 17:00:00 -0000"}, None),
        ({"Retry-After": "Mon, 23 Nov 99999 17:00:00 GMT"}, None),
    ],
)
def test_how_long_to_wait_is_read_in_seconds_and_as_a_date(
    headers: dict[str, str], seconds: float | None
) -> None:
    """What can't be read asks for nothing, and nobody puts us to sleep for years."""
    noon = datetime(2026, 11, 23, 17, tzinfo=UTC)

    assert retry_after_seconds(headers, now=lambda: noon) == seconds
