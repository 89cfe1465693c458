"""The thing promised: jobs, their parcels and people, and the facts that move them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from notifier.store.tables.columns import (
    Base,
    Blind,
    ExpectationJson,
    Id,
    Sealed,
    Word,
)


class Job(Base):
    """An appointment or an order.

    Everything below `version` is the fold of its facts, kept here so that lists are one query.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        UniqueConstraint("brand_id", "reference"),
        Index("ix_jobs_day", "brand_id", "kind", "starts_at"),
        Index("ix_jobs_status", "brand_id", "kind", "status"),
        Index("ix_jobs_look_at", "look_at"),
    )

    id: Mapped[Id]
    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brands.id"))
    kind: Mapped[Word]  # JobKind
    reference: Mapped[str]
    request_hash: Mapped[Blind]  # the same body again is the same job; another is a conflict
    service: Mapped[str]  # or what was ordered, in the customer's words
    items: Mapped[list[Any]]
    zone: Mapped[str]  # of the place
    address: Mapped[Sealed | None]  # under the customer's key
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    source_id: Mapped[UUID | None] = mapped_column(ForeignKey("sources.id"))  # that booked it
    account: Mapped[str | None]  # at that source's vendor, where it says which one
    held_at: Mapped[datetime | None]  # "hold, I'll call": nothing goes until released
    created_at: Mapped[datetime]
    version: Mapped[int]  # grows with every change; a preview names the one it saw

    status: Mapped[Word]
    technician_id: Mapped[UUID | None] = mapped_column(ForeignKey("technicians.id"))
    promised: Mapped[ExpectationJson | None]
    agreed: Mapped[ExpectationJson | None]
    expected: Mapped[ExpectationJson | None]
    reason: Mapped[Word | None]
    by: Mapped[Word | None]
    starts_at: Mapped[datetime | None]  # where it stands in the day: expected, else agreed
    ends_at: Mapped[datetime | None]
    late: Mapped[bool]  # expected drifts from agreed by more than the tolerance
    finished: Mapped[bool]
    tell_by: Mapped[datetime | None]  # of the customer's current promise
    look_at: Mapped[datetime | None]  # when time alone may change what is owed


class Parcel(Base):
    """One parcel of an order, with its own expectation."""

    __tablename__ = "parcels"
    __table_args__ = (
        UniqueConstraint("job_id", "tracking_code"),
        Index("ix_parcels_tracking_code", "brand_id", "tracking_code"),
    )

    id: Mapped[Id]
    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brands.id"))
    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id"))
    carrier: Mapped[str]
    tracking_code: Mapped[str]  # upper case, no blanks; `UNSENT`: the rest, not sent yet
    status: Mapped[Word]
    expected: Mapped[ExpectationJson | None]


class SourceWord(Base):
    """What a source last said of one thing about a job, by its own clock.

    What it said of that before then counts no more, though it may come later.
    """

    __tablename__ = "source_words"
    __table_args__ = (PrimaryKeyConstraint("job_id", "source_id", "about"),)

    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id"))
    source_id: Mapped[UUID] = mapped_column(ForeignKey("sources.id"))
    about: Mapped[str]  # "shipment:" and its name; "rest"; "stands"
    said_at: Mapped[datetime]
    #: Of a shipment: its `parcels`, those it `ever` had, and what it is `known_as`. Of the rest:
    #: if there is `more`.
    says: Mapped[dict[str, Any]]


class JobName(Base):
    """A later name of a job, from a vendor that names a booking anew when it is moved."""

    __tablename__ = "job_names"
    __table_args__ = (PrimaryKeyConstraint("brand_id", "name"),)

    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brands.id"))
    name: Mapped[str]
    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id"))


class JobPerson(Base):
    """A person in a role on a job, and the last window that reached them."""

    __tablename__ = "job_people"
    __table_args__ = (
        UniqueConstraint("job_id", "person_id", "role"),
        Index("ix_job_people_person", "person_id"),
        Index("ix_job_people_link", "link_hash"),
    )

    id: Mapped[Id]
    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    role: Mapped[Word]
    link_hash: Mapped[Blind]  # finds them behind `/s/<token>`
    position: Mapped[int]  # the API and the board show the first customer's told
    told: Mapped[ExpectationJson | None]
    told_strength: Mapped[Word | None]
    told_at: Mapped[datetime | None]  # the hand-over of the assertion that counts


class FactRow(Base):
    """Something that happened, as told by a source. Append-only; names nobody."""

    __tablename__ = "facts"
    __table_args__ = (UniqueConstraint("job_id", "seq"),)

    id: Mapped[Id]
    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brands.id"))
    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id"))
    seq: Mapped[int]  # order of arrival at this job
    type: Mapped[Word]
    source: Mapped[Word]  # FactSource
    source_id: Mapped[UUID | None] = mapped_column(ForeignKey("sources.id"))
    actor: Mapped[str]  # staff:<id>, key:<id>, day_link:<id>, person:<id>, source:<id>
    occurred_at: Mapped[datetime]
    received_at: Mapped[datetime]
    body: Mapped[dict[str, Any]]  # the typed rest (`store.facts`)
    note: Mapped[Sealed | None]  # for staff only, under the customer's key
    external_id: Mapped[str | None]  # the source's own id of it


class Promise(Base):
    """One window or moment that reached a person (or was taken back). Append-only.

    Several rows of one message say how surely it reached them; the latest counts.
    """

    __tablename__ = "promises"
    __table_args__ = (Index("ix_promises_job_person", "job_person_id", "given_at"),)

    id: Mapped[Id]
    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brands.id"))
    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id"))
    job_person_id: Mapped[UUID] = mapped_column(ForeignKey("job_people.id"))
    asserts: Mapped[ExpectationJson | None]
    what: Mapped[Word] = mapped_column(default="window", server_default="window")  # PromiseKind
    moment: Mapped[datetime | None]  # an update promise: "we will text by 3 pm"
    given_at: Mapped[datetime]  # the hand-over, or the booking's or call's own time
    tell_by: Mapped[datetime | None]
    strength: Mapped[Word]
    message_id: Mapped[UUID | None]
    fact_id: Mapped[UUID | None]  # the booking, call or acceptance that gave it
    recorded_at: Mapped[datetime]
