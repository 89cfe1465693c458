"""Jobber's webhooks, which only point, and what it answers when it is asked."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from notifier.sources.protocol import Incoming

SECRET = "the app's client secret"
GRAPHQL = "https://api.getjobber.com/api/graphql"
TOKENS = "https://api.getjobber.com/api/oauth/token"


def encoded(number: int = 123) -> str:
    """Return a visit's id as Jobber writes it."""
    return base64.b64encode(f"gid://Jobber/Visit/{number}".encode()).decode()


def pointer(topic: str, at: datetime, item: Any = encoded()) -> bytes:  # noqa: B008 - a text
    """Return the body of a webhook."""
    event = {
        "topic": topic,
        "appId": "app",
        "accountId": "MQ==",
        "itemId": item,
        "occurredAt": at.isoformat(),
    }
    return json.dumps({"data": {"webHookEvent": event}}).encode()


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    """Return the header that Jobber sends along."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return {"x-jobber-hmac-sha256": base64.b64encode(digest).decode()}


def delivered(body: bytes, answer: Mapping[str, Any] | None = None) -> Incoming:
    """Return a webhook as it stands once Jobber has said `answer` of its visit."""
    answers = {} if answer is None else {"visit": json.dumps(answer).encode()}
    return Incoming({}, body, answers=answers, can_ask=True)


def visit(start: datetime, **fields: Any) -> Any:
    """Return what Jobber says of a visit of two hours."""
    return {
        "data": {
            "visit": {
                "id": encoded(),
                "createdAt": (start - timedelta(days=3)).isoformat(),
                "startAt": start.isoformat(),
                "endAt": (start + timedelta(hours=2)).isoformat(),
                "completedAt": None,
                "isComplete": False,
                "arrivalWindow": None,
                "job": {"title": "Boiler repair"},
                "client": {
                    "id": "Q2xpZW50",
                    "name": "Ada Park",
                    "firstName": "Ada",
                    "lastName": "Park",
                    "phones": [
                        {"number": "206-555-0111", "primary": False, "smsAllowed": True},
                        {"number": "206-555-0100", "primary": True, "smsAllowed": True},
                    ],
                    "emails": [{"address": "ada@example.com", "primary": True}],
                },
                "property": {
                    "address": {
                        "street": "12 Elm Street",
                        "city": "Fresno",
                        "province": "CA",
                        "postalCode": "93650",
                        "country": "US",
                    }
                },
                "assignedUsers": {"nodes": [{"name": {"full": "Sam Lee"}}]},
            }
            | fields
        }
    }
