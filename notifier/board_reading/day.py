"""The working day: who needs somebody now, then each technician's visits, then the parcels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session

from notifier.board_reading.cards import Card, read_cards
from notifier.board_reading.gone_wrong import CARRIED_OVER, orders_gone_wrong
from notifier.board_reading.phone import Phone, read_phone
from notifier.board_reading.technicians import read_technicians
from notifier.board_reading.trials import count_trials
from notifier.domain.jobs import JobKind
from notifier.domain.owed import Duty
from notifier.domain.windows import Window
from notifier.errors import NotFound
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import Brand, Job, Task

#: Around midnight the day is still, or already, the one that people are working in.
_AROUND_NOW = timedelta(hours=8)
_MOST_JOBS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandSeen:
    """The brand as every page shows it."""

    id: UUID
    name: str
    zone: str
    locale: str
    country: str
    phone: str
    shadow: bool
    demo: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One technician's visits, in the order of the day. `technician` is None: nobody yet."""

    technician_id: UUID | None
    technician: str | None
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """Everything on the board."""

    today: date
    at_risk: tuple[Card, ...]
    columns: tuple[Column, ...]
    orders: tuple[Card, ...]  # those that are not at risk
    phone: Phone | None
    open_tasks: int
    on_trial: int  # messages about these jobs that a rule on trial would have sent

    @property
    def scale(self) -> Window | None:
        """From the first visit's start to the last one's end: one scale for all of them."""
        windows = [
            card.expected
            for column in self.columns
            for card in column.cards
            if isinstance(card.expected, Window)
        ]
        if not windows:
            return None
        return Window(min(w.start for w in windows), max(w.end for w in windows))


def read_brand(session: Session, brand_id: UUID) -> BrandSeen:
    """Return the brand.

    :raises NotFound: if there is none.
    """
    brand = session.get(Brand, brand_id)
    if brand is None:
        raise NotFound("There is no such brand.")
    return BrandSeen(
        id=brand.id,
        name=brand.name,
        zone=brand.zone,
        locale=brand.locale,
        country=brand.country,
        phone=brand.phone,
        shadow=brand.live_at is None,
        demo=brand.demo,
    )


def read_day(services: Services, brand_id: UUID, *, docked: UUID | None = None) -> Day:
    """Return the board of today, in the brand's zone.

    :param docked: the job whose phone to show; without it, that of the first who needs somebody.
    """
    now = services.now()
    with reading(services.sessions) as session:
        brand = read_brand(session, brand_id)
        of_the_day = _jobs_of_the_day(session, brand, now)
        shown_anyway = {job.id for job in of_the_day}
        gone_wrong = orders_gone_wrong(session, brand_id, now=now)
        jobs = [*of_the_day, *(job for job in gone_wrong if job.id not in shown_anyway)]
        cards = [
            card
            for card in read_cards(session, services, brand_id, jobs, now)
            if card.id in shown_anyway or card.risk is not None
        ]
        names = read_technicians(session, services, brand_id)
        at_risk = _soonest_due_first(cards, now)
        shown = next((card for card in cards if card.id == docked), None)
        if shown is None:  # a phone that nothing reaches has nothing to show
            shown = next((card for card in (*at_risk, *cards) if _can_be_written_to(card)), None)
        visits = [card for card in cards if card.kind is JobKind.APPOINTMENT]
        return Day(
            today=now.astimezone(ZoneInfo(brand.zone)).date(),
            at_risk=at_risk,
            columns=_columns(visits, names),
            orders=tuple(
                card for card in cards if card.kind is JobKind.ORDER and card.risk is None
            ),
            phone=read_phone(session, services, shown) if brand.demo and shown else None,
            open_tasks=count_open_tasks(session, brand_id),
            on_trial=count_trials(session, services, list(shown_anyway)),
        )


def count_open_tasks(session: Session, brand_id: UUID) -> int:
    """Return how many tasks wait for somebody; calls that are one call are one."""
    whole = case((Task.duty == Duty.UNREACHED, Task.job_person_id), else_=Task.id)
    return (
        session.scalar(
            select(func.count(whole.distinct())).where(
                Task.brand_id == brand_id, Task.done_at.is_(None), Task.dropped.is_(False)
            )
        )
        or 0
    )


def _soonest_due_first(cards: list[Card], now: datetime) -> tuple[Card, ...]:
    """Return those that need somebody, by the moment by which somebody must act.

    What is overdue has the oldest moment and stands first; where nothing runs out, last. Within
    one moment, and there, the most pressing `Risk` comes first, then what starts first.
    """

    def order(card: Card) -> tuple[bool, datetime, int, datetime]:
        rank = card.risk.rank if card.risk else 0
        return card.act_by is None, card.act_by or now, rank, card.starts_at or now

    return tuple(sorted((card for card in cards if card.risk is not None), key=order))


def _jobs_of_the_day(session: Session, brand: BrandSeen, now: datetime) -> Sequence[Job]:
    """Return the jobs that stand in today, and the open ones left over from before."""
    zone = ZoneInfo(brand.zone)
    today = now.astimezone(zone).date()
    midnight = datetime.combine(today, time(), zone)
    next_midnight = datetime.combine(today + timedelta(days=1), time(), zone)
    start = min(midnight, now - _AROUND_NOW)
    end = max(next_midnight, now + _AROUND_NOW)
    left_over = and_(
        Job.finished.is_(False), Job.starts_at >= start - CARRIED_OVER, Job.starts_at < start
    )
    today_only = and_(Job.starts_at >= start, Job.starts_at < end)
    return session.scalars(
        select(Job)
        .where(Job.brand_id == brand.id, or_(today_only, left_over))
        .order_by(Job.starts_at, Job.id)
        .limit(_MOST_JOBS)
    ).all()


def _can_be_written_to(card: Card) -> bool:
    return card.customer is not None and card.customer.unreachable is None


def _columns(visits: list[Card], names: dict[UUID, str]) -> tuple[Column, ...]:
    columns = [
        Column(
            technician_id=technician,
            technician=name,
            cards=tuple(card for card in visits if card.technician_id == technician),
        )
        for technician, name in names.items()
    ]
    unassigned = tuple(card for card in visits if card.technician_id is None)
    columns.append(Column(technician_id=None, technician=None, cards=unassigned))
    return tuple(column for column in columns if column.cards)
