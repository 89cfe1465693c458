"""Call me, on the page: one promise, which the engine watches until somebody rang."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from threading import Barrier, BrokenBarrierError

from flask.testing import FlaskClient

from notifier.customers.status_actions import ask_for_call
from notifier.domain.facts import FactType, PromiseKind
from notifier.domain.ledger.endings import Ending
from notifier.domain.windows import UNKNOWN
from notifier.ledgers import GivenBy, read_ledgers
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import Brand
from tests.fakes.clock import FakeClock
from tests.web.pages import (
    WINDOW,
    facts_of,
    given_visit,
    link_of,
    open_calls,
    press,
    say,
    show,
)


def test_call_me_is_one_promise_that_the_engine_watches(
    client: FlaskClient, services: Services, brand: Brand, clock: FakeClock
) -> None:
    """Pressed three times it is one call within the hour, in the ledger and on the board."""
    job = given_visit(services, brand.id)
    link = link_of(services, job)

    assert {press(client, link, "call") for _ in range(3)} == {303}

    assert facts_of(services, job) == [("promised", "customer")]
    assert open_calls(services, job) == 1
    page = show(client, link)
    assert "We ring you by 10:00 AM" in page
    assert "Call me" not in page
    with reading(services.sessions) as session:
        (ledger,) = read_ledgers(session, [job], now=clock())
    (call,) = [view for view in ledger.people[0].promises if view.entry.moment is not None]
    assert (call.entry.what, call.ending) == (PromiseKind.CALL_BACK, Ending.OPEN)
    assert ledger.given_by(call) is GivenBy.ASKED


def test_two_presses_at_once_are_one_call(
    services: Services, brand: Brand, clock: FakeClock
) -> None:
    """Both have read the page before either was recorded; the second waits for the first."""
    job = given_visit(services, brand.id)
    token = link_of(services, job).removeprefix("/s/")
    together = Barrier(2)

    def now_together() -> datetime:
        with suppress(BrokenBarrierError):  # the one that has the lock goes on alone
            together.wait(timeout=0.5)
        return clock()

    at_once = replace(services, now=now_together)
    with ThreadPoolExecutor(2) as taps:
        assert list(taps.map(lambda _: ask_for_call(at_once, token), range(2))) == [None, None]
    assert facts_of(services, job) == [("promised", "customer")]


def test_a_call_that_nobody_made_is_owed_until_somebody_speaks_to_them(
    client: FlaskClient, services: Services, brand: Brand, clock: FakeClock
) -> None:
    """Asking again puts nothing off; *I spoke to them* ends it, and they can ask anew."""
    job = given_visit(services, brand.id)
    link = link_of(services, job)
    press(client, link, "call")
    clock.advance(hours=1, minutes=1)
    assert "We promised to ring you by 10:00 AM" in show(client, link)
    assert press(client, link, "call") == 303
    assert len(facts_of(services, job)) == 1

    say(services, brand.id, job, FactType.SPOKEN_TO)
    assert open_calls(services, job) == 0
    clock.advance(minutes=1)
    assert press(client, link, "call") == 303
    assert "We ring you by 11:15 AM" in show(client, link)


def test_asking_for_a_call_keeps_no_promise_of_news(
    client: FlaskClient, services: Services, brand: Brand, clock: FakeClock
) -> None:
    """They were promised news by ten, and want to talk: nobody has spoken to them yet."""
    job = given_visit(services, brand.id)
    say(services, brand.id, job, FactType.DELAYED, expected=UNKNOWN)
    clock.advance(minutes=1)
    link = link_of(services, job)
    assert press(client, link, "call") == 303
    page = show(client, link)
    assert "You hear from us next by 10:00 AM" in page
    assert "We ring you by 10:15 AM" in page


def test_at_night_a_call_is_promised_for_the_morning(
    client: FlaskClient, services: Services, brand: Brand, clock: FakeClock
) -> None:
    """Asked for at ten in the evening: within the first hour after eight."""
    tomorrow = WINDOW.shifted(24 * 60)
    link = link_of(services, given_visit(services, brand.id, window=tomorrow))
    clock.advance(hours=13)
    assert press(client, link, "call") == 303
    assert "We ring you by 9:00 AM tomorrow" in show(client, link)
