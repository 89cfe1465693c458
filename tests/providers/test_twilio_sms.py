"""The Twilio adapter against the stateful fake: every outcome class, and the look-up."""

import logging
import socket
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from urllib3.exceptions import ConnectTimeoutError

from notifier.providers.codes import Reaction
from notifier.providers.errors import (
    ProviderMisconfigured,
    SendDeferred,
    SendOutcomeUnknown,
    SendRejected,
)
from notifier.providers.protocols import LookUpAbsent, LookUpFound, LookUpImpossible
from notifier.providers.receipt import ReceiptEvent
from notifier.providers.twilio_sms import TwilioSms
from tests.fakes.clock import FakeClock
from tests.fakes.provider_server import FakeProviders
from tests.providers.conftest import ADA, ATTEMPT, MESSAGE, TOKEN, a_text, twilio_at


def test_an_accepted_text_carries_our_ids_in_its_callback(
    providers: FakeProviders, twilio: TwilioSms, clock: FakeClock
) -> None:
    """Twilio takes a text and knows where to report on it, before we have committed."""
    accepted = twilio.send(a_text(valid_until=clock() + timedelta(minutes=30)))

    (taken,) = providers.sms
    assert accepted.provider_id == taken["sid"]
    assert accepted.created_at == clock()
    assert (taken["to"], taken["from"]) == (ADA, "+15005550006")
    assert taken["status_callback"] == (
        f"https://notify.example.com/webhooks/twilio/status?m={MESSAGE}&a={ATTEMPT}"
        "#rc=5&rp=ct,rt,5xx"
    )
    assert taken["validity"] == 1800


def test_validity_never_exceeds_what_twilio_takes(
    providers: FakeProviders, twilio: TwilioSms, clock: FakeClock
) -> None:
    """A text that is true for days is valid for Twilio's ten hours."""
    twilio.send(a_text(valid_until=clock() + timedelta(days=3)))

    assert providers.sms[0]["validity"] == 36_000


@pytest.mark.parametrize(
    ("seconds", "validity"), [(1, 1), (1.9, 1), (36_000, 36_000), (36_001, 36_000)]
)
def test_validity_ends_with_the_truth_and_within_what_twilio_takes(
    providers: FakeProviders, twilio: TwilioSms, clock: FakeClock, seconds: float, validity: int
) -> None:
    """Whole seconds from 1 to 36,000, rounded down: never valid for longer than it is true."""
    twilio.send(a_text(valid_until=clock() + timedelta(seconds=seconds)))

    assert providers.sms[0]["validity"] == validity


def test_a_text_with_less_than_a_second_left_is_not_sent(
    providers: FakeProviders, twilio: TwilioSms, clock: FakeClock
) -> None:
    """Twilio takes no validity of 0."""
    with pytest.raises(SendDeferred, match="expired"):
        twilio.send(a_text(valid_until=clock() + timedelta(seconds=0.9)))

    assert providers.state.requests("sms") == 0


def test_a_text_past_its_time_is_not_sent(
    providers: FakeProviders, twilio: TwilioSms, clock: FakeClock
) -> None:
    """Silence is better than a window that has passed."""
    with pytest.raises(SendDeferred, match="expired"):
        twilio.send(a_text(valid_until=clock()))

    assert providers.state.requests("sms") == 0


def test_a_messaging_service_takes_the_place_of_a_number(
    providers: FakeProviders, clock: FakeClock
) -> None:
    """A sender that begins with MG is a messaging service."""
    service = "MG" + "a" * 32
    twilio_at(providers, providers.url, clock, from_=service).send(a_text())

    assert providers.sms[0]["messaging_service_sid"] == service
    assert providers.sms[0]["from"] is None


