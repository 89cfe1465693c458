"""Webhooks in: journal what a source sends, answer, and translate it to facts apart."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn
from uuid import UUID

from notifier.domain.deliveries import Refusal
from notifier.errors import Busy, Invalid, NotFound, NotifierError
from notifier.services import Services
from notifier.sources.parts.json_bodies import read_json
from notifier.sources.protocol import Incoming, SourceAdapter, own_id
from notifier.sources.registry import adapters
from notifier.store import deliveries
from notifier.store.engine import DATABASE_TROUBLE, reading
from notifier.store.tables import Source
from notifier.webhooks.set_up import address_of, is_source_name
from notifier.webhooks.translation import translate_received

__all__ = [
    "BodyTooLarge",
    "OnlyTried",
    "Received",
    "SignatureRefused",
    "TooMany",
    "WrongContentType",
    "receive",
    "refuse_unread",
    "translate_received",
    "write_refusals",
]

MAX_BODY_BYTES = 1_000_000


class SignatureRefused(NotifierError):
    """Not signed with the source's secret, or too long ago. A 401; nothing is stored."""


class BodyTooLarge(NotifierError):
    """Longer than any event that we understand. A 413; nothing is stored."""


class WrongContentType(NotifierError):
    """Says of itself that it is not JSON. A 415; nothing is stored."""


class TooMany(NotifierError):
    """Signed, but more than a source may send. A 429; nothing is stored, so send it again."""

    def __init__(self, wait: float) -> None:
        super().__init__("This source sends more than it may; send it again later.")
        self.wait = wait  # seconds until one more may come


class OnlyTried(NotifierError):
    """The vendor tries its address and is to hear `greeting`. A 200; nothing is stored."""

    def __init__(self, greeting: str) -> None:
        super().__init__("This is no event.")
        self.greeting = greeting


_REASONS: Mapping[type[NotifierError], Refusal] = {
    SignatureRefused: Refusal.SIGNATURE,
    BodyTooLarge: Refusal.SIZE,
    WrongContentType: Refusal.CONTENT_TYPE,
    Invalid: Refusal.JSON,
    TooMany: Refusal.RATE,
}


@dataclass(frozen=True, slots=True)
class Received:
    """The journal's answer: under which id, and whether it was there already."""

    delivery_id: UUID
    repeated: bool


def receive(
    services: Services,
    source_name: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    query: str = "",
) -> Received:
    """Journal one delivery and return once it is committed; translation follows apart.

    `query` is what follows the address after a question mark; it is read, and never kept.

    What is refused is counted; `write_refusals` puts that on record.

    :raises NotFound: if there is no such source.
    :raises BodyTooLarge: over `MAX_BODY_BYTES`.
    :raises OnlyTried: if the vendor tries whether there is something at its address.
    :raises WrongContentType: if it claims to be something else than JSON.
    :raises SignatureRefused: if the source did not sign this body, or not lately.
    :raises TooMany: if the source sends more than it may.
    :raises Invalid: if it is not JSON in UTF-8, or nested without end.
    :raises Busy: if the database can't take it now.
    """
    incoming = _incoming(services, source_name, headers, body, query)
    try:
        source = _source(services, source_name)
        adapter = _checked(services, source, incoming)
        kept = _keep(services, source, adapter, incoming)
    except DATABASE_TROUBLE as error:
        raise Busy("The database is busy; send it again.") from error
    services.wake()
    return kept


def refuse_unread(services: Services, source_name: str) -> NoReturn:
    """Refuse a body that is too long to be read at all.

    :raises NotFound: if there is no such source.
    :raises BodyTooLarge: if there is one.
    :raises Busy: if the database can't say now whether there is.
    """
    try:
        source = _source(services, source_name)
    except DATABASE_TROUBLE as error:
        raise Busy("The database is busy; send it again.") from error
    services.refusals.add(source.id, Refusal.SIZE, services.now())
    raise _too_large()


