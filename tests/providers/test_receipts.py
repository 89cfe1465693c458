"""Callbacks and event batches as receipts: our own, and the real samples unchanged."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from notifier.providers.receipt import Receipt, ReceiptEvent
from notifier.providers.sendgrid_receipts import parse_event_batch
from notifier.providers.twilio_receipts import STATUS_EVENTS, parse_status_callback
from tests.providers.conftest import ATTEMPT, MESSAGE, SHARED

SAMPLES = SHARED / "samples"
needs_samples = pytest.mark.skipif(
    not SAMPLES.exists(), reason="the real samples are not beside this checkout"
)


def _event(**fields: Any) -> Receipt:
    item = {
        "email": "ada@example.com",
        "timestamp": 1539462305,
        "event": "delivered",
        "sg_event_id": "evt-1",
        "sg_message_id": "abc.def.recvd-5c8-x.1.2",
        "message_id": str(MESSAGE),
        "attempt_id": str(ATTEMPT),
        **fields,
    }
    (receipt,) = parse_event_batch(json.dumps([item]).encode()).receipts
    return receipt


def test_a_twilio_callback_finds_its_message() -> None:
    """Our ids come back in the URL, the SID and the code in the form."""
    form = {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30006"}

    (receipt,) = parse_status_callback(form, query={"m": str(MESSAGE), "a": str(ATTEMPT)}).receipts

    assert receipt == Receipt(
        message_id=MESSAGE,
        attempt_id=ATTEMPT,
        provider="twilio",
        provider_id="SM1",
        event_id="SM1:undelivered:30006",
        event=ReceiptEvent.UNDELIVERED,
        code="30006",
    )


def test_a_repeated_twilio_callback_has_the_same_event_id() -> None:
    """However often it comes, and with whatever new fields, it is one event."""
    form = {"MessageSid": "SM1", "MessageStatus": "sent"}

    first = parse_status_callback(form, query={}).receipts[0]
    again = parse_status_callback(form | {"RawDlrDoneDate": "2611231700"}, query={}).receipts[0]
    other = parse_status_callback(form | {"MessageStatus": "delivered"}, query={}).receipts[0]

    assert first.event_id == again.event_id
    assert first.event_id != other.event_id


@pytest.mark.parametrize("query", [{}, {"m": "x", "a": "y"}])
def test_a_callback_with_garbled_ids_keeps_its_sid(query: dict[str, str]) -> None:
    """What is left is enough to find the message."""
    (receipt,) = parse_status_callback(
        {"SmsSid": "SM1", "SmsStatus": "delivered", "ErrorCode": "0"}, query=query
    ).receipts

    assert (receipt.message_id, receipt.provider_id, receipt.code) == (None, "SM1", None)


@pytest.mark.parametrize("form", [{}, {"MessageSid": "SM1"}, {"MessageStatus": "sent"}])
def test_a_callback_without_sid_or_status_is_skipped(form: dict[str, str]) -> None:
    """It is counted, and nothing breaks."""
    parsed = parse_status_callback(form, query={})

    assert (parsed.receipts, parsed.skipped) == ((), 1)


@needs_samples
def test_every_twilio_status_is_decided() -> None:
    """The official vocabulary holds no status that we have not thought of."""
    vocabulary = json.loads((SAMPLES / "vocabularies/twilio_message_status.json").read_text())

    assert set(vocabulary["status"]) == set(STATUS_EVENTS)


def test_a_status_that_we_do_not_know_says_so() -> None:
    """It moves nothing, and is counted; its own code stays part of what makes it one event."""
    form = {"MessageSid": "SM1", "MessageStatus": "huh", "ErrorCode": "30099"}

    (receipt,) = parse_status_callback(form, query={}).receipts

    assert (receipt.event, receipt.code) == (ReceiptEvent.IGNORED, "unknown_event")
    assert receipt.event_id == "SM1:huh:30099"


@needs_samples
def test_the_real_twilio_samples() -> None:
    """Every captured form passes through, unknown values included."""
    expected = {
        "inbound_sms_to_shortcode": ReceiptEvent.IGNORED,
        "inbound_sms_us": ReceiptEvent.IGNORED,
        "inbound_whatsapp": ReceiptEvent.IGNORED,
        "status_delivered_min": ReceiptEvent.DELIVERED,
        "status_failed_21610_opted_out": ReceiptEvent.FAILED,
        "status_read_min": ReceiptEvent.DELIVERED,
        "status_sent_messaging_service": ReceiptEvent.SENT,
        "status_unknown_value_huh": ReceiptEvent.IGNORED,
    }
    seen = {}
    for path in sorted((SAMPLES / "payloads/twilio").glob("*.form")):
        form = dict(parse_qsl(path.read_text().strip(), keep_blank_values=True))
        (receipt,) = parse_status_callback(form, query={}).receipts
        seen[path.stem] = receipt.event

    assert seen == expected


def test_a_sendgrid_event_finds_its_message() -> None:
    """Our ids come back as custom arguments; the id of the send is cut out of theirs."""
    assert _event() == Receipt(
        message_id=MESSAGE,
        attempt_id=ATTEMPT,
        provider="sendgrid",
        provider_id="abc.def",
        event_id="evt-1:delivered",
        event=ReceiptEvent.DELIVERED,
        occurred_at=datetime(2018, 10, 13, 20, 25, 5, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("fields", "event", "code"),
    [
        ({"event": "processed"}, ReceiptEvent.ACCEPTED, None),
        ({"event": "deferred"}, ReceiptEvent.DEFERRED, None),
        ({"event": "open"}, ReceiptEvent.IGNORED, None),
        ({"event": "invented tomorrow"}, ReceiptEvent.IGNORED, "unknown_event"),
        ({"event": "spamreport"}, ReceiptEvent.COMPLAINED, None),
        ({"event": "group_unsubscribe"}, ReceiptEvent.OPTED_OUT, None),
        ({"event": "bounce"}, ReceiptEvent.BOUNCED, None),
        (
            {"event": "bounce", "type": "bounce", "bounce_classification": "Invalid Address"},
            ReceiptEvent.BOUNCED,
            "invalid_address",
        ),
        (
            {"event": "bounce", "type": "bounce", "bounce_classification": "Mailbox Unavailable"},
            ReceiptEvent.UNDELIVERED,
            "mailbox_unavailable",
        ),
        ({"event": "bounce", "type": "blocked"}, ReceiptEvent.UNDELIVERED, None),
        (
            {"event": "dropped", "reason": "Bounced Address"},
            ReceiptEvent.FAILED,
            "bounced_address",
        ),
        (
            {"event": "bounce", "type": "bounce", "bounce_classification": "Of Tomorrow"},
            ReceiptEvent.BOUNCED,
            "unknown_class",
        ),
        ({"event": "dropped"}, ReceiptEvent.FAILED, None),
        (
            {"event": "dropped", "reason": "no ada@example.com"},
            ReceiptEvent.FAILED,
            "unknown_class",
        ),
    ],
)
def test_what_each_sendgrid_event_means(
    fields: dict[str, str], event: ReceiptEvent, code: str | None
) -> None:
    """Only SendGrid's own words become a code: free text may quote an address."""
    receipt = _event(**fields)

    assert (receipt.event, receipt.code) == (event, code)


