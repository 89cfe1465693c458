"""A job as the board shows it: its times, its people, what goes out next, what must be done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from notifier.board_reading.calls import Promised, read_promised, together
from notifier.board_reading.going import Going, read_going
from notifier.board_reading.people import PersonSeen, read_people
from notifier.board_reading.risk import Risk, RiskFacts, act_by, risk_of
from notifier.board_reading.senders import path_in
from notifier.board_reading.standing import Standing, read_standing
from notifier.domain.facts import FactType
from notifier.domain.jobs import JobKind, JobStatus
from notifier.domain.ledger.promises import same_promise
from notifier.domain.messages import WAITING, Channel, MessageStatus, Role
from notifier.domain.owed import Duty
from notifier.domain.reasons import Party, Reason
from notifier.domain.windows import Expectation, from_json
from notifier.services import Services
from notifier.store.tables import Job, Message, Parcel, Task, Technician
from notifier.store.vault import opened

#: A message in one of these is about to go, or went and nobody knows yet how it ended.
_MOVING = WAITING | {MessageStatus.CLAIMED, MessageStatus.UNKNOWN, MessageStatus.HELD}


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLine:
    """One message without its words."""

    id: UUID
    job_person_id: UUID
    to_name: str | None
    message: str
    channel: Channel
    status: MessageStatus
    reason: str | None
    due_at: datetime
    asserts: Expectation | None
    moves_told: bool  # False: an offer
    settled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskLine:
    """What a person must do, and whom to ring for it."""

    id: UUID
    job_id: UUID | None
    kind: str
    why: str
    due_at: datetime
    who: str | None
    phone: str | None
    overdue: bool
    going: Going | None = None  # who can say where they are, where nobody has
    rule: str | None = None  # that asks for it
    unreached: bool = False  # in place of a message of that rule
    promised: Promised | None = None  # that the message was to tell
    path: str | None = None  # whose sender is to be looked into
    also: tuple[TaskLine, ...] = ()  # what the same call does as well

    @property
    def lacks_number(self) -> bool:
        """Whether somebody is to be rung whose number nobody knows."""
        return self.kind == "call" and self.phone is None

    @property
    def whole(self) -> tuple[TaskLine, ...]:
        """All that is done with it."""
        return (self, *self.also)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelLine:
    """One parcel of an order."""

    carrier: str
    tracking_code: str
    status: JobStatus
    expected: Expectation | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One job, opened for staff."""

    id: UUID
    kind: JobKind
    reference: str
    service: str
    items: tuple[str, ...]
    address: str | None
    zone: str
    version: int
    status: JobStatus
    finished: bool
    late: bool
    late_by: UUID | None  # the fact that makes it late, to be taken back
    asked: bool  # the customer holds an offer: what they were told stays until they answer
    held: bool
    reason: Reason | None
    by: Party | None
    technician_id: UUID | None
    technician: str | None
    promised: Expectation | None
    agreed: Expectation | None
    expected: Expectation | None
    tell_by: datetime | None
    starts_at: datetime | None
    people: tuple[PersonSeen, ...]
    technicians: tuple[PersonSeen, ...]  # whoever was assigned and can be asked
    parcels: tuple[ParcelLine, ...]
    next_up: tuple[MessageLine, ...]
    last_sent: MessageLine | None
    tasks: tuple[TaskLine, ...]
    risk: Risk | None
    act_by: datetime | None  # by when somebody must act; None: nothing runs out

    @property
    def everybody(self) -> tuple[PersonSeen, ...]:
        """All who may have had a message about it."""
        return self.people + self.technicians

    @property
    def customer(self) -> PersonSeen | None:
        """The first customer, whose `told` is the job's."""
        return self.people[0] if self.people else None

    @property
    def ring_first(self) -> bool:
        """Whether somebody is to be rung, for a task or because nothing else reaches them."""
        return bool(self.tasks) or (self.customer is not None and bool(self.customer.unreachable))

    @property
    def told(self) -> Expectation | None:
        """The last window that reached the first customer."""
        return self.people[0].told if self.people else None


