"""Everything that can happen to a job, as steps in any order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
)

from notifier.domain.facts import Fact, FactSource, FactType, PromiseKind
from notifier.domain.jobs import JobKind
from notifier.domain.messages import Channel, Role, WhyNot
from notifier.domain.reasons import Party
from notifier.domain.transitions import MessageEvent
from notifier.domain.windows import OFF, UNKNOWN, Expectation, Window
from tests.domain.stage import PLACE, at, window
from tests.fakes.ids import id_number
from tests.model.attempts import Answer, Arrival, Attempt, Weather
from tests.model.tally import Tally
from tests.model.watch import Watch
from tests.model.world import Person, World

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
_DAYS = st.sampled_from([window(0, 20, day=day) for day in (24, 25, 26)] + [window(12, 15, day=25)])
_BLIND = st.sampled_from([UNKNOWN, OFF])
_FROM = st.sampled_from([FactSource.STAFF, FactSource.TECHNICIAN, FactSource.API])
_ANSWERS = st.sampled_from(list(Answer))
_ARRIVALS = st.sampled_from(list(Arrival))
_INDEX = st.integers(0, 7)
_RECEIPTS = st.sampled_from(
    [
        MessageEvent.RECEIPT_DELIVERED,
        MessageEvent.RECEIPT_SENT,
        MessageEvent.RECEIPT_UNDELIVERED,
        MessageEvent.RECEIPT_DEFERRED,
    ]
)
_CHANNELS = st.sampled_from(
    [
        (Channel.SMS, Channel.EMAIL),
        (Channel.SMS, Channel.EMAIL),
        (Channel.SMS,),
        (Channel.EMAIL,),
        (),
    ]
)
_SECOND = st.sampled_from([None, Role.SECOND_CONTACT, Role.ON_SITE])


class Engine(RuleBasedStateMachine):
    """One job with one or two people; what visits and orders have in common."""

    world: World
    watch: Watch
    tally = Tally()

    def begin(self, **given: Any) -> None:
        """Book the job."""
        second = given.pop("second")
        roles = (Role.CUSTOMER, *([second] if second else []))
        self.world = World(roles=roles, **given)
        self.watch = Watch(self.world)
        self.in_flight: list[Attempt] = []
        self.prompt = True
        self.observe()

    # --- Time and workers -----------------------------------------------------------------

    @rule(minutes=st.sampled_from([0, 1, 5, 11, 25]))
    def tick(self, minutes: int) -> None:
        """A little time passes with living workers."""
        self.live(minutes)

    @rule(minutes=st.sampled_from([11, 25, 60, 60, 180, 180, 540, 1440]))
    def wait(self, minutes: int) -> None:
        """A good while passes with living workers."""
        self.live(minutes)

    def live(self, minutes: int) -> None:
        """Let time pass; whatever is to be done is done when its moment comes."""
        target = self.world.now + timedelta(minutes=minutes, seconds=1)
        self.round()
        while True:
            moments = [self.world.next_moment(), self.watch.next_deadline()]
            moment = min((m for m in moments if m is not None), default=target)
            self.world.now = min(moment, target)
            self.round()
            if self.world.now == target:
                return

    @rule(minutes=st.sampled_from([1, 15, 60, 180, 540]))
    def sleep(self, minutes: int) -> None:
        """Time passes with no worker alive."""
        self.world.now += timedelta(minutes=minutes, seconds=1)
        self.watch.observe(awake=False)

    @rule(prompt=st.sampled_from([True, True, False]))
    def change_pace(self, prompt: bool) -> None:
        """Whether the workers are woken by each fact, or only by the next tick."""
        self.prompt = prompt

    @rule()
    def claim(self) -> None:
        """A worker claims what is due, and its answers take their time, or never come."""
        self.in_flight += [
            attempt for attempt in self.world.claim() if attempt.answer.event is not None
        ]
        self.observe()

    @precondition(lambda self: self.in_flight)
    @rule(index=_INDEX)
    def answer(self, index: int) -> None:
        """A slow answer comes."""
        self.world.settle(self.in_flight.pop(index % len(self.in_flight)))
        self.observe()

    @rule(channel=st.sampled_from(list(Channel)), answer=_ANSWERS, arrival=_ARRIVALS)
    def change_weather(self, channel: Channel, answer: Answer, arrival: Arrival) -> None:
        """From now on a channel fares otherwise."""
        self.world.weather[channel] = Weather(answer, arrival)

    @rule()
    def clear_up(self) -> None:
        """From now on both channels work."""
        for channel in Channel:
            self.world.weather[channel] = Weather()

    @precondition(lambda self: self.taken())
    @rule(index=_INDEX, event=_RECEIPTS)
    def receive(self, index: int, event: MessageEvent) -> None:
        """A receipt comes for something that a provider took, however long ago."""
        taken = self.taken()
        self.world.receive(taken[-1 - index % len(taken)], event)
        self.observe()

    # --- People ---------------------------------------------------------------------------

    @rule(index=_INDEX, why=st.sampled_from([WhyNot.OPTED_OUT, WhyNot.BOUNCED, None, None, None]))
    def stop(self, index: int, why: WhyNot | None) -> None:
        """An address is closed, by STOP or a bounce; or START opens it again."""
        contacts = [contact for person in self.watch.people for contact in person.contacts]
        if contacts:
            self.world.close(contacts[index % len(contacts)], why)
        self.watch.observe(awake=why is not None)  # what opens again takes a moment to be used

    @rule(chance=_INDEX)
    def hold(self, chance: int) -> None:
        """*Hold, I'll call*: rarely. Else what is held goes on."""
        if self.world.held or chance == 7:
            self.world.hold(not self.world.held)
        self.observe()

    @rule(index=_INDEX)
    def finish_task(self, index: int) -> None:
        """Somebody does what they were asked to."""
        tasks = [task for task in self.world.tasks.values() if not task.done]
        if tasks:
            tasks[index % len(tasks)].done = True
        self.observe()

    @rule(index=_INDEX)
    def told_by_phone(self, index: int) -> None:
        """Staff ring somebody and say what is believed."""
        person, expected = self.person(index), self.world.state.expected
        if expected is None:
            return
        window = expected if isinstance(expected, Window) else None
        self.say(FactType.TOLD, person=person.id, window=window, expected=expected)

    @rule(
        index=_INDEX,
        what=st.sampled_from([PromiseKind.UPDATE, PromiseKind.CALL_BACK]),
        minutes=st.sampled_from([15, 45, 180]),
        by_phone=st.booleans(),
    )
    def promise(self, index: int, what: PromiseKind, minutes: int, by_phone: bool) -> None:
        """Staff promise news, or a call, by a moment; on the phone, or to be written."""
        self.say(
            FactType.PROMISED,
            person=self.person(index).id,
            what=what,
            moment=self.world.now + timedelta(minutes=minutes),
            by_phone=by_phone,
        )

    @rule(index=_INDEX)
    def speak(self, index: int) -> None:
        """Somebody speaks to them, of no time."""
        self.say(FactType.SPOKEN_TO, person=self.person(index).id)

    # --- Facts of either kind -------------------------------------------------------------

    @rule(by=st.sampled_from(list(Party)), chance=_INDEX)
    def cancel(self, by: Party, chance: int) -> None:
        """It is called off: now and then."""
        if chance > 5:
            self.say(FactType.CANCELLED, by=by)

    @rule(index=_INDEX)
    def take_back(self, index: int) -> None:
        """A fact was a mistake."""
        kinds = (FactType.BOOKED, FactType.WITHDRAWN)
        facts = [fact for fact in self.world.facts if fact.type not in kinds]
        if not facts:
            return
        self.world.now += timedelta(seconds=1)
        self.world.withdraw(facts[-1 - index % len(facts)])
        self.observe()

    # --- What the steps share -------------------------------------------------------------

    def say(self, type: FactType, *, ago: int = 0, **claims: Any) -> Fact:
        """Record a fact a second later than whatever came before."""
        self.world.now += timedelta(seconds=1)
        occurred_at = self.world.now - timedelta(minutes=ago)
        fact = self.world.record(type, occurred_at=occurred_at, **claims)
        self.observe()
        if self.prompt:
            self.round()
        return fact

    def ahead(self, expected: Expectation | None) -> Any:
        """Return what is expected, on the first day on which it has not ended yet."""
        if not isinstance(expected, Window):
            return expected
        while expected.end <= self.world.now:
            expected = expected.shifted(24 * 60)
        return expected

    def round(self) -> None:
        """One round of the workers, and a look at what is owed after it."""
        self.world.let_arrive()
        self.world.tick()
        self.observe()

    def observe(self) -> None:
        """Hold the world against what is owed."""
        self.watch.observe()

    def person(self, index: int) -> Person:
        """Return one of the people."""
        return self.watch.people[index % len(self.watch.people)]

    def taken(self) -> list[Attempt]:
        """Return the calls that a provider took, oldest first."""
        said = [one for each in self.watch.said.values() for one in each]
        return [one.attempt for one in said if one.attempt.answer.taken]

    def teardown(self) -> None:
        """Count what happened, so that a run that tried nothing shows."""
        if hasattr(self, "watch"):
            self.tally.add(self.watch)


