"""Jobber: visits are booked with their client, moved, completed and called off.

Its webhooks only point to a visit, for which Jobber is asked by GraphQL. A visit's reference is
its number in Jobber, which ends its address there; a job's number is shared by all its visits.

The key is three parts that the business pastes: its app's client id and secret, and a refresh
token. Access tokens last an hour, and are made from the last refresh token, which Jobber may
change each time: both are kept behind the three.

Source: developer.getjobber.com/docs (webhooks, authorization, refresh token rotation, API
versioning, rate limits) and the GraphQL types Visit, Client, User and WebHookTopicEnum.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from notifier.domain.facts import FactSource, FactType
from notifier.domain.jobs import JobKind
from notifier.domain.messages import Role
from notifier.domain.windows import Window
from notifier.sources.parts.base64_hmac import is_signed
from notifier.sources.parts.booking_fields import (
    address_line,
    moment,
    one_line,
    phone_number,
    window,
)
from notifier.sources.parts.contacts import usable_email
from notifier.sources.parts.json_bodies import (
    object_in,
    objects_in,
    read_json,
    read_object,
    short_text,
)
from notifier.sources.parts.moved_bookings import reassigned
from notifier.sources.protocol import (
    Asking,
    BookedPerson,
    Booking,
    ByReference,
    Ignored,
    Incoming,
    Needs,
    Question,
    Renewal,
    SourceAdapter,
    SourceEvent,
    Translation,
    Untranslatable,
)

#: What a webhook is about -> whether Jobber is asked for the visit. All others are ignored.
TOPICS: dict[str, bool] = {
    "VISIT_CREATE": True,
    "VISIT_UPDATE": True,
    "VISIT_COMPLETE": True,
    "VISIT_DESTROY": False,  # it is gone; the webhook says all there is
}

_API = "https://api.getjobber.com/api/graphql"
_TOKENS = "https://api.getjobber.com/api/oauth/token"
_VERSION = "2025-04-16"  # of the API: what these fields are called

_QUERY = """
query Visit($id: EncodedId!) {
  visit(id: $id) {
    id createdAt startAt endAt completedAt isComplete
    arrivalWindow { startAt endAt }
    job { title }
    client {
      id name firstName lastName
      phones { number primary smsAllowed }
      emails { address primary }
    }
    property { address { street city province postalCode country } }
    assignedUsers(first: 1) { nodes { name { full } } }
  }
}
"""

_NAMELESS = "your appointment"  # a job without a title
_NUMBER = re.compile(r"gid://Jobber/Visit/(\d{1,20})")

#: Access tokens last 60 minutes; one that is older than this is not used.
_LASTS = timedelta(minutes=50)

_ADDRESS = ("street", "city", "province", "postalCode", "country")


def verify(secrets: Sequence[str], incoming: Incoming, now: datetime) -> bool:
    """Return whether the header is the base64 HMAC-SHA256 of the raw body.

    The secret is the app's client secret. Jobber signs no time; a replay is the same body, and
    counts once.
    """
    return is_signed(secrets, incoming.body, incoming.headers.get("x-jobber-hmac-sha256", ""))


def delivery_id(incoming: Incoming) -> str | None:
    """Return None: deliveries have no id. The same topic, visit and time is the same delivery."""
    return None


def translate(incoming: Incoming) -> Translation | Needs:
    """Return the visit as Jobber has it now, or that it is gone."""
    event = object_in(object_in(read_object(incoming.body).get("data")).get("webHookEvent"))
    topic, item = short_text(event.get("topic")), short_text(event.get("itemId"))
    if topic is None:
        raise Untranslatable("data.webHookEvent.topic: a webhook says what it is about.")
    asks = TOPICS.get(topic)
    if asks is None:
        return Ignored(f"{topic[:60]} is not about a visit")
    if item is None:
        raise Untranslatable("data.webHookEvent.itemId: names the visit.")
    # Apps of before December 2023 hear of `occuredAt`.
    at = moment(event.get("occurredAt")) or moment(event.get("occuredAt"))
    join = ByReference(_reference(item))
    if not asks:
        return (_fact(join, FactType.CANCELLED, at),)
    needs = Needs((_question(item),))
    if needs.unanswered(incoming.answers):
        return needs
    answer = read_object(incoming.answers["visit"])
    visit = object_in(object_in(answer.get("data")).get("visit"))
    if not visit and _is_hidden(answer):
        raise Untranslatable(
            "visit: the app may not read all of it; give it the scopes that its page names."
        )
    return _visit(join, topic, at, visit)


def _is_hidden(answer: Mapping[str, Any]) -> bool:
    """Return whether something is kept from the app: all that it is part of is then missing."""
    errors = (short_text(one.get("message")) or "" for one in objects_in(answer.get("errors")))
    return any("permission" in error.lower() for error in errors)


def _question(item: str) -> Question:
    body = json.dumps({"query": _QUERY, "variables": {"id": item}})
    return Question("visit", _API, body=body)


def _visit(
    join: ByReference, topic: str, at: datetime | None, visit: Mapping[str, Any]
) -> Translation:
    if not visit:
        return Ignored("gone at the vendor")
    when = _window(visit)
    done = topic == "VISIT_COMPLETE" and visit.get("isComplete") is True
    if visit.get("isComplete") is True and not done:
        return Ignored("the visit is done: its completion says so")
    booked = () if when is None else _booked(join, topic, at, visit, when)
    if not done:
        return booked or Ignored("it has no time yet")
    return (*booked, _fact(join, FactType.COMPLETED, moment(visit.get("completedAt")) or at))


def _booked(
    join: ByReference, topic: str, at: datetime | None, visit: Mapping[str, Any], when: Window
) -> tuple[SourceEvent, ...]:
    """Return the visit as it stands, and who comes now, if that may have changed."""
    users = objects_in(object_in(visit.get("assignedUsers")).get("nodes"))
    who = one_line(object_in(users[0].get("name")).get("full")) if users else None
    booked = SourceEvent(
        join=join,
        job_kind=JobKind.APPOINTMENT,
        type=FactType.BOOKED,
        occurred_at=at,
        booking=Booking(
            reference=join.reference,
            service=one_line(object_in(visit.get("job")).get("title")) or _NAMELESS,
            people=(_client(object_in(visit.get("client"))),),
            window=when,
            made_at=moment(visit.get("createdAt")),
            address=address_line(
                object_in(object_in(visit.get("property")).get("address")), *_ADDRESS
            ),
            technician=who,
            as_it_stands=True,
        ),
    )
    return (booked, reassigned(booked, who)) if who and topic == "VISIT_UPDATE" else (booked,)


def _fact(join: ByReference, fact: FactType, at: datetime | None) -> SourceEvent:
    return SourceEvent(join=join, job_kind=JobKind.APPOINTMENT, type=fact, occurred_at=at)


def _reference(item: str) -> str:
    """Return the number in an id such as base64 of gid://Jobber/Visit/123, else the id."""
    try:
        found = _NUMBER.fullmatch(base64.b64decode(item, validate=True).decode())
    except ValueError:
        found = None
    return found[1] if found is not None else item


