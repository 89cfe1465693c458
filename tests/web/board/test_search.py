"""The search, by what a caller has in hand: the number of the order, or of its parcel."""

from __future__ import annotations

from uuid import UUID

import pytest

from notifier.booking import NewOrder, book
from notifier.domain.facts import FactSource, FactType
from notifier.intake import NewFact, record
from notifier.parcels import NewParcel
from notifier.store.tables import Brand
from tests.fakes.clock import FakeClock
from tests.services import given_brand
from tests.web.board.world import Board, a_customer, given_visit

CODE = "1Z999AA10123456784"


def given_order(
    board: Board,
    reference: str,
    code: str = CODE,
    name: str = "Ada Park",
    brand: Brand | None = None,
) -> UUID:
    """Book an order with one parcel."""
    new = NewOrder(
        reference=reference,
        items=("Kettle",),
        parcels=(NewParcel(carrier="UPS", tracking_code=code),),
        people=(a_customer(name=name, phone=None),),
    )
    brand = brand or board.brand
    by = {"source": FactSource.API, "actor": "key:tests"}
    return book(board.services, brand.id, new, **by).job_id  # type: ignore[arg-type]


def found(board: Board, query: str) -> str:
    """Return what the search answers."""
    return board.part("/board/search", q=query).text


@pytest.mark.parametrize(
    ("reference", "query"), [("#3107", "3107"), ("#3107", "#3107"), ("3107", "#3107")]
)
def test_an_order_is_found_by_its_number_with_and_without_its_sign(
    board: Board, reference: str, query: str
) -> None:
    """Shops write #3107; a caller says 3107. A part of the number is nobody's."""
    given_order(board, reference)
    assert "Ada Park" in found(board, query)
    assert "Nobody found" in found(board, "310")


def test_the_reference_as_it_is_written_comes_first(board: Board) -> None:
    """Two shops of one brand may count alike, one with the sign."""
    given_order(board, "#3107", "CODE1", name="Zelda Quist")
    given_order(board, "3107", "CODE2", name="Bo Lind")
    for query, first, second in (("3107", "Bo", "Zelda"), ("#3107", "Zelda", "Bo")):
        page = found(board, query)
        assert 0 < page.index(first) < page.index(second)


@pytest.mark.parametrize("query", [CODE, CODE.lower(), "1Z 999 AA1 0123 4567 84", f" {CODE} "])
def test_an_order_is_found_by_the_code_that_the_customer_was_given(
    board: Board, query: str
) -> None:
    """However it is written; what only begins like it is another parcel."""
    given_order(board, "#3107")
    assert "Ada Park" in found(board, query)
    assert "Nobody found" in found(board, CODE[:-1])


def test_of_a_code_that_is_used_again_the_open_order_comes_first(
    board: Board, clock: FakeClock
) -> None:
    """The one of months ago is there as well: somebody may ask about that."""
    old = given_order(board, "OLD", name="Zelda Quist")
    delivered = NewFact(
        type=FactType.DELIVERED, source=FactSource.CARRIER, actor="source:tests", parcel=CODE
    )
    record(board.services, board.brand.id, old, delivered)
    clock.advance(days=150)
    given_order(board, "NEW", name="Bo Lind")
    page = found(board, CODE)
    assert 0 < page.index("Bo Lind") < page.index("Zelda Quist")


def test_another_brands_numbers_and_codes_find_nothing(board: Board) -> None:
    """Nor does a blank find what was not sent yet and has no code."""
    other = given_brand(board.services, slug="other", name="Other")
    given_order(board, "#3107", brand=other)
    given_visit(board.services, board.brand)
    for query in (CODE, "3107", "#", "##"):
        assert "Nobody found" in found(board, query)
    assert "Ada Park" not in found(board, " ")
