"""Translate journalled deliveries into facts: each delivery and its facts commit together."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from notifier.domain.deliveries import DeliveryStatus
from notifier.errors import Busy, Invalid, NotifierError
from notifier.isolation import is_the_databases
from notifier.sending.suppressions import Address, drop_what_waits
from notifier.services import Services
from notifier.sources.protocol import (
    ByReference,
    Ignored,
    Incoming,
    Needs,
    OptedOut,
    Renamed,
    SourceEvent,
    Untranslatable,
    own_id,
)
from notifier.sources.registry import adapters
from notifier.store import deliveries
from notifier.store.awaited_names import await_names, keys_of
from notifier.store.engine import reading
from notifier.store.known_jobs import KnownJob, name_job
from notifier.store.tables import Delivery, Source
from notifier.webhooks.bounds import check_bounds
from notifier.webhooks.joining import (
    NotBookedYet,
    OlderParcel,
    is_known,
    jobs_of,
    key_of,
    lock_names,
    rename,
    waits_because,
)
from notifier.webhooks.opting_out import close_number
from notifier.webhooks.recording import Context, book, record, record_gathered
from notifier.webhooks.tries import PAUSES

_log = structlog.get_logger()

#: Questions that one delivery may ask its vendor: an adapter that asks without end is stopped.
MAX_QUESTIONS = 600

#: Events of one delivery that are recorded in one transaction: others wait for it on SQLite.
MAX_EVENTS_AT_ONCE = 100

_WHY_LENGTH = 500


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of a delivery."""

    status: DeliveryStatus
    why: str | None = None
    waits_for: bytes | None = None
    recorded: int = 0  # of its events, where it is not at its end yet
    closed: Address | None = None  # that must not be written to any more


def translate_received(services: Services, limit: int = 100) -> int:
    """Translate up to `limit` deliveries, the oldest first; return how many were looked at.

    Whatever a delivery says, it ends as applied, ignored, waiting, fetching or failed with the
    reason; only trouble with the database leaves it as it was, for the next tick. One that breaks
    while the database is well is tried behind the others, and given up in the end. No vendor is
    asked here: that is slow, and others wait for this.
    """
    now = services.now()
    with reading(services.sessions) as session:
        received = deliveries.received_ids(session, limit + len(services.tries))
    waiting = services.tries.in_turn(received, now)[:limit]
    outcomes = [_try(services, delivery_id, now) for delivery_id in waiting]
    if {DeliveryStatus.APPLIED, DeliveryStatus.RECEIVED} & set(outcomes):
        services.wake()
    return len(waiting)


def _try(services: Services, delivery_id: UUID, now: datetime) -> DeliveryStatus | None:
    """Translate one delivery; where that breaks and the database is well, the others go on.

    :raises Exception: what broke it, if the database is in trouble.
    """
    try:
        status = _translate(services, delivery_id)
    except Exception as error:
        try:
            status = _note_broken(services, delivery_id, error)
        except Exception:
            services.tries.broke(delivery_id, now, counts=False)
            raise error from None
        if status is None:
            services.tries.broke(delivery_id, services.now(), counts=True)
            return None
    services.tries.forget(delivery_id)
    return status


def _note_broken(services: Services, delivery_id: UUID, error: Exception) -> DeliveryStatus | None:
    """Write down that the delivery was tried, or in the end that it failed.

    That shows as well whether the database takes anything: if not, nothing here is at fault.
    """
    last = services.tries.is_last(delivery_id)
    with services.sessions.begin() as session:
        taken = deliveries.take_received(session, delivery_id)
        if taken is None:
            return None
        delivery, _ = taken
        delivery.translated_at = services.now()
        if last:
            times = len(PAUSES) + 1
            why = f"{type(error).__name__}, {times} times, while the database was well for others."
            _settle(services, delivery, _failed(why))
    _log.warning(
        "delivery_broke", delivery_id=str(delivery_id), error=type(error).__name__, given_up=last
    )
    return DeliveryStatus.FAILED if last else None


