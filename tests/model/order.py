"""Everything that can happen to an order."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    precondition,
    rule,
)

from notifier.domain.facts import FactSource, FactType
from notifier.domain.jobs import JobKind
from notifier.domain.messages import Channel, Role
from notifier.domain.windows import Expectation, Window
from tests.domain.stage import PLACE, at, window
from tests.model.engine import BLIND, CHANNELS, INDEX, SECOND, Engine

_DAYS = st.sampled_from([window(0, 20, day=day) for day in (24, 25, 26)] + [window(12, 15, day=25)])


class Order(Engine):
    """An order of one or two parcels."""

    @initialize(
        promised=st.sampled_from([window(0, 20), window(0, 20, day=25), window(12, 15), None]),
        hour=st.sampled_from([2, 10, 16, 22]),
        second=SECOND,
        channels=CHANNELS,
        parcels=st.sampled_from([(), ("A",), ("A", "B")]),
        receipts=st.booleans(),
        can_look_up=st.booleans(),
        on_trial=st.booleans(),
        cap=st.sampled_from([None, None, 2]),
    )
    def book(
        self,
        *,
        promised: Window | None,
        hour: int,
        second: Role | None,
        channels: tuple[Channel, ...],
        parcels: tuple[str, ...],
        receipts: bool,
        can_look_up: bool,
        on_trial: bool,
        cap: int | None,
    ) -> None:
        """An order is placed the day before it is due, or two."""
        self.begin(
            kind=JobKind.ORDER,
            promised=promised,
            now=at(hour, day=23),
            second=second,
            channels=channels,
            parcels=parcels,
            zones=(PLACE,),
            email_gives_receipts=receipts,
            can_look_up=can_look_up,
            trials=("order_confirmed", "order_delayed", "shipped") if on_trial else (),
            cap=cap,
        )

    @rule(expected=st.one_of(_DAYS, BLIND), parcel=INDEX)
    def expect(self, expected: Expectation, parcel: int) -> None:
        """The carrier, or the shop, says when it comes."""
        self.say(FactType.DELAYED, expected=self.ahead(expected), parcel=self.parcel(parcel))

    @precondition(lambda self: self.world.state.agreed is not None)
    @rule(minutes=st.sampled_from([0, 60, 1440, 2880]))
    def slip(self, minutes: int) -> None:
        """It will be so much later than agreed."""
        self.say(FactType.DELAYED, minutes=minutes)

    @rule(
        type=st.sampled_from(
            [
                FactType.SHIPPED,
                FactType.IN_TRANSIT,
                FactType.OUT_FOR_DELIVERY,
                FactType.ATTEMPTED,
                FactType.READY_FOR_PICKUP,
                FactType.NOT_RECEIVED,
                FactType.NOT_RECEIVED,
                FactType.EXCEPTION,
            ]
        ),
        expected=st.one_of(st.none(), _DAYS),
        parcel=INDEX,
    )
    def scan(self, type: FactType, expected: Expectation | None, parcel: int) -> None:
        """The carrier scans a parcel."""
        self.say(
            type,
            source=FactSource.CARRIER,
            expected=self.ahead(expected),
            parcel=self.parcel(parcel),
        )

    @rule(parcel=INDEX, chance=INDEX)
    def end(self, parcel: int, chance: int) -> None:
        """A parcel arrives or goes back: now and then."""
        if chance > 5:
            type = FactType.DELIVERED if chance == 6 else FactType.RETURNED
            self.say(type, source=FactSource.CARRIER, parcel=self.parcel(parcel))

    def parcel(self, index: int) -> str | None:
        """Return one of the parcels, or none in particular."""
        choices = [*self.world.parcels, None]
        return choices[index % len(choices)]
