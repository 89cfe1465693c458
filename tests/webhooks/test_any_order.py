"""The news of an order, in any order, each up to five times: the same truth and the same words.

All the way: taken, journalled, translated, planned, and at the end sent.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import count
from uuid import UUID

import pytest
from sqlalchemy import select

from notifier.booking import NewOrder, NewPerson, book
from notifier.domain.deliveries import DeliveryStatus
from notifier.domain.messages import Role
from notifier.domain.windows import Window
from notifier.parcels import NewParcel
from notifier.planner import look_again
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import Delivery
from notifier.webhooks.limit import SourceLimit
from notifier.webhooks.receiving import receive
from tests.services import given_brand
from tests.webhooks import amounts
from tests.webhooks.deliveries import BY_API, HOUR, translate_all
from tests.webhooks.outcomes import Outcome, outcome_of
from tests.webhooks.shop_ways import SHOPS
from tests.webhooks.signing import add_each
from tests.webhooks.ways import TRACKED, Order, Said, Way

_WAYS: dict[str, Way] = {**TRACKED, **SHOPS}

_MOST = 5

#: A twelfth of what is tried in memory.
_ORDERS = amounts.ORDERS // 12
_NEVER_TOO_MANY = 1_000_000


@pytest.fixture
def brand(services: Services) -> UUID:
    """A brand with a source of each kind."""
    made = given_brand(services).id
    add_each(services, made)
    return made


@pytest.fixture
def sending(sending: Services) -> Services:
    """Return services that take whatever comes in the one moment, too."""
    return replace(sending, source_limit=SourceLimit(_NEVER_TOO_MANY))


@pytest.mark.parametrize("name", _WAYS)
def test_the_news_of_an_order_ends_alike_in_any_order(
    sending: Services, brand: UUID, name: str
) -> None:
    """Shuffled with repeats, cut off anywhere, planned meanwhile: as if it came as it happened."""
    chance = random.Random(f"{amounts.SEED} {name}")
    length = len(_WAYS[name](Order(1), sending.now()))
    lengths = [length, chance.randint(length // 2, length)]
    orders = map(Order, count(1))
    straight = {upto: _told(sending, brand, name, next(orders), range(upto)) for upto in lengths}
    assert straight[length]["texts"], "nobody was told of anything"
    for number in range(_ORDERS):
        upto = lengths[number % len(lengths)]
        shuffled = [one for one in range(upto) for _ in range(chance.randint(1, _MOST))]
        chance.shuffle(shuffled)
        outcome = _told(sending, brand, name, next(orders), shuffled, meanwhile=chance)
        assert outcome == straight[upto], shuffled
    _nothing_is_left(sending)


def _told(
    services: Services,
    brand: UUID,
    name: str,
    order: Order,
    which: Sequence[int],
    *,
    meanwhile: random.Random | None = None,
) -> Outcome:
    """Return what the order comes to once its news came in that order, and its caller booked it."""
    way = _WAYS[name](order, services.now())
    news: list[Said | None] = [way[one] for one in which]
    if name in TRACKED:
        news.insert(meanwhile.randint(0, len(news)) if meanwhile else 0, None)
    _tell(services, brand, order, news, meanwhile=meanwhile)
    return outcome_of(services, order)


def _tell(
    services: Services,
    brand: UUID,
    order: Order,
    news: list[Said | None],
    *,
    meanwhile: random.Random | None,
) -> None:
    """Deliver `news`; None is the booking. Between them a worker reads and plans now and then."""
    for one in news:
        if one is None:
            _book(services, brand, order)
        else:
            receive(services, one.kind, one.headers, one.body)
        if meanwhile is None or meanwhile.random() < 0.3:
            translate_all(services)
            look_again(services)
    translate_all(services)
    look_again(services)


def _book(services: Services, brand: UUID, order: Order) -> None:
    """Book it as it was four days ago, promised for tomorrow."""
    tomorrow = services.now() + timedelta(days=1)
    new = NewOrder(
        reference=order.reference,
        items=("Kettle",),
        parcels=(NewParcel(carrier="UPS", tracking_code=order.code),),
        window=Window(tomorrow, tomorrow + 8 * HOUR),
        people=(NewPerson(role=Role.CUSTOMER, name="Ada", phone=order.phone, email=order.email),),
    )
    book(services, brand, new, **BY_API, occurred_at=services.now() - timedelta(days=4))


def _nothing_is_left(services: Services) -> None:
    with reading(services.sessions) as session:
        ended = set(session.scalars(select(Delivery.status)))
    assert ended <= {DeliveryStatus.APPLIED, DeliveryStatus.IGNORED}
