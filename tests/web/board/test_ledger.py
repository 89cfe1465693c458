"""The promises on a job's page, and making one in two taps."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from notifier.delivery import deliver_due
from notifier.domain.facts import FactSource, FactType
from notifier.domain.messages import Role
from notifier.domain.windows import utc_text
from notifier.intake import NewFact, record
from notifier.store.engine import reading
from notifier.store.tables import JobPerson, Promise
from tests.fakes.clock import FakeClock
from tests.web.board.world import (
    Board,
    a_customer,
    facts_of,
    given_visit,
    hidden_fields,
    say,
)


def ledger(board: Board, job_id: UUID) -> str:
    """Return the words of the promises on a job's page, without markup."""
    page = board.get(f"/board/jobs/{job_id}").text
    part = page.split('aria-labelledby="promises-title"')[1].split("</section>")[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", part))


def test_the_first_promise_stands_beside_the_current_one(board: Board, clock: FakeClock) -> None:
    """Rung in time and told of 45 minutes: both are there, and how the first ended."""
    job_id = given_visit(board.services, board.brand)
    assert "First promised" not in ledger(board, job_id)
    say(board, job_id, minutes=45)
    sheet = board.part(f"/board/jobs/{job_id}/say/told/preview", heard="expected").text
    board.part(f"/board/jobs/{job_id}/say/told", **hidden_fields(sheet))

    said = ledger(board, job_id)

    assert "First promised 11:00 AM–1:00 PM moved in time" in said
    assert "Now 11:45 AM–1:45 PM open" in said
    assert "Heard 9:00 AM: 11:45 AM–1:45 PM (given)" in said
    assert "On the phone 9:00 AM" in said
    clock.advance(hours=6)
    assert "Now 11:45 AM–1:45 PM no word" in ledger(board, job_id)


def test_a_reminder_is_said_again_and_no_second_promise(board: Board) -> None:
    """The confirmation repeats the booking."""
    job_id = given_visit(board.services, board.brand)
    deliver_due(board.services)
    with board.services.sessions.begin() as session:
        row = session.scalars(select(Promise).where(Promise.job_id == job_id)).one()
        session.add(
            Promise(
                id=board.services.ids(),
                brand_id=row.brand_id,
                job_id=job_id,
                job_person_id=row.job_person_id,
                asserts=row.asserts,
                given_at=row.given_at + timedelta(minutes=1),
                strength="presumed",
                message_id=board.services.ids(),
                recorded_at=row.recorded_at + timedelta(minutes=1),
            )
        )
    said = ledger(board, job_id)
    assert said.count("11:00 AM–1:00 PM") == 1
    assert "Said again 1:01 PM yesterday, probably read" in said


def test_it_says_who_saw_that_somebody_was_there(board: Board, clock: FakeClock) -> None:
    """H after the window: he is there, since when nobody knows; then the technician says."""
    job_id = given_visit(board.services, board.brand)
    clock.advance(hours=5)
    they_say = NewFact(type=FactType.ARRIVED, source=FactSource.CUSTOMER, actor="customer:1")
    record(board.services, board.brand.id, job_id, they_say)
    assert "no word There 2:00 PM, said by the customer, or before" in ledger(board, job_id)
    came = clock() - timedelta(hours=2)
    he_says = replace(they_say, source=FactSource.TECHNICIAN, occurred_at=came)
    record(board.services, board.brand.id, job_id, he_says)
    assert "kept Kept 12:00 PM, said by the technician " in ledger(board, job_id)


def test_each_person_has_promises_of_their_own(board: Board) -> None:
    """Ada was given a time at booking; her neighbour hears of one on the phone."""
    people = (
        a_customer(),
        replace(a_customer(name="Bo Lind", phone="+12065550111"), role=Role.ON_SITE),
    )
    job_id = given_visit(board.services, board.brand, people=people)
    assert "Bo Lind" not in ledger(board, job_id)
    with reading(board.services.sessions) as session:
        query = select(JobPerson).where(JobPerson.job_id == job_id, JobPerson.role == "on_site")
        bo = session.scalars(query).one().id
    path = f"/board/jobs/{job_id}/say/told"
    sheet = board.part(f"{path}/preview", heard="expected", person=str(bo)).text
    board.part(path, **hidden_fields(sheet))

    said = ledger(board, job_id)

    assert "Ada Park customer" in said
    assert "Bo Lind on site" in said


def test_a_call_back_is_promised_in_two_taps(board: Board, clock: FakeClock) -> None:
    """The sheet opens answered: a call within the hour, told on the phone. Then confirm."""
    job_id = given_visit(board.services, board.brand)

    sheet = board.get(f"/board/jobs/{job_id}/say/promise").text
    board.part(f"/board/jobs/{job_id}/say/promise", **hidden_fields(sheet))

    fact = facts_of(board.services, job_id)[-1]
    assert fact.type == FactType.PROMISED
    due = clock() + timedelta(hours=1)
    assert (fact.body["what"], fact.body["moment"]) == ("call_back", utc_text(due))
    assert fact.body["by_phone"] is True
    assert "A call by 10:00 AM open" in ledger(board, job_id)
    assert "Promised Ada Park a call</b>: by 10:00 AM" in board.get(f"/board/jobs/{job_id}").text


def test_a_promise_made_on_the_phone_sends_nothing_and_says_so(board: Board) -> None:
    """What goes only if nobody rings stands apart, and no button speaks of sending."""
    job_id = given_visit(board.services, board.brand)

    sheet = board.get(f"/board/jobs/{job_id}/say/promise").text
    answer = board.part(f"/board/jobs/{job_id}/say/promise", **hidden_fields(sheet)).text

    preview = sheet[sheet.index('class="confirm"') :]
    assert "<h3>Nothing goes out now</h3>" in preview
    assert ">Record it</button>" in preview
    now, later = preview.split('class="later"')
    assert "<figure" not in now
    assert "Only if it is still true then" in later
    assert "at 9:50 AM" in later
    assert "not rung you yet" in later
    assert "Recorded." in answer
    assert "Sending" not in answer


def test_a_promise_in_writing_waits_for_its_undo(board: Board) -> None:
    """Taken back within the ten seconds, nobody has read it."""
    job_id = given_visit(board.services, board.brand)
    path = f"/board/jobs/{job_id}/say/promise"
    by_ten = utc_text(board.services.now() + timedelta(hours=1))
    sheet = board.part(f"{path}/preview", what="call_back", by_when=by_ten, how="write").text
    assert "we ring you about Boiler repair by 10 AM" in sheet
    assert ">Send</button>" in sheet
    assert "in 10 s" in sheet

    board.part(path, **hidden_fields(sheet))
    deliver_due(board.services)
    undone = board.part(f"/board/jobs/{job_id}/undo/{facts_of(board.services, job_id)[-1].id}").text

    assert "Nothing went out" in undone


def test_a_call_keeps_what_was_promised(board: Board, clock: FakeClock) -> None:
    """*I spoke to them*: one tap, a look, and the promise was kept."""
    job_id = given_visit(board.services, board.brand)
    promise(board, job_id, what="call_back", how="told")
    clock.advance(minutes=20)

    sheet = board.get(f"/board/jobs/{job_id}/say/spoken").text
    assert "Whom did you speak to?" not in sheet
    board.part(f"/board/jobs/{job_id}/say/spoken", **hidden_fields(sheet))

    assert "A call by 10:00 AM kept" in ledger(board, job_id)


def test_news_by_a_time_of_its_own(board: Board) -> None:
    """A day and a time at the place of the job."""
    job_id = given_visit(board.services, board.brand)
    promise(board, job_id, what="update", by_when="other", day="2026-11-24", until="09:30")
    assert "News by 9:30 AM" in ledger(board, job_id)


def test_a_moment_that_has_passed_is_refused_in_words(board: Board, clock: FakeClock) -> None:
    """The sheet lay open too long: nothing is recorded, and it says why."""
    job_id = given_visit(board.services, board.brand)
    chosen = utc_text(clock() + timedelta(minutes=30))
    clock.advance(hours=1)

    part = board.part(
        f"/board/jobs/{job_id}/say/promise/preview", what="update", by_when=chosen, how="told"
    ).text

    assert "can only be promised before it comes" in part
    assert len(facts_of(board.services, job_id)) == 1


def test_a_year_that_was_mistyped_is_refused_in_words(board: Board) -> None:
    """Whoever reads of it would read a day without a year, and wait for the wrong one."""
    job_id = given_visit(board.services, board.brand)

    part = board.part(
        f"/board/jobs/{job_id}/say/promise/preview",
        what="update",
        by_when="other",
        day="2037-11-24",
        until="09:30",
    ).text

    assert "at most 90 days ahead" in part
    assert len(facts_of(board.services, job_id)) == 1


def promise(board: Board, job_id: UUID, **answers: str) -> None:
    """Promise something on the sheet, by default by ten."""
    path = f"/board/jobs/{job_id}/say/promise"
    by_ten = utc_text(board.services.now() + timedelta(hours=1))
    preview = board.part(f"{path}/preview", **({"by_when": by_ten, "how": "told"} | answers)).text
    board.part(path, **hidden_fields(preview))
