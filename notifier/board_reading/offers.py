"""What the customer is asked: whether an offer of the time expected is open, or was refused."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from notifier.board_reading.message_lines import MessageLine
from notifier.board_reading.people import PersonSeen
from notifier.board_reading.standing import Standing
from notifier.domain.facts import FactType
from notifier.domain.jobs import JobKind
from notifier.domain.ledger.promises import same_promise
from notifier.domain.windows import Expectation, from_json
from notifier.store.tables import Job


def is_asked(kind: JobKind, job: Job, customer: PersonSeen, messages: list[MessageLine]) -> bool:
    """Whether the last that went to the customer offers what is expected now, unanswered."""
    place, expected = ZoneInfo(job.zone), from_json(job.expected)
    if job.finished or same_promise(kind, customer.told or from_json(job.agreed), expected, place):
        return False
    went = [
        line
        for line in messages
        if line.job_person_id == customer.id and line.asserts is not None and line.taken
    ]
    if not went:
        return False
    last = max(went, key=lambda line: (line.settled_at, line.id))
    return not last.moves_told and same_promise(kind, last.asserts, expected, place)


def said_no(kind: JobKind, zone: str, expected: Expectation | None, standing: Standing) -> bool:
    """Whether the last answer is that what is expected now does not suit."""
    answer = standing.answer
    return (
        answer is not None
        and answer.type is FactType.DECLINED
        and same_promise(kind, answer.window, expected, ZoneInfo(zone))
    )
