"""What a source sent that is not on record: shown one by one, read again, or put aside."""

from __future__ import annotations

import json
import re
import time
from datetime import timedelta
from itertools import count
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from itsdangerous import TimestampSigner
from sqlalchemy import event, select

from notifier.domain.deliveries import DeliveryStatus
from notifier.housekeeping import tidy
from notifier.parcels import keep_shipment
from notifier.services import Services
from notifier.sources.protocol import Shipment
from notifier.store.engine import reading
from notifier.store.tables import AuditLine, Delivery, Source
from notifier.webhooks.receiving import receive
from notifier.webhooks.set_up import add_source, give_key
from tests.fakes.clock import FakeClock
from tests.services import given_brand
from tests.sources import generic_events, shipstation_events
from tests.web.board.pushing import push, read
from tests.web.board.world import Board, given_visit
from tests.webhooks.deliveries import book_order

PAGE = "/board/sources/shop"


def status_of(services: Services, delivery_id: UUID) -> tuple[str, str | None]:
    """Return how a delivery stands, and why."""
    with reading(services.sessions) as session:
        row = session.get_one(Delivery, delivery_id)
        return row.status, row.why


def lines(page: str) -> list[list[str]]:
    """Return what stands on each card: the job or the reason, how it stands, then the reason."""
    card = (
        r"<h2>(?:<bdi>)?(.*?)(?:</bdi>)? <span class=\"chip\">(.*?)</span></h2>(?:\s*<p>(.*?)</p>)?"
    )
    return [list(found) for found in re.findall(card, page)]


def test_each_stands_with_its_job_the_reason_and_the_vendors_id_the_latest_first(
    shop: Board, clock: FakeClock
) -> None:
    """What waits names the job that it waits for; what failed the one that it says."""
    push(shop.services, 1, reference="JOB-7")
    clock.advance(minutes=1)
    push(shop.services, 2, minutes="many")

    page = shop.get(f"{PAGE}/unread").text

    failed, waits = lines(page)
    assert failed == ["JOB-1001", "could not be read", "data.minutes: must be a whole number."]
    assert waits == ["JOB-7", "waits", "No job with this reference yet."]
    assert "<code><bdi>msg_1</bdi></code>" in page
    assert "<code><bdi>msg_2</bdi></code>" in page
    assert page.index("msg_2") < page.index("msg_1")


def test_what_says_another_thing_of_a_job_names_that_job(shop: Board) -> None:
    """It could be read, and can't be recorded beside what was said before under its id."""
    given_visit(shop.services, shop.brand)
    push(shop.services)
    push(shop.services, minutes=90)

    ((name, _, why),) = lines(shop.get(f"{PAGE}/unread").text)

    assert name == "JOB-1001"
    assert why == "Another delivery with this id said something else of the job."


def test_what_names_no_job_that_can_be_read_stands_under_its_reason(shop: Board) -> None:
    """A name that turns the writing around is none; the mark of a direction stays inside."""
    push(shop.services, 1, minutes="many", reference="\N{RIGHT-TO-LEFT OVERRIDE}JOB-1")
    (failed,) = lines(shop.get(f"{PAGE}/unread").text)
    assert failed[0].endswith("data.minutes: must be a whole number.")

    push(shop.services, 3, **{"reference": None, "\N{RIGHT-TO-LEFT OVERRIDE}a": 1})
    unknown = "<h2><bdi>data.\N{RIGHT-TO-LEFT OVERRIDE}a: is not known here.</bdi> <span"
    assert unknown in shop.get(f"{PAGE}/unread").text

    waits = push(shop.services, 2, reference="\N{RIGHT-TO-LEFT MARK}JOB-1")
    name = "<bdi>\N{RIGHT-TO-LEFT MARK}JOB-1</bdi> <span"
    assert name in shop.get(f"{PAGE}/unread").text
    assert name in shop.get(f"{PAGE}/deliveries/{waits}").text


def test_a_tracking_code_that_was_taken_off_an_order_says_so(shop: Board) -> None:
    """On the list, and above what the delivery said."""
    services, brand = shop.services, shop.brand
    booked = book_order(services, brand.id, "B1", reference="ORD-1")
    with services.sessions.begin() as session:
        (source,) = session.scalars(select(Source))
        for hours, code in enumerate(("A1", "B1")):
            as_of = services.now() + timedelta(hours=hours)
            keep_shipment(session, booked, source.id, Shipment(name="", codes=(code,), as_of=as_of))
    body = generic_events.event("order.in_transit", services.now(), tracking_code="A1")
    headers = generic_events.signed(body, at=services.now())
    waits = receive(services, "shop", headers, body).delivery_id
    read(services)

    said = "No order with this tracking code yet. It was taken off order <bdi>ORD-1</bdi>."
    assert said in shop.get(f"{PAGE}/unread").text
    assert said in shop.get(f"{PAGE}/deliveries/{waits}").text


