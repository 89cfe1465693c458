"""Shopify's fulfillment events, from body to facts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from notifier.domain.facts import ESTIMATE, FactType
from notifier.domain.windows import UNKNOWN
from notifier.sources.parts.estimates import DayOf
from notifier.sources.protocol import ByReference, Ignored, SourceEvent, StandsAs, Untranslatable
from notifier.sources.shopify import STATUSES, translate
from tests.sources.shopify_events import delivered, happened

NOW = datetime(2026, 11, 23, 17, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = NOW + 48 * HOUR


def said(status: str = "out_for_delivery", **changes: Any) -> tuple[SourceEvent, ...] | Ignored:
    """Return what an event of an hour ago says."""
    body = happened(status, NOW - HOUR, **{"updated_at": str(NOW), **changes})
    translation = translate(delivered("fulfillment_events/create", body))
    assert isinstance(translation, tuple | Ignored)
    return translation


def facts(**changes: Any) -> tuple[SourceEvent, ...]:
    """Return the facts that an event of an hour ago says."""
    found = said(**changes)
    assert isinstance(found, tuple)
    return found


def test_it_says_when_it_happened_and_when_the_parcel_comes() -> None:
    """Each by its own clock, of all parcels of the fulfillment that it names."""
    status, estimate = facts(estimated_delivery_at=DAY.isoformat(), message="On the van")

    for fact in (status, estimate):
        assert fact.join == ByReference("fulfillment 255858046")
        assert fact.of_shipment == "fulfillment 255858046"
    assert (status.type, status.occurred_at) == (FactType.OUT_FOR_DELIVERY, NOW - HOUR)
    assert status.stands_as == StandsAs("out_for_delivery", anew=True)
    assert (status.note, status.expected) == ("On the van", None)
    assert (estimate.type, estimate.occurred_at) == (FactType.DELAYED, NOW)
    assert estimate.expected == DayOf(DAY)
    assert estimate.stands_as is not None
    assert estimate.stands_as.about == ESTIMATE


def test_delayed_is_unknown_only_where_no_day_is_named() -> None:
    """With one it is on its way, and later."""
    (nobody_knows,) = facts(status="delayed")
    assert (nobody_knows.type, nobody_knows.expected) == (FactType.DELAYED, UNKNOWN)

    late, until = facts(status="delayed", estimated_delivery_at=DAY.isoformat())
    assert (late.type, late.expected) == (FactType.IN_TRANSIT, None)
    assert (until.type, until.expected) == (FactType.DELAYED, DayOf(DAY))


@pytest.mark.parametrize("word", STATUSES)
def test_every_status_means_what_it_means_of_a_fulfillment(word: str) -> None:
    """In either case."""
    meant = STATUSES[word]
    for written in (word, word.upper()):
        found = said(status=written)
        types = [fact.type for fact in found] if isinstance(found, tuple) else []
        assert types == ([meant] if meant is not None else [])


@pytest.mark.parametrize("status", ["delivered", "picked_up", "ready_for_pickup"])
def test_what_is_there_has_no_day_any_more(status: str) -> None:
    """The estimate that still comes with it is no news."""
    (fact,) = facts(status=status, estimated_delivery_at=DAY.isoformat())
    assert fact.type is not FactType.DELAYED


def test_a_status_of_next_year_may_still_give_a_day() -> None:
    """Neither is nothing for us."""
    (estimate,) = facts(status="teleported", estimated_delivery_at=DAY.isoformat())
    assert estimate.type is FactType.DELAYED
    assert isinstance(said(status="teleported"), Ignored)


@pytest.mark.parametrize("number", [None, "255858046", 1.5, True, {}])
def test_an_event_of_no_fulfillment_cant_be_read(number: object) -> None:
    """Nor is it taken for the whole order."""
    with pytest.raises(Untranslatable, match="fulfillment_id"):
        said(fulfillment_id=number)
