"""The board as a dispatcher uses it: who may look, what it shows, and what comes of a press."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from notifier.booking import NewAppointment, NewOrder, NewParcel, NewPerson, book
from notifier.delivery import deliver_due
from notifier.domain.facts import FactSource, FactType
from notifier.domain.messages import Role
from notifier.domain.windows import Window
from notifier.intake import NewFact, record
from notifier.services import Services
from notifier.staff import add_staff, make_sign_in_link
from notifier.store.engine import reading
from notifier.store.tables import Action, Brand, FactRow, Job, JobPerson, Message, Staff, Task
from notifier.web.app_factory import create_app
from tests.fakes.clock import FakeClock
from tests.services import given_brand
from tests.web.conftest import WebSettingsOfTests

HOLD_SECONDS = 10


@dataclass(frozen=True)
class Board:
    """A browser at the board. Every form is sent with the token that the page gave it."""

    client: FlaskClient
    services: Services
    brand: Brand

    def get(self, path: str) -> TestResponse:
        """Open a page."""
        return self.client.get(path)

    def press(self, path: str, **form: str) -> TestResponse:
        """Send a form as htmx does."""
        return self.client.post(path, data=form, headers={"X-CSRFToken": self._token()})

    def part(self, path: str, **form: str) -> TestResponse:
        """Send a form as htmx does, and ask for the part."""
        headers = {"X-CSRFToken": self._token(), "HX-Request": "true"}
        return self.client.post(path, data=form, headers=headers)

    def _token(self) -> str:
        return token_in(self.client.get("/board/tasks").text)


def token_in(page: str) -> str:
    """Return the CSRF token of the first form of `page`."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found, page
    return found[1]


def hidden_fields(part: str) -> dict[str, str]:
    """Return what the confirming form of a preview carries along."""
    form = part[part.index('class="confirm"') :]
    return dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form))


@pytest.fixture
def browser(services: Services) -> Iterator[FlaskClient]:
    """Return a browser that has not signed in, at a board that waits ten seconds."""
    app = create_app(services, WebSettingsOfTests(undo_seconds=HOLD_SECONDS))
    with app.test_client() as made:
        yield made


@pytest.fixture
def dispatcher(services: Services, brand: Brand) -> UUID:
    """Return somebody who may sign in."""
    return add_staff(services, brand.id, "Dana", "dana@example.com")


@pytest.fixture
def board(browser: FlaskClient, services: Services, brand: Brand, dispatcher: UUID) -> Board:
    """Return a browser that has signed in."""
    path = sign_in_path(services, dispatcher)
    browser.post(path, data={"csrf_token": token_in(browser.get(path).text)})
    return Board(browser, services, brand)


def sign_in_path(services: Services, staff_id: UUID) -> str:
    """Return a fresh sign-in link without its host."""
    return make_sign_in_link(services, staff_id).removeprefix(services.public_url)


def given_visit(services: Services, brand: Brand, **changes: object) -> UUID:
    """Book a visit of two hours that starts in two hours; its first text has gone."""
    now = services.now()
    values: dict[str, object] = {
        "reference": "JOB-1001",
        "service": "Boiler repair",
        "technician": "Sam",
        "window": Window(now + timedelta(hours=2), now + timedelta(hours=4)),
        "address": "1200 Pine St, Seattle",
        "people": (a_customer(),),
    }
    new = NewAppointment(**(values | changes))  # type: ignore[arg-type]
    booked = book(
        services,
        brand.id,
        new,
        source=FactSource.API,
        actor="key:tests",
        occurred_at=now - timedelta(hours=20),
    )
    deliver_due(services)
    return booked.job_id


def a_customer(**changes: str | None) -> NewPerson:
    """Return Ada, with a mobile number."""
    values: dict[str, str | None] = {"name": "Ada Park", "phone": "+12065550100", "email": None}
    return NewPerson(role=Role.CUSTOMER, zone=None, locale=None, **(values | changes))


