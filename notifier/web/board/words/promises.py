"""What was promised, how it was given, and how it ended."""

from __future__ import annotations

from notifier.domain.facts import PromiseKind
from notifier.domain.ledger.endings import Ending, PromiseView
from notifier.domain.messages import Strength
from notifier.ledgers import GivenBy

#: A moment that was promised; the time follows it.
PROMISE: dict[PromiseKind, str] = {
    PromiseKind.WINDOW: "a time",
    PromiseKind.UPDATE: "news",
    PromiseKind.CALL_BACK: "a call",
}

GIVEN_BY: dict[GivenBy, str] = {
    GivenBy.BOOKING: "at booking",
    GivenBy.PHONE: "on the phone",
    GivenBy.ANSWER: "as they accepted",
    GivenBy.ASKED: "as they asked",
    GivenBy.MESSAGE: "by message",
}

ENDING: dict[Ending, str] = {
    Ending.KEPT: "kept",
    Ending.MOVED_IN_TIME: "moved in time",
    Ending.MOVED_LATE: "moved late",
    Ending.BROKEN: "broken",
    Ending.WITHDRAWN: "withdrawn",
    Ending.OPEN: "open",
}


def ending_words(view: PromiseView) -> str:
    """Return how a promise ended: `broken, never told`."""
    if view.ending is Ending.WITHDRAWN and view.entry.strength is Strength.NONE:
        return "taken back" if view.entry.message is None else "never reached them"
    if view.no_word:
        return "no word"
    said = ENDING[view.ending]
    return f"{said}, never told" if view.never_told else said
