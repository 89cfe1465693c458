"""Brands: made in shadow, set live on purpose, never by accident."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from phonenumbers import SUPPORTED_REGIONS
from sqlalchemy import select
from sqlalchemy.orm import Session

from notifier.domain.messages import WAITING, Channel, WhyNot
from notifier.domain.quiet.hours import QuietHours
from notifier.domain.quiet.week import brand_hours, read_hours
from notifier.errors import Conflict, Invalid, NotFound
from notifier.guards.opening import open_again
from notifier.people import checked_zone
from notifier.planner import plan_all_soon, plan_anew
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.inserts import insert_into
from notifier.store.tables import AuditLine, Brand, Job, Message, Sender

_QUIET_FROM, _QUIET_UNTIL = "21:00", "08:00"


@dataclass(frozen=True, slots=True)
class WouldGo:
    """A message that goes out once the brand is live."""

    rule: str
    channel: str
    send_at: datetime
    reference: str


def add_brand(
    session: Session,
    services: Services,
    *,
    slug: str,
    name: str,
    zone: str,
    phone: str,
    country: str = "US",
    locale: str = "en",
    email: str | None = None,
    demo: bool = False,
    live_at: datetime | None = None,
) -> Brand:
    """Add a brand to the session; it is in shadow unless `live_at` says otherwise."""
    brand = Brand(
        id=services.ids(),
        slug=slug,
        name=name,
        zone=checked_zone(zone, "BRAND_TIME_ZONE"),
        locale=locale,
        phone=phone,
        email=email,
        country=country,
        quiet_from=_QUIET_FROM,
        quiet_until=_QUIET_UNTIL,
        amends={},
        demo=demo,
        live_at=live_at,
        created_at=services.now(),
    )
    session.add(brand)
    session.flush()
    return brand


def keep_sender(
    services: Services, brand_id: UUID, *, channel: Channel, provider: str, address: str
) -> None:
    """Put on record that a brand speaks from `address` by `provider`.

    Twice changes nothing, at the same moment neither: several workers may start at once.
    """
    row = {
        "id": services.ids(),
        "brand_id": brand_id,
        "channel": channel,
        "provider": provider,
        "address": address,
    }
    with services.sessions.begin() as session:
        session.execute(insert_into(session, Sender).values(row).on_conflict_do_nothing())


def find_brand(session: Session, slug: str | None) -> Brand:
    """Return the brand called `slug`; by default the only real one.

    :raises NotFound: if there is none of that name, or none at all.
    :raises Conflict: if there are several and none was named.
    """
    brands = list(session.scalars(select(Brand).order_by(Brand.created_at)))
    if slug is not None:
        named = [brand for brand in brands if brand.slug == slug]
        if not named:
            raise NotFound(f"there is no brand {slug!r}; there are: {_slugs(brands)}")
        return named[0]
    real = [brand for brand in brands if not brand.demo] or brands
    if not real:
        raise NotFound("there is no brand yet; start the product once to make it")
    if len(real) > 1:
        raise Conflict(f"there are several brands, name one with --brand: {_slugs(real)}")
    return real[0]


def set_quiet_hours(
    services: Services,
    brand_id: UUID,
    *,
    usual: str | None = None,
    days: Mapping[str, str | None] | None = None,
    actor: str,
) -> QuietHours:
    """Set the quiet hours of a brand, and plan its open jobs anew; return all of them.

    :param usual: of every day: "21:00-08:00", or "none"; None leaves them.
    :param days: of a weekday: {"sun": "20:00-10:00"}, "all-day" or "none"; None: as usual.
    :raises Invalid: if they can't be read.
    """
    with services.sessions.begin() as session:
        brand = _locked(session, brand_id)
        own = dict(brand.quiet_days or {})
        before = {
            "quiet_from": brand.quiet_from,
            "quiet_until": brand.quiet_until,
            "quiet_days": brand.quiet_days,
        }
        try:
            if usual is not None:
                brand.quiet_from, brand.quiet_until = read_hours(usual)
            for day, hours in (days or {}).items():
                own.pop(day, None)
                if hours is not None:
                    own[day] = read_hours(hours)
            quiet = brand_hours(brand.quiet_from, brand.quiet_until, own)
        except ValueError as error:
            raise Invalid("quiet_hours", str(error)) from error
        brand.quiet_days = own or None
        session.add(
            AuditLine(
                id=services.ids(),
                brand_id=brand_id,
                actor=actor,
                did="quiet_hours_set",
                subject=f"brand:{brand_id}",
                body={
                    "usual": [brand.quiet_from, brand.quiet_until],
                    "days": own,
                    "before": before,
                },
                at=services.now(),
            )
        )
        plan_all_soon(session, Job.brand_id == brand_id, now=services.now())
    plan_anew(services, Job.brand_id == brand_id)
    services.wake()
    return quiet


def set_countries(
    services: Services, brand_id: UUID, countries: Sequence[str], *, actor: str
) -> list[str]:
    """Set to which countries a brand texts, and plan its open jobs anew; return them, sorted.

    :param countries: ISO 3166 codes; none: its own alone.
    :raises Invalid: if one is none.
    """
    unknown = sorted(set(countries) - SUPPORTED_REGIONS)
    if unknown:
        raise Invalid("countries", f"{unknown[0]!r} is no country; write ISO 3166 codes: US CA")
    with services.sessions.begin() as session:
        brand = _locked(session, brand_id)
        before = {"countries": brand.countries}
        brand.countries = sorted(set(countries)) or None
        session.add(
            AuditLine(
                id=services.ids(),
                brand_id=brand_id,
                actor=actor,
                did="countries_set",
                subject=f"brand:{brand_id}",
                body={"countries": brand.countries, "before": before},
                at=services.now(),
            )
        )
        texts_to = sorted(brand.texts_to)
        now = services.now()
        plan_all_soon(session, Job.brand_id == brand_id, now=now)
        open_again(session, brand_id, [WhyNot.COUNTRY_CLOSED], now=now)
    plan_anew(services, Job.brand_id == brand_id)
    services.wake()
    return texts_to


def would_go(services: Services, brand_id: UUID) -> list[WouldGo]:
    """Return what a brand in shadow would send once it is live, soonest first."""
    with reading(services.sessions) as session:
        rows = session.execute(
            select(Message, Job.reference)
            .join(Job, Job.id == Message.job_id)
            .where(
                Message.brand_id == brand_id,
                Message.status.in_(list(WAITING)),
                Message.send_at > services.now(),
            )
            .order_by(Message.send_at)
        )
        return [
            WouldGo(message.rule, message.channel, message.send_at, reference)
            for message, reference in rows
        ]


def go_live(services: Services, brand_id: UUID, *, actor: str) -> bool:
    """Set a brand live; return False if it was already. What happened before owes nothing."""
    with services.sessions.begin() as session:
        brand = _locked(session, brand_id)
        if brand.live_at is not None:
            return False
        brand.live_at = services.now()
        session.add(
            AuditLine(
                id=services.ids(),
                brand_id=brand_id,
                actor=actor,
                did="brand_set_live",
                subject=f"brand:{brand_id}",
                body={},
                at=services.now(),
            )
        )
        plan_all_soon(session, Job.brand_id == brand_id, now=services.now())
    plan_anew(services, Job.brand_id == brand_id)
    services.wake()
    return True


def _locked(session: Session, brand_id: UUID) -> Brand:
    """Lock a brand against other changes of it: not against what only refers to it, which may
    hold a job that is wanted next."""
    return session.get_one(Brand, brand_id, with_for_update={"key_share": True})


def _slugs(brands: list[Brand]) -> str:
    return ", ".join(brand.slug for brand in brands) or "none"