def late_texts(services: Services, job_id: UUID) -> list[Message]:
    """Return the texts about lateness that a job has, whatever became of them."""
    with reading(services.sessions) as session:
        return list(
            session.scalars(
                select(Message).where(
                    Message.job_id == job_id, Message.rule.startswith("running_late")
                )
            )
        )


def facts_of(services: Services, job_id: UUID) -> list[FactRow]:
    """Return a job's facts in the order of arrival."""
    with reading(services.sessions) as session:
        query = select(FactRow).where(FactRow.job_id == job_id).order_by(FactRow.seq)
        return list(session.scalars(query))


# Signing in


def test_nobody_sees_the_board_without_signing_in(browser: FlaskClient) -> None:
    """A stranger is told how staff get a link, and nothing else."""
    answer = browser.get("/board")

    assert answer.status_code == 401
    assert "flask --app app staff sign-in-link" in answer.text


def test_a_preview_of_the_link_does_not_use_it_up(
    browser: FlaskClient, services: Services, dispatcher: UUID
) -> None:
    """A chat program fetches the link first; the press afterwards still signs in."""
    path = sign_in_path(services, dispatcher)
    browser.get(path)
    page = browser.get(path)

    answer = browser.post(path, data={"csrf_token": token_in(page.text)})

    assert answer.status_code == 303
    assert browser.get("/board").status_code == 200


def test_a_link_signs_in_once(browser: FlaskClient, services: Services, dispatcher: UUID) -> None:
    """Whoever finds the used link in a chat gets nothing."""
    path = sign_in_path(services, dispatcher)
    token = {"csrf_token": token_in(browser.get(path).text)}
    browser.post(path, data=token)
    browser.post("/sign-out", data={"csrf_token": token_in(browser.get("/board").text)})

    assert browser.get(path).status_code == 410
    assert browser.get("/board").status_code == 401


def test_a_link_is_worth_nothing_after_a_quarter_of_an_hour(
    browser: FlaskClient, services: Services, dispatcher: UUID, clock: FakeClock
) -> None:
    """A link forgotten in a mailbox signs nobody in."""
    path = sign_in_path(services, dispatcher)
    token = token_in(browser.get(path).text)
    clock.advance(minutes=15)

    assert browser.post(path, data={"csrf_token": token}).status_code == 410


def test_a_session_can_be_ended_from_our_side(board: Board, dispatcher: UUID) -> None:
    """A lost phone is signed out by growing its owner's epoch."""
    with board.services.sessions.begin() as session:
        session.execute(update(Staff).where(Staff.id == dispatcher).values(session_epoch=1))

    assert board.get("/board").status_code == 401


def test_a_form_without_its_token_is_refused(board: Board) -> None:
    """Another site can't press a button in a dispatcher's name."""
    job_id = given_visit(board.services, board.brand)

    answer = board.client.post(f"/board/jobs/{job_id}/hold")

    assert answer.status_code == 400
    with reading(board.services.sessions) as session:
        assert session.get_one(Job, job_id).held_at is None


# The day


def test_the_day_shows_who_goes_where_and_what_they_know(board: Board) -> None:
    """One look: the visit, its technician, its window in the place's zone, what Ada knows."""
    given_visit(board.services, board.brand)

    page = board.get("/board").text

    for words in ("Ada Park", "Boiler repair", "Sam", "11:00 AM–1:00 PM", "knows"):
        assert words in page
    assert "All is well" in page


def test_another_brands_jobs_are_not_there(board: Board) -> None:
    """The board, the job page and the search keep to the brand of who looks."""
    other = given_brand(board.services, slug="other", name="Other")
    theirs = given_visit(board.services, other, people=(a_customer(name="Zelda Quist"),))

    assert "Zelda" not in board.get("/board").text
    assert board.get(f"/board/jobs/{theirs}").status_code == 404
    assert "Zelda" not in board.part("/board/search", q="Zelda").text
    assert board.press(f"/board/jobs/{theirs}/hold").status_code == 404


