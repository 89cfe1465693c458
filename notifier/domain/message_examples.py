"""Ordinary values, and what may be missing from them: what templates are tried with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from notifier.domain.message_values import ALWAYS_SET, MessageValues

EXAMPLE: Final = MessageValues(
    brand="Northside Heating",
    phone="+1 206 555 0100",
    link="https://go.example.com/s/AbCdEfGhIjKlMnOp",
    phone_or_link="+1 206 555 0100 or https://go.example.com/s/AbCdEfGhIjKlMnOp",
    service="Boiler repair",
    items="Kettle and 2 more",
    reference="JOB-1001",
    first_name="Ada",
    old="9-11 AM",
    old_in_full="Monday 23 November, 9 AM to 11 AM",
    new="today 9:45-11:45 AM",
    new_in_full="Monday 23 November, 9:45 AM to 11:45 AM",
    new_is_by=False,
    date="Tue 24 Nov",
    old_date="Mon 23 Nov",
    next="11:15 AM",
    next_in_full="Monday 23 November, 11:15 AM",
    reason="traffic",
    reason_in_full="heavy traffic on the way",
    by="us",
    technician="Sam",
    first_text=False,
    late_apology=False,
    asked=False,
    carrier="UPS",
    tracking_code="1Z999AA10123456784",
    pickup_place="Main Street 12",
)

#: Values that come and go: (the fields that go together, what they are when they are gone).
_MAY_BE_MISSING: Final[tuple[dict[str, Any], ...]] = (
    {"items": None},
    {"first_name": None},
    {"old": None, "old_in_full": None, "old_date": None},
    {"new": None, "new_in_full": None, "date": None},
    {"next": None, "next_in_full": None},
    {"reason": None, "reason_in_full": None},
    {"technician": None},
    {"carrier": None},
    {"tracking_code": None},
    {"pickup_place": None},
)
_MAY_DIFFER: Final[tuple[dict[str, Any], ...]] = (
    {"phone": "", "phone_or_link": EXAMPLE.link},
    {"new": "by 11:45 AM", "new_in_full": "Monday 23 November, by 11:45 AM", "new_is_by": True},
    {"by": "customer"},
    {"by": "unknown"},
    {"first_text": True},
    {"late_apology": True},
    {"asked": True},
)


def variations(message: str) -> Iterator[MessageValues]:
    """Yield every combination of one difference and one gap that `message` may meet."""
    always = ALWAYS_SET.get(message, frozenset())
    gaps = [
        {name: value for name, value in gap.items() if name not in always}
        for gap in _MAY_BE_MISSING
    ]
    everything_missing = {name: value for gap in gaps for name, value in gap.items()}
    for difference in ({}, *_MAY_DIFFER):
        for gap in ({}, everything_missing, *gaps):
            yield replace(EXAMPLE, **{**difference, **gap})