@pytest.mark.parametrize(
    ("code", "reaction"),
    [
        (21211, Reaction.FLAG_CONTACT),
        (21614, Reaction.FLAG_CONTACT),
        (21610, Reaction.SUPPRESS),
        (21408, Reaction.OTHER_CHANNEL),
        (21617, Reaction.NEVER),
        (29999, Reaction.NEVER),
    ],
)
def test_a_refused_number_is_rejected_with_what_to_do(
    providers: FakeProviders, twilio: TwilioSms, code: int, reaction: Reaction
) -> None:
    """Twilio's code decides; a code that we do not know falls to the class of its answer."""
    providers.fail_number(ADA, code)

    with pytest.raises(SendRejected) as caught:
        twilio.send(a_text())

    assert (caught.value.code, caught.value.reaction) == (str(code), reaction)
    assert providers.sms == []


def test_an_error_never_quotes_the_number(providers: FakeProviders, twilio: TwilioSms) -> None:
    """Twilio's words name the number; neither our error nor what it drags along does."""
    providers.fail_number(ADA, 21211)

    with pytest.raises(SendRejected) as caught:
        twilio.send(a_text())

    assert str(caught.value) == "21211"
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.parametrize(("header", "wait"), [(7, 7.0), (None, None)])
def test_too_many_requests_are_deferred(
    providers: FakeProviders, twilio: TwilioSms, header: int | None, wait: float | None
) -> None:
    """A 429 took nothing, and says how long to wait if Twilio says it."""
    providers.fail_next_sms("too_many", retry_after=header)

    with pytest.raises(SendDeferred) as caught:
        twilio.send(a_text())

    assert caught.value.retry_after == wait
    assert caught.value.reaction is Reaction.PACE


@pytest.mark.parametrize("code", [20429, 30022, 63018, 29999])
def test_a_code_of_haste_is_kept_with_its_wait(
    providers: FakeProviders, twilio: TwilioSms, code: int
) -> None:
    """So is a code that we do not know: a 429 is too many requests until it says otherwise."""
    providers.fail_next_sms("too_many", code=code, retry_after=7)

    with pytest.raises(SendDeferred) as caught:
        twilio.send(a_text())

    error = caught.value
    assert (error.code, error.reaction, error.retry_after) == (str(code), Reaction.PACE, 7)


def test_a_limit_of_the_day_is_no_haste(providers: FakeProviders, twilio: TwilioSms) -> None:
    """Twilio says with a 429 that no text goes until tomorrow: the channel stops."""
    providers.fail_next_sms("too_many", code=63038, retry_after=7)

    with pytest.raises(ProviderMisconfigured) as caught:
        twilio.send(a_text())

    assert (caught.value.code, caught.value.reaction) == ("63038", Reaction.HALT_CHANNEL)
    assert caught.value.__context__ is None
    assert providers.sms == []


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html>sorry",
        "[429]",
        "null",
        '{"message": "slower"}',
        '{"code": null}',
        '{"code": "soon"}',
        '{"type": "x", "title": "x", "status": "soon", "code": null}',
    ],
)
def test_too_many_requests_without_a_code_are_haste(
    providers: FakeProviders, twilio: TwilioSms, body: str
) -> None:
    """A proxy on the way may have written it."""
    providers.fail_next_sms("too_many", body=body, retry_after=7)

    with pytest.raises(SendDeferred) as caught:
        twilio.send(a_text())

    error = caught.value
    assert (error.code, error.reaction, error.retry_after) == ("http_429", Reaction.PACE, 7)


@pytest.mark.parametrize("code", [21611, 63018])
def test_a_full_queue_is_deferred(providers: FakeProviders, twilio: TwilioSms, code: int) -> None:
    """Some refusals with a 400 are only for now."""
    providers.fail_next_sms("reject", code=code)

    with pytest.raises(SendDeferred) as caught:
        twilio.send(a_text())

    assert not isinstance(caught.value, ProviderMisconfigured)


def test_wrong_credentials_halt_the_channel(providers: FakeProviders, twilio: TwilioSms) -> None:
    """A 401 is nobody's message's fault: the channel stops until a person mends it."""
    providers.fail_next_sms("unauthorized")

    with pytest.raises(ProviderMisconfigured) as caught:
        twilio.send(a_text())

    assert (caught.value.code, caught.value.reaction) == ("20003", Reaction.HALT_CHANNEL)