def test_a_visit_that_nobody_reported_on_needs_somebody(board: Board, clock: FakeClock) -> None:
    """Silence is a risk, not a success."""
    given_visit(board.services, board.brand)
    clock.advance(hours=2, minutes=20)

    page = board.get("/board").text

    assert "No word from anyone" in page
    assert "risk-no_word" in page


def test_who_still_expects_the_old_time_comes_first(board: Board) -> None:
    """Late, and nobody could tell her: the card says so, with the number to ring."""
    job_id = given_visit(board.services, board.brand, people=(a_customer(phone=None),))
    say(board, job_id, minutes=60)

    page = board.get("/board").text

    assert "Has not heard yet" in page
    assert "no number or address" in page


def test_the_poll_answers_only_when_something_changed(board: Board) -> None:
    """Every three seconds from every open board: nearly always 304 and no body."""
    job_id = given_visit(board.services, board.brand)
    etag = board.get("/board/day").headers["ETag"]

    same = board.client.get("/board/day", headers={"If-None-Match": etag})
    say(board, job_id, minutes=45)
    changed = board.client.get("/board/day", headers={"If-None-Match": etag})

    assert (same.status_code, same.text) == (304, "")
    assert changed.status_code == 200
    assert "45 min late" in changed.text


def test_shadow_is_said_on_every_page(
    browser: FlaskClient, services: Services, brand: Brand, board: Board
) -> None:
    """Nobody must think that a customer was told while nothing is sent."""
    assert "Shadow: nothing is sent" not in board.get("/board").text
    with services.sessions.begin() as session:
        session.execute(update(Brand).where(Brand.id == brand.id).values(live_at=None))

    assert "Shadow: nothing is sent" in board.get("/board").text
    assert "Shadow: nothing is sent" in board.get("/board/tasks").text


def test_pages_with_names_stay_out_of_caches(board: Board) -> None:
    """The shared tablet's back button after signing out shows nothing."""
    assert board.get("/board").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("query", ["park", "Ada", "0100", "(206) 555-0100", "pine st", "JOB-1001"])
def test_where_is_he(board: Board, query: str) -> None:
    """By name, phone, address or reference: status, expected, technician, last told."""
    given_visit(board.services, board.brand)

    found = board.part("/board/search", q=query).text

    for words in ("Ada Park", "Scheduled", "Expected", "11:00 AM–1:00 PM", "Sam", "Last told"):
        assert words in found


def test_a_search_never_puts_a_name_in_an_address(board: Board) -> None:
    """A GET would end up in logs."""
    assert board.get("/board/search?q=park").status_code == 405


# Running late


def test_the_buttons_show_the_window_that_results(board: Board) -> None:
    """Nobody adds minutes to hours in their head at seven in the morning."""
    job_id = given_visit(board.services, board.brand)

    sheet = board.get(f"/board/jobs/{job_id}/say/late").text

    for window in ("11:15 AM–1:15 PM", "11:30 AM–1:30 PM", "11:45 AM–1:45 PM", "12:00–2:00 PM"):
        assert window in sheet


def test_the_exact_text_is_read_before_it_goes(board: Board) -> None:
    """The preview is the text that is sent, to the letter but for its link, and writes nothing."""
    job_id = given_visit(board.services, board.brand)

    part = board.part(f"/board/jobs/{job_id}/say/late/preview", late="45", reason="traffic").text
    assert len(facts_of(board.services, job_id)) == 1
    shown = re.search(r"<blockquote>(.*?)</blockquote>", part, re.S)
    board.part(f"/board/jobs/{job_id}/say/late", **hidden_fields(part))

    assert shown is not None
    assert "11:45 AM-1:45 PM" in shown[1]
    assert "segment" in part
    assert "in 10 s" in part
    assert len(late_texts(board.services, job_id)) == 1


