"""What Cal.com's events are read as, in the tests of its adapter."""

from datetime import UTC, datetime, timedelta
from typing import Any

from notifier.domain.facts import FactType
from notifier.sources.calcom import translate
from notifier.sources.protocol import Ignored, Incoming, SourceEvent
from tests.sources.calcom_events import body_of

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
START = datetime(2026, 11, 25, 18, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def one(said: dict[str, Any]) -> SourceEvent:
    """Return the one fact of an event that has one."""
    answer = translate(Incoming({}, body_of(said)))
    assert isinstance(answer, tuple), answer
    (fact,) = answer
    return fact


def moved(said: dict[str, Any]) -> SourceEvent:
    """Return the booking of an event that moved it, once it says of the same who comes."""
    answer = translate(Incoming({}, body_of(said)))
    assert isinstance(answer, tuple), answer
    booked, reassigned = answer
    assert (reassigned.type, reassigned.technician) == (FactType.REASSIGNED, "Sam")
    assert (reassigned.join, reassigned.occurred_at) == (booked.join, booked.occurred_at)
    return booked


def why_ignored(said: dict[str, Any]) -> str:
    """Return why an event is nothing for us."""
    answer = translate(Incoming({}, body_of(said)))
    assert isinstance(answer, Ignored), answer
    return answer.why
