"""Who may act and what they did: sources, their deliveries, staff, API keys, the audit."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from notifier.store.tables.columns import Base, Blind, Id, Sealed, Word

_WAITS = text("waits_for IS NOT NULL")
_HAS_BODY = text("body IS NOT NULL")


class Source(Base):
    """An integration that sends facts: a name, a secret and an adapter."""

    __tablename__ = "sources"

    id: Mapped[Id]
    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brands.id"))
    name: Mapped[str] = mapped_column(unique=True)  # in its URL: /webhooks/in/<name>
    kind: Mapped[Word]  # the adapter: easypost, generic, …
    key: Mapped[Sealed]  # seals its raw deliveries
    secret: Mapped[Sealed]
    next_secret: Mapped[Sealed | None]  # while one is being rotated
    api_key: Mapped[Sealed | None]  # the business's, to ask the vendor with
    asks_again_at: Mapped[datetime | None]  # the vendor is left in peace until then
    renewing_until: Mapped[datetime | None]  # somebody renews the key, and nobody else then
    live_at: Mapped[datetime | None]  # null: not yet. What it said before owes nothing
    #: Statuses of jobs that its vendor tells customers of.
    says_itself: Mapped[list[Any]] = mapped_column(server_default="[]")
    created_at: Mapped[datetime]


class Delivery(Base):
    """One webhook body as it came, committed before it is answered."""

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("source_id", "delivery_key"),
        Index("ix_deliveries_status", "status", "received_at"),
        Index("ix_deliveries_source", "source_id", "status", "received_at"),
        Index(
            "ix_deliveries_waits_for",
            "waits_for",
            sqlite_where=_WAITS,
            postgresql_where=_WAITS,
        ),
        Index(
            "ix_deliveries_body",
            "received_at",
            sqlite_where=_HAS_BODY,
            postgresql_where=_HAS_BODY,
        ),
    )

    id: Mapped[Id]
    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brands.id"))
    source_id: Mapped[UUID] = mapped_column(ForeignKey("sources.id"))
    delivery_key: Mapped[Blind]  # of the source's own id of it, and the body
    headers: Mapped[Sealed | None]
    body: Mapped[Sealed | None]
    received_at: Mapped[datetime]
    repeats: Mapped[int]  # how often the same came again
    status: Mapped[Word]  # DeliveryStatus: received, fetching, applied, ignored, waiting, failed
    why: Mapped[str | None]
    #: Hash of the reference or code that it waits for, or without which it is nothing for us; of
    #: one that was no news, of its job. Further names are in `AwaitedName`.
    waits_for: Mapped[Blind | None]
    translated_at: Mapped[datetime | None]
    recorded: Mapped[int | None]  # how many of its events, while the rest is still to be
    answers: Mapped[Sealed | None]  # what the vendor said when it was asked, by the question
    fetch_at: Mapped[datetime | None]  # when to ask; pushed on while somebody asks
    fetch_since: Mapped[datetime | None]  # when it was to be asked first


class AwaitedName(Base):
    """One more name of its job by which a delivery is read again, once the job is known by it."""

    __tablename__ = "awaited_names"
    __table_args__ = (PrimaryKeyConstraint("key", "delivery_id"),)

    key: Mapped[Blind]  # as `Delivery.waits_for`
    delivery_id: Mapped[UUID] = mapped_column(ForeignKey("deliveries.id"))


class SourceRefusals(Base):
    """How often a source's address refused what came, in one hour and for one reason."""

    __tablename__ = "source_refusals"

    source_id: Mapped[UUID] = mapped_column(ForeignKey("sources.id"), primary_key=True)
    hour: Mapped[datetime] = mapped_column(primary_key=True)  # when it began
    reason: Mapped[Word] = mapped_column(primary_key=True)  # Refusal
    number: Mapped[int] = mapped_column(BigInteger)
    latest_at: Mapped[datetime]


class Staff(Base):
    """A person of the business who signs in."""

    __tablename__ = "staff"
    __table_args__ = (UniqueConstraint("brand_id", "email_hash"),)

    id: Mapped[Id]
    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brands.id"))
    key: Mapped[Sealed]
    name: Mapped[Sealed]
    email: Mapped[Sealed]
    email_hash: Mapped[Blind]
    phone_hash: Mapped[Blind | None]  # verified: gets messages even in shadow
    session_epoch: Mapped[int]  # grows to sign every session of theirs out
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class SignInLink(Base):
    """A one-time link that signs one member of staff in. The token itself is never stored."""

    __tablename__ = "sign_in_links"

    id: Mapped[Id]
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    token_hash: Mapped[Blind] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class ApiKey(Base):
    """A caller's key, stored as a hash. Names may repeat."""

    __tablename__ = "api_keys"

    id: Mapped[Id]
    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brands.id"))
    name: Mapped[str]
    key_hash: Mapped[Blind] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class AuditLine(Base):
    """Who did what to what. Append-only; names ids, never people."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_brand_at", "brand_id", "at"),)

    id: Mapped[Id]
    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brands.id"))
    actor: Mapped[str]
    did: Mapped[Word]
    subject: Mapped[str]
    body: Mapped[dict[str, Any]]
    at: Mapped[datetime]


class Heartbeat(Base):
    """The last sign of life of one kind of ticking work, for `/readyz`."""

    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
