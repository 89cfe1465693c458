"""What planning reads of one person of a job, made from their rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from notifier.domain.caps import Heard
from notifier.domain.guards.countries import is_abroad
from notifier.domain.ledger.views import Contact, PastMessage, PersonView
from notifier.domain.messages import (
    Channel,
    MessageKind,
    MessageStatus,
    Role,
    WhyNot,
)
from notifier.domain.phones import countries_of
from notifier.domain.quiet.hours import QuietHours
from notifier.domain.windows import from_json
from notifier.regional_hours import quiet_by_kind
from notifier.store.ledger_rows import given_of
from notifier.store.tables import (
    Brand,
    ContactPoint,
    Job,
    JobPerson,
    Message,
    Person,
    Promise,
)

#: Providers that never say what became of a message: silence may be presumed to be success.
WITHOUT_RECEIPTS = frozenset({"smtp"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Humans:
    """What is known of a job's people beyond the job."""

    closed: Mapping[UUID, frozenset[MessageKind]]  # by contact point: kinds without consent
    with_other_jobs: Collection[UUID] = ()  # people who have open jobs beside this one
    heard: Mapping[UUID, tuple[Heard, ...]] = field(default_factory=dict)  # by person, lately


def person_view(
    job: Job,
    brand: Brand,
    quiet: QuietHours,
    job_person: JobPerson,
    person: Person,
    contacts: list[ContactPoint],
    suppressed: dict[tuple[UUID, str, bytes], str],
    promises: Sequence[Promise | Row[Any]],
    messages: list[Message],
    humans: Humans,
) -> PersonView:
    return PersonView(
        job_person=job_person.id,
        role=Role(job_person.role),
        zones=_zones(job, person, contacts),
        quiet=_quiet_by_kind(job, quiet, person, contacts),
        contacts=tuple(
            _contact(contact, person, brand, suppressed, humans.closed[contact.id])
            for contact in contacts
        ),
        given=given_of(row for row in promises if row.job_person_id == job_person.id),
        past=tuple(past_of(row) for row in messages if row.job_person_id == job_person.id),
        has_other_jobs=person.id in humans.with_other_jobs,
        heard=humans.heard.get(person.id, ()),
    )


def _zones(job: Job, person: Person, contacts: list[ContactPoint]) -> tuple[ZoneInfo, ...]:
    """The zone that they stated wins over their number's; else the strictest reading."""
    if person.zone is not None:
        return (ZoneInfo(person.zone),)
    known = next((contact.zones for contact in contacts if contact.zones), [job.zone])
    return tuple(ZoneInfo(name) for name in known)


def _quiet_by_kind(
    job: Job, quiet: QuietHours, person: Person, contacts: list[ContactPoint]
) -> Mapping[MessageKind, QuietHours]:
    """The law goes by the number, and by the country that they stated; unknown: by the place."""
    numbers = [contact for contact in contacts if contact.channel == Channel.SMS]
    if not numbers:
        return {}
    regions = {region for contact in numbers for region in contact.regions or ()}
    countries = {region.partition("/")[0] for region in regions}
    zones = [person.zone] if person.zone else [] if regions else [job.zone]
    regions |= set(countries_of(zones)) - countries
    return quiet_by_kind(quiet, tuple(sorted(regions)) or ("",))


def _contact(
    contact: ContactPoint,
    person: Person,
    brand: Brand,
    suppressed: dict[tuple[UUID, str, bytes], str],
    closed_to: frozenset[MessageKind],
) -> Contact:
    channel = Channel(contact.channel)
    listed = suppressed.get((contact.brand_id, contact.channel, contact.address_hash))
    why_not: WhyNot | None = None
    if person.no_contact_at is not None:
        why_not = WhyNot.OPTED_OUT
    elif listed is not None:
        why_not = WhyNot(listed)
    elif contact.flagged_code is not None:
        why_not = WhyNot.INVALID_ADDRESS
    elif contact.landline and channel is Channel.SMS:
        why_not = WhyNot.LANDLINE
    elif is_abroad(contact.regions, brand.texts_to):
        why_not = WhyNot.COUNTRY_CLOSED
    return Contact(id=contact.id, channel=channel, why_not=why_not, closed_to=closed_to)


def past_of(row: Message) -> PastMessage:
    """Return what planning reads of a message row."""
    return PastMessage(
        id=row.id,
        rule=row.rule,
        family=row.family,
        episode=row.episode,
        episode_no=row.episode_no,
        channel=Channel(row.channel),
        contact=row.contact_point_id,
        status=MessageStatus(row.status),
        reason=row.reason,
        asserts=from_json(row.asserts),
        moves_told=row.moves_told,
        rests_on=row.rests_on,
        told_before=from_json(row.told_before),
        technician=row.technician_id,
        next_update_at=row.next_update_at,
        tell_by=row.tell_by,
        claimed_at=row.claimed_at,
        handed_over_at=row.handed_over_at,
        accepted_at=row.accepted_at,
        send_at=row.send_at,
        due_at=row.due_at,
        turn_at=row.turn_at,
        gives_receipts=row.provider not in WITHOUT_RECEIPTS,
    )
