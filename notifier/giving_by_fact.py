"""Enter in the ledger what a fact itself gave a person: a call, or their own answer."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifier.domain.facts import Fact, FactType, PromiseKind
from notifier.domain.jobs import JobKind
from notifier.domain.ledger.promises import tell_by
from notifier.domain.messages import Role, Strength
from notifier.domain.windows import Expectation, Window, to_json
from notifier.giving import append_taken_back
from notifier.planner import customer_of
from notifier.services import Services
from notifier.store.ledger_rows import refresh_told
from notifier.store.snapshots import Snapshot
from notifier.store.tables import Promise


def give_by_fact(
    session: Session,
    services: Services,
    snapshot: Snapshot,
    fact: Fact,
    *,
    now: datetime,
) -> bool:
    """Enter in the ledger what a person was given by phone or by their own answer; return if so.

    A moment that was not promised by phone is given once a message has told them.
    """
    asserts: Expectation | None = None
    person = fact.person
    if fact.type is FactType.TOLD:
        asserts = fact.window or fact.expected
    elif fact.type is FactType.ACCEPTED:
        asserts = fact.window
    elif fact.type is FactType.RESCHEDULED and fact.agreed:
        asserts, person = fact.window, customer_of(snapshot)
    moment = fact.moment if fact.type is FactType.PROMISED and fact.by_phone else None
    if (asserts is None and moment is None) or person is None:
        return False
    role = snapshot.people[person][0].role
    heard_by = moment
    if isinstance(asserts, Window) and role == Role.CUSTOMER:
        heard_by = tell_by(
            JobKind(snapshot.job.kind),
            asserts,
            given_at=fact.effective_at,
            zone=snapshot.plan_input.zone,
        )
    session.add(
        Promise(
            id=services.ids(),
            brand_id=snapshot.job.brand_id,
            job_id=snapshot.job.id,
            job_person_id=person,
            asserts=to_json(asserts),
            what=fact.what or PromiseKind.WINDOW,
            moment=moment,
            given_at=fact.effective_at,
            tell_by=heard_by,
            strength=Strength.GIVEN,
            fact_id=fact.id,
            recorded_at=now,
        )
    )
    session.flush()
    refresh_told(session, person)
    return True


def take_back_facts(
    session: Session,
    services: Services,
    withdrawn: frozenset[UUID],
    *,
    now: datetime,
) -> None:
    """What a withdrawn call or answer gave was never given."""
    rows = session.scalars(select(Promise).where(Promise.fact_id.in_(withdrawn))).all()
    taken = {row.fact_id for row in rows if row.strength == Strength.NONE}
    for row in rows:
        if row.fact_id in taken:
            continue
        append_taken_back(session, services, row, now=now)
    session.flush()
    for job_person in {row.job_person_id for row in rows}:
        refresh_told(session, job_person)
