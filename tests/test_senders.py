"""The numbers and addresses that a brand speaks from, on record."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from notifier.brands import keep_sender
from notifier.domain.messages import Channel
from notifier.store.engine import reading
from notifier.store.tables import Sender
from tests.fakes.clock import FakeClock
from tests.services import given_brand, make_services

NUMBER = "+12065550199"


def test_workers_that_start_at_once_note_a_number_once(
    sessions: sessionmaker[Session], clock: FakeClock
) -> None:
    """None of them fails because another was faster."""
    services = make_services(sessions, now=clock)
    brand, together = given_brand(services, slug="default"), Barrier(8)

    def note(_worker: int) -> None:
        together.wait(60)
        keep_sender(services, brand.id, channel=Channel.SMS, provider="twilio", address=NUMBER)

    with ThreadPoolExecutor(8) as workers:
        list(workers.map(note, range(8)))

    with reading(sessions) as session:
        assert len(session.scalars(select(Sender).where(Sender.address == NUMBER)).all()) == 1
