"""What a technician texts back: about which visit it is, what it means, and what we answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from notifier.domain.facts import FactType
from notifier.domain.messages import Channel
from notifier.domain.technician_answers import Act, Answer
from notifier.domain.windows import Window, to_json
from notifier.domain.words.segments import count_segments, offending_characters
from notifier.errors import NotFound
from notifier.planner import look_again
from notifier.replies import IncomingReply, take_reply
from notifier.store.tables import FactRow, Reply, Task
from notifier.technicians.answers import record_answer
from tests.desk import TOMORROW, Desk, make_desk
from tests.fakes.clock import FakeClock

SAM, PRIYA = "+12065550177", "+12065550188"
_SIDS = count(1)


@pytest.fixture
def desk(sessions: sessionmaker[Session], clock: FakeClock) -> Desk:
    """Return a desk on both databases in turn."""
    return make_desk(sessions, clock)


def at(hour: int, minute: int = 0) -> datetime:
    """Return a time of the visit's day by the clock at the place."""
    return datetime(2026, 11, 24, hour + 8, minute, tzinfo=UTC)


def window(start: tuple[int, int], end: tuple[int, int]) -> Window:
    """Return a window of that day."""
    return Window(at(*start), at(*end))


def _visit(desk: Desk, reference: str = "V-1", window: Window = TOMORROW) -> UUID:
    return desk.visit(reference, window=window, technician="Sam", technician_phone=SAM)


def _go_to(desk: Desk, hour: int, minute: int) -> None:
    desk.clock.set(at(hour, minute))
    look_again(desk.services)
    desk.deliver()


def _text(desk: Desk, body: str, *, from_: str = SAM, sid: str | None = None) -> str | None:
    """Let them text us, and what follows go out; return what they get back at once."""
    back = take_reply(
        desk.services,
        IncomingReply(
            channel=Channel.SMS,
            provider_id=sid or f"SM-{next(_SIDS)}",
            from_address=from_,
            to_address="+12065550123",
            body=body,
            received_at=desk.services.now(),
        ),
    )
    desk.clock.advance(seconds=20)  # what moves the time waits a little
    desk.deliver()
    return back


def _facts(desk: Desk, job: UUID) -> list[str]:
    with desk.services.sessions() as session:
        query = select(FactRow.type).where(FactRow.job_id == job, FactRow.source == "technician")
        return list(session.scalars(query.order_by(FactRow.seq)))


def _to_read(desk: Desk) -> list[Task]:
    with desk.services.sessions() as session:
        query = select(Task).where(Task.kind == "reply", Task.done_at.is_(None))
        return list(session.scalars(query))


def _expected(desk: Desk, job: UUID) -> object:
    return desk.job(job).expected


# --- How late -----------------------------------------------------------------------------


def test_fifteen_after_a_lateness_that_was_told_is_later_still(desk: Desk) -> None:
    """40 late was told; asked about 9:40 to 11:40 they say 15: the customer hears 11:55."""
    job = _visit(desk)
    desk.clock.set(at(8))
    desk.late(job, 40)
    desk.deliver()
    _go_to(desk, 10, 55)

    _text(desk, "15")

    assert _expected(desk, job) == to_json(window((9, 55), (11, 55)))
    assert desk.told(job) == window((9, 55), (11, 55))
    assert desk.messages(job, "earlier_if_suits") == []


def test_the_same_text_again_and_the_tap_beside_it_are_one(desk: Desk) -> None:
    """Sent anew by their phone, and by the carrier: 15 late, one text to the customer."""
    job = _visit(desk)
    _go_to(desk, 10, 15)

    _text(desk, "15", sid="SM-same")
    _text(desk, "15", sid="SM-same")
    _text(desk, "15 min")

    assert _expected(desk, job) == to_json(window((9, 15), (11, 15)))
    assert len(desk.messages(job, "running_late")) == 1


def test_thirty_after_another_question_adds_to_fifteen(desk: Desk) -> None:
    """15 at 10:20; asked anew about 11:15, 30 at 10:50 is 11:45."""
    job = _visit(desk)
    _go_to(desk, 10, 15)
    desk.clock.set(at(10, 20))
    _text(desk, "15")
    _go_to(desk, 10, 36)
    assert len(desk.messages(job, "ask_technician")) == 2
    desk.clock.set(at(10, 50))

    _text(desk, "30")

    assert _expected(desk, job) == to_json(window((9, 45), (11, 45)))