def _translate(
    services: Services, delivery_id: UUID, *, again: bool = True
) -> DeliveryStatus | None:
    """Translate one delivery; return what became of it, None if another worker has it."""
    try:
        with services.sessions.begin() as session:
            taken = deliveries.take_received(session, delivery_id)
            if taken is None:
                return None
            outcome = _apply(session, services, *taken)
            status = _settle(services, taken[0], outcome)
        if outcome.closed is not None:
            brand_id, channel, hashed = outcome.closed
            drop_what_waits(services, brand_id=brand_id, channel=channel, address_hash=hashed)
        return status
    except Busy:
        raise
    except IntegrityError as error:
        if again:  # somebody booked the same reference at this moment: now it is known
            return _translate(services, delivery_id, again=False)
        outcome = _failed(type(error).__name__)
    except NotBookedYet as missing:
        return _wait(services, delivery_id, missing)
    except OlderParcel:
        outcome = _Outcome(DeliveryStatus.IGNORED, "older than every order with this code")
    except Invalid as error:
        outcome = _failed(f"{error.field}: {error}")
    except (NotifierError, Untranslatable) as error:
        outcome = _failed(str(error))
    except Exception as error:  # its text may quote the body, so only its class is kept
        if is_the_databases(error):
            raise
        outcome = _failed(type(error).__name__)
    with services.sessions.begin() as session:
        taken = deliveries.take_received(session, delivery_id)
        return _settle(services, taken[0], outcome) if taken is not None else None


def _settle(services: Services, delivery: Delivery, outcome: _Outcome) -> DeliveryStatus:
    delivery.status = outcome.status
    delivery.why = outcome.why
    delivery.waits_for = outcome.waits_for
    delivery.recorded = outcome.recorded
    delivery.translated_at = services.now()
    asks = outcome.status is DeliveryStatus.FETCHING
    delivery.fetch_at = delivery.fetch_since = services.now() if asks else None
    return outcome.status


def _failed(why: str) -> _Outcome:
    return _Outcome(DeliveryStatus.FAILED, why[:_WHY_LENGTH])


def _apply(session: Session, services: Services, delivery: Delivery, source: Source) -> _Outcome:
    """Record what the delivery says, all of it or nothing.

    A list of many is recorded in steps: what is left is `RECEIVED`, and goes on from there.
    """
    adapter = adapters()[source.kind]
    incoming = opened(services, delivery, source)
    translation = adapter.translate(incoming)
    if isinstance(translation, Ignored):
        return _Outcome(DeliveryStatus.IGNORED, translation.why)
    if isinstance(translation, Needs):
        return _to_be_asked(source, incoming, translation)
    if isinstance(translation, OptedOut):
        said_at = translation.at or delivery.received_at
        closed = close_number(session, services, source, translation.phone, at=said_at)
        return _Outcome(
            DeliveryStatus.APPLIED, None if closed else "opted in again since", closed=closed
        )
    context = Context(
        session=session,
        services=services,
        delivery=delivery,
        source=source,
        adapter=adapter,
        external_id=own_id(adapter, incoming),
    )
    if isinstance(translation, Renamed):
        renamed = rename(session, services, source, translation.join, happened=delivery.received_at)
        for job, event in renamed:
            record(context, job, event, 0)
        return _Outcome(DeliveryStatus.IGNORED, translation.why)
    check_bounds(translation)
    since = delivery.recorded or 0
    until = since + MAX_EVENTS_AT_ONCE
    events = list(enumerate(translation))[since:until]
    account = adapter.account(incoming)
    named = [
        event.join
        for _, event in events
        if isinstance(event.join, ByReference) and (event.join.later or event.booking is not None)
    ]
    if source.live_at is None:  # `set_live` waits for what is booked here, and then finds it
        session.refresh(source, with_for_update={"read": True})
    lock_names(session, services, source, named)
    booked = [book(context, event, account) for _, event in events if event.booking is not None]
    joined = [
        (nth, job, said)
        for nth, event in events
        if event.booking is None or event.booking.as_it_stands
        for job, said in jobs_of(
            session, source, event, happened=context.happened(event), account=account
        )
    ]
    deliveries.lock_jobs(session, {job.id for _, job, _ in joined})
    for _, job, event in joined:
        if isinstance(event.join, ByReference) and event.join.later:
            name_job(session, services.vault, source.brand_id, job.id, event.join.names)
    news = [record(context, job, event, nth) for nth, job, event in joined]
    record_gathered(context)
    if until < len(translation):
        return _Outcome(DeliveryStatus.RECEIVED, recorded=until)
    nothing = not since and not any(booked) and not any(changed for _, changed in news)
    stale = [
        job
        for (_, job, event), (recorded, _) in zip(joined, news, strict=True)
        if event.booking is not None and not recorded
    ]
    return _Outcome(
        DeliveryStatus.APPLIED,
        "said before" if nothing else None,
        _found_by(context, stale) or _found_by_shipment(context, [said for _, _, said in joined]),
    )


