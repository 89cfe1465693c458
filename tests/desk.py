"""A brand, its services and one customer: what the tests of the use cases say and look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from notifier import intake
from notifier.booking import NewAppointment, NewPerson, book
from notifier.delivery import deliver_due
from notifier.domain.facts import FactSource, FactType
from notifier.domain.messages import MessageStatus, Role
from notifier.domain.windows import Window, from_json
from notifier.intake import NewFact, Recorded
from notifier.providers.receipt import Receipt, ReceiptEvent
from notifier.receipts import apply_receipt
from notifier.services import Services
from notifier.store.tables import Job, JobPerson, Message, Task
from tests.fakes.clock import FakeClock
from tests.services import RecordingEmail, RecordingSms, given_brand, make_services

ADA = NewPerson(role=Role.CUSTOMER, name="Ada Park", phone="+12065550100")
WITH_EMAIL = NewPerson(
    role=Role.CUSTOMER, name="Ada Park", phone="+12065550100", email="ada@example.com"
)
TOMORROW = Window(datetime(2026, 11, 24, 17, tzinfo=UTC), datetime(2026, 11, 24, 19, tzinfo=UTC))


@dataclass
class Desk:
    """Says things to the use cases, and reads what became of them."""

    services: Services
    clock: FakeClock
    sms: RecordingSms
    email: RecordingEmail
    brand: UUID

    def visit(
        self,
        reference: str = "JOB-1",
        *,
        people: tuple[NewPerson, ...] = (ADA,),
        window: Window | None = TOMORROW,
        service: str = "Boiler repair",
        **fields: str,
    ) -> UUID:
        """Book a visit; the confirmation goes out at once."""
        new = NewAppointment(
            reference=reference, service=service, window=window, people=people, **fields
        )
        job = book(self.services, self.brand, new, source=FactSource.API, actor="key:1").job_id
        self.deliver()
        return job

    def say(self, job: UUID, type: FactType, **fields: object) -> Recorded:
        """Staff record a fact."""
        version = fields.pop("expecting_version", None)
        new = staff_fact(type, **fields)
        return intake.record(self.services, self.brand, job, new, expecting_version=version)  # type: ignore[arg-type]

    def late(self, job: UUID, minutes: int, **fields: object) -> Recorded:
        """Staff say that it is late."""
        return self.say(job, FactType.DELAYED, minutes=minutes, **fields)

    def deliver(self) -> None:
        """Send what is due, and let everything that was taken arrive."""
        while deliver_due(self.services):
            pass
        for message in self.everything():
            if message.status == MessageStatus.ACCEPTED:
                self.receipt(message, ReceiptEvent.DELIVERED)
        self.clock.advance(seconds=1)

    def receipt(self, message: Message, event: ReceiptEvent, code: str | None = None) -> None:
        """The provider reports on a message."""
        apply_receipt(
            self.services,
            Receipt(
                message_id=message.id,
                attempt_id=message.attempt_id,
                provider=message.provider or "sandbox",
                provider_id=message.provider_id,
                event_id=f"{message.id}:{event}",
                event=event,
                code=code,
            ),
            origin="callback",
        )

    def everything(self) -> list[Message]:
        """Return every message on record, oldest first."""
        with self.services.sessions() as session:
            return list(session.scalars(select(Message).order_by(Message.created_at, Message.id)))

    def messages(self, job: UUID, rule: str | None = None) -> list[Message]:
        """Return the messages of a job, oldest first."""
        found = [message for message in self.everything() if message.job_id == job]
        return [message for message in found if rule in (None, message.rule)]

    def texts(self) -> list[str]:
        """Return the bodies of the texts that the provider took."""
        return [sms.body for sms in self.sms.sent]

    def job(self, job: UUID) -> Job:
        """Return the row of a job."""
        with self.services.sessions() as session:
            return session.get_one(Job, job)

    def told(self, job: UUID) -> object:
        """Return what reached the first customer last."""
        return from_json(self.person(job).told)

    def person(self, job: UUID) -> JobPerson:
        """Return the first customer's row."""
        with self.services.sessions() as session:
            query = select(JobPerson).where(JobPerson.job_id == job).order_by(JobPerson.position)
            return session.scalars(query).first()  # type: ignore[return-value]

    def tasks(self, job: UUID) -> list[Task]:
        """Return the open tasks of a job."""
        with self.services.sessions() as session:
            query = select(Task).where(Task.job_id == job, Task.done_at.is_(None))
            return list(session.scalars(query))


def staff_fact(type: FactType, **fields: object) -> NewFact:
    """Return a fact as staff say it."""
    said = {"source": FactSource.STAFF, "actor": "staff:1"} | fields
    return NewFact(type=type, **said)  # type: ignore[arg-type]


def make_desk(
    sessions: sessionmaker[Session],
    clock: FakeClock,
    *,
    live: bool = True,
    email_provider: str = "sandbox",
    wake: Callable[[], None] = lambda: None,
) -> Desk:
    """Return a desk on an empty database; the clock stands at nine in the morning there."""
    sms, email = RecordingSms(now=clock), RecordingEmail(name=email_provider, now=clock)
    services = make_services(sessions, now=clock, sms=sms, email=email, wake=wake)
    return Desk(services, clock, sms, email, given_brand(services, live=live).id)


def minutes(number: int) -> timedelta:
    """Return so many minutes."""
    return timedelta(minutes=number)
