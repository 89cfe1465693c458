"""Nobody reports on a visit: the technician is asked, dispatch rings, the customer hears."""

from __future__ import annotations

import re
from typing import Any

from tests.fakes.provider_server import PUBLIC_URL
from tests.fakes.provider_state import Taken
from tests.journeys.product import ADA, Job, Product, hours

SAM, PRIYA = "+12065550177", "+12065550188"
_ADA = {"name": "Ada Park", "phone": ADA}


def _who(name: str = "Sam Ortiz", phone: str | None = SAM) -> dict[str, str]:
    return {"name": name, "phone": phone} if phone else {"name": name}


def _given_a_visit(product: Product, **changes: object) -> Job:
    """Book 11 AM to 1 PM with Sam, who can be asked; everything so far has arrived."""
    product.board()  # sign in: the link is good for a quarter of an hour
    details: dict[str, Any] = {"customer": _ADA, "technician": _who()}
    return product.book_quietly(**(details | changes))


def _asked(product: Product, moment: str = "23 20:15") -> Taken:
    product.move_to(moment)
    text = product.new_text()
    product.report(text)
    return text


def _link_in(text: Taken) -> str:
    found = re.search(rf"{re.escape(PUBLIC_URL)}(/(?:day|s)/[\w-]+)", text["body"])
    assert found is not None, text["body"]
    return found[1]


def _page(product: Product, path: str) -> str:
    answer = product.app.test_client().get(path, base_url=PUBLIC_URL)
    assert answer.status_code == 200, answer.text
    return answer.get_data(as_text=True)


def _tap(product: Product, path: str, **form: str) -> None:
    answer = product.app.test_client().post(path, data=form, base_url=PUBLIC_URL)
    assert answer.status_code == 303, answer.text
    product.rest()


def _rest_of_the_day(product: Product) -> list[Taken]:
    """Return whatever goes out until late in the evening."""
    texts = []
    for moment in ("20:46", "21:01", "21:16", "21:31", "22:30", "23:59"):
        product.move_to(f"23 {moment}")
        texts += product.new_texts()
    return texts


def test_the_whole_chain(product: Product) -> None:
    """12:15 asked, 12:30 a task, 12:45 the customer hears, H: they are there, nothing more."""
    job = _given_a_visit(product)

    product.move_to("23 20:14")
    assert product.new_texts() == []
    ask = _asked(product)
    assert ask["to"] == SAM
    assert "where are you" in ask["body"]

    product.move_to("23 20:29")
    assert "Ask Sam" not in product.board("/tasks")
    product.move_to("23 20:30")
    assert product.new_texts() == []
    tasks = product.board("/tasks")
    assert "Ask Sam Ortiz by 1:00" in tasks
    assert "(206) 555-0177" in tasks

    product.move_to("23 20:45")
    text = product.new_text()
    product.report(text)
    assert text["to"] == ADA
    assert "no clear word" in text["body"]
    assert "1:15 PM" in text["body"]
    assert "late" not in text["body"]
    page = _page(product, _link_in(text))
    assert "We are checking" in page
    assert "late" not in re.sub(r"<[^>]*>", " ", page)

    product.reply("H")
    assert product.job(job)["status"] == "arrived"
    assert "Ask Sam" not in product.board("/tasks")
    assert _rest_of_the_day(product) == []


def test_the_customer_says_it_with_one_tap(product: Product) -> None:
    """The button of their page does the same, and the page no longer says that we check."""
    job = _given_a_visit(product)
    product.move_to("23 20:45")
    text = next(text for text in product.new_texts() if text["to"] == ADA)
    product.report(text)
    link = _link_in(text)

    _tap(product, f"{link}/here")

    assert product.job(job)["status"] == "arrived"
    assert "We are checking" not in _page(product, link)
    assert _rest_of_the_day(product) == []


def test_here_before_anybody_has_heard_keeps_it_all_from_going(product: Product) -> None:
    """They write "he's here" at 12:20, between the question to the technician and our text."""
    job = _given_a_visit(product)
    _asked(product)

    product.move_to("23 20:20")
    product.reply("he's here")

    assert product.job(job)["status"] == "arrived"
    assert _rest_of_the_day(product) == []


