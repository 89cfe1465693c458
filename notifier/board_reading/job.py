"""One job, whole: every fact, promise, message and reply, in the order in which they came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from notifier.board_reading.cards import Card, read_cards
from notifier.board_reading.ledger import PersonPromises, read_promises
from notifier.board_reading.people import PersonSeen
from notifier.board_reading.phone import Phone, read_phone
from notifier.board_reading.technicians import read_technicians
from notifier.domain.facts import Fact, FactSource, FactType
from notifier.domain.folding import JobState, fold
from notifier.domain.messages import Channel, MessageStatus
from notifier.domain.windows import Expectation, from_json
from notifier.errors import NotFound
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.facts import fact_of
from notifier.store.tables import (
    FactRow,
    Job,
    Message,
    Reply,
    Source,
    Staff,
)
from notifier.store.vault import opened

_STAFF_ACTOR = "staff:"


@dataclass(frozen=True, slots=True, kw_only=True)
class FactLine:
    """One fact, who said it, and whether it was taken back or no news at all."""

    fact: Fact
    said_by: str | None  # a name of staff or of an integration, where one is known
    technician: str | None
    person: str | None
    parcel: str | None  # its tracking code, of an order that has, or had, more than one
    note: str | None
    withdrawn: bool
    said_before: bool  # by the same source, which only has it so still
    can_take_back: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSeen:
    """One message with its exact words, once it has any."""

    id: UUID
    to_name: str | None
    to: str | None
    message: str
    rule: str
    channel: Channel
    status: MessageStatus
    reason: str | None
    subject: str | None
    body: str | None
    segments: int | None
    due_at: datetime
    expires_at: datetime
    asserts: Expectation | None
    attempts: int
    settled_at: datetime | None
    also_by: Channel | None  # that brought them the same, where both arrived


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplySeen:
    """What somebody wrote back."""

    id: UUID
    from_name: str | None
    channel: Channel
    body: str | None
    intent: str
    noted: FactLine | None  # what was understood of it and recorded
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPage:
    """Everything that staff see of one job."""

    card: Card
    facts: tuple[FactLine, ...]
    promises: tuple[PersonPromises, ...]
    messages: tuple[MessageSeen, ...]
    replies: tuple[ReplySeen, ...]
    phone: Phone | None


def read_card(services: Services, brand_id: UUID, job_id: UUID) -> Card:
    """Return the card of one job.

    :raises NotFound: if the brand has no such job.
    """
    with reading(services.sessions) as session:
        return _card(session, services, brand_id, job_id)


def read_job(services: Services, brand_id: UUID, job_id: UUID, *, with_phone: bool) -> JobPage:
    """Return the page of one job, the newest of everything first.

    :raises NotFound: if the brand has no such job.
    """
    with reading(services.sessions) as session:
        card = _card(session, services, brand_id, job_id)
        people = {person.id: person for person in card.everybody}
        facts = read_facts(session, services, brand_id, card)
        return JobPage(
            card=card,
            facts=tuple(facts),
            promises=read_promises(session, card, services.now()),
            messages=tuple(_messages(session, services, job_id, people)),
            replies=tuple(_replies(session, services, card, facts)),
            phone=read_phone(session, services, card) if with_phone else None,
        )


def facts_since(services: Services, brand_id: UUID, job_id: UUID, seq: int) -> list[FactLine]:
    """Return what was said of a job after its fact number `seq`, the newest first."""
    with reading(services.sessions) as session:
        card = _card(session, services, brand_id, job_id)
        lines = read_facts(session, services, brand_id, card)
        return [line for line in lines if line.fact.seq > seq]


def read_fact(services: Services, card: Card, brand_id: UUID, fact_id: UUID) -> FactLine:
    """Return one fact of the card's job.

    :raises NotFound: if the job has no such fact.
    """
    with reading(services.sessions) as session:
        lines = read_facts(session, services, brand_id, card)
    found = next((line for line in lines if line.fact.id == fact_id), None)
    if found is None:
        raise NotFound("There is no such fact.")
    return found


def last_seq(services: Services, job_id: UUID) -> int:
    """Return the number of a job's latest fact, 0 before the first."""
    with reading(services.sessions) as session:
        seq = session.scalar(select(func.max(FactRow.seq)).where(FactRow.job_id == job_id))
        return seq or 0


def read_facts(session: Session, services: Services, brand_id: UUID, card: Card) -> list[FactLine]:
    """Return the facts of a job, the newest first."""
    rows = session.scalars(
        select(FactRow).where(FactRow.job_id == card.id).order_by(FactRow.seq.desc())
    ).all()
    facts = [fact_of(row) for row in rows]
    codes = {parcel.tracking_code for parcel in card.parcels}
    state = fold(card.kind, facts, codes)
    repeated = _said_before(rows, facts, state)
    several = len(codes | {fact.parcel for fact in facts if fact.parcel}) > 1
    technicians = read_technicians(session, services, brand_id)
    names = {person.id: person.name for person in card.people}
    customer_key = card.customer.key if card.customer else None
    said_by = _who_said(session, services, rows)
    return [
        FactLine(
            fact=fact,
            said_by=said_by.get(row.id),
            technician=technicians.get(fact.technician) if fact.technician else None,
            person=names.get(fact.person) if fact.person else None,
            parcel=fact.parcel if several else None,
            note=opened(services.vault, customer_key, row.note),
            withdrawn=fact.id in state.withdrawn,
            said_before=fact.id in repeated,
            can_take_back=fact.id not in state.withdrawn
            and fact.type not in (FactType.BOOKED, FactType.WITHDRAWN),
        )
        for row, fact in zip(rows, facts, strict=True)
    ]