def test_confirming_waits_ten_seconds_and_remembers_who(
    board: Board, clock: FakeClock, dispatcher: UUID
) -> None:
    """The fact is recorded at once, its text waits, and the action names who confirmed it."""
    job_id = given_visit(board.services, board.brand)

    bar = confirm_late(board, job_id, late="45").text

    assert "Sending in" in bar
    assert "Undo" in bar
    with reading(board.services.sessions) as session:
        action = session.scalars(select(Action)).one()
    assert (action.staff_id, action.kind, action.job_id) == (dispatcher, "delayed", job_id)
    deliver_due(board.services)
    assert late_texts(board.services, job_id)[0].status in ("planned", "ready")
    clock.advance(seconds=HOLD_SECONDS + 1)
    deliver_due(board.services)
    assert late_texts(board.services, job_id)[0].status == "accepted"


def test_undo_within_ten_seconds_and_nobody_ever_hears_of_it(
    board: Board, clock: FakeClock
) -> None:
    """Pressed on the wrong job: taken back, and no text goes, not even to be ignored."""
    job_id = given_visit(board.services, board.brand)
    confirm_late(board, job_id, late="45")
    fact = facts_of(board.services, job_id)[-1]

    answer = board.part(f"/board/jobs/{job_id}/undo/{fact.id}")
    clock.advance(minutes=1)
    deliver_due(board.services)

    assert "Nothing went out" in answer.text
    assert [text.status for text in late_texts(board.services, job_id)] == ["superseded"]
    with reading(board.services.sessions) as session:
        assert session.scalars(select(Action)).one().undone_at is not None
        rules = set(session.scalars(select(Message.rule).where(Message.job_id == job_id)))
    assert "please_ignore" not in rules


def test_the_bar_follows_to_the_next_page_until_it_is_over(board: Board, clock: FakeClock) -> None:
    """Opening a job does not take the chance to undo away."""
    job_id = given_visit(board.services, board.brand)
    confirm_late(board, job_id, late="30")

    assert "Sending in" in board.get(f"/board/jobs/{job_id}").text
    clock.advance(seconds=HOLD_SECONDS + 1)
    assert "Sending in" not in board.get("/board").text


def test_what_changed_meanwhile_is_shown_instead_of_acting(board: Board) -> None:
    """The technician reported while the dispatcher was reading: nothing is recorded blindly."""
    job_id = given_visit(board.services, board.brand)
    seen = board.part(f"/board/jobs/{job_id}/say/late/preview", late="45").text
    say(board, job_id, minutes=60, source=FactSource.TECHNICIAN)

    answer = board.part(f"/board/jobs/{job_id}/say/late", **hidden_fields(seen)).text

    assert "Nothing was recorded" in answer
    assert "Running late, 60 min" in answer
    assert [row.body.get("minutes") for row in facts_of(board.services, job_id)] == [None, 60]
    again = board.part(f"/board/jobs/{job_id}/say/late", **hidden_fields(answer)).text
    assert "Undo" in again


def test_whom_nothing_reaches_is_named_with_the_number_to_ring(board: Board) -> None:
    """A landline takes no text: the preview says so before anything is recorded."""
    on_landline = a_customer(phone="+442079460018")
    job_id = given_visit(board.services, board.brand, people=(on_landline,))

    part = board.part(f"/board/jobs/{job_id}/say/late/preview", late="45").text

    assert "gets nothing" in part
    assert 'href="tel:+442079460018"' in part


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"late": "unknown"}, ("expected", "unknown")),
        ({"late": "off"}, ("expected", "off")),
        ({"late": "other", "minutes": "25"}, ("minutes", 25)),
    ],
)
def test_the_other_ways_of_being_late(
    board: Board, answers: dict[str, str], said: tuple[str, object]
) -> None:
    """Any number of minutes, nobody knows, or not today."""
    job_id = given_visit(board.services, board.brand)

    confirm_late(board, job_id, **answers)

    name, value = said
    assert facts_of(board.services, job_id)[-1].body[name] == value


