"""Every (status, event) pair of a message is decided, and nothing moves back."""

from itertools import permutations, product

import pytest

from notifier.domain.messages import MessageStatus
from notifier.domain.sending.transitions import COUNTS_FOR_ANY_ATTEMPT, TABLE, MessageEvent, after

# One line a status, one letter an event in the order of `MessageEvent`. "." stays.
_LETTERS = {
    ".": None,
    "A": MessageStatus.ACCEPTED,
    "S": MessageStatus.SENT,
    "D": MessageStatus.DELIVERED,
    "U": MessageStatus.UNDELIVERED,
    "f": MessageStatus.DEFERRED,
    "R": MessageStatus.REJECTED,
    "?": MessageStatus.UNKNOWN,
    "H": MessageStatus.HELD,
    "X": MessageStatus.SUPPRESSED,
}
#     answers  lapse | look-up | accepted sent delivered | failures | opt-outs | rest
EXPECTED = {
    "planned": "A.....A..ASDUUUXXA.",
    "ready": "A.....A..ASDUUUXXA.",
    "claimed": "AffR??A..ASDUUU..A.",
    "accepted": "..........SDUUU....",
    "sent": "...........DUUU....",
    "delivered": "............UUU....",
    "undelivered": "...................",
    "deferred": "A.....A..ASDUUUXXA.",
    "rejected": "...........D.......",
    "unknown": "AffR..AfHASDUUU..A.",
    "held": "AffR..A..ASDUUU..A.",
    "superseded": "A.....A..ASD.....A.",
    "expired": "A.....A..ASD.....A.",
    "suppressed": "A.....A..ASD.....A.",
    "skipped": "A.....A..ASD.....A.",
}

_RECEIPTS = [event for event in MessageEvent if event.name.startswith("RECEIPT_")]


@pytest.mark.parametrize("status", list(MessageStatus))
def test_every_pair_is_decided_as_written_here(status: MessageStatus) -> None:
    """The table by which messages move is this one, letter by letter."""
    decided = [after(status, event) for event in MessageEvent]

    expected = [_LETTERS[letter] or status for letter in EXPECTED[status]]
    assert decided == expected


def test_the_table_has_every_pair() -> None:
    """A status or an event that is added must be decided for all of the others."""
    assert set(TABLE) == set(product(MessageStatus, MessageEvent))


@pytest.mark.parametrize("event", list(MessageEvent))
@pytest.mark.parametrize("status", list(MessageStatus))
def test_the_same_event_again_changes_nothing(status: MessageStatus, event: MessageEvent) -> None:
    """Providers repeat themselves; SendGrid's events come three times on average."""
    once = after(status, event)

    assert after(once, event) == once


def test_a_receipt_that_beats_our_own_settle_wins() -> None:
    """Delivered before our commit of "accepted" stays delivered after it."""
    early = after(MessageStatus.CLAIMED, MessageEvent.RECEIPT_DELIVERED)

    assert after(early, MessageEvent.ANSWERED_ACCEPTED) is MessageStatus.DELIVERED


def test_receipts_end_in_the_same_status_whatever_their_order() -> None:
    """Four receipts and our own answer, in each of their orders, mean one thing."""
    for last, end in (
        (MessageEvent.RECEIPT_DELIVERED, MessageStatus.DELIVERED),
        (MessageEvent.RECEIPT_BOUNCED, MessageStatus.UNDELIVERED),
    ):
        events = (
            MessageEvent.ANSWERED_ACCEPTED,
            MessageEvent.RECEIPT_ACCEPTED,
            MessageEvent.RECEIPT_SENT,
            MessageEvent.RECEIPT_DELIVERED,
            last,
        )
        for order in permutations(events):
            status = MessageStatus.CLAIMED
            for event in order:
                status = after(status, event)
            assert status is end, order


def test_no_receipt_makes_a_message_go_again() -> None:
    """Only our own look-up says that a message may be sent a second time."""
    waiting = {MessageStatus.PLANNED, MessageStatus.READY, MessageStatus.DEFERRED}
    for status, event in product(set(MessageStatus) - waiting, _RECEIPTS):
        assert after(status, event) not in waiting


def test_an_earlier_attempts_failure_says_nothing_of_a_later_one() -> None:
    """What tells of a person reached counts for any attempt; failures and doubt do not."""
    for event in COUNTS_FOR_ANY_ATTEMPT:
        assert after(MessageStatus.CLAIMED, event) not in {
            MessageStatus.UNDELIVERED,
            MessageStatus.REJECTED,
            MessageStatus.DEFERRED,
            MessageStatus.UNKNOWN,
        }


def test_what_counts_whichever_attempt_it_speaks_of_is_this_and_no_more() -> None:
    """That the person has it, or may have, and what they did themselves."""
    assert {str(event) for event in COUNTS_FOR_ANY_ATTEMPT} == {
        "answered_accepted",
        "found",
        "receipt_accepted",
        "receipt_deferred",
        "receipt_sent",
        "receipt_delivered",
        "receipt_opted_out",
        "receipt_complained",
    }