def _found_by(context: Context, stale: Sequence[KnownJob]) -> bytes | None:
    """Return what the delivery is found by if it says of one job how that stands, and was no news.

    It may be news yet: what moved the job in between may come late. Of several jobs at once
    none can be named; such lists are fetched, and say how all of them stand by then.
    """
    if len(stale) != 1:
        return None
    return deliveries.said_key(context.services.vault, context.source.id, stale[0].reference)


def _found_by_shipment(context: Context, events: Sequence[SourceEvent]) -> bytes | None:
    """Return what a delivery about a shipment is found by: that may have other parcels yet."""
    named = [event.of_shipment for event in events if event.of_shipment is not None]
    if not named:
        return None
    return deliveries.said_key(context.services.vault, context.source.id, named[0])


def _to_be_asked(source: Source, incoming: Incoming, needs: Needs) -> _Outcome:
    """Let the vendor be asked, apart from this, if it may be and can be."""
    questions = needs.unanswered(incoming.answers)
    if not incoming.can_ask:
        return _failed(
            "It only points to what is at the vendor, and there is no key to ask with:"
            f" `.venv/bin/flask --app app sources key {source.name}`, then read it again."
        )
    if not questions or len(incoming.answers) + len(questions) > MAX_QUESTIONS:
        return _failed("It leads to more questions at the vendor than one delivery may ask.")
    return _Outcome(DeliveryStatus.FETCHING, "to be fetched from the vendor")


def opened(services: Services, delivery: Delivery, source: Source) -> Incoming:
    """Return the delivery as its adapter reads it, with what its vendor has answered so far.

    :raises Untranslatable: if its body is no longer kept.
    """
    if delivery.body is None or delivery.headers is None:
        raise Untranslatable("The body is no longer kept.")
    vault, key = services.vault, source.key
    answers = {} if delivery.answers is None else json.loads(vault.open(key, delivery.answers))
    return Incoming(
        json.loads(vault.open(key, delivery.headers)),
        vault.open(key, delivery.body).encode(),
        answers={name: answer.encode() for name, answer in answers.items()},
        can_ask=source.api_key is not None,
    )


def _wait(services: Services, delivery_id: UUID, missing: NotBookedYet) -> DeliveryStatus | None:
    """Let the delivery wait, or be nothing for us until its job is known by one of its names.

    If it was booked just now, then it goes round again.
    """
    join = missing.join
    with services.sessions.begin() as session:
        taken = deliveries.take_received(session, delivery_id)
        if taken is None:
            return None
        delivery, source = taken
        key = key_of(services, source, join)
        names = join.names if isinstance(join, ByReference) else ()
        deliveries.lock_keys(session, [key, *keys_of(services.vault, source.brand_id, names)])
        if is_known(session, source, join, missing.happened):
            return None
        await_names(session, services.vault, delivery, names)
        if missing.nothing_yet is not None:
            outcome = _Outcome(DeliveryStatus.IGNORED, missing.nothing_yet, key)
        else:
            why = waits_because(session, source, join)
            outcome = _Outcome(DeliveryStatus.WAITING, why, key)
        return _settle(services, delivery, outcome)
