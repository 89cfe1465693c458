"""Phone numbers as people write them, and what a number says of where it is."""

from __future__ import annotations

from collections.abc import Iterable

import phonenumbers
from babel.core import get_global
from phonenumbers import PhoneNumberFormat, PhoneNumberType, timezone

from notifier.domain.time_zones import zone_names

_NO_TEXTS = frozenset(
    {PhoneNumberType.FIXED_LINE, PhoneNumberType.VOIP, PhoneNumberType.PREMIUM_RATE}
)


def to_e164(text: str, country: str) -> str:
    """Return `text` as E.164 (`+12065550100`); without a + it is read as of `country`.

    :raises ValueError: if it can't be a phone number.
    """
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException as error:
        raise ValueError("this is not a phone number") from error
    if not phonenumbers.is_possible_number(number):
        raise ValueError("this phone number has too many or too few digits")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def zones_of(e164: str) -> tuple[str, ...]:
    """Return the IANA zones that the number may be in; empty if nobody can tell.

    Where the number itself says nothing, all zones of its country: the strictest reading.
    """
    number = phonenumbers.parse(e164, None)
    zones = set(timezone.time_zones_for_number(number)) & zone_names()
    if not zones:
        countries = phonenumbers.region_codes_for_country_code(number.country_code or 0)
        of_country = get_global("territory_zones")
        zones = {zone for one in countries for zone in of_country.get(one, ())} & zone_names()
    return tuple(sorted(zones))


def regions_of(e164: str) -> tuple[str, ...]:
    """Return the countries (ISO 3166) that the number may be in, empty if nobody can tell.

    Of a number of the United States with its area code, which tells the state: `US/206`.
    """
    number = phonenumbers.parse(e164, None)
    country = phonenumbers.region_code_for_number(number)
    if country == "US":
        return (f"US/{str(number.national_number)[:3]}",)
    if country is not None and country.isalpha():
        return (country,)
    countries = phonenumbers.region_codes_for_country_code(number.country_code or 0)
    return tuple(sorted(one for one in countries if one.isalpha()))


def countries_of(zones: Iterable[str]) -> tuple[str, ...]:
    """Return the countries (ISO 3166) in which clocks show the time of `zones`."""
    territories = get_global("zone_territories")
    return tuple(sorted({territories[zone] for zone in zones if zone in territories}))


def is_landline(e164: str) -> bool:
    """Return whether the number certainly can't take a text.

    In North America a number does not say what it is; there it is never certain.
    """
    return phonenumbers.number_type(phonenumbers.parse(e164, None)) in _NO_TEXTS


def for_reading(phone: str, country: str) -> str:
    """Return a number as people in `country` read and dial it: `206-555-0100`.

    One of another country keeps its +; what is no number at all is returned as it is.
    """
    try:
        number = phonenumbers.parse(phone, country)
    except phonenumbers.NumberParseException:
        return phone
    if phonenumbers.region_code_for_number(number) != country:
        return phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
    national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    return national.replace("(", "").replace(") ", "-")
