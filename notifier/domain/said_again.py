"""Which facts say only that a source has something as it had it before."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from notifier.domain.facts import Fact


def said_again_among(ordered: Iterable[Fact]) -> dict[UUID, UUID]:
    """Return the facts of one job that are no news, each with the one that it only says again.

    A source that tells how something stands whenever anything there changes says the same once
    more, hours after a carrier has said another status of the parcel, or another day. By time, not
    by arrival, so that the end is the same in whatever order they come. What was withdrawn was
    said all the same: a source that has it so still does not undo what staff put right.

    :param ordered: in effective order. What names no parcel speaks of all of them.
    """
    again: dict[UUID, UUID] = {}
    last: dict[tuple[UUID, str], dict[str | None, tuple[str, UUID]]] = {}
    for fact in ordered:
        stands = fact.stands
        if stands is None:
            continue
        said = last.setdefault((stands.source, stands.about), {})
        before = said.get(fact.parcel, said.get(None))
        if before is not None and before[0] == stands.word and not stands.anew:
            again[fact.id] = before[1]
            continue
        if fact.parcel is None:
            said.clear()
        said[fact.parcel] = (stands.word, fact.id)
    return again
