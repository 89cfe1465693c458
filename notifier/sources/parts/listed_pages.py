"""Lists that a vendor answers page by page, from the first to the last."""

from __future__ import annotations

from typing import Any

from notifier.sources.parts.json_bodies import objects_in, read_object
from notifier.sources.protocol import Incoming, Needs, Question, Untranslatable

_FIRST = "page 1"


def listed(
    incoming: Incoming, url: str, field: str, *, most_pages: int
) -> Needs | list[dict[str, Any]]:
    """Return what stands under `field` on all pages of the list at `url`, once all are there.

    The first says under `pages` how many there are.

    :raises Untranslatable: if those are more than `most_pages`.
    """
    if _FIRST not in incoming.answers:
        return Needs((Question(_FIRST, url),))
    number = read_object(incoming.answers[_FIRST]).get("pages")
    last = number if type(number) is int else 1
    if last > most_pages:
        raise Untranslatable("pages: it points to more than 500; bring those in by a CSV file.")
    joint = "&" if "?" in url else "?"
    more = Needs(
        tuple(Question(f"page {page}", f"{url}{joint}page={page}") for page in range(2, last + 1))
    )
    if more.unanswered(incoming.answers):
        return more
    names = (_FIRST, *(question.name for question in more.questions))
    return [
        one for name in names for one in objects_in(read_object(incoming.answers[name]).get(field))
    ]
