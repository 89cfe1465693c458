"""A sentence for every reason, so that nobody reads a code."""

from __future__ import annotations

import pytest

from notifier.domain.decisions import Reason
from notifier.domain.messages import WhyNot
from notifier.rule_tools.reason_sentences import SENTENCES, sentence_of


def test_every_reason_that_planning_or_a_row_can_give_has_a_sentence() -> None:
    """And no sentence is kept for a reason that nothing gives."""
    assert set(SENTENCES) == {str(reason) for reason in (*Reason, *WhyNot)}
    for sentence in SENTENCES.values():
        assert sentence[0].isupper()
        assert sentence.endswith(".")
        assert "_" not in sentence


def test_a_providers_code_is_told_by_its_own_meaning() -> None:
    """Staff read what it means, and the code to look it up by; an unknown code stays one."""
    assert "21614" in sentence_of("twilio 21614")
    assert len(sentence_of("twilio 21614")) > len("The provider said: twilio 21614.")
    assert sentence_of("sendgrid 999") == "The provider said: sendgrid 999."


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("twilio 21610", "Opted out with STOP (twilio 21610)."),
        ("reputation", "The mail server distrusts our sending domain (reputation)."),
        ("smtp smtp_554", "The mail was refused (smtp smtp_554)."),
        ("read_timeout", "The provider did not answer in time (read_timeout)."),
    ],
)
def test_whoever_said_it_it_is_told_in_words(reason: str, sentence: str) -> None:
    """SendGrid's and a mail server's reasons are no clearer to staff than Twilio's numbers."""
    assert sentence_of(reason) == sentence
