"""Onfleet: a task is a visit. Somebody starts out, is near, and is done or was not.

It is no order, though it may bring a parcel: it has a window, a driver and an arrival time to
the minute, and no tracking code that anybody else knows.

Source: docs.onfleet.com/reference/webhooks, /reference/secrets.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from notifier.domain.facts import FactSource, FactType
from notifier.domain.jobs import JobKind
from notifier.domain.messages import Role
from notifier.domain.reasons import Party
from notifier.domain.windows import UNKNOWN, Window
from notifier.sources.parts.booking_fields import one_line, phone_number
from notifier.sources.parts.json_bodies import object_in, objects_in, read_object, short_text
from notifier.sources.protocol import (
    BookedPerson,
    Booking,
    ByReference,
    Ignored,
    Incoming,
    OptedOut,
    SourceAdapter,
    SourceEvent,
    Translation,
    Untranslatable,
)

#: How far an arrival time may be off that was worked out from where the van is.
SPREAD = timedelta(minutes=5)

#: `taskArrival` says that somebody is near; this near, in metres, they are there.
AT_THE_DOOR_M = 250

_CHECK = re.compile(r"[A-Za-z0-9_-]{1,200}")
_SECRET_BYTES = (16, 128)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS_2000, _MS_2100 = 946_684_800_000, 4_102_444_800_000
_UNDER_WAY, _OVER = 2, 3  # `task.state`, after unassigned and assigned


def greeting(incoming: Incoming) -> str | None:
    """Return the `check` of the address, which Onfleet wants to read back; only if it is short."""
    if incoming.body:
        return None
    asked = dict(parse_qsl(urlsplit(incoming.url).query)).get("check", "")
    return asked if _CHECK.fullmatch(asked) else None


def verify(secrets: Sequence[str], incoming: Incoming, now: datetime) -> bool:
    """Return whether `X-Onfleet-Signature` is the hex HMAC-SHA512 of the raw body.

    The key is what the secret says in hex. Onfleet signs no time, so a replay of an old
    delivery is caught by its id instead.
    """
    given = incoming.headers.get("x-onfleet-signature", "").encode()
    return any(
        hmac.compare_digest(
            hmac.new(bytes.fromhex(secret), incoming.body, hashlib.sha512).hexdigest().encode(),
            given,
        )
        for secret in secrets
    )


def takes_secret(secret: str) -> bool:
    """Return whether `secret` is hex, of 16 to 128 bytes."""
    try:
        return _SECRET_BYTES[0] <= len(bytes.fromhex(secret)) <= _SECRET_BYTES[1]
    except ValueError:
        return False


def delivery_id(incoming: Incoming) -> str | None:
    """Return trigger, task and time together: Onfleet names no delivery, but repeats these."""
    event = read_object(incoming.body)
    trigger, task, at = event.get("triggerId"), short_text(event.get("taskId")), event.get("time")
    known = type(trigger) is int and trigger in TRIGGERS
    if task is None or not known or _moment(at) is None:
        return None
    return f"{trigger}:{task[:100]}:{at}"


def translate(incoming: Incoming) -> Translation:
    """Return what the event says of its task."""
    event = read_object(incoming.body)
    trigger = event.get("triggerId")
    if type(trigger) is not int:
        raise Untranslatable("triggerId: an event says what it is about.")
    name, meaning = TRIGGERS.get(trigger, _unknown(event))
    if isinstance(meaning, str):
        return Ignored(f"{name} {meaning}")
    if meaning is _opted_out:
        return _opted_out(event, object_in(event.get("recipient")))
    task = object_in(event.get("data")).get("task")
    if not isinstance(task, dict):
        raise Untranslatable("data.task: an event of a task carries it.")
    if not objects_in(task.get("recipients")):
        return Ignored("the task has no recipient, so nobody is written to")
    return meaning(event, task)


def _unknown(event: Mapping[str, Any]) -> tuple[str, str]:
    return (short_text(event.get("triggerName")) or "this trigger")[:60], "is not known here"


def _fact(
    event: Mapping[str, Any], task: Mapping[str, Any], fact: FactType, **said: Any
) -> SourceEvent:
    """Return a fact of the task, at the time of the event unless `said` names another.

    The reference is the short id, which dispatchers, drivers and the tracking link show.
    """
    reference = short_text(task.get("shortId"))
    if reference is None:
        raise Untranslatable("data.task.shortId: a task has one.")
    return SourceEvent(
        join=ByReference(reference),
        job_kind=JobKind.APPOINTMENT,
        type=fact,
        **{"occurred_at": _moment(event.get("time")), **said},
    )


def _moment(ms: object) -> datetime | None:
    """Return a time in milliseconds since 1970."""
    if isinstance(ms, bool) or not isinstance(ms, int | float) or not _MS_2000 <= ms < _MS_2100:
        return None
    return _EPOCH + timedelta(milliseconds=ms)


def _window(task: Mapping[str, Any]) -> Window | None:
    """Return when the task is to be done, None unless both ends are set."""
    start, end = _moment(task.get("completeAfter")), _moment(task.get("completeBefore"))
    return Window(start, end) if start and end and start < end else None


def _booking(event: Mapping[str, Any], task: Mapping[str, Any]) -> SourceEvent:
    """Return the task as it stands. Its window is compared with what we knew of it."""
    name, phone = _driver(event)
    return _fact(
        event,
        task,
        FactType.BOOKED,
        booking=Booking(
            reference=short_text(task.get("shortId")) or "",
            service="Pickup" if task.get("pickupTask") is True else "Delivery",
            people=tuple(
                BookedPerson(
                    role=Role.SECOND_CONTACT if nth else Role.CUSTOMER,
                    reference=short_text(one.get("id")),
                    name=one_line(one.get("name")),
                    phone=phone_number(one.get("phone")),
                )
                for nth, one in enumerate(objects_in(task.get("recipients")))
            ),
            window=_window(task),
            address=_address(object_in(object_in(task.get("destination")).get("address"))),
            technician=name,
            technician_phone=phone,
            made_at=_moment(task.get("timeCreated")),
            as_it_stands=True,
        ),
    )


def _driver(event: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return the driver's name and number, where the event carries them: many give the id."""
    worker = object_in(object_in(event.get("data")).get("worker"))
    name = one_line(worker.get("displayName")) or one_line(worker.get("name"))
    return (name, phone_number(worker.get("phone"))) if name else (None, None)


