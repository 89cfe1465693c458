"""Which kind of message needs which consent: data, and the strictest reading wins."""

from __future__ import annotations

import pytest

from notifier.domain.consent import ConsentPolicy, Needs
from notifier.domain.messages import MessageKind

TRANSACTIONAL, CARE, MARKETING = MessageKind

POLICY = ConsentPolicy(
    regions={
        "DE": {CARE: Needs.IF_GRANTED},
        "FR": {CARE: Needs.UNLESS_REFUSED, MARKETING: Needs.NEVER},
        "MX": {MARKETING: Needs.UNLESS_REFUSED},
    }
)


def test_nothing_said_leaves_what_was_booked_and_care() -> None:
    """Nobody is sold to who did not agree to it."""
    assert ConsentPolicy().closed_to({}, {"US"}) == {MARKETING}


@pytest.mark.parametrize("kind", [TRANSACTIONAL, CARE, MARKETING])
def test_a_refusal_closes_its_kind_and_no_other(kind: MessageKind) -> None:
    """Somebody may want the news and no thanks, or the thanks and no offers."""
    agreed = dict.fromkeys(MessageKind, True)
    assert ConsentPolicy().closed_to(agreed | {kind: False}, {"US"}) == {kind}


def test_an_agreement_opens_what_needs_one() -> None:
    """Marketing goes to those who asked for it."""
    assert ConsentPolicy().closed_to({MARKETING: True}, {"US"}) == frozenset()


def test_a_region_may_need_more() -> None:
    """There care needs an agreement of its own."""
    assert POLICY.closed_to({}, {"DE"}) == {CARE, MARKETING}
    assert POLICY.closed_to({CARE: True}, {"DE"}) == {MARKETING}


def test_what_is_never_sent_somewhere_is_not_opened_by_an_agreement() -> None:
    """The table says so, whatever the form said."""
    assert POLICY.closed_to({MARKETING: True}, {"FR"}) == {MARKETING}


def test_of_several_regions_the_strictest_reading_wins() -> None:
    """A brand here, a number there: each of them counts, also where one needs less."""
    assert POLICY.needs(CARE, {"US", "DE", "FR"}) is Needs.IF_GRANTED
    assert POLICY.needs(MARKETING, {"MX"}) is Needs.UNLESS_REFUSED
    assert POLICY.needs(MARKETING, {"MX", "US"}) is Needs.IF_GRANTED
    assert POLICY.needs(MARKETING, {"MX", "US", "FR"}) is Needs.NEVER


def test_without_a_region_the_general_line_holds() -> None:
    """A number of nowhere is read as everybody's."""
    assert POLICY.needs(CARE, frozenset()) is Needs.UNLESS_REFUSED
