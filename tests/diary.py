"""What was explained while it was the present, to hold against what is explained later."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from notifier.explain import explain
from tests.desk import Desk


@dataclass
class Diary:
    """What was explained at each moment while it was the present; `rule` limits it to one."""

    desk: Desk
    job: UUID
    rule: str | None = None
    pages: list[tuple[datetime, list[object]]] = field(default_factory=list)

    def write(self) -> None:
        """Keep what is explained now, and let a second pass."""
        self.pages.append((self.desk.clock(), self.read()))
        self.desk.clock.advance(seconds=1)

    def read(self, at: datetime | None = None) -> list[object]:
        """Return everything that is explained of the job, comparable."""
        return [
            (one.rule, one.role, one.owed, one.reason, one.in_the_way, one.send_at, one.values)
            for one in explain(self.desk.services, self.desk.brand, self.job, at=at)
            if self.rule in (None, one.rule)
        ]

    def must_still_hold(self) -> None:
        """Every page reads the same, asked for from today."""
        assert len(self.pages) > 1
        for at, said in self.pages:
            changed = [pair for pair in zip(self.read(at), said, strict=True) if pair[0] != pair[1]]
            assert not changed, (at, changed)
