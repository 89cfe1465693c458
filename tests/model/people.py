"""Somebody of the job, with the moments that they were promised and what they heard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta

from notifier.domain.caps import Heard
from notifier.domain.facts import PromiseKind
from notifier.domain.ledger.entries import Entry, Word
from notifier.domain.ledger.open_moments import open_moments
from notifier.domain.ledger.outcomes import Course
from notifier.domain.ledger.views import (
    Given,
    OpenMoment,
    PastMessage,
    PersonView,
)
from notifier.domain.messages import (
    TAKEN,
    MessageStatus,
)
from tests.domain.stage import Somebody

#: In which a person gets no more messages than the cap allows.
CAP_PERIOD = timedelta(hours=24)


@dataclass
class Person(Somebody):
    """Somebody of the job, with the moments that they were promised."""

    promised: list[Entry] = field(default_factory=list)
    course: Callable[[], Course] | None = None

    def view(self) -> PersonView:
        """Return them as planning sees them, with what they heard lately."""
        return replace(super().view(), heard=tuple(self._heard()))

    def _heard(self) -> Iterator[Heard]:
        for row in self.rows.values():
            if row.claimed_at is not None and row.may_have_reached:
                kind = self.owed[row.id].rule.kind
                at = row.accepted_at or row.claimed_at
                yield Heard(at=at, kind=kind, to_them=True, contact=row.contact)

    def _moments(self) -> tuple[OpenMoment, ...]:
        if not self.promised or self.course is None:
            return ()
        entries = [*self.promised, *(self._entry(given) for given in self.given)]
        origins = {entry.message for entry in entries}
        words = [
            Word(at=row.handed_over, asserts=row.asserts, rests_on=row.rests_on)
            for row in self.rows.values()
            if row.id not in origins and row.handed_over is not None and _arrived(row)
        ]
        return open_moments(entries, words, self.course(), self.id)

    def _entry(self, given: Given) -> Entry:
        return Entry(
            what=PromiseKind.WINDOW,
            asserts=given.asserts,
            moment=None,
            given_at=given.given_at,
            tell_by=None,
            strength=given.strength,
            message=given.message,
            fact=given.fact,
            rests_on=self.rows[given.message].rests_on if given.message else given.fact,
        )


def _arrived(row: PastMessage) -> bool:
    silent = row.status in TAKEN and not row.gives_receipts
    return silent or row.status is MessageStatus.DELIVERED
