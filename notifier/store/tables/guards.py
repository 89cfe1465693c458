"""How much has gone: what the guards hold against their limits."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from notifier.store.tables.columns import Base, Word


class Tally(Base):
    """What went in one stretch of time, of one thing. It starts anew with the next stretch.

    The row of a brand's day is the lock of all its tallies.
    """

    __tablename__ = "tallies"

    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brands.id"), primary_key=True)
    of: Mapped[Word] = mapped_column(primary_key=True)  # TallyOf
    key: Mapped[str] = mapped_column(primary_key=True)  # a rule, or the keyed hash of a number
    since: Mapped[datetime]  # when the stretch began
    amount: Mapped[int] = mapped_column(BigInteger)  # messages, or money in millionths
    more: Mapped[int]  # how often a person let as much again go
    most: Mapped[int] = mapped_column(BigInteger)  # of the fullest stretch before