def test_h_about_a_visit_of_tomorrow_is_read_by_a_person(product: Product) -> None:
    """Nobody can be there yet: nothing is recorded, and somebody looks."""
    job = _given_a_visit(product, window=hours("19:00", "21:00", day=24))

    product.reply("H")

    assert product.job(job)["status"] == "scheduled"
    assert "he is there already" in product.board("/tasks")


def test_the_technician_taps_here(product: Product) -> None:
    """The link of the question leads to their day, with the visit on top; one tap ends it."""
    job = _given_a_visit(product)
    link = _link_in(_asked(product))
    assert link.startswith("/day/")
    assert "We have no clear word from you yet" in _page(product, link)

    _tap(product, f"{link}/visits/{job.id}/here")

    assert product.job(job)["status"] == "arrived"
    assert "We have no clear word from you yet" not in _page(product, link)
    assert _rest_of_the_day(product) == []


def test_the_technician_texts_fifteen(product: Product) -> None:
    """15: the customer hears the new time, and neither "no word" nor a task follows for it."""
    job = _given_a_visit(product)
    _asked(product)

    product.reply("15", from_=SAM)
    product.wait(seconds=20)  # a thumb slips: what moves the time waits a little

    text = product.new_text()
    assert text["to"] == ADA
    assert "1:15 PM" in text["body"]
    product.report(text)
    assert product.told(job)["end"] == "2026-11-23T21:15:00Z"
    product.move_to("23 20:31")
    assert "Ask Sam" not in product.board("/tasks")
    assert "Answer Sam" not in product.board("/tasks")


def test_the_technician_cannot_come(product: Product) -> None:
    """NO: the customer hears that nobody comes today, and never that there is none."""
    _given_a_visit(product)
    _asked(product)

    product.reply("No", from_=SAM)
    product.wait(seconds=20)

    (text,) = product.new_texts()
    assert text["to"] == ADA
    product.report(text)
    assert not any("word yet" in text["body"] for text in _rest_of_the_day(product))


def test_what_a_technician_writes_beside_the_words_is_read_by_a_person(product: Product) -> None:
    """ "Van broke down" records nothing, and somebody reads it under their name."""
    job = _given_a_visit(product)
    _asked(product)

    product.reply("Van broke down, ring me", from_=SAM)

    assert product.job(job)["status"] == "scheduled"
    assert "Answer Sam Ortiz" in product.board("/tasks")
    assert "Van broke down" in product.board(f"/jobs/{job.id}")


def test_of_two_visits_that_wait_the_one_is_meant_that_is_named(product: Product) -> None:
    """Asked about both: HERE alone is about neither, and a person sees it; V-2 HERE is."""
    first = _given_a_visit(product, reference="V-1")
    second = _given_a_visit(product, reference="V-2", window=hours("19:05", "21:05"))
    _asked(product)
    assert "V-2" in _asked(product, "23 20:20")["body"]

    product.reply("HERE", from_=SAM)

    assert product.job(second)["status"] == product.job(first)["status"] == "scheduled"
    assert "Answer Sam Ortiz" in product.board("/tasks")
    product.reply("V-2 HERE", from_=SAM)
    assert product.job(second)["status"] == "arrived"
    assert product.job(first)["status"] == "scheduled"


def test_a_technician_who_wants_no_texts_gets_none(product: Product) -> None:
    """STOP closes their number like any; the task of dispatch comes anyway, and says so."""
    _given_a_visit(product, reference="V-1")
    _asked(product)
    product.reply("STOP", from_=SAM)
    _given_a_visit(product, reference="V-2", window=hours("20:00", "22:00"))

    product.move_to("23 21:15")
    assert SAM not in [text["to"] for text in product.new_texts()]
    product.move_to("23 21:30")

    tasks = product.board("/tasks")
    assert "V-2" in tasks
    assert "No text reaches them" in tasks


