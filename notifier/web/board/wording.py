"""What the board calls things: statuses, reasons, facts and strengths in plain words."""

from __future__ import annotations

from notifier.board_reading.job import FactLine
from notifier.board_reading.risk import Risk
from notifier.board_reading.task_lines import TaskLine
from notifier.domain.facts import FactSource, FactType, PromiseKind
from notifier.domain.folding import ANSWERS
from notifier.domain.jobs import JobStatus
from notifier.domain.ledger.endings import Ending, PromiseView
from notifier.domain.messages import Channel, MessageStatus, Role, Strength, WhyNot
from notifier.domain.reasons import Party, Reason
from notifier.guards.at_claim import GUARD_TASK
from notifier.guards.braking import BRAKE_TASK
from notifier.ledgers import GivenBy
from notifier.providers.codes import CALLS, meaning
from notifier.rule_tools.reason_sentences import (
    sentence_of as sentence_of,  # templates call it here
)

STATUS: dict[JobStatus, str] = {
    JobStatus.SCHEDULED: "Scheduled",
    JobStatus.CONFIRMED: "Confirmed",
    JobStatus.EN_ROUTE: "On the way",
    JobStatus.ARRIVED: "There now",
    JobStatus.COMPLETED: "Done",
    JobStatus.MISSED: "Missed",
    JobStatus.ORDERED: "Ordered",
    JobStatus.SHIPPED: "Shipped",
    JobStatus.IN_TRANSIT: "In transit",
    JobStatus.OUT_FOR_DELIVERY: "Out for delivery",
    JobStatus.ATTEMPTED: "Delivery attempted",
    JobStatus.READY_FOR_PICKUP: "Ready for pickup",
    JobStatus.DELIVERED: "Delivered",
    JobStatus.NOT_RECEIVED: "Says it never came",
    JobStatus.EXCEPTION: "Carrier has a problem",
    JobStatus.RETURNED: "Returned",
    JobStatus.CANCELLED: "Cancelled",
}

RISK: dict[Risk, str] = {
    Risk.TASK_OVERDUE: "A task is overdue",
    Risk.TOO_LATE_TO_WARN: "Has not heard, and it was due",
    Risk.NOT_HEARD: "Has not heard yet",
    Risk.SAID_NO: "It does not suit them",
    Risk.NO_WORD: "No word from anyone",
    Risk.MESSAGE_STUCK: "A message needs a look",
    Risk.GONE_WRONG: "Went wrong on the way",
    Risk.TASK_OPEN: "A task is open",
    Risk.NO_TIME: "No time known",
}

STRENGTH: dict[Strength | None, str] = {
    Strength.GIVEN: "given",
    Strength.DELIVERED: "delivered",
    Strength.PRESUMED: "probably read",
    Strength.NONE: "not reached",
    None: "not told yet",
}

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