def _window(visit: Mapping[str, Any]) -> Window | None:
    """Return when the client is told that somebody comes: the arrival window, where there is one.

    One that does not begin on the day of the visit is a leftover of its job.
    """
    stated = window(visit.get("startAt"), visit.get("endAt"))
    arrival = object_in(visit.get("arrivalWindow"))
    arrives = window(arrival.get("startAt"), arrival.get("endAt"))
    if stated is None or arrives is None:
        return stated
    near = abs(arrives.start - stated.start) < timedelta(hours=12)
    return arrives if near else stated


def _client(client: Mapping[str, Any]) -> BookedPerson:
    """Return whom the visit is for. A number to which the client wants no texts is not taken."""
    names = (one_line(client.get("firstName")), one_line(client.get("lastName")))
    numbers = (
        phone_number(one.get("number"))
        for one in _primary_first(client.get("phones"))
        if one.get("smsAllowed") is not False
    )
    emails = (usable_email(one.get("address")) for one in _primary_first(client.get("emails")))
    return BookedPerson(
        role=Role.CUSTOMER,
        reference=short_text(client.get("id")),
        name=one_line(" ".join(name for name in names if name)) or one_line(client.get("name")),
        phone=next((number for number in numbers if number), None),
        email=next((email for email in emails if email), None),
    )


def _primary_first(listed: object) -> list[dict[str, Any]]:
    return sorted(objects_in(listed), key=lambda one: one.get("primary") is not True)


def is_answer(answer: bytes) -> bool:
    """Return whether Jobber answered: too many questions are refused with a 200, too."""
    try:
        said = read_json(answer)
    except ValueError:
        return False
    return isinstance(said, dict) and isinstance(said.get("data"), dict)


def takes_key(key: str) -> bool:
    """Return whether `key` is client id, client secret and refresh token, colons between them."""
    parts = key.split(":")
    return len(parts) == 3 and all(parts) and key.isascii() and key.isprintable()


def headers(key: str) -> Mapping[str, str]:
    """Return what goes along with a question: the access token that the key holds by now."""
    access = key.split(":")[3:4]
    bearer = {"Authorization": f"Bearer {access[0]}"} if access else {}
    return {**bearer, "X-JOBBER-GRAPHQL-VERSION": _VERSION}


def renewal_due(key: str, now: datetime) -> bool:
    """Return whether the key holds no access token, or one that is too old."""
    made_at = key.split(":")[4:5]
    return not made_at or now >= datetime.fromtimestamp(int(made_at[0]), UTC) + _LASTS


def renewal_question(key: str) -> Question:
    """Return what new tokens are asked for with. It holds secrets, and goes to Jobber alone."""
    client_id, client_secret, refresh = key.split(":")[:3]
    asked = {
        "client_id": client_id,
        "client_secret": client_secret,
        "grant_type": "refresh_token",
        "refresh_token": refresh,
    }
    return Question(
        "tokens", _TOKENS, body=urlencode(asked), media_type="application/x-www-form-urlencoded"
    )


def renewed(key: str, answer: bytes, now: datetime) -> str | None:
    """Return the key with the tokens of `answer`; None if it holds none."""
    try:
        said = read_object(answer)
    except Untranslatable:
        return None
    tokens = said.get("refresh_token"), said.get("access_token")
    client_id, client_secret = key.split(":")[:2]
    if not all(isinstance(one, str) and one and ":" not in one for one in tokens):
        return None
    return ":".join((client_id, client_secret, *map(str, tokens), str(int(now.timestamp()))))


ADAPTER = SourceAdapter(
    kind="jobber",
    speaks_as=FactSource.API,
    verify=verify,
    signed_with="the client secret of your app in Jobber's Developer Center",
    delivery_id=delivery_id,
    translate=translate,
    new_secret=None,
    asking=Asking(
        hosts=frozenset({"api.getjobber.com"}),
        headers=headers,
        key_is="client id, client secret and refresh token of your app in Jobber's Developer"
        " Center, colons between them",
        takes_key=takes_key,
        is_answer=is_answer,
        renewal=Renewal(due=renewal_due, question=renewal_question, renewed=renewed),
    ),
)
