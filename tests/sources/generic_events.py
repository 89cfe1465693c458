"""Our own events, signed as their sender would sign them."""

import base64
import hashlib
import hmac
import json
from datetime import datetime
from typing import Any

SECRET = "whsec_" + base64.b64encode(b"a secret of the tests, 32 bytes!").decode()


def signed(
    body: bytes, *, at: datetime, webhook_id: str = "msg_1", secret: str = SECRET
) -> dict[str, str]:
    """Return the headers of `body` sent at `at`, by the standard's own recipe."""
    stamp = str(int(at.timestamp()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    text = f"{webhook_id}.{stamp}.".encode() + body
    signature = base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{signature}",
        "content-type": "application/json",
    }


def event(type_: str, at: datetime, **data: Any) -> bytes:
    """Return one event as it travels."""
    return json.dumps({"type": type_, "timestamp": at.isoformat(), "data": data}).encode()
