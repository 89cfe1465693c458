"""Set sources up: a name in a URL, a secret, an adapter."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from notifier.domain.jobs import JobStatus
from notifier.errors import Conflict, Invalid, NotFound
from notifier.planner import plan_all_soon, plan_anew
from notifier.services import Services
from notifier.sources.protocol import Asking, SourceAdapter
from notifier.sources.registry import adapters
from notifier.store.deliveries import source_named
from notifier.store.engine import reading
from notifier.store.tables import AuditLine, Brand, Job, Source

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class AddedSource:
    """What to paste into the vendor's settings."""

    url: str
    secret: str | None = field(repr=False)  # only if we made it; it is shown this once
    needs_key: bool = False  # nothing can be read of what it sends before `give_key`


def add_source(
    services: Services,
    brand_id: UUID,
    name: str,
    kind: str,
    secret: str | None = None,
    *,
    live: bool = False,
) -> AddedSource:
    """Add a source, and make its secret if none is given.

    :param live: whether it counts from now on; else it is on record, and owes nothing to anybody.
    :raises Invalid: for a name, kind or secret that can't be used.
    :raises Conflict: if the name is taken.
    :raises NotFound: if there is no such brand.
    """
    if not is_source_name(name):
        raise Invalid("name", "A source's name has 1 to 63 lower-case letters, digits or hyphens.")
    adapter = adapters().get(kind)
    if adapter is None:
        raise Invalid("kind", f"There is no such kind; there are {', '.join(sorted(adapters()))}.")
    made = _made_secret(adapter, secret)
    key, now = services.vault.new_key(), services.now()
    source = Source(
        id=services.ids(),
        brand_id=brand_id,
        name=name,
        kind=kind,
        key=key,
        secret=services.vault.seal(key, made or secret or ""),
        live_at=now if live else None,
        says_itself=_in_order(adapter.says_itself),
        created_at=now,
    )
    with services.sessions.begin() as session:
        if session.get(Brand, brand_id) is None:
            raise NotFound("There is no such brand.")
        if source_named(session, name) is not None:
            raise Conflict("A source of that name is there already.")
        session.add(source)
    return AddedSource(address_of(services, name), made, needs_key=lacks_key(source))


def _made_secret(adapter: SourceAdapter, given: str | None) -> str | None:
    """Return a new secret if none is given; one that the vendor makes can't be made here.

    :raises Invalid: if it is missing or can't be used. Its sentence quotes no secret.
    """
    kind, wanted = adapter.kind, f"is {adapter.signed_with}."
    if given is not None:
        if not adapter.takes_secret(given):
            raise Invalid("secret", f"This is no secret of {kind}: it {wanted}")
        return None
    if adapter.new_secret is None:
        raise Invalid("secret", f"{kind} makes the secret itself: give it by --secret. It {wanted}")
    return adapter.new_secret()


def set_live(services: Services, name: str, *, actor: str) -> bool:
    """Let a source count from now on; return False if it did. What it said before owes nothing.

    :raises NotFound: if there is no such source.
    """
    with services.sessions.begin() as session:
        source = kept_source(session, name)
        if source.live_at is not None:
            return False
        source.live_at = services.now()
        session.add(audit_line(services, source, actor, "source_set_live", {}))
        plan_all_soon(session, *_booked_by(source), now=services.now())
    _plan_anew(services, source)
    return True


def set_stopped(services: Services, name: str, *, actor: str) -> bool:
    """Let a source count no more; return False if it did not. It is heard and on record as before,
    and nothing that waits of the jobs that it booked goes out.

    :raises NotFound: if there is no such source.
    """
    with services.sessions.begin() as session:
        source = kept_source(session, name)
        if source.live_at is None:
            return False
        source.live_at = None
        session.add(audit_line(services, source, actor, "source_stopped", {}))
        plan_all_soon(session, *_booked_by(source), now=services.now())
    _plan_anew(services, source)
    return True


