"""The sandbox: everything arrives, except at the magic numbers."""

import pytest

from notifier.providers.codes import Reaction
from notifier.providers.errors import SendRejected
from notifier.providers.protocols import (
    Accepted,
    LookUpAbsent,
    LookUpFound,
    OutgoingEmail,
    OutgoingSms,
)
from notifier.providers.receipt import ReceiptEvent
from notifier.providers.sandbox import SandboxEmail, SandboxSms, receipts_for
from tests.fakes.clock import FakeClock
from tests.providers.conftest import ADA, ATTEMPT, MESSAGE, TOKEN, a_text, an_email


def test_a_text_is_recorded_and_found_again(clock: FakeClock) -> None:
    """What was handed over can be looked up after a crash, and it gets its receipt."""
    taken: dict[str, Accepted] = {}

    def record(sms: OutgoingSms, accepted: Accepted) -> None:
        taken[sms.link_token] = accepted

    sandbox = SandboxSms(record=record, find=taken.get, now=clock)
    assert sandbox.look_up(to=ADA, link_token=TOKEN, since=clock()) == LookUpAbsent()

    accepted = sandbox.send(a_text())

    assert taken == {TOKEN: accepted}
    found = sandbox.look_up(to=ADA, link_token=TOKEN, since=clock())
    assert found == LookUpFound(accepted=accepted, status=ReceiptEvent.DELIVERED)


def test_an_email_is_recorded(clock: FakeClock) -> None:
    """The mailbox shows what was sent."""
    taken: list[OutgoingEmail] = []
    sandbox = SandboxEmail(
        record=lambda email, _: taken.append(email), find=lambda _: None, now=clock
    )

    assert sandbox.send(an_email()).created_at == clock()
    assert taken == [an_email()]


@pytest.mark.parametrize(
    ("number", "code", "reaction"),
    [
        ("+15005550001", "21211", Reaction.FLAG_CONTACT),
        ("+15005550009", "21614", Reaction.FLAG_CONTACT),
        ("+15005550004", "21610", Reaction.SUPPRESS),
    ],
)
def test_magic_numbers_are_refused(
    clock: FakeClock, number: str, code: str, reaction: Reaction
) -> None:
    """The same numbers fail here as with Twilio's test credentials."""
    taken: list[OutgoingSms] = []
    sandbox = SandboxSms(record=lambda sms, _: taken.append(sms), find=lambda _: None, now=clock)

    with pytest.raises(SendRejected) as caught:
        sandbox.send(a_text(to=number))

    assert (caught.value.code, caught.value.reaction) == (code, reaction)
    assert taken == []


def test_the_sandbox_gives_receipts(clock: FakeClock) -> None:
    """One `delivered`, the same however often it is asked for."""
    first, again = (
        receipts_for(message_id=MESSAGE, attempt_id=ATTEMPT, provider_id="x", now=clock())
        for _ in range(2)
    )

    assert [receipt.event for receipt in first] == [ReceiptEvent.DELIVERED]
    assert first == again
