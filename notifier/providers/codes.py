"""What each provider's code means and what we do about it, one line a code.

What became of a call that was never made or never answered has a code of our own (`CALLS`).

A code without a line falls to its class, and is counted (`is_unknown`).

Sources: Twilio's error dictionary (twilio.com/docs/api/errors), SendGrid's event webhook
and suppression documents, RFC 5321 for SMTP, RFC 9110 for HTTP.
"""

import re
from enum import StrEnum
from typing import NamedTuple

from notifier.providers.receipt import ReceiptEvent
from notifier.providers.second import provider_of


class Reaction(StrEnum):
    """What to do when a message was not taken or did not arrive."""

    RETRY = "retry"  # the same message, the same way, later
    PACE = "pace"  # nothing failed, we were too fast: the sender rests, then the same again
    NEVER = "never"  # these words will always be refused; the next channel may carry them
    OTHER_CHANNEL = "other_channel"  # the address may be fine, but not now: next channel
    SUPPRESS = "suppress"  # they opted out: suppress the address, next channel
    FLAG_CONTACT = "flag_contact"  # the address can't take this: flag it, next channel
    HALT_CHANNEL = "halt_channel"  # our account is at fault: stop the channel, tell staff
    HOLD = "hold"  # nobody knows: resolve before anything else goes out


class Code(NamedTuple):
    """A code's reaction, and its meaning for people."""

    reaction: Reaction
    meaning: str


_RETRY, _PACE, _NEVER, _OTHER = (
    Reaction.RETRY,
    Reaction.PACE,
    Reaction.NEVER,
    Reaction.OTHER_CHANNEL,
)
_SUPPRESS, _FLAG, _HALT, _HOLD = (
    Reaction.SUPPRESS,
    Reaction.FLAG_CONTACT,
    Reaction.HALT_CHANNEL,
    Reaction.HOLD,
)