def set_said(services: Services, name: str, statuses: Collection[JobStatus], *, actor: str) -> None:
    """Set of which statuses the vendor tells customers itself: ours don't say them, by the rules.

    :raises NotFound: if there is no such source.
    """
    with services.sessions.begin() as session:
        source = kept_source(session, name)
        before, source.says_itself = source.says_itself, _in_order(statuses)
        body = {"before": before, "now": source.says_itself}
        session.add(audit_line(services, source, actor, "source_says_set", body))
        plan_all_soon(session, *_booked_by(source), now=services.now())
    _plan_anew(services, source)


def _in_order(statuses: Collection[JobStatus]) -> list[str]:
    return [status.value for status in JobStatus if status in statuses]


def _plan_anew(services: Services, source: Source) -> None:
    plan_anew(services, *_booked_by(source))
    services.wake()


def _booked_by(source: Source) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Job.brand_id == source.brand_id, Job.source_id == source.id


def rotate_secret(services: Services, name: str, secret: str | None = None) -> AddedSource:
    """Give a source a second secret, which counts beside the first; make it if none is given.

    :raises NotFound: if there is no such source.
    :raises Conflict: if it has a second one already.
    :raises Invalid: for a secret that can't be used.
    """
    with services.sessions.begin() as session:
        source = kept_source(session, name)
        adapter = adapters()[source.kind]
        if source.next_secret is not None:
            raise Conflict("It has a second secret already: end that rotation first.")
        made = _made_secret(adapter, secret)
        source.next_secret = services.vault.seal(source.key, made or secret or "")
    return AddedSource(address_of(services, name), made)


def end_rotation(services: Services, name: str) -> None:
    """Let the second secret be the only one.

    :raises NotFound: if there is no such source.
    :raises Conflict: if it has no second one.
    """
    with services.sessions.begin() as session:
        source = kept_source(session, name)
        if source.next_secret is None:
            raise Conflict("It has one secret only: begin with `sources rotate`.")
        source.secret, source.next_secret = source.next_secret, None


def give_key(services: Services, name: str, key: str) -> None:
    """Keep the key with which the source's vendor is asked, sealed, in place of any before.

    :raises NotFound: if there is no such source.
    :raises Conflict: if its deliveries say all that there is.
    :raises Invalid: for what can't be a key there.
    """
    with services.sessions.begin() as session:
        source = kept_source(session, name)
        asking = _asking(source)
        if not asking.takes_key(key):
            raise Invalid("key", f"The key is {asking.key_is}.")
        source.api_key = services.vault.seal(source.key, key)


def what_key(services: Services, name: str) -> str:
    """Return what the key of a source is, and where its vendor shows it.

    :raises NotFound: if there is no such source.
    :raises Conflict: if its deliveries say all that there is.
    """
    with reading(services.sessions) as session:
        return _asking(kept_source(session, name)).key_is


def lacks_key(source: Source) -> bool:
    """Return whether nothing can be made of what the source sends until it has a key."""
    adapter = adapters().get(source.kind)
    required = adapter is not None and adapter.asking is not None and adapter.asking.required
    return required and source.api_key is None


def _asking(source: Source) -> Asking:
    asking = adapters()[source.kind].asking
    if asking is None:
        raise Conflict(f"A source of the kind {source.kind} takes no key: it says all by itself.")
    return asking


def audit_line(
    services: Services, source: Source, actor: str, did: str, body: Mapping[str, object]
) -> AuditLine:
    """Return the line that says what `actor` did to a source: `cli`, or staff by their id."""
    return AuditLine(
        id=services.ids(),
        brand_id=source.brand_id,
        actor=actor,
        did=did,
        subject=f"source:{source.id}",
        body=dict(body),
        at=services.now(),
    )


def kept_source(session: Session, name: str) -> Source:
    """Return the source of this name.

    :raises NotFound: if there is none, or it is of a kind that there is no more.
    """
    source = source_named(session, name) if is_source_name(name) else None
    if source is None or source.kind not in adapters():
        raise NotFound("There is no such source.")
    return source


def address_of(services: Services, name: str) -> str:
    """Return the address that a source's vendor is given."""
    return f"{services.public_url}/webhooks/in/{name}"


def is_source_name(name: str) -> bool:
    """Return whether `name` can stand in a source's URL."""
    return _NAME.fullmatch(name) is not None
