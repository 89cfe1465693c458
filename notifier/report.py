"""How the promises of a brand ended over some time, by whom or why."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from notifier.domain.ledger.endings import Ending, PromiseView
from notifier.domain.ledger.report import PromiseReport, ReportLine
from notifier.domain.windows import utc_text
from notifier.errors import Invalid
from notifier.ledgers import GivenBy, JobLedger, read_ledgers
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import Brand, Promise, Source, Technician
from notifier.store.vault import opened

#: Jobs read in one transaction, so that a report never holds one for long.
_STEP = 100
_DAY = timedelta(days=1)

#: A few days within what the calendar of a computer knows, so that any zone has their midnights.
_FIRST_DAY, _LAST_DAY = date.min + 3 * _DAY, date.max - 4 * _DAY


class By(StrEnum):
    """What the lines of a report are grouped by."""

    TECHNICIAN = "technician"  # who goes, or went
    RULE = "rule"  # whose message gave it; else booking, phone or answer
    SOURCE = "source"  # who said what the promise rests on
    REASON = "reason"  # of the change, as it was recorded


def report_promises(
    services: Services,
    brand_id: UUID,
    *,
    since: date,
    until: date | None = None,
    by: By | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[ReportLine]:
    """Return how the promises ended that were due from `since` to `until`.

    :param since, until: days in the brand's zone, both included; `until` is today without one.
    :param progress: called after each hundred jobs with how many are read, of how many.
    :raises Invalid: if `until` lies before `since`.
    """
    now = services.now()
    since = max(_FIRST_DAY, min(since, _LAST_DAY))
    until = max(_FIRST_DAY, min(until, _LAST_DAY)) if until is not None else None
    with reading(services.sessions) as session:
        zone = ZoneInfo(session.get_one(Brand, brand_id).zone)
        last = until or now.astimezone(zone).date()
        if last < since:
            raise Invalid("until", f"{last} lies before {since}")
        report = PromiseReport(since=_midnight(since, zone), until=_midnight(last + _DAY, zone))
        job_ids = _jobs_with_promises(session, brand_id, report.since, report.until)
        names = _names(session, services, brand_id, by)
    for done in range(0, len(job_ids), _STEP):
        step = job_ids[done : done + _STEP]
        with reading(services.sessions) as session:
            ledgers = read_ledgers(session, step, now=now)
        for ledger in ledgers:
            for person in ledger.people:
                report.take(person.promises, lambda view, of=ledger: _group(of, view, by, names))  # type: ignore[misc]
        progress(done + len(step), len(job_ids))
    return report.lines()


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone)


def _jobs_with_promises(
    session: Session, brand_id: UUID, since: datetime, until: datetime
) -> list[UUID]:
    """Return the jobs with a promise due about then; what is exactly within is counted later."""
    from_, to = since - _DAY, until + _DAY
    end = Promise.asserts["end"].as_string()
    return list(
        session.scalars(
            select(Promise.job_id)
            .where(
                Promise.brand_id == brand_id,
                or_(
                    Promise.moment.between(from_, to),
                    and_(end >= utc_text(from_), end <= utc_text(to)),
                ),
            )
            .distinct()
            .order_by(Promise.job_id)
        )
    )


def _names(session: Session, services: Services, brand_id: UUID, by: By | None) -> dict[UUID, str]:
    if by is By.TECHNICIAN:
        people = session.scalars(select(Technician).where(Technician.brand_id == brand_id))
        return {row.id: opened(services.vault, row.key, row.name) or "erased" for row in people}
    if by is By.SOURCE:
        sources = session.scalars(select(Source).where(Source.brand_id == brand_id))
        return {row.id: row.name for row in sources}
    return {}


def _group(ledger: JobLedger, view: PromiseView, by: By | None, names: dict[UUID, str]) -> str:
    if by is None:
        return "all"
    if by is By.TECHNICIAN:
        return names.get(ledger.technician, "nobody") if ledger.technician else "nobody"
    if by is By.RULE:
        how = ledger.given_by(view)
        return view.entry.rule or "message" if how is GivenBy.MESSAGE else how
    if by is By.SOURCE:
        return _source(ledger, view.entry.rests_on, names)
    return _reason(ledger, view)


def _source(ledger: JobLedger, fact_id: UUID | None, names: dict[UUID, str]) -> str:
    fact = ledger.facts.get(fact_id) if fact_id is not None else None
    if fact is None:
        return "unknown"
    integration = ledger.integrations.get(fact.id)
    return names.get(integration, fact.source) if integration is not None else fact.source


def _reason(ledger: JobLedger, view: PromiseView) -> str:
    if view.ending in (Ending.KEPT, Ending.OPEN):
        return "unchanged"
    cause = ledger.facts.get(view.cause) if view.cause is not None else None
    return cause.reason if cause is not None and cause.reason is not None else "none given"
