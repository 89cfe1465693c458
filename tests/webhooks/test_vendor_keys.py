"""A key that wears out is renewed by one at a time, stored at once, and never lost to another."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import pytest

from notifier.domain.deliveries import DeliveryStatus
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import Job, Source
from notifier.webhooks.receiving import receive
from notifier.webhooks.set_up import add_source, give_key
from notifier.webhooks.unread import replay
from notifier.webhooks.vendor_keys import LEASE
from tests.fakes.clock import FakeClock
from tests.fakes.vendor_server import Asked, FakeVendor, Said
from tests.sources.jobber_events import (
    GRAPHQL,
    SECRET,
    TOKENS,
    encoded,
    pointer,
    signed,
    visit,
)
from tests.webhooks.deliveries import HOUR, delivery
from tests.webhooks.fetching import work

REFUSED = (
    "The vendor does not renew the key. Give a new one:"
    " `.venv/bin/flask --app app sources key jobber`, then read it again."
)


class Jobber:
    """Rotates refresh tokens as Jobber does: each is good once, and so is one access token."""

    def __init__(self, vendor: FakeVendor) -> None:
        self.vendor = vendor
        self.refresh = "refresh-0"
        self.access = "none yet"
        self.start: Any = None
        vendor.answers[TOKENS] = self.renew
        vendor.answers[GRAPHQL] = self.answer

    def renew(self, asked: Asked) -> Said:
        """Take the refresh token that counts for new tokens."""
        given = parse_qs(asked.body.decode())
        assert (given["client_id"], given["client_secret"]) == (["an-id"], ["a-secret"])
        if given["refresh_token"] != [self.refresh]:
            return Said(400, b'{"error": "invalid_grant"}')
        number = int(self.refresh.partition("-")[2]) + 1
        self.refresh, self.access = f"refresh-{number}", f"access-{number}"
        return Said(
            body=json.dumps({"access_token": self.access, "refresh_token": self.refresh}).encode()
        )

    def answer(self, asked: Asked) -> Said:
        """Say what the visit is, to whom the access token was given last."""
        if asked.headers.get("Authorization") != f"Bearer {self.access}":
            return Said(401)
        return Said(body=json.dumps(visit(self.start)).encode())

    @property
    def renewals(self) -> int:
        """How often tokens were asked for."""
        return self.vendor.urls.count(TOKENS)


@pytest.fixture
def vendor() -> Iterator[FakeVendor]:
    """Every vendor there is, on this machine."""
    with FakeVendor() as made:
        yield made


@pytest.fixture
def jobber(services: Services, vendor: FakeVendor) -> Jobber:
    """Jobber, with one visit that it tells of whoever is asked for."""
    made = Jobber(vendor)
    made.start = services.now() + 30 * HOUR
    return made


@pytest.fixture
def asking(services: Services, brand: UUID, jobber: Jobber) -> Services:
    """Services with a Jobber source and its first refresh token."""
    add_source(services, brand, "jobber", "jobber", SECRET)
    give_key(services, "jobber", "an-id:a-secret:refresh-0")
    return replace(services, vendors=jobber.vendor.vendors())


def point(services: Services, number: int = 123) -> UUID:
    """Let Jobber point to a visit; return the delivery's id."""
    body = pointer("VISIT_UPDATE", services.now(), encoded(number))
    return receive(services, "jobber", signed(body), body).delivery_id


def key_of(services: Services) -> str:
    """Return the key as it is stored."""
    with reading(services.sessions) as session:
        source = session.query(Source).filter_by(name="jobber").one()
    assert source.api_key is not None
    return services.vault.open(source.key, source.api_key)


def test_a_key_is_renewed_before_it_is_used_and_then_kept_for_an_hour(
    asking: Services, jobber: Jobber, clock: FakeClock
) -> None:
    """Each time with the refresh token that came last."""
    for minutes, number, renewals in ((0, 1, 1), (49, 2, 1), (1, 3, 2), (60, 4, 3)):
        clock.advance(minutes=minutes)
        pointed = point(asking, number)
        work(asking)
        assert delivery(asking, pointed).status == DeliveryStatus.APPLIED
        assert jobber.renewals == renewals

    assert ":refresh-3:access-3:" in key_of(asking)
    assert all(
        "Authorization" not in one.headers for one in jobber.vendor.asked if one.url == TOKENS
    )
    with reading(asking.sessions) as session:
        assert session.query(Job).count() == 4


def test_two_workers_do_not_spend_each_others_token(
    asking: Services, jobber: Jobber, clock: FakeClock
) -> None:
    """While one renews it, the other leaves the vendor in peace; then it uses the new one."""
    first, second = point(asking, 1), point(asking, 2)

    def meanwhile(asked: Asked) -> Said:
        jobber.vendor.answers[TOKENS] = jobber.renew
        work(asking)  # another worker, at this moment
        assert jobber.renewals == 1
        return jobber.renew(asked)

    jobber.vendor.answers[TOKENS] = meanwhile
    work(asking)
    clock.advance(minutes=1)
    work(asking)

    assert jobber.renewals == 1
    for pointed in (first, second):
        assert delivery(asking, pointed).status == DeliveryStatus.APPLIED


