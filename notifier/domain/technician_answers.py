"""What a technician can say about a visit, with a tap or by text."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from notifier.domain.facts import FactType

#: How late one tap can say that they are, in minutes.
LATE_MINUTES = (15, 30, 45, 60)


class Act(StrEnum):
    """What a technician can say about a visit."""

    ON_MY_WAY = "on_my_way"
    HERE = "here"
    DONE = "done"
    LATE = "late"
    CANNOT = "cannot"


#: The fact that each of them is.
FACT_OF: dict[Act, FactType] = {
    Act.ON_MY_WAY: FactType.EN_ROUTE,
    Act.HERE: FactType.ARRIVED,
    Act.DONE: FactType.COMPLETED,
    Act.LATE: FactType.DELAYED,
    Act.CANNOT: FactType.DELAYED,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What they said; `minutes` of `late` only, None: nobody knows how late."""

    act: Act
    minutes: int | None = None


_ON_MY_WAY, _HERE = Answer(Act.ON_MY_WAY), Answer(Act.HERE)
_DONE, _CANNOT = Answer(Act.DONE), Answer(Act.CANNOT)
_FIFTEEN, _THIRTY = Answer(Act.LATE, 15), Answer(Act.LATE, 30)

# The whole text. The digits stand for the five buttons in their order.
_WORDS: dict[str, Answer] = {
    **dict.fromkeys(
        ("1", "otw", "omw", "on my way", "on the way", "i'm on my way", "im on my way", "driving",
         "en camino", "voy"),
        _ON_MY_WAY,
    ),
    **dict.fromkeys(
        ("2", "h", "here", "i'm here", "im here", "i am here", "already here", "arrived", "there",
         "i'm there", "on site", "aqui", "ya estoy", "llegue"),
        _HERE,
    ),
    "3": _FIFTEEN,
    "4": _THIRTY,
    **dict.fromkeys(
        ("5", "no", "can't", "cant", "cannot", "can't come", "cant come", "can't make it",
         "cant make it", "i can't", "i cant", "no puedo"),
        _CANNOT,
    ),
    **dict.fromkeys(("done", "finished", "all done", "listo"), _DONE),
    **dict.fromkeys(("late", "running late", "i'm late", "tarde"), Answer(Act.LATE)),
}  # fmt: skip

_MINUTES = re.compile(
    r"(?:late |running |\+ ?)*(\d{2})(?: ?(?:m|min|mins|minute|minutes|minutos))?(?: late)?"
)
_TRIMMED = re.compile(r"[^\w\s'+]")


def answer_in(text: str) -> Answer | None:
    """Return what a technician's text says about the visit asked about; None: a person reads it.

    Only a text that says nothing else counts: it changes what the business believes.
    """
    straight = text.casefold().replace("’", "'").replace("í", "i").replace("é", "e")
    said = " ".join(_TRIMMED.sub(" ", straight).split())
    if said in _WORDS:
        return _WORDS[said]
    late = _MINUTES.fullmatch(said)
    if late is not None and int(late[1]) in LATE_MINUTES:
        return Answer(Act.LATE, int(late[1]))
    return None


def about_in(text: str, references: Collection[str]) -> tuple[str, str] | None:
    """Return the one of `references` that the text names, and the rest; None where it is not one.

    `V-1 here` is *here* about V-1.
    """
    named = {
        reference: re.compile(rf"(?<![\w-]){re.escape(reference)}(?![\w-])", re.IGNORECASE)
        for reference in references
    }
    found = [reference for reference, pattern in named.items() if pattern.search(text)]
    if len(found) != 1:
        return None
    return found[0], named[found[0]].sub(" ", text, count=1)
