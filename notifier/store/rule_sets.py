"""The rule sets that were in force, as they were written, and since when."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from notifier.store.tables import RuleSet


def lock_rule_sets(session: Session) -> None:
    """Let one process at a time look and append: several may start at once.

    On SQLite a writing transaction has the only lock already.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE rule_sets IN SHARE ROW EXCLUSIVE MODE"))


def newest_rule_set(session: Session, at: datetime | None = None) -> RuleSet | None:
    """Return the rule set recorded last, or last at `at` or before; None if there is none."""
    query = select(RuleSet).order_by(RuleSet.in_force_at.desc(), RuleSet.id.desc()).limit(1)
    if at is not None:
        query = query.where(RuleSet.in_force_at <= at)
    return session.scalar(query)


def oldest_rule_set(session: Session) -> RuleSet | None:
    """Return the rule set recorded first."""
    query = select(RuleSet).order_by(RuleSet.in_force_at, RuleSet.id).limit(1)
    return session.scalar(query)