@pytest.mark.parametrize(
    ("kind", "taken"),
    [
        ("error_before", 0),
        ("error_after", 1),
        ("timeout_after", 1),
        ("reset_before", 0),
        ("reset_after", 1),
        ("garbage", 1),
    ],
)
def test_a_lost_answer_is_unknown_whether_it_was_taken_or_not(
    providers: FakeProviders, twilio: TwilioSms, kind: str, taken: int
) -> None:
    """From here a text that was taken and one that was not look alike, so neither is retried."""
    providers.fail_next_sms(kind, seconds=3)

    with pytest.raises(SendOutcomeUnknown) as caught:
        twilio.send(a_text())

    assert caught.value.reaction is Reaction.HOLD
    assert len(providers.sms) == taken
    assert providers.state.requests("sms") == 1


def test_a_refused_connection_is_deferred(providers: FakeProviders, clock: FakeClock) -> None:
    """Where nothing listens, nothing was written."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(SendDeferred, match="no_connection"):
            twilio_at(providers, url, clock).send(a_text())


def test_an_unknown_host_is_deferred(providers: FakeProviders, clock: FakeClock) -> None:
    """A name that does not resolve took nothing either."""
    with pytest.raises(SendDeferred, match="no_connection"):
        twilio_at(providers, "http://nowhere.invalid", clock).send(a_text())


def test_an_earlier_refusal_does_not_make_a_lost_answer_safe(
    providers: FakeProviders, twilio: TwilioSms, clock: FakeClock
) -> None:
    """A caller that is busy handling a refused connection still learns "unknown"."""
    providers.fail_next_sms("reset_after")
    try:
        raise ConnectTimeoutError
    except ConnectTimeoutError:
        with pytest.raises(SendOutcomeUnknown):
            twilio.send(a_text())


def test_a_text_taken_before_the_answer_was_lost_is_found(
    providers: FakeProviders, twilio: TwilioSms, clock: FakeClock
) -> None:
    """The look-up finds our text by its link token among others to the same number."""
    providers.fail_next_sms("reset_after")
    with pytest.raises(SendOutcomeUnknown):
        twilio.send(a_text())
    twilio.send(a_text(token="another"))

    found = twilio.look_up(to=ADA, link_token=TOKEN, since=clock())

    assert isinstance(found, LookUpFound)
    assert found.accepted.provider_id == providers.sms[0]["sid"]
    assert found.status is ReceiptEvent.ACCEPTED


@pytest.mark.parametrize("off_by", [timedelta(hours=-2), timedelta(hours=2)])
def test_a_text_is_found_whatever_our_clock_says(
    providers: FakeProviders, twilio: TwilioSms, clock: FakeClock, off_by: timedelta
) -> None:
    """By a clock that is fast the attempt began after Twilio took it; absent is sent again."""
    sent = twilio.send(a_text())

    found = twilio.look_up(to=ADA, link_token=TOKEN, since=clock() + off_by)

    assert isinstance(found, LookUpFound)
    assert found.accepted == sent


def test_a_text_that_was_never_taken_is_absent(
    providers: FakeProviders, twilio: TwilioSms, clock: FakeClock
) -> None:
    """Twilio's record was read to its end and our text is not in it."""
    twilio.send(a_text(token="another"))
    twilio.send(a_text(to="+12065550199"))

    assert twilio.look_up(to=ADA, link_token=TOKEN, since=clock()) == LookUpAbsent()


def test_a_failed_text_is_found_with_its_reason(
    providers: FakeProviders, twilio: TwilioSms, clock: FakeClock
) -> None:
    """What the carrier said meanwhile comes with the look-up."""
    sent = twilio.send(a_text())
    providers.state.update("sms", sent.provider_id, status="undelivered", error_code=30006)

    found = twilio.look_up(to=ADA, link_token=TOKEN, since=clock())

    assert found == LookUpFound(accepted=sent, status=ReceiptEvent.UNDELIVERED, code="30006")


