"""A job as the board shows it: its times, its people, what goes out next, what must be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from notifier.board_reading.going import read_going
from notifier.board_reading.message_lines import MessageLine, read_message_lines
from notifier.board_reading.offers import is_asked, said_no
from notifier.board_reading.parcels import ParcelLine, read_parcels
from notifier.board_reading.people import PersonSeen, read_people
from notifier.board_reading.risk import Risk, RiskFacts, act_by, risk_of
from notifier.board_reading.standing import Standing, read_standing
from notifier.board_reading.task_lines import TaskLine, read_task_lines
from notifier.board_reading.technicians import read_technicians
from notifier.domain.jobs import FINISHED, JobKind, JobStatus
from notifier.domain.messages import WAITING, MessageStatus, Role
from notifier.domain.reasons import Party, Reason
from notifier.domain.tracking_codes import UNSENT
from notifier.domain.windows import Expectation, from_json
from notifier.services import Services
from notifier.store.tables import Job
from notifier.store.vault import opened

#: A message in one of these is about to go, or went and nobody knows yet how it ended.
_MOVING = WAITING | {MessageStatus.CLAIMED, MessageStatus.UNKNOWN, MessageStatus.HELD}


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
    messages = read_message_lines(session, job_ids, people, services.rulebook.on_trial)
    going = read_going(session, services, jobs, people, now)
    tasks = read_task_lines(session, brand_id, people, going, now, job_ids=job_ids)
    parcels = read_parcels(session, job_ids)
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
    taken = [line for line in messages if line.taken]
    technicians = tuple(person for person in people if person.role is Role.TECHNICIAN)
    people = tuple(person for person in people if person.role is not Role.TECHNICIAN)
    asking = {person.id for person in technicians}
    taken = [line for line in taken if line.job_person_id not in asking]
    customer = people[0] if people else None
    refused = said_no(kind, job.zone, expected, standing)
    asked = customer is not None and not refused and is_asked(kind, job, customer, messages)
    facts = RiskFacts(
        kind=kind,
        status=status,
        parcels=tuple(
            parcel.status
            for parcel in parcels
            if parcel.tracking_code != UNSENT and parcel.status not in FINISHED
        ),
        finished=job.finished,
        zone=job.zone,
        agreed=from_json(job.agreed),
        expected=expected,
        told=tuple(person.told for person in people),
        asked=asked,
        said_no=refused,
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
