"""A browser at the board, and the visits that it looks at."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from notifier.booking import NewAppointment, NewPerson, book
from notifier.delivery import deliver_due
from notifier.domain.facts import FactSource, FactType
from notifier.domain.messages import Role
from notifier.domain.windows import Window
from notifier.intake import NewFact, record
from notifier.services import Services
from notifier.staff import make_sign_in_link
from notifier.store.engine import reading
from notifier.store.tables import Brand, FactRow, Message

HOLD_SECONDS = 10


@dataclass(frozen=True)
class Board:
    """A browser at the board. Every form is sent with the token that the page gave it."""

    client: FlaskClient
    services: Services
    brand: Brand

    def get(self, path: str) -> TestResponse:
        """Open a page."""
        return self.client.get(path)

    def press(self, path: str, **form: str) -> TestResponse:
        """Send a form as htmx does."""
        return self.client.post(path, data=form, headers={"X-CSRFToken": self._token()})

    def part(self, path: str, **form: str) -> TestResponse:
        """Send a form as htmx does, and ask for the part."""
        headers = {"X-CSRFToken": self._token(), "HX-Request": "true"}
        return self.client.post(path, data=form, headers=headers)

    def _token(self) -> str:
        return token_in(self.client.get("/board/tasks").text)


def token_in(page: str) -> str:
    """Return the CSRF token of the first form of `page`."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found, page
    return found[1]


def hidden_fields(part: str) -> dict[str, str]:
    """Return what the confirming form of a preview carries along."""
    form = part[part.index('class="confirm"') :]
    return dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form))


def sign_in_path(services: Services, staff_id: UUID) -> str:
    """Return a fresh sign-in link without its host."""
    return make_sign_in_link(services, staff_id).removeprefix(services.public_url)


def given_visit(services: Services, brand: Brand, **changes: object) -> UUID:
    """Book a visit of two hours that starts in two hours; its first text has gone."""
    now = services.now()
    values: dict[str, object] = {
        "reference": "JOB-1001",
        "service": "Boiler repair",
        "technician": "Sam",
        "window": Window(now + timedelta(hours=2), now + timedelta(hours=4)),
        "address": "1200 Pine St, Seattle",
        "people": (a_customer(),),
    }
    new = NewAppointment(**(values | changes))  # type: ignore[arg-type]
    booked = book(
        services,
        brand.id,
        new,
        source=FactSource.API,
        actor="key:tests",
        occurred_at=now - timedelta(hours=20),
    )
    deliver_due(services)
    return booked.job_id


def a_customer(name: str = "Ada Park", phone: str | None = "+12065550100") -> NewPerson:
    """Return Ada, with a mobile number."""
    return NewPerson(role=Role.CUSTOMER, name=name, phone=phone)


def late_texts(services: Services, job_id: UUID) -> list[Message]:
    """Return the texts about lateness that a job has, whatever became of them."""
    with reading(services.sessions) as session:
        return list(
            session.scalars(
                select(Message).where(
                    Message.job_id == job_id, Message.rule.startswith("running_late")
                )
            )
        )


def facts_of(services: Services, job_id: UUID) -> list[FactRow]:
    """Return a job's facts in the order of arrival."""
    with reading(services.sessions) as session:
        query = select(FactRow).where(FactRow.job_id == job_id).order_by(FactRow.seq)
        return list(session.scalars(query))


def say(
    board: Board, job_id: UUID, *, minutes: int, source: FactSource = FactSource.TECHNICIAN
) -> None:
    """Record lateness from somewhere else than the board."""
    new = NewFact(type=FactType.DELAYED, source=source, actor="day_link:tests", minutes=minutes)
    record(board.services, board.brand.id, job_id, new)


def confirm_late(board: Board, job_id: UUID, **answers: str) -> TestResponse:
    """Choose how late, read the preview, and confirm it."""
    part = board.part(f"/board/jobs/{job_id}/say/late/preview", **answers).text
    return board.part(f"/board/jobs/{job_id}/say/late", **hidden_fields(part))