def _address(said: Mapping[str, Any]) -> str | None:
    street = " ".join(filter(None, (one_line(said.get("number")), one_line(said.get("street")))))
    rest = (one_line(said.get(part)) for part in ("apartment", "city", "state", "postalCode"))
    return one_line(", ".join(part for part in (street, *rest) if part))


def _planned(event: Mapping[str, Any], task: Mapping[str, Any]) -> Translation:
    """Return the task as it stands, until somebody is on the way.

    From then on its arrival time is believed, and an update (a note, a photo) must not put
    the planned window in its place again.
    """
    if task.get("state") in (_UNDER_WAY, _OVER):
        return Ignored("the task is under way, and its other events say more")
    return (_booking(event, task),)


def _assigned(event: Mapping[str, Any], task: Mapping[str, Any]) -> Translation:
    """Return the task as it stands, and who goes."""
    name, phone = _driver(event)
    planned = _planned(event, task)
    who = (
        (_fact(event, task, FactType.REASSIGNED, technician=name, technician_phone=phone),)
        if name
        else ()
    )
    if not isinstance(planned, tuple):
        return who or planned
    return (*planned, *who)


def _started(event: Mapping[str, Any], task: Mapping[str, Any]) -> Translation:
    """Return the task, which nobody has told of if it was imported, and that they are coming."""
    return (_booking(event, task), _fact(event, task, FactType.EN_ROUTE))


def _near(event: Mapping[str, Any], task: Mapping[str, Any]) -> Translation:
    """Return that somebody is there, or only on the way where the threshold is wide."""
    distance = event.get("distance")
    there = isinstance(distance, int | float) and distance <= AT_THE_DOOR_M
    return (_fact(event, task, FactType.ARRIVED if there else FactType.EN_ROUTE),)


def _expected(
    event: Mapping[str, Any], task: Mapping[str, Any], arrival: datetime | None
) -> Translation:
    if arrival is None:
        return Ignored("the event names no arrival time")
    start = arrival.replace(second=0, microsecond=0)
    window = Window(start, start + SPREAD)
    return (_fact(event, task, FactType.DELAYED, expected=window),)


def _eta(event: Mapping[str, Any], task: Mapping[str, Any]) -> Translation:
    """Return the arrival that `etaSeconds` counts from the event's time."""
    arrival = _after(_moment(event.get("time")), event.get("etaSeconds"))
    return _expected(event, task, arrival or _moment(task.get("estimatedArrivalTime")))


def _delayed(event: Mapping[str, Any], task: Mapping[str, Any]) -> Translation:
    """Return the arrival that is believed now; `delay` counts from the end of the window."""
    late = _after(_moment(task.get("completeBefore")), event.get("delay"))
    return _expected(event, task, _moment(task.get("estimatedArrivalTime")) or late)


def _after(start: datetime | None, seconds: object) -> datetime | None:
    """Return the time up to a week of `seconds` after `start`."""
    if start is None or isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    return start + timedelta(seconds=seconds) if 0 <= seconds <= 604_800 else None


