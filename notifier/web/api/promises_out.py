"""The ledger of one job as the API answers it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from notifier.domain.facts import FactSource, PromiseKind
from notifier.domain.ledger.endings import Ending, PromiseView
from notifier.domain.messages import Strength
from notifier.job_views import PersonView
from notifier.ledgers import GivenBy, JobLedger
from notifier.web.api.answers import (
    Answer,
    ExpectationOut,
    MomentOut,
    RecipientOut,
    WindowOut,
)


class GivenByOut(Answer):
    """What gave it: a booking, a call, their own answer (`fact`), or a message of a rule."""

    how: GivenBy
    fact: UUID | None
    message: UUID | None
    rule: str | None


class ThereOut(Answer):
    """That somebody, or the order, was there. `by_then`: since when, nobody said."""

    at: MomentOut
    by_then: bool
    said_by: FactSource


class PromiseOut(Answer):
    """One window or moment that somebody was given, and how it ended.

    `window` is set where `what` is window, `moment` where it is an update or a call back.
    `heard_at` is when they heard of a change, and `changed_to` or `changed_moment` what they
    heard. `never_told`: it broke, and nothing reached them about it. `no_word`: its time has
    passed and nobody said how it went. `there`: how we know that it was kept, or who came, or
    what, when its time had passed. `repeats`: the fact or message whose promise it only
    says again.
    """

    person: RecipientOut
    what: PromiseKind
    window: WindowOut | None
    moment: MomentOut | None
    given_at: MomentOut
    given_by: GivenByOut
    strength: Strength
    due: MomentOut
    tell_by: MomentOut
    ending: Ending
    ended_at: MomentOut | None
    heard_at: MomentOut | None
    heard_strength: Strength | None
    changed_to: ExpectationOut
    changed_moment: MomentOut | None
    never_told: bool
    no_word: bool
    there: ThereOut | None
    repeats: UUID | None


class PromisesOut(Answer):
    """Every promise of a job, of each person in the order in which they were given."""

    items: list[PromiseOut]


def promises_out(ledger: JobLedger, people: Mapping[UUID, PersonView]) -> PromisesOut:
    """Return the JSON form of a job's ledger."""
    return PromisesOut(
        items=[
            _promise_out(ledger, people[person.job_person], view)
            for person in ledger.people
            for view in person.promises
        ]
    )


def _promise_out(ledger: JobLedger, person: PersonView, view: PromiseView) -> PromiseOut:
    entry = view.entry
    instead = view.changed_to
    return PromiseOut.model_validate(
        {
            "person": {"id": person.id, "role": person.role, "name": person.name},
            "what": entry.what,
            "window": entry.asserts,
            "moment": entry.moment,
            "given_at": entry.given_at,
            "given_by": {
                "how": ledger.given_by(view),
                "fact": entry.fact,
                "message": entry.message,
                "rule": entry.rule,
            },
            "strength": entry.strength,
            "due": view.due,
            "tell_by": view.tell_by,
            "ending": view.ending,
            "ended_at": view.ended_at,
            "heard_at": view.heard_at,
            "heard_strength": view.heard_strength,
            "changed_to": None if isinstance(instead, datetime) else instead,
            "changed_moment": instead if isinstance(instead, datetime) else None,
            "never_told": view.never_told,
            "no_word": view.no_word,
            "there": view.there
            and {
                "at": view.there.at,
                "by_then": view.there.by_then,
                "said_by": view.there.fact.source,
            },
            "repeats": view.repeats,
        }
    )