@pytest.mark.parametrize(
    "answers",
    [{}, {"late": "other"}, {"late": "other", "minutes": "soon"}, {"late": "99999999"}],
)
def test_an_answer_that_makes_no_sense_is_said_so(board: Board, answers: dict[str, str]) -> None:
    """A sentence beside the form, no fact, no error page."""
    job_id = given_visit(board.services, board.brand)

    part = board.part(f"/board/jobs/{job_id}/say/late/preview", **answers)

    assert part.status_code == 200
    assert 'class="problem"' in part.text
    assert len(facts_of(board.services, job_id)) == 1


def test_an_order_slips_by_days_and_keeps_its_hours(board: Board) -> None:
    """Parcels are late by days: the same local hours on another date."""
    now = board.services.now()
    window = Window(now + timedelta(hours=1), now + timedelta(hours=5))
    order = NewOrder(
        reference="ORD-1",
        service="Oak desk",
        parcels=(NewParcel(carrier="UPS", tracking_code="1Z1"),),
        window=window,
        people=(a_customer(),),
    )
    booked = book(board.services, board.brand.id, order, source=FactSource.SHOP, actor="key:t")

    confirm_late(board, booked.job_id, late="days-2")

    expected = facts_of(board.services, booked.job_id)[-1].body["expected"]
    assert expected["start"] == "2026-11-25T18:00:00Z"


# One job


def test_told_by_phone_makes_it_given(board: Board) -> None:
    """She was rung: the board knows what she knows, and no text follows."""
    job_id = given_visit(board.services, board.brand, people=(a_customer(phone=None),))
    say(board, job_id, minutes=60)

    sheet = board.part(f"/board/jobs/{job_id}/say/told/preview", heard="expected").text
    board.part(f"/board/jobs/{job_id}/say/told", **hidden_fields(sheet))

    with reading(board.services.sessions) as session:
        ada = session.scalars(select(JobPerson).where(JobPerson.job_id == job_id)).one()
        job = session.get_one(Job, job_id)
    assert ada.told == job.expected
    assert ada.told_strength == "given"


def test_hold_stops_everything_until_released(board: Board) -> None:
    """*Hold, I'll call*: what was about to go waits, and release lets it go."""
    job_id = given_visit(board.services, board.brand)
    board.press(f"/board/jobs/{job_id}/hold")
    say(board, job_id, minutes=45)
    deliver_due(board.services)

    assert "On hold" in board.get(f"/board/jobs/{job_id}").text
    assert {text.status for text in late_texts(board.services, job_id)} == {"held"}
    board.press(f"/board/jobs/{job_id}/release")
    deliver_due(board.services)
    assert {text.status for text in late_texts(board.services, job_id)} == {"accepted"}


def test_any_fact_can_be_taken_back(board: Board) -> None:
    """The page offers it for each fact but the booking, and shows it struck through after."""
    job_id = given_visit(board.services, board.brand)
    say(board, job_id, minutes=45)
    fact = facts_of(board.services, job_id)[-1]
    assert f"/facts/{fact.id}/take-back" in board.get(f"/board/jobs/{job_id}").text

    board.press(f"/board/jobs/{job_id}/facts/{fact.id}/take-back")

    page = board.get(f"/board/jobs/{job_id}").text
    assert f"/facts/{fact.id}/take-back" not in page
    assert "taken back" in page
    with reading(board.services.sessions) as session:
        job = session.get_one(Job, job_id)
    assert job.expected == job.agreed


def test_the_job_page_tells_the_whole_story(board: Board) -> None:
    """Facts, the exact text, promises, people, and what each rule says."""
    job_id = given_visit(board.services, board.brand)
    say(board, job_id, minutes=45)
    deliver_due(board.services)

    page = board.get(f"/board/jobs/{job_id}").text

    text = late_texts(board.services, job_id)[0]
    assert text.status == "accepted"
    for words in (
        "1200 Pine St, Seattle",
        "Running late, 45 min",
        "11:45 AM-1:45 PM",
        "Sent, no receipt yet",
        "a change must be heard by",
        "What each rule says now",
        "(206) 555-0100",
    ):
        assert words in page


