"""Strategies: histories of facts with distinct times, as hypothesis invents them."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st

from notifier.domain.facts import Fact, FactSource, FactType
from notifier.domain.reasons import Reason
from notifier.domain.windows import OFF, UNKNOWN
from tests.domain.stage import NINE_TO_ELEVEN, at, window
from tests.fakes.ids import id_number

PARCELS = ("A", "B")

_MINUTES = st.sampled_from([0, 5, 30, 45, 50, 90])
_EXPECTED = st.sampled_from([UNKNOWN, OFF, window(8, 10), window(13, 15), window(9, 11, day=25)])
_SOURCES = st.sampled_from([FactSource.STAFF, FactSource.TECHNICIAN, FactSource.CARRIER])


def _fact(type: FactType, **claims: st.SearchStrategy[object]) -> st.SearchStrategy[dict]:  # type: ignore[type-arg]
    return st.fixed_dictionaries({"type": st.just(type), "source": _SOURCES, **claims})


_REASON = st.sampled_from([None, Reason.TRAFFIC, Reason.PARTS])

APPOINTMENT_FACTS = st.one_of(
    _fact(FactType.DELAYED, minutes=_MINUTES, reason=_REASON),
    _fact(FactType.DELAYED, expected=_EXPECTED, reason=_REASON),
    _fact(FactType.RESCHEDULED, window=st.just(window(14, 16)), agreed=st.booleans()),
    *(
        _fact(type)
        for type in (
            FactType.CONFIRMED,
            FactType.EN_ROUTE,
            FactType.ARRIVED,
            FactType.COMPLETED,
            FactType.MISSED,
            FactType.CANCELLED,
        )
    ),
    st.just({"type": FactType.WITHDRAWN, "source": FactSource.STAFF}),
)

_PARCEL = st.sampled_from([None, *PARCELS])

ORDER_FACTS = st.one_of(
    _fact(FactType.DELAYED, expected=_EXPECTED, parcel=_PARCEL),
    _fact(FactType.IN_TRANSIT, expected=_EXPECTED, parcel=_PARCEL),
    *(
        _fact(type, parcel=_PARCEL)
        for type in (
            FactType.SHIPPED,
            FactType.OUT_FOR_DELIVERY,
            FactType.ATTEMPTED,
            FactType.DELIVERED,
            FactType.EXCEPTION,
            FactType.RETURNED,
            FactType.NOT_RECEIVED,
        )
    ),
    st.just({"type": FactType.WITHDRAWN, "source": FactSource.STAFF}),
)


@st.composite
def facts_of(draw: st.DrawFn, said: st.SearchStrategy[dict]) -> list[Fact]:  # type: ignore[type-arg]
    """Return a booking and what was said after it, a minute apart; some of it withdrawn."""
    start = at(10, day=23)
    facts = [
        Fact(
            id=id_number(1),
            seq=1,
            type=FactType.BOOKED,
            source=FactSource.API,
            occurred_at=start,
            received_at=start,
            window=NINE_TO_ELEVEN,
        )
    ]
    for number, claims in enumerate(draw(st.lists(said, max_size=8)), 2):
        if claims["type"] is FactType.WITHDRAWN:
            others = [fact for fact in facts[1:] if fact.type is not FactType.WITHDRAWN]
            if not others:
                continue
            claims = claims | {"withdraws": draw(st.sampled_from(others)).id}
        moment = start + timedelta(minutes=number)
        facts.append(
            Fact(
                id=id_number(number),
                seq=number,
                occurred_at=moment,
                received_at=start + timedelta(hours=12),
                **claims,
            )
        )
    return facts