def test_an_access_token_that_jobber_takes_no_more_is_renewed_once(
    asking: Services, jobber: Jobber
) -> None:
    """Its clock may not be ours; a second refusal is the key's."""
    point(asking, 1)
    work(asking)
    jobber.access = "made for somebody else"
    pointed = point(asking, 2)
    work(asking)
    assert delivery(asking, pointed).status == DeliveryStatus.APPLIED
    assert jobber.renewals == 2

    jobber.vendor.answers[GRAPHQL] = Said(401)
    refused = point(asking, 3)
    work(asking)
    row = delivery(asking, refused)
    assert row.status == DeliveryStatus.FAILED
    assert (row.why or "").startswith("The vendor does not take the key (401). Give a new one:")
    assert jobber.renewals == 3


@pytest.mark.parametrize("answer", [Said(400), Said(401), Said(body=b'{"token": "of some kind"}')])
def test_a_refresh_token_that_counts_no_more_fails_with_the_command_that_mends_it(
    asking: Services, jobber: Jobber, answer: Said
) -> None:
    """The app was disconnected, say; with a new one what failed is read after all."""
    jobber.vendor.answers[TOKENS] = answer
    pointed = point(asking)
    work(asking)
    row = delivery(asking, pointed)
    assert (row.status, row.why) == (DeliveryStatus.FAILED, REFUSED)
    assert GRAPHQL not in jobber.vendor.urls

    jobber.vendor.answers[TOKENS] = jobber.renew
    jobber.refresh = "refresh-7"
    give_key(asking, "jobber", "an-id:a-secret:refresh-7")
    replay(asking, "jobber", actor="cli")
    work(asking)
    assert delivery(asking, pointed).status == DeliveryStatus.APPLIED


def test_a_renewal_that_meets_trouble_is_tried_again(
    asking: Services, jobber: Jobber, clock: FakeClock
) -> None:
    """With the same refresh token: nobody knows that it was taken."""
    jobber.vendor.answers[TOKENS] = Said(503)
    pointed = point(asking)
    work(asking)
    assert delivery(asking, pointed).status == DeliveryStatus.FETCHING

    jobber.vendor.answers[TOKENS] = jobber.renew
    clock.advance(minutes=1)
    work(asking)
    assert delivery(asking, pointed).status == DeliveryStatus.APPLIED


def test_a_key_that_is_given_while_the_old_one_is_renewed_counts(
    asking: Services, jobber: Jobber
) -> None:
    """What the business said last is not overwritten by what came of the old key."""

    def meanwhile(asked: Asked) -> Said:
        give_key(asking, "jobber", "an-id:a-secret:refresh-9")
        return jobber.renew(asked)

    jobber.vendor.answers[TOKENS] = meanwhile
    point(asking)
    work(asking)

    assert key_of(asking) == "an-id:a-secret:refresh-9"


def test_a_worker_that_dies_while_it_renews_holds_nobody_up_for_long(
    asking: Services, jobber: Jobber, clock: FakeClock
) -> None:
    """Once its turn is over, the next one renews the key."""
    with asking.sessions.begin() as session:
        source = session.query(Source).filter_by(name="jobber").one()
        source.renewing_until = asking.now() + LEASE
    pointed = point(asking)
    work(asking)
    assert jobber.vendor.asked == []
    assert delivery(asking, pointed).why == "its key is being renewed; it is asked again"

    clock.advance(seconds=LEASE.total_seconds())
    work(asking)
    assert delivery(asking, pointed).status == DeliveryStatus.APPLIED


def test_what_is_no_answer_is_asked_for_again(
    asking: Services, jobber: Jobber, clock: FakeClock
) -> None:
    """Jobber refuses too many questions with a 200, and a proxy may say sorry with one."""
    throttled = {"errors": [{"extensions": {"code": "THROTTLED"}}]}
    for nth, odd in enumerate((json.dumps(throttled).encode(), b"<html>sorry</html>")):
        jobber.vendor.answers[GRAPHQL] = Said(body=odd)
        pointed = point(asking, nth)
        work(asking)
        row = delivery(asking, pointed)
        assert row.status == DeliveryStatus.FETCHING
        assert row.answers is None
        jobber.vendor.answers[GRAPHQL] = jobber.answer
        clock.advance(minutes=1)
        work(asking)
        assert delivery(asking, pointed).status == DeliveryStatus.APPLIED


def test_a_visit_of_jobbers_is_called_off_without_asking(
    asking: Services, jobber: Jobber, clock: FakeClock
) -> None:
    """After it was booked, or before: then it waits for it."""
    body = pointer("VISIT_DESTROY", asking.now() + timedelta(seconds=1), encoded(5))
    gone = receive(asking, "jobber", signed(body), body).delivery_id
    work(asking)
    assert delivery(asking, gone).status == DeliveryStatus.WAITING
    point(asking, 5)
    clock.advance(seconds=2)
    work(asking)

    assert delivery(asking, gone).status == DeliveryStatus.APPLIED
    with reading(asking.sessions) as session:
        assert session.query(Job).one().status == "cancelled"
