"""The fact that opens a job, and the window that it gives the customer."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from notifier.domain.facts import Fact
from notifier.domain.jobs import JobKind
from notifier.domain.ledger.promises import tell_by
from notifier.domain.messages import Role, Strength
from notifier.domain.windows import Window, to_json
from notifier.giving_by_fact import take_back_facts
from notifier.services import Services
from notifier.store.facts import fact_row, fact_values
from notifier.store.ledger_rows import refresh_told
from notifier.store.tables import FactRow, Job, JobPerson, Promise


def open_job(
    session: Session, services: Services, job: Job, customer: UUID, fact: Fact, *, actor: str
) -> None:
    """Record the booking that opens the job. Its window is *given* to the customer only."""
    session.add(fact_row(job, fact, actor=actor))
    session.flush()
    _give(session, services, job, customer, fact)


def open_before(
    session: Session,
    services: Services,
    job: Job,
    made_by: Fact,
    *,
    window: Window | None,
    agreed: bool | None,
    occurred_at: datetime,
    actor: str,
    source_id: UUID,
    external_id: str,
    now: datetime,
) -> None:
    """Let a booking of `occurred_at` open the job in place of `made_by`, which came first.

    Inside the transaction of a caller who has locked the job, and plans it afterwards. What
    the other one gave the customer was never given.
    """
    latest = session.scalar(select(func.max(FactRow.seq)).where(FactRow.job_id == job.id))
    fact = replace(
        made_by,
        id=services.ids(),
        seq=(latest or 0) + 1,
        occurred_at=occurred_at,
        received_at=now,
        window=window,
        agreed=agreed,
    )
    values = fact_values(job, fact, actor=actor, source_id=source_id, external_id=external_id)
    session.add(FactRow(**values))
    session.flush()
    customer = session.scalars(
        select(JobPerson.id)
        .where(JobPerson.job_id == job.id, JobPerson.role == Role.CUSTOMER)
        .order_by(JobPerson.position)
    ).first()
    assert customer is not None
    take_back_facts(session, services, frozenset({made_by.id}), now=now)
    _give(session, services, job, customer, fact)


def _give(session: Session, services: Services, job: Job, customer: UUID, fact: Fact) -> None:
    """Enter in the ledger the window that a booking gave the customer, if it has one."""
    if fact.window is None:
        return
    session.add(
        Promise(
            id=services.ids(),
            brand_id=job.brand_id,
            job_id=job.id,
            job_person_id=customer,
            asserts=to_json(fact.window),
            given_at=fact.effective_at,
            tell_by=tell_by(
                JobKind(job.kind),
                fact.window,
                given_at=fact.effective_at,
                zone=ZoneInfo(job.zone),
            ),
            strength=Strength.GIVEN,
            fact_id=fact.id,
            recorded_at=fact.received_at,
        )
    )
    session.flush()
    refresh_told(session, customer)
