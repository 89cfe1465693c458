"""The page of sources: how each is doing in plain words, and reading again what failed."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from notifier.clock import new_id, system_now
from notifier.domain.deliveries import DeliveryStatus
from notifier.sources.registry import adapters
from notifier.store.tables import AuditLine, Delivery, Source
from notifier.webhooks.receiving import SignatureRefused, receive
from notifier.webhooks.set_up import add_source, give_key, rotate_secret, set_live, set_said
from notifier.webhooks.translation import translate_received
from tests.fakes.clock import FakeClock
from tests.services import given_brand
from tests.sources import shipstation_events
from tests.web.board.pushing import push
from tests.web.board.world import Board, given_visit

PAGE = "/board/sources"


def said(page: str) -> list[str]:
    """Return what the page says of its first source, a line a paragraph."""
    card = page[page.index('<li class="card') : page.index("</li>", page.index('<li class="card'))]
    lines = re.findall(r"<(?:p|h2)[^>]*>(.*?)</(?:p|h2)>", card)
    return [re.sub(r"<[^>]+>", "", line).strip() for line in lines]


def test_a_source_that_is_well_says_what_came_and_how_late(shop: Board, clock: FakeClock) -> None:
    """And there is nothing to press."""
    clock.set(system_now().replace(hour=17, minute=0, second=0, microsecond=0))
    services = replace(shop.services, ids=new_id)
    given_visit(services, shop.brand)
    push(services)

    page = shop.get(PAGE).text

    name, last, late = said(page)
    assert name == "shop generic"
    assert re.fullmatch(
        r"Heard of last at (9|10):00 AM\. In seven days: 1 recorded\.", last
    )  # summer or winter
    assert late == "Its news usually comes 2 h after it happened."
    assert "Read again" not in page


def test_what_waits_failed_and_was_refused_is_said_with_its_reason(shop: Board) -> None:
    """Each in a line of its own, and while two secrets count, so is that."""
    rotate_secret(shop.services, "shop")
    push(shop.services)
    push(shop.services, 2, minutes="many")
    push(shop.services, 3, reference="JOB-2")
    for _ in range(2):
        with pytest.raises(SignatureRefused):
            receive(shop.services, "shop", {}, b"{}")
    shop.get("/board")  # any request writes what was refused

    name, last, waits, failed, refused, secrets = said(shop.get(PAGE).text)

    assert name == "shop generic"
    assert last == "Heard of last at 9:00 AM."
    assert waits == "2 wait: no job with this reference yet."
    assert failed.startswith("1 could not be read, the last at 9:00 AM: data.minutes")
    assert refused == "2 refused, the last at 9:00 AM: its signature is wrong, or too old."
    assert secrets.startswith("Two secrets count")


def test_a_source_without_its_key_and_what_is_being_fetched_are_said(board: Board) -> None:
    """The key is given by a command; what is at the vendor waits like anything else."""
    add_source(board.services, board.brand.id, "ships", "shipstation", "a secret", live=True)
    lacks = "It has no key to ask its vendor with: .venv/bin/flask --app app sources key ships"
    assert lacks in said(board.get(PAGE).text)
    give_key(board.services, "ships", "an-api:key")
    body = shipstation_events.pointer("ORDER_NOTIFY", shipstation_events.ORDERS)
    receive(board.services, "ships", {}, body, query="token=a+secret")
    while translate_received(board.services):
        pass

    shown = said(board.get(PAGE).text)
    assert "1 waits: to be fetched from the vendor." in shown
    assert lacks not in shown


def test_what_failed_is_read_again_at_a_press_and_it_is_on_record_who_did(
    shop: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an update that can read it; the page shows so at its next poll."""

    def unable(_incoming: object) -> Any:
        raise ValueError

    given_visit(shop.services, shop.brand)
    with monkeypatch.context() as before:
        before.setitem(adapters(), "generic", replace(adapters()["generic"], translate=unable))
        push(shop.services)
    page = shop.get(PAGE)
    assert 'id="read-again-shop"' in page.text
    assert said(page.text)[-1] == (
        "1 could not be read, the last at 9:00 AM: it is not as we know them (ValueError)"
    )
    shown = shop.get(f"{PAGE}/live")

    answer = shop.part(f"{PAGE}/shop/read-again")
    while translate_received(shop.services):
        pass

    assert (answer.status_code, answer.headers["HX-Trigger"]) == (200, "board-changed")
    assert "1 is being read again." in answer.text
    polled = shop.client.get(f"{PAGE}/live", headers={"If-None-Match": shown.headers["ETag"]})
    assert polled.status_code == 200
    assert "Read again" not in polled.text
    assert "1 recorded" in polled.text
    with shop.services.sessions() as session:
        assert session.scalars(select(Delivery.status)).all() == [DeliveryStatus.APPLIED]
        line = session.scalars(select(AuditLine)).one()
        source = session.scalars(select(Source.id)).one()
    assert line.actor.startswith("staff:")
    assert (line.did, line.subject) == ("deliveries_read_again", f"source:{source}")
    assert line.body == {"deliveries": 1, "ignored_too": False}


