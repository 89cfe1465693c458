"""What a technician texts back: about which visit, recorded, and one short text in return."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from notifier.domain.jobs import JobStatus
from notifier.domain.technician_answers import Act, Answer, about_in, answer_in
from notifier.errors import Conflict, Invalid, NotFound
from notifier.links import day_url, message_token
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.snapshots import Snapshot
from notifier.technicians.answers import acts_of, record_answer
from notifier.technicians.questions import asked_of, last_question, waits_for_word
from notifier.technicians.texting_back import noted, which_one

#: So long after the time that it named, a question gives way to those about later visits.
_GIVES_WAY = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Heard:
    """Of which visit a text was recorded, else a person reads it; and what to text back."""

    recorded_of: UUID | None = None
    text_back: str | None = None


def answer_by_text(
    services: Services, person_id: UUID, body: str, *, external_id: str, received_at: datetime
) -> Heard:
    """Record what a technician's text says about the one visit that it can mean.

    It is not recorded where it says anything else, makes no sense of a visit as it stands, or
    may be about several: which one is asked, and never guessed.
    """
    with reading(services.sessions) as session:
        visits = asked_of(session, person_id, now=received_at)
    answer, visits = _read(body, visits)
    if answer is None:
        return Heard()
    meant = _meant(answer.act, visits, now=received_at)
    if len(meant) > 1:
        last = max(meant, key=_asked_at)
        return Heard(text_back=which_one(last.brand, meant, _link(services, last)))
    if not meant:
        return Heard()
    visit = meant[0]
    technician = visit.state.technician
    assert technician is not None  # they were asked
    try:
        said = record_answer(
            services,
            visit.brand.id,
            visit.job.id,
            answer,
            technician_id=technician,
            actor=f"person:{person_id}",
            occurred_at=received_at,
            external_id=external_id,
        )
    except (Conflict, Invalid, NotFound):  # it changed between the look and the answer
        return Heard()
    return Heard(visit.job.id, noted(visit, answer, said, now=received_at))


def _read(body: str, visits: list[Snapshot]) -> tuple[Answer | None, list[Snapshot]]:
    """Return what the text says, and about which of `visits` it can be."""
    answer = answer_in(body)
    if answer is not None:
        return answer, visits
    named = about_in(body, [visit.job.reference for visit in visits])
    if named is None:
        return None, visits
    reference, rest = named
    return answer_in(rest), [visit for visit in visits if visit.job.reference == reference]


def _meant(act: Act, visits: Sequence[Snapshot], *, now: datetime) -> list[Snapshot]:
    """Return the visits that a bare word can be about: one, if nobody need ask which.

    Those that wait for a word go first, or, of *done*, that they are at; then those that are
    due, before those whose time has long passed.
    """
    left = [visit for visit in visits if act in acts_of(visit)]
    left = _narrowed(left, _is_there if act is Act.DONE else waits_for_word)
    return _narrowed(left, lambda visit: _is_due(visit, now))


def _narrowed(visits: list[Snapshot], keep: Callable[[Snapshot], bool]) -> list[Snapshot]:
    return [visit for visit in visits if keep(visit)] or visits


def _is_there(visit: Snapshot) -> bool:
    return visit.state.status is JobStatus.ARRIVED


def _is_due(visit: Snapshot, now: datetime) -> bool:
    question = last_question(visit)
    return question is None or question.due is None or now <= question.due.end + _GIVES_WAY


def _asked_at(visit: Snapshot) -> datetime:
    question = last_question(visit)
    assert question is not None
    return question.asked_at


def _link(services: Services, visit: Snapshot) -> str:
    """Return the link of the question about `visit`: it opens their day."""
    question = last_question(visit)
    assert question is not None
    return day_url(services.public_url, message_token(services.vault, question.message))
