"""The tables of codes: what is promised of them as a whole."""

import json
import re
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

import notifier
from notifier.domain.messages import WhyNot
from notifier.providers.codes import (
    CALLS,
    HTTP,
    HTTP_CLASSES,
    SENDGRID,
    SMTP,
    TWILIO,
    Reaction,
    http_reaction,
    is_unknown,
    meaning,
    receipt_reaction,
    send_reaction,
    smtp_reaction,
)
from notifier.providers.receipt import ReceiptEvent
from notifier.providers.sendgrid_receipts import EVENTS, parse_event_batch
from tests.providers.conftest import SHARED

VOCABULARIES = SHARED / "samples/vocabularies"
needs_vocabularies = pytest.mark.skipif(
    not VOCABULARIES.exists(), reason="the vocabularies are not beside this checkout"
)

#: Those of Twilio's that are met most: what we do when a send is refused with it, and when a
#: receipt of what was taken bears it, which is never sent again the same way.
MET_MOST = {
    "20003": (Reaction.HALT_CHANNEL, Reaction.HALT_CHANNEL),
    "20429": (Reaction.PACE, Reaction.OTHER_CHANNEL),
    "21211": (Reaction.FLAG_CONTACT, Reaction.FLAG_CONTACT),
    "21408": (Reaction.OTHER_CHANNEL, Reaction.OTHER_CHANNEL),
    "21610": (Reaction.SUPPRESS, Reaction.SUPPRESS),
    "21611": (Reaction.PACE, Reaction.OTHER_CHANNEL),
    "21612": (Reaction.OTHER_CHANNEL, Reaction.OTHER_CHANNEL),
    "21614": (Reaction.FLAG_CONTACT, Reaction.FLAG_CONTACT),
    "21617": (Reaction.NEVER, Reaction.NEVER),
    "30001": (Reaction.PACE, Reaction.OTHER_CHANNEL),
    "30002": (Reaction.HALT_CHANNEL, Reaction.HALT_CHANNEL),
    "30003": (Reaction.OTHER_CHANNEL, Reaction.OTHER_CHANNEL),
    "30004": (Reaction.OTHER_CHANNEL, Reaction.OTHER_CHANNEL),
    "30005": (Reaction.FLAG_CONTACT, Reaction.FLAG_CONTACT),
    "30006": (Reaction.FLAG_CONTACT, Reaction.FLAG_CONTACT),
    "30007": (Reaction.NEVER, Reaction.NEVER),
    "30008": (Reaction.OTHER_CHANNEL, Reaction.OTHER_CHANNEL),
    "30034": (Reaction.HALT_CHANNEL, Reaction.HALT_CHANNEL),
    "30036": (Reaction.OTHER_CHANNEL, Reaction.OTHER_CHANNEL),
    "63018": (Reaction.PACE, Reaction.OTHER_CHANNEL),
}


def test_every_line_has_a_sentence_for_staff() -> None:
    """The board shows it beside the code."""
    for table in (TWILIO, SENDGRID, SMTP, HTTP):
        assert all(code.meaning for code in table.values())


@pytest.mark.parametrize("code", MET_MOST)
def test_what_follows_from_the_codes_that_are_met_most(code: str) -> None:
    """Of an answer, and of a receipt."""
    refused = send_reaction("twilio", code=code, status=400)
    failed = receipt_reaction("twilio_2", event=ReceiptEvent.FAILED, code=code)

    assert (refused, failed) == MET_MOST[code]


@pytest.mark.parametrize(
    "code",
    [
        *("20003", "20011", "20012", "20426", "21267", "21616", "21661", "21708", "21709"),
        *("21711", "21712", "21715", "21910", "30015", "30016", "30042", "30440", "30449", "63038"),
    ],
)
def test_what_is_our_senders_fault_is_no_messages(code: str) -> None:
    """The next text would be refused as well, so the sender rests and staff are told."""
    assert send_reaction("twilio", code=code, status=400) is Reaction.HALT_CHANNEL
    assert send_reaction("twilio_2", code=code, status=429) is Reaction.HALT_CHANNEL
    failed = receipt_reaction("twilio", event=ReceiptEvent.FAILED, code=code)
    assert failed is Reaction.HALT_CHANNEL


@pytest.mark.parametrize("code", ["21217", "21265", "21266", "21268", "21635", "30014"])
def test_what_is_the_numbers_fault_holds_for_every_text_to_it(code: str) -> None:
    """Nobody is reached by text there, now or later, by whichever sender."""
    assert send_reaction("twilio", code=code, status=400) is Reaction.FLAG_CONTACT


@pytest.mark.parametrize("code", ["21624", "21658", "30012", "30013", "30044"])
def test_what_is_the_texts_fault_concerns_no_other(code: str) -> None:
    """Another channel carries this one; the number and the sender are as good as before."""
    assert send_reaction("twilio", code=code, status=400) is Reaction.NEVER


