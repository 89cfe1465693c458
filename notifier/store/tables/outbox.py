"""What is owed and what became of it: messages, their keys, attempts and receipts."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, false, text
from sqlalchemy.orm import Mapped, mapped_column

from notifier.store.tables.columns import Base, Blind, ExpectationJson, Id, Sealed, Word

_DUE = text("status IN ('planned', 'ready', 'deferred')")
_OPEN = text("status IN ('claimed', 'unknown')")
_BRAKED = text("status = 'deferred' AND reason = 'braked'")
_ANSWERS = text("origin = 'answer'")


class Message(Base):
    """One text or email owed to one person, and the only record of its fate."""

    __tablename__ = "messages"
    __table_args__ = (
        Index(
            "ix_messages_due",
            "priority",
            "due_at",
            "channel",
            sqlite_where=_DUE,
            postgresql_where=_DUE,
        ),
        Index("ix_messages_open", "due_at", "status", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_messages_job", "job_id", "created_at"),
        Index("ix_messages_provider", "provider", "provider_id"),
        Index("ix_messages_link", "link_hash"),
        Index("ix_messages_carried_by", "carried_by"),
        Index("ix_messages_contact_point", "contact_point_id", "created_at"),
        Index(
            "ix_messages_braked",
            "brand_id",
            "rule",
            sqlite_where=_BRAKED,
            postgresql_where=_BRAKED,
        ),
    )

    id: Mapped[Id]
    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brands.id"))
    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id"))
    job_person_id: Mapped[UUID] = mapped_column(ForeignKey("job_people.id"))
    contact_point_id: Mapped[UUID | None] = mapped_column(ForeignKey("contact_points.id"))
    rule: Mapped[str]
    message: Mapped[str]  # which words: templates/messages/<locale>/<message>
    kind: Mapped[Word]
    family: Mapped[Word]  # what its episodes count within: slip, status, moment
    episode: Mapped[str]
    episode_no: Mapped[int]
    channel: Mapped[Word]
    step: Mapped[int]  # place of the channel in the rule's order, from 0
    priority: Mapped[int] = mapped_column(default=1, server_default="1")  # 0 goes first, 2 last
    locale: Mapped[str]

    status: Mapped[Word]
    reason: Mapped[Word | None]  # WhyNot, or the provider's code
    created_at: Mapped[datetime]
    send_at: Mapped[datetime]  # not before
    due_at: Mapped[datetime]  # when a worker looks at it next: send_at, a retry, a lease's end
    turn_at: Mapped[datetime | None]  # when its turn first came: from then on it can be refused
    expires_at: Mapped[datetime]  # after this, silence is better
    tell_by: Mapped[datetime | None]

    # Bound anew at each claim.
    asserts: Mapped[ExpectationJson | None]
    moves_told: Mapped[bool]  # an offer asserts for episodes only
    rests_on: Mapped[UUID | None]  # the fact that the assertion comes from
    told_before: Mapped[ExpectationJson | None]  # what they had been told until then
    next_update_at: Mapped[datetime | None]  # the update promise that it makes
    technician_id: Mapped[UUID | None]  # whom it names
    recipient: Mapped[Sealed | None]
    subject: Mapped[Sealed | None]
    body: Mapped[Sealed | None]  # as rendered: a later template edit never rewrites history
    html: Mapped[Sealed | None]
    segments: Mapped[int | None]
    link_hash: Mapped[Blind]  # finds the message behind `/s/<token>`
    rules_hash: Mapped[str]
    template_hash: Mapped[str | None]

    carried_by: Mapped[UUID | None]  # the digest that says it too, and whose fate it shares
    claimed_at: Mapped[datetime | None]  # the latest claim; null: never claimed
    attempt_id: Mapped[UUID | None]  # the latest attempt
    attempts: Mapped[int]
    provider: Mapped[Word | None]
    provider_id: Mapped[str | None]
    handed_over_at: Mapped[datetime | None]  # provider's creation time, else the attempt's start
    accepted_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]


class MessageKey(Base):
    """What makes a message unique. Apart, so that messages can be partitioned by time."""

    __tablename__ = "message_keys"

    key: Mapped[Blind] = mapped_column(primary_key=True)
    message_id: Mapped[UUID]
    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brands.id"))


class Attempt(Base):
    """One intent to call a provider for a message. Append-only; names nobody."""

    __tablename__ = "attempts"
    __table_args__ = (Index("ix_attempts_message", "message_id", "started_at"),)

    id: Mapped[Id]
    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brands.id"))
    message_id: Mapped[UUID]
    number: Mapped[int]
    provider: Mapped[Word]
    started_at: Mapped[datetime]
    lease_until: Mapped[datetime]
    notes_call: Mapped[bool] = mapped_column(server_default=false())  # before it, in `calls_begun`


class CallBegun(Base):
    """The provider is called for an attempt: from here on it may have it. Append-only."""

    __tablename__ = "calls_begun"

    attempt_id: Mapped[Id]
    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brands.id"))
    began_at: Mapped[datetime]


class Receipt(Base):
    """What became of an attempt, from its own answer, a look-up or a callback. Append-only."""

    __tablename__ = "receipts"
    __table_args__ = (
        Index("uq_receipts_event", "provider", "event_id", unique=True),
        Index("ix_receipts_message", "message_id", "received_at"),
        Index(
            "ix_receipts_answers",
            "provider",
            "received_at",
            sqlite_where=_ANSWERS,
            postgresql_where=_ANSWERS,
        ),
    )

    id: Mapped[Id]
    brand_id: Mapped[UUID | None] = mapped_column(ForeignKey("brands.id"))
    message_id: Mapped[UUID | None]
    attempt_id: Mapped[UUID | None]
    provider: Mapped[Word]
    provider_id: Mapped[str | None]
    event_id: Mapped[str]  # dedupe: the same event twice is one row
    origin: Mapped[Word]  # answer, look_up, callback
    event: Mapped[Word]
    code: Mapped[str | None]
    occurred_at: Mapped[datetime | None]
    received_at: Mapped[datetime]
    took_s: Mapped[float | None]  # seconds that an answer took
    wait_s: Mapped[float | None]  # seconds for which the path shall rest after it


class SandboxItem(Base):
    """A text or email that the sandbox took, for `/sandbox` and the docked phone."""

    __tablename__ = "sandbox_items"
    __table_args__ = (Index("ix_sandbox_items_address", "brand_id", "address_hash", "at"),)

    id: Mapped[Id]
    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brands.id"))
    message_id: Mapped[UUID]
    channel: Mapped[Word]
    address_hash: Mapped[Blind]
    at: Mapped[datetime]
