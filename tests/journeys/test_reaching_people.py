"""Everybody concerned is told apart, over the way that reaches them, or a person must ring."""

from __future__ import annotations

import pytest

from tests.journeys.product import ADA, Product, hours

BOOKED = hours("19:00", "21:00")
LATE = hours("19:45", "21:45")
BEA = "+12065550111"
A_PHONE_ONLY = {"name": "Ada Park", "phone": ADA, "time_zone": "America/Los_Angeles"}


@pytest.mark.parametrize(
    ("code", "status", "why"),
    [
        (21211, "rejected", "not a valid phone number"),
        (21614, "rejected", "not a mobile number"),
        (21610, "rejected", "opted out"),
    ],
)
def test_a_number_that_twilio_refuses_is_followed_by_an_email(
    product: Product, code: int, status: str, why: str
) -> None:
    """The customer gets the email; the API, `explain` and the board say why no text went."""
    job = product.book_quietly()
    product.providers.fail_number(ADA, code)

    product.late(job)
    (email,) = product.providers.wait_for_emails(1)
    product.rest()

    assert email["to"] == "ada@example.com"
    assert "11:45 AM" in email["text"]
    assert product.new_texts() == []
    assert product.fates(job, "running_late") == [
        ("sms", status, str(code)),
        ("email", "accepted", None),
    ]
    assert product.explain(job, "running_late")["values"]["messages"] == [
        {"channel": "sms", "status": status, "reason": f"twilio {code}"},
        {"channel": "email", "status": "accepted", "reason": None},
    ]
    assert why in product.board(f"/jobs/{job.id}")
    assert product.providers.email_event(email["id"]) == 204
    assert product.told(job) == LATE


@pytest.mark.parametrize("code", [21211, 21614, 21610])
def test_the_next_message_does_not_try_a_refused_number_again(product: Product, code: int) -> None:
    """What was learnt of an address holds for whatever is owed next."""
    job = product.book_quietly()
    product.providers.fail_number(ADA, code)
    product.late(job)
    product.rest()
    tried = product.providers.state.requests("sms")

    product.late(job, 120)
    product.rest()

    assert product.providers.state.requests("sms") == tried
    assert len(product.providers.emails) == 2


def test_one_persons_receipt_does_not_silence_another_who_was_not_reached(
    product: Product,
) -> None:
    """Bea has heard it. Ada has not: her `told` stays, and somebody must ring her."""
    job = product.book_quietly(
        customer=A_PHONE_ONLY,
        people=[{"role": "second_contact", "name": "Bea Holt", "phone": BEA}],
    )
    product.providers.fail_number(ADA, 21614)

    product.late(job)
    to_bea = product.new_text()
    product.report(to_bea)

    assert to_bea["to"] == BEA
    assert product.told(job, "second_contact") == LATE
    assert product.told(job) == product.job(job)["told"] == BOOKED
    assert product.explain(job, "running_late")["reason"] == "unreached"
    assert "Ada Park" in product.board("/tasks")


def test_someone_without_a_way_to_reach_them_is_a_call_before_it_is_too_late(
    product: Product,
) -> None:
    """Nothing is sent, the row says why, and a task says whom to ring."""
    job = product.book_quietly(customer={"name": "Ada Park"})

    product.late(job)
    product.rest()

    assert product.fates(job, "running_late") == [("sms", "skipped", "no_contact")]
    assert "Ada Park" in product.board("/tasks")


def test_an_undelivered_text_is_followed_by_an_email(product: Product) -> None:
    """Twilio took it and then failed: the next channel carries the same news, once."""
    job = product.book_quietly()
    product.late(job)
    text = product.new_text()

    product.report(text, "undelivered", 30003)
    (email,) = product.providers.wait_for_emails(1)
    product.report(text, "sent")

    assert "11:45 AM" in email["text"]
    assert product.told(job) == BOOKED
    assert product.providers.email_event(email["id"]) == 204
    assert product.told(job) == LATE
    assert len(product.providers.emails) == 1


def test_too_many_requests_is_waited_out(product: Product) -> None:
    """Certainly not taken: it goes again at the time that Twilio asked for, and once."""
    job = product.book_quietly()
    product.providers.fail_next_sms("too_many", retry_after=30)
    product.late(job)
    assert product.new_texts() == []
    assert product.fates(job, "running_late") == [("sms", "deferred", "20429")]

    product.wait(seconds=29)
    assert product.new_texts() == []
    product.wait(seconds=1)

    assert "11:45 AM" in product.new_text()["body"]
