"""EasyPost events of one parcel, written from the documented shape, around any moment."""

import hashlib
import hmac
import json
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any


def iso(moment: datetime) -> str:
    """Return `moment` as EasyPost writes times."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def sign(secret: str, body: bytes) -> str:
    """Return the value of `X-Hmac-Signature` for `body`."""
    key = unicodedata.normalize("NFKD", secret).encode()
    return "hmac-sha256-hex=" + hmac.new(key, body, hashlib.sha256).hexdigest()


@dataclass
class Parcel:
    """A parcel on its way: each `scanned` is the event that EasyPost would send then."""

    code: str = "1Z999AA10123456784"
    carrier: str = "UPS"
    scans: list[dict[str, Any]] = field(default_factory=list)
    numbers: Any = field(default_factory=lambda: count(1))

    def scanned(
        self,
        status: str,
        at: datetime,
        *,
        detail: str = "status_update",
        estimate: datetime | None = None,
        sent_at: datetime | None = None,
        is_return: bool = False,
    ) -> dict[str, Any]:
        """Return the event of a scan at `at`, sent at `sent_at` (else at once)."""
        self.scans.append(
            {
                "object": "TrackingDetail",
                "message": f"Scan: {status}",
                "status": status,
                "status_detail": detail,
                "datetime": iso(at),
            }
        )
        return self.updated(
            status, sent_at or at, detail=detail, estimate=estimate, is_return=is_return
        )

    def updated(
        self,
        status: str,
        at: datetime,
        *,
        detail: str = "status_update",
        estimate: datetime | None = None,
        is_return: bool = False,
    ) -> dict[str, Any]:
        """Return an event without a new scan, such as a changed estimate."""
        return {
            "id": f"evt_{self.code}_{next(self.numbers)}",
            "object": "Event",
            "description": "tracker.updated",
            "mode": "production",
            "created_at": iso(at),
            "result": {
                "id": "trk_1",
                "object": "Tracker",
                "tracking_code": self.code,
                "status": status,
                "status_detail": detail,
                "updated_at": iso(at),
                "est_delivery_date": iso(estimate) if estimate else None,
                "carrier": self.carrier,
                "tracking_details": [*self.scans],
                "is_return": is_return,
            },
        }


def body_of(event: dict[str, Any]) -> bytes:
    """Return the event as it travels."""
    return json.dumps(event).encode()
