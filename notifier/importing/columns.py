"""The columns that a file may have, how people write their names, and what fills each."""

from __future__ import annotations

import re
from collections.abc import Mapping

#: Our names, each with what it holds, in the order in which people should read of them.
COLUMNS: Mapping[str, str] = {
    "kind": "appointment or order; empty: an order where it has items or a tracking code",
    "reference": "your own number of it; needed",
    "service": "what is done; needed for an appointment",
    "technician": "who comes",
    "technician_phone": "where they are asked, if nobody reports",
    "date": "the day, as 2026-11-23; alone for an order that comes some time that day",
    "start": "09:00, 9:30 AM or 9am, or with its day: 2026-11-23 09:00",
    "end": "as start",
    "time_zone": "of the place, as America/Los_Angeles; empty: yours",
    "address": "of the place",
    "name": "of the customer",
    "phone": "of the customer",
    "email": "of the customer",
    "locale": "of the customer, as en or pt-BR",
    "items": "of an order, several with | between",
    "carrier": "of an order",
    "tracking_code": "of an order, several with | between",
}

#: Other spellings of them, after `_plain`.
_SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "kind": ("type",),
    "reference": (
        "ref",
        "id",
        "number",
        "job",
        "job_id",
        "job_number",
        "order",
        "order_number",
        "booking",
    ),
    "service": ("work", "job_type", "description"),
    "technician": ("tech", "engineer"),
    "technician_phone": ("tech_phone", "engineer_phone"),
    "date": ("day",),
    "start": ("from", "start_time", "starts_at", "window_start"),
    "end": ("to", "until", "end_time", "ends_at", "window_end"),
    "time_zone": ("timezone", "zone", "tz"),
    "address": ("place", "location"),
    "name": ("customer", "customer_name"),
    "phone": ("mobile", "cell", "telephone", "tel", "phone_number", "customer_phone"),
    "email": ("e_mail", "mail", "email_address", "customer_email"),
    "locale": ("language",),
    "items": ("item", "products"),
    "carrier": ("shipper",),
    "tracking_code": ("tracking", "tracking_number", "tracking_no"),
}
_BY_SPELLING = {
    spelling: name for name in COLUMNS for spelling in (name, *_SPELLINGS.get(name, ()))
}

#: Where a booking has what a column says, by the field's name without the positions in lists.
_FIELDS = {
    "place.time_zone": "time_zone",
    "place.address": "address",
    "customer": "name",
    "customer.name": "name",
    "customer.phone": "phone",
    "customer.email": "email",
    "customer.locale": "locale",
    "technician.name": "technician",
    "technician.phone": "technician_phone",
    "window": "date",
    "window.start": "start",
    "window.end": "end",
    "parcels": "tracking_code",
    "parcels.carrier": "carrier",
    "parcels.tracking_code": "tracking_code",
}


def column_named(written: str) -> str | None:
    """Return our name of the column that a file calls `written`; None: we know none."""
    return _BY_SPELLING.get(_plain(written))


def column_of(field: str) -> str:
    """Return the column that fills `field` of a booking: `parcels.0.carrier` is `carrier`."""
    name = ".".join(part for part in field.split(".") if not part.isdecimal())
    return _FIELDS.get(name, name)


def _plain(written: str) -> str:
    return re.sub(r"[\s_\-./#]+", "_", written.strip().lower()).strip("_")
