"""What the runs of the model tried, so that one that tried nothing does not pass for a success."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.model.watch import Watch


class Tally:
    """Counts over many runs."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def add(self, watch: Watch) -> None:
        """Add one finished run."""
        said = [one for each in watch.said.values() for one in each]
        self.counts["runs"] += 1
        self.counts["facts"] += len(watch.world.facts)
        self.counts["messages"] += len({one.row.id for one in said})
        self.counts["calls to providers"] += len(said)
        self.counts["tasks"] += len(watch.world.tasks)
