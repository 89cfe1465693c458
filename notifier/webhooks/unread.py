"""What a source sent that is not on record: to be looked at, read again, or put aside."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from notifier.domain.deliveries import SCANS_BEFORE_BOOKING, UNREAD, DeliveryStatus
from notifier.errors import NotFound
from notifier.parcels import taken_off
from notifier.services import Services
from notifier.sources.parts.json_bodies import object_in, read_object, short_text
from notifier.sources.protocol import (
    ByReference,
    Ignored,
    Incoming,
    Join,
    Needs,
    OptedOut,
    Renamed,
    SourceAdapter,
    Untranslatable,
)
from notifier.sources.registry import adapters
from notifier.store import deliveries
from notifier.store.engine import reading
from notifier.store.tables import Delivery, Source
from notifier.webhooks.joining import key_of
from notifier.webhooks.set_up import audit_line, kept_source
from notifier.webhooks.translation import opened

#: The latest so many are shown one by one; the rest is a number.
MOST_SHOWN = 50

#: So many bytes are read again to name what they are about, for a page of them or for one alone:
#: whatever was sent, the page is there at once. The shortest come first, so that no long one takes
#: their names.
_MOST_NAMED_OF = 250_000

#: So many characters of what a delivery said, and its vendor answered, are shown: a body that is
#: indented may grow by the hundredfold.
_MOST_LEGIBLE = 100_000

#: What is nested deeper than this is shown as it came: its lines would be blanks for the most part.
_DEEPEST_INDENTED = 20

#: What somebody can put aside. What is being fetched ends by itself within a day.
_ASIDE = (DeliveryStatus.FAILED, DeliveryStatus.WAITING)
_PUT_ASIDE = "put aside by staff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """One delivery that is not on record."""

    id: UUID
    status: DeliveryStatus
    received_at: datetime
    read_at: datetime | None  # the last time; None: it was not read yet
    repeats: int  # how often the same came again
    why: str
    #: The reference or tracking code that it names; None: it can't be told, or it says too much to
    #: be read for that.
    about: str | None
    taken_off: str | None  # the order whose parcel it is no more, where a shop said so
    vendors_id: str | None  # the vendor's own id of it; None: it has none, or says too much
    kept: bool  # what it said is still there

    @property
    def can_be_put_aside(self) -> bool:
        """Whether it is somebody's to decide that it means nothing to us."""
        return self.status in _ASIDE

    @property
    def can_be_read_again(self) -> bool:
        """Whether reading it again could help: what waits is read by itself when its job comes."""
        return self.status is DeliveryStatus.FAILED and self.kept


@dataclass(frozen=True, slots=True)
class UnreadOf:
    """What is not on record of a source: the latest, and how many there are."""

    name: str
    kind: str
    latest: Sequence[Unread]
    number: int
    being_read: int  # beside these: what came just now, and what somebody lets be read again


@dataclass(frozen=True, slots=True)
class SaidPart:
    """A body or an answer under its title, JSON indented; of a long one its beginning."""

    title: str
    text: str = field(repr=False)
    cut_of: int | None  # how many bytes it has, if not all of it is shown


@dataclass(frozen=True, slots=True)
class Said:
    """What one delivery said, as far as it is kept; for the eyes of staff alone."""

    name: str  # of its source
    delivery: Unread
    parts: Sequence[SaidPart] = field(repr=False)  # its body, then what its vendor answered


def read_unread(services: Services, name: str, *, brand_id: UUID | None = None) -> UnreadOf:
    """Return what a source sent and is not on record, the latest first.

    :param brand_id: whose source it must be; None: anybody's.
    :raises NotFound: if there is no such source.
    """
    with reading(services.sessions) as session:
        source = _source(session, name, brand_id)
        rows, number = deliveries.of_source(session, source.id, UNREAD, MOST_SHOWN)
        latest = _shown(session, services, source, rows)
        read = deliveries.number_of_source(session, source.id, [DeliveryStatus.RECEIVED])
    return UnreadOf(source.name, source.kind, latest, number, read)


