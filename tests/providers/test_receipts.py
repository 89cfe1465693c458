"""Callbacks and event batches as receipts: our own, and the real samples unchanged."""

import json
from datetime import UTC, datetime
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


# The form -> what it says of its text. What customers write is read by `web/callbacks.py`.
_TWILIO: dict[str, tuple[ReceiptEvent, str | None]] = {
    "status_delivered_min": (ReceiptEvent.DELIVERED, None),
    "status_failed_21610_opted_out": (ReceiptEvent.FAILED, "21610"),
    "status_read_min": (ReceiptEvent.DELIVERED, None),
    "status_sent_messaging_service": (ReceiptEvent.SENT, None),
    "status_unknown_value_huh": (ReceiptEvent.IGNORED, "unknown_event"),
}


@needs_samples
@pytest.mark.parametrize("sample", _TWILIO)
def test_each_real_twilio_status_has_its_outcome(sample: str) -> None:
    """What Twilio really posted is one receipt, of the text that it names."""
    form = dict(parse_qsl((SAMPLES / "payloads/twilio" / f"{sample}.form").read_text().strip()))

    (receipt,) = parse_status_callback(form, query={}).receipts

    assert (receipt.event, receipt.code) == _TWILIO[sample]
    assert receipt.provider_id == form["MessageSid"]


@needs_samples
def test_no_real_sample_of_twilio_is_left_without_an_outcome() -> None:
    """A sample added to the folder must be decided above, or be of what a customer wrote."""
    found = {path.stem for path in (SAMPLES / "payloads/twilio").iterdir()}
    assert {sample for sample in found if not sample.startswith("inbound_")} == set(_TWILIO)


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


_ELEVEN = [
    "processed: accepted",
    "deferred: deferred",
    "delivered: delivered",
    "open: ignored",
    "click: ignored",
    "bounce: bounced",
    "dropped: failed bounced_address",
    "spamreport: complained",
    "unsubscribe: opted_out",
    "group_unsubscribe: opted_out",
    "group_resubscribe: ignored",
]

# The batch -> the id of its email, when it happened, and what each event says.
_SENDGRID: dict[str, tuple[str, str, list[str]]] = {
    "batch_all_11_events_2018": ("14c5d75ce93.dfd.64b469", "2018-10-13T20:25:05", _ELEVEN),
    "batch_all_11_events_csharp": ("sg_message_id", "2017-12-15T00:59:29", _ELEVEN),
    "real_click_event": ("_fjPjuJfRW-IPs5SuvYotg", "2016-04-19T19:47:30", ["click: ignored"]),
    "real_delivered_event": (
        "wrfRRvF7Q0GgwUo2CvDmEA",
        "2016-04-19T19:47:30",
        ["delivered: delivered"],
    ),
    "real_dropped_bounced": (
        "14c5d75ce93.dfd.64b469",
        "2017-12-15T00:59:29",
        ["dropped: failed bounced_address"],
    ),
    "real_dropped_invalid_event": (  # dropped before there was an email
        "",
        "2016-04-19T19:47:30",
        ["dropped: failed invalid"],
    ),
    "real_open_event": ("wrfRRvF7Q0GgwUo2CvDmEA", "2016-04-19T19:47:30", ["open: ignored"]),
    "real_processed_event": (
        "wrfRRvF7Q0GgwUo2CvDmEA",
        "2016-04-19T19:47:26",
        ["processed: accepted"],
    ),
    "signed_dropped_bounced_address": (
        "LRzXl_NHStOGhQ4kofSm_A",
        "2020-09-14T19:41:32",
        ["dropped: failed bounced_address"],
    ),
}


@needs_samples
@pytest.mark.parametrize("sample", _SENDGRID)
def test_each_real_sendgrid_batch_has_its_outcome(sample: str) -> None:
    """Every event of it is read, in its order, with an id of its own."""
    body = (SAMPLES / "payloads/sendgrid" / f"{sample}.json").read_bytes()
    said = [item["event"] for item in json.loads(body)]

    parsed = parse_event_batch(body)

    email, at, events = _SENDGRID[sample]
    assert [
        f"{name}: {receipt.event} {receipt.code or ''}".strip()
        for name, receipt in zip(said, parsed.receipts, strict=True)
    ] == events
    assert {receipt.provider_id or "" for receipt in parsed.receipts} == {email}
    assert {receipt.occurred_at for receipt in parsed.receipts} == {
        datetime.fromisoformat(f"{at}+00:00")
    }
    assert len({receipt.event_id for receipt in parsed.receipts}) == len(said)
    assert parsed.skipped == 0


@needs_samples
def test_no_real_sample_of_sendgrid_is_left_without_an_outcome() -> None:
    """A sample added to the folder must be decided in the table above."""
    found = {path.stem for path in (SAMPLES / "payloads/sendgrid").iterdir()}
    assert found == set(_SENDGRID)
