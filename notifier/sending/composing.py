"""What one message says, and to which address: a row's values put into its words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifier.domain.jobs import JobKind, JobStatus
from notifier.domain.messages import Channel, Role
from notifier.domain.phones import for_reading
from notifier.domain.reasons import Party, Reason
from notifier.domain.windows import from_json
from notifier.domain.words.segments import count_segments
from notifier.domain.words.values import DIGEST, MessageValues
from notifier.links import day_url, message_token, status_url
from notifier.services import Services
from notifier.store.facts import promised_kind
from notifier.store.tables import (
    Brand,
    ContactPoint,
    FactRow,
    Job,
    JobPerson,
    Message,
    Parcel,
    Person,
    Technician,
)
from notifier.wording import values_for, values_together


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """One message in its final words. A text has no subject and no HTML."""

    recipient: str
    body: str
    subject: str | None
    html: str | None
    segments: int | None  # of a text
    template_hash: str
    link_token: str


def compose(
    session: Session,
    services: Services,
    message: Message,
    *,
    now: datetime,
    together: Sequence[Message] = (),
    link_token: str | None = None,
    job: Job | None = None,
) -> Composed:
    """Return the words of `message`, a row that need not be saved, as they read at `now`.

    :param together: the same news of the same human's other jobs: all of it is said at once.

    :param link_token: in place of the message's own, for a preview whose row has no id yet.
    :param job: in place of the recorded job, for a preview of a fact not yet recorded.
    :raises RenderFailed: if its words are missing or wrong.
    :raises Unreadable: if the person was erased.
    """
    job = job or session.get_one(Job, message.job_id)
    token = link_token or message_token(services.vault, message.id)
    point = session.get_one(ContactPoint, message.contact_point_id)
    person = session.get_one(Person, point.person_id)
    recipient = services.vault.open(person.key, point.address)
    values = _values(session, services, message, job, person, point, token, now)
    if together:
        values = _of_all(session, services, values, together, now)
    words, name = services.words, message.message + (DIGEST if together else "")
    digest = words.template_hash(name, message.locale, message.channel)
    if message.channel == Channel.SMS:
        text = words.render_sms(name, message.locale, values)
        return Composed(
            recipient=recipient,
            body=text,
            subject=None,
            html=None,
            segments=count_segments(text),
            template_hash=digest,
            link_token=token,
        )
    email = words.render_email(name, message.locale, values)
    return Composed(
        recipient=recipient,
        body=email.text,
        subject=email.subject,
        html=email.html,
        segments=None,
        template_hash=digest,
        link_token=token,
    )


def _values(
    session: Session,
    services: Services,
    message: Message,
    job: Job,
    person: Person,
    point: ContactPoint,
    token: str,
    now: datetime,
) -> MessageValues:
    brand = session.get_one(Brand, message.brand_id)
    parcels = _parcels(session, job)
    parcel = _parcel(session, message, parcels)
    is_text = message.channel == Channel.SMS
    return values_for(
        brand_name=brand.name,
        brand_phone=for_reading(brand.phone, brand.country),
        service=job.service,
        items=[str(item) for item in job.items],
        reference=job.reference,
        first_name=_first_name(services, person),
        place_zone=ZoneInfo(job.zone),
        reader_zone=ZoneInfo(person.zone) if person.zone else None,
        locale=message.locale,
        now=now,
        told_before=from_json(message.told_before),
        asserts=from_json(message.asserts),
        is_order=job.kind == JobKind.ORDER,
        next_update_at=message.next_update_at,
        next_is=promised_kind(session, message.rests_on),
        reason=Reason(job.reason) if job.reason else None,
        by=Party(job.by) if job.by else None,
        technician=_technician(session, services, message.technician_id),
        link=_link(session, services, message, token),
        first_text=is_text and not _texted_before(session, point),
        late_apology=message.tell_by is not None and message.tell_by < now,
        asked=message.asserts is not None and not message.moves_told,
        carrier=parcel.carrier if parcel else None,
        tracking_code=parcel.tracking_code if parcel else None,
        several_parcels=len(parcels) > 1,
        part_came=not job.finished and any(one.status == JobStatus.DELIVERED for one in parcels),
    )


def _link(session: Session, services: Services, message: Message, token: str) -> str:
    """Return where the message leads: a technician to their day, everybody else to the job."""
    reader = session.get_one(JobPerson, message.job_person_id)
    page = day_url if reader.role == Role.TECHNICIAN else status_url
    return page(services.public_url, token)


def _of_all(
    session: Session,
    services: Services,
    first: MessageValues,
    together: Sequence[Message],
    now: datetime,
) -> MessageValues:
    """Return the values of a digest: those of its own message, and every job's in a few words."""
    every = [first]
    for message in together:
        point = session.get_one(ContactPoint, message.contact_point_id)
        person = session.get_one(Person, point.person_id)
        job = session.get_one(Job, message.job_id)
        token = message_token(services.vault, message.id)
        every.append(_values(session, services, message, job, person, point, token, now))
    return values_together(every, together[0].locale)


def _texted_before(session: Session, point: ContactPoint) -> bool:
    """Whether this number had a text from the brand: each booking has people of its own."""
    texted = session.scalar(
        select(ContactPoint.id)
        .where(
            ContactPoint.brand_id == point.brand_id,
            ContactPoint.channel == point.channel,
            ContactPoint.address_hash == point.address_hash,
            ContactPoint.first_texted_at.is_not(None),
        )
        .limit(1)
    )
    return texted is not None


def _first_name(services: Services, person: Person) -> str | None:
    if person.name is None:
        return None
    words = services.vault.open(person.key, person.name).split()
    return words[0] if words else None


def _technician(session: Session, services: Services, technician_id: UUID | None) -> str | None:
    """Return the first name of whom it names: customers need no more to open the door."""
    if technician_id is None:
        return None
    row = session.get_one(Technician, technician_id)
    return services.vault.open(row.key, row.name).split()[0]


def _parcels(session: Session, job: Job) -> list[Parcel]:
    if job.kind != JobKind.ORDER:
        return []
    return list(session.scalars(select(Parcel).where(Parcel.job_id == job.id)))


def _parcel(session: Session, message: Message, parcels: Sequence[Parcel]) -> Parcel | None:
    """Return the parcel that the message is about: the one its fact names, else the only one."""
    if len(parcels) < 2:
        return parcels[0] if parcels else None
    fact = session.get(FactRow, message.rests_on) if message.rests_on else None
    code = fact.body.get("parcel") if fact is not None else None
    return next((parcel for parcel in parcels if parcel.tracking_code == code), None)