@pytest.mark.parametrize("name", ["confirmed", "on-the-way", "arrived", "done"])
def test_the_plain_statuses_are_one_press_and_a_look(board: Board, name: str) -> None:
    """Even without a question, what goes out is read first."""
    job_id = given_visit(board.services, board.brand)

    sheet = board.get(f"/board/jobs/{job_id}/say/{name}").text
    answer = board.part(f"/board/jobs/{job_id}/say/{name}", **hidden_fields(sheet))

    assert answer.status_code == 200
    assert len(facts_of(board.services, job_id)) == 2


@pytest.mark.parametrize(
    ("name", "answers", "fact"),
    [
        ("missed", {"by": "us"}, FactType.MISSED),
        ("cancelled", {"by": "customer"}, FactType.CANCELLED),
        ("someone-else", {"technician": "Maria"}, FactType.REASSIGNED),
        (
            "moved",
            {"day": "2026-11-24", "from": "09:00", "until": "11:00", "agreed": "yes"},
            FactType.RESCHEDULED,
        ),
    ],
)
def test_the_statuses_that_ask_something(
    board: Board, name: str, answers: dict[str, str], fact: FactType
) -> None:
    """By whom, who goes, to when: asked first, recorded as a fact."""
    job_id = given_visit(board.services, board.brand)

    part = board.part(f"/board/jobs/{job_id}/say/{name}/preview", **answers).text
    board.part(f"/board/jobs/{job_id}/say/{name}", **hidden_fields(part))

    assert facts_of(board.services, job_id)[-1].type == fact


def test_without_a_script_everything_still_works(board: Board) -> None:
    """Plain forms: the sheet is a page, and confirming leads to the job."""
    job_id = given_visit(board.services, board.brand)

    page = board.press(f"/board/jobs/{job_id}/say/late/preview", late="45").text
    assert page.startswith("<!doctype html>")
    answer = board.press(f"/board/jobs/{job_id}/say/late", **hidden_fields(page))

    assert answer.status_code == 303
    assert answer.location == f"/board/jobs/{job_id}"


# Tasks


def test_a_task_is_ticked_off_by_whom_and_once(board: Board, dispatcher: UUID) -> None:
    """A customer without a number must be rung; done says who rang."""
    job_id = given_visit(board.services, board.brand, people=(a_customer(phone=None),))
    say(board, job_id, minutes=60)
    with reading(board.services.sessions) as session:
        task_ids = session.scalars(select(Task.id).where(Task.done_at.is_(None))).all()
    assert task_ids
    assert "Ring Ada Park" in board.get("/board/tasks").text

    for task_id in task_ids:
        board.press(f"/board/tasks/{task_id}/done")

    assert "Nothing to do" in board.get("/board/tasks").text
    with reading(board.services.sessions) as session:
        done_by = set(session.scalars(select(Task.done_by).where(Task.id.in_(task_ids))))
    assert done_by == {f"staff:{dispatcher}"}


def say(
    board: Board, job_id: UUID, *, minutes: int, source: FactSource = FactSource.TECHNICIAN
) -> None:
    """Record lateness from somewhere else than the board."""
    new = NewFact(type=FactType.DELAYED, source=source, actor="day_link:tests", minutes=minutes)
    record(board.services, board.brand.id, job_id, new)


def confirm_late(board: Board, job_id: UUID, **answers: str) -> TestResponse:
    """Choose how late, read the preview, and confirm it."""
    part = board.part(f"/board/jobs/{job_id}/say/late/preview", **answers).text
    return board.part(f"/board/jobs/{job_id}/say/late", **hidden_fields(part))


def test_in_shadow_a_preview_never_says_that_it_sends(board: Board) -> None:
    """The words are shown, and the button records."""
    job_id = given_visit(board.services, board.brand)
    with board.services.sessions.begin() as session:
        session.execute(update(Brand).where(Brand.id == board.brand.id).values(live_at=None))

    part = board.part(f"/board/jobs/{job_id}/say/late/preview", late="45").text

    assert "Shadow: nothing is sent" in part
    assert "Record it" in part
    assert "in 10 s" not in part.split("<footer>")[0]