def test_how_often_the_same_came_is_said(shop: Board) -> None:
    """A sender that tries again and again is told apart from many that fail."""
    for _ in range(4):
        push(shop.services, minutes="many")

    assert "and 3 times more" in shop.get(f"{PAGE}/unread").text


def test_one_is_read_again_and_the_others_stay(shop: Board, clock: FakeClock) -> None:
    """By its own button; the audit says which."""
    first = push(shop.services, 1, minutes="many")
    clock.advance(minutes=1)
    second = push(shop.services, 2, minutes="more")

    answer = shop.part(f"{PAGE}/read-again", delivery=str(second))

    assert (answer.status_code, answer.headers["HX-Trigger"]) == (200, "board-changed")
    assert status_of(shop.services, first)[0] == DeliveryStatus.FAILED
    assert status_of(shop.services, second) == (DeliveryStatus.RECEIVED, None)
    with reading(shop.services.sessions) as session:
        line = session.scalars(select(AuditLine)).one()
    assert line.body == {"deliveries": 1, "ignored_too": False, "delivery": str(second)}


def test_how_many_are_being_read_again_is_said_and_then_what_came_of_each(
    shop: Board, clock: FakeClock
) -> None:
    """Nobody takes the shorter list of the moment for mended: what failed again says when."""
    push(shop.services, 1, minutes="many")
    push(shop.services, 2, minutes="more")
    clock.advance(minutes=7)

    note = shop.part(f"{PAGE}/read-again").text
    meanwhile = shop.get(f"{PAGE}/unread").text
    read(shop.services)
    after = shop.get(f"{PAGE}/unread").text

    assert "2 are being read again. What still can’t be read stays here." in note
    assert 'hx-swap-oob="true"' in note
    assert "2 are about to be read." in meanwhile
    assert "All that it sent is on record" not in meanwhile
    assert "about to be read" not in after
    assert after.count("; read last at 9:07 AM.") == 2


def test_a_press_that_came_too_late_says_so(shop: Board) -> None:
    """Somebody else had pressed; and how many are put aside is said as well."""
    failed = push(shop.services, minutes="many")

    assert "1 is put aside." in shop.part(f"{PAGE}/put-aside", delivery=str(failed)).text
    late = shop.part(f"{PAGE}/put-aside", delivery=str(failed)).text
    assert "Nothing is left to be put aside." in late
    assert "Nothing is left to be read again." in shop.part(f"{PAGE}/read-again").text


def test_what_was_mended_elsewhere_is_put_aside_and_no_failure_any_more(shop: Board) -> None:
    """Without a script the press leads back to the page."""
    failed = push(shop.services, minutes="many")

    answer = shop.press(f"{PAGE}/put-aside", delivery=str(failed))

    assert (answer.status_code, answer.location) == (303, f"{PAGE}/unread")
    assert status_of(shop.services, failed) == (DeliveryStatus.IGNORED, "put aside by staff")
    assert "All that it sent is on record" in shop.get(f"{PAGE}/unread").text
    assert "1 could not be read" not in shop.get("/board/sources").text
    with reading(shop.services.sessions) as session:
        line = session.scalars(select(AuditLine)).one()
    assert (line.did, line.body["delivery"]) == ("deliveries_put_aside", str(failed))


def test_all_that_failed_is_put_aside_as_far_as_the_page_showed_it(
    shop: Board, clock: FakeClock
) -> None:
    """What came since is not, nor what waits: that may become true yet."""
    shown = [push(shop.services, 1, minutes="many"), push(shop.services, 2, minutes="more")]
    waits = push(shop.services, 3, reference="JOB-7")
    page = shop.get(f"{PAGE}/unread").text
    until = re.search(r'name="until" value="([^"]+)"', page)
    assert until is not None
    clock.advance(seconds=1)
    since = push(shop.services, 4, minutes="no")

    shop.part(f"{PAGE}/put-aside", until=until[1])

    assert {status_of(shop.services, one)[0] for one in shown} == {DeliveryStatus.IGNORED}
    assert status_of(shop.services, since)[0] == DeliveryStatus.FAILED
    assert status_of(shop.services, waits)[0] == DeliveryStatus.WAITING


