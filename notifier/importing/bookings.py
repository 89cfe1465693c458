"""Look at what a file would book without writing, and book it: all of its lines, or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from notifier.booking import NewAppointment, NewOrder, book_in, would_book
from notifier.domain.facts import FactSource
from notifier.domain.jobs import JobKind
from notifier.errors import Conflict, Invalid
from notifier.importing.columns import column_of
from notifier.services import Services
from notifier.store.engine import reading


class Outcome(StrEnum):
    """What booking a line would do."""

    NEW = "new"
    SAME = "same"  # it was booked so before, or stands further up
    CONFLICT = "conflict"  # its reference is another booking's
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a column of a line, in words that can follow its name."""

    column: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A booking that was read; `new` is None where there are faults."""

    number: int
    kind: JobKind
    reference: str  # as it is written, fit to be shown
    new: NewAppointment | NewOrder | None
    faults: tuple[Fault, ...] = ()
    written: Mapping[str, str]  # what the file calls its columns, by our names

    def fault(self, column: str, sentence: str) -> Fault:
        """Return a fault of `column`, by the name that it has in the file."""
        return Fault(self.written.get(column, column), sentence)


@dataclass(frozen=True, slots=True)
class Seen:
    """A line, and what booking it would do."""

    line: Line
    outcome: Outcome
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file would do. `version` names exactly this, as long as it would do the same."""

    lines: tuple[Seen, ...]
    version: str

    @property
    def whole(self) -> bool:
        """Whether every line can be booked, or was."""
        return not (self.count(Outcome.FAULT) or self.count(Outcome.CONFLICT))

    def count(self, outcome: Outcome) -> int:
        """Return how many lines come to this."""
        return sum(seen.outcome is outcome for seen in self.lines)


@dataclass(frozen=True, slots=True)
class Imported:
    """What was there to be booked, and whether it was."""

    preview: Preview
    done: bool


def preview_import(services: Services, brand_id: UUID, lines: Sequence[Line]) -> Preview:
    """Return what booking `lines` would do now. Nothing is written."""
    with reading(services.sessions) as session:
        return _look(session, services, brand_id, lines)


def import_lines(
    services: Services,
    brand_id: UUID,
    lines: Sequence[Line],
    *,
    expecting: str,
    source: FactSource,
    actor: str,
) -> Imported:
    """Book what is new of `lines` in one transaction and wake delivery, if it still does that.

    :param expecting: the version of the preview that was agreed to. Where the lines would do
        something else by now, or one of them can't be booked, nothing is.
    :raises Conflict: if somebody else books one of them at the same moment; nothing is booked.
    """
    try:
        with services.sessions.begin() as session:
            seen = _look(session, services, brand_id, lines)
            if seen.version != expecting or not seen.whole:
                return Imported(seen, done=False)
            for one in seen.lines:
                if one.outcome is Outcome.NEW and one.line.new is not None:
                    _book(session, services, brand_id, one.line, source=source, actor=actor)
    except IntegrityError as error:
        raise Conflict("somebody else booked one of them just now: look at it again") from error
    services.wake()
    return Imported(seen, done=True)


def _book(
    session: Session,
    services: Services,
    brand_id: UUID,
    line: Line,
    *,
    source: FactSource,
    actor: str,
) -> None:
    assert line.new is not None
    try:
        book_in(session, services, brand_id, line.new, source=source, actor=actor)
    except Invalid as invalid:
        column = column_of(invalid.field)
        raise Conflict(f"line {line.number}, {column}: {invalid}") from invalid
    session.flush()
    session.expunge_all()  # else each line makes the next one slower


def _look(session: Session, services: Services, brand_id: UUID, lines: Sequence[Line]) -> Preview:
    above: dict[str, Line] = {}
    seen: list[Seen] = []
    for line in lines:
        seen.append(_judge(session, services, brand_id, line, above))
        if line.new is not None:
            above.setdefault(line.new.reference, line)
    said = repr([(one.line.number, one.outcome, one.line.new) for one in seen])
    return Preview(tuple(seen), services.vault.blind(f"import:{brand_id}:{said}").hex())


def _judge(
    session: Session,
    services: Services,
    brand_id: UUID,
    line: Line,
    above: dict[str, Line],
) -> Seen:
    if line.new is None:
        return Seen(line, Outcome.FAULT, line.faults)
    twin = above.get(line.new.reference)
    if twin is not None:
        return _beside(line, twin)
    try:
        is_new = would_book(session, services, brand_id, line.new)
    except Invalid as invalid:
        return Seen(line, Outcome.FAULT, (line.fault(column_of(invalid.field), str(invalid)),))
    except Conflict:
        what_to_do = "is booked already, otherwise: say on the board what changed, or use another"
        return Seen(line, Outcome.CONFLICT, (line.fault("reference", what_to_do),))
    return Seen(line, Outcome.NEW if is_new else Outcome.SAME)


def _beside(line: Line, twin: Line) -> Seen:
    if line.new == twin.new:
        return Seen(line, Outcome.SAME)
    sentence = f"stands on line {twin.number} already, with something else: each needs its own"
    return Seen(line, Outcome.FAULT, (line.fault("reference", sentence),))