def test_a_technician_without_a_number(product: Product) -> None:
    """Nobody is texted; dispatch's task says that we have no number, and the customer hears."""
    _given_a_visit(product, technician="Sam Ortiz")

    product.move_to("23 20:15")
    assert product.new_texts() == []
    product.move_to("23 20:30")
    assert "We have no number of theirs" in product.board("/tasks")
    product.move_to("23 20:45")

    assert product.new_text()["to"] == ADA


def test_reassigned_after_being_asked(product: Product) -> None:
    """Priya takes over at 12:20: she is asked a quarter of an hour later; Sam's word is stale."""
    job = _given_a_visit(product)
    link = _link_in(_asked(product))
    product.move_to("23 20:20")
    product.say(job, "reassigned", technician=_who("Priya Rao", PRIYA))
    product.rest()

    product.reply("HERE", from_=SAM)
    assert product.job(job)["status"] == "scheduled"
    assert str(job.id) not in _page(product, link)
    product.move_to("23 20:36")

    text = product.new_text()
    assert text["to"] == PRIYA
    assert str(job.id) in _page(product, _link_in(text))
    assert "Priya Rao" in product.board("/tasks") or "Ask" not in product.board("/tasks")


def test_expected_moved_meanwhile_is_no_silence(product: Product) -> None:
    """Staff say 60 minutes late at noon: nothing is asked by the old time, all of it by the new."""
    job = _given_a_visit(product)
    product.move_to("23 20:00")
    product.late(job, 60)
    product.report(product.new_text())

    for moment in ("20:15", "20:30", "20:45", "21:00", "21:14"):
        product.move_to(f"23 {moment}")
        assert product.new_texts() == []
    assert "Ask Sam" not in product.board("/tasks")

    assert _asked(product, "23 21:15")["to"] == SAM


def test_a_visit_late_at_night(product: Product) -> None:
    """10 PM to midnight: at work and waiting at home, both hear at once, quiet hours or not."""
    _given_a_visit(product, window=hours("06:00", "08:00", day=24))

    assert _asked(product, "24 07:15")["to"] == SAM
    product.move_to("24 07:45")

    text = product.new_text()["body"]
    assert "no clear word" in text
    assert "12:15 AM" in text  # nobody who waits up is put off until the morning


def test_dispatch_rings_and_taps(product: Product) -> None:
    """They are there, the arrival was merely not recorded: one tap, and nothing goes out."""
    job = _given_a_visit(product)
    product.move_to("23 20:30")
    product.new_texts()

    product.press(f"/jobs/{job.id}/there")

    assert product.job(job)["status"] == "arrived"
    assert "Ask Sam" not in product.board("/tasks")
    assert _rest_of_the_day(product) == []


def test_nobody_else_sees_the_technician_among_the_people(product: Product) -> None:
    """Not the API's list, not the promises, not a customer's page, and not the other way round."""
    job = _given_a_visit(product)
    link = _link_in(_asked(product))

    assert [person["role"] for person in product.job(job)["people"]] == ["customer"]
    promises = product.api.get(f"{job.path}/promises").text
    assert "technician" not in promises
    assert "Sam Ortiz" not in product.board(f"/jobs/{job.id}").partition("Who knows what")[2]
    opened = product.app.test_client().get(link.replace("/day/", "/s/"), base_url=PUBLIC_URL)
    assert opened.status_code == 404
    asked = product.messages(job, "ask_technician")
    assert [(m["person"]["role"], m["status"]) for m in asked] == [("technician", "delivered")]


def test_an_order_that_no_carrier_has_scanned(product: Product) -> None:
    """Three days after its label: they hear that we check, and the page says so; a scan ends it."""
    order = product.book_quietly("orders", window=hours("17:00", "23:00", day=29))
    product.move_to("26 17:01")

    text = product.new_text()
    product.report(text)
    assert "has not scanned" in text["body"]
    assert "late" not in text["body"]
    link = _link_in(text)
    assert "We are checking where it is" in _page(product, link)

    product.say(order, "in_transit")
    product.rest()
    assert "We are checking" not in _page(product, link)
    product.move_to("27 16:55")
    assert not any("no news" in text["body"] for text in product.new_texts())