def read_said(services: Services, name: str, delivery_id: UUID, *, brand_id: UUID) -> Said:
    """Return what a delivery said, whatever became of it.

    :raises NotFound: if the brand has no such source, or that no such delivery.
    """
    with reading(services.sessions) as session:
        source = _source(session, name, brand_id)
        row = session.get(Delivery, delivery_id)
        if row is None or row.source_id != source.id:
            raise NotFound("There is no such delivery.")
        incoming = _kept(services, row, source)
        parts = [] if incoming is None else [("What it said", incoming.body)]
        if incoming is not None:
            parts += [(f"The vendor’s answer: {of}", a) for of, a in incoming.answers.items()]
        size = deliveries.size(session, row.id)
        (delivery,) = _shown(session, services, source, [(row, size)])
        return Said(source.name, delivery, _legible(parts))


def replay(
    services: Services,
    name: str,
    *,
    actor: str,
    brand_id: UUID | None = None,
    ignored_too: bool = False,
    only: UUID | None = None,
) -> int:
    """Let what a source sent, and could not be read, be read again; return how many that are.

    That is harmless: what is on record is not recorded twice. What has no body any more stays
    as it is.

    :param actor: who asks for it: `cli`, or staff by their id.
    :param brand_id: whose source it must be; None: anybody's.
    :param ignored_too: also what meant nothing to us, since it may mean something now.
    :param only: this delivery; None: all.
    :raises NotFound: if there is no such source.
    """
    statuses = [DeliveryStatus.FAILED, *([DeliveryStatus.IGNORED] if ignored_too else [])]
    with services.sessions.begin() as session:
        source = _source(session, name, brand_id)
        again = deliveries.read_again(session, source.id, statuses, only=only)
        body = {"deliveries": again, "ignored_too": ignored_too, **_of(only)}
        session.add(audit_line(services, source, actor, "deliveries_read_again", body))
    services.wake()
    return again


def put_aside(
    services: Services,
    name: str,
    *,
    actor: str,
    brand_id: UUID | None = None,
    until: datetime | None = None,
    only: UUID | None = None,
) -> int:
    """Let what failed count as nothing for us; return how many that are.

    What waits may become true yet, so it is put aside one by one. `replay` with `ignored_too`
    reads again what was put aside while its body is kept.

    :param actor: who decides it: `cli`, or staff by their id.
    :param brand_id: whose source it must be; None: anybody's.
    :param until: what came by then, for nobody puts aside unseen what came since.
    :param only: this delivery, also if it waits; None: all that failed.
    :raises NotFound: if there is no such source.
    """
    statuses = [DeliveryStatus.FAILED] if only is None else _ASIDE
    with services.sessions.begin() as session:
        source = _source(session, name, brand_id)
        aside = deliveries.put_aside(
            session, source.id, statuses=statuses, why=_PUT_ASIDE, until=until, only=only
        )
        body = {"deliveries": aside, **_of(only)}
        session.add(audit_line(services, source, actor, "deliveries_put_aside", body))
    return aside


def _of(only: UUID | None) -> dict[str, str]:
    return {} if only is None else {"delivery": str(only)}


def _source(session: Session, name: str, brand_id: UUID | None) -> Source:
    source = kept_source(session, name)
    if brand_id not in (None, source.brand_id):
        raise NotFound("There is no such source.")
    return source


def _shown(
    session: Session,
    services: Services,
    source: Source,
    rows: Sequence[tuple[Delivery, int | None]],
) -> list[Unread]:
    """Return what is shown of these deliveries, each given with its size; a scan of a corrected
    tracking code waits in vain, so it says whose that was."""
    named = _to_be_named(rows)
    shown = [_unread(services, row, source, size, named=row.id in named) for row, size in rows]
    waits = {one.about for one in shown if one.status is DeliveryStatus.WAITING and one.about}
    since = services.now() - SCANS_BEFORE_BOOKING
    off = taken_off(session, source.brand_id, waits, since=since)
    return [replace(one, taken_off=off.get(one.about or "")) for one in shown]


