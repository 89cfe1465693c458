"""What stands among a job's facts: the lateness that may be taken back, the last answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifier.domain.facts import Fact, FactType
from notifier.store.facts import fact_of
from notifier.store.tables import FactRow

_ANSWERS = (FactType.ACCEPTED, FactType.DECLINED, FactType.TOLD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The latest word of each kind that nobody has taken back."""

    late: Fact | None = None
    answer: Fact | None = None  # from somebody on the job, or of a call to them


def read_standing(session: Session, job_ids: Iterable[UUID]) -> Mapping[UUID, Standing]:
    """Return what stands of each job."""
    rows = session.scalars(
        select(FactRow)
        .where(
            FactRow.job_id.in_(list(job_ids)),
            FactRow.type.in_((FactType.DELAYED, FactType.WITHDRAWN, *_ANSWERS)),
        )
        .order_by(FactRow.job_id, FactRow.seq)
    )
    facts: dict[UUID, list[Fact]] = defaultdict(list)
    for row in rows:
        facts[row.job_id].append(fact_of(row))
    return {job_id: _standing(found) for job_id, found in facts.items()}


def _standing(facts: list[Fact]) -> Standing:
    withdrawn = {fact.withdraws for fact in facts}
    left = [fact for fact in reversed(facts) if fact.id not in withdrawn]
    return Standing(
        late=next((fact for fact in left if fact.type is FactType.DELAYED), None),
        answer=next((fact for fact in left if fact.type in _ANSWERS), None),
    )
