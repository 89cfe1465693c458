"""What the board calls messages, what they go by, and what became of them."""

from __future__ import annotations

from notifier.domain.messages import Channel, MessageStatus
from notifier.web.board.words.names import plain

MESSAGE_STATUS: dict[MessageStatus, str] = {
    MessageStatus.PLANNED: "Planned",
    MessageStatus.READY: "Going out",
    MessageStatus.CLAIMED: "Being sent",
    MessageStatus.ACCEPTED: "Sent, no receipt yet",
    MessageStatus.SENT: "Sent, no receipt yet",
    MessageStatus.DELIVERED: "Delivered",
    MessageStatus.UNDELIVERED: "Did not arrive",
    MessageStatus.DEFERRED: "Trying again",
    MessageStatus.REJECTED: "Refused",
    MessageStatus.UNKNOWN: "Not known yet if it went",
    MessageStatus.HELD: "Held",
    MessageStatus.SUPERSEDED: "Not sent",
    MessageStatus.EXPIRED: "Not sent",
    MessageStatus.SUPPRESSED: "Not sent",
    MessageStatus.SKIPPED: "Not sent",
}

#: What was never handed over, and why where the row does not say.
NEVER_WENT: dict[MessageStatus, str] = {
    MessageStatus.SUPERSEDED: "no longer true",
    MessageStatus.EXPIRED: "too late to help",
    MessageStatus.SUPPRESSED: "must not be written to",
    MessageStatus.SKIPPED: "not needed",
}

MESSAGE: dict[str, str] = {
    "booked": "booked",
    "reminder": "reminder",
    "on_the_way": "on the way",
    "running_late": "running late",
    "running_late_again": "later still",
    "earlier_if_suits": "earlier, if it suits",
    "no_time_yet": "no time known yet",
    "not_coming_today": "not coming today",
    "someone_else_coming": "someone else is coming",
    "moved": "moved",
    "time_set": "a time is set",
    "cancelled": "cancelled",
    "please_ignore": "please ignore our last text",
    "offer_lapsed": "our offer no longer stands",
    "missed_by_us": "we missed you, sorry",
    "done_thanks": "thanks",
    "order_confirmed": "order confirmed",
    "order_delayed": "delayed",
    "order_exception": "problem on the way",
    "order_returned": "on its way back",
    "order_not_here": "not here on the day, sorry",
    "order_please_ignore": "please ignore our last message",
    "order_no_date_yet": "no date known yet",
    "ask_technician": "where are you?",
    "no_word_yet": "no clear word yet, we are checking",
    "no_news_yet": "no news yet",
    "no_call_yet": "nobody has rung yet, sorry",
    "promise_made": "what we promised",
    "order_promise_made": "what we promised",
    "promise_taken_back": "please ignore what we promised",
    "order_promise_taken_back": "please ignore what we promised",
    "order_no_scan": "not scanned yet, we are checking",
    "order_no_movement": "not moving, we are checking",
}


def message_words(name: str) -> str:
    """Return what staff call a message; a business's own rules read as they are named."""
    return MESSAGE.get(name) or plain(name)


def channel_words(channel: Channel) -> str:
    """Return what goes: a text or an email."""
    return "text" if channel is Channel.SMS else "email"
