"""When something happened: what a caller may say, and what can't have been."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from notifier.domain.facts import FactType
from notifier.domain.jobs import FACTS_OF, JobKind
from notifier.domain.windows import utc_text
from notifier.web.api.facts_in import FIELDS
from tests.fakes.clock import FakeClock
from tests.web.conftest import Api, an_order, booked, problem_fields

WINDOW = {"start": "2026-11-23T19:00:00Z", "end": "2026-11-23T21:00:00Z"}
LATER = {"start": "2026-11-23T19:45:00Z", "end": "2026-11-23T21:45:00Z"}
SAID: dict[str, Any] = {
    "minutes": 45,
    "window": LATER,
    "agreed": True,
    "technician": "Sam",
    "what": "call_back",
    "moment": "2026-11-24T19:00:00Z",
    "by_phone": True,
}


def said(type: FactType, **more: Any) -> dict[str, Any]:
    """Return a whole fact of that type."""
    window = WINDOW if type in (FactType.ACCEPTED, FactType.DECLINED) else LATER
    fields = {name: (SAID | {"window": window})[name] for name in FIELDS[type] & SAID.keys()}
    return {"type": type} | fields | more


def test_nothing_has_happened_tomorrow(api: Api, clock: FakeClock) -> None:
    """A time well ahead is a slip of a zone or a unit, of whatever fact; a clock may be off."""
    order = api.post("/orders", an_order()).json["id"]
    visit = booked(api)
    ahead = utc_text(clock() + timedelta(minutes=6))
    skewed = utc_text(clock() + timedelta(minutes=4))

    for kind, path in (
        (JobKind.APPOINTMENT, f"/appointments/{visit}"),
        (JobKind.ORDER, f"/orders/{order}"),
    ):
        for type in sorted(FACTS_OF[kind]):
            answer = api.post(f"{path}/facts", said(type, occurred_at=ahead))
            assert answer.status_code == 422, type
            assert problem_fields(answer) == ["occurred_at"], type
        assert len(api.get(path).json["facts"]) == 1
        assert api.post(f"{path}/facts", said(FactType.SPOKEN_TO, occurred_at=skewed)).json["fact"]


#: What rests on a promise or was said to somebody: there was none before the booking.
AFTER_THE_BOOKING = [
    FactType.ACCEPTED,
    FactType.DECLINED,
    FactType.DELAYED,
    FactType.PROMISED,
    FactType.RESCHEDULED,
    FactType.SPOKEN_TO,
    FactType.TOLD,
]


@pytest.mark.parametrize("type", sorted(FACTS_OF[JobKind.APPOINTMENT]))
def test_nobody_heard_of_a_job_before_it_was_booked(
    api: Api, clock: FakeClock, type: FactType
) -> None:
    """What merely happened may be older: a booking often reaches us after the van has left."""
    job = booked(api)
    before = utc_text(clock() - timedelta(minutes=6))

    answer = api.post(f"/appointments/{job}/facts", said(type, occurred_at=before))

    if type in AFTER_THE_BOOKING:
        assert answer.status_code == 422
        assert problem_fields(answer) == ["occurred_at"]
        assert "2026-11-23T17:00:00Z" in answer.text
    elif type is FactType.MISSED:  # their time is still to come
        assert answer.status_code == 422
        assert problem_fields(answer) == ["type"]
    else:
        assert answer.status_code == 202, answer.text
        assert answer.json["fact"]["occurred_at"] == before


def test_a_clock_that_is_a_little_slow_comes_after_the_booking(api: Api, clock: FakeClock) -> None:
    """A move that was agreed moves the promise that the booking gave, not the other way round."""
    job = booked(api)
    slow = utc_text(clock() - timedelta(minutes=4))

    answer = api.post(f"/appointments/{job}/facts", said(FactType.RESCHEDULED, occurred_at=slow))

    assert answer.status_code == 202
    after = answer.json["job"]
    assert (after["promised"], after["agreed"], after["told"]) == (WINDOW, LATER, LATER)


@pytest.mark.parametrize("what", ["call_back", "update"])
@pytest.mark.parametrize("end", ["cancelled", "missed", "completed"])
def test_a_call_or_news_can_be_promised_about_a_job_that_has_ended(
    api: Api, clock: FakeClock, end: str, what: str
) -> None:
    """What comes of a missed visit is what people most want to hear; the promise is kept."""
    job = booked(api)
    facts = f"/appointments/{job}/facts"
    clock.advance(hours=3)
    assert api.post(facts, {"type": end}).status_code == 202
    clock.advance(minutes=1)

    answer = api.post(facts, said(FactType.PROMISED, what=what))

    assert answer.status_code == 202
    promise = api.get(f"/appointments/{job}/promises").json["items"][-1]
    assert (promise["what"], promise["ending"]) == (what, "open")
