"""Bodies that no vendor would send: a translator names what is wrong, and never crashes."""

import copy
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifier.sources.protocol import (
    Ignored,
    Incoming,
    Needs,
    SourceAdapter,
    SourceEvent,
    Untranslatable,
)
from notifier.sources.registry import adapters
from tests.sources import calendly_events, generic_events, onfleet_events
from tests.sources.aftership_events import checkpoint, tracking_event
from tests.sources.calcom_events import Visit
from tests.sources.easypost_events import Parcel
from tests.sources.shipengine_events import scan, track_event
from tests.sources.shippo_events import track_updated

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)

_SEEDS: dict[str, list[Any]] = {
    "shipengine": [
        track_event(
            scan("EX", "2026-11-23T16:00:00Z", detail="CARRIER_DELAYS"),
            scan("IT", "2026-11-23T11:20:00Z", carrier_at="2026-11-23T04:20:00-07:00"),
            estimated_delivery_date="2026-11-26T00:00:00Z",
        ),
    ],
    "shippo": [
        track_updated("TRANSIT", NOW, substatus="delayed", eta="2026-11-26T00:00:00Z"),
    ],
    "aftership": [
        tracking_event(
            "Exception",
            NOW,
            subtag="Exception_017",
            subtag_message="Delayed (Extreme weather)",
            latest_estimated_delivery={"datetime": "2026-11-26"},
            checkpoints=[checkpoint("Exception", "2026-11-23T08:10:00", learnt=NOW)],
        ),
    ],
    "onfleet": [
        onfleet_events.Task(NOW).event(9, NOW, worker=onfleet_events.SAM),
        onfleet_events.Task(NOW).event(1, NOW, etaSeconds=300.5),
        onfleet_events.Task(NOW).event(2, NOW, distance=134.5),
        onfleet_events.Task(NOW).event(4, NOW),
        onfleet_events.Task(NOW).event(12, NOW, delay=522.5),
    ],
    "calendly": [
        calendly_events.Visit(NOW, NOW).created(),
        *calendly_events.Visit(NOW, NOW).moved(NOW, to=NOW + timedelta(days=1)),
        calendly_events.Visit(NOW, NOW).canceled(NOW, by="host"),
    ],
    "calcom": [
        Visit(NOW).created(NOW),
        Visit(NOW).moved(NOW, to=NOW + timedelta(days=1)),
        Visit(NOW).cancelled(NOW, cancelledBy="ada@example.com"),
        Visit(NOW).not_there(NOW),
    ],
    "easypost": [
        Parcel().scanned("in_transit", NOW, estimate=NOW + timedelta(days=1)),
        Parcel().scanned("failure", NOW, detail="delivery_exception"),
    ],
    "generic": [
        json.loads(generic_events.event("appointment.delayed", NOW, reference="A", minutes=45)),
        json.loads(
            generic_events.event(
                "order.booked",
                NOW,
                reference="ORD-1",
                parcels=[{"carrier": "UPS", "tracking_code": "1Z"}],
                window={"start": "2026-11-23T18:00:00Z", "end": "2026-11-23T20:00:00Z"},
                customer={"name": "Ada Park", "phone": "+12065550100"},
            )
        ),
    ],
}

_TIMES = st.sampled_from(
    ["2026-11-23", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-11-23T25:00:00Z"]
)
_ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | _TIMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of everything inside `value`."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    found: list[tuple[Any, ...]] = []
    for key, inner in items if isinstance(value, dict | list) else ():
        found.append((*path, key))
        if isinstance(inner, dict | list):
            found.extend(_paths(inner, (*path, key)))
    return found


@st.composite
def _mutated(draw: st.DrawFn) -> tuple[SourceAdapter, bytes]:
    """Draw an adapter, and a body of its with a few values replaced, dropped or cut off."""
    kind = draw(st.sampled_from(sorted(_SEEDS)))
    body = copy.deepcopy(draw(st.sampled_from(_SEEDS[kind])))
    for _ in range(draw(st.integers(1, 3))):
        paths = _paths(body)
        if not paths:
            break
        *way, last = draw(st.sampled_from(paths))
        place = body
        for step in way:
            place = place[step]
        if draw(st.booleans()):
            place[last] = draw(_ODD)
        else:
            del place[last]
    raw = json.dumps(body).encode()
    return adapters()[kind], raw[: draw(st.integers(0, len(raw)))] if draw(_RARELY) else raw


_RARELY = st.integers(0, 9).map(lambda number: number == 0)


@settings(max_examples=1500, deadline=None)
@given(_mutated())
def test_no_body_crashes_a_translator(mutated: tuple[SourceAdapter, bytes]) -> None:
    """Whatever is replaced, dropped or cut off: facts, ignored, or a sentence saying what."""
    adapter, body = mutated
    try:
        answer = adapter.translate(Incoming({}, body))
    except Untranslatable:
        return
    if isinstance(answer, Ignored):
        assert answer.why
        return
    assert answer
    assert not isinstance(answer, Needs), "without a key nobody is asked"
    for event in answer:
        assert isinstance(event, SourceEvent)
        assert event.occurred_at is None or event.occurred_at.utcoffset() is not None


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(sorted(_SEEDS)), st.binary(max_size=200))
def test_bytes_that_are_no_event_are_untranslatable(kind: str, body: bytes) -> None:
    """Noise is refused in words."""
    with pytest.raises(Untranslatable):
        adapters()[kind].translate(Incoming({}, body))
