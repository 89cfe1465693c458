"""Which rules were in force when: kept as they were written, and read again to explain."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from notifier.errors import Conflict
from notifier.rulebook import Rulebook, RulesInvalid, rulebook_of
from notifier.services import Services
from notifier.store.rule_sets import lock_rule_sets, newest_rule_set, oldest_rule_set
from notifier.store.tables import Job, RuleSet


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesInForce:
    """The rules of a moment. `since` is None where nothing so old is on record."""

    rulebook: Rulebook
    since: datetime | None


def record_rule_set(services: Services) -> bool:
    """Put the rules on record if others were in force until now; return whether they were.

    Every open job is then looked at again, by the ticks: what others owe it may be due long
    before anything else happens to it. Called once by each process that delivers, before it
    plans anything.
    """
    rulebook, now = services.rulebook, services.now()
    with services.sessions.begin() as session:
        lock_rule_sets(session)
        newest = newest_rule_set(session)
        if newest is not None and newest.hash == rulebook.hash:
            return False
        session.add(
            RuleSet(
                id=services.ids(),
                hash=rulebook.hash,
                files=dict(rulebook.files),
                in_force_at=now,
            )
        )
        session.execute(
            update(Job)
            .where(Job.finished.is_(False), or_(Job.look_at.is_(None), Job.look_at > now))
            .values(look_at=now)
        )
    services.wake()
    return True


def rules_of_now(session: Session, services: Services) -> RulesInForce:
    """Return the rules of this process, and since when they are on record as the newest."""
    newest = newest_rule_set(session)
    known = newest is not None and newest.hash == services.rulebook.hash
    return RulesInForce(
        rulebook=services.rulebook,
        since=newest.in_force_at if newest is not None and known else None,
    )


def rules_in_force(session: Session, services: Services, at: datetime) -> RulesInForce:
    """Return the rules by which the outbox was planned at `at` (UTC).

    Of a time before anything was recorded the oldest that is known stands in, and where
    nothing is, what this process runs by.

    :raises Conflict: if they are written in a language that this version no longer reads.
    """
    found = newest_rule_set(session, at)
    since = found.in_force_at if found is not None else None
    found = found or oldest_rule_set(session)
    if found is None or found.hash == services.rulebook.hash:
        return RulesInForce(rulebook=services.rulebook, since=since)
    try:
        return RulesInForce(rulebook=rulebook_of(found.files), since=since)
    except RulesInvalid as error:
        raise Conflict(
            f"the rules in force then (rule set {found.hash}) can't be read by this version: "
            f"{error.faults[0].sentence}"
        ) from error
