"""What a page tells its reader to try is tried here, as it stands there."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote, urlsplit
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from notifier.domain.deliveries import DeliveryStatus
from notifier.domain.facts import FactType
from notifier.services import Services
from tests.fakes.clock import FakeClock
from tests.services import given_brand
from tests.webhooks.deliveries import (
    CODE,
    book_order,
    book_visit,
    delivery,
    facts_of,
    translate_all,
)
from tests.webhooks.signing import KINDS, add_each, secret_of

PAGES = Path(__file__).parents[2] / "docs" / "integrations"

#: What only points is asked for at the vendor, with a key that there is none of here.
_POINT = {"jobber", "shipstation"}

#: Lets node import the library whose name it is: its `sign` is the standard's own recipe.
_STANDARD_WEBHOOKS = """
import { createHmac } from "node:crypto";
export class Webhook {
  constructor(secret) { this.key = Buffer.from(secret.replace("whsec_", ""), "base64"); }
  sign(id, at, body) {
    const text = `${id}.${Math.floor(at / 1000)}.${body}`;
    return "v1," + createHmac("sha256", this.key).update(text).digest("base64");
  }
}
"""


@pytest.fixture
def brand(services: Services, clock: FakeClock) -> UUID:
    """A brand with a source of each kind, today: the examples sign with the time that it is."""
    clock.set(datetime.now(UTC))
    made = given_brand(services).id
    add_each(services, made)
    return made


def example(kind: str, language: str) -> str:
    """Return the example of a page's last section, with our secret and address in it."""
    page = (PAGES / f"{kind}.md").read_text(encoding="utf-8").partition("## Try it")[2]
    found = re.search(rf"```{language}\n(.*?)```", page, re.DOTALL)
    assert found is not None, f"{kind}.md has no example in {language}"
    secret = secret_of(kind)
    code = re.sub(r'(address, secret = "[^"]+"), "[^"]+"', rf'\1, "{secret}"', found[1])
    code = code.replace("the-secret-printed", quote(secret)).replace("the secret printed", secret)
    code = re.sub(r"/in/\w+", f"/in/{kind}", code)
    return code.replace("your-address", "notify.example.com")


@pytest.fixture
def post(client: FlaskClient) -> Callable[[str, Mapping[str, str], bytes], TestResponse]:
    """Return what posts to an address as the app knows it."""

    def to(address: str, headers: Mapping[str, str], body: bytes) -> TestResponse:
        parts = urlsplit(address)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        return client.post(path, data=body, headers=dict(headers))

    return to


Post = Callable[[str, Mapping[str, str], bytes], TestResponse]


@pytest.mark.parametrize("kind", KINDS)
def test_the_example_in_python_is_taken_and_read(
    services: Services, brand: UUID, post: Post, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """It is signed as that vendor signs, and what it says becomes a fact of its job."""
    answers = _run(example(kind, "python"), post, monkeypatch)
    order = book_order(services, brand, CODE)
    visits = [book_visit(services, brand, reference) for reference in ("JOB-1001", "B1")]
    translate_all(services)

    (answer,) = answers
    assert answer.status_code == 200
    made = delivery(services, UUID(answer.get_json()["delivery"]))
    if kind in _POINT:
        assert "key" in (made.why or "")
        return
    assert (made.status, made.why) == (DeliveryStatus.APPLIED, None)
    if kind == "generic":
        (fact,) = facts_of(services, visits[0])
        assert (fact.type, fact.body["minutes"]) == (FactType.DELAYED, 45)
    if kind in ("aftership", "easypost", "seventeentrack", "shipengine", "shippo"):
        (fact,) = facts_of(services, order)
        assert fact.type == FactType.OUT_FOR_DELIVERY


def _run(code: str, post: Post, monkeypatch: pytest.MonkeyPatch) -> list[TestResponse]:
    """Run an example; what it opens is posted to the app. Return the app's answers."""
    answers = []

    def urlopen(request: urllib.request.Request) -> SimpleNamespace:
        assert isinstance(request.data, bytes)
        answers.append(post(request.full_url, dict(request.header_items()), request.data))
        return SimpleNamespace(read=answers[-1].get_data)

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    exec(compile(code, "the example", "exec"), {})  # noqa: S102 - our own page
    return answers


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not here")
@pytest.mark.parametrize("kind", KINDS)
def test_the_example_with_curl_is_taken(
    services: Services, brand: UUID, post: Post, kind: str, tmp_path: Path
) -> None:
    """The shell signs as that vendor does; `curl` itself only says what it would have sent."""
    (tmp_path / "event.json").write_bytes(b'{"a": "\xc3\xa9"}\n')
    script = 'curl() { printf "%s\\0" "$@"; }\n' + example(kind, "sh")
    address = f"https://notify.example.com/webhooks/in/{kind}"
    ran = subprocess.run(
        ["bash", "-euc", script],
        cwd=tmp_path,
        env={
            "PATH": "/usr/bin:/bin",
            "SECRET": quote(secret_of(kind)) if kind == "shipstation" else secret_of(kind),
            "ADDRESS": address,
            "SIGNED": address,
        },
        capture_output=True,
        check=True,
    )
    said = ran.stdout.decode().split("\0")[:-1]
    headers = dict(value.split(": ", 1) for flag, value in _pairs(said) if flag == "-H")
    (data,) = (value for flag, value in _pairs(said) if flag in ("-d", "--data-binary"))
    (to,) = (value for value in said if value.startswith("https://notify"))
    body = (tmp_path / data[1:]).read_bytes() if data.startswith("@") else data.encode()

    assert post(to, headers, body).status_code == 200


def _pairs(said: list[str]) -> list[tuple[str, str]]:
    return list(pairwise(said))


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not here")
def test_our_own_example_in_javascript_is_taken_and_read(
    services: Services, brand: UUID, post: Post, tmp_path: Path
) -> None:
    """All but the library, which is not here: a module of its name signs by the recipe."""
    library = tmp_path / "node_modules" / "standardwebhooks"
    library.mkdir(parents=True)
    (library / "package.json").write_text('{"type": "module", "exports": "./index.js"}')
    (library / "index.js").write_text(_STANDARD_WEBHOOKS)
    said = "globalThis.fetch = async (to, sent) => console.log(JSON.stringify(sent));"
    given = f'const address = "", secret = "{secret_of("generic")}";'
    (tmp_path / "example.mjs").write_text(f"{said}\n{given}\n{example('generic', 'js')}")
    ran = subprocess.run(["node", "example.mjs"], cwd=tmp_path, capture_output=True, check=True)
    sent = json.loads(ran.stdout)
    order = book_order(services, brand, CODE)

    answer = post("/webhooks/in/generic", sent["headers"], sent["body"].encode())
    translate_all(services)

    assert (sent["method"], answer.status_code) == ("POST", 200)
    (fact,) = facts_of(services, order)
    assert fact.type == FactType.DELIVERED