WHY_NOT: dict[WhyNot, str] = {
    WhyNot.NO_CONTACT: "no number or address",
    WhyNot.OPTED_OUT: "asked for no more messages",
    WhyNot.NO_CONSENT: "has not agreed to this kind of message",
    WhyNot.LANDLINE: "a landline, which takes no texts",
    WhyNot.INVALID_ADDRESS: "the number or address does not work",
    WhyNot.COUNTRY_CLOSED: "a number of a country that you don't text to",
    WhyNot.NUMBER_CAP: "their number has had as many texts as one may get in a day",
    WhyNot.PREFIX_CAP: "numbers like theirs have had as many texts as they may get in a day",
    WhyNot.DAY_CAP: "as many texts as may go in a day have gone",
    WhyNot.SPENT_TODAY: "what may be spent on texts in a day is spent",
    WhyNot.SPENT_THIS_MONTH: "what may be spent on texts in a month is spent",
    WhyNot.BRAKED: "far more than ever were about to go: somebody must look first",
    WhyNot.WAITS_FOR_SENDER: "our sender rests, or is not well",
    WhyNot.NO_RECEIPT: "it went out, and no receipt came",
    WhyNot.DROPPED_BY_STAFF: "far more than ever were about to go, and you dropped them",
    WhyNot.BOUNCED: "email to them comes back",
    WhyNot.SHADOW: "shadow: nothing is sent",
    WhyNot.BEFORE_LIVE: "it happened before you went live",
    WhyNot.NO_LONGER_OWED: "no longer true",
    WhyNot.JOB_ENDED: "the job has ended",
    WhyNot.REACHED_OTHERWISE: "they know it already",
    WhyNot.EXPIRED: "too late to help",
    WhyNot.HELD_BY_STAFF: "on hold: you said that you will call",
    WhyNot.OUTCOME_UNKNOWN: "it may or may not have gone out",
    WhyNot.RULE_OFF: "this rule is switched off",
    WhyNot.PROVIDER_REFUSED: "the provider refused it",
    WhyNot.NO_PROVIDER: "nothing is set up to send it",
    WhyNot.GAVE_UP: "tried again and again, then gave up",
    WhyNot.RENDER_FAILED: "its words could not be put together",
    WhyNot.TRIAL: "its rule is on trial",
    WhyNot.CAP_REACHED: "they have had enough messages for now",
    WhyNot.SUPERSEDED_BY_RULE: "another message takes its place",
    WhyNot.NEEDS_CALL: "somebody is to ring instead",
    WhyNot.QUIET_HOURS: "it could not go in quiet hours",
    WhyNot.IN_DIGEST: "it went out with the news of their other jobs",
}

_WHY_NOT_VALUES = {str(why) for why in WhyNot}

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

REASON: dict[Reason, str] = {
    Reason.TRAFFIC: "Traffic",
    Reason.WEATHER: "Weather",
    Reason.EARLIER_JOB: "Earlier visit took longer",
    Reason.PARTS: "Waiting for parts",
    Reason.VEHICLE: "Trouble with the van",
    Reason.STAFFING: "Short of people",
    Reason.ADDRESS: "Address unclear",
    Reason.CUSTOMS: "Customs",
    Reason.CARRIER: "The carrier",
    Reason.STOCK: "Out of stock",
    Reason.DAMAGED: "Damaged",
    Reason.OTHER: "Something else",
}

PARTY: dict[Party, str] = {
    Party.US: "by us",
    Party.CUSTOMER: "by the customer",
    Party.UNKNOWN: "nobody knows by whom",
}

SOURCE: dict[FactSource, str] = {
    FactSource.STAFF: "staff",
    FactSource.TECHNICIAN: "the technician",
    FactSource.CARRIER: "the carrier",
    FactSource.SHOP: "the shop",
    FactSource.CUSTOMER: "the customer",
    FactSource.CLOCK: "the clock",
    FactSource.API: "your own system",
}

#: By task kind; `{who}` is the person's name, `{sender}` one of `SENDER`.
TASK: dict[str, str] = {
    "call": "Ring {who}",
    "update": "Have news for {who}",
    "reply": "Answer {who}",
    "look_into": "Look into a message to {who}",
    "sender_halted": "Mend {sender}",
    "sender_silent": "See why {sender} gets no receipts",
    "dispatch": "Look into this for {who}",
    "going": "Ask {who}",
}

#: By path: who speaks on it, and through whom.
SENDER: dict[str, str] = {
    "twilio": "the sender of texts (Twilio)",
    "twilio_2": "the second sender of texts (Twilio)",
    "sendgrid": "the sender of emails (SendGrid)",
    "smtp": "the sender of emails (mail server)",
}

