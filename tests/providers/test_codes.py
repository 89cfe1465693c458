"""The tables of codes: what is promised of them as a whole."""

import pytest

from notifier.providers.codes import (
    SENDGRID,
    TWILIO,
    Reaction,
    http_class_reaction,
    meaning,
    receipt_reaction,
    send_reaction,
)
from notifier.providers.receipt import ReceiptEvent

ASKED_FOR = (
    "20003 20429 21211 21408 21610 21611 21614 21617 30001 30002 30003 30004 30005 30006 "
    "30007 30008 30034 30036 63018"
)


def test_every_code_that_we_meet_has_a_line() -> None:
    """The codes that the issue names, and a sentence for staff with each of them."""
    assert set(ASKED_FOR.split()) <= set(TWILIO)
    assert all(code.meaning for code in (*TWILIO.values(), *SENDGRID.values()))


@pytest.mark.parametrize(
    ("status", "reaction"),
    [
        (302, Reaction.HALT_CHANNEL),
        (400, Reaction.NEVER),
        (401, Reaction.HALT_CHANNEL),
        (403, Reaction.HALT_CHANNEL),
        (404, Reaction.HALT_CHANNEL),
        (413, Reaction.NEVER),
        (429, Reaction.RETRY),
        (500, Reaction.HOLD),
        (503, Reaction.HOLD),
    ],
)
def test_an_answer_without_a_code_falls_to_its_class(status: int, reaction: Reaction) -> None:
    """Every HTTP status has a reaction, and no 5xx is retried."""
    assert http_class_reaction(status) is reaction
    assert send_reaction("twilio", code="99999", status=status) is reaction


def test_a_server_error_is_held_whatever_its_code() -> None:
    """A code that would be safe to retry with a 400 is not with a 500."""
    assert send_reaction("twilio", code="21611", status=400) is Reaction.RETRY
    assert send_reaction("twilio", code="21611", status=500) is Reaction.HOLD


@pytest.mark.parametrize(
    ("provider", "event", "code", "reaction"),
    [
        ("twilio", ReceiptEvent.DELIVERED, None, None),
        ("twilio", ReceiptEvent.FAILED, "21610", Reaction.SUPPRESS),
        ("twilio", ReceiptEvent.UNDELIVERED, "30006", Reaction.FLAG_CONTACT),
        ("twilio", ReceiptEvent.UNDELIVERED, "30003", Reaction.OTHER_CHANNEL),
        ("twilio", ReceiptEvent.UNDELIVERED, "39999", Reaction.OTHER_CHANNEL),
        ("twilio", ReceiptEvent.FAILED, None, Reaction.OTHER_CHANNEL),
        ("sendgrid", ReceiptEvent.BOUNCED, "invalid_address", Reaction.FLAG_CONTACT),
        ("sendgrid", ReceiptEvent.FAILED, "unsubscribed_address", Reaction.SUPPRESS),
        ("sendgrid", ReceiptEvent.COMPLAINED, None, Reaction.SUPPRESS),
        ("sendgrid", ReceiptEvent.DEFERRED, None, None),
    ],
)
def test_what_follows_from_a_receipt(
    provider: str, event: ReceiptEvent, code: str | None, reaction: Reaction | None
) -> None:
    """A failure always leads somewhere, and what is no failure leads nowhere."""
    assert receipt_reaction(provider, event=event, code=code) is reaction


def test_a_code_has_words_for_staff() -> None:
    """The board shows these; a code that we do not know has none."""
    assert meaning("twilio", "21614") == "not a mobile number"
    assert meaning("twilio", "99999") is None
    assert meaning("twilio", None) is None
