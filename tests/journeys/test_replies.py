"""What customers write back takes effect at once, and a person always reads it."""

from __future__ import annotations

import pytest

from tests.journeys.product import Product, hours

BOOKED = hours("19:00", "21:00")
LATE = hours("19:45", "21:45")


@pytest.mark.parametrize("words", ["STOP", "please stop texting me!", "no más"])
def test_stop_closes_the_number_and_start_opens_it(product: Product, words: str) -> None:
    """The news goes by email while the number is closed, and by text once it is open."""
    job = product.book_quietly()

    product.reply(words)
    product.late(job)
    product.rest()

    assert product.new_texts() == []
    assert [m["to"] for m in product.providers.emails] == ["ada@example.com"]
    ways = product.job(job)["people"][0]["channels"]
    assert [(way["channel"], way["why"]) for way in ways] == [("sms", "opted_out"), ("email", None)]

    product.reply("START")
    product.late(job, 120)

    assert "1-3 PM" in product.new_text()["body"]


def test_stop_while_a_text_waits_stops_it(product: Product) -> None:
    """Opting out wins over what was planned before it."""
    job = product.book_quietly()
    with product.paused():
        product.late(job)
        product.reply("stop")

    assert product.new_texts() == []
    (email,) = product.providers.wait_for_emails(1)
    assert "11:45 AM" in email["text"]


def test_a_reply_becomes_a_task_and_stands_on_its_job(product: Product) -> None:
    """Somebody reads it, whatever it says."""
    job = product.book_quietly()
    product.late(job)
    product.report(product.new_text())

    product.reply("the gate code is 4711")

    assert "Ada Park" in product.board("/tasks")
    assert "the gate code is 4711" in product.board(f"/jobs/{job.id}")
    assert product.told(job) == LATE
    assert product.new_texts() == []


def test_saying_c_twice_is_saying_it_once(product: Product) -> None:
    """C accepts the offer that stands; a second one accepts nothing else."""
    job = product.book_quietly()
    product.late(job)
    product.report(product.new_text())
    product.late(job, 0)
    product.report(product.new_text())

    product.reply("c.")
    product.reply("C")

    assert product.told(job) == product.job(job)["agreed"] == BOOKED
    assert product.new_texts() == []


def test_c_after_the_offer_lapsed_accepts_nothing(product: Product) -> None:
    """It runs late again before they answer: the later time is told, and C is left to staff."""
    job = product.book_quietly()
    product.late(job)
    product.report(product.new_text())
    product.late(job, 0)
    product.report(product.new_text())
    product.late(job)
    lapsed = product.new_text()
    product.report(lapsed)

    product.reply("C")

    assert "accepted" not in [fact["type"] for fact in product.job(job)["facts"]]
    assert product.told(job) == LATE
    assert product.new_texts() == []
