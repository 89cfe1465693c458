"""A job that can't be worked on stops nobody else: all together, else one by one.

Many jobs are worked on in one transaction. Where one of them breaks it, by a bug or by data
that can't be read, all of it is undone and done again, each job in a transaction of its own.
Whichever fails then is put off, and a person is told. Trouble with the database is no job's
fault, and is raised as ever.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import PurePath
from typing import Protocol, TypeVar
from uuid import UUID

import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from notifier.services import Services
from notifier.store import outbox
from notifier.store.tables import Job
from notifier.store.tasks import owe_task

_log = structlog.get_logger()

#: The task that tells a person of a job that fails.
JOB_FAILED = "job_failed"

#: After which a job that failed is tried again. So long it is behind all others that are due.
PUT_OFF = timedelta(minutes=5)

_T = TypeVar("_T")


class Planning(Protocol):
    """Sees to it that the outbox of jobs will hold what is owed."""

    def __call__(
        self, session: Session, services: Services, job_ids: Sequence[UUID], /, *, now: datetime
    ) -> object: ...


def together_or_each(
    services: Services,
    take: Callable[[Session], Sequence[UUID]],
    do: Callable[[Session, Sequence[UUID], bool], _T],
) -> list[_T]:
    """Take jobs and work on them; return what came of it, once for all or once for each.

    :param take: locks jobs and returns them; none: nothing is to be done.
    :param do: works on jobs that are locked. Where it is told that one is alone, it takes no
        other job along, so that what fails is that one.
    """
    jobs: Sequence[UUID] = ()
    try:
        with services.sessions.begin() as session:
            jobs = take(session)
            return [do(session, jobs, False)] if jobs else []
    except Exception as error:
        if not jobs or is_the_databases(error):
            raise
        _log.warning("done_one_by_one", jobs=len(jobs), error=type(error).__name__)
    done: list[_T] = []
    for job_id in jobs:
        try:
            done += _alone(services, job_id, do)
        except Exception:
            if not done:
                raise
            _log.warning("rest_left_undone", done=len(done))
            break  # what is committed goes on; the rest is as due as it was
    return done


def planned_or_soon(plan: Planning, record: Callable[[Planning], _T]) -> _T:
    """Record what happened and plan on from it; where that fails, record it and plan soon.

    What a provider answered is known only once: no fault in planning may lose it.

    :param record: in a transaction of its own, that ends with the planning it is handed.
    """
    try:
        return record(plan)
    except Exception as error:
        if is_the_databases(error):
            raise
        _log.error("recorded_unplanned", error=type(error).__name__, at=_place(error))
        return record(plan_soon)


def plan_soon(
    session: Session, _services: Services, job_ids: Sequence[UUID], /, *, now: datetime
) -> None:
    """Let the tick plan these jobs, where each that fails is found out by itself."""
    session.execute(update(Job).where(Job.id.in_(job_ids)).values(look_at=now))


def _alone(
    services: Services, job_id: UUID, do: Callable[[Session, Sequence[UUID], bool], _T]
) -> list[_T]:
    """Work on one job, unless somebody else does."""
    try:
        with services.sessions.begin() as session:
            if not outbox.lock_jobs(session, [job_id], wait=False):
                return []
            return [do(session, [job_id], True)]
    except Exception as error:
        if is_the_databases(error):
            raise
        _put_off(services, job_id, error)
        return []


def _put_off(services: Services, job_id: UUID, error: Exception) -> None:
    """Let all that is due of a job wait, and ask a person to look after it, once a day."""
    _log.error("job_put_off", job_id=str(job_id), error=type(error).__name__, at=_place(error))
    now = services.now()
    with services.sessions.begin() as session:
        brand_id = session.scalar(select(Job.brand_id).where(Job.id == job_id).with_for_update())
        if brand_id is None:
            return
        outbox.put_off(session, job_id, due_by=now, until=now + PUT_OFF)
        owe_task(
            session,
            id=services.ids(),
            brand_id=brand_id,
            key=f"{JOB_FAILED}:{job_id}:{now.date()}",
            kind=JOB_FAILED,
            why=JOB_FAILED,
            due_at=now,
            created_at=now,
            job_id=job_id,
        )


def is_the_databases(error: Exception) -> bool:
    """Return whether the database failed, not what was asked of it for one job."""
    return isinstance(error, (DBAPIError, PoolTimeout)) and not isinstance(
        error, (DataError, IntegrityError)
    )


def _place(error: Exception) -> str | None:
    """Return file and line that raised it: its text may quote somebody's data."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else None
