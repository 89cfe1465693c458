"""What each kind of source sends along with a body, so that it is taken as that source's own."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import update

from notifier.services import Services
from notifier.store.tables import Source
from notifier.webhooks.set_up import add_source
from tests.sources import (
    aftership_events,
    calcom_events,
    calendly_events,
    easypost_events,
    generic_events,
    jobber_events,
    onfleet_events,
    seventeentrack_events,
    shippo_events,
    shopify_events,
    square_events,
)

Headers = Mapping[str, str]

_SECRET = "a secret of the source's"
_SECRETS = {"generic": generic_events.SECRET, "onfleet": onfleet_events.SECRET}

# What signs a body that is sent at a moment, by kind of source. A source is called after its kind.
# fmt: off
_SIGNED: dict[str, Callable[[bytes, datetime], Headers]] = {
    "aftership":   lambda body, at: {"Aftership-Hmac-Sha256": aftership_events.sign(_SECRET, body)},
    "calcom":      lambda body, at: {"X-Cal-Signature-256": calcom_events.sign(_SECRET, body)},
    "calendly":    lambda body, at: {
        "Calendly-Webhook-Signature": calendly_events.sign(_SECRET, body, at)
    },
    "easypost":    lambda body, at: {"X-Hmac-Signature": easypost_events.sign(_SECRET, body)},
    "generic":     lambda body, at: generic_events.signed(
        body, at=at, webhook_id=f"msg_{hashlib.sha256(body).hexdigest()[:20]}"
    ),
    "jobber":      lambda body, at: jobber_events.signed(body, _SECRET),
    "onfleet":     lambda body, at: {
        "X-Onfleet-Signature": onfleet_events.sign(onfleet_events.SECRET, body)
    },
    "seventeentrack": lambda body, at: {"sign": seventeentrack_events.sign(_SECRET, body)},
    "shipengine":  lambda body, at: {"X-Webhook-Token": _SECRET},
    "shippo":      lambda body, at: {
        "Shippo-Auth-Signature": shippo_events.sign(_SECRET, body, at)
    },
    "shipstation": lambda body, at: {},
    "shopify":     lambda body, at: {
        "X-Shopify-Hmac-Sha256": shopify_events.sign(_SECRET, body)
    },
    "square":      lambda body, at: {
        "X-Square-Hmacsha256-Signature": square_events.sign(_SECRET, body)
    },
    "woocommerce": lambda body, at: {
        "X-WC-Webhook-Signature": base64.b64encode(
            hmac.new(_SECRET.encode(), body, hashlib.sha256).digest()
        ).decode()
    },
}
# fmt: on

#: What proves who posts, where that is in the address.
_QUERIES = {"shipstation": urlencode({"token": _SECRET})}

KINDS = tuple(sorted(_SIGNED))


def add_each(services: Services, brand: UUID) -> None:
    """Give the brand a source of each kind, called after it and live for a month."""
    for kind in KINDS:
        add_source(services, brand, kind, kind, secret_of(kind), live=True)
    with services.sessions.begin() as session:
        since = services.now() - timedelta(days=30)
        session.execute(update(Source).where(Source.brand_id == brand).values(live_at=since))


def secret_of(kind: str) -> str:
    """Return the secret that such a source and we share here."""
    return _SECRETS.get(kind, _SECRET)


def headers_of(kind: str, body: bytes, at: datetime, **said: str) -> dict[str, str]:
    """Return the headers of `body` as a source of `kind` sends it at `at`, with `said` besides."""
    more = {name.replace("_", "-"): value for name, value in said.items()}
    return {"Content-Type": "application/json", **_SIGNED[kind](body, at), **more}


def path_of(kind: str) -> str:
    """Return where such a source posts."""
    query = _QUERIES.get(kind)
    return f"/webhooks/in/{kind}" + (f"?{query}" if query else "")
