"""Who is speaking: brands, the senders they speak from, and the technicians they send."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from notifier.store.tables.columns import Base, Blind, Id, Sealed, Word


class Brand(Base):
    """The business as the customer knows it. Every row belongs to one."""

    __tablename__ = "brands"

    id: Mapped[Id]
    slug: Mapped[str] = mapped_column(unique=True)  # `default`, `demo`: what --brand takes
    name: Mapped[str]  # as a text begins
    zone: Mapped[str]  # IANA
    locale: Mapped[str]
    phone: Mapped[str]  # what a text tells customers to ring
    email: Mapped[str | None]
    country: Mapped[str]  # ISO 3166 alpha-2, to read numbers without a +
    countries: Mapped[list[Any] | None]  # to whose numbers it texts; null: its own alone
    quiet_from: Mapped[str]  # local "21:00"
    quiet_until: Mapped[str]  # local "08:00"
    quiet_days: Mapped[
        dict[str, Any] | None
    ]  # other hours on a weekday: {"sun": ["20:00", "10:00"]}
    amends: Mapped[dict[str, Any]]  # the goodwill policy; its use comes later
    demo: Mapped[bool]  # always on the sandbox, whatever is configured
    live_at: Mapped[datetime | None]  # null: in shadow. What happened before owes nothing
    created_at: Mapped[datetime]

    @property
    def texts_to(self) -> frozenset[str]:
        """The countries (ISO 3166 alpha-2) to whose numbers it texts."""
        return frozenset(self.countries or (self.country,))


class Sender(Base):
    """A number or address that a brand speaks from by one path."""

    __tablename__ = "senders"
    __table_args__ = (UniqueConstraint("brand_id", "channel", "provider", "address"),)

    id: Mapped[Id]
    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brands.id"))
    channel: Mapped[Word]
    provider: Mapped[Word]  # twilio, sendgrid, smtp, sandbox
    address: Mapped[str]  # E.164, messaging service SID, or email address
    name: Mapped[str | None]  # display name of an email sender
    halted_at: Mapped[datetime | None]  # the provider refused our credentials or number
    halted_code: Mapped[str | None]


class Technician(Base):
    """Who goes out. Named to a customer only in "on the way"."""

    __tablename__ = "technicians"
    __table_args__ = (UniqueConstraint("brand_id", "name_hash"),)

    id: Mapped[Id]
    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brands.id"))
    key: Mapped[Sealed]
    name: Mapped[Sealed]
    name_hash: Mapped[Blind]
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"))  # how they are asked
    created_at: Mapped[datetime]


class DayLink(Base):
    """A technician's revocable link to one day. The token itself is never stored."""

    __tablename__ = "day_links"
    __table_args__ = (Index("ix_day_links_technician_day", "technician_id", "day"),)

    id: Mapped[Id]
    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brands.id"))
    technician_id: Mapped[UUID] = mapped_column(ForeignKey("technicians.id"))
    day: Mapped[str]  # ISO date in the brand's zone
    token_hash: Mapped[Blind] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
