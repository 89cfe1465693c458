"""Signatures, against every vector that the providers published."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from twilio.request_validator import RequestValidator

from notifier.providers.signatures import load_sendgrid_key, verify_sendgrid, verify_twilio
from tests.providers.conftest import SHARED

VECTORS = SHARED / "samples" / "vectors"


def _vectors(name: str) -> dict[str, Any]:
    path = VECTORS / name
    if not path.exists():
        pytest.skip("the published signature vectors are not beside this checkout")
    vectors: dict[str, Any] = json.loads(path.read_text())
    return vectors


def test_every_published_twilio_vector() -> None:
    """Forms, repeated names, ports, credentials in the URL, JSON bodies; valid and not."""
    vectors = _vectors("twilio.json")

    for case in vectors["cases"]:
        body = case["body"].encode() if "body" in case else None
        verified = verify_twilio(
            auth_token=vectors["auth_token"],
            url=case["url"],
            signature=case["signature"],
            params=case.get("params"),
            body=body,
        )
        assert verified is case["valid"], case["name"]


def test_every_published_sendgrid_vector() -> None:
    """The good batch passes at its own time; another key, body or time does not."""
    for case in _vectors("sendgrid_event_webhook.json")["cases"]:
        verified = verify_sendgrid(
            public_key=case["public_key"],
            timestamp=case["timestamp"],
            signature=case["signature"],
            body=case["payload"].encode(),
            now=datetime.fromtimestamp(1600112502, UTC),
            tolerance_s=300,
        )
        assert verified is case["valid"], case["name"]


@pytest.mark.parametrize(("late", "passes"), [(299, True), (301, False), (-301, False)])
def test_an_old_batch_is_not_taken_again(late: int, passes: bool) -> None:
    """A captured batch is worth nothing after the window, nor before it."""
    case = _vectors("sendgrid_event_webhook.json")["cases"][0]

    verified = verify_sendgrid(
        public_key=case["public_key"],
        timestamp=case["timestamp"],
        signature=case["signature"],
        body=case["payload"].encode(),
        now=datetime.fromtimestamp(1600112502, UTC) + timedelta(seconds=late),
        tolerance_s=300,
    )

    assert verified is passes


def test_a_changed_twilio_form_fails() -> None:
    """One changed value, one added name or another path, and the signature is worthless."""
    url, token = "https://acme.example/webhooks/twilio/status?m=1&a=2", "secret"
    form = {"MessageSid": "SM1", "MessageStatus": "delivered"}
    signature = RequestValidator(token).compute_signature(url, form)

    def verified(**changes: Any) -> bool:
        given: dict[str, Any] = {"url": url, "params": form, "signature": signature}
        return verify_twilio(auth_token=token, **{**given, **changes})

    assert verified()
    assert not verified(params=form | {"MessageStatus": "failed"})
    assert not verified(params=form | {"More": "1"})
    assert not verified(url=url.replace("m=1", "m=9"))
    assert not verified(signature="")
    assert not verified(signature="é")
    assert not verify_twilio(auth_token="", url=url, params=form, signature=signature)


def test_a_twilio_body_needs_its_hash_in_the_url() -> None:
    """Without `bodySHA256` a body is not covered by the signature, so it is refused."""
    token, body = "secret", b'{"a": 1}'
    bare = "https://acme.example/hook"
    full = f"{bare}?bodySHA256={hashlib.sha256(body).hexdigest()}"

    def verified(url: str, content: bytes) -> bool:
        signature = RequestValidator(token).compute_signature(url, {})
        return verify_twilio(auth_token=token, url=url, body=content, signature=signature)

    assert verified(full, body)
    assert not verified(full, b'{"a": 2}')
    assert not verified(bare, body)


@pytest.mark.parametrize("key", ["", "not base64!", "AAAA"])
def test_a_key_that_is_none_is_our_mistake(key: str) -> None:
    """A wrong setting is said aloud rather than refusing every batch in silence."""
    with pytest.raises(ValueError, match="SendGrid webhook key"):
        load_sendgrid_key(key)
