"""What somebody must do, about whom, and why."""

from __future__ import annotations

from notifier.board_reading.task_lines import TaskLine
from notifier.domain.messages import WhyNot
from notifier.guards.at_claim import GUARD_TASK
from notifier.guards.braking import BRAKE_TASK
from notifier.isolation import JOB_FAILED
from notifier.web.board.words.messages import MESSAGE
from notifier.web.board.words.names import plain
from notifier.web.board.words.why_not import WHY_NOT, why_not_words

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
    JOB_FAILED: "See that {who} hears of it: their messages are stuck",
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
    "record_unreadable": "it may or may not have gone out, and the provider can't be asked: as soon"
    " as it can, this settles itself. Ask them, or look in the provider's record",
    JOB_FAILED: "what they should hear can't be worked out, for something is wrong with this job or"
    " with the product; it is tried again every few minutes",
    "no_word_from_technician": "no clear word from them, and the customer is waiting",
    "order_gone_wrong": "something is wrong with the delivery, and they wait to hear what we find",
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
    if kind == "look_into" and task.why not in WHY_NOT:  # a rule turned to dispatch
        kind = "going" if task.going else "dispatch"
    said = TASK.get(kind, plain(kind).capitalize())
    return said.format(
        who=task.who or ("the technician" if task.going else "the customer"),
        sender=SENDER.get(task.path or "", "the sender"),
    )
