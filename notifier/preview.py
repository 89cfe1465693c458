"""What a fact would make go out, word for word, before it is recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from notifier.domain.facts import FactSource
from notifier.domain.messages import WAITING, Channel, MessageStatus, Role, WhyNot
from notifier.domain.owed import Owed
from notifier.domain.planning import plan
from notifier.domain.rules.rule import Family
from notifier.domain.windows import Expectation
from notifier.errors import NotFound
from notifier.intake import NewFact, Recorded, record_in, withdraw_in
from notifier.people import open_contacts
from notifier.planner import load_for_planning
from notifier.sending.composing import compose
from notifier.services import Services
from notifier.store.facts import fact_of
from notifier.store.snapshots import Snapshot
from notifier.store.tables import FactRow, Message, Person
from notifier.store.vault import Unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewedMessage:
    """One message as it would go out. Its link is another one of the same length."""

    job_person_id: UUID
    role: Role
    name: str | None
    rule: str
    channel: Channel
    to: str
    subject: str | None
    body: str
    segments: int | None
    send_at: datetime
    sends: bool  # False: the brand is in shadow, or the job is held
    at_its_time: bool  # not what the fact makes go: it is owed later, if still true then


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreached:
    """Someone whom nothing will reach, and the number to ring."""

    job_person_id: UUID
    role: Role
    name: str | None
    phone: str | None
    why: WhyNot


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What follows from a fact: the state after it, who hears what, and who hears nothing."""

    version: int  # of the job as it is now: to be named when it is confirmed
    status: str
    expected: Expectation | None
    messages: tuple[PreviewedMessage, ...]
    unreached: tuple[Unreached, ...]
    withdrawn: int  # messages that were about to go and will not


def preview(services: Services, brand_id: UUID, job_id: UUID, new: NewFact) -> Preview:
    """Return what recording `new` would send, by recording it and taking it all back.

    The same code plans it that would plan the real one, so the words are the same.

    :raises NotFound, Invalid, Conflict: as recording it would.
    """
    return _preview(
        services,
        brand_id,
        job_id,
        lambda session: record_in(session, services, brand_id, job_id, new),
    )


def preview_withdrawal(
    services: Services, brand_id: UUID, job_id: UUID, fact_id: UUID, *, actor: str
) -> Preview:
    """Return what taking a fact back would send.

    :raises NotFound, Invalid: as taking it back would.
    """
    return _preview(
        services,
        brand_id,
        job_id,
        lambda session: withdraw_in(
            session, services, brand_id, job_id, fact_id, source=FactSource.STAFF, actor=actor
        ),
    )


def _preview(
    services: Services, brand_id: UUID, job_id: UUID, say: Callable[[Session], Recorded]
) -> Preview:
    now = services.now()
    session = services.sessions()
    try:
        before = load_for_planning(session, services, [job_id], lock=True).get(job_id)
        if before is None or before.job.brand_id != brand_id:
            raise NotFound("there is no such job")
        version = before.job.version
        waiting = {row.id: _says(row) for row in before.messages.values() if row.status in WAITING}
        said = say(session)
        after = load_for_planning(session, services, [job_id])[job_id]
        owed = plan(after.plan_input, services.rulebook.rules, now=now).owed
        goes_at = _goes_at(session, said)
        later = {(one.job_person, one.rule.id) for one in owed if one.owed_at > goes_at}
        on_trial = services.rulebook.on_trial
        rows = [row for row in after.messages.values() if row.rule not in on_trial]
        dropped = [row for row in rows if row.id in waiting and row.status not in WAITING]
        fresh = [row for row in rows if row.status in WAITING or _held(row)]
        return Preview(
            version=version,
            status=after.state.status,
            expected=after.state.expected,
            messages=tuple(
                _previewed(
                    session,
                    services,
                    after,
                    row,
                    now,
                    at_its_time=(row.job_person_id, row.rule) in later,
                )
                for row in sorted(fresh, key=lambda row: (row.send_at, row.id))
                if row.send_at <= now or waiting.get(row.id) != _says(row)
            ),
            unreached=_unreached(session, services, after, owed),
            withdrawn=len(dropped),
        )
    finally:
        session.rollback()
        session.close()


def _goes_at(session: Session, said: Recorded) -> datetime:
    """Return when what the fact itself makes go is owed: at once, after the time to undo it."""
    row = session.get_one(FactRow, said.fact_id)
    return row.received_at + timedelta(seconds=fact_of(row).hold_seconds)


def _says(row: Message) -> tuple[object, ...]:
    """Return what a row says and when it goes: only what changes is worth showing."""
    return (row.asserts, row.told_before, row.technician_id, row.send_at)


def _held(row: Message) -> bool:
    return row.status == MessageStatus.HELD and row.reason == WhyNot.HELD_BY_STAFF


def _previewed(
    session: Session,
    services: Services,
    snapshot: Snapshot,
    row: Message,
    now: datetime,
    *,
    at_its_time: bool,
) -> PreviewedMessage:
    composed = compose(session, services, row, now=now)
    link, person = snapshot.people[row.job_person_id]
    return PreviewedMessage(
        job_person_id=row.job_person_id,
        role=Role(link.role),
        name=_name(services, person),
        rule=row.rule,
        channel=Channel(row.channel),
        to=composed.recipient,
        subject=composed.subject,
        body=composed.body,
        segments=composed.segments,
        send_at=row.send_at,
        sends=snapshot.brand.live_at is not None and not _held(row),
        at_its_time=at_its_time,
    )


def _unreached(
    session: Session, services: Services, snapshot: Snapshot, everything: Iterable[Owed]
) -> tuple[Unreached, ...]:
    found: dict[UUID, Unreached] = {}
    for owed in everything:
        link, person = snapshot.people[owed.job_person]
        asked = link.role == Role.TECHNICIAN  # of whom dispatch has a task
        if owed.why_not is None or owed.rule.family is Family.MOMENT or asked:
            continue
        found[owed.job_person] = Unreached(
            job_person_id=owed.job_person,
            role=Role(link.role),
            name=_name(services, person),
            phone=open_contacts(session, services, person).get(Channel.SMS),
            why=owed.why_not,
        )
    return tuple(found.values())


def _name(services: Services, person: Person) -> str | None:
    try:
        return services.vault.open(person.key, person.name) if person.name else None
    except Unreadable:
        return None
