"""What a person can do behind the link of a message. Each press is harmless twice."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from sqlalchemy import func, select

from notifier import intake
from notifier.customers.status_page import (
    CALL_ASKED_FOR,
    Button,
    Holder,
    StatusPage,
    find_holder,
    read_status_page,
)
from notifier.domain.facts import FactSource, FactType
from notifier.domain.jobs import JobStatus
from notifier.domain.windows import Window
from notifier.errors import Conflict, Invalid
from notifier.intake import NewFact
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import Job, Task
from notifier.store.tasks import owe_task

#: Somebody who asks for a call waits for it.
RING_WITHIN = timedelta(minutes=15)


class Refused(StrEnum):
    """Why a press did nothing; the page says it in a plain sentence."""

    OFFER_GONE = "offer_gone"
    NOT_NOW = "not_now"


def say_here(services: Services, token: str) -> Refused | None:
    """Record that the technician is there, as the customer sees it."""
    return _say(services, token, Button.HERE, FactType.ARRIVED, JobStatus.ARRIVED)


def say_received(services: Services, token: str) -> Refused | None:
    """Record that the order is there, whatever the carrier says."""
    return _say(services, token, Button.RECEIVED, FactType.DELIVERED, JobStatus.DELIVERED)


def say_not_received(services: Services, token: str) -> Refused | None:
    """Record that the order is not there, whatever the carrier says."""
    return _say(services, token, Button.NOT_RECEIVED, FactType.NOT_RECEIVED, JobStatus.NOT_RECEIVED)


def answer(services: Services, token: str, *, suits: bool, window: Window) -> Refused | None:
    """Record that `window`, as the page showed it, suits or does not.

    Whether that accepts an offer or only says that a late time is fine, intake decides.
    """
    holder, page = _look(services, token)
    said = FactType.ACCEPTED if suits else FactType.DECLINED
    if Button.SUITS in page.buttons and page.asks == window:
        return _record(services, holder, said, window=window)
    answered_before = page.answered is said and window in (page.offer, page.expected)
    holds_anyway = suits and window == page.expected
    return None if answered_before or holds_anyway else Refused.OFFER_GONE


def ask_for_call(services: Services, token: str) -> Refused | None:
    """Make a task to ring this person soon; one at a time, however often they press."""
    holder, page = _look(services, token)
    if page.call_by is not None:
        return None
    if Button.CALL not in page.buttons:
        return Refused.NOT_NOW
    now = services.now()
    with services.sessions.begin() as session:
        session.execute(select(Job.id).where(Job.id == holder.job.id).with_for_update())
        done = session.scalar(
            select(func.count())
            .select_from(Task)
            .where(
                Task.job_person_id == holder.job_person.id,
                Task.why == CALL_ASKED_FOR,
                Task.done_at.is_not(None),
            )
        )
        owe_task(
            session,
            id=services.ids(),
            brand_id=holder.brand.id,
            key=f"{CALL_ASKED_FOR}:{holder.job_person.id}:{done}",
            kind="call",
            why=CALL_ASKED_FOR,
            job_id=holder.job.id,
            job_person_id=holder.job_person.id,
            due_at=now + RING_WITHIN,
            created_at=now,
        )
    return None


def _say(
    services: Services, token: str, button: Button, said: FactType, reached: JobStatus
) -> Refused | None:
    holder, page = _look(services, token)
    if page.status is reached:
        return None
    if button not in page.buttons:
        return Refused.NOT_NOW
    return _record(services, holder, said)


def _look(services: Services, token: str) -> tuple[Holder, StatusPage]:
    with reading(services.sessions) as session:
        return (
            find_holder(session, services.vault, token),
            read_status_page(session, services, token),
        )


def _record(
    services: Services, holder: Holder, said: FactType, *, window: Window | None = None
) -> Refused | None:
    new = NewFact(
        type=said,
        source=FactSource.CUSTOMER,
        actor=f"person:{holder.job_person.id}",
        window=window,
        person=holder.job_person.id,
    )
    try:
        intake.record(services, holder.brand.id, holder.job.id, new)
    except (Conflict, Invalid):  # it changed between the look and the press
        return Refused.OFFER_GONE if window is not None else Refused.NOT_NOW
    return None
