"""What can happen to any job, as steps in any order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from notifier.domain.facts import Fact, FactType, PromiseKind
from notifier.domain.messages import Channel, Role, WhyNot
from notifier.domain.reasons import Party
from notifier.domain.sending.transitions import MessageEvent
from notifier.domain.windows import OFF, UNKNOWN, Expectation, Window
from tests.model.attempts import Answer, Arrival, Attempt, Weather
from tests.model.people import Person
from tests.model.tally import Tally
from tests.model.watch import Watch
from tests.model.world import World

_WEATHER = st.builds(
    Weather, answer=st.sampled_from(list(Answer)), arrival=st.sampled_from(list(Arrival))
)
#: It was taken, and nobody will ever say so: whoever sends again sends twice.
_IN_DOUBT = st.sampled_from(
    [
        Weather(Answer.TAKEN_WORKER_DIED, Arrival.SILENCE),
        Weather(Answer.TAKEN_ANSWER_LOST, Arrival.SILENCE),
    ]
)
#: What a person has to take over: it is taken and never reported, or not taken at all.
_SILENT = st.sampled_from(
    [
        Weather(Answer.TAKEN, Arrival.SILENCE),
        Weather(Answer.TAKEN, Arrival.FAILED),
        Weather(Answer.DEFERRED, Arrival.SILENCE),
        Weather(Answer.HALTED, Arrival.SILENCE),
    ]
)
_RECEIPTS = st.sampled_from(
    [
        MessageEvent.RECEIPT_DELIVERED,
        MessageEvent.RECEIPT_SENT,
        MessageEvent.RECEIPT_UNDELIVERED,
        MessageEvent.RECEIPT_DEFERRED,
    ]
)

INDEX = st.integers(0, 7)
_LATELY = st.sampled_from([0, 0, 0, 1, 1, 2, 3, 7])  # counted from the last
CHANNELS = st.sampled_from(
    [
        (Channel.SMS, Channel.EMAIL),
        (Channel.SMS, Channel.EMAIL),
        (Channel.SMS,),
        (Channel.EMAIL,),
        (),
    ]
)
SECOND = st.sampled_from([None, Role.SECOND_CONTACT, Role.ON_SITE])

_PACE = st.sampled_from([0, 1, 5, 11, 25, 60])

BLIND = st.sampled_from([UNKNOWN, OFF])


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

    @initialize(minutes=_PACE)
    def set_pace(self, minutes: int) -> None:
        """How long it is from one step to the next, for the whole run."""
        self.pace = minutes

    @invariant()
    def time_goes_on(self) -> None:
        """Between two steps workers live, so that what is owed is said whatever else is tried."""
        if self.pace:
            self.live(self.pace)

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
    @rule(index=INDEX)
    def answer(self, index: int) -> None:
        """A slow answer comes."""
        self.world.settle(self.in_flight.pop(index % len(self.in_flight)))
        self.observe()

    @rule(channel=st.sampled_from(list(Channel)), weather=st.one_of(_IN_DOUBT, _SILENT, _WEATHER))
    def change_weather(self, channel: Channel, weather: Weather) -> None:
        """From now on a channel fares otherwise."""
        self.world.weather[channel] = weather

    @rule()
    def clear_up(self) -> None:
        """From now on both channels work."""
        for channel in Channel:
            self.world.weather[channel] = Weather()

    @precondition(lambda self: self.taken())
    @rule(index=INDEX, event=_RECEIPTS)
    def receive(self, index: int, event: MessageEvent) -> None:
        """A receipt comes for something that a provider took, however long ago."""
        taken = self.taken()
        self.world.receive(taken[-1 - index % len(taken)], event)
        self.observe()

    # --- People ---------------------------------------------------------------------------

    @rule(index=INDEX, why=st.sampled_from([WhyNot.OPTED_OUT, WhyNot.BOUNCED, None, None, None]))
    def stop(self, index: int, why: WhyNot | None) -> None:
        """An address is closed, by STOP or a bounce; or START opens it again."""
        contacts = [contact for person in self.watch.people for contact in person.contacts]
        if contacts:
            self.world.close(contacts[index % len(contacts)], why)
        self.watch.observe(awake=why is not None)  # what opens again takes a moment to be used

    @rule(chance=INDEX)
    def hold(self, chance: int) -> None:
        """*Hold, I'll call*: rarely. Else what is held goes on."""
        if self.world.held or chance == 7:
            self.world.hold(not self.world.held)
        self.observe()

    @rule(index=INDEX)
    def finish_task(self, index: int) -> None:
        """Somebody does what they were asked to; a call that was made is a fact."""
        tasks = [task for task in self.world.tasks.values() if not task.done]
        if not tasks:
            return
        task = tasks[-1 - index % len(tasks)]
        self.world.finish_task(task.row.key)
        called = self.world.said_by(task)
        if called is not None:
            self.watch.rung(task, called.type)
            fact = (
                self.ring(task.row.job_person)
                if called.type is FactType.TOLD
                else self.say(
                    called.type,
                    person=task.row.job_person,
                    what=called.what,
                    moment=called.moment,
                    by_phone=True if called.type is FactType.PROMISED else None,
                )
            )
            task.done_fact = fact.id
        self.observe()

    @rule(index=INDEX)
    def told_by_phone(self, index: int) -> None:
        """Staff ring somebody and say what is believed."""
        if self.world.state.expected is not None:
            self.ring(self.person(index).id)

    def ring(self, person: UUID | None) -> Fact:
        """Somebody hears on the phone what is believed."""
        expected = self.world.state.expected
        window = expected if isinstance(expected, Window) else None
        return self.say(FactType.TOLD, person=person, window=window, expected=expected)

    @rule(
        index=INDEX,
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

    @rule(index=INDEX)
    def speak(self, index: int) -> None:
        """Somebody speaks to them, of no time."""
        self.say(FactType.SPOKEN_TO, person=self.person(index).id)

    # --- Facts of either kind -------------------------------------------------------------

    @rule(by=st.sampled_from(list(Party)), chance=INDEX)
    def cancel(self, by: Party, chance: int) -> None:
        """It is called off: now and then."""
        if chance == 7:
            self.say(FactType.CANCELLED, by=by)

    @rule(index=_LATELY)
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