@pytest.mark.parametrize(
    ("code", "reaction"),
    [
        ("21219", Reaction.OTHER_CHANNEL),
        ("21730", Reaction.RETRY),
        ("63017", Reaction.PACE),
    ],
)
def test_what_is_nobodys_fault_passes(code: str, reaction: Reaction) -> None:
    """A trial's numbers, Twilio's own maintenance, and our haste."""
    assert send_reaction("twilio", code=code, status=400) is reaction


def _vocabulary(name: str) -> Any:
    return json.loads((VOCABULARIES / name).read_text())


@needs_vocabularies
def test_every_code_of_twilios_messages_is_decided() -> None:
    """Each code that Twilio lists for sending and delivering texts has its own line."""
    listed = {str(item["code"]) for item in _vocabulary("twilio_message_error_codes.json")["codes"]}

    assert listed - set(TWILIO) == set()


#: Twilio's of after May 2023, when its list of all products was saved.
_LATER = "21265 21266 21267 21268 21635 21659 21660 21661 30036 30042 30044"


@needs_vocabularies
def test_every_code_that_we_decide_is_one_of_twilios() -> None:
    """A slip of the pen would decide a code that never comes, and leave the right one out."""
    listed = {str(item["code"]) for item in _vocabulary("twilio_error_codes.json")["codes"]}

    assert set(TWILIO) - listed == set(_LATER.split())


@needs_vocabularies
def test_every_event_of_sendgrid_is_decided() -> None:
    """Each event, bounce class and drop reason is one that we have thought of."""
    listed = _vocabulary("sendgrid_events.json")

    assert set(listed["delivery_events"] + listed["engagement_events"]) == set(EVENTS)
    bounces = [
        {"event": "bounce", "type": type_, "bounce_classification": class_}
        for type_ in listed["bounce_type"]
        for class_ in listed["bounce_classification"]
    ]
    drops = [{"event": "dropped", "reason": why} for why in listed["dropped_reasons_seen"]]
    for item in bounces + drops:
        (receipt,) = parse_event_batch(json.dumps([item]).encode()).receipts
        assert receipt.code in SENDGRID, item
        assert receipt_reaction("sendgrid", event=receipt.event, code=receipt.code), item


@pytest.mark.parametrize(
    ("item", "reaction"),
    [
        ({"event": "processed"}, None),
        ({"event": "deferred"}, None),
        ({"event": "delivered"}, None),
        ({"event": "open"}, None),
        ({"event": "click"}, None),
        ({"event": "group_resubscribe"}, None),
        ({"event": "spamreport"}, Reaction.SUPPRESS),
        ({"event": "unsubscribe"}, Reaction.SUPPRESS),
        ({"event": "group_unsubscribe"}, Reaction.SUPPRESS),
        ({"event": "bounce"}, Reaction.FLAG_CONTACT),
        ({"event": "bounce", "type": "blocked"}, Reaction.OTHER_CHANNEL),
        ({"event": "bounce", "bounce_classification": "Invalid Address"}, Reaction.FLAG_CONTACT),
        ({"event": "bounce", "bounce_classification": "Unclassified"}, Reaction.FLAG_CONTACT),
        ({"event": "bounce", "bounce_classification": "Content"}, Reaction.NEVER),
        (
            {"event": "bounce", "bounce_classification": "Frequency or Volume Too High"},
            Reaction.OTHER_CHANNEL,
        ),
        (
            {"event": "bounce", "bounce_classification": "Mailbox Unavailable"},
            Reaction.OTHER_CHANNEL,
        ),
        ({"event": "bounce", "bounce_classification": "Reputation"}, Reaction.OTHER_CHANNEL),
        (
            {"event": "bounce", "bounce_classification": "Technical Failure"},
            Reaction.OTHER_CHANNEL,
        ),
        ({"event": "dropped", "reason": "Bounced Address"}, Reaction.FLAG_CONTACT),
        ({"event": "dropped", "reason": "Invalid"}, Reaction.FLAG_CONTACT),
        ({"event": "dropped", "reason": "Unsubscribed Address"}, Reaction.SUPPRESS),
        ({"event": "dropped", "reason": "Spam Reporting Address"}, Reaction.SUPPRESS),
        ({"event": "dropped", "reason": "Spam Content"}, Reaction.NEVER),
        ({"event": "dropped", "reason": "Invalid SMTPAPI header"}, Reaction.NEVER),
        (
            {"event": "dropped", "reason": "Recipient List over Package Quota"},
            Reaction.HALT_CHANNEL,
        ),
        ({"event": "dropped", "reason": "Of tomorrow"}, Reaction.OTHER_CHANNEL),
        ({"event": "of tomorrow"}, None),
    ],
    ids=lambda value: "-".join(value.values()) if isinstance(value, dict) else None,
)
def test_what_follows_from_each_event_of_sendgrid(
    item: dict[str, str], reaction: Reaction | None
) -> None:
    """Of a bounce its class decides, of a dropped mail the reason; a block condemns no address."""
    (receipt,) = parse_event_batch(json.dumps([item]).encode()).receipts

    assert receipt_reaction("sendgrid", event=receipt.event, code=receipt.code) is reaction


