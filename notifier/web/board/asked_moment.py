"""The moment that somebody chose on a page."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from notifier.errors import Invalid


def asked_moment(text: str, zone: ZoneInfo) -> datetime | None:
    """Return the local moment that a picker sent; None: it was left at now.

    :raises Invalid: if it is none.
    """
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid("at", "that is no moment: choose a day and a time") from error
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)
