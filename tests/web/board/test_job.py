"""One job: its whole story, and what is said of it in one press."""

from __future__ import annotations

import re
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import select, update

from notifier.delivery import deliver_due
from notifier.domain.facts import FactSource, FactType
from notifier.intake import NewFact, record
from notifier.parcels import NewParcel, keep_rest
from notifier.planner import bring_up_to_date, look_again
from notifier.providers.receipt import Receipt, ReceiptEvent
from notifier.receipts import apply_receipt
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import ContactPoint, Job, JobPerson, Message, Source, Task
from notifier.webhooks.set_up import add_source
from tests.fakes.clock import FakeClock
from tests.web.board.world import (
    Board,
    a_customer,
    facts_of,
    given_visit,
    hidden_fields,
    late_texts,
    say,
)
from tests.web.pages import given_order


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
        "A change must be heard by",
        "What each rule says now",
        "(206) 555-0100",
    ):
        assert words in page


def test_what_reached_somebody_twice_says_so(board: Board, clock: FakeClock) -> None:
    """The receipt of the text came after the email had gone in its place."""
    ada = replace(a_customer(), email="ada@example.com")
    job_id = given_visit(board.services, board.brand, people=(ada,))
    say(board, job_id, minutes=45)
    for _ in range(2):
        deliver_due(board.services)
        clock.advance(minutes=11)
        look_again(board.services)
    deliver_due(board.services)
    text, email = sorted(late_texts(board.services, job_id), key=lambda message: message.step)
    arrived(board.services, email)
    assert "they have it by" not in board.get(f"/board/jobs/{job_id}").text

    arrived(board.services, text)

    page = board.get(f"/board/jobs/{job_id}").text
    assert re.search(r"Delivered [^<]*: they have it by text, too", page)
    assert re.search(r"Delivered [^<]*: they have it by email, too", page)


def arrived(services: Services, message: Message) -> None:
    """Let the provider report that the message arrived."""
    receipt = Receipt(
        message_id=message.id,
        attempt_id=message.attempt_id,
        provider=message.provider or "",
        provider_id=message.provider_id,
        event_id=f"{message.id}:delivered",
        event=ReceiptEvent.DELIVERED,
    )
    apply_receipt(services, receipt, origin="callback")


def buttons(page: str) -> tuple[list[str], list[str]]:
    """Return the names of the sheets that a job's page offers: at once, and behind *More*."""
    card = page[page.index("<h1") : page.index('id="messages-title"')]
    at_once, more = card.split('id="more"')
    offered = re.compile(r"/say/([a-z-]+)")
    assert not offered.search(page[: page.index("<h1")])
    return offered.findall(at_once), offered.findall(more)


def test_who_and_when_come_first_then_the_likely_few_and_the_rest_is_folded(
    board: Board,
) -> None:
    """A dispatcher in a hurry looks for one of two things; the next step is one of them."""
    job_id = given_visit(board.services, board.brand)

    at_once, more = buttons(board.get(f"/board/jobs/{job_id}").text)
    assert at_once == ["late", "on-the-way"]
    assert {"told", "promise", "moved", "cancelled"} < set(more)

    sheet = board.get(f"/board/jobs/{job_id}/say/arrived").text
    board.part(f"/board/jobs/{job_id}/say/arrived", **hidden_fields(sheet))
    at_once, more = buttons(board.get(f"/board/jobs/{job_id}").text)
    assert at_once == ["done"]
    assert not {"late", "arrived", "on-the-way", "missed"} & set(more)  # they change nothing now


def test_whom_nothing_reaches_is_rung_first_and_then_said_so(board: Board) -> None:
    """Nobody can text her: the call comes first, and what is said after it."""
    job_id = given_visit(board.services, board.brand)
    with board.services.sessions.begin() as session:
        session.execute(update(ContactPoint).values(landline=True))
    say(board, job_id, minutes=60)

    page = board.get(f"/board/jobs/{job_id}").text

    assert buttons(page)[0] == ["late", "told"]
    assert page.index('role="button" href="tel:') < page.index("/say/late")


def test_a_job_on_hold_is_released_without_looking_for_it(board: Board) -> None:
    """What stops everything is not folded away."""
    job_id = given_visit(board.services, board.brand)
    assert "Hold, I&#39;ll call" in _folded(board, job_id)
    board.press(f"/board/jobs/{job_id}/hold")
    assert "Release: let messages go" not in _folded(board, job_id)
    assert "Release: let messages go" in board.get(f"/board/jobs/{job_id}").text


def _folded(board: Board, job_id: UUID) -> str:
    page = board.get(f"/board/jobs/{job_id}").text
    return page[page.index('id="more"') : page.index('id="messages-title"')]


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


def test_missed_is_offered_once_their_time_has_begun(board: Board, clock: FakeClock) -> None:
    """An hour late as they know it, nobody has waited in vain at the old time."""
    job_id = given_visit(board.services, board.brand)
    say(board, job_id, minutes=60)
    told = board.part(f"/board/jobs/{job_id}/say/told/preview", heard="expected").text
    board.part(f"/board/jobs/{job_id}/say/told", **hidden_fields(told))

    for hours, offered in ((2, False), (1, True)):
        clock.advance(hours=hours)
        at_once, more = buttons(board.get(f"/board/jobs/{job_id}").text)
        assert ("missed" in (*at_once, *more)) is offered
        part = board.part(f"/board/jobs/{job_id}/say/missed/preview", by="us").text
        assert ('class="confirm"' in part) is offered
        assert ("can&#39;t be missed before" in part) is not offered

    board.part(f"/board/jobs/{job_id}/say/missed", **hidden_fields(part))
    assert facts_of(board.services, job_id)[-1].type == FactType.MISSED