@pytest.mark.parametrize(
    ("status", "reaction"),
    [
        (103, Reaction.HOLD),
        (204, Reaction.HOLD),
        (302, Reaction.HALT_CHANNEL),
        (400, Reaction.NEVER),
        (401, Reaction.HALT_CHANNEL),
        (403, Reaction.HALT_CHANNEL),
        (402, Reaction.HALT_CHANNEL),
        (404, Reaction.HALT_CHANNEL),
        (408, Reaction.RETRY),
        (410, Reaction.HALT_CHANNEL),
        (413, Reaction.NEVER),
        (418, Reaction.NEVER),
        (429, Reaction.PACE),
        (500, Reaction.HOLD),
        (503, Reaction.HOLD),
        (599, Reaction.HOLD),
        (999, Reaction.HOLD),
    ],
)
def test_an_answer_without_a_code_falls_to_its_class(status: int, reaction: Reaction) -> None:
    """Every HTTP status has a reaction, and no 5xx is retried."""
    assert http_reaction(status) is reaction
    assert send_reaction("twilio", code="99999", status=status) is reaction


def test_no_class_of_answers_is_left_out() -> None:
    """A status that we never met has the reaction of its class, whatever it is."""
    assert set(HTTP_CLASSES) == {1, 2, 3, 4, 5}
    assert all(code.reaction is Reaction.HOLD for status, code in HTTP.items() if status >= "500")
    assert {smtp_reaction(int(reply)) for reply in SMTP if reply < "500"} == {Reaction.RETRY}
    assert (smtp_reaction(499), smtp_reaction(599)) == (Reaction.RETRY, Reaction.NEVER)


def test_a_server_error_is_held_whatever_its_code() -> None:
    """A code that would be safe to retry with a 400 is not with a 500."""
    assert send_reaction("twilio", code="21611", status=400) is Reaction.PACE
    assert send_reaction("twilio", code="21611", status=500) is Reaction.HOLD


@pytest.mark.parametrize(
    ("provider", "event", "code", "reaction"),
    [
        ("twilio", ReceiptEvent.DELIVERED, None, None),
        ("twilio", ReceiptEvent.FAILED, "21610", Reaction.SUPPRESS),
        ("twilio", ReceiptEvent.UNDELIVERED, "30006", Reaction.FLAG_CONTACT),
        ("twilio", ReceiptEvent.UNDELIVERED, "30003", Reaction.OTHER_CHANNEL),
        ("twilio", ReceiptEvent.UNDELIVERED, "39999", Reaction.OTHER_CHANNEL),
        ("twilio", ReceiptEvent.FAILED, "30001", Reaction.OTHER_CHANNEL),
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
    assert meaning("21614") == "not a mobile number"
    assert meaning("99999") is None
    assert meaning(None) is None
    assert meaning("http_429") == "too many requests at once"
    assert meaning("mail_450") == "the mailbox is busy"
    assert meaning("smtp_550") == "the mailbox does not exist or refuses us"
    assert meaning("reputation") == "the mail server distrusts our sending domain"
    assert meaning("read_timeout") == "the provider did not answer in time"


def test_no_code_has_two_meanings() -> None:
    """Whoever reads a reason need not know which provider it is from."""
    for one, other in combinations((set(TWILIO), set(SENDGRID), set(CALLS)), 2):
        assert one.isdisjoint(other)


def test_whatever_a_call_can_end_with_has_words() -> None:
    """No answer is shown to staff as a name from the code."""
    raised = re.compile(r"(?:Deferred|Unknown|Rejected|Misconfigured)\(\s*\"([a-z_]+)\"")
    sources = [path.read_text() for path in Path(notifier.__file__).parent.rglob("*.py")]
    named = {name for source in sources for name in raised.findall(source)}

    assert len(named) > 10
    assert {name for name in named if meaning(name) is None} <= set(WhyNot)


@pytest.mark.parametrize(
    ("provider", "code", "unknown"),
    [
        ("twilio", "30099", True),
        ("twilio", "30003", False),
        ("twilio", "http_418", True),
        ("twilio", "http_503", False),
        ("twilio", "unknown_event", True),
        ("twilio", "read_timeout", False),
        ("sendgrid", "unknown_class", True),
        ("sendgrid", "invalid_address", False),
        ("smtp", "smtp_571", True),
        ("smtp", "smtp_550", False),
        ("smtp", "mail_499", True),
        ("smtp", "mail_451", False),
    ],
)
def test_a_code_without_a_line_is_known_as_such(provider: str, code: str, *, unknown: bool) -> None:
    """It is counted; our own words for a lost answer are not."""
    assert is_unknown(provider, code) is unknown
