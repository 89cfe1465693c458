"""Tasks about the senders: which of them is to be looked into."""

from __future__ import annotations

import pytest

from notifier.store.tasks import owe_task
from tests.web.board.world import Board


@pytest.mark.parametrize(
    ("path", "kind", "why", "words"),
    [
        (
            "twilio",
            "sender_halted",
            "20003",
            ("Mend the sender of texts (Twilio)", "Twilio does not accept our credentials (20003)"),
        ),
        (
            "smtp",
            "sender_halted",
            "smtp_535",
            ("Mend the sender of emails (mail server)", "(SMTP 535)"),
        ),
        (
            "twilio_2",
            "sender_silent",
            "nothing_reported",
            ("See why the second sender of texts (Twilio) gets no receipts", "public address"),
        ),
    ],
)
def test_a_task_says_which_sender_it_means(
    board: Board, path: str, kind: str, why: str, words: tuple[str, ...]
) -> None:
    """There are up to four; the others may well carry what this one can't."""
    now = board.services.now()
    with board.services.sessions.begin() as session:
        owe_task(
            session,
            id=board.services.ids(),
            brand_id=board.brand.id,
            key=f"{kind}:{path}",
            kind=kind,
            path=path,
            why=why,
            due_at=now,
            created_at=now,
        )

    page = board.get("/board/tasks").text

    assert all(said in page for said in words)
    assert "nothing goes out" not in page