def test_thirty_to_the_same_question_replaces_fifteen(desk: Desk) -> None:
    """15 at 10:20, and before anybody asks again 30 at 10:30: that is 11:30."""
    job = _visit(desk)
    _go_to(desk, 10, 15)
    desk.clock.set(at(10, 20))
    _text(desk, "15")
    desk.clock.set(at(10, 30))

    _text(desk, "30")

    assert _expected(desk, job) == to_json(window((9, 30), (11, 30)))


# --- About which visit ----------------------------------------------------------------------


def test_the_one_question_that_waits_is_answered(desk: Desk) -> None:
    """The first has its answer; the bare word after the second question is about the second."""
    first = _visit(desk, "V-1")
    second = _visit(desk, "V-2", window((9, 30), (11, 30)))
    _go_to(desk, 10, 15)
    _text(desk, "OTW")
    _go_to(desk, 10, 45)

    _text(desk, "15")

    assert (_facts(desk, first), _facts(desk, second)) == (["en_route"], ["delayed"])


def test_of_two_that_wait_neither_is_guessed(desk: Desk) -> None:
    """They are asked which, a person sees it at once, and the name of one settles it."""
    first = _visit(desk, "V-1")
    second = _visit(desk, "V-2", window((9, 5), (11, 5)))
    _go_to(desk, 10, 15)
    _go_to(desk, 10, 20)
    assert len(desk.messages(second, "ask_technician")) == 1
    now = desk.services.now()

    back = _text(desk, "here")

    assert back is not None
    assert "which one, V-1 or V-2?" in back
    assert "/day/" in back
    assert (_facts(desk, first), _facts(desk, second)) == ([], [])
    (task,) = _to_read(desk)
    assert task.due_at == now

    _text(desk, "V-1 here")

    assert (_facts(desk, first), _facts(desk, second)) == (["arrived"], [])


def test_the_text_is_kept_with_the_visit_that_it_was_about(desk: Desk) -> None:
    """Not with the one that was asked about last."""
    first = _visit(desk, "V-1")
    _visit(desk, "V-2", window((9, 5), (11, 5)))
    _go_to(desk, 10, 15)
    _go_to(desk, 10, 20)

    _text(desk, "V-1 here")

    with desk.services.sessions() as session:
        assert session.scalars(select(Reply.job_id)).all() == [first]


def test_where_it_fits_one_alone_nobody_asks(desk: Desk) -> None:
    """At the first already: HERE can only be about the second, and DONE about the first."""
    first = _visit(desk, "V-1")
    second = _visit(desk, "V-2", window((9, 5), (11, 5)))
    _go_to(desk, 10, 15)
    _text(desk, "here")
    _go_to(desk, 10, 20)

    _text(desk, "done")
    _text(desk, "here")

    assert (_facts(desk, first), _facts(desk, second)) == (["arrived", "completed"], ["arrived"])


def test_a_question_of_the_morning_gives_way(desk: Desk) -> None:
    """Nobody ever answered about 9 to 11: at 2:30 HERE is about the visit of the afternoon."""
    first = _visit(desk, "V-1")
    second = _visit(desk, "V-2", window((13, 0), (15, 0)))
    _go_to(desk, 10, 15)
    _go_to(desk, 14, 15)

    _text(desk, "here")

    assert (_facts(desk, first), _facts(desk, second)) == ([], ["arrived"])


def test_a_correction_needs_no_new_question(desk: Desk) -> None:
    """15, and a little later HERE: the one visit they were asked about."""
    job = _visit(desk)
    _go_to(desk, 10, 15)
    _text(desk, "15")

    _text(desk, "here")

    assert _facts(desk, job) == ["delayed", "arrived"]


# --- Somebody else goes ---------------------------------------------------------------------