#: What a guard has found, by why it stops texts.
GUARD: dict[str, str] = {
    WhyNot.NUMBER_CAP: "See why one number gets so many texts",
    WhyNot.PREFIX_CAP: "See why numbers in a row get so many texts",
    WhyNot.DAY_CAP: "Texts have stopped for today",
    WhyNot.SPENT_TODAY: "Texts have stopped for today",
    WhyNot.SPENT_THIS_MONTH: "Texts have stopped for this month",
    WhyNot.BRAKED: "Held until you look: far more than ever",
}

#: Why a task is there, where it is not why a message was not sent.
CALL_WHY: dict[str, str] = {
    "running_late_again": "it got later again",
    "not_coming_today": "we are not coming today: find another day",
    "missed_by_us": "we missed them: apologise",
    "call_back_promised": "we promised to ring them",
    "offer_declined": "the time that we asked about does not suit them",
    "update_promised": "we promised them an update",
    "promise_not_said": "no text could tell them in time what we promised",
    "nothing_reported": "its messages are taken, and nobody learns what became of them: check the"
    " public address and the sender",
    "outcome_unknown": "it may or may not have gone out, and is not sent again: ask them, or look"
    " in the provider's record",
    "no_word_from_technician": "no clear word from them, and the customer is waiting",
}

#: What a reply wants.
REPLY_WHY: dict[str, str] = {
    "opt_out": "they want no more messages",
    "cancel": "they wrote cancel: no more messages, or no visit?",
    "no_contact": "they want to be left alone",
    "opt_in": "they want messages again",
    "help": "they asked for help",
    "confirm": "they confirmed",
    "reschedule": "they want another time",
    "decline": "the time does not suit them",
    "he_is_here": "they say that he is there already",
    "other": "they wrote back",
}

ROLE: dict[Role, str] = {
    Role.CUSTOMER: "customer",
    Role.SECOND_CONTACT: "second contact",
    Role.ON_SITE: "on site",
    Role.TECHNICIAN: "technician",
}

FACT: dict[FactType, str] = {
    FactType.BOOKED: "Booked",
    FactType.WITHDRAWN: "Taken back",
    FactType.DELAYED: "Running late",
    FactType.CANCELLED: "Cancelled",
    FactType.TOLD: "Told by phone",
    FactType.PROMISED: "Promised",
    FactType.SPOKEN_TO: "Spoken to",
    FactType.CONTACT_CHANGED: "Contact details changed",
    FactType.CONFIRMED: "Confirmed",
    FactType.REASSIGNED: "Someone else goes",
    FactType.EN_ROUTE: "On the way",
    FactType.ARRIVED: "Arrived",
    FactType.COMPLETED: "Done",
    FactType.MISSED: "Missed",
    FactType.RESCHEDULED: "Moved",
    FactType.ACCEPTED: "Accepted",
    FactType.DECLINED: "Declined",
    FactType.SHIPPED: "Shipped",
    FactType.IN_TRANSIT: "In transit",
    FactType.OUT_FOR_DELIVERY: "Out for delivery",
    FactType.ATTEMPTED: "Delivery attempted",
    FactType.READY_FOR_PICKUP: "Ready for pickup",
    FactType.DELIVERED: "Delivered",
    FactType.NOT_RECEIVED: "Says it never came",
    FactType.EXCEPTION: "Carrier has a problem",
    FactType.RETURNED: "Returned",
}


#: A moment that was promised; the time follows it.
PROMISE: dict[PromiseKind, str] = {
    PromiseKind.WINDOW: "a time",
    PromiseKind.UPDATE: "news",
    PromiseKind.CALL_BACK: "a call",
}

ENDING: dict[Ending, str] = {
    Ending.KEPT: "kept",
    Ending.MOVED_IN_TIME: "moved in time",
    Ending.MOVED_LATE: "moved late",
    Ending.BROKEN: "broken",
    Ending.WITHDRAWN: "withdrawn",
    Ending.OPEN: "open",
}

