"""What the machine's own clocks are read for."""

from __future__ import annotations

import sys
import time

import pytest

from notifier.clock import steady_seconds


@pytest.mark.skipif(sys.platform != "linux", reason="Elsewhere there is no such clock.")
def test_a_machine_that_slept_knows_for_how_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock that is read counts a suspended laptop's hours; the monotonic one does not."""
    clocks = {time.CLOCK_BOOTTIME: 3700.0, time.CLOCK_MONOTONIC: 100.0}
    monkeypatch.setattr(time, "clock_gettime", clocks.__getitem__)
    monkeypatch.setattr(time, "monotonic", lambda: 100.0)

    assert steady_seconds() == 3700.0
