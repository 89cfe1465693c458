"""A mistake is not a recovery: what has not gone is stopped, what has is followed up once."""

from __future__ import annotations

from tests.journeys.product import Product, hours

BOOKED = hours("19:00", "21:00")
LATE = hours("19:45", "21:45")


def test_withdrawn_before_it_went_is_nothing(product: Product) -> None:
    """The text is stopped, its row says why, and nobody hears of it."""
    job = product.book_quietly()
    with product.paused():
        late = product.late(job)
        assert [status for _, status, _ in product.fates(job, "running_late")] == ["ready"]
        product.take_back(job, late)

    assert product.new_texts() == []
    assert product.fates(job, "running_late") == [("sms", "superseded", "no_longer_owed")]
    assert product.told(job) == BOOKED


def test_withdrawn_after_it_went_is_one_please_ignore(product: Product) -> None:
    """Whoever may have read it is told that it was our mistake: once, and never as good news."""
    job = product.book_quietly()
    late = product.late(job)
    product.report(product.new_text())
    assert product.told(job) == LATE

    product.take_back(job, late)
    ignore = product.new_text()
    product.take_back(job, late)
    product.report(ignore)

    assert "ignore our last text" in ignore["body"]
    assert "11 AM-1 PM" in ignore["body"]
    assert product.new_texts() == []
    assert product.told(job) == BOOKED, "a correction needs nobody's consent"


def test_withdrawn_while_the_receipt_is_still_out_is_one_please_ignore(product: Product) -> None:
    """The provider took it: it may have been read, so it is followed up all the same."""
    job = product.book_quietly()
    late = product.late(job)
    text = product.new_text()

    product.take_back(job, late)
    ignore = product.new_text()
    product.report(ignore)
    product.report(text)

    assert "ignore our last text" in ignore["body"]
    assert product.told(job) == BOOKED
    assert product.new_texts() == []


def test_late_again_after_a_withdrawal_is_told_again(product: Product) -> None:
    """The second slip is real, whatever became of the first."""
    job = product.book_quietly()
    late = product.late(job)
    product.report(product.new_text())
    product.take_back(job, late)
    product.report(product.new_text())

    product.late(job)
    again = product.new_text()
    product.report(again)

    assert "11:45 AM-1:45 PM" in again["body"]
    assert product.told(job) == LATE


def test_late_again_after_a_withdrawal_that_nobody_heard_of_is_told(product: Product) -> None:
    """The row that was stopped opens again, for it never went."""
    job = product.book_quietly()
    with product.paused():
        late = product.late(job)
        product.take_back(job, late)
        product.late(job)

    product.report(product.new_text())
    assert product.told(job) == LATE
    assert product.fates(job, "running_late") == [("sms", "delivered", None)]


def test_cancelling_stops_a_late_text_that_is_still_to_go(product: Product) -> None:
    """Nobody is told that a cancelled visit will be late; they are told that it is off."""
    job = product.book_quietly()
    with product.paused():
        product.late(job)
        product.say(job, "cancelled", by="us")

    text = product.new_text()
    assert "call off" in text["body"]
    assert [status for _, status, _ in product.fates(job, "running_late")] == ["superseded"]
    product.report(text)
    assert product.told(job) == "off"


def test_holding_a_job_keeps_its_texts_until_somebody_has_rung(product: Product) -> None:
    """Said on the phone while the text waited: the text is not needed any more."""
    job = product.book_quietly()
    with product.paused():
        product.late(job)
        product.say(job, "told", window=LATE)

    assert product.new_texts() == []
    assert product.told(job) == LATE
    assert [status for _, status, _ in product.fates(job, "running_late")] == ["superseded"]