def read_cards(
    session: Session, services: Services, brand_id: UUID, jobs: Sequence[Job], now: datetime
) -> list[Card]:
    """Return a card for each of `jobs`, in their order."""
    job_ids = [job.id for job in jobs]
    people = read_people(session, services.vault, brand_id, job_ids)
    names = read_technicians(session, services, brand_id)
    messages = _messages(session, job_ids, people, services.rulebook.on_trial)
    going = read_going(session, services, jobs, people, now)
    tasks = read_tasks(session, brand_id, people, going, now, job_ids=job_ids)
    parcels = _parcels(session, job_ids)
    standing = read_standing(session, job_ids)
    return [
        _card(
            job,
            services=services,
            people=people.get(job.id, ()),
            names=names,
            messages=messages[job.id],
            tasks=tuple(task for task in tasks if task.job_id == job.id),
            parcels=tuple(parcels[job.id]),
            standing=standing.get(job.id, Standing()),
            now=now,
        )
        for job in jobs
    ]


def read_technicians(session: Session, services: Services, brand_id: UUID) -> dict[UUID, str]:
    """Return the names of the brand's technicians by id, in the order they joined."""
    rows = session.scalars(
        select(Technician).where(Technician.brand_id == brand_id).order_by(Technician.id)
    )
    return {row.id: opened(services.vault, row.key, row.name) or "…" for row in rows}


def read_tasks(
    session: Session,
    brand_id: UUID,
    people: Mapping[UUID, tuple[PersonSeen, ...]],
    going: Mapping[UUID, Going],
    now: datetime,
    *,
    job_ids: Iterable[UUID] | None = None,
) -> list[TaskLine]:
    """Return the open tasks (of `job_ids` only, if given), the soonest due first."""
    query = select(Task).where(
        Task.brand_id == brand_id, Task.done_at.is_(None), Task.dropped.is_(False)
    )
    if job_ids is not None:
        query = query.where(Task.job_id.in_(list(job_ids)))
    tasks = session.scalars(query.order_by(Task.due_at, Task.id)).all()
    promised = read_promised(session, tasks)
    lines = [
        [_task(task, people, going, promised, now) for task in group] for group in together(tasks)
    ]
    return [replace(first, also=tuple(others)) for first, *others in lines]


def _task(
    task: Task,
    people: Mapping[UUID, tuple[PersonSeen, ...]],
    going: Mapping[UUID, Going],
    promised: Mapping[UUID, Promised],
    now: datetime,
) -> TaskLine:
    of_job = people.get(task.job_id, ()) if task.job_id else ()
    about = next((person for person in of_job if person.id == task.job_person_id), None)
    person: PersonSeen | Going | None = about or (of_job[0] if of_job else None)
    asked = going.get(task.job_id) if task.job_id and task.duty == Duty.DISPATCH else None
    person = asked or person
    return TaskLine(
        id=task.id,
        job_id=task.job_id,
        kind=task.kind,
        why=task.why,
        due_at=task.due_at,
        who=person.name if person else None,
        phone=person.phone if person else None,
        overdue=task.due_at < now,
        going=asked,
        rule=task.rule,
        unreached=task.duty == Duty.UNREACHED,
        promised=promised.get(task.id),
        path=path_in(task.key),
    )


def _messages(
    session: Session,
    job_ids: list[UUID],
    people: Mapping[UUID, tuple[PersonSeen, ...]],
    on_trial: frozenset[str],
) -> Mapping[UUID, list[MessageLine]]:
    """Return what was sent and what will be; a rule on trial sends nothing."""
    rows = session.execute(
        select(
            Message.job_id,
            Message.id,
            Message.job_person_id,
            Message.message,
            Message.channel,
            Message.status,
            Message.reason,
            Message.due_at,
            Message.asserts,
            Message.moves_told,
            Message.settled_at,
            Message.accepted_at,
        )
        .where(
            Message.job_id.in_(job_ids),
            or_(Message.rule.not_in(on_trial), Message.claimed_at.is_not(None)),
        )
        .order_by(Message.due_at, Message.id)
    )
    names = {person.id: person.name for found in people.values() for person in found}
    lines: dict[UUID, list[MessageLine]] = defaultdict(list)
    for row in rows:
        lines[row.job_id].append(
            MessageLine(
                id=row.id,
                job_person_id=row.job_person_id,
                to_name=names.get(row.job_person_id),
                message=row.message,
                channel=Channel(row.channel),
                status=MessageStatus(row.status),
                reason=row.reason,
                due_at=row.due_at,
                asserts=from_json(row.asserts),
                moves_told=row.moves_told,
                settled_at=row.accepted_at or row.settled_at,
            )
        )
    return lines


