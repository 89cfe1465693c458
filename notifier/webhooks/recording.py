"""Record what one event of a delivery says of its job."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from notifier import intake
from notifier.domain.facts import FactType, Standing
from notifier.errors import Conflict, Invalid
from notifier.parcels import (
    NewParcel,
    add_parcel_later,
    codes_of_shipment,
    keep_rest,
    keep_shipment,
)
from notifier.planner import bring_up_to_date
from notifier.services import Services
from notifier.sources.parts.estimates import resolve
from notifier.sources.protocol import (
    ByReference,
    ByTrackingCode,
    Shipment,
    SourceAdapter,
    SourceEvent,
    StandsAs,
)
from notifier.store import deliveries
from notifier.store.known_jobs import KnownJob, give_names, jobs_named, name_job
from notifier.store.tables import Delivery, Source
from notifier.webhooks.bookings import (
    book_as_asked,
    booked_before,
    is_booked_since,
    is_history,
    news_in,
    promised_in,
)
from notifier.webhooks.joining import (
    NotBookedYet,
    is_known,
)
from notifier.webhooks.repeated_news import says_other
from notifier.webhooks.said_people import correct_as_said
from notifier.webhooks.standing_again import let_stand, stood_after


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One delivery on its way through, inside its transaction."""

    session: Session
    services: Services
    delivery: Delivery
    source: Source
    adapter: SourceAdapter
    external_id: str
    #: What is said of parcels, by their job, until `record_gathered`: all of it is planned once.
    gathered: dict[UUID, list[intake.NewFact]] = field(default_factory=dict)
    #: What every event of a parcel says alike, and was kept with the first.
    kept: set[tuple[UUID, Shipment | datetime]] = field(default_factory=set)

    @property
    def actor(self) -> str:
        """The source, as facts and the audit name who said it."""
        return f"source:{self.source.id}"

    def happened(self, event: SourceEvent) -> datetime:
        """Return when it was by the vendor's clock; one that runs ahead does not count as later."""
        received_at = self.delivery.received_at
        return min(event.occurred_at or received_at, received_at)


def book(context: Context, event: SourceEvent, account: str | None) -> bool:
    """Book what the event asks for; return False if that was done before."""
    stands = event.booking is not None and event.booking.as_it_stands
    known = stands and is_known(
        context.session, context.source, event.join, context.happened(event)
    )
    if known or event.unless_known is not None:
        return False
    return book_as_asked(
        context.session,
        context.services,
        context.source,
        event,
        speaks_as=context.adapter.speaks_as,
        happened=context.happened(event),
        received_at=context.delivery.received_at,
        account=account,
    )


def record(context: Context, job: KnownJob, event: SourceEvent, nth: int) -> tuple[bool, bool]:
    """Record what the event says of its job, or gather it; the caller has the latter recorded.

    Return whether a fact was recorded, which is not if its source said it before, and whether
    anything has changed.
    """
    session, services = context.session, context.services
    if not _is_gathered(event):
        record_gathered(context)
        context.kept.clear()
    external_id = f"{context.external_id}#{nth}" if nth else context.external_id
    if event.goes_on_as is not None:
        _hand_over(context, job, event.goes_on_as)
    if event.of_shipment is not None:
        recorded = _record_of_each(context, job, event, event.of_shipment, external_id)
        return recorded, recorded
    happened = context.happened(event)
    other_parcels = (
        event.shipment is not None
        and _is_first(context, job, event.shipment)
        and _keep_shipment(context, job, event.shipment)
    )
    if event.more_to_send is not None:
        other_parcels |= keep_rest(
            session,
            services,
            job.id,
            context.source.id,
            more_to_send=event.more_to_send,
            as_of=happened,
        )
    taken_back = (
        event.stands_at is not None
        and _is_first(context, job, event.stands_at)
        and let_stand(
            session,
            services,
            context.source,
            job.id,
            at=min(event.stands_at, context.delivery.received_at),
            speaks_as=context.adapter.speaks_as,
        )
    )
    called_off = event.type is FactType.CANCELLED
    again = called_off and stood_after(session, context.source, job.id, happened)
    no_fact = again or event.only_shipment
    recorded = not no_fact and _record_fact(context, job, event, external_id)
    if other_parcels and not recorded:
        bring_up_to_date(session, services, [job.id], now=services.now())
    return recorded, recorded or other_parcels or taken_back


def record_gathered(context: Context) -> None:
    """Record what was gathered of parcels, and plan each of their jobs once."""
    for job_id, news in context.gathered.items():
        intake.record_of_parcels_in(
            context.session, context.services, context.source.brand_id, job_id, news
        )
    context.gathered.clear()


def _is_gathered(event: SourceEvent) -> bool:
    """Return whether it speaks of one of many parcels: nothing but its own fact rests on that."""
    of_parcels = event.adds_parcel is not None or event.of_shipment is not None
    return of_parcels and event.booking is None and isinstance(event.join, ByReference)