def _fill(providers: FakeProviders, *, count: int, at: datetime, body: str = "other") -> None:
    for number in range(count):
        providers.state.take(
            "sms",
            {
                "sid": f"SM{number:032x}",
                "account_sid": providers.account_sid,
                "to": ADA,
                "from": "+15005550006",
                "messaging_service_sid": None,
                "body": body,
                "status": "delivered",
                "status_callback": None,
                "validity": None,
                "error_code": None,
                "at": at.isoformat(),
            },
        )


def test_the_look_up_turns_pages(
    providers: FakeProviders, twilio: TwilioSms, clock: FakeClock
) -> None:
    """A number that got many texts since is read page by page."""
    sent = twilio.send(a_text())
    _fill(providers, count=450, at=clock())

    found = twilio.look_up(to=ADA, link_token=TOKEN, since=clock())

    assert isinstance(found, LookUpFound)
    assert found.accepted == sent


def test_the_look_up_does_not_read_for_ever(
    providers: FakeProviders, twilio: TwilioSms, clock: FakeClock
) -> None:
    """Past its bound the answer is "can't tell", never "absent": absent means sent again."""
    twilio.send(a_text())
    _fill(providers, count=1000, at=clock())

    found = twilio.look_up(to=ADA, link_token=TOKEN, since=clock())

    assert found == LookUpImpossible("too_many_messages")


def test_old_texts_end_the_search(
    providers: FakeProviders, twilio: TwilioSms, clock: FakeClock
) -> None:
    """A thousand texts of last week do not stand in the way of "absent"."""
    _fill(providers, count=1200, at=clock() - timedelta(days=7))

    assert twilio.look_up(to=ADA, link_token=TOKEN, since=clock()) == LookUpAbsent()


def test_redacted_bodies_make_the_look_up_impossible(
    providers: FakeProviders, twilio: TwilioSms, clock: FakeClock
) -> None:
    """An account that keeps no bodies can't say that ours is not there."""
    _fill(providers, count=1, at=clock(), body="")

    found = twilio.look_up(to=ADA, link_token=TOKEN, since=clock())

    assert found == LookUpImpossible("bodies_not_kept")


def test_a_record_that_cannot_be_read_teaches_nothing(
    providers: FakeProviders, clock: FakeClock
) -> None:
    """An unreachable record is neither found nor absent."""
    with FakeProviders(now=clock) as gone:
        twilio = twilio_at(providers, gone.url, clock)

    with pytest.raises(SendDeferred) as caught:
        twilio.look_up(to=ADA, link_token=TOKEN, since=clock())

    assert ADA not in str(caught.value)
    assert caught.value.__context__ is None


def test_a_look_up_with_wrong_credentials_halts_the_channel(
    providers: FakeProviders, twilio: TwilioSms, clock: FakeClock
) -> None:
    """A refused search says that the account is wrong, not that the text is absent."""
    providers.auth_token = "changed since"

    with pytest.raises(ProviderMisconfigured, match="http_401") as caught:
        twilio.look_up(to=ADA, link_token=TOKEN, since=clock())

    assert caught.value.__context__ is None


def test_nothing_is_logged(
    twilio: TwilioSms, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Even at DEBUG neither the SDK nor the connection writes a number or a text down."""
    with caplog.at_level(logging.DEBUG):
        twilio.send(a_text())
        twilio.look_up(to=ADA, link_token=TOKEN, since=clock())

    assert ADA[1:] not in caplog.text
    assert TOKEN not in caplog.text


def test_what_was_taken_is_in_the_journal(tmp_path: Path, clock: FakeClock) -> None:
    """The fake's journal survives it and gives it its memory back."""
    journal = tmp_path / "journal"
    with FakeProviders(now=clock, journal=journal) as first:
        sent = twilio_at(first, first.url, clock).send(a_text())
    with FakeProviders(now=clock, journal=journal) as second:
        found = twilio_at(second, second.url, clock).look_up(
            to=ADA, link_token=TOKEN, since=clock()
        )

    assert found == LookUpFound(accepted=sent, status=ReceiptEvent.ACCEPTED)