def test_without_a_script_the_press_leads_back_to_the_page(shop: Board) -> None:
    """It is an ordinary form."""
    answer = shop.press(f"{PAGE}/shop/read-again")

    assert (answer.status_code, answer.location) == (303, PAGE)


def test_a_page_that_has_not_changed_is_not_sent_again(shop: Board) -> None:
    """Its poll is answered with 304."""
    shown = shop.get(f"{PAGE}/live")
    again = shop.client.get(f"{PAGE}/live", headers={"If-None-Match": shown.headers["ETag"]})

    assert again.status_code == 304


def test_what_is_no_longer_kept_can_not_be_read_again(shop: Board) -> None:
    """The page says so instead of offering it."""
    push(shop.services, minutes="many")
    with shop.services.sessions.begin() as session:
        session.scalars(select(Delivery)).one().body = None

    page = shop.get(PAGE).text

    assert "What it said is no longer kept." in page
    assert "Read again" not in page


def test_nobody_presses_for_another_brand_or_from_elsewhere(
    shop: Board, browser: FlaskClient
) -> None:
    """Its sources are not shown either; a form without our token does nothing."""
    other = given_brand(shop.services, slug="other", name="Other")
    add_source(shop.services, other.id, "theirs", "generic", live=True)

    assert "theirs" not in shop.get(PAGE).text
    assert shop.press(f"{PAGE}/theirs/read-again").status_code == 404
    assert shop.press(f"{PAGE}/nobody/read-again").status_code == 404
    assert shop.press(f"{PAGE}/%00/read-again").status_code == 404
    assert browser.post(f"{PAGE}/shop/read-again").status_code == 400
    with shop.services.sessions() as session:
        assert session.scalars(select(AuditLine)).all() == []


def test_every_page_leads_there_once_there_is_a_source(board: Board) -> None:
    """From the foot of the board, and only of the brand that has one."""
    other = given_brand(board.services, slug="other", name="Other")
    add_source(board.services, other.id, "theirs", "generic", live=True)
    link = f'href="{PAGE}"'
    assert link not in board.get("/board").text
    assert "There is no source." in board.get(PAGE).text

    add_source(board.services, board.brand.id, "shop", "generic", live=True)

    assert link in board.get("/board").text
    assert "Nothing has come yet." in board.get(PAGE).text


def test_a_source_that_is_not_live_says_so_and_what_its_vendor_says_itself(board: Board) -> None:
    """Whoever wonders why nobody hears of an order finds it here."""
    add_source(board.services, board.brand.id, "shop", "shopify", "a secret")

    page = board.get(PAGE).text
    assert "flask --app app sources live shop" in page
    assert "It tells customers itself: ordered, shipped, out for delivery." in page

    set_live(board.services, "shop", actor="cli")
    set_said(board.services, "shop", [], actor="cli")
    page = board.get(PAGE).text
    assert "Not live" not in page
    assert "itself" not in page


def test_how_to_add_a_source_is_a_whole_line(board: Board) -> None:
    """Where there is none yet, nobody knows which words it takes."""
    page = board.get(PAGE).text
    assert "There is no source." in page
    assert ".venv/bin/flask --app app sources add NAME --kind KIND" in page
    assert "aftership, calcom, calendly" in page


def in_need(page: str) -> list[str]:
    """Return what leads to the page of sources, at the head and at the foot."""
    return re.findall(r'<a [^>]*href="/board/sources"[^>]*>([^<]+)</a>', page)


def test_every_page_says_how_many_sources_need_somebody(shop: Board) -> None:
    """At its foot; the front page at its head as well, and it calls nothing well."""
    assert in_need(shop.get("/board").text) == ["Sources"]
    push(shop.services, minutes="many")

    assert in_need(shop.get("/board").text) == ["1 source needs you", "1 source needs you"]
    assert "All is well, as far as we know" in shop.get("/board").text
    assert in_need(shop.get("/board/tasks").text) == ["1 source needs you"]

    add_source(shop.services, shop.brand.id, "ships", "shipstation", live=True)
    assert in_need(shop.get("/board/tasks").text) == ["2 sources need you"]
    assert shop.get(PAGE).text.count('<li class="card risk">') == 2


def test_a_wrong_secret_is_seen_without_scrolling_to_the_foot(shop: Board) -> None:
    """Nothing is on record of what was refused but that it was; the next that is taken ends it."""
    shown = shop.get("/board/day")
    with pytest.raises(SignatureRefused):
        receive(shop.services, "shop", {}, b"{}")
    shop.get("/healthz")  # any request writes what was refused

    polled = shop.client.get("/board/day", headers={"If-None-Match": shown.headers["ETag"]})

    assert polled.status_code == 200
    assert in_need(polled.text) == ["1 source needs you", "1 source needs you"]
    assert "or too old. Nothing was taken since." in shop.get(PAGE).text
    push(shop.services)
    assert in_need(shop.get("/board").text) == ["Sources"]


def test_a_board_without_a_source_says_nothing_of_any(board: Board) -> None:
    """Nor is there a page to look for."""
    assert in_need(board.get("/board").text) == []
