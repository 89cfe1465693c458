"""The SendGrid adapter against the stateful fake."""

import socket

import pytest

from notifier.providers.codes import Reaction
from notifier.providers.errors import (
    ProviderMisconfigured,
    SendDeferred,
    SendOutcomeUnknown,
    SendRejected,
)
from notifier.providers.protocols import LookUpImpossible
from notifier.providers.sendgrid_email import SendGridEmail
from tests.fakes.clock import FakeClock
from tests.fakes.provider_server import FakeProviders
from tests.providers.conftest import ATTEMPT, MESSAGE, TOKEN, an_email, sendgrid_at


def test_an_accepted_email_carries_both_parts_and_our_ids(
    providers: FakeProviders, sendgrid: SendGridEmail
) -> None:
    """SendGrid takes text and HTML from the brand's name, and gives our ids back in events."""
    accepted = sendgrid.send(an_email())

    (taken,) = providers.emails
    assert accepted.provider_id == taken["id"]
    assert (taken["to"], taken["from"]) == ("ada@example.com", "hello@acme.example")
    assert taken["from_name"] == "Acme, Heating & Sons"
    assert taken["custom_args"] == {"message_id": str(MESSAGE), "attempt_id": str(ATTEMPT)}
    assert TOKEN in taken["text"]
    assert TOKEN in taken["html"]
    assert "List-Unsubscribe" not in taken["headers"]


def test_no_link_is_rewritten(providers: FakeProviders, sendgrid: SendGridEmail) -> None:
    """Links lead to the brand's own domain, and nobody counts opens."""
    sendgrid.send(an_email())

    settings = providers.emails[0]["tracking_settings"]
    assert {name: value["enable"] for name, value in settings.items()} == {
        "click_tracking": False,
        "open_tracking": False,
        "subscription_tracking": False,
    }


def test_one_click_unsubscribing(providers: FakeProviders, sendgrid: SendGridEmail) -> None:
    """A mail program shows its own unsubscribe button (RFC 8058)."""
    sendgrid.send(an_email(unsubscribe_url="https://acme.example/u/1"))

    assert providers.emails[0]["headers"] == {
        "List-Unsubscribe": "<https://acme.example/u/1>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


@pytest.mark.parametrize(
    ("kind", "error", "reaction", "taken"),
    [
        ("too_many", SendDeferred, Reaction.PACE, 0),
        ("reject", SendRejected, Reaction.NEVER, 0),
        ("unauthorized", ProviderMisconfigured, Reaction.HALT_CHANNEL, 0),
        ("error_before", SendOutcomeUnknown, Reaction.HOLD, 0),
        ("error_after", SendOutcomeUnknown, Reaction.HOLD, 1),
        ("timeout_after", SendOutcomeUnknown, Reaction.HOLD, 1),
        ("reset_before", SendOutcomeUnknown, Reaction.HOLD, 0),
        ("reset_after", SendOutcomeUnknown, Reaction.HOLD, 1),
        ("garbage", SendOutcomeUnknown, Reaction.HOLD, 1),
    ],
)
def test_every_outcome_has_its_class(
    providers: FakeProviders,
    sendgrid: SendGridEmail,
    kind: str,
    error: type[Exception],
    reaction: Reaction,
    taken: int,
) -> None:
    """What was certainly not taken may go again; what may have been is held."""
    providers.fail_next_email(kind, retry_after=9, seconds=3)

    with pytest.raises(error) as caught:
        sendgrid.send(an_email())

    assert getattr(caught.value, "reaction", None) is reaction
    assert len(providers.emails) == taken
    assert caught.value.__context__ is None


def test_the_wait_that_sendgrid_asks_for(providers: FakeProviders, sendgrid: SendGridEmail) -> None:
    """A 429 says when to come back."""
    providers.fail_next_email("too_many", retry_after=9)

    with pytest.raises(SendDeferred) as caught:
        sendgrid.send(an_email())

    assert caught.value.retry_after == 9


def test_a_refused_connection_is_deferred(providers: FakeProviders, clock: FakeClock) -> None:
    """Where nothing listens, nothing was written."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(SendDeferred, match="no_connection"):
            sendgrid_at(providers, url, clock).send(an_email())


def test_there_is_no_record_to_search(sendgrid: SendGridEmail, clock: FakeClock) -> None:
    """An unknown email is held or sent again as the rule says, never looked up."""
    assert not sendgrid.can_look_up
    found = sendgrid.look_up(to="ada@example.com", link_token=TOKEN, since=clock())
    assert isinstance(found, LookUpImpossible)
