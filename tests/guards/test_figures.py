"""What guards stop can be watched: by `/readyz`, and in figures that name nobody."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy.orm import Session, sessionmaker

from notifier.checkup.diagnosis import diagnose
from notifier.checkup.readiness import check_readiness
from notifier.domain.findings import Level
from notifier.web.metrics import StoredFigures
from tests.desk import Desk, make_desk
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds
from tests.guards.test_brake import booked
from tests.guards.test_caps import guarded


@pytest.fixture
def desk(sessions: sessionmaker[Session], clock: FakeClock, ids: FakeIds) -> Desk:
    """Return a desk of which everything is limited, with ids of its own day."""
    desk = guarded(make_desk(sessions, clock), brake_from=3, texts_per_day=1)
    return replace(desk, services=replace(desk.services, ids=ids))


def test_what_the_brake_holds_is_a_warning(desk: Desk) -> None:
    """Whoever is paged by `/readyz` hears of it too."""
    assert _braked(desk) == (Level.OK, 0)
    booked(desk, *range(5))
    desk.deliver()
    assert _braked(desk) == (Level.WARNING, 5)


def test_the_doctor_says_what_to_do_about_what_the_brake_holds(desk: Desk) -> None:
    """It is a line among the others."""
    booked(desk, *range(5))
    desk.deliver()
    nobody_listens = replace(desk.services, public_url="http://127.0.0.1:9")

    found = {one.subject: one for one in diagnose(nobody_listens, webhook_key=None)}

    assert found["braked message"].level is Level.WARNING
    assert "board" in (found["braked message"].remedy or "")


def test_what_was_stopped_is_counted_by_guard(desk: Desk) -> None:
    """Of the last day; no number, no person and no job is in it."""
    booked(desk, 1, 2)
    desk.deliver()
    booked(desk, *range(10, 15))
    desk.deliver()
    (family,) = [
        family
        for family in StoredFigures(desk.services).collect()
        if family.name == "notifier_stopped_by_guards_last_day"
    ]
    counted = {sample.labels["guard"]: sample.value for sample in family.samples}
    assert counted == {"day_cap": 1, "braked": 5}


def _braked(desk: Desk) -> tuple[Level, float | None]:
    (check,) = [one for one in check_readiness(desk.services) if one.name == "braked_message_count"]
    return check.level, check.value
