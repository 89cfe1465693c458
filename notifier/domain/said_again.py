"""Which facts say only that a source has something as it had it before."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from notifier.domain.facts import Fact, Standing


def said_again_among(ordered: Iterable[Fact]) -> dict[UUID, UUID]:
    """Return the facts of one job that are no news, each with the one that it only says again.

    A source that tells how something stands whenever anything there changes says the same once
    more, hours after a carrier has said another status of the parcel, or another day. By time, not
    by arrival, so that the end is the same in whatever order they come. What was withdrawn was
    said all the same: a source that has it so still does not undo what staff put right.

    :param ordered: in effective order. What names no parcel speaks of all of them.
    """
    again: dict[UUID, UUID] = {}
    last: dict[tuple[UUID, str], dict[str | None, Fact]] = {}
    for fact in ordered:
        if fact.stands is None:
            continue
        said = last.setdefault((fact.stands.source, fact.stands.about), {})
        before = said.get(fact.parcel, said.get(None))
        if before is not None and _has_it_still(fact.stands, before.stands):
            again[fact.id] = before.id
            continue
        if fact.parcel is None:
            said.clear()
        said[fact.parcel] = fact
    return again


def _has_it_still(stands: Standing, before: Standing | None) -> bool:
    return before is not None and stands.word == before.word and not stands.anew