def _said_before(
    rows: Sequence[FactRow], facts: Sequence[Fact], state: JobState
) -> frozenset[UUID]:
    """Return what a source only has so still, and what it says a second time of one moment."""
    repeated = {fact.id for fact in facts if fact.stands is not None and fact.id in state.ignored}
    said: list[tuple[UUID, Fact]] = []
    for row, fact in sorted(zip(rows, facts, strict=True), key=lambda one: one[0].seq):
        if row.source_id is None or fact.occurred_at is None:
            continue
        if any(
            source == row.source_id
            and fact.occurred_at == other.occurred_at
            and fact.says_the_same_as(other)
            for source, other in said
        ):
            repeated.add(fact.id)
        else:
            said.append((row.source_id, fact))
    return frozenset(repeated)


def _card(session: Session, services: Services, brand_id: UUID, job_id: UUID) -> Card:
    job = session.get(Job, job_id)
    if job is None or job.brand_id != brand_id:
        raise NotFound("There is no such job.")
    return read_cards(session, services, brand_id, [job], services.now())[0]


def _who_said(session: Session, services: Services, facts: Sequence[FactRow]) -> Mapping[UUID, str]:
    by_staff = {row.id: _staff_id(row) for row in facts}
    staff: dict[UUID | None, str | None] = {
        row.id: opened(services.vault, row.key, row.name)
        for row in session.scalars(select(Staff).where(Staff.id.in_(set(by_staff.values()))))
    }
    sources: dict[UUID | None, str] = {
        row.id: row.name
        for row in session.scalars(
            select(Source).where(Source.id.in_({row.source_id for row in facts if row.source_id}))
        )
    }
    said = {row.id: sources.get(row.source_id) or staff.get(by_staff[row.id]) for row in facts}
    return {fact_id: name for fact_id, name in said.items() if name}


def _staff_id(row: FactRow) -> UUID | None:
    """Return which member of staff said it, or None if somebody else did."""
    if row.source != FactSource.STAFF or not row.actor.startswith(_STAFF_ACTOR):
        return None
    try:
        return UUID(row.actor.removeprefix(_STAFF_ACTOR))
    except ValueError:  # said on the command line, or loaded with the demo
        return None


def _messages(
    session: Session, services: Services, job_id: UUID, people: Mapping[UUID, PersonSeen]
) -> list[MessageSeen]:
    rows = session.scalars(
        select(Message)
        .where(Message.job_id == job_id)
        .order_by(Message.due_at.desc(), Message.id.desc())
    ).all()
    arrived = [row for row in rows if row.status == MessageStatus.DELIVERED]
    seen = []
    for row in rows:
        person = people.get(row.job_person_id)
        key = person.key if person else None
        seen.append(
            MessageSeen(
                id=row.id,
                to_name=person.name if person else None,
                to=opened(services.vault, key, row.recipient),
                message=row.message,
                rule=row.rule,
                channel=Channel(row.channel),
                status=MessageStatus(row.status),
                reason=row.reason,
                subject=opened(services.vault, key, row.subject),
                body=opened(services.vault, key, row.body),
                segments=row.segments,
                due_at=row.due_at,
                expires_at=row.expires_at,
                asserts=from_json(row.asserts),
                attempts=row.attempts,
                settled_at=row.accepted_at or row.settled_at,
                also_by=_also_by(row, arrived),
            )
        )
    return seen


def _also_by(message: Message, arrived: Sequence[Message]) -> Channel | None:
    """Return the other channel by which they have a message that arrived, too."""
    if message not in arrived:
        return None
    same = (message.job_person_id, message.rule, message.episode)
    others = (
        Channel(other.channel)
        for other in arrived
        if (other.job_person_id, other.rule, other.episode) == same
        and other.channel != message.channel
    )
    return next(others, None)


def _replies(
    session: Session, services: Services, card: Card, facts: Sequence[FactLine]
) -> list[ReplySeen]:
    noted = _noted(session, card, facts)
    keys = {person.person_id: person for person in card.everybody}
    rows = session.scalars(
        select(Reply).where(Reply.job_id == card.id).order_by(Reply.received_at.desc())
    )
    seen = []
    for row in rows:
        person = keys.get(row.person_id) if row.person_id else None
        key = row.key or (person.key if person else None)
        seen.append(
            ReplySeen(
                id=row.id,
                from_name=person.name if person else None,
                channel=Channel(row.channel),
                body=opened(services.vault, key, row.body),
                intent=row.intent,
                noted=noted.get(row.provider_id),
                received_at=row.received_at,
            )
        )
    return seen


def _noted(session: Session, card: Card, facts: Sequence[FactLine]) -> Mapping[str, FactLine]:
    """Return what replies became, by the provider's id of each; no delivery counts for one."""
    rows = session.execute(
        select(FactRow.external_id, FactRow.id).where(
            FactRow.job_id == card.id,
            FactRow.external_id.is_not(None),
            FactRow.source_id.is_(None),
        )
    )
    lines = {line.fact.id: line for line in facts}
    return {reply: lines[fact_id] for reply, fact_id in rows if reply is not None}
