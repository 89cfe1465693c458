"""The ledger between its table and the domain: rows become entries, messages become words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from notifier.domain.facts import PromiseKind
from notifier.domain.ledger.entries import Entry, Word
from notifier.domain.ledger.views import Given, PastMessage, told_of
from notifier.domain.messages import TAKEN, MessageStatus, Strength
from notifier.domain.windows import from_json, to_json
from notifier.store.tables import JobPerson, Promise


def entries_of(
    rows: Iterable[Promise | Row[Any]], messages: Iterable[PastMessage]
) -> tuple[Entry, ...]:
    """Return the ledger of one person: of each window and moment, the latest word on it.

    :param rows: of that person, in the order in which they were recorded.
    :param messages: that person's; what one rests on is bound at its claim.
    """
    by_id = {message.id: message for message in messages}
    latest: dict[tuple[UUID | None, str], Entry] = {}
    for row in rows:
        message = by_id.get(row.message_id) if row.message_id is not None else None
        latest[row.message_id or row.fact_id, row.what] = Entry(
            what=PromiseKind(row.what),
            asserts=from_json(row.asserts),
            moment=row.moment,
            given_at=row.given_at,
            tell_by=row.tell_by,
            strength=Strength(row.strength),
            message=row.message_id,
            fact=row.fact_id,
            rests_on=message.rests_on if message is not None else row.fact_id,
            rule=message.rule if message is not None else None,
            claimed_at=message.claimed_at if message is not None else None,
        )
    return tuple(latest.values())


def words_of(messages: Iterable[PastMessage], entries: Sequence[Entry]) -> tuple[Word, ...]:
    """Return what else reached the person: messages that gave them neither window nor moment.

    One that went where no receipts come from is presumed to have arrived unless it failed.
    """
    given = {entry.message for entry in entries}
    return tuple(
        Word(at=message.handed_over, asserts=message.asserts, rests_on=message.rests_on)
        for message in messages
        if message.id not in given and message.handed_over is not None and _reached(message)
    )


def _reached(message: PastMessage) -> bool:
    if message.status is MessageStatus.DELIVERED:
        return True
    return message.status in TAKEN and not message.gives_receipts


def given_of(rows: Iterable[Promise | Row[Any]]) -> tuple[Given, ...]:
    """Return the ledger of one person: of each message or fact, the latest word on it."""
    latest: dict[UUID, Given] = {}
    for row in rows:
        asserts = from_json(row.asserts)
        origin = row.message_id or row.fact_id
        if asserts is None or origin is None:
            continue
        latest.pop(origin, None)
        latest[origin] = Given(
            asserts=asserts,
            given_at=row.given_at,
            strength=Strength(row.strength),
            message=row.message_id,
            fact=row.fact_id,
        )
    return tuple(latest.values())


def refresh_told(session: Session, job_person_id: UUID) -> None:
    """Set the cached `told` of a job person from the ledger."""
    rows = session.scalars(
        select(Promise)
        .where(Promise.job_person_id == job_person_id)
        .order_by(Promise.recorded_at, Promise.id)
    )
    told = told_of(given_of(rows))
    person = session.get_one(JobPerson, job_person_id)
    person.told = to_json(told.asserts) if told else None
    person.told_strength = told.strength if told else None
    person.told_at = told.given_at if told else None
