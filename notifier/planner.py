"""Bring the outbox up to date with what is owed: lock, fold, plan, reconcile, in one place.

Called by intake after each fact, by every claim as the truth check, by every settled
outcome and receipt, and by the tick for jobs that time alone may have changed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, Select, exists, or_, select, update
from sqlalchemy.orm import Session

from notifier.domain.caps import longest_period
from notifier.domain.facts import Fact, FactSource, FactType
from notifier.domain.ledger.views import first_window
from notifier.domain.messages import MessageStatus, Role, Strength, WhyNot
from notifier.domain.owed import Duty, Owed, Plan
from notifier.domain.plan_input import current_tell_by, is_late
from notifier.domain.planning import plan
from notifier.domain.reconciling import Changes, Row, Standing, closes, reconcile, standing
from notifier.domain.reconciling_tasks import TaskRow, reconcile_tasks
from notifier.domain.steps import is_presumed
from notifier.domain.windows import Window, to_json
from notifier.giving import give
from notifier.isolation import together_or_each
from notifier.links import link_hash, message_token
from notifier.sending.routing import without_provider
from notifier.services import Services
from notifier.store.engine import DATABASE_TROUBLE
from notifier.store.facts import fact_row, next_seq
from notifier.store.outbox import PRIORITIES
from notifier.store.snapshots import Snapshot, load_snapshots
from notifier.store.tables import Job, Message, MessageKey, Task
from notifier.technicians.register import put_on_job

_log = structlog.get_logger()

#: Jobs locked in one transaction, so that SQLite's one writer is never held for long.
STEP = 100


def bring_up_to_date(
    session: Session, services: Services, job_ids: Sequence[UUID], *, now: datetime
) -> dict[UUID, Snapshot]:
    """Make the outbox of `job_ids` hold what is owed at `now`; return what it was decided on.

    Locks the jobs in id order. Running it twice changes nothing.
    """
    session.flush()
    snapshots = load_for_planning(session, services, job_ids, lock=True)
    return plan_snapshots(session, services, snapshots, now=now)


def load_for_planning(
    session: Session, services: Services, job_ids: Sequence[UUID], *, lock: bool = False
) -> dict[UUID, Snapshot]:
    """Return the snapshots of `job_ids` with all that planning reads by the rules in force.

    :param lock: as of `load_snapshots`.
    """
    period = longest_period(services.rulebook.rules.caps)
    return load_snapshots(
        session,
        job_ids,
        lock=lock,
        consent=services.consent,
        heard_since=services.now() - period if period is not None else None,
        without_provider=without_provider(services),
    )


def plan_snapshots(
    session: Session, services: Services, snapshots: dict[UUID, Snapshot], *, now: datetime
) -> dict[UUID, Snapshot]:
    """Do the same for jobs that are locked and loaded already, as they stand now."""
    stale = [
        snapshot.job.id
        for snapshot in snapshots.values()
        if _presume(session, services, snapshot, now)
        | _first_told(session, services, snapshot)
        | put_on_job(session, services, snapshot)
    ]
    if stale:
        session.flush()
        snapshots |= load_for_planning(session, services, stale)
    blocked: list[UUID] = []
    for snapshot in snapshots.values():
        planned = plan(snapshot.plan_input, services.rulebook.rules, now=now)
        changes = reconcile(
            outbox_rows(snapshot), planned, finished=snapshot.state.finished, now=now
        )
        was_closed = any(closes(snapshot.messages[row].reason, owed) for row, owed in changes.bind)
        changed = _apply(session, services, snapshot, changes, now)
        if was_closed:
            blocked.append(snapshot.job.id)
        changed |= _keep_tasks(session, services, snapshot, planned, now)
        _keep_job(snapshot, planned, changed=changed)
    session.flush()
    if blocked:  # a way was closed under a message: the next channel carries it now
        again = load_for_planning(session, services, blocked)
        return snapshots | plan_snapshots(session, services, again, now=now)
    return snapshots


def look_again(services: Services, limit: int = STEP) -> int:
    """Plan the jobs that time alone may have changed; return how many there were."""
    due = select(Job.id).where(Job.look_at <= services.now()).order_by(Job.look_at).limit(limit)
    found = _plan_each(services, partial(_found, due.with_for_update(skip_locked=True)))
    if found:
        services.wake()
    return len(found)


def plan_all_soon(session: Session, *of: ColumnElement[bool], now: datetime) -> None:
    """Let the ticks plan all jobs `of` which that holds: something around them changed.

    Said in the transaction of that change, so that whatever dies after it, none is forgotten. A
    finished job may still owe what waits; what is over can't go.
    """
    may_go = exists().where(Message.job_id == Job.id, Message.expires_at > now)
    locked = (
        select(Job.id)
        .where(*of, or_(Job.finished.is_(False), may_go))
        .order_by(Job.id)
        .with_for_update()
    )
    session.execute(
        update(Job).where(Job.id.in_(locked)).values(look_at=now),
        execution_options={"synchronize_session": False},
    )


def plan_anew(services: Services, *of: ColumnElement[bool]) -> None:
    """Plan at once, a step at a time, the jobs `of` which that holds and that are to be looked at.

    Nothing rests on it. What can't be planned now, for a lock, a fault or a database that is
    gone, the ticks plan.
    """
    after = UUID(int=0)
    try:
        due = select(Job.id).where(*of, Job.look_at <= services.now())
        while True:
            step = due.where(Job.id > after).order_by(Job.id).limit(STEP)
            found = _plan_each(services, partial(_found, step))
            if len(found) < STEP:
                return
            after = found[-1]
    except DATABASE_TROUBLE as error:
        _log.warning("rest_left_to_the_ticks", error=type(error).__name__)


def _found(jobs: Select[UUID], session: Session) -> Sequence[UUID]:
    return session.scalars(jobs).all()


def _plan_each(services: Services, jobs: Callable[[Session], Sequence[UUID]]) -> Sequence[UUID]:
    """Plan these jobs, and return them; one that fails is put off alone."""
    found: Sequence[UUID] = ()

    def take(session: Session) -> Sequence[UUID]:
        nonlocal found
        found = jobs(session)
        return found

    def look(session: Session, job_ids: Sequence[UUID], _alone: bool) -> object:
        return bring_up_to_date(session, services, job_ids, now=services.now())

    together_or_each(services, take, look)
    return found


def outbox_rows(snapshot: Snapshot) -> list[Row]:
    """Return what reconciling reads of the messages of a job."""
    return [
        Row(
            id=message.id,
            job_person=message.job_person_id,
            contact=message.contact_point_id,
            rule=message.rule,
            episode=message.episode,
            channel=message.channel,
            status=MessageStatus(message.status),
            reason=message.reason,
            claimed=message.claimed_at is not None,
            expires_at=message.expires_at,
        )
        for message in snapshot.messages.values()
    ]


def _apply(
    session: Session, services: Services, snapshot: Snapshot, changes: Changes, now: datetime
) -> bool:
    for owed in changes.add:
        _add(session, services, snapshot, owed, now)
    for message_id, owed in changes.bind:
        row = snapshot.messages[message_id]
        stands = standing(owed, _standing(row), held=snapshot.plan_input.held, now=now)
        _bind(row, owed, stands, now)
    for drop in changes.drop:
        row = snapshot.messages[drop.id]
        row.status, row.reason, row.settled_at = drop.status, drop.reason, now
    return bool(changes.add or changes.drop)


def _add(
    session: Session, services: Services, snapshot: Snapshot, owed: Owed, now: datetime
) -> None:
    message_id = services.ids()
    _, person = snapshot.people[owed.job_person]
    job = snapshot.job
    row = Message(
        id=message_id,
        brand_id=job.brand_id,
        job_id=job.id,
        job_person_id=owed.job_person,
        contact_point_id=owed.contact,
        rule=owed.rule.id,
        message=owed.rule.message,
        kind=owed.rule.kind,
        family=owed.rule.family,
        episode=owed.episode,
        episode_no=owed.episode_no,
        channel=owed.channel,
        step=owed.step,
        locale=person.locale,
        created_at=now,
        attempts=0,
        link_hash=link_hash(services.vault, message_token(services.vault, message_id)),
        rules_hash=services.rulebook.hash,
    )
    row.priority = PRIORITIES[owed.rule.priority]
    _bind(row, owed, standing(owed, None, held=snapshot.plan_input.held, now=now), now)
    session.add(row)
    key = f"{job.brand_id}|{job.id}|{owed.job_person}|{owed.contact}"
    key += f"|{owed.rule.id}|{owed.episode}|{owed.channel}"
    session.add(
        MessageKey(key=services.vault.blind(key), message_id=message_id, brand_id=job.brand_id)
    )
    snapshot.messages[message_id] = row


def _bind(row: Message, owed: Owed, stands: Standing, now: datetime) -> None:
    """Make the row say what is owed now. What the brake holds is judged anew when that changes."""
    before = (row.asserts, row.rests_on, row.tell_by)
    row.asserts = to_json(owed.asserts)
    row.moves_told = owed.moves_told
    row.rests_on = owed.rests_on
    row.told_before = to_json(owed.told_before)
    row.next_update_at = owed.next_update_at
    row.technician_id = owed.technician
    row.expires_at = owed.expires_at
    row.tell_by = owed.tell_by
    row.status, row.reason = stands.status, stands.reason
    row.send_at, row.due_at = stands.send_at, stands.due_at
    if stands.reason == WhyNot.BRAKED and before != (row.asserts, row.rests_on, row.tell_by):
        row.due_at = max(now, owed.send_at)
    if stands.status is not MessageStatus.DEFERRED:
        row.settled_at = now if owed.why_not is not None else None


def _standing(row: Message) -> Standing:
    return Standing(
        status=MessageStatus(row.status), reason=row.reason, send_at=row.send_at, due_at=row.due_at
    )


def _presume(session: Session, services: Services, snapshot: Snapshot, now: datetime) -> bool:
    """Record what is presumed to have reached: taken, no receipts to come, `reach` run out."""
    found = False
    for person in snapshot.plan_input.people:
        known = {given.message for given in person.given}
        known |= {entry.message for entry in snapshot.moments.get(person.job_person, ())}
        for past in person.past:
            rule = services.rulebook.rule(past.rule)
            gives_nothing = not past.moves_told and past.next_update_at is None
            if rule is None or past.id in known or gives_nothing:
                continue
            if not is_presumed(rule, past, person, now):
                continue
            give(session, services, snapshot.messages[past.id], Strength.PRESUMED, now=now)
            found = True
    return found


def _first_told(session: Session, services: Services, snapshot: Snapshot) -> bool:
    """A job that came without a window: the first one told becomes promised and agreed."""
    if snapshot.state.promised is not None:
        return False
    first = first_window(snapshot.plan_input.people)
    if first is None:
        return False
    window, given = first
    fact = Fact(
        id=services.ids(),
        seq=next_seq(snapshot.facts),
        type=FactType.BOOKED,
        source=FactSource.CLOCK,
        occurred_at=given.given_at,
        received_at=given.given_at,
        window=window,
    )
    session.add(fact_row(snapshot.job, fact, actor=f"message:{given.message}"))
    return True


def _keep_tasks(
    session: Session, services: Services, snapshot: Snapshot, planned: Plan, now: datetime
) -> bool:
    """Raise the tasks owed; drop those that nobody needs to do any more."""
    rows: dict[str, Task] = {}
    if snapshot.has_tasks:
        found = session.scalars(select(Task).where(Task.job_id == snapshot.job.id))
        rows = {task.key: task for task in found}
    withdrawn = snapshot.state.withdrawn
    changes = reconcile_tasks([_task_row(row, withdrawn) for row in rows.values()], planned)
    for task in changes.add:
        session.add(
            Task(
                id=services.ids(),
                brand_id=snapshot.job.brand_id,
                job_id=snapshot.job.id,
                job_person_id=task.job_person,
                key=task.key,
                duty=task.duty,
                rule=task.rule,
                kind=task.kind,
                why=task.why,
                promised_in=task.promised_in,
                due_at=task.due_at,
                created_at=now,
                dropped=False,
            )
        )
    for task in changes.reopen:
        _end(rows[task.key], None)
        rows[task.key].why, rows[task.key].due_at = task.why, task.due_at
    for key in changes.bring_back:
        _end(rows[key], None)
    for key in changes.drop:
        _end(rows[key], now)
    return bool(changes.add or changes.reopen or changes.bring_back or changes.drop)


def _end(row: Task, dropped_at: datetime | None) -> None:
    """Drop a task; with None, open it again. Done by nobody it is in either case."""
    row.done_at, row.dropped = dropped_at, dropped_at is not None
    row.done_by = row.done_fact = None


def _task_row(row: Task, withdrawn: Collection[UUID]) -> TaskRow:
    undone = row.done_fact in withdrawn
    return TaskRow(
        key=row.key,
        duty=Duty(row.duty) if row.duty is not None else None,
        rule=row.rule,
        job_person=row.job_person_id,
        why=row.why,
        due_at=row.due_at,
        done_at=None if undone else row.done_at,
        dropped=row.dropped,
        undone=undone,
    )


def _keep_job(snapshot: Snapshot, planned: Plan, *, changed: bool) -> None:
    """Write the fold of the facts to the job's row, so that lists are one query."""
    job, state, plan_input = snapshot.job, snapshot.state, snapshot.plan_input
    before = (job.status, job.expected, job.agreed, job.technician_id, job.late)
    current = state.expected if isinstance(state.expected, Window) else state.agreed
    job.status = state.status
    job.technician_id = state.technician
    job.promised = to_json(state.promised)
    job.agreed = to_json(state.agreed)
    job.expected = to_json(state.expected)
    job.reason = state.reason
    job.by = state.by
    job.starts_at = current.start if current else None
    job.ends_at = current.end if current else None
    job.late = is_late(state, plan_input.zone)
    job.finished = state.finished
    job.tell_by = current_tell_by(plan_input)
    job.look_at = planned.look_at
    for code, parcel in state.parcels.items():
        row = snapshot.parcels[code]
        row.status, row.expected = parcel.status, to_json(parcel.expected)
    after = (job.status, job.expected, job.agreed, job.technician_id, job.late)
    if changed or before != after:
        job.version += 1


def customer_of(snapshot: Snapshot) -> UUID | None:
    """Return the job person id of the first customer."""
    for view in snapshot.plan_input.people:
        if view.role is Role.CUSTOMER:
            return view.job_person
    return None
