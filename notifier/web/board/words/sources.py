"""How a source is doing, in plain words."""

from __future__ import annotations

from notifier.domain.deliveries import DeliveryStatus
from notifier.webhooks.health import REFUSED_FOR, SourceHealth
from notifier.webhooks.unread import Unread

#: What became of deliveries of which nobody needs to do anything.
_CAME = {
    DeliveryStatus.APPLIED: "recorded",
    DeliveryStatus.IGNORED: "held nothing for us",
    DeliveryStatus.RECEIVED: "about to be read",
}

#: How a delivery stands, on a chip.
_STANDS = {
    DeliveryStatus.RECEIVED: "about to be read",
    DeliveryStatus.APPLIED: "recorded",
    DeliveryStatus.IGNORED: "nothing for us",
    DeliveryStatus.FETCHING: "being fetched",
    DeliveryStatus.WAITING: "waits",
    DeliveryStatus.FAILED: "could not be read",
}


def link_words(in_need: int) -> str:
    """Return what leads to the page of sources: `Sources`, or how many need somebody."""
    if not in_need:
        return "Sources"
    return "1 source needs you" if in_need == 1 else f"{in_need:,} sources need you"


def came_words(source: SourceHealth) -> str | None:
    """Return what came in seven days: `1,200 recorded, 3 held nothing for us`; None: none."""
    counts = [
        f"{source.counts[status]:,} {word}"
        for status, word in _CAME.items()
        if source.counts.get(status)
    ]
    return ", ".join(counts) or None


def failed_words(source: SourceHealth) -> str | None:
    """Return how many could not be read; None: all could."""
    number = source.counts.get(DeliveryStatus.FAILED, 0)
    return f"{number:,} could not be read" if number else None


def failed_for(source: SourceHealth) -> str:
    """Return why the last one could not be read."""
    return _reason(source.why or "")


def stands(one: Unread) -> str:
    """Return how a delivery stands, for a chip."""
    return _STANDS[one.status]


def why_unread(one: Unread) -> str:
    """Return why a delivery is not on record, as a sentence."""
    why = _reason(one.why)
    if why.partition(" ")[0].isalpha():  # and not the name of a field, which is quoted
        why = why[:1].upper() + why[1:]
    return why if why.endswith(".") else f"{why}."


def being_read(number: int) -> str:
    """Return what a press on *Read again* does: `2 are being read again. …`."""
    if not number:
        return "Nothing is left to be read again."
    return f"{number:,} {_is(number)} being read again. What still can’t be read stays here."


def put_aside(number: int) -> str:
    """Return what a press on *Put aside* did: `1 is put aside.`."""
    return f"{number:,} {_is(number)} put aside." if number else "Nothing is left to be put aside."


def about_to_be_read(number: int) -> str:
    """Return how many are still to be read: `2 are about to be read`."""
    return f"{number:,} {_is(number)} {_CAME[DeliveryStatus.RECEIVED]}"


def _is(number: int) -> str:
    return "is" if number == 1 else "are"


def again(repeats: int) -> str:
    """Return how often the same came again: `once more`, `11 times more`."""
    return "once more" if repeats == 1 else f"{repeats:,} times more"


def _reason(why: str) -> str:
    # What no translator foresaw is on record as the name of the error.
    return why if " " in why else f"it is not as we know them ({why})"


def said_by(source: SourceHealth) -> str:
    """Return what the vendor tells customers itself: `ordered, out for delivery`."""
    return ", ".join(status.replace("_", " ") for status in source.says_itself)


def refused_words(source: SourceHealth) -> str | None:
    """Return how many were refused in seven days; None: none."""
    number = sum(source.refused.values())
    return f"{number:,} refused" if number else None


def refused_for(source: SourceHealth) -> str:
    """Return why the last one was refused."""
    return REFUSED_FOR[next(iter(source.refused))]