# The same numbers come in an error answer to a send and in a later failure receipt. What is the
# fault of our sender or account halts it, so that staff are told; but not where it stops the texts
# to some numbers alone (a region, a carrier): all others would wait with those.
TWILIO: dict[str, Code] = {
    "20003": Code(_HALT, "Twilio does not accept our credentials"),
    "20005": Code(_HALT, "our Twilio account is not active"),
    "20006": Code(_HALT, "our credentials may not do this"),
    "20008": Code(_HALT, "test credentials were used for a real send"),
    "20010": Code(_HALT, "our Twilio account may not do this"),
    "20011": Code(_HALT, "Twilio wants a newer encryption"),
    "20012": Code(_HALT, "Twilio wants a newer encryption"),
    "20403": Code(_HALT, "our credentials may not do this"),
    "20404": Code(_HALT, "our Twilio account was not found"),
    "20426": Code(_HALT, "Twilio wants another version of its API"),
    "20429": Code(_PACE, "too many requests at once"),
    "20500": Code(_HOLD, "Twilio failed"),
    "20503": Code(_HOLD, "Twilio is not available"),
    "21211": Code(_FLAG, "not a valid phone number"),
    "21212": Code(_HALT, "our sender number is not valid"),
    "21217": Code(_FLAG, "not a valid phone number"),
    "21219": Code(_OTHER, "a trial account texts verified numbers only"),
    "21265": Code(_FLAG, "a short code, which takes no texts from us"),
    "21266": Code(_FLAG, "our own sender number"),
    "21267": Code(_HALT, "a trial account can't send under a name"),
    "21268": Code(_FLAG, "a premium number, which takes no texts from us"),
    "21408": Code(_OTHER, "texts to this region are not enabled on our account"),
    "21601": Code(_HALT, "our sender number can't send texts"),
    "21602": Code(_NEVER, "the text is empty"),
    "21603": Code(_HALT, "no sender number is set"),
    "21604": Code(_FLAG, "no phone number was given"),
    "21606": Code(_HALT, "our sender number can't send texts"),
    "21607": Code(_HALT, "a trial account can't send from our sender number"),
    "21608": Code(_OTHER, "a trial account texts verified numbers only"),
    "21609": Code(_HALT, "our public URL is not one that Twilio can call"),
    "21610": Code(_SUPPRESS, "opted out with STOP"),
    "21611": Code(_PACE, "the queue of our sender number is full"),
    "21612": Code(_OTHER, "not reachable by text from our sender number"),
    "21614": Code(_FLAG, "not a mobile number"),
    "21616": Code(_HALT, "our sender number is more than once on our account"),
    "21617": Code(_NEVER, "the text is longer than 1,600 characters"),
    "21618": Code(_NEVER, "Twilio can't send these words"),
    "21619": Code(_NEVER, "the text is empty"),
    "21620": Code(_NEVER, "a picture's address was not valid"),
    "21621": Code(_HALT, "our sender number can't send pictures"),
    "21624": Code(_NEVER, "the time for which the text is valid was not accepted"),
    "21635": Code(_FLAG, "a landline"),
    "21655": Code(_NEVER, "Twilio's own template was not found"),
    "21656": Code(_NEVER, "the values for Twilio's own template are not valid"),
    "21657": Code(_HALT, "our sender is not valid"),
    "21658": Code(_NEVER, "a part of the request is too long"),
    "21659": Code(_HALT, "our sender number is not one of Twilio's"),
    "21660": Code(_HALT, "our sender number belongs to another account"),
    "21661": Code(_HALT, "our sender number can't send texts"),
    "21701": Code(_HALT, "the messaging service does not exist"),
    "21702": Code(_HALT, "the messaging service can't send at the moment"),
    "21703": Code(_HALT, "the messaging service has no usable sender"),
    "21704": Code(_HALT, "the messaging service has no sender"),
    "21705": Code(_HALT, "the messaging service is not valid"),
    "21708": Code(_HALT, "the messaging service has no name to send under"),
    "21709": Code(_HALT, "the messaging service may not send under our name"),
    "21711": Code(_HALT, "our sender is not one of the messaging service's"),
    "21712": Code(_HALT, "our sender number belongs to another messaging service"),
    "21715": Code(_HALT, "our messaging service's number can't send texts"),
    "21730": Code(_RETRY, "Twilio is being maintained"),
    "21910": Code(_HALT, "our sender is of another kind than a phone number"),
    "30001": Code(_PACE, "the queue was full and the text was dropped"),
    "30002": Code(_HALT, "our Twilio account is suspended"),
    "30003": Code(_OTHER, "the phone is off or out of reach"),
    "30004": Code(_OTHER, "the phone or carrier blocks our texts"),
    "30005": Code(_FLAG, "the number is unknown to its carrier"),
    "30006": Code(_FLAG, "a landline, or a carrier that can't be reached"),
    "30007": Code(_NEVER, "the carrier filtered the text as spam"),
    "30008": Code(_OTHER, "the carrier gave no reason"),
    "30009": Code(_OTHER, "a part of the text was lost"),
    "30010": Code(_NEVER, "the text costs more than the maximum price"),
    "30012": Code(_NEVER, "the text is valid for too short a time"),
    "30013": Code(_NEVER, "the text is valid for too long a time"),
    "30014": Code(_FLAG, "not a valid phone number"),
    "30015": Code(_HALT, "our sender is of a kind that Twilio does not know"),
    "30016": Code(_HALT, "our sender is of another kind than a phone number"),
    "30017": Code(_PACE, "the carrier's network is congested"),
    "30018": Code(_HALT, "the carrier wants our sender registered first"),
    "30019": Code(_NEVER, "the text is longer than the carrier takes"),
    "30020": Code(_OTHER, "Twilio failed to send it"),
    "30021": Code(_OTHER, "Twilio failed to send it"),
    "30022": Code(_PACE, "our campaign's rate limit was passed"),
    "30023": Code(_OTHER, "our daily limit with the carrier is used up"),
    "30024": Code(_OTHER, "the carrier takes no texts from a number like ours"),
    "30027": Code(_OTHER, "our daily limit with T-Mobile is used up"),
    "30032": Code(_HALT, "our toll-free number is not verified"),
    "30033": Code(_HALT, "our campaign is suspended"),
    "30034": Code(_HALT, "our sender number is not registered for US texts"),
    "30035": Code(_HALT, "our sender number is still being set up"),
    "30036": Code(_OTHER, "the text waited past its validity and was dropped"),
    "30042": Code(_HALT, "the carrier blocks the name that we send under"),
    "30044": Code(_NEVER, "the text is longer than a trial account may send"),
    "30410": Code(_OTHER, "the carrier did not answer in time"),
    **{  # each for another reason
        str(code): Code(_HALT, "the verification of our toll-free number was refused")
        for code in range(30440, 30450)
    },
    "30450": Code(_OTHER, "delivery was blocked"),
    "63016": Code(_NEVER, "this channel takes templates alone, outside its window"),
    "63017": Code(_PACE, "too many texts at once from our account"),
    "63018": Code(_PACE, "the channel's rate limit was passed"),
    "63024": Code(_FLAG, "not a valid recipient for this channel"),
    "63038": Code(_HALT, "our account's limit of texts for a day is used up"),
}