GIVEN_BY: dict[GivenBy, str] = {
    GivenBy.BOOKING: "at booking",
    GivenBy.PHONE: "on the phone",
    GivenBy.ANSWER: "as they accepted",
    GivenBy.ASKED: "as they asked",
    GivenBy.MESSAGE: "by message",
}


#: What to do on a sheet that shows no words yet, by what it asks.
NEXT_STEP: dict[str, str] = {
    "how_late": "Choose how late",
    "which_time": "Give the new time",
    "what_they_heard": "Give the time that they heard",
    "who_heard": "Say whom you spoke to",
    "what_is_promised": "Say what you promise, and by when",
    "who_goes": "Choose who goes",
    "whose_doing": "Say whose doing it was",
    "since_when": "Give the time, or leave it empty",
}


def ending_words(view: PromiseView) -> str:
    """Return how a promise ended: `broken, never told`."""
    if view.ending is Ending.WITHDRAWN and view.entry.strength is Strength.NONE:
        return "taken back" if view.entry.message is None else "never reached them"
    if view.no_word:
        return "no word"
    said = ENDING[view.ending]
    return f"{said}, never told" if view.never_told else said


def message_words(name: str) -> str:
    """Return what staff call a message; a business's own rules read as they are named."""
    return MESSAGE.get(name) or plain(name)


def why_not_words(reason: str | None) -> str:
    """Return in words why something was not sent: one of ours, or a provider's code."""
    if not reason:
        return ""
    if reason in _WHY_NOT_VALUES:
        return WHY_NOT[WhyNot(reason)]
    said = meaning(reason)
    if said is None:
        return plain(reason)
    return said if reason in CALLS else f"{said} ({_as_looked_up(reason)})"


def _as_looked_up(code: str) -> str:
    """Return a code as it is written elsewhere: `HTTP 500` for `http_500`."""
    scheme, _, number = code.partition("_")
    return f"{scheme.upper()} {number}" if number.isdecimal() else plain(code)


def channel_words(channel: Channel) -> str:
    """Return what goes: a text or an email."""
    return "text" if channel is Channel.SMS else "email"


def plain(word: str) -> str:
    """Return a closed list's member as a reader would write it."""
    return word.replace("_", " ")


def fact_words(line: FactLine) -> str:
    """Return what a fact says: `Running late, 45 min (traffic)`."""
    fact = line.fact
    said = FACT[fact.type]
    if fact.minutes is not None:
        said = "Back on time" if fact.minutes == 0 else f"{said}, {fact.minutes} min"
    if line.technician:
        said = f"{said}: {line.technician}"
    if fact.what is not None:
        whom = f"{line.person} " if line.person else ""
        said = f"{said} {whom}{PROMISE[fact.what]}{'' if fact.by_phone else ', in writing'}"
    elif line.person and fact.type in ANSWERS:
        said = f"{said}: {line.person}"
    if fact.type is FactType.RESCHEDULED:
        said = f"{said}, {'agreed' if fact.agreed else 'not agreed yet'}"
    if fact.by is not None:
        said = f"{said} {PARTY[fact.by]}"
    if fact.reason is not None:
        said = f"{said} ({REASON[fact.reason].lower()})"
    return said


def task_why(kind: str, why: str) -> str:
    """Return why a task is there."""
    if kind == "reply":
        return REPLY_WHY.get(why, plain(why))
    return CALL_WHY.get(why) or MESSAGE.get(why) or why_not_words(why)


def task_words(task: TaskLine) -> str:
    """Return what must be done, and about whom."""
    kind = task.kind
    if kind in (GUARD_TASK, BRAKE_TASK):
        return GUARD[task.why]
    if kind == "look_into" and task.why not in _WHY_NOT_VALUES:  # a rule turned to dispatch
        kind = "going" if task.going else "dispatch"
    said = TASK.get(kind, plain(kind).capitalize())
    return said.format(
        who=task.who or ("the technician" if task.going else "the customer"),
        sender=SENDER.get(task.path or "", "the sender"),
    )