def test_who_takes_over_is_asked_and_only_their_answer_counts(desk: Desk) -> None:
    """Asked at 10:15, Sam hands over at 10:20: Priya is asked, and Sam's late word is read."""
    job = _visit(desk)
    _go_to(desk, 10, 15)
    desk.clock.set(at(10, 20))
    desk.say(job, FactType.REASSIGNED, technician="Priya", technician_phone=PRIYA)
    _go_to(desk, 10, 36)
    assert [sms.to for sms in desk.sms.sent if "where are you" in sms.body] == [SAM, PRIYA]

    assert _text(desk, "30") is None
    assert _facts(desk, job) == []
    assert len(_to_read(desk)) == 1
    _text(desk, "15", from_=PRIYA)

    assert _expected(desk, job) == to_json(window((9, 15), (11, 15)))


def test_a_visit_handed_over_in_that_very_moment_is_not_theirs(desk: Desk) -> None:
    """Between the look and the record somebody else took over: nothing is recorded."""
    job = _visit(desk)
    sam = desk.job(job).technician_id
    assert sam is not None
    desk.say(job, FactType.REASSIGNED, technician="Priya", technician_phone=PRIYA)

    with pytest.raises(NotFound):
        record_answer(
            desk.services, desk.brand, job, Answer(Act.HERE), technician_id=sam, actor="person:1"
        )

    assert _facts(desk, job) == []


def test_what_was_said_before_it_was_handed_over_still_counts(desk: Desk) -> None:
    """Sam said 15, then Priya goes, asked about 11:15: her 15 comes after his."""
    job = _visit(desk)
    _go_to(desk, 10, 15)
    _text(desk, "15")
    desk.clock.set(at(10, 22))
    desk.say(job, FactType.REASSIGNED, technician="Priya", technician_phone=PRIYA)
    _go_to(desk, 10, 40)

    _text(desk, "15", from_=PRIYA)

    assert _expected(desk, job) == to_json(window((9, 30), (11, 30)))


# --- What nobody but a person can read --------------------------------------------------------


def test_other_words_are_read_at_once_and_never_denied(desk: Desk) -> None:
    """ "traffic is bad" at 10:20: a task due now; at 10:45 nobody says that they are silent."""
    job = _visit(desk)
    _go_to(desk, 10, 15)
    desk.clock.set(at(10, 20))

    assert _text(desk, "traffic is bad") is None

    (task,) = _to_read(desk)
    assert task.due_at == at(10, 20)
    _go_to(desk, 10, 45)
    assert len(desk.messages(job, "no_word_yet")) == 1
    said = desk.texts()[-1]
    assert "no clear word yet from our technician" in said
    assert "checking" in said


# --- What they get back ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "back"),
    [
        ("OTW", "noted, V-1: you are on your way."),
        ("HERE", "noted, V-1: you are there."),
        ("15", "noted, V-1: 15 late, now today by 11:15 AM. The customer is told."),
        ("late", "noted, V-1: late, and nobody knows how late. The customer is told."),
        ("NO", "noted, V-1: you can't come today. The customer is told."),
    ],
)
def test_what_was_understood_is_said_back(desk: Desk, body: str, back: str) -> None:
    """In one segment, with a number to ring where it was understood wrongly; once."""
    _visit(desk)
    _go_to(desk, 10, 15)

    said = _text(desk, body, sid="SM-once")

    assert said == f"Northside Heating: {back} Wrong? Ring 206-555-0199"
    assert count_segments(said) == 1
    assert not offending_characters(said)
    assert _text(desk, body, sid="SM-once") is None


def test_who_wants_no_texts_gets_none_back(desk: Desk) -> None:
    """After STOP their word still counts, and we are silent."""
    job = _visit(desk)
    _go_to(desk, 10, 15)
    _text(desk, "STOP")

    assert _text(desk, "HERE") is None
    assert _facts(desk, job) == ["arrived"]


def test_whoever_was_never_asked_is_read_by_a_person(desk: Desk) -> None:
    """A bare word without a question is about nothing that we know."""
    job = _visit(desk)

    assert _text(desk, "HERE") is None
    assert _facts(desk, job) == []
    assert len(_to_read(desk)) == 1


def test_half_a_day_later_no_bare_word_is_an_answer(desk: Desk) -> None:
    """Asked at 10:15 and never closed: HERE at midnight is read by a person."""
    job = _visit(desk)
    _go_to(desk, 10, 15)
    desk.clock.set(at(10, 15) + timedelta(hours=13))

    _text(desk, "HERE")

    assert _facts(desk, job) == []