def _parcels(session: Session, job_ids: list[UUID]) -> Mapping[UUID, list[ParcelLine]]:
    found: dict[UUID, list[ParcelLine]] = defaultdict(list)
    for row in session.scalars(
        select(Parcel).where(Parcel.job_id.in_(job_ids)).order_by(Parcel.id)
    ):
        found[row.job_id].append(
            ParcelLine(
                carrier=row.carrier,
                tracking_code=row.tracking_code,
                status=JobStatus(row.status),
                expected=from_json(row.expected),
            )
        )
    return found


def _card(
    job: Job,
    *,
    services: Services,
    people: tuple[PersonSeen, ...],
    names: Mapping[UUID, str],
    messages: list[MessageLine],
    tasks: tuple[TaskLine, ...],
    parcels: tuple[ParcelLine, ...],
    standing: Standing,
    now: datetime,
) -> Card:
    kind, status, expected = JobKind(job.kind), JobStatus(job.status), from_json(job.expected)
    taken = [line for line in messages if line.status in _TAKEN_LINES and line.settled_at]
    technicians = tuple(person for person in people if person.role is Role.TECHNICIAN)
    people = tuple(person for person in people if person.role is not Role.TECHNICIAN)
    asking = {person.id for person in technicians}
    taken = [line for line in taken if line.job_person_id not in asking]
    customer = people[0] if people else None
    said_no = _said_no(kind, job.zone, expected, standing)
    asked = customer is not None and not said_no and _is_asked(kind, job, customer, messages)
    facts = RiskFacts(
        kind=kind,
        status=status,
        finished=job.finished,
        zone=job.zone,
        agreed=from_json(job.agreed),
        expected=expected,
        told=tuple(person.told for person in people),
        asked=asked,
        said_no=said_no,
        tell_by=job.tell_by,
        stuck=any(line.status is MessageStatus.HELD for line in messages),
        task_due=min((task.due_at for task in tasks), default=None),
    )
    return Card(
        id=job.id,
        kind=kind,
        reference=job.reference,
        service=job.service,
        items=tuple(str(item) for item in job.items),
        address=opened(services.vault, customer.key if customer else None, job.address),
        zone=job.zone,
        version=job.version,
        status=status,
        finished=job.finished,
        late=job.late,
        late_by=standing.late.id if job.late and standing.late else None,
        asked=asked,
        held=job.held_at is not None,
        reason=Reason(job.reason) if job.reason else None,
        by=Party(job.by) if job.by else None,
        technician_id=job.technician_id,
        technician=names.get(job.technician_id) if job.technician_id else None,
        promised=from_json(job.promised),
        agreed=from_json(job.agreed),
        expected=expected,
        tell_by=job.tell_by,
        starts_at=job.starts_at,
        people=people,
        technicians=technicians,
        parcels=parcels,
        next_up=tuple(line for line in messages if line.status in _MOVING),
        last_sent=max(taken, key=lambda line: (line.settled_at or now, line.id), default=None),
        tasks=tasks,
        risk=risk_of(facts, now=now),
        act_by=act_by(facts, now=now),
    )


def _is_asked(kind: JobKind, job: Job, customer: PersonSeen, messages: list[MessageLine]) -> bool:
    """Whether the last that went to the customer offers what is expected now, unanswered."""
    place, expected = ZoneInfo(job.zone), from_json(job.expected)
    if job.finished or same_promise(kind, customer.told or from_json(job.agreed), expected, place):
        return False
    went = [
        line
        for line in messages
        if line.job_person_id == customer.id
        and line.asserts is not None
        and line.status in _TAKEN_LINES
        and line.settled_at is not None
    ]
    if not went:
        return False
    last = max(went, key=lambda line: (line.settled_at, line.id))
    return not last.moves_told and same_promise(kind, last.asserts, expected, place)


def _said_no(kind: JobKind, zone: str, expected: Expectation | None, standing: Standing) -> bool:
    answer = standing.answer
    return (
        answer is not None
        and answer.type is FactType.DECLINED
        and same_promise(kind, answer.window, expected, ZoneInfo(zone))
    )


_TAKEN_LINES = frozenset({MessageStatus.ACCEPTED, MessageStatus.SENT, MessageStatus.DELIVERED})
