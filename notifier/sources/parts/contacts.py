"""Numbers and addresses as shoppers type them: one that can't be used costs no booking."""

from __future__ import annotations

from notifier.domain.email_addresses import is_email_address
from notifier.domain.phones import to_e164
from notifier.sources.parts.json_bodies import short_text


def usable_phone(value: object, country: object) -> str | None:
    """Return a number as E.164, or None if it can't be one.

    Without a + it is read as of `country` (ISO 3166), where that is known.
    """
    number = short_text(value)
    if number is None:
        return None
    try:
        return to_e164(number, short_text(country) or "")
    except ValueError:
        return None


def usable_email(value: object) -> str | None:
    """Return an email address, or None if it can't be one."""
    address = short_text(value)
    return address if address is not None and is_email_address(address) else None
