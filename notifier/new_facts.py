"""What a source says happened: checked against the job, and made a fact and its row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from notifier.domain.drift import drift_of, is_asked
from notifier.domain.facts import (
    CLOCK_SKEW,
    Fact,
    FactSource,
    FactType,
    PromiseKind,
    Standing,
    Terms,
)
from notifier.domain.folding import ANSWERS
from notifier.domain.jobs import FACTS_OF, JobKind
from notifier.domain.ledger.promises import drifted
from notifier.domain.ledger.views import reference_of
from notifier.domain.reasons import Party, Reason
from notifier.domain.tracking_codes import normal_tracking_code
from notifier.domain.windows import Expectation, Window, utc_text
from notifier.errors import Conflict, Invalid, NotFound
from notifier.planner import customer_of
from notifier.services import Services
from notifier.store.facts import fact_values, next_seq
from notifier.store.snapshots import Snapshot
from notifier.technicians.register import technician_named

#: Nobody promises a call or news for later than that: the day or the year is mistyped.
LONGEST_PROMISE = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFact:
    """What a source says happened, before it is recorded."""

    type: FactType
    source: FactSource
    actor: str  # staff:<id>, key:<id>, day_link:<id>, person:<id>, source:<id>
    occurred_at: datetime | None = None  # by default now
    minutes: int | None = None
    expected: Expectation | None = None
    window: Window | None = None
    agreed: bool | None = None
    reason: Reason | None = None
    by: Party | None = None
    technician: str | None = None  # by name
    technician_phone: str | None = None  # where they are asked; in any format
    parcel: str | None = None  # tracking code
    may_be_replaced: bool = False  # the order may have another in the parcel's place by now
    person: UUID | None = None  # job person; by default the first customer
    what: PromiseKind | None = None  # of `promised`
    moment: datetime | None = None  # of `promised`: by when
    by_phone: bool | None = None  # of `promised`: they know it already
    note: str | None = None  # for staff; never reaches a customer
    source_id: UUID | None = None
    external_id: str | None = None
    hold_seconds: int = 0  # "Sending in 10 s · Undo"
    before_live: bool = False  # its source was not live yet
    stands: Standing | None = None  # its source says it again whenever anything changes there


def row_of(services: Services, snapshot: Snapshot, fact: Fact, new: NewFact) -> dict[str, Any]:
    """Return the row of `fact`; what is for staff alone is sealed."""
    note = None
    if new.note:
        _, customer = snapshot.people[_customer(snapshot)]
        if customer.key is not None:
            note = services.vault.seal(customer.key, new.note)
    return fact_values(
        snapshot.job,
        fact,
        actor=new.actor,
        note=note,
        source_id=new.source_id,
        external_id=new.external_id,
    )


def _customer(snapshot: Snapshot) -> UUID:
    customer = customer_of(snapshot)
    if customer is None:
        raise NotFound("this job has no customer")
    return customer


def fact_from(
    session: Session, services: Services, snapshot: Snapshot, new: NewFact, now: datetime
) -> Fact:
    """Return `new` as a fact, once it is certain that it can be said of this job."""
    kind = JobKind(snapshot.job.kind)
    if new.type not in FACTS_OF[kind]:
        raise Invalid("type", f"an {kind.value} can't be said to be `{new.type.value}`")
    _check(snapshot, new)
    _check_promise(new, now)
    _check_missed(snapshot, new, now)
    person = new.person or _customer(snapshot)
    if person not in snapshot.people or person in snapshot.technicians.values():
        raise Invalid("person", "this person is not on the job")
    technician = None
    if new.technician:
        technician = technician_named(
            session,
            services,
            snapshot.job.brand_id,
            new.technician,
            phone=new.technician_phone,
            now=now,
        )
    expected, window = new.expected, new.window
    if new.type is FactType.TOLD and window is None and expected is None:
        expected = snapshot.state.expected
        window = expected if isinstance(expected, Window) else None
    return Fact(
        id=services.ids(),
        seq=next_seq(snapshot.facts),
        type=new.type,
        source=new.source,
        occurred_at=_occurred_at(snapshot, new, now),
        received_at=now,
        minutes=new.minutes,
        expected=expected,
        window=window,
        agreed=new.agreed,
        reason=new.reason,
        by=_by(new),
        technician=technician,
        parcel=_code(new),
        person=person if new.type in ANSWERS else None,
        terms=_terms(snapshot, person, new, now),
        what=new.what,
        moment=new.moment,
        by_phone=new.by_phone is True if new.type is FactType.PROMISED else None,
        hold_seconds=new.hold_seconds,
        before_live=new.before_live,
        stands=new.stands,
    )


def _check(snapshot: Snapshot, new: NewFact) -> None:
    if new.type is FactType.DELAYED:
        if (new.minutes is None) == (new.expected is None):
            raise Invalid("minutes", "say either `minutes` or `expected`")
        if new.minutes is not None and snapshot.state.agreed is None:
            raise Invalid("minutes", "this job has no window to shift; say `expected`")
    needs_window = (FactType.RESCHEDULED, FactType.ACCEPTED, FactType.DECLINED)
    if new.type in needs_window and new.window is None:
        raise Invalid("window", f"`{new.type.value}` needs a `window`")
    if new.type is FactType.REASSIGNED and not new.technician:
        raise Invalid("technician", "`reassigned` needs a `technician`")
    code = _code(new)
    if code and not new.may_be_replaced and code not in snapshot.parcels:
        raise Invalid("parcel", "this order has no parcel with that tracking code")


def _code(new: NewFact) -> str | None:
    try:
        return normal_tracking_code(new.parcel) if new.parcel else None
    except ValueError as error:
        raise Invalid("parcel", str(error)) from None


def _check_promise(new: NewFact, now: datetime) -> None:
    if new.type is not FactType.PROMISED:
        return
    if new.what not in (PromiseKind.UPDATE, PromiseKind.CALL_BACK):
        raise Invalid("what", "say what is promised: `update` or `call_back`")
    if new.moment is None:
        raise Invalid("moment", "`promised` needs a `moment`: by when")
    if new.moment <= now:
        raise Invalid("moment", "a moment can only be promised before it comes")
    if new.moment > now + LONGEST_PROMISE:
        raise Invalid(
            "moment", f"a moment can be promised at most {LONGEST_PROMISE.days} days ahead"
        )


def _check_missed(snapshot: Snapshot, new: NewFact, now: datetime) -> None:
    """Nobody has waited in vain before the time begins that they know of, whoever's doing it is."""
    if new.type is not FactType.MISSED:
        return
    customer = _customer(snapshot)
    view = next(one for one in snapshot.plan_input.people if one.job_person == customer)
    said = min(new.occurred_at or now, now)
    awaited = view.awaited(said)
    if awaited is not None and said < awaited.start:
        raise Invalid(
            "type",
            "a visit can't be missed before the time that its customer was given; until then "
            "it is `cancelled`, or `delayed`",
        )


