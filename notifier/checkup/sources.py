"""Sources that need somebody: what they send does not count, or not all of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from notifier.domain.deliveries import DeliveryStatus
from notifier.domain.findings import Finding
from notifier.store.tables import Source
from notifier.webhooks.needs import Need, count_unread, read_needs

_Unread = Mapping[tuple[str, DeliveryStatus], int]


def look_at_sources(session: Session, *, now: datetime) -> list[Finding]:
    """Return what each source needs somebody for; one line that all is well if none does."""
    found = read_needs(session, now=now)
    if not found:
        return []
    in_need = [(source.name, need) for source in found for need in source.needs]
    if not in_need:
        return [Finding.ok("sources", "None needs anybody.")]
    unread = count_unread(session, by=Source.name)
    return [_FINDING[need](name, unread) for name, need in in_need]


def _refused(name: str, _: _Unread) -> Finding:
    return Finding.failing(
        f"source {name}",
        "What came last was refused, and nothing has been taken since.",
        "`.venv/bin/flask --app app sources list` says why. Where the signature is wrong, see that"
        f" its vendor has our secret, or take theirs by `sources rotate {name} --secret …`.",
    )


def _no_key(name: str, _: _Unread) -> Finding:
    return Finding.failing(
        f"source {name}",
        "It has no key to ask its vendor with, so nothing that it sends can be read.",
        f"`.venv/bin/flask --app app sources key {name}`",
    )


def _failed(name: str, unread: _Unread) -> Finding:
    return Finding.warning(
        f"source {name}",
        f"{unread[name, DeliveryStatus.FAILED]:,} of its deliveries could not be read.",
        f"`.venv/bin/flask --app app sources unread {name}` says which and why. Mended: `sources"
        f" replay {name}`; never ours, or corrected elsewhere: `sources put-aside {name}`.",
    )


def _waits(name: str, unread: _Unread) -> Finding:
    waiting = unread[name, DeliveryStatus.WAITING] + unread[name, DeliveryStatus.FETCHING]
    return Finding.warning(
        f"source {name}",
        f"{waiting:,} of its deliveries wait, some for more than a day.",
        f"`.venv/bin/flask --app app sources unread {name}` says for what: book the job by that"
        f" name, or `sources put-aside {name} --delivery …` what is not ours.",
    )


_FINDING: Mapping[Need, Callable[[str, _Unread], Finding]] = {
    Need.REFUSED: _refused,
    Need.NO_KEY: _no_key,
    Need.FAILED: _failed,
    Need.WAITS: _waits,
}
