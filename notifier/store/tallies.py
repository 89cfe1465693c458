"""The counts that guards read and keep, under one lock a brand."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import and_, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from notifier.domain.guards.limits import LIFTED_BY_HAND, TallyOf
from notifier.domain.local_time import instant_of
from notifier.store.tables import Brand, Tally


class Tallies:
    """The tallies of one brand, locked until the transaction ends: whoever counts waits here."""

    def __init__(
        self,
        session: Session,
        brand: Brand,
        wanted: Mapping[TallyOf, Collection[str]],
        *,
        now: datetime,
    ) -> None:
        """Lock and read them.

        :param wanted: the keys that will be asked for beside the brand's own.
        """
        self._session, self._brand = session, brand
        self._starts = {of: stretch_start(of, brand.zone, now) for of in TallyOf}
        _lock(session, brand, self._starts[TallyOf.DAY])
        asked = [and_(Tally.of == of, Tally.key.in_(keys)) for of, keys in wanted.items()]
        rows = session.scalars(
            select(Tally)
            .where(
                Tally.brand_id == brand.id,
                or_(Tally.of.in_(LIFTED_BY_HAND.values()), *asked),
            )
            .execution_options(populate_existing=True)
        )
        self._rows = {(row.of, row.key): row for row in rows}

    def of(self, of: TallyOf, key: str = "") -> Tally:
        """Return the tally of the present stretch."""
        since = self._starts[of]
        row = self._rows.get((of, key))
        if row is None:
            row = self._rows[of, key] = _empty(self._brand.id, of, key, since)
            self._session.add(row)
        elif row.since < since:
            row.most = max(row.most, row.amount)
            row.since, row.amount, row.more = since, 0, 0
        return row


def read_tally(session: Session, brand: Brand, of: TallyOf, *, now: datetime) -> Tally:
    """Return a tally of the brand as a whole as it stands, to be read and no more."""
    since = stretch_start(of, brand.zone, now)
    found = session.get(Tally, (brand.id, of, ""))
    return found if found and found.since >= since else _empty(brand.id, of, "", since)


def stretch_start(of: TallyOf, zone: str, now: datetime) -> datetime:
    """Return when the present stretch of a tally began: an hour, a day or a month in `zone`."""
    if of is TallyOf.RULE:
        return now.replace(minute=0, second=0, microsecond=0)
    day = now.astimezone(ZoneInfo(zone)).date()
    first = day.replace(day=1) if of is TallyOf.SPEND_MONTH else day
    return instant_of(first, time(), ZoneInfo(zone))


def _lock(session: Session, brand: Brand, since: datetime) -> None:
    """Wait for the brand's day, which exists after this."""
    of_day = (Tally.brand_id == brand.id, Tally.of == TallyOf.DAY)
    locked = select(Tally.key).where(*of_day).with_for_update()
    if session.scalar(locked) is not None:
        return
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    first = _empty(brand.id, TallyOf.DAY, "", since)
    values = {column.key: getattr(first, column.key) for column in Tally.__table__.columns}
    session.execute(insert(Tally).values(values).on_conflict_do_nothing())
    session.execute(locked)


def _empty(brand_id: UUID, of: TallyOf, key: str, since: datetime) -> Tally:
    return Tally(brand_id=brand_id, of=of, key=key, since=since, amount=0, more=0, most=0)
