"""What planning one job reads, and what of it the job's row shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from notifier.domain.folding import JobState
from notifier.domain.jobs import JobKind
from notifier.domain.ledger.promises import TOLERANCE, tell_by
from notifier.domain.ledger.views import PersonView, reference_of
from notifier.domain.messages import Channel, Role
from notifier.domain.quiet.hours import QuietHours
from notifier.domain.schedule import WorkingDays, weekdays
from notifier.domain.windows import Window, local_date

_NOT_YET = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandManners:
    """What of a brand bears on planning."""

    quiet: QuietHours
    live_at: datetime | None  # what happened before owes nothing
    brand: str = ""  # slug
    works: WorkingDays = weekdays
    halted: frozenset[Channel] = frozenset()  # the providers refuse every sender of it
    absent: frozenset[Channel] = frozenset()  # no provider carries it


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedThrough:
    """What of the source that booked a job bears on planning."""

    live_at: datetime | None  # None: not yet, and until then it owes nothing
    says_itself: frozenset[str] = frozenset()  # statuses that its vendor tells customers of


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanInput:
    """Everything that planning one job reads, apart from the rules and the time."""

    job: UUID
    state: JobState
    zone: ZoneInfo  # of the place
    booked_at: datetime
    held: bool  # "hold, I'll call"
    people: tuple[PersonView, ...]
    manners: BrandManners
    through: BookedThrough | None = None  # None: no source booked it

    @property
    def owes_from(self) -> datetime | None:
        """Return since when anything is owed: what is older is history. None: since ever."""
        if self.through is None:
            return self.manners.live_at
        if self.through.live_at is None:
            return _NOT_YET
        return max(self.manners.live_at or self.through.live_at, self.through.live_at)


def current_tell_by(job: PlanInput) -> datetime | None:
    """Return the `tell_by` of the promise that the first customer holds: a window or a moment."""
    customer = next((p for p in job.people if p.role is Role.CUSTOMER), None)
    if customer is None or job.state.finished:
        return None
    reference = reference_of(customer, job.state.agreed)
    if not isinstance(reference.asserts, Window):
        return reference.update_by
    return tell_by(
        job.state.kind,
        reference.asserts,
        given_at=reference.at or job.booked_at,
        zone=job.zone,
    )


def is_late(state: JobState, zone: ZoneInfo) -> bool:
    """Return whether the job is believed to end after what was agreed, beyond the tolerance."""
    if state.finished or state.agreed is None:
        return False
    if not isinstance(state.expected, Window):
        return state.expected is not None
    if state.kind is JobKind.ORDER:
        return local_date(state.expected.end, zone) > local_date(state.agreed.end, zone)
    return state.expected.end - state.agreed.end > TOLERANCE