# Drop reasons and bounce classes, as `sendgrid_receipts` spells them in a receipt's code.
SENDGRID: dict[str, Code] = {
    "bounced_address": Code(_FLAG, "dropped: the address bounced before"),
    "invalid": Code(_FLAG, "dropped: not a valid address"),
    "unsubscribed_address": Code(_SUPPRESS, "dropped: the address is unsubscribed"),
    "spam_reporting_address": Code(_SUPPRESS, "dropped: the address reported us as spam"),
    "spam_content": Code(_NEVER, "dropped: the words look like spam"),
    "invalid_smtpapi_header": Code(_NEVER, "dropped: a header was not valid"),
    "recipient_list_over_package_quota": Code(_HALT, "dropped: our plan's quota is used up"),
    "invalid_address": Code(_FLAG, "the address does not exist"),
    "mailbox_unavailable": Code(_OTHER, "the mailbox is full or closed for now"),
    "content": Code(_NEVER, "the mail server refused the words"),
    "frequency_or_volume_too_high": Code(_OTHER, "the mail server wants less from us"),
    "reputation": Code(_OTHER, "the mail server distrusts our sending domain"),
    "technical_failure": Code(_OTHER, "the mail server failed"),
    "unclassified": Code(_OTHER, "the mail server gave no clear reason"),
}

# Replies at any point before the mail was taken; other 4xx and 5xx fall to their class.
SMTP: dict[str, Code] = {
    "421": Code(_RETRY, "the mail server is closing"),
    "450": Code(_RETRY, "the mailbox is busy"),
    "451": Code(_RETRY, "the mail server failed, or wants us to come again"),
    "452": Code(_RETRY, "the mail server has no room"),
    "454": Code(_RETRY, "the mail server can't check our sign-in for now"),
    "521": Code(_FLAG, "the host takes no mail"),
    "530": Code(_HALT, "the mail server wants a sign-in"),
    "534": Code(_HALT, "the mail server wants another way to sign in"),
    "535": Code(_HALT, "the mail server does not accept our credentials"),
    "538": Code(_HALT, "the mail server wants encryption"),
    "550": Code(_FLAG, "the mailbox does not exist or refuses us"),
    "551": Code(_FLAG, "the mailbox is elsewhere"),
    "552": Code(_OTHER, "the mailbox is full"),
    "553": Code(_FLAG, "not a valid address"),
    "554": Code(_NEVER, "the mail was refused"),
    "556": Code(_FLAG, "the domain takes no mail"),
}

#: What the code of a 4xx begins with that a mail server gave to one mail or its recipient: to
#: others (`smtp_`), it may be in trouble itself. Only those speak against the path.
DEFERRED_MAIL = "mail_"

# Answers whose body names no code that we know. The request was not taken, but for a 5xx,
# which may come from a server that took it first.
HTTP: dict[str, Code] = {
    "400": Code(_NEVER, "the request was not valid"),
    "401": Code(_HALT, "our credentials are refused"),
    "402": Code(_HALT, "our account is not paid"),
    "403": Code(_HALT, "our credentials may not do this"),
    "404": Code(_HALT, "our account, or the API's address, is wrong"),
    "405": Code(_HALT, "the API's address is wrong"),
    "407": Code(_HALT, "the proxy on the way wants a sign-in"),
    "408": Code(_RETRY, "the request did not arrive in time"),
    "410": Code(_HALT, "the API is gone from its address"),
    "413": Code(_NEVER, "the message is too long"),
    "422": Code(_NEVER, "the request was not valid"),
    "429": Code(_PACE, "too many requests at once"),
    "500": Code(_HOLD, "the provider failed"),
    "502": Code(_HOLD, "the provider failed"),
    "503": Code(_HOLD, "the provider is not available"),
    "504": Code(_HOLD, "the provider did not answer in time"),
}
# By the first digit: no message is to blame for a redirect, the API's address is wrong.
HTTP_CLASSES: dict[int, Reaction] = {1: _HOLD, 2: _HOLD, 3: _HALT, 4: _NEVER, 5: _HOLD}

LEASE_OVER = "lease_over"
NOT_NOTED = "not_noted"

