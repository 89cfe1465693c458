"""Jobs, their statuses, and what every fact does to every status."""

from __future__ import annotations

from enum import StrEnum

from notifier.domain.facts import FactSource, FactType


class JobKind(StrEnum):
    """A visit in a window, or parcels on their way."""

    APPOINTMENT = "appointment"
    ORDER = "order"


class JobStatus(StrEnum):
    """Where a job stands: how it began, then the last fact that counts as a status."""

    SCHEDULED = "scheduled"
    CONFIRMED = "confirmed"
    EN_ROUTE = "en_route"
    ARRIVED = "arrived"
    COMPLETED = "completed"
    MISSED = "missed"
    ORDERED = "ordered"
    SHIPPED = "shipped"
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    ATTEMPTED = "attempted"
    READY_FOR_PICKUP = "ready_for_pickup"
    DELIVERED = "delivered"
    NOT_RECEIVED = "not_received"
    EXCEPTION = "exception"
    RETURNED = "returned"
    CANCELLED = "cancelled"


class Effect(StrEnum):
    """What one fact does to a job in one status."""

    BECOMES = "becomes"  # the status is now the fact's type
    APPLIES = "applies"  # changes what is believed; the status stays
    RESTARTS = "restarts"  # applies, and the job is scheduled again
    REOPENS = "reopens"  # restarts a finished job; only when staff say so
    CORRECTS = "corrects"  # becomes, though finished: it happened after all
    RESUMES = "resumes"  # becomes, and is open again; only when staff say so
    IGNORED = "ignored"  # recorded, and changes nothing


#: A finished job owes no more news of lateness; only staff reopen it.
FINISHED = frozenset(
    {
        JobStatus.COMPLETED,
        JobStatus.MISSED,
        JobStatus.DELIVERED,
        JobStatus.RETURNED,
        JobStatus.CANCELLED,
    }
)

#: A visit to which somebody is still to come.
AWAITED = frozenset({JobStatus.SCHEDULED, JobStatus.CONFIRMED, JobStatus.EN_ROUTE})

#: What makes the fact's type the status.
LEADS_ON = frozenset({Effect.BECOMES, Effect.CORRECTS, Effect.RESUMES})

#: Only staff reopen a finished job.
_BY_STAFF = frozenset({Effect.REOPENS, Effect.RESUMES})

B, A, S, O, C, R, I = (  # noqa: E741 - one letter a cell keeps the tables readable at a glance
    Effect.BECOMES,
    Effect.APPLIES,
    Effect.RESTARTS,
    Effect.REOPENS,
    Effect.CORRECTS,
    Effect.RESUMES,
    Effect.IGNORED,
)

_F, _J = FactType, JobStatus

# fmt: off
_APPOINTMENT_FACTS = (
    _F.CONFIRMED, _F.DELAYED, _F.REASSIGNED, _F.EN_ROUTE, _F.ARRIVED, _F.COMPLETED, _F.MISSED,
    _F.CANCELLED, _F.RESCHEDULED, _F.ACCEPTED, _F.DECLINED, _F.TOLD, _F.PROMISED, _F.SPOKEN_TO,
    _F.CONTACT_CHANGED,
)

# Rows: the status. Columns: the facts above, in their order.
_APPOINTMENT = {
    #              conf dela reas enro arri comp miss canc resc acce decl told prom spok cont
    _J.SCHEDULED: (B,   A,   A,   B,   B,   B,   B,   B,   S,   A,   A,   A,   A,   A,   A),
    _J.CONFIRMED: (I,   A,   A,   B,   B,   B,   B,   B,   S,   A,   A,   A,   A,   A,   A),
    _J.EN_ROUTE:  (I,   A,   A,   I,   B,   B,   B,   B,   S,   A,   A,   A,   A,   A,   A),
    _J.ARRIVED:   (I,   I,   A,   I,   I,   B,   I,   B,   S,   I,   I,   A,   A,   A,   A),
    _J.COMPLETED: (I,   I,   I,   I,   I,   I,   I,   I,   O,   I,   I,   A,   A,   A,   A),
    _J.MISSED:    (I,   I,   I,   R,   R,   C,   I,   B,   O,   I,   I,   A,   A,   A,   A),
    _J.CANCELLED: (I,   I,   I,   I,   I,   I,   I,   I,   O,   I,   I,   A,   A,   A,   A),
}