def test_what_waits_can_be_put_aside_alone_and_its_job_does_not_bring_it_back(
    shop: Board,
) -> None:
    """An order of somebody else's shop that a carrier tells of; a press asks first."""
    waits = push(shop.services)
    assert "not read when its job is booked" in shop.get(f"{PAGE}/unread").text

    shop.part(f"{PAGE}/put-aside", delivery=str(waits))
    given_visit(shop.services, shop.brand)
    read(shop.services)

    assert status_of(shop.services, waits) == (DeliveryStatus.IGNORED, "put aside by staff")


def test_what_was_recorded_can_not_be_put_aside(shop: Board) -> None:
    """Its facts stand."""
    given_visit(shop.services, shop.brand)
    recorded = push(shop.services)

    shop.part(f"{PAGE}/put-aside", delivery=str(recorded))

    assert status_of(shop.services, recorded)[0] == DeliveryStatus.APPLIED


def test_what_a_delivery_said_is_shown_to_staff_indented(shop: Board) -> None:
    """With the reason above it; markup in it is text."""
    failed = push(shop.services, minutes="<b>many</b>")

    page = shop.get(f"{PAGE}/deliveries/{failed}").text

    assert "<p>data.minutes: must be a whole number.</p>" in page
    assert "  &#34;type&#34;: &#34;appointment.delayed&#34;" in page
    assert "&lt;b&gt;many&lt;/b&gt;" in page


@pytest.mark.parametrize("deep", [5, 190])
def test_of_what_is_long_the_beginning_is_shown(shop: Board, deep: int) -> None:
    """Indented it may be two hundred times as long: a page of 189 MB helps nobody."""
    many: object = list(range(100_000))
    for _ in range(deep):
        many = [many]
    failed = push(shop.services, minutes=many)

    page = shop.get(f"{PAGE}/deliveries/{failed}").text

    assert len(page) < 600_000
    assert "<p>data.minutes: must be a whole number.</p>" in page
    assert ("  &#34;type&#34;: &#34;appointment.delayed&#34;" in page) is (deep == 5)
    assert "{&#34;type&#34;: &#34;appointment.delayed&#34;" in page or deep == 5
    assert re.search(r"Cut here: of 6\d\d,\d{3} bytes only the beginning is shown.", page)


def test_what_the_vendor_answered_is_shown_below_the_pointer(board: Board) -> None:
    """What is still to be fetched can't be put aside: it ends by itself."""
    add_source(board.services, board.brand.id, "ships", "shipstation", "a secret", live=True)
    give_key(board.services, "ships", "an-api:key")
    body = shipstation_events.pointer("ORDER_NOTIFY", shipstation_events.ORDERS)
    pointer = receive(board.services, "ships", {}, body, query="token=a+secret").delivery_id
    read(board.services)
    with board.services.sessions.begin() as session:
        row = session.get_one(Delivery, pointer)
        key = session.get_one(Source, row.source_id).key
        row.answers = board.services.vault.seal(key, json.dumps({"orders": '{"orders": [7]}'}))

    page = board.get("/board/sources/ships/unread").text
    assert "being fetched" in page
    assert "put-aside" not in page
    board.part("/board/sources/ships/put-aside", delivery=str(pointer))

    assert status_of(board.services, pointer)[0] == DeliveryStatus.FETCHING
    said = board.get(f"/board/sources/ships/deliveries/{pointer}").text
    assert said.index("resource_url") < said.index("answer: orders") < said.index("    7")


def test_what_is_no_longer_kept_says_so_and_can_only_be_put_aside(
    shop: Board, clock: FakeClock
) -> None:
    """After the time for which bodies are kept."""
    waited, failed = push(shop.services, 1), push(shop.services, 2, minutes="many")
    clock.advance(days=shop.services.keep_deliveries.days + 1)
    tidy(shop.services)

    page = shop.get(f"{PAGE}/unread").text

    ((why, *_),) = lines(page)
    assert why == "data.minutes: must be a whole number."
    assert "What it said is no longer kept." in page
    assert "Put aside" in page
    assert "Read again" not in page
    assert "no longer kept" in shop.get(f"{PAGE}/deliveries/{failed}").text
    assert status_of(shop.services, waited) == (
        DeliveryStatus.IGNORED,
        "its job was not booked while its body was kept",
    )


