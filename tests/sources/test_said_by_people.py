"""What people typed at a vendor: cleaned or left out, so that it costs no booking."""

from __future__ import annotations

import pytest

from notifier.sources.parts.booking_fields import one_line, zone_name
from notifier.sources.parts.contacts import usable_email


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Ada\r\nBcc: eve@example.com", "Ada Bcc: eve@example.com"),
        ("\x1b[31mBoiler\x07", "[31mBoiler"),
        ("\N{RIGHT-TO-LEFT OVERRIDE}reliob", "reliob"),
        ("\x1f\N{LINE SEPARATOR}", None),
    ],
)
def test_a_text_is_one_line_that_can_be_shown(typed: str, kept: str | None) -> None:
    """Whatever breaks a line, or turns it round, is a blank in it."""
    assert one_line(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "ada@example.com,evil@example.net",
        "ada@example.com\r\nBcc: e@example.net",
        "ada@example.com evil@example.net",
        "ada\N{RIGHT-TO-LEFT OVERRIDE}@example.com",
        "ada@example",
        "ada@.com",
        "@example.com",
    ],
)
def test_what_is_no_email_address_is_left_out(typed: str) -> None:
    """The customer is booked with what else there is."""
    assert usable_email(typed) is None
    assert usable_email(" ada@example.com ") == "ada@example.com"


@pytest.mark.parametrize("typed", ["localtime", "Factory", "America", "../UTC", "Mars", "", 7])
def test_what_is_no_zone_of_a_place_is_left_out(typed: object) -> None:
    """What the machine is set to, and a folder of zones, are none."""
    assert zone_name(typed) is None
    assert zone_name("America/New_York") == "America/New_York"