def _is_first(context: Context, job: KnownJob, said: Shipment | datetime) -> bool:
    """Return whether no event before, with which this one is gathered, said so of the job."""
    if (job.id, said) in context.kept:
        return False
    record_gathered(context)
    context.kept.add((job.id, said))
    return True


def _record_of_each(
    context: Context, job: KnownJob, event: SourceEvent, shipment: str, external_id: str
) -> bool:
    """Record the event of each parcel of its shipment; return whether any was not on record."""
    codes = codes_of_shipment(context.session, job.id, context.source.id, shipment)
    recorded = [
        _record_fact(context, job, replace(event, parcel=code), f"{external_id}#{code}")
        for code in codes
    ]
    return any(recorded)


def _keep_shipment(context: Context, job: KnownJob, said: Shipment) -> bool:
    """Keep what the shipment has; return whether the order has a parcel less by that.

    What is said of the shipment alone finds the order by that from now on, and is read again where
    its parcels are others.
    """
    session, source = context.session, context.source
    if said.known_as is None:
        return keep_shipment(session, job.id, source.id, said)
    before = codes_of_shipment(session, job.id, source.id, said.known_as)
    taken_off = keep_shipment(session, job.id, source.id, said)
    name_job(session, context.services.vault, source.brand_id, job.id, [said.known_as])
    if codes_of_shipment(session, job.id, source.id, said.known_as) != before:
        key = deliveries.said_key(context.services.vault, source.id, said.known_as)
        deliveries.read_again_said(session, key)
    return taken_off


def _standing(source: Source, stands: StandsAs | None) -> Standing | None:
    if stands is None:
        return None
    return Standing(source.id, stands.about, stands.word, anew=stands.anew)


def _hand_over(context: Context, job: KnownJob, reference: str) -> None:
    """Let the job with this reference have the names of the one that goes on as it, and have been
    promised what that was."""
    session, source = context.session, context.source
    (goes_on,) = jobs_named(session, source.brand_id, [reference])
    give_names(session, source.brand_id, job, goes_on)
    before = [
        event
        for event in promised_in(deliveries.said_of(session, job.id, source.id), goes_on)
        if is_booked_since(session, source, goes_on, context.happened(event))
    ]
    for nth, event in enumerate(before):
        _record_fact(context, goes_on, event, f"{context.external_id}#{job.reference}#{nth}")


def _record_fact(context: Context, job: KnownJob, event: SourceEvent, external_id: str) -> bool:
    session, source = context.session, context.source
    said = deliveries.said_under(session, job.id, source.id, external_id)
    if said is not None:
        zone = ZoneInfo(job.zone)
        happened = context.happened(event)
        if says_other(session, context.services, source, said, event, happened=happened, zone=zone):
            raise Conflict("Another delivery with this id said something else of the job.")
        return False
    if event.until_booked and is_booked_since(session, source, job, context.happened(event)):
        return False
    if event.booking is not None:
        stated = deliveries.said_of(session, job.id, source.id)
        happened, zone = context.happened(event), ZoneInfo(job.zone)
        corrected = correct_as_said(
            session,
            context.services,
            source,
            job,
            event.booking,
            stated,
            speaks_as=context.adapter.speaks_as,
            happened=happened,
        )
        moved = news_in(event, event.booking, stated, happened, zone)
        if moved is None:
            return corrected or booked_before(
                session,
                context.services,
                source,
                job,
                event,
                stated,
                speaks_as=context.adapter.speaks_as,
                happened=happened,
                external_id=external_id,
            )
        deliveries.read_again_said(
            session, deliveries.said_key(context.services.vault, source.id, job.reference)
        )
        event = moved
    if event.adds_parcel is not None:
        parcel = event.adds_parcel
        added = NewParcel(carrier=parcel.carrier, tracking_code=parcel.tracking_code)
        add_parcel_later(session, context.services, job.id, added)
    expected = resolve(event.expected, ZoneInfo(job.zone)) if event.expected is not None else None
    new = intake.NewFact(
        type=event.type,
        source=context.adapter.speaks_as,
        actor=context.actor,
        occurred_at=context.happened(event),
        minutes=event.minutes,
        expected=expected,
        window=event.window,
        agreed=event.agreed,
        reason=event.reason,
        by=event.by,
        technician=event.technician,
        technician_phone=event.technician_phone,
        parcel=event.parcel,
        may_be_replaced=event.shipment is not None or event.of_shipment is not None,
        note=event.note,
        source_id=source.id,
        external_id=external_id,
        before_live=event.goes_on_as is not None or is_history(source, context.happened(event)),
        stands=_standing(source, event.stands_as),
    )
    if _is_gathered(event):
        context.gathered.setdefault(job.id, []).append(new)
        return True
    try:
        intake.record_in(session, context.services, source.brand_id, job.id, new)
    except Invalid as error:
        if error.field == "parcel" and event.join == ByTrackingCode(event.parcel or ""):
            # taken off while this waited for the lock
            raise NotBookedYet(event.join, context.happened(event)) from error
        raise
    return True