_ORDER_FACTS = (
    _F.SHIPPED, _F.IN_TRANSIT, _F.OUT_FOR_DELIVERY, _F.DELAYED, _F.ATTEMPTED,
    _F.READY_FOR_PICKUP, _F.DELIVERED, _F.NOT_RECEIVED, _F.EXCEPTION, _F.RETURNED,
    _F.CANCELLED, _F.TOLD, _F.PROMISED, _F.SPOKEN_TO, _F.CONTACT_CHANGED,
)

_ORDER = {
    #                     ship tran outf dela atte pick deli notr exce retu canc told prom spok cont
    _J.ORDERED:          (B,   B,   B,   A,   B,   B,   B,   B,   B,   B,   B,   A,   A,   A,   A),
    _J.SHIPPED:          (A,   B,   B,   A,   B,   B,   B,   B,   B,   B,   B,   A,   A,   A,   A),
    _J.IN_TRANSIT:       (A,   A,   B,   A,   B,   B,   B,   B,   B,   B,   B,   A,   A,   A,   A),
    _J.OUT_FOR_DELIVERY: (A,   B,   A,   A,   B,   B,   B,   B,   B,   B,   B,   A,   A,   A,   A),
    _J.ATTEMPTED:        (I,   B,   B,   A,   B,   B,   B,   B,   B,   B,   B,   A,   A,   A,   A),
    _J.READY_FOR_PICKUP: (I,   B,   B,   A,   B,   A,   B,   B,   B,   B,   B,   A,   A,   A,   A),
    _J.EXCEPTION:        (I,   B,   B,   A,   B,   B,   B,   B,   B,   B,   B,   A,   A,   A,   A),
    _J.NOT_RECEIVED:     (I,   B,   B,   A,   B,   B,   B,   A,   B,   B,   B,   A,   A,   A,   A),
    # "Delivered" by the carrier and "not received" by the customer can both be said: it is open,
    # whoever says so. It is the one way to reopen that is not left to staff.
    _J.DELIVERED:        (I,   I,   I,   I,   I,   I,   I,   C,   I,   C,   I,   A,   A,   A,   A),
    _J.RETURNED:         (I,   I,   I,   I,   I,   I,   I,   I,   I,   I,   I,   A,   A,   A,   A),
    _J.CANCELLED:        (I,   I,   I,   I,   I,   I,   I,   I,   I,   I,   I,   A,   A,   A,   A),
}
# fmt: on

_EFFECTS: dict[JobKind, dict[tuple[JobStatus, FactType], Effect]] = {
    JobKind.APPOINTMENT: {
        (status, fact): effect
        for status, row in _APPOINTMENT.items()
        for fact, effect in zip(_APPOINTMENT_FACTS, row, strict=True)
    },
    JobKind.ORDER: {
        (status, fact): effect
        for status, row in _ORDER.items()
        for fact, effect in zip(_ORDER_FACTS, row, strict=True)
    },
}

#: The facts that can be said of each kind of job by anyone (not `booked`, not `withdrawn`).
FACTS_OF = {
    JobKind.APPOINTMENT: frozenset(_APPOINTMENT_FACTS),
    JobKind.ORDER: frozenset(_ORDER_FACTS),
}

STATUSES_OF = {
    JobKind.APPOINTMENT: frozenset(_APPOINTMENT),
    JobKind.ORDER: frozenset(_ORDER),
}

FIRST_STATUS = {
    JobKind.APPOINTMENT: JobStatus.SCHEDULED,
    JobKind.ORDER: JobStatus.ORDERED,
}


def effect_of(kind: JobKind, status: JobStatus, fact: FactType, source: FactSource) -> Effect:
    """Return what `fact`, said by `source`, does to a job of `kind` in `status`.

    :raises KeyError: if that fact can't be said of that kind of job.
    """
    effect = _EFFECTS[kind][status, fact]
    if effect in _BY_STAFF and source is not FactSource.STAFF:
        return Effect.IGNORED
    return effect
