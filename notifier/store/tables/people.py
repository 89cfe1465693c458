"""Who is concerned: people, how to reach them, what they agreed to, and who must be left alone."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, validates

from notifier.store.tables.columns import Base, Blind, Id, Sealed, Word


class Person(Base):
    """A customer or someone they named. Destroying `key` erases them everywhere."""

    __tablename__ = "people"
    __table_args__ = (Index("ix_people_identity", "brand_id", "identity_hash"),)

    id: Mapped[Id]
    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brands.id"))
    key: Mapped[Sealed | None]  # wrapped by the master key; null once erased
    name: Mapped[Sealed | None]
    locale: Mapped[str]
    zone: Mapped[str | None]  # as they stated it; wins over their number's
    no_contact_at: Mapped[datetime | None]  # asked to be left alone on every channel
    identity_hash: Mapped[Blind | None]  # the same human of several jobs; never a number alone
    created_at: Mapped[datetime]

    @validates("key")
    def _erase_identity(self, _name: str, key: bytes | None) -> bytes | None:
        """Whoever is erased can't be recognised in other jobs either."""
        if key is None:
            self.identity_hash = None
        return key


class ContactPoint(Base):
    """A number or address of one person. Two people may share a number; rows stay apart."""

    __tablename__ = "contact_points"
    __table_args__ = (
        UniqueConstraint("person_id", "channel", "address_hash"),
        Index("ix_contact_points_address", "brand_id", "channel", "address_hash"),
    )

    id: Mapped[Id]
    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brands.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    channel: Mapped[Word]
    address: Mapped[Sealed]  # E.164 or a lower-cased email address
    address_hash: Mapped[Blind]
    zones: Mapped[list[Any]]  # IANA zones that the number may be in; empty if nobody can tell
    regions: Mapped[list[Any] | None]  # countries, US area codes that the number may be in: US/206
    landline: Mapped[bool]  # certainly can't take a text
    flagged_code: Mapped[str | None]  # a provider refused it for good: its code
    replaced_at: Mapped[datetime | None]  # corrected, or a wrong number
    first_texted_at: Mapped[datetime | None]  # the first text says STOP and HELP
    created_at: Mapped[datetime]


class Consent(Base):
    """What one contact point agreed to or took back. Append-only; the latest counts."""

    __tablename__ = "consents"
    __table_args__ = (Index("ix_consents_contact_point", "contact_point_id", "kind", "at"),)

    id: Mapped[Id]
    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brands.id"))
    contact_point_id: Mapped[UUID] = mapped_column(ForeignKey("contact_points.id"))
    kind: Mapped[Word]  # MessageKind
    granted: Mapped[bool]
    source: Mapped[Word]
    at: Mapped[datetime]


class Suppression(Base):
    """An address that must not be written to, why and since when. Lifted rows stay."""

    __tablename__ = "suppressions"
    __table_args__ = (Index("ix_suppressions_address", "brand_id", "address_hash", "lifted_at"),)

    id: Mapped[Id]
    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brands.id"))
    channel: Mapped[Word]
    address_hash: Mapped[Blind]
    why: Mapped[Word]  # WhyNot: opted_out, bounced, invalid_address
    source: Mapped[Word]  # reply, provider, staff, customer, source
    since: Mapped[datetime]
    lifted_at: Mapped[datetime | None]


class SearchTerm(Base):
    """A keyed hash of one word or word-start of a name, number or address of a job's people."""

    __tablename__ = "search_terms"
    __table_args__ = (Index("ix_search_terms_term", "brand_id", "term_hash"),)

    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True)
    term_hash: Mapped[Blind] = mapped_column(primary_key=True)
    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brands.id"))