def test_a_spoilt_item_does_not_spoil_the_batch() -> None:
    """What can't be read is counted; the rest is taken."""
    batch = [None, 7, {"event": 5}, {}, {"event": "delivered", "timestamp": "soon"}]

    parsed = parse_event_batch(json.dumps(batch).encode())

    assert parsed.skipped == 4
    assert [receipt.event for receipt in parsed.receipts] == [ReceiptEvent.DELIVERED]
    assert parsed.receipts[0].occurred_at is None


@pytest.mark.parametrize("body", [b"", b"\xff", b"{}", b"null", b"[" * 100_000])
def test_a_body_that_is_no_batch_is_counted(body: bytes) -> None:
    """Nothing that a stranger posts breaks the parser."""
    parsed = parse_event_batch(body)

    assert (parsed.receipts, parsed.skipped) == ((), 1)


def test_an_event_without_an_id_is_known_again() -> None:
    """Its content stands in for the id, so that a repetition is seen as one."""
    assert _event(sg_event_id=None).event_id == _event(sg_event_id=None).event_id
    assert _event(sg_event_id=None).event_id != _event(sg_event_id=None, timestamp=1).event_id


@needs_samples
def test_the_real_sendgrid_samples() -> None:
    """Every captured batch is read whole, each event with an id and a time of its own."""
    for path in sorted((SAMPLES / "payloads/sendgrid").glob("*.json")):
        parsed = parse_event_batch(path.read_bytes())

        assert parsed.skipped == 0, path.name
        assert all(receipt.occurred_at for receipt in parsed.receipts), path.name
        ids = {receipt.event_id for receipt in parsed.receipts}
        assert len(ids) == len(parsed.receipts), path.name


@needs_samples
def test_the_batch_of_all_sendgrid_events() -> None:
    """The official sample holds each of the eleven events once."""
    path: Path = SAMPLES / "payloads/sendgrid/batch_all_11_events_2018.json"

    assert [receipt.event for receipt in parse_event_batch(path.read_bytes()).receipts] == [
        ReceiptEvent.ACCEPTED,
        ReceiptEvent.DEFERRED,
        ReceiptEvent.DELIVERED,
        ReceiptEvent.IGNORED,
        ReceiptEvent.IGNORED,
        ReceiptEvent.BOUNCED,
        ReceiptEvent.FAILED,
        ReceiptEvent.COMPLAINED,
        ReceiptEvent.OPTED_OUT,
        ReceiptEvent.OPTED_OUT,
        ReceiptEvent.IGNORED,
    ]
