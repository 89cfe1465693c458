"""The main story: a visit runs late, and the customer hears it before they ask."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from tests.journeys.product import ADA, Product, hours

BOOKED = hours("19:00", "21:00")  # 11 AM to 1 PM in Los Angeles
LATE = hours("19:45", "21:45")


def test_a_late_visit_is_told_once_and_told_moves_with_the_receipt(product: Product) -> None:
    """45 minutes late: one text within two seconds, and nothing more for 50, 55 and 45."""
    job = product.book_quietly()
    already = len(product.providers.sms)

    asked = time.monotonic()
    product.late(job)
    product.providers.wait_for_sms(already + 1, timeout=2 - (time.monotonic() - asked))

    text = product.new_text()
    assert text["to"] == ADA
    assert "11:45 AM-1:45 PM" in text["body"]
    assert "not 11 AM-1 PM" in text["body"]
    for minutes in (50, 55, 45):
        product.late(job, minutes)
    assert product.new_texts() == []
    assert product.told(job) == BOOKED, "it is on its way, but nobody knows that it arrived"

    product.report(text)

    assert product.told(job) == LATE
    assert product.job(job)["told_strength"] == "delivered"
    assert product.job(job)["promised"] == product.job(job)["agreed"] == BOOKED
    assert product.fates(job, "running_late") == [("sms", "delivered", None)]


def test_the_original_time_is_offered_once_and_binds_nobody_until_it_is_accepted(
    product: Product,
) -> None:
    """Back on time is an offer of an earlier time: `told` stays until the customer says C."""
    job = product.book_quietly()
    product.late(job)
    product.report(product.new_text())

    product.late(job, 0)

    offer = product.new_text()
    assert "earlier" in offer["body"]
    assert "11 AM-1 PM" in offer["body"]
    product.report(offer)
    product.late(job, 5)
    assert product.new_texts() == []
    assert product.told(job) == LATE

    product.reply("C")

    assert product.told(job) == product.job(job)["agreed"] == BOOKED
    assert product.new_texts() == []


def test_accepting_an_offer_through_the_api_moves_what_is_told_and_agreed(
    product: Product,
) -> None:
    """Staff hear on the phone that the earlier time suits."""
    job = product.book_quietly()
    product.late(job)
    product.report(product.new_text())
    product.late(job, 0)
    product.report(product.new_text())

    product.say(job, "accepted", window=BOOKED)

    assert product.told(job) == BOOKED
    assert product.job(job)["agreed"] == BOOKED
    assert product.new_texts() == []


def test_twenty_threads_saying_the_same_are_one_text(product: Product) -> None:
    """The same fact twenty times at once is heard once."""
    job = product.book_quietly()
    callers = [product.caller() for _ in range(20)]
    together = Barrier(len(callers))

    def say(number: int) -> int:
        together.wait(timeout=20)
        body = {"type": "delayed", "minutes": 45}
        return callers[number].post(f"{job.path}/facts", body).status_code

    with ThreadPoolExecutor(len(callers)) as threads:
        answers = list(threads.map(say, range(len(callers))))

    assert answers == [202] * 20
    product.report(product.new_text())
    assert product.told(job) == LATE
    assert len(product.messages(job, "running_late")) == 1


def test_receipts_in_reverse_leave_the_newer_window_told(product: Product) -> None:
    """The receipt of the older text comes last and changes only its own row."""
    job = product.book_quietly()
    product.late(job, 45)
    first = product.new_text()
    product.late(job, 120)
    second = product.new_text()

    product.report(second)
    product.report(first)

    assert product.told(job) == hours("21:00", "23:00")
    assert product.fates(job, "running_late") == [("sms", "delivered", None)]
    assert product.fates(job, "running_late_again") == [("sms", "delivered", None)]
