"""What people must do or did: replies, tasks, actions, and what a caller was promised once."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from notifier.store.tables.columns import Base, Blind, Id, Sealed, Word


class Reply(Base):
    """What a customer wrote back. Kept whole, sealed under their key or the brand's source."""

    __tablename__ = "replies"
    __table_args__ = (Index("ix_replies_job", "job_id", "received_at"),)

    id: Mapped[Id]
    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brands.id"))
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("jobs.id"))
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"))
    contact_point_id: Mapped[UUID | None] = mapped_column(ForeignKey("contact_points.id"))
    channel: Mapped[Word]
    provider_id: Mapped[str] = mapped_column(unique=True)  # the same reply twice is one row
    key: Mapped[Sealed | None]  # its own key where nobody is known to have written it
    body: Mapped[Sealed]
    intent: Mapped[Word]
    received_at: Mapped[datetime]


class Task(Base):
    """What a person must do, by when. One per key, however often it is owed."""

    __tablename__ = "tasks"
    __table_args__ = (
        UniqueConstraint("brand_id", "key"),
        Index("ix_tasks_open", "brand_id", "done_at", "due_at"),
        Index("ix_tasks_job", "job_id"),
    )

    id: Mapped[Id]
    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brands.id"))
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("jobs.id"))
    job_person_id: Mapped[UUID | None] = mapped_column(ForeignKey("job_people.id"))
    message_id: Mapped[UUID | None]
    reply_id: Mapped[UUID | None] = mapped_column(ForeignKey("replies.id"))
    key: Mapped[str]
    duty: Mapped[Word | None]  # Duty; empty: something other than planning raised it
    rule: Mapped[str | None]  # that asks for it
    kind: Mapped[Word]  # TaskKind
    why: Mapped[Word]
    promised_in: Mapped[UUID | None]  # the fact in which staff promised what the call tells
    path: Mapped[Word | None]  # that it asks to look into
    due_at: Mapped[datetime]
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    done_by: Mapped[str | None]
    done_fact: Mapped[UUID | None]  # by which it was ticked off: taken back, it is open again
    dropped: Mapped[bool]  # no longer needed, done by nobody


class Action(Base):
    """What a person confirmed once, with the version of the preview that they saw."""

    __tablename__ = "actions"

    id: Mapped[Id]
    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brands.id"))
    staff_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    kind: Mapped[Word]
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("jobs.id"))
    fact_id: Mapped[UUID | None]
    preview_version: Mapped[str]
    body: Mapped[dict[str, Any]]
    confirmed_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]


class IdempotencyKey(Base):
    """A caller's own key for one request, so that a repeat gets the same answer."""

    __tablename__ = "idempotency_keys"

    scope: Mapped[Blind] = mapped_column(primary_key=True)  # hash of brand, path and key
    request_hash: Mapped[Blind]
    status: Mapped[int]
    job_id: Mapped[UUID]
    fact_id: Mapped[UUID | None]
    created_at: Mapped[datetime]


class RuleSet(Base):
    """The rules as they were written, and since when they are in force. Append-only."""

    __tablename__ = "rule_sets"
    __table_args__ = (Index("ix_rule_sets_in_force_at", "in_force_at"),)

    id: Mapped[Id]
    hash: Mapped[str]
    files: Mapped[dict[str, Any]]  # file name to its text
    in_force_at: Mapped[datetime]