def _occurred_at(snapshot: Snapshot, new: NewFact, now: datetime) -> datetime:
    """Return when it happened, the booking at the earliest where it rests on what that gave.

    A parcel may well have moved before its order reached us; but nobody was spoken to, and
    nothing was late, before there was a promise. A source's delivery is taken as it is:
    nobody would hear of a refusal.
    """
    said, booked = new.occurred_at or now, snapshot.state.booked
    given_at = booked.effective_at if booked is not None else said
    rests = new.type in ANSWERS or new.type is FactType.RESCHEDULED or new.minutes is not None
    if not rests or said >= given_at:
        return said
    if given_at - said <= CLOCK_SKEW:
        return given_at
    if new.source_id is not None:
        return said
    raise Invalid("occurred_at", f"must not lie before the booking, {utc_text(given_at)}")


def _by(new: NewFact) -> Party | None:
    """Absence is never assumed to be anybody's fault."""
    if new.type in (FactType.MISSED, FactType.CANCELLED):
        return new.by or Party.UNKNOWN
    return new.by


def _terms(snapshot: Snapshot, person: UUID, new: NewFact, now: datetime) -> Terms | None:
    """Return what an `accepted` accepts: an open offer, or a time that they were told.

    :raises Conflict: if it is neither any more.
    """
    if new.type is not FactType.ACCEPTED or new.window is None:
        return None
    state, zone = snapshot.state, snapshot.plan_input.zone
    view = next(v for v in snapshot.plan_input.people if v.job_person == person)
    reference = reference_of(view, state.agreed)
    if not drifted(state.kind, state.expected, new.window, zone):
        drift = drift_of(state, view, reference, zone=zone, now=now)
        return Terms.OFFER if is_asked(drift.kind) else Terms.SUITS
    if not drifted(state.kind, new.window, reference.asserts, zone):
        return Terms.SUITS
    raise Conflict("that time is no longer on offer")
