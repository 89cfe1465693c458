"""Senders that are refused: a provider does not want our account, or carriers our number."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifier.sending.reactions import SENDER_HALTED
from notifier.sending.routing import every_path
from notifier.services import Services
from notifier.store.id_times import first_id
from notifier.store.tables import Brand, Sender, Task

#: How far back tasks are looked for, so that the cost does not grow with history.
_LOOKED_AT = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedSender:
    """The sender of a brand on one path, and the codes with which it was refused."""

    brand: str  # its slug
    path: str
    codes: tuple[str, ...]
    rests: bool  # nothing was taken since


def refused_senders(session: Session, services: Services) -> list[RefusedSender]:
    """Return the senders that rest, and those whose task of the last day is open.

    Twilio takes the texts of a number that carriers refuse: with each one the sender is taken
    for well, until its receipt comes. The task stays.
    """
    paths = list(every_path(services))
    resting = _resting(session, paths)
    refusals = resting | _asked_about(session, paths, since=services.now() - _LOOKED_AT)
    codes: dict[tuple[str, str], set[str]] = {}
    for brand, path, code in refusals:
        codes.setdefault((brand, path), set()).add(code)
    at_rest = {(brand, path) for brand, path, _ in resting}
    return [
        RefusedSender(
            brand=brand, path=path, codes=tuple(sorted(said)), rests=(brand, path) in at_rest
        )
        for (brand, path), said in sorted(codes.items())
    ]


def _resting(session: Session, paths: Collection[str]) -> set[tuple[str, str, str]]:
    """Return brand, path and code of each sender that was refused and took nothing since."""
    rows = session.execute(
        select(Brand.slug, Sender.provider, Sender.halted_code)
        .join(Brand, Brand.id == Sender.brand_id)
        .where(Sender.halted_at.is_not(None), Sender.provider.in_(paths))
    )
    return {(brand, path, code or "no code") for brand, path, code in rows}


def _asked_about(
    session: Session, paths: Collection[str], *, since: datetime
) -> set[tuple[str, str, str]]:
    """Return brand, path and code of what a person is asked to mend, and did not tick off."""
    rows = session.execute(
        select(Brand.slug, Task.path, Task.why)
        .join(Brand, Brand.id == Task.brand_id)
        .where(
            Task.id >= first_id(since),  # there is one a day as long as it is refused
            Task.kind == SENDER_HALTED,
            Task.path.in_(paths),
            Task.done_at.is_(None),
        )
    )
    return {(brand, path or "", why) for brand, path, why in rows}
