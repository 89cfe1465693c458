"""The news of an order, in any order, each up to five times: the same truth and the same words.

All the way: taken, journalled, translated, planned, and at the end sent.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
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
from notifier.webhooks_in import receive
from tests.services import RecordingEmail, RecordingSms, given_brand
from tests.webhooks import amounts
from tests.webhooks.deliveries import BY_API, HOUR, translate_all
from tests.webhooks.outcomes import Outcome, outcome_of
from tests.webhooks.signing import add_each
from tests.webhooks.ways import TRACKED, Order, Said, Way

_WAYS: dict[str, Way] = {**TRACKED}
_MOST = 5

#: A quarter of what is tried in memory.
_ORDERS = amounts.ORDERS // 4


@pytest.fixture
def brand(services: Services) -> UUID:
    """A brand with a source of each kind."""
    made = given_brand(services).id
    add_each(services, made)
    return made


@pytest.fixture
def sending(services: Services) -> Services:
    """Return services that take every text and email."""
    sms, email = RecordingSms(now=services.now), RecordingEmail(now=services.now)
    return replace(services, sms={sms.name: sms}, email={email.name: email})


@pytest.mark.parametrize("name", _WAYS)
def test_the_news_of_an_order_ends_alike_in_any_order(
    sending: Services, brand: UUID, name: str
) -> None:
    """As it happened, once; then shuffled with repeats, cut off anywhere, planned meanwhile."""
    chance = random.Random(f"{amounts.SEED} {name}")
    way, length = _WAYS[name], len(_WAYS[name](Order(1), sending.now()))
    lengths = sorted({length, *(chance.randint(1, length) for _ in range(2))})
    straight: dict[int, Outcome] = {}
    for number in range(1, len(lengths) + _ORDERS + 1):
        first = number <= len(lengths)
        upto = lengths[number - 1] if first else chance.choice(lengths)
        order = Order(number)
        news: list[Said | None] = [*way(order, sending.now())[:upto]]
        if name in TRACKED:
            news.insert(0, None)  # a caller books it
        if not first:
            news = [one for one in news for _ in range(chance.randint(1, _MOST))]
            chance.shuffle(news)
        _tell(sending, brand, order, news, meanwhile=None if first else chance)
        outcome = outcome_of(sending, order)
        if first:
            straight[upto] = outcome
        else:
            assert outcome == straight[upto], [*map(_what, news)]
    assert straight[length]["texts"], "nobody was told of anything"
    _nothing_is_left(sending)


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


def _what(one: Said | None) -> str:
    return "booked" if one is None else f"{one.kind} {one.body[-300:]!r}"


def _nothing_is_left(services: Services) -> None:
    with reading(services.sessions) as session:
        ended = set(session.scalars(select(Delivery.status)))
    assert ended <= {DeliveryStatus.APPLIED, DeliveryStatus.IGNORED}