def test_what_says_very_much_does_not_hold_up_the_page(
    shop: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stands under its reason; the names of the others are there, and all that it said."""
    monkeypatch.setattr("notifier.webhooks.unread._MOST_NAMED_OF", 2_000)
    push(shop.services, 1, reference="JOB-7")
    long = push(shop.services, 2, reference="JOB-8", note="a" * 1_900)
    push(shop.services, 3, reference="JOB-9")

    page = shop.get(f"{PAGE}/unread").text

    assert sorted(name for name, *_ in lines(page)) == [
        "JOB-7",
        "JOB-9",
        "No job with this reference yet.",
    ]
    assert "<code><bdi>msg_3</bdi></code>" in page
    assert "<code><bdi>msg_2</bdi></code>" not in page
    said = shop.get(f"{PAGE}/deliveries/{long}").text
    assert "JOB-8" in said


def test_a_page_of_long_deliveries_reads_none_of_them(
    shop: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fifty bodies of almost 1 MB, read and looked at for each view, took minutes."""
    push(shop.services, 1, reference="JOB-7", note="a" * 1_900)
    monkeypatch.setattr("notifier.webhooks.unread._MOST_NAMED_OF", 1_000)
    asked: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    with reading(shop.services.sessions) as session:
        engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    try:
        assert shop.get(f"{PAGE}/unread/live").status_code == 200
    finally:
        event.remove(engine, "before_cursor_execute", note)

    of_deliveries = [one for one in asked if "FROM deliveries" in one]
    assert of_deliveries
    assert not [one for one in of_deliveries if re.search(r"deliveries\.(body|answers)[ ,]", one)]


def test_more_than_a_page_is_a_number(shop: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    """The latest are shown."""
    monkeypatch.setattr("notifier.webhooks.unread.MOST_SHOWN", 2)
    for number in range(3):
        push(shop.services, number, minutes="many")

    page = shop.get(f"{PAGE}/unread").text

    assert len(lines(page)) == 2
    assert "These are the latest of 3." in page


def test_the_page_polls_and_is_not_sent_again_unchanged(
    shop: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its poll is answered with 304, also in the next second: its forms' token is signed anew."""
    seconds = count(int(time.time()))
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _: next(seconds))
    push(shop.services, minutes="many")
    shown = shop.get(f"{PAGE}/unread/live")

    headers = {"If-None-Match": shown.headers["ETag"]}
    again = shop.client.get(f"{PAGE}/unread/live", headers=headers)

    assert (shown.status_code, again.status_code) == (200, 304)


@pytest.mark.parametrize(
    "until",
    ["9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "2026-01-01T00:00:00", "soon"],
)
def test_a_time_that_does_not_exist_puts_nothing_aside(shop: Board, until: str) -> None:
    """Nor one without its offset: it is said what is missing."""
    failed = push(shop.services, minutes="many")

    answer = shop.part(f"{PAGE}/put-aside", until=until)

    assert answer.status_code == 400
    assert "It must be said up to when: a time with its offset, that exists." in answer.text
    assert status_of(shop.services, failed)[0] == DeliveryStatus.FAILED


def test_nobody_sees_or_presses_for_another_brand(shop: Board, browser: FlaskClient) -> None:
    """Nor what is no delivery of that source, nor without our token, nor all of no time."""
    other = given_brand(shop.services, slug="other", name="Other")
    add_source(shop.services, other.id, "theirs", "generic", generic_events.SECRET, live=True)
    failed = push(shop.services, minutes="many")
    theirs = "/board/sources/theirs"

    assert shop.get(f"{theirs}/unread").status_code == 404
    assert shop.get(f"{theirs}/unread/live").status_code == 404
    assert shop.get(f"{theirs}/deliveries/{failed}").status_code == 404
    assert shop.get(f"{PAGE}/deliveries/{uuid4()}").status_code == 404
    assert shop.part(f"{theirs}/put-aside", delivery=str(failed)).status_code == 404
    assert shop.part(f"{PAGE}/put-aside").status_code == 400
    assert shop.part(f"{PAGE}/put-aside", until="2026-01-01T00:00:00").status_code == 400
    assert browser.post(f"{PAGE}/put-aside").status_code == 400
    assert status_of(shop.services, failed)[0] == DeliveryStatus.FAILED
