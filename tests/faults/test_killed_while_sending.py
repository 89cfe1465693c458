"""kill -9 between claim and settle, at each point: the customer has exactly one text.

The judge is the providers' own journal, which knows what really went out.
"""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
import requests

from tests.faults.app import Point
from tests.faults.conftest import Mortal
from tests.served import eventually

TWO_MINUTES = 120  # seconds within which the customer must have it

# It may die before it has answered us, or in the middle of its answer.
CUT_OFF = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]


@pytest.mark.parametrize("point", list(Point))
def test_killed_at_any_point_the_customer_has_exactly_one_text(
    mortal: Mortal, point: Point
) -> None:
    """Whether the provider has it is found out from its own record, never by trying again."""
    job = mortal.book()
    mortal.kill_at(point)
    with suppress(*CUT_OFF):
        mortal.late(job)
    assert mortal.process.wait() == -9
    died = time.monotonic()

    mortal.start()

    _has_exactly_one(mortal, job, died)


def test_killed_while_the_provider_has_it_and_does_not_answer(mortal: Mortal) -> None:
    """Taken, no answer, and nobody left to hear one."""
    job = mortal.book()
    mortal.providers.fail_next_sms("timeout_after", seconds=60)
    mortal.late(job)
    mortal.providers.wait_for_sms(2, timeout=60)
    mortal.process.kill()
    died = time.monotonic()

    mortal.start()

    _has_exactly_one(mortal, job, died)


def test_killed_right_after_its_2xx_the_fact_is_not_lost(mortal: Mortal) -> None:
    """What was answered with success happens, whatever dies next."""
    job = mortal.book()
    mortal.late(job)
    mortal.process.kill()
    died = time.monotonic()

    mortal.start()

    _has_exactly_one(mortal, job, died)


def _has_exactly_one(mortal: Mortal, job: str, died: float) -> None:
    """Two minutes after `died` at most, one text is there, known to be, and told of."""
    left = TWO_MINUTES - (time.monotonic() - died)
    mortal.providers.wait_for_sms(2, timeout=left)
    eventually(lambda: mortal.fates(job)[-1][1] in ("accepted", "sent"), timeout=60)
    (text,) = mortal.journal()
    assert mortal.providers.deliver(text["sid"]) == 204

    assert mortal.told(job) == mortal.window(late=45)
    assert mortal.fates(job) == [("booked", "delivered"), ("running_late", "delivered")]
    assert mortal.journal() == [text]
