"""A brand, a visit and two scripted providers: what the tests of delivery stand on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from notifier import booking, intake
from notifier.booking import NewAppointment, NewPerson
from notifier.domain.facts import FactSource, FactType
from notifier.domain.messages import Channel, MessageStatus, Role
from notifier.domain.rules.rule import RuleSet
from notifier.domain.windows import Window
from notifier.intake import NewFact, Recorded
from notifier.providers.receipt import Receipt, ReceiptEvent
from notifier.receipts import apply_receipt
from notifier.rulebook import Rulebook
from notifier.sending.claiming import Claim
from notifier.services import Services
from notifier.store.attempts import begin_call
from notifier.store.tables import Brand, JobPerson, Message, Promise, Sender, Task
from notifier.store.vault import Vault
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds
from tests.fakes.scripted_providers import ScriptedEmail, ScriptedSms
from tests.services import shipped_rulebook, shipped_words

ADA = "+12065550100"
ADA_EMAIL = "ada@example.com"
OUR_NUMBER = "+15005550006"


@lru_cache(maxsize=1)
def _rules() -> Rulebook:
    """Return the default rules without those that speak up by themselves."""
    book = shipped_rulebook()
    quiet = frozenset({"booked", "reminder"})
    return replace(
        book,
        rules=RuleSet(
            replace(rule, enabled=rule.enabled and rule.id not in quiet) for rule in book.rules
        ),
    )


@dataclass(frozen=True)
class World:
    """Services over a real database, with what tests look at and turn."""

    services: Services
    clock: FakeClock
    sms: ScriptedSms
    email: ScriptedEmail
    brand: UUID

    def book(
        self,
        reference: str = "JOB-1",
        *,
        phone: str | None = ADA,
        email: str | None = ADA_EMAIL,
        starts_in: timedelta = timedelta(hours=4),
        others: tuple[NewPerson, ...] = (),
    ) -> UUID:
        """Book a visit of two hours and return its job."""
        start = self.clock() + starts_in
        people = (
            NewPerson(
                role=Role.CUSTOMER,
                name="Ada Park",
                phone=phone,
                email=email,
                zone="America/Los_Angeles",
                locale="en",
            ),
            *others,
        )
        booked = booking.book(
            self.services,
            self.brand,
            NewAppointment(
                reference=reference,
                service="Boiler repair",
                technician="Sam",
                window=Window(start, start + timedelta(hours=2)),
                zone="America/Los_Angeles",
                people=people,
            ),
            source=FactSource.API,
            actor="key:test",
        )
        return booked.job_id

    def late(self, job: UUID, minutes: int = 45) -> Recorded:
        """Say that the visit is `minutes` late, a second after whatever came before."""
        self.clock.advance(seconds=1)
        return self.say(job, FactType.DELAYED, minutes=minutes)

    def say(self, job: UUID, type: FactType, **details: object) -> Recorded:
        """Record a fact as staff would."""
        new = NewFact(type=type, source=FactSource.STAFF, actor="staff:test", **details)  # type: ignore[arg-type]
        return intake.record(self.services, self.brand, job, new)

    def messages(self, job: UUID) -> list[Message]:
        """Return the job's messages, oldest first."""
        with self.services.sessions() as session:
            query = select(Message).where(Message.job_id == job)
            return list(session.scalars(query.order_by(Message.created_at, Message.id)))

    def message(self, job: UUID, channel: Channel = Channel.SMS) -> Message:
        """Return the job's latest message over `channel`."""
        return [row for row in self.messages(job) if row.channel == channel][-1]

    def statuses(self, job: UUID) -> list[tuple[str, MessageStatus]]:
        """Return channel and status of each message of the job."""
        return [(row.channel, MessageStatus(row.status)) for row in self.messages(job)]

    def tasks(self, kind: str | None = None) -> list[Task]:
        """Return the open tasks, oldest first."""
        with self.services.sessions() as session:
            query = select(Task).where(Task.done_at.is_(None)).order_by(Task.created_at, Task.id)
            return [task for task in session.scalars(query) if kind in (None, task.kind)]

    def person(self, job: UUID) -> JobPerson:
        """Return the first customer of the job."""
        with self.services.sessions() as session:
            query = select(JobPerson).where(JobPerson.job_id == job).order_by(JobPerson.position)
            return next(iter(session.scalars(query)))

    def promises(self, job: UUID) -> list[Promise]:
        """Return the job's ledger as it was written."""
        with self.services.sessions() as session:
            query = select(Promise).where(Promise.job_id == job)
            return list(session.scalars(query.order_by(Promise.recorded_at, Promise.id)))

    def begin(self, claim: Claim) -> bool:
        """Come as far as the call that `claim` allows, and return whether it may be made."""
        with self.services.sessions.begin() as session:
            return begin_call(session, claim.attempt_id, claim.message_id, now=self.clock())

    def receipt(
        self,
        message: Message,
        event: ReceiptEvent,
        *,
        code: str | None = None,
        provider: str | None = None,
        event_id: str | None = None,
        by_provider_id: bool = False,
    ) -> None:
        """Let the provider report `event` for `message`."""
        apply_receipt(
            self.services,
            Receipt(
                message_id=None if by_provider_id else message.id,
                attempt_id=None if by_provider_id else message.attempt_id,
                provider=provider or message.provider or "twilio",
                provider_id=message.provider_id,
                event_id=event_id or f"{message.id}:{event}:{code}",
                event=event,
                code=code,
            ),
            origin="callback",
        )


def make_world(sessions: sessionmaker[Session], clock: FakeClock, ids: FakeIds) -> World:
    """Return a world whose brand is live and owns one number and one from-address."""
    sms, email = ScriptedSms(now=clock), ScriptedEmail(now=clock)
    services = Services(
        sessions=sessions,
        now=clock,
        ids=ids,
        vault=Vault("a secret of the tests, long enough to be one"),
        rulebook=_rules(),
        words=shipped_words(),
        sms={"twilio": sms},
        email={"sendgrid": email},
        wake=lambda: None,
        public_url="https://notify.example.com",
    )
    brand = add_brand(services, "default", live_at=clock() - timedelta(days=30))
    return World(services=services, clock=clock, sms=sms, email=email, brand=brand)


def add_brand(
    services: Services,
    slug: str,
    *,
    live_at: datetime | None,
    demo: bool = False,
    number: str = OUR_NUMBER,
) -> UUID:
    """Add a brand with a sender for each channel and return its id."""
    brand_id, now = services.ids(), services.now()
    with services.sessions.begin() as session:
        session.add(
            Brand(
                id=brand_id,
                slug=slug,
                name="Northside",
                zone="America/Los_Angeles",
                locale="en",
                phone="+1 206 555 0199",
                email=None,
                country="US",
                quiet_from="21:00",
                quiet_until="08:00",
                amends={},
                demo=demo,
                live_at=live_at,
                created_at=now,
            )
        )
        session.flush()
        for channel, provider, address in (
            (Channel.SMS, "twilio", number),
            (Channel.EMAIL, "sendgrid", f"hello@{slug}.example.com"),
        ):
            session.add(
                Sender(
                    id=services.ids(),
                    brand_id=brand_id,
                    channel=channel,
                    provider=provider,
                    address=address,
                    name=None,
                    halted_at=None,
                    halted_code=None,
                )
            )
    return brand_id
