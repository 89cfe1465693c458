"""Bodies that no vendor would send: a translator names what is wrong, and never crashes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifier.sources.protocol import (
    Ignored,
    Incoming,
    Needs,
    OptedOut,
    Renamed,
    SourceEvent,
    Untranslatable,
)
from notifier.sources.registry import adapters
from tests.sources.mutated_bodies import KINDS, mutated_bodies

#: Their webhooks say nothing by themselves.
_POINTERS = {"jobber", "shipstation"}


@settings(max_examples=1500)
@given(mutated_bodies())
def test_no_body_crashes_a_translator(mutated: tuple[str, dict[str, str], bytes]) -> None:
    """Whatever is replaced, dropped or cut off: facts, ignored, or a sentence saying what."""
    kind, headers, body = mutated
    try:
        answer = adapters()[kind].translate(Incoming(headers, body))
    except Untranslatable:
        return
    if isinstance(answer, Ignored):
        assert answer.why
        return
    assert answer
    if isinstance(answer, Needs):
        assert kind in _POINTERS, "without a key nobody is asked"
        assert answer.questions
        return
    if isinstance(answer, OptedOut):
        assert answer.phone
        return
    if isinstance(answer, Renamed):
        assert answer.join.later
        return
    for event in answer:
        assert isinstance(event, SourceEvent)
        assert event.occurred_at is None or event.occurred_at.utcoffset() is not None


@settings(max_examples=500)
@given(st.sampled_from(KINDS), st.binary(max_size=200))
def test_bytes_that_are_no_event_are_untranslatable(kind: str, body: bytes) -> None:
    """Noise is refused in words."""
    with pytest.raises(Untranslatable):
        adapters()[kind].translate(Incoming({}, body))