def _ended_at(event: Mapping[str, Any], task: Mapping[str, Any]) -> datetime | None:
    at = _moment(object_in(task.get("completionDetails")).get("time"))
    return at or _moment(event.get("time"))


def _completed(event: Mapping[str, Any], task: Mapping[str, Any]) -> Translation:
    at = _ended_at(event, task)
    return (_fact(event, task, FactType.COMPLETED, occurred_at=at),)


def _failed(event: Mapping[str, Any], task: Mapping[str, Any]) -> Translation:
    """Return that it was missed, by nobody knows whom: the driver's reason is for staff.

    Before its window nobody has waited in vain: then the time is open again.
    """
    how = object_in(task.get("completionDetails"))
    at, window = _ended_at(event, task), _window(task)
    words = (how.get("failureReason"), how.get("failureNotes") or how.get("notes"))
    note = one_line(" ".join(word for word in words if isinstance(word, str) and word != "NONE"))
    if window is not None and at is not None and at < window.start:
        return (_fact(event, task, FactType.DELAYED, occurred_at=at, expected=UNKNOWN, note=note),)
    return (_fact(event, task, FactType.MISSED, occurred_at=at, by=Party.UNKNOWN, note=note),)


def _deleted(event: Mapping[str, Any], task: Mapping[str, Any]) -> Translation:
    """Return that nobody comes; a task that is over is merely tidied away."""
    if task.get("state") == _OVER:
        return Ignored("the task was over when it was deleted")
    return (_fact(event, task, FactType.CANCELLED, by=Party.UNKNOWN),)


def _opted_out(event: Mapping[str, Any], recipient: Mapping[str, Any]) -> Translation:
    """Return whose number is closed: they answered STOP to one of Onfleet's own texts."""
    phone = phone_number(recipient.get("phone"))
    if phone is None:
        raise Untranslatable("recipient.phone: whoever opts out has a number.")
    return OptedOut(phone, _moment(event.get("timestamp")) or _moment(event.get("time")))


# Onfleet's trigger -> its name, and how its task or recipient is read; or why it is nothing.
# fmt: off
TRIGGERS: dict[
    int, tuple[str, str | Callable[[Mapping[str, Any], Mapping[str, Any]], Translation]]
] = {
    0:  ("taskStarted",                   _started),
    1:  ("taskEta",                       _eta),
    2:  ("taskArrival",                   _near),
    3:  ("taskCompleted",                 _completed),
    4:  ("taskFailed",                    _failed),
    5:  ("workerDuty",                    "is about a driver, not a task"),
    6:  ("taskCreated",                   _planned),
    7:  ("taskUpdated",                   _planned),
    8:  ("taskDeleted",                   _deleted),
    9:  ("taskAssigned",                  _assigned),
    10: ("taskUnassigned",                "says who does not go, and not who does"),
    12: ("taskDelayed",                   _delayed),
    13: ("taskCloned",                    _planned),
    14: ("smsRecipientResponseMissed",    "is an answer to Onfleet's own text: read it there"),
    15: ("workerCreated",                 "is about a driver, not a task"),
    16: ("workerDeleted",                 "is about a driver, not a task"),
    17: ("SMSRecipientOptOut",            _opted_out),
    18: ("autoDispatchJobCompleted",      "is about a plan: each task says its part"),
    19: ("taskBatchCreateJobCompleted",   "is about a plan: each task says its part"),
    20: ("routeOptimizationJobCompleted", "is about a plan: each task says its part"),
    22: ("routePlanCreated",              "is about a plan: each task says its part"),
    23: ("routePlanStarted",              "is about a plan: each task says its part"),
    24: ("routePlanCompleted",            "is about a plan: each task says its part"),
    25: ("workerUpdated",                 "is about a driver, not a task"),
    26: ("routePlanUpdated",              "is about a plan: each task says its part"),
    27: ("routePlanUnassigned",           "is about a plan: each task says its part"),
    28: ("routePlanAssigned",             "is about a plan: each task says its part"),
    29: ("routePlanDelayed",              "is about a plan: each task says its part"),
    30: ("predictedTaskDelay",            "is a guess; taskDelayed says when it is so"),
}
# fmt: on


ADAPTER = SourceAdapter(
    kind="onfleet",
    speaks_as=FactSource.TECHNICIAN,
    greeting=greeting,
    verify=verify,
    signed_with="32 to 256 hex digits, an even number of them: Onfleet shows it under Settings →"
    " API & Webhooks → Show secret",
    delivery_id=delivery_id,
    translate=translate,
    named_at=(("data", "task", "shortId"),),
    new_secret=None,
    takes_secret=takes_secret,
)