# Our own words for a call that was not made, so that nothing is learnt of the path.
NOT_MADE: dict[str, str] = {
    "address_not_ascii": "the address has letters that email can't carry everywhere",
    LEASE_OVER: "its turn came too late for this try",
    "mail_not_built": "no email could be made for this address",
    NOT_NOTED: "the database was too busy to note that it is sent",
}

# And for one that got no answer.
CALLS: dict[str, str] = NOT_MADE | {
    "certificate_not_trusted": "the provider's certificate is not trusted",
    "connect_timeout": "the provider could not be reached in time",
    "connection_lost": "the connection broke before the provider answered",
    "garbage_answer": "the provider's answer made no sense",
    "invalid_api_url": "the provider's address is not valid",
    "lease_lapsed": "the worker stopped before the provider answered",
    "no_connection": "the provider could not be reached",
    "no_handshake": "no secure connection to the provider could be made",
    "no_proxy": "the proxy on the way to the provider is not there",
    "read_timeout": "the provider did not answer in time",
    "smtp_not_supported": "the mail server offers no sign-in or no TLS of the kind asked for",
}

# A number of theirs, an answer's status, or what a parser says of a word that it has not met.
UNKNOWN_EVENT, UNKNOWN_CLASS = "unknown_event", "unknown_class"
_OF_A_PROVIDER = re.compile(r"(http_|smtp_|mail_)?[0-9]+|unknown_(event|class)")

# The sandbox refuses with the numbers of the provider that it stands for.
_TABLES = {"twilio": TWILIO, "sendgrid": SENDGRID, "smtp": SMTP, "sandbox": TWILIO | SENDGRID}

# Where the event by itself decides and a code, if any, only explains it.
_EVENT_REACTIONS: dict[ReceiptEvent, Reaction] = {
    ReceiptEvent.OPTED_OUT: _SUPPRESS,
    ReceiptEvent.COMPLAINED: _SUPPRESS,
    ReceiptEvent.BOUNCED: _FLAG,
}
_FAILURES = frozenset({ReceiptEvent.UNDELIVERED, ReceiptEvent.FAILED})


def http_reaction(status: int) -> Reaction:
    """Return the reaction to an error answer by its status alone, else by the status's class."""
    known = HTTP.get(str(status))
    return known.reaction if known else HTTP_CLASSES.get(status // 100, _HOLD)


def send_reaction(provider: str, *, code: str | None, status: int) -> Reaction:
    """Return the reaction to an error answer to a send: by its code, else by its class.

    A server error is held whatever code it carries, for it may have taken the message.
    """
    known = _line(provider, code)
    if known is None or status >= 500:
        return http_reaction(status)
    return known.reaction


def smtp_reaction(reply: int) -> Reaction:
    """Return the reaction to an SMTP refusal: RFC 5321 promises that 4xx and 5xx took nothing."""
    known = SMTP.get(str(reply))
    if known is not None:
        return known.reaction
    return _RETRY if 400 <= reply < 500 else _NEVER


def receipt_reaction(provider: str, *, event: ReceiptEvent, code: str | None) -> Reaction | None:
    """Return the reaction to a receipt, or None where it reports no failure.

    A failure whose code is unknown takes the next channel: the provider will not try again.
    So does one that would be worth a retry, for it was accepted once, and nothing is twice.
    """
    if event in _EVENT_REACTIONS:
        return _EVENT_REACTIONS[event]
    if event not in _FAILURES:
        return None
    known = _line(provider, code)
    if known is None or known.reaction in (_RETRY, _PACE):
        return _OTHER
    return known.reaction


def meaning(code: str | None) -> str | None:
    """Return what `code` means in words for staff, or None for a code we do not know.

    It is the same whichever provider said it: no two of them share a code.
    """
    if code in CALLS:
        return CALLS[code]
    known = _of_a_protocol(code) or (TWILIO | SENDGRID).get(code or "")
    return known.meaning if known else None


def is_unknown(provider: str, code: str) -> bool:
    """Return whether `code` is a provider's, and none that we have a line for.

    Our own words (`read_timeout`) are no codes of theirs.
    """
    return _OF_A_PROVIDER.fullmatch(code) is not None and _line(provider, code) is None


def _line(provider: str, code: str | None) -> Code | None:
    return _of_a_protocol(code) or _TABLES.get(provider_of(provider), {}).get(code or "")


def _of_a_protocol(code: str | None) -> Code | None:
    """Return the line of an HTTP status or an SMTP reply, whoever gave it."""
    scheme, _, number = (code or "").partition("_")
    return {"http": HTTP, "smtp": SMTP, "mail": SMTP}.get(scheme, {}).get(number)