class Visit(Engine):
    """An appointment."""

    @initialize(
        promised=st.sampled_from(
            [window(9, 11), window(9, 11), window(6, 8), window(21, 23), None]
        ),
        hour=st.sampled_from([2, 10, 16, 22]),
        second=_SECOND,
        channels=_CHANNELS,
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

    @rule(expected=st.one_of(_WINDOWS, _BLIND), source=_FROM)
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

    @rule(by=st.sampled_from(list(Party)), chance=_INDEX)
    def end(self, by: Party, chance: int) -> None:
        """It is done, or nobody met: now and then."""
        if chance == 6:
            self.say(FactType.MISSED, by=by)
        elif chance == 7:
            self.say(FactType.COMPLETED, source=FactSource.TECHNICIAN)

    @rule(index=_INDEX, accepts=st.booleans())
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


class Order(Engine):
    """An order of one or two parcels."""

    @initialize(
        promised=st.sampled_from([window(0, 20), window(0, 20, day=25), window(12, 15), None]),
        hour=st.sampled_from([2, 10, 16, 22]),
        second=_SECOND,
        channels=_CHANNELS,
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

    @rule(expected=st.one_of(_DAYS, _BLIND), parcel=_INDEX)
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
        parcel=_INDEX,
    )
    def scan(self, type: FactType, expected: Expectation | None, parcel: int) -> None:
        """The carrier scans a parcel."""
        self.say(
            type,
            source=FactSource.CARRIER,
            expected=self.ahead(expected),
            parcel=self.parcel(parcel),
        )

    @rule(parcel=_INDEX, chance=_INDEX)
    def end(self, parcel: int, chance: int) -> None:
        """A parcel arrives or goes back: now and then."""
        if chance > 5:
            type = FactType.DELIVERED if chance == 6 else FactType.RETURNED
            self.say(type, source=FactSource.CARRIER, parcel=self.parcel(parcel))

    def parcel(self, index: int) -> str | None:
        """Return one of the parcels, or none in particular."""
        choices = [*self.world.parcels, None]
        return choices[index % len(choices)]
