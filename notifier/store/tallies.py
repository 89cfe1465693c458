"""The counts that guards read and keep, under one lock a brand."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from notifier.domain.guards.limits import LIFTED_BY_HAND, TallyOf
from notifier.domain.local_time import instant_of
from notifier.store.inserts import insert_into
from notifier.store.tables import Brand, Tally

_COLUMNS = (Tally.of, Tally.key, Tally.since, Tally.amount, Tally.more, Tally.most)


@dataclass(slots=True)
class Count:
    """A row of `tallies`, being counted on."""

    since: datetime
    amount: int = 0
    more: int = 0
    most: int = 0

    def begin(self, since: datetime) -> None:
        """Begin the stretch of `since`, unless it has begun."""
        if self.since < since:
            self.most = max(self.most, self.amount)
            self.since, self.amount, self.more = since, 0, 0


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
        rows = session.execute(
            select(*_COLUMNS).where(
                Tally.brand_id == brand.id,
                or_(Tally.of.in_(LIFTED_BY_HAND.values()), *asked),
            )
        )
        self._counts = {
            (row.of, row.key): Count(row.since, row.amount, row.more, row.most) for row in rows
        }
        self._used: dict[tuple[TallyOf, str], Count] = {}

    def of(self, of: TallyOf, key: str = "") -> Count:
        """Return the count of the present stretch, to be read and added to."""
        found = self._used.get((of, key))
        if found is None:
            found = self._counts.get((of, key)) or Count(self._starts[of])
            found.begin(self._starts[of])
            self._used[of, key] = found
        return found

    def write(self) -> None:
        """Write what was counted: once, at the end, for each write in between would be two."""
        rows = [
            {"brand_id": self._brand.id, "of": of, "key": key, **asdict(count)}
            for (of, key), count in sorted(self._used.items())
        ]
        if rows:
            written = insert_into(self._session, Tally).values(rows)
            news = {name: written.excluded[name] for name in ("since", "amount", "more", "most")}
            self._session.execute(
                written.on_conflict_do_update(index_elements=["brand_id", "of", "key"], set_=news)
            )


def read_count(
    session: Session, brand: Brand, of: TallyOf, key: str = "", *, now: datetime
) -> Count:
    """Return the count of the present stretch, without a lock."""
    since = stretch_start(of, brand.zone, now)
    row = session.get(Tally, (brand.id, of, key))
    found = Count(row.since, row.amount, row.more, row.most) if row is not None else Count(since)
    found.begin(since)
    return found


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
    first = {"brand_id": brand.id, "of": TallyOf.DAY, "key": "", **asdict(Count(since))}
    session.execute(insert_into(session, Tally).values(first).on_conflict_do_nothing())
    session.execute(locked)
