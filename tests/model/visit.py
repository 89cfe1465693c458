"""Everything that can happen to an appointment."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    precondition,
    rule,
)

from notifier.domain.facts import FactSource, FactType
from notifier.domain.jobs import JobKind
from notifier.domain.messages import Channel, Role
from notifier.domain.reasons import Party
from notifier.domain.windows import Expectation, Window
from tests.domain.stage import PLACE, at, window
from tests.fakes.ids import id_number
from tests.model.engine import BLIND, CHANNELS, INDEX, SECOND, Engine

_EAST = ZoneInfo("America/New_York")
_SAM, _KIM = id_number(900_001), id_number(900_002)

_MINUTES = st.sampled_from([0, 5, 15, 45, 50, 90, 240, -30])
_WINDOWS = st.sampled_from(
    [
        window(9, 11),
        window(8, 10),
        window((9, 45), (11, 45)),
        window(8, 12),
        window(13, 15),
        window(6, 8),
        window(21, 23),
        window(9, 11, day=25),
        window(14, 16, day=25),
        window(16, 18, day=23),
    ]
)
_FROM = st.sampled_from([FactSource.STAFF, FactSource.TECHNICIAN, FactSource.API])


class Visit(Engine):
    """An appointment."""

    @initialize(
        promised=st.sampled_from(
            [window(9, 11), window(9, 11), window(6, 8), window(21, 23), None]
        ),
        hour=st.sampled_from([2, 10, 16, 22]),
        second=SECOND,
        channels=CHANNELS,
        strict=st.booleans(),
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
        strict: bool,
        receipts: bool,
        can_look_up: bool,
        on_trial: bool,
        cap: int | None,
    ) -> None:
        """A visit is booked the day before."""
        self.begin(
            kind=JobKind.APPOINTMENT,
            promised=promised,
            now=at(hour, day=23),
            second=second,
            channels=channels,
            parcels=(),
            zones=(PLACE, _EAST) if strict else (PLACE,),
            email_gives_receipts=receipts,
            can_look_up=can_look_up,
            trials=("booked", "running_late", "reminder") if on_trial else (),
            cap=cap,
            technicians=(_SAM, _KIM),
        )

    @precondition(lambda self: self.world.state.agreed is not None)
    @rule(minutes=_MINUTES, source=_FROM, ago=st.sampled_from([0, 0, 0, 20]))
    def slip(self, minutes: int, source: FactSource, ago: int) -> None:
        """It will be so much later than agreed; or, with 0, on time after all."""
        self.say(FactType.DELAYED, minutes=minutes, source=source, ago=ago)

    @rule(expected=st.one_of(_WINDOWS, BLIND), source=_FROM)
    def expect(self, expected: Expectation, source: FactSource) -> None:
        """Somebody says what they expect."""
        self.say(FactType.DELAYED, expected=self.ahead(expected), source=source)

    @rule(window=_WINDOWS, agreed=st.booleans())
    def reschedule(self, window: Window, agreed: bool) -> None:
        """Staff move it, with the customer on the phone or without."""
        self.say(FactType.RESCHEDULED, window=self.ahead(window), agreed=agreed)

    @precondition(lambda self: self.world.state.finished)
    @rule(window=_WINDOWS, agreed=st.booleans())
    def reopen(self, window: Window, agreed: bool) -> None:
        """What ended begins again."""
        self.say(FactType.RESCHEDULED, window=self.ahead(window), agreed=agreed)

    @rule(technician=st.sampled_from([_SAM, _KIM]))
    def reassign(self, technician: UUID) -> None:
        """Somebody else comes."""
        self.say(FactType.REASSIGNED, technician=technician)

    @rule(
        type=st.sampled_from(
            [FactType.CONFIRMED, FactType.EN_ROUTE, FactType.EN_ROUTE, FactType.ARRIVED]
        )
    )
    def progress(self, type: FactType) -> None:
        """The visit gets on."""
        self.say(type, source=FactSource.TECHNICIAN)

    @rule(by=st.sampled_from(list(Party)), chance=INDEX)
    def end(self, by: Party, chance: int) -> None:
        """It is done, or nobody met: now and then."""
        if chance == 6:
            self.say(FactType.MISSED, by=by)
        elif chance == 7:
            self.say(FactType.COMPLETED, source=FactSource.TECHNICIAN)

    @rule(index=INDEX, accepts=st.booleans())
    def reply(self, index: int, accepts: bool) -> None:
        """Somebody answers the last time that they read."""
        person = self.person(index)
        windows = [
            said.row.asserts
            for said in self.watch.said[person.id]
            if said.attempt.answer.taken and isinstance(said.row.asserts, Window)
        ]
        if not windows:
            return
        window = windows[-1]
        claims: dict[str, Any] = {
            "person": person.id,
            "window": window,
            "source": FactSource.CUSTOMER,
        }
        if not accepts:
            self.say(FactType.DECLINED, **claims)
            return
        terms = self.world.terms(person, window)
        if terms is not None:
            self.say(FactType.ACCEPTED, terms=terms, **claims)
