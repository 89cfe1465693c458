"""What a person can do behind the link of a message. Each press is harmless twice."""

from __future__ import annotations

from enum import StrEnum
from zoneinfo import ZoneInfo

from notifier import intake
from notifier.customers.link_holder import Holder, find_holder
from notifier.customers.page_buttons import Button
from notifier.customers.status_page import StatusPage, read_status_page, view_of
from notifier.customers.waiting_for import waits_for
from notifier.domain.calling_back import call_by
from notifier.domain.facts import FactSource, FactType, PromiseKind
from notifier.domain.jobs import JobKind, JobStatus
from notifier.domain.messages import MessageKind
from notifier.domain.windows import Window
from notifier.errors import Conflict, Invalid
from notifier.intake import NewFact
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.snapshots import load_snapshots


class Refused(StrEnum):
    """Why a press did nothing; the page says it in a plain sentence."""

    OFFER_GONE = "offer_gone"
    NOT_NOW = "not_now"


def say_here(services: Services, token: str) -> Refused | None:
    """Record that what they wait for is there, as they see it: the technician, or the order."""
    _, page = _look(services, token)
    if page.kind is JobKind.ORDER:
        return _say(services, token, Button.RECEIVED, FactType.DELIVERED, JobStatus.DELIVERED)
    return _say(services, token, Button.HERE, FactType.ARRIVED, JobStatus.ARRIVED)


def say_not_received(services: Services, token: str) -> Refused | None:
    """Record that the order is not there, whatever the carrier says."""
    return _say(services, token, Button.NOT_RECEIVED, FactType.NOT_RECEIVED, JobStatus.NOT_RECEIVED)


def answer(services: Services, token: str, *, suits: bool, window: Window) -> Refused | None:
    """Record that `window`, as the page showed it, suits or does not.

    Whether that accepts an offer or only says that a late time is fine, intake decides.
    """
    holder, page = _look(services, token)
    said = FactType.ACCEPTED if suits else FactType.DECLINED
    if page.asks == window:
        return _record(services, holder, said, window=window)
    answered_before = page.answered is said and window in (page.outlook.offer, page.outlook.holds)
    holds_anyway = suits and window == page.outlook.expected
    return None if answered_before or holds_anyway else Refused.OFFER_GONE


def ask_for_call(services: Services, token: str) -> Refused | None:
    """Promise this person a call, by the moment that their page then names.

    One at a time, however often they press: the job is locked, so that of two presses at
    once the second finds the promise of the first.
    """
    holder, page = _look(services, token)
    if page.call_by is not None:
        return None
    if Button.CALL not in page.buttons:
        return Refused.NOT_NOW
    with services.sessions.begin() as session:
        snapshot = load_snapshots(session, [holder.job.id], lock=True)[holder.job.id]
        view = view_of(snapshot, holder)
        if PromiseKind.CALL_BACK in waits_for(session, snapshot, view):
            return None
        manners = snapshot.plan_input.manners
        quiet = view.quiet_for(MessageKind.TRANSACTIONAL, manners.quiet)
        new = NewFact(
            type=FactType.PROMISED,
            source=FactSource.CUSTOMER,
            actor=f"person:{view.job_person}",
            what=PromiseKind.CALL_BACK,
            moment=call_by(services.now(), quiet, [ZoneInfo(holder.brand.zone), *view.zones]),
            by_phone=True,  # the page tells them: nothing is to be written
            person=view.job_person,
        )
        intake.record_in(session, services, holder.brand.id, holder.job.id, new)
    services.wake()
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
