"""Ordinary values, and what may be missing from them: what templates are tried with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from notifier.domain.words.values import ALWAYS_SET, DIGEST, MessageValues

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
    due_today=False,
    next="11:15 AM",
    next_in_full="Monday 23 November, 11:15 AM",
    next_is="update",
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

#: The same in a digest.
_DIGEST: Final = replace(
    EXAMPLE,
    how_many="3",
    which="ORD-2001, ORD-2002, ORD-2003",
    which_when="ORD-2001 Tue 24 Nov, ORD-2002 Wed 25 Nov, ORD-2003 Tue 24 Nov",
    which_in_full="ORD-2001 (Kettle): Tuesday 24 November; ORD-2002: Wednesday 25 November; "
    "ORD-2003 (Toaster): Tuesday 24 November",
)

#: Values that come and go: (the fields that go together, what they are when they are gone).
_MAY_BE_MISSING: Final[tuple[dict[str, Any], ...]] = (
    {"items": None},
    {"first_name": None},
    {"old": None, "old_in_full": None, "old_date": None},
    {"new": None, "new_in_full": None, "date": None, "due_today": False},
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
    {  # the widest that ordinary times, dates and causes get
        "old": "Wed 25 Nov 10:15 AM-12:15 PM",
        "new": "Tue 24 Nov 10:45 AM-12:45 PM",
        "old_date": "by Wed 25 Nov",
        "date": "by Tue 24 Nov",
        "next": "Tue 24 Nov 11:15 AM",
        "reason": "earlier visit ran over",
        "late_apology": True,
        "asked": True,
    },
    {"date": "today", "due_today": True},
    {"next_is": "call_back"},
    {"by": "customer"},
    {"by": "unknown"},
    {"first_text": True},
    {"late_apology": True},
    {"asked": True},
    {"several_parcels": True},
    {"part_came": True},
)


def variations(message: str) -> Iterator[MessageValues]:
    """Yield every combination of one difference and one gap that `message` may meet."""
    always = ALWAYS_SET.get(message, frozenset())
    ordinary = _DIGEST if message.endswith(DIGEST) else EXAMPLE
    gaps = [
        {name: value for name, value in gap.items() if name not in always}
        for gap in _MAY_BE_MISSING
    ]
    everything_missing = {name: value for gap in gaps for name, value in gap.items()}
    for difference in ({}, *_MAY_DIFFER):
        for gap in ({}, everything_missing, *gaps):
            yield replace(ordinary, **{**difference, **gap})
