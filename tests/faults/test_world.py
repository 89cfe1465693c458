"""What a case stands on: its verdict waits for the end."""

from __future__ import annotations

import pytest

from tests.faults import world
from tests.faults.ground import Ground

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]


def test_a_world_that_is_stuck_is_not_clean(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though nobody was owed what is still due: nothing says that it would have ended well."""
    monkeypatch.setattr(world, "_STUCK_S", 1)
    with ground.world("sqlite") as without_workers:
        without_workers.book(1)
        without_workers.owed.clear()

        verdict = without_workers.verdict()

    assert (verdict.lost, verdict.restless) == (0, 1)
    assert not verdict.clean
