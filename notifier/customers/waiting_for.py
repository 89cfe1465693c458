"""The moments that one person waits for: news, or a call, by when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifier.domain.facts import FactType, PromiseKind
from notifier.domain.ledger.entries import Entry
from notifier.domain.ledger.open_moments import open_moments
from notifier.domain.ledger.outcomes import Course
from notifier.domain.ledger.views import OpenMoment, PastMessage, PersonView
from notifier.domain.messages import Strength
from notifier.store.ledger_rows import entries_of, words_of
from notifier.store.snapshots import Snapshot
from notifier.store.tables import Promise


def waits_for(
    session: Session, snapshot: Snapshot, view: PersonView
) -> dict[PromiseKind, OpenMoment]:
    """Return what the person of `view` was promised a moment for and has not had, by kind.

    A moment that has passed is there until something settles it. What is under way counts
    as if it had reached them: who opens a link has read its message, whatever receipts say.
    """
    rows = session.scalars(
        select(Promise)
        .where(Promise.job_person_id == view.job_person)
        .order_by(Promise.recorded_at, Promise.id)
    )
    ledger = entries_of(rows, view.past)
    entries = (*ledger, *_under_way(snapshot, view, ledger))
    words = words_of(view.past, entries)
    course = Course(snapshot.state, snapshot.facts)
    end = snapshot.state.status_fact if snapshot.state.finished else None
    return {
        moment.what: moment
        for moment in open_moments(entries, words, course, view.job_person)
        if end is None or _outlasts(moment, end.effective_at)
    }


def _outlasts(moment: OpenMoment, end: datetime) -> bool:
    """News of a job ends with it; a call does not, nor does news promised since."""
    return moment.what is PromiseKind.CALL_BACK or moment.given_at >= end


def _under_way(snapshot: Snapshot, view: PersonView, ledger: Iterable[Entry]) -> Iterable[Entry]:
    """Yield what messages give that are on their way and not in the ledger yet."""
    there = {entry.message for entry in ledger}
    promised = {fact.id: fact.what for fact in snapshot.facts if fact.type is FactType.PROMISED}
    for message in view.past:
        if not message.under_way or message.id in there or message.handed_over is None:
            continue
        if message.moves_told and message.asserts is not None:
            yield _entry(message, PromiseKind.WINDOW)
        if message.next_update_at is not None:
            kind = promised.get(message.rests_on) if message.rests_on is not None else None
            yield _entry(message, kind or PromiseKind.UPDATE)


def _entry(message: PastMessage, what: PromiseKind) -> Entry:
    is_window = what is PromiseKind.WINDOW
    assert message.handed_over is not None
    return Entry(
        what=what,
        asserts=message.asserts if is_window else None,
        moment=None if is_window else message.next_update_at,
        given_at=message.handed_over,
        tell_by=None,
        strength=Strength.PRESUMED,
        message=message.id,
        fact=None,
        rests_on=message.rests_on,
        rule=message.rule,
        claimed_at=message.claimed_at,
    )