def _to_be_named(rows: Sequence[tuple[Delivery, int | None]]) -> set[UUID]:
    named, room = set(), _MOST_NAMED_OF
    for size, id_ in sorted((size, row.id) for row, size in rows if size is not None):
        room -= size
        if room < 0:
            break
        named.add(id_)
    return named


def _unread(
    services: Services, row: Delivery, source: Source, size: int | None, *, named: bool
) -> Unread:
    incoming, adapter = opened(services, row, source) if named else None, adapters()[source.kind]
    return Unread(
        id=row.id,
        status=DeliveryStatus(row.status),
        received_at=row.received_at,
        read_at=row.translated_at,
        repeats=row.repeats,
        why=row.why or "",
        about=_about(services, row, source, incoming) if incoming is not None else None,
        taken_off=None,
        vendors_id=_vendors_id(adapter, incoming) if incoming is not None else None,
        kept=size is not None,
    )


def _kept(services: Services, row: Delivery, source: Source) -> Incoming | None:
    return opened(services, row, source) if row.body is not None else None


def _vendors_id(adapter: SourceAdapter, incoming: Incoming) -> str | None:
    try:
        return adapter.delivery_id(incoming)
    except Untranslatable:
        return None


def _about(services: Services, row: Delivery, source: Source, incoming: Incoming) -> str | None:
    """Return the name of the job that a delivery is about, of several the one that it waits for.

    It is read once more for that: on record is but a hash, so that nobody reads it there.
    """
    adapter = adapters()[source.kind]
    joins = _joins(adapter, incoming)
    meant = [join for join in joins if key_of(services, source, join) == row.waits_for] or joins
    if not meant:
        return _named(adapter, incoming)
    join = meant[0]
    return join.reference if isinstance(join, ByReference) else join.code


def _joins(adapter: SourceAdapter, incoming: Incoming) -> list[Join]:
    try:
        translation = adapter.translate(incoming)
    except Exception:  # whatever it is that made it fail: it stands in `why`
        return []
    if isinstance(translation, Ignored | Needs | OptedOut):
        return []
    if isinstance(translation, Renamed):
        return [translation.join]
    return [event.join for event in translation]


def _named(adapter: SourceAdapter, incoming: Incoming) -> str | None:
    """Return the name that stands where the adapter's bodies have one, of what it can't read."""
    try:
        body = read_object(incoming.body)
    except Untranslatable:
        return None
    names = (short_text(_at(body, path)) for path in adapter.named_at)
    return next((name for name in names if name is not None), None)


def _at(body: object, path: Sequence[str]) -> object:
    for step in path:
        body = object_in(body).get(step)
    return body


def _legible(parts: Sequence[tuple[str, bytes]]) -> list[SaidPart]:
    """Return these parts, in their order, as far as there is room for them."""
    shown, room = [], _MOST_LEGIBLE
    for title, raw in parts:
        text = _indented(raw, room)
        whole = len(text) <= room
        shown.append(SaidPart(title, text[:room], None if whole else len(raw)))
        room -= min(len(text), room)
    return shown


def _indented(raw: bytes, enough: int) -> str:
    """Return `raw` as JSON is read best, or as it came: all of it, or more than `enough`."""
    try:
        said = json.loads(raw)
    except ValueError:
        return raw.decode(errors="replace")
    if _is_deeper(said, _DEEPEST_INDENTED):
        return raw.decode(errors="replace")
    pieces, length = [], 0
    for piece in json.JSONEncoder(indent=2, ensure_ascii=False).iterencode(said):
        pieces.append(piece)
        length += len(piece)
        if length > enough:
            break
    return "".join(pieces)


def _is_deeper(said: object, levels: int) -> bool:
    if not isinstance(said, dict | list):
        return False
    inside = said.values() if isinstance(said, dict) else said
    return levels == 0 or any(_is_deeper(one, levels - 1) for one in inside)