@pytest.mark.parametrize(
    ("name", "answers", "sentence"),
    [
        ("arrived", {"since": "10:50+02:00"}, "Write a time such as 10:50"),
        ("arrived", {"since": "10:50:30"}, "Write a time such as 10:50"),
        ("moved", {"from": "09:00Z", "until": "11:00", "agreed": "yes"}, "from when until when"),
        ("moved", {"from": "09:00", "until": "1100", "agreed": "yes"}, "from when until when"),
        ("promise", {"by_when": "other", "until": "15:00+02:00"}, "Give the day and the time"),
    ],
)
def test_a_time_is_of_the_place_and_to_the_minute(
    board: Board, name: str, answers: dict[str, str], sentence: str
) -> None:
    """An offset or a second would be dropped: it is said how to write it, and nothing is shown."""
    job_id = given_visit(board.services, board.brand)
    usual = {"day": "2026-11-24", "what": "call_back", "how": "told"}

    part = board.part(f"/board/jobs/{job_id}/say/{name}/preview", **(usual | answers)).text

    assert sentence in part
    assert 'class="confirm"' not in part


@pytest.mark.parametrize(
    ("name", "what_to_do"),
    [
        ("late", "Choose how late, and you read the exact words"),
        ("moved", "Give the new time, and you read the exact words"),
        ("someone-else", "Choose who goes, and you read the exact words"),
        ("cancelled", "Say whose doing it was, and you read the exact words"),
    ],
)
def test_a_sheet_that_waits_for_an_answer_says_what_to_do(
    board: Board, name: str, what_to_do: str
) -> None:
    """Nobody looks at a form and wonders where the button is."""
    job_id = given_visit(board.services, board.brand)
    assert what_to_do in board.get(f"/board/jobs/{job_id}/say/{name}").text


def test_without_a_script_everything_still_works(board: Board) -> None:
    """Plain forms: the sheet is a page, and confirming leads to the job."""
    job_id = given_visit(board.services, board.brand)

    page = board.press(f"/board/jobs/{job_id}/say/late/preview", late="45").text
    assert page.startswith("<!doctype html>")
    answer = board.press(f"/board/jobs/{job_id}/say/late", **hidden_fields(page))

    assert answer.status_code == 303
    assert answer.location == f"/board/jobs/{job_id}"


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


@pytest.mark.parametrize(
    ("codes", "said"),
    [
        (("1Z1", "1Z2"), {"Shipped, parcel 1Z1", "Delivered, parcel 1Z2"}),
        (("1Z1",), {"Shipped", "Delivered"}),
    ],
)
def test_of_several_parcels_each_fact_names_its_own(
    board: Board, codes: tuple[str, ...], said: set[str]
) -> None:
    """Of a single one there is nothing to tell apart."""
    parcels = tuple(NewParcel(carrier="UPS", tracking_code=code) for code in codes)
    job_id = given_order(board.services, board.brand.id, parcels=parcels)
    for type_, code in ((FactType.SHIPPED, codes[0]), (FactType.DELIVERED, codes[-1])):
        new = NewFact(type=type_, source=FactSource.CARRIER, actor="tests", parcel=code)
        record(board.services, board.brand.id, job_id, new)

    page = board.get(f"/board/jobs/{job_id}").text

    facts = page[page.index('<ol class="facts">') :]
    assert said < set(re.findall(r"<b>(.*?)</b>", facts[: facts.index("</ol>")]))
    assert f'Take it back<span class="unseen">: {min(said)}</span>' in facts


def test_what_a_shop_has_still_to_send_is_named_as_the_rest(board: Board) -> None:
    """It has no code to show."""
    services, brand_id = board.services, board.brand.id
    ups = NewParcel(carrier="UPS", tracking_code="1Z1")
    job_id = given_order(services, brand_id, parcels=(ups,))
    add_source(services, brand_id, "shop", "woocommerce")
    with services.sessions.begin() as session:
        shop = session.scalars(select(Source.id)).one()
        keep_rest(session, services, job_id, shop, more_to_send=True, as_of=services.now())
        bring_up_to_date(session, services, [job_id], now=services.now())

    page = board.get(f"/board/jobs/{job_id}").text
    parcels = re.search(r'<ul class="parcels">.*?</ul>', page, re.DOTALL)
    assert parcels is not None
    assert re.findall(r"<span>(.*?)</span>", parcels[0]) == [
        "UPS <code>1Z1</code>",
        "Ordered",
        "The rest",
        "Not sent yet",
    ]


@pytest.mark.parametrize(
    ("items", "reads"),
    [(("Kettle",), "Kettle · ORD-1"), (("Kettle", "Mug"), "Kettle (Kettle, Mug) · ORD-1")],
)
def test_what_an_order_is_of_is_said_once(board: Board, items: tuple[str, ...], reads: str) -> None:
    """An order is called after its first item, where nobody calls it otherwise."""
    job_id = given_order(board.services, board.brand.id, service=None, items=items)
    assert f'<p class="what">{reads}</p>' in board.get(f"/board/jobs/{job_id}").text
