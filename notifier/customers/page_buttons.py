"""What a status page offers to press: all that our texts offer, and nothing that makes no sense."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum

from notifier.customers.outlook import Outlook, Stage, Standing
from notifier.domain.facts import FactSource, FactType
from notifier.domain.folding import JobState
from notifier.domain.jobs import AWAITED, Effect, JobKind, JobStatus, effect_of
from notifier.domain.windows import Window

#: A technician can be early; a customer who says "here" long before is mistaken.
HERE_BEFORE, HERE_AFTER = timedelta(hours=2), timedelta(hours=12)
#: After a job's end its page still takes "call me" and "I don't have it" for so long.
AFTERWARDS = timedelta(days=2)


class Button(StrEnum):
    """What a page may offer to press."""

    HERE = "here"
    RECEIVED = "received"
    NOT_RECEIVED = "not_received"
    SUITS = "suits"
    CALL = "call"


def asked_about(state: JobState, outlook: Outlook) -> Window | None:
    """Return the window to answer: an offer, or a new time other than the agreed one."""
    if state.kind is JobKind.ORDER or outlook.stage in (Stage.ENDED, Stage.OVER):
        return None
    effect = effect_of(state.kind, state.status, FactType.ACCEPTED, FactSource.CUSTOMER)
    if effect is Effect.IGNORED:
        return None
    if outlook.offer is not None:
        return outlook.offer
    return outlook.holds if outlook.standing in (Standing.LATER, Standing.MOVED) else None


def buttons_of(
    state: JobState, outlook: Outlook, *, asks: bool, call_owed: bool, now: datetime
) -> frozenset[Button]:
    """Return what makes sense to press at `now`.

    :param asks: whether they have a time to answer.
    :param call_owed: whether we promised to ring them: nobody need ask twice.
    """
    return frozenset(_buttons(state, outlook, asks=asks, call_owed=call_owed, now=now))


def _buttons(
    state: JobState, outlook: Outlook, *, asks: bool, call_owed: bool, now: datetime
) -> Iterator[Button]:
    ended = state.status_fact.effective_at if state.status_fact and state.finished else None
    recent = ended is None or now - ended < AFTERWARDS
    if asks:
        yield Button.SUITS
    if recent and not call_owed:
        yield Button.CALL
    if state.kind is JobKind.APPOINTMENT and _may_be_here(state, outlook, now):
        yield Button.HERE
    if state.kind is JobKind.ORDER and _may_be_received(state, outlook):
        yield Button.RECEIVED
    if state.status is JobStatus.DELIVERED and recent:
        yield Button.NOT_RECEIVED


def _may_be_here(state: JobState, outlook: Outlook, now: datetime) -> bool:
    """Around any time that was named; and whenever somebody set out, or nobody knows when."""
    if state.status not in AWAITED or outlook.standing is Standing.OFF:
        return False
    if outlook.stage is Stage.ON_THE_WAY or outlook.standing is Standing.UNKNOWN:
        return True
    windows = [w for w in (outlook.promised, outlook.holds, outlook.offer) if w is not None]
    if not windows:
        return False
    first, last = min(w.start for w in windows), max(w.end for w in windows)
    return first - HERE_BEFORE <= now <= last + HERE_AFTER


def _may_be_received(state: JobState, outlook: Outlook) -> bool:
    """Once it was to be handed over, or it is not known where it is: carriers miss scans."""
    if state.finished:
        return False
    stages = (Stage.THERE, Stage.TROUBLED, Stage.ON_THE_WAY, Stage.OVER, Stage.CHECKING)
    return outlook.stage in stages or outlook.standing is Standing.UNKNOWN
