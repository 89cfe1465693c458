"""What an order came to: all that may not depend on the order in which its news arrived."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from notifier.delivery import deliver_due
from notifier.domain.facts import FactType
from notifier.domain.messages import WAITING, Strength
from notifier.domain.said_again import said_again_among
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.facts import fact_of
from notifier.store.tables import FactRow, Job, Message, Parcel, Promise
from tests.services import RecordingEmail, RecordingSms
from tests.webhooks.ways import Order

#: What a link to the status page ends in: it differs with every message.
_LINK = re.compile(r"/s/[\w-]+")

Outcome = dict[str, list[str]]


def outcome_of(services: Services, order: Order) -> Outcome:
    """Return state, facts in order of effect, ledger and what is owed, and the texts of it.

    What is due is sent for that, so nothing more is to be said of the order afterwards.
    """
    with reading(services.sessions) as session:
        names = (order.reference, order.reference[1:])
        job = session.scalars(select(Job).where(Job.reference.in_(names))).one_or_none()
        if job is None:
            return {}
        found = {
            "job": [_job(job)],
            "parcels": sorted(
                f"{one.tracking_code} {one.status} {one.expected}"
                for one in session.scalars(select(Parcel).where(Parcel.job_id == job.id))
            ),
            "facts": _facts(list(session.scalars(select(FactRow).where(FactRow.job_id == job.id)))),
            "promises": _promises(
                session.scalars(
                    select(Promise)
                    .where(Promise.job_id == job.id)
                    .order_by(Promise.recorded_at, Promise.id)
                )
            ),
            "owed": sorted(
                _owed(one)
                for one in session.scalars(select(Message).where(Message.job_id == job.id))
                if one.status in WAITING
            ),
        }
    found["texts"] = _texts(services)
    return {what: [_named(one, order) for one in said] for what, said in found.items()}


def _job(job: Job) -> str:
    fields = ("kind", "status", "service", "items", "promised", "agreed", "expected", "late")
    ends = ("reason", "by", "finished", "starts_at", "ends_at", "tell_by", "look_at")
    return " ".join(f"{name}={getattr(job, name)}" for name in (*fields, *ends))


def _facts(rows: list[FactRow]) -> list[str]:
    """Return what was said in order of effect. Said again in the same words, it was said once; a
    promise that stood so already may be on record or not.

    Of bookings the first counts: one that was heard before it gave way to it.
    """
    facts = sorted(map(fact_of, rows), key=lambda fact: (fact.effective_at, fact.seq))
    again = said_again_among(facts)
    said = {
        f"{min(row.occurred_at, row.received_at)} {row.type} {row.source}"
        f" {json.dumps(row.body, sort_keys=True)}"
        for row in rows
        if row.id not in again
    }
    ordered = sorted(said)
    booked = [one for one in ordered if f" {FactType.BOOKED} " in one]
    return [one for one in ordered if one not in booked[1:]]


def _promises(rows: Iterable[Promise]) -> list[str]:
    """Return what each promise came to; what was taken back was never given."""
    latest = {(row.message_id or row.fact_id, row.what): row for row in rows}
    return sorted(
        f"{one.what} {one.asserts} {one.moment} {one.given_at} {one.tell_by} {one.strength}"
        for one in latest.values()
        if one.strength != Strength.NONE
    )


def _owed(row: Message) -> str:
    fields: tuple[str, ...] = ("rule", "channel", "episode", "asserts", "moves_told", "reason")
    fields += ("told_before", "next_update_at", "tell_by", "send_at", "expires_at")
    return " ".join(f"{name}={getattr(row, name)}" for name in fields)


def _texts(services: Services) -> list[str]:
    """Send what is due, and return what each text and email says to whom."""
    (sms,), (email,) = services.sms.values(), services.email.values()
    assert isinstance(sms, RecordingSms)
    assert isinstance(email, RecordingEmail)
    sms.sent.clear()
    email.sent.clear()
    while deliver_due(services):
        pass
    texts = [f"{text.to}: {text.body}" for text in sms.sent]
    mails = [f"{mail.to}: {mail.subject} {mail.text}" for mail in email.sent]
    return sorted(texts + mails)


def _named(said: str, order: Order) -> str:
    """Return `said` as it would be of any other order."""
    own: dict[str, Any] = {
        order.reference[1:]: "ORDER",
        order.code: "CODE",
        order.phone: "PHONE",
        order.email: "EMAIL",
    }
    for name, instead in own.items():
        said = said.replace(name, instead)
    return _LINK.sub("/s/…", said)
