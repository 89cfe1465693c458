"""Tasks about the senders: which of them is to be looked into."""

from __future__ import annotations

import pytest

from notifier.store.tasks import owe_task
from tests.web.board.world import Board


@pytest.mark.parametrize(
    ("key", "kind", "why", "words"),
    [
        (
            "halted:sms:twilio:20003:2026-11-22",
            "sender_halted",
            "20003",
            ("Mend the sender of texts (Twilio)", "Twilio does not accept our credentials (20003)"),
        ),
        (
            "halted:email:smtp:smtp_535:2026-11-22",
            "sender_halted",
            "smtp_535",
            ("Mend the sender of emails (mail server)", "(SMTP 535)"),
        ),
        (
            "silent:twilio_2:2026-11-22",
            "sender_silent",
            "nothing_reported",
            ("See why the second sender of texts (Twilio) gets no receipts", "public address"),
        ),
    ],
)
def test_a_task_says_which_sender_it_means(
    board: Board, key: str, kind: str, why: str, words: tuple[str, ...]
) -> None:
    """There are up to four; the others may well carry what this one can't."""
    now = board.services.now()
    with board.services.sessions.begin() as session:
        owe_task(
            session,
            id=board.services.ids(),
            brand_id=board.brand.id,
            key=key,
            kind=kind,
            why=why,
            due_at=now,
            created_at=now,
        )

    page = board.get("/board/tasks").text

    assert all(said in page for said in words)
    assert "nothing goes out" not in page
