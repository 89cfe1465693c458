"""Onfleet events of one task, written from the documented shape, around any moment."""

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

SECRET = "0123456789abcdef" * 8
SHORT_ID = "c0ffee42"
UNASSIGNED, ASSIGNED, ACTIVE, COMPLETED = range(4)
SAM = {"id": "worker-1", "name": "Sam Hill", "displayName": "Sam", "phone": "+12065550177"}


def ms(moment: datetime) -> int:
    """Return `moment` as Onfleet writes times: milliseconds since 1970."""
    return round(moment.timestamp() * 1000)


def sign(secret: str, body: bytes) -> str:
    """Return the value of `X-Onfleet-Signature` for `body`."""
    return hmac.new(bytes.fromhex(secret), body, hashlib.sha512).hexdigest()


def body_of(event: dict[str, Any]) -> bytes:
    """Return the event as it travels."""
    return json.dumps(event).encode()


@dataclass
class Task:
    """A delivery in a window of two hours from `start`."""

    start: datetime
    short_id: str = SHORT_ID
    state: int = ASSIGNED

    def event(
        self, trigger: int, at: datetime, *, worker: Any = None, task: Any = None, **said: Any
    ) -> dict[str, Any]:
        """Return what `trigger` sends at `at`; `task` changes fields of the task."""
        data = {"task": {**self.task(), **(task or {})}}
        return {
            "triggerId": trigger,
            "triggerName": f"trigger{trigger}",
            "taskId": "task-1",
            "time": ms(at),
            "data": data if worker is None else {**data, "worker": worker},
            **said,
        }

    def task(self) -> dict[str, Any]:
        """Return the task as every event carries it."""
        return {
            "id": "task-1",
            "shortId": self.short_id,
            "state": self.state,
            "completeAfter": ms(self.start),
            "completeBefore": ms(self.start + timedelta(hours=2)),
            "pickupTask": False,
            "notes": "Ring twice",
            "completionDetails": {"failureReason": "NONE", "failureNotes": "", "time": None},
            "estimatedArrivalTime": None,
            "recipients": [{"id": "recipient-1", "name": "Ada Park", "phone": "+12065550100"}],
            "destination": {
                "address": {
                    "number": "12",
                    "street": "Elm St",
                    "apartment": "",
                    "city": "Seattle",
                    "state": "Washington",
                    "postalCode": "98101",
                }
            },
        }


def opt_out(phone: str, at: datetime) -> dict[str, Any]:
    """Return that whoever has that number answered STOP to a text of Onfleet's, a second later."""
    return {
        "recipient": {"id": "7LecFRKJw7ExfyhBsi9h0NXW", "name": "Ada Park", "phone": phone},
        "timestamp": ms(at),
        "SMS": "STOP",
        "triggerId": 17,
        "triggerName": "SMSRecipientOptOut",
        "taskId": None,
        "workerId": None,
        "adminId": None,
        "data": {},
        "actionContext": None,
        "time": ms(at) + 1000,
    }
