"""Nobody is woken, and a brand in shadow writes to nobody."""

from __future__ import annotations

from tests.journeys.product import Product, hours

_TOMORROW_9_TO_11 = hours("17:00", "19:00", day=24)


def test_news_of_the_night_waits_for_the_morning(product: Product) -> None:
    """Said at 10 PM about the next morning at 11:30: the text goes at 8, and is still true."""
    job = product.book_quietly(window=hours("19:30", "21:30", day=24))
    product.move_to("24 06:00")  # 10 PM in Los Angeles
    product.new_texts()

    product.late(job, 60)
    assert product.new_texts() == []
    (waiting,) = product.messages(job, "running_late")
    assert (waiting["status"], waiting["send_at"]) == ("planned", "2026-11-24T16:00:00Z")

    product.move_to("24 15:59")
    assert product.new_texts() == []
    product.move_to("24 16:00")

    assert "12:30-2:30 PM" in product.new_text()["body"]


def test_news_of_the_night_that_is_not_true_in_the_morning_is_not_sent(product: Product) -> None:
    """Made good during the night: nobody ever hears of it."""
    job = product.book_quietly(window=hours("19:30", "21:30", day=24))
    product.move_to("24 06:00")
    product.new_texts()
    product.late(job, 60)
    product.late(job, 0)

    product.move_to("24 16:00")

    assert product.new_texts() == []
    assert [status for _, status, _ in product.fates(job, "running_late")] == ["superseded"]


def test_news_at_night_goes_by_tell_by_where_the_morning_is_too_late(product: Product) -> None:
    """A visit at 8:30 must be heard of by 7:30, quiet or not."""
    job = product.book_quietly(window=hours("16:30", "18:30", day=24))
    product.move_to("24 08:00")  # midnight
    product.new_texts()

    product.late(job, 60)
    assert product.new_texts() == []
    product.move_to("24 15:30")

    assert "9:30-11:30 AM" in product.new_text()["body"]


def test_what_is_about_to_happen_is_told_at_any_hour(product: Product) -> None:
    """A visit at 6 AM, late at 4 AM: they are getting up for it."""
    job = product.book_quietly(window=hours("14:00", "16:00", day=24))
    product.move_to("24 12:00")  # 4 AM
    product.new_texts()

    product.late(job)

    assert "6:45-8:45 AM" in product.new_text()["body"]
