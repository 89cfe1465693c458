"""Facts between the table and the domain."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert
from sqlalchemy.orm import Session

from notifier.domain.facts import Fact, FactSource, FactType, PromiseKind, Standing, Terms
from notifier.domain.reasons import Party, Reason
from notifier.domain.windows import Window, from_json, to_json, utc_text
from notifier.store.tables import FactRow, Job

_APPEND = insert(FactRow)


def body_of(fact: Fact) -> dict[str, Any]:
    """Return what of `fact` has no column of its own, without what is empty."""
    body: dict[str, Any] = {
        "minutes": fact.minutes,
        "expected": to_json(fact.expected),
        "window": to_json(fact.window),
        "agreed": fact.agreed,
        "reason": fact.reason,
        "by": fact.by,
        "technician": _text(fact.technician),
        "parcel": fact.parcel,
        "person": _text(fact.person),
        "terms": fact.terms,
        "what": fact.what,
        "moment": utc_text(fact.moment) if fact.moment is not None else None,
        "by_phone": fact.by_phone,
        "withdraws": _text(fact.withdraws),
        "hold_seconds": fact.hold_seconds or None,
        "before_live": fact.before_live or None,
        "stands": _standing_json(fact.stands),
    }
    return {name: value for name, value in body.items() if value is not None}


def fact_of(row: FactRow | Row[Any]) -> Fact:
    """Return the fact that `row` records: the entity, or a row with its columns' names."""
    body = row.body
    window = from_json(body.get("window"))
    return Fact(
        id=row.id,
        seq=row.seq,
        type=FactType(row.type),
        source=FactSource(row.source),
        occurred_at=row.occurred_at,
        received_at=row.received_at,
        minutes=body.get("minutes"),
        expected=from_json(body.get("expected")),
        window=window if isinstance(window, Window) else None,
        agreed=body.get("agreed"),
        reason=Reason(body["reason"]) if "reason" in body else None,
        by=Party(body["by"]) if "by" in body else None,
        technician=_id(body.get("technician")),
        parcel=body.get("parcel"),
        person=_id(body.get("person")),
        terms=Terms(body["terms"]) if "terms" in body else None,
        what=PromiseKind(body["what"]) if "what" in body else None,
        moment=datetime.fromisoformat(body["moment"]) if "moment" in body else None,
        by_phone=body.get("by_phone"),
        withdraws=_id(body.get("withdraws")),
        hold_seconds=body.get("hold_seconds", 0),
        before_live=body.get("before_live", False),
        stands=_standing(body.get("stands")),
    )


def next_seq(facts: Sequence[Fact]) -> int:
    """Return the place in the order of arrival of the next fact of a job."""
    return max((fact.seq for fact in facts), default=0) + 1


def promised_kind(session: Session, rests_on: UUID | None) -> PromiseKind:
    """Return what the *next* of a message that rests on that fact is: what staff promised and
    left to us to say, or an update."""
    fact = session.get(FactRow, rests_on) if rests_on is not None else None
    if fact is None or fact.type != FactType.PROMISED:
        return PromiseKind.UPDATE
    return PromiseKind(fact.body["what"])


def append_facts(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Append rows of `fact_values`, all in one statement."""
    if rows:
        session.connection().execute(_APPEND, rows)


def fact_row(job: Job, fact: Fact, *, actor: str) -> FactRow:
    """Return the row that records `fact` for `job`."""
    return FactRow(**fact_values(job, fact, actor=actor))


def fact_values(
    job: Job,
    fact: Fact,
    *,
    actor: str,
    note: bytes | None = None,
    source_id: UUID | None = None,
    external_id: str | None = None,
) -> dict[str, Any]:
    """Return the columns of the row that records `fact` for `job`."""
    return {
        "id": fact.id,
        "brand_id": job.brand_id,
        "job_id": job.id,
        "seq": fact.seq,
        "type": fact.type,
        "source": fact.source,
        "source_id": source_id,
        "actor": actor,
        "occurred_at": fact.occurred_at,
        "received_at": fact.received_at,
        "body": body_of(fact),
        "note": note,
        "external_id": external_id,
    }


def _standing_json(stands: Standing | None) -> dict[str, Any] | None:
    if stands is None:
        return None
    anew = {"anew": True} if stands.anew else {}
    return {"source": str(stands.source), "about": stands.about, "word": stands.word, **anew}


def _standing(value: dict[str, Any] | None) -> Standing | None:
    if value is None:
        return None
    return Standing(
        UUID(value["source"]), value["about"], value["word"], anew=value.get("anew", False)
    )


def _text(value: UUID | None) -> str | None:
    return str(value) if value is not None else None


def _id(value: str | None) -> UUID | None:
    return UUID(value) if value is not None else None