def write_refusals(services: Services) -> None:
    """Put on record what this process refused, if that was not done a moment ago."""
    if services.refusals.any_unwritten:
        services.refusals.write_due(services.sessions, services.now())


def greeting_of(
    services: Services, source_name: str, headers: Mapping[str, str], body: bytes, *, query: str
) -> str | None:
    """Return what a vendor is to hear that only tries its address; None: that is not what it does.

    :raises NotFound: if there is no such source.
    """
    source = _source(services, source_name)
    return adapters()[source.kind].greeting(_incoming(services, source_name, headers, body, query))


def _incoming(
    services: Services, source_name: str, headers: Mapping[str, str], body: bytes, query: str
) -> Incoming:
    return Incoming(
        {name.lower(): value for name, value in headers.items()},
        body,
        url=address_of(services, source_name) + (f"?{query}" if query else ""),
    )


def _source(services: Services, name: str) -> Source:
    with reading(services.sessions) as session:
        source = deliveries.source_named(session, name) if is_source_name(name) else None
    if source is None or source.kind not in adapters():
        raise NotFound("There is no such source.")
    return source


def _checked(services: Services, source: Source, incoming: Incoming) -> SourceAdapter:
    """Refuse, and count, what must not be stored; return the adapter of what may."""
    adapter = adapters()[source.kind]
    try:
        _check(services, source, adapter, incoming)
    except tuple(_REASONS) as error:
        services.refusals.add(source.id, _REASONS[type(error)], services.now())
        raise
    return adapter


def _check(services: Services, source: Source, adapter: SourceAdapter, incoming: Incoming) -> None:
    if len(incoming.body) > MAX_BODY_BYTES:
        raise _too_large()
    media_type = incoming.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type and media_type != "application/json" and not media_type.endswith("+json"):
        greeting = adapter.greeting(incoming)
        if greeting is not None:
            raise OnlyTried(greeting)
        raise WrongContentType("Send the event as application/json.")
    secrets = [
        services.vault.open(source.key, sealed)
        for sealed in (source.secret, source.next_secret)
        if sealed is not None
    ]
    if not adapter.verify(secrets, incoming, services.now()):
        raise SignatureRefused("The signature is not right for this body, or is too old.")
    # Only what is signed counts: nobody else can use up what the source may send.
    wait = services.source_limit.take(source.id, services.now())
    if wait:
        raise TooMany(wait)
    try:
        read_json(incoming.body)
    except ValueError:
        why = "The body is not JSON in UTF-8 without a byte order mark, or is nested too deep."
        raise Invalid("body", why) from None


def _too_large() -> BodyTooLarge:
    return BodyTooLarge("The body is longer than 1 MB.")


def _keep(
    services: Services, source: Source, adapter: SourceAdapter, incoming: Incoming
) -> Received:
    kept_headers = {
        name: value for name, value in incoming.headers.items() if name in adapter.keeps_headers
    }
    vault = services.vault
    # Sealing costs more than the insert, so it is done before the write lock is taken.
    headers = vault.seal(source.key, json.dumps(kept_headers))
    body = vault.seal(source.key, incoming.body.decode())
    with services.sessions.begin() as session:
        delivery_id, repeats = deliveries.keep(
            session,
            source,
            delivery_id=services.ids(),
            delivery_key=vault.blind(f"delivery:{source.id}:{_what_repeats(adapter, incoming)}"),
            headers=headers,
            body=body,
            received_at=services.now(),
        )
    return Received(delivery_id, repeated=repeats > 0)


def _what_repeats(adapter: SourceAdapter, incoming: Incoming) -> str:
    """Return what a repeat has in common with the first: the source's id of it, and the body.

    By its id alone what was corrected after it failed would be lost. Where a vendor changes the
    body from try to try, each is journalled, and what it says is on record once: facts go by
    the id.
    """
    return f"{own_id(adapter, incoming)}:{hashlib.sha256(incoming.body).hexdigest()}"
