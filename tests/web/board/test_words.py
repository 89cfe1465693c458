"""What a dispatcher reads where the record holds a code."""

from __future__ import annotations

import pytest

from notifier.web.board.words.tasks import task_why
from notifier.web.board.words.why_not import why_not_words


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("opted_out", "asked for no more messages"),
        ("21610", "opted out with STOP (21610)"),
        ("reputation", "the mail server distrusts our sending domain (reputation)"),
        ("mailbox_unavailable", "the mailbox is full or closed for now (mailbox unavailable)"),
        ("smtp_554", "the mail was refused (SMTP 554)"),
        ("http_500", "the provider failed (HTTP 500)"),
        ("read_timeout", "the provider did not answer in time"),
        ("99999", "99999"),
        (None, ""),
    ],
)
def test_a_reason_is_told_in_words(reason: str | None, words: str) -> None:
    """Whichever provider's it is; a code can still be looked up, our own names need not be."""
    assert why_not_words(reason) == words


def test_a_call_says_why_in_words() -> None:
    """As does the name of a business's own message, which nobody has words for."""
    assert task_why("call", "smtp_554") == "the mail was refused (SMTP 554)"
    assert task_why("call", "our_own_news") == "our own news"


def test_a_message_in_doubt_says_what_can_be_done() -> None:
    """Nothing goes by itself, and there is nothing to press: somebody asks, or looks it up."""
    assert "ask them" in task_why("look_into", "outcome_unknown")
