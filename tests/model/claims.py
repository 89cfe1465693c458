"""What must hold of every message at the moment when it is claimed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from notifier.domain.facts import FactType
from notifier.domain.folding import JobState
from notifier.domain.jobs import JobKind, JobStatus
from notifier.domain.ledger.views import PastMessage
from notifier.domain.messages import MessageStatus, Priority, Role, Strength
from notifier.domain.windows import OFF, UNKNOWN, Expectation, Window
from tests.domain.stage import PLACE
from tests.model.attempts import Attempt
from tests.model.oracle import (
    day_of,
    differs,
    holds,
    is_night,
    may_have_read,
    morning,
    says,
    tell_by,
)
from tests.model.people import CAP_PERIOD, Person
from tests.model.world import World

_S = JobStatus

#: In which statuses what a message says of the job is so.
_SO_IN: dict[str, frozenset[JobStatus]] = {
    "booked": frozenset({_S.SCHEDULED}),
    "reminder": frozenset({_S.SCHEDULED, _S.CONFIRMED}),
    "on_the_way": frozenset({_S.EN_ROUTE}),
    "someone_else_coming": frozenset({_S.EN_ROUTE}),
    "cancelled": frozenset({_S.CANCELLED}),
    "missed_by_us": frozenset({_S.MISSED}),
    "order_confirmed": frozenset({_S.ORDERED}),
    "shipped": frozenset({_S.SHIPPED}),
    "out_for_delivery": frozenset({_S.OUT_FOR_DELIVERY}),
    "delivery_attempted": frozenset({_S.ATTEMPTED}),
    "ready_for_pickup": frozenset({_S.READY_FOR_PICKUP}),
    "order_exception": frozenset({_S.EXCEPTION}),
    "order_returned": frozenset({_S.RETURNED}),
    "order_delivered": frozenset({_S.DELIVERED}),
    "order_cancelled": frozenset({_S.CANCELLED}),
    "ask_technician": frozenset({_S.SCHEDULED, _S.CONFIRMED, _S.EN_ROUTE}),
    "no_word_yet": frozenset({_S.SCHEDULED, _S.CONFIRMED, _S.EN_ROUTE}),
    "order_no_scan": frozenset({_S.ORDERED, _S.SHIPPED}),
    "order_no_movement": frozenset({_S.IN_TRANSIT, _S.EXCEPTION}),
}
_SILENT_PARCEL = ("order_no_scan", "order_no_movement")
_ENDED = frozenset({_S.COMPLETED, _S.MISSED, _S.DELIVERED, _S.RETURNED, _S.CANCELLED})
#: News of the time is no news in these.
_NO_MORE_NEWS = _ENDED | {_S.ARRIVED}

#: What is said in place of the news, or the call, that was promised.
_THERE = frozenset({FactType.ARRIVED, FactType.COMPLETED, FactType.DELIVERED})
_OWNS_UP = ("no_news_yet", "no_call_yet")
_IGNORES = "please_ignore"  # what was told by mistake

REACH = timedelta(minutes=10)
_HURRIED_REACH = timedelta(minutes=2)
_SOON = timedelta(hours=3)
_BEFORE_END = timedelta(minutes=15)  # when those who wait hear that there is no word
BEFORE_UPDATE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Said:
    """One call to a provider, as it was when the claim was made."""

    at: datetime
    row: PastMessage
    attempt: Attempt
    agreed: Window | None  # what was agreed then


def silent_from(row: PastMessage, taken_at: datetime) -> datetime:
    """Return when another channel may carry on what nobody reported of; sooner where they must
    hear it within the half hour that two channels and a ring would take."""
    hurries = row.tell_by is not None and taken_at < row.tell_by < taken_at + 3 * REACH
    return taken_at + (_HURRIED_REACH if hurries else REACH)


class Claims:
    """Judges each call to a provider by what is committed when it is about to be made."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.said: dict[UUID, list[Said]] = defaultdict(list)
        world.on_claim = self.claimed

    @property
    def people(self) -> list[Person]:
        """Those whom the job is for; who does the work is no customer."""
        people = [one for one in self.world.people if isinstance(one, Person)]
        return [one for one in people if one.role is not Role.TECHNICIAN]

    # --- At a claim -------------------------------------------------------------------------

    def claimed(self, person: Person, row: PastMessage, attempt: Attempt) -> None:
        """Judge one call that is about to be made, by what is committed at this moment."""
        self._allowed(person, row)
        self._true(person, row)
        self._once(person, row)
        if person.role is Role.TECHNICIAN:
            assigned = self.world.technicians.get(self.world.state.technician or row.id)
            assert row.rule == "ask_technician", f"a technician gets {row.rule}"
            assert person is assigned, "who is no longer assigned is asked"
        else:
            assert row.rule != "ask_technician", f"the {person.role} is asked to report"
            self._by_day(person, row)
            self._within_the_cap(person, row)
            self._one_no_news(person, row)
        self.said[person.id].append(Said(self.world.now, row, attempt, self.world.state.agreed))

    def _allowed(self, person: Person, row: PastMessage) -> None:
        world = self.world
        assert not world.held, f"{row.rule} goes out though staff hold the job"
        contact = next((c for c in person.contacts if c.id == row.contact), None)
        assert contact is not None, f"{row.rule} goes to nobody"
        assert not world.fates[row.id].owed.rule.trial, f"{row.rule} is on trial, and goes"
        assert contact.why_not is None, f"{row.rule} goes to an address that is closed"
        others = [other for other in person.rows.values() if other.id != row.id]
        assert all(other.status is not MessageStatus.CLAIMED for other in others), (
            f"{row.rule} goes while another message to them is with a provider"
        )

    def _true(self, person: Person, row: PastMessage) -> None:
        world, state = self.world, self.world.state
        what = f"{row.rule} ({row.asserts}) to the {person.role} at {world.now:%d %H:%M:%S}"
        statuses = _SO_IN.get(row.rule)
        if statuses is not None:
            there = _stands_at(state, row.rule)
            assert there & statuses, f"{what}, but the job is {', '.join(there)}"
        elif row.rule.endswith(("promise_made", "promise_taken_back")):
            pass  # whenever staff made it, or took it back
        elif row.rule.endswith(_OWNS_UP):  # promised while we were there
            assert state.status not in _ENDED, f"{what}, but the job is {state.status}"
        else:
            assert state.status not in _NO_MORE_NEWS, f"{what}, but the job is {state.status}"
        if row.technician is not None:
            assert row.technician == state.technician, f"{what} names who no longer comes"
        takes_back = row.rule.endswith("promise_taken_back")
        assert (row.rests_on in state.withdrawn) is takes_back, f"{what} rests on what was not so"
        if row.family == "slip":
            self._slip_is_true(person, row, state, what)
        elif row.asserts is not None:
            self._time_is_true(person, row.asserts, state, what)

    def _slip_is_true(self, person: Person, row: PastMessage, state: JobState, what: str) -> None:
        expected, now = state.expected, self.world.now
        if expected is None:  # of an order without a day: all that can be said is what was not so
            assert row.rule.endswith(_IGNORES), f"{what}, but nothing is believed"
            assert state.kind is JobKind.ORDER, f"{what} names no time of a visit"
            assert row.asserts is None, f"{what} says a day that nobody knows"
            assert any(map(self._was_a_mistake, self.said[person.id])), f"{what}: nothing was wrong"
            return
        if isinstance(row.asserts, Window):
            assert row.asserts.end > now, f"{what} tells of what has passed"
        if not row.moves_told:
            assert state.kind is JobKind.APPOINTMENT, f"{what} asks about an order"
            assert person.role is Role.CUSTOMER, f"{what} asks who can't answer"
            assert row.asserts == expected, f"{what} asks about something else than {expected}"
            return
        if row.rule == "offer_lapsed":
            assert row.asserts in self._held_by(person), f"{what} is not what they hold"
            self._time_is_true(person, row.asserts, state, what)
            return
        passed = isinstance(expected, Window) and expected.end <= now
        if row.asserts is UNKNOWN and passed:
            return  # the update that was promised: what was expected came and went
        assert row.asserts is not None, f"{what} says nothing"
        assert says(state.kind, row.asserts, expected), f"{what}, but {expected} is believed"

    def _time_is_true(
        self, person: Person, asserts: Expectation | None, state: JobState, what: str
    ) -> None:
        """What stands is said: what is believed, or what they hold where that still binds."""
        expected, now = state.expected, self.world.now
        passed = isinstance(expected, Window) and expected.end <= now
        if asserts is OFF:
            assert passed or expected is OFF, f"{what}, but {expected} is believed"
            return
        if asserts is UNKNOWN:
            assert passed or expected is UNKNOWN or self._overdue(person), (
                f"{what}, but {expected} is believed"
            )
            return
        assert isinstance(asserts, Window)
        if not differs(state.kind, expected, asserts) or passed:
            return
        assert isinstance(expected, Window), f"{what}, but {expected} is believed"
        another_day = day_of(expected.start) != day_of(asserts.start)
        if state.kind is JobKind.APPOINTMENT and another_day:
            return  # they are asked; what they hold binds until they answer
        later = (
            day_of(expected.end) > day_of(asserts.end)
            if state.kind is JobKind.ORDER
            else says(state.kind, expected, asserts) is False
            and expected.end > asserts.end + timedelta(minutes=10)
        )
        assert not later, f"{what}, but {expected} is believed"

    def _overdue(self, person: Person) -> bool:
        return any(
            isinstance(held, Window) and held.end <= self.world.now
            for held in self._held_by(person)
        )

    def _held_by(self, person: Person) -> list[Expectation | None]:
        """Return what they hold: what reached them, and what is on its way to them."""
        read = may_have_read(person)
        on_its_way = [
            (said.at, said.row.asserts)
            for said in self.said[person.id]
            if said.row.id in read and said.row.moves_told and said.row.asserts is not None
        ]
        held = [holds(person, self.world.state)]
        if on_its_way:
            held.append(max(on_its_way, key=lambda entry: entry[0])[1])
        return held

    # --- Once -------------------------------------------------------------------------------

    def _once(self, person: Person, row: PastMessage) -> None:
        """Nobody is told twice: not by a second call for one message, not by a second message.

        The next channel may say it again once the one before stayed silent for its reach (less
        where they must hear it soon) or failed. What was said by phone meanwhile, or by another
        message about the time, makes it news again; so does a mistake that they read since, where
        they are told to ignore it. Each promised update is a word of its own.
        """
        what = f"{row.rule} ({row.asserts}) over {row.channel} to the {person.role}"
        for said in self.said[person.id]:
            if said.row.id == row.id:
                assert not said.attempt.answer.taken, f"{what} goes a second time"
        read = may_have_read(person)
        corrected = False
        for said in reversed(self.said[person.id]):
            if said.row.family == "slip" and said.row.id in read:
                corrected = True
            if row.family != "slip" and corrected and self._was_a_mistake(said):
                continue  # what they read of it they were told to ignore
            if row.family != "slip" and self._tells_otherwise(said, row) and said.row.id in read:
                return  # they were told of another time, which is over as well now
            if row.rule.endswith(_IGNORES) and self._was_a_mistake(said) and said.row.id in read:
                return
            if said.row.family != row.family:
                continue
            if not self._says_the_same(said, row):
                if row.family == "slip":
                    return  # other news came between, whether it reached them or not
                continue
            if said.row.id not in read:
                continue
            assert self._may_say_again(person, said, row), (
                f"{what} was told by {said.row.rule} over {said.row.channel} at {said.at}"
            )
            if row.family == "slip":
                return

    def _was_a_mistake(self, said: Said) -> bool:
        return said.row.family != "slip" and said.row.rests_on in self.world.state.withdrawn

    def _tells_otherwise(self, said: Said, row: PastMessage) -> bool:
        told, now_told = said.row.asserts, row.asserts
        return (
            said.row.moves_told
            and None not in (told, now_told)
            and differs(self.world.kind, told, now_told)
        )

    def _says_the_same(self, said: Said, other: PastMessage) -> bool:
        """Whether it is the same news. What is agreed anew may be cancelled, or reminded of,
        anew; what happens once a day, or at a moment, or is promised, is told once for each."""
        kind, one = self.world.kind, said.row
        same_time = not differs(kind, one.asserts, other.asserts) and not differs(
            kind, other.asserts, one.asserts
        )
        if one.family == "slip":
            return same_time and one.moves_told == other.moves_told
        if one.rule != other.rule or one.technician != other.technician:
            return False
        if one.episode == other.episode:
            return True
        anew = said.agreed is not None and said.agreed != self.world.state.agreed
        by_itself = any(mark in one.episode for mark in ("day/", "/at/", "promised/"))
        return same_time and not anew and not by_itself

    def _may_say_again(self, person: Person, said: Said, row: PastMessage) -> bool:
        before = person.rows[said.row.id]
        handed_over = before.handed_over or said.at
        spoken = any(
            given.message is None and given.given_at > handed_over for given in person.given
        )
        promised = before.next_update_at
        update = promised is not None and self.world.now >= promised - BEFORE_UPDATE
        silent = self.world.now >= silent_from(before, before.accepted_at or said.at)
        carried_on = (
            before.channel is not row.channel
            and before.status is not MessageStatus.DELIVERED
            and silent
        )
        return spoken or update or carried_on

    def _within_the_cap(self, person: Person, row: PastMessage) -> None:
        """Only what matters most goes once they had enough for a day."""
        cap, rule = self.world.cap, self.world.fates[row.id].owed.rule
        if cap is None or rule.priority is Priority.HIGH:
            return
        lately = self.world.now - CAP_PERIOD
        read = may_have_read(person)
        heard = {
            said.row.id for said in self.said[person.id] if said.at > lately and said.row.id in read
        }
        assert len(heard - {row.id}) < cap, f"{row.rule} is one message too many for a day"

    def _one_no_news(self, person: Person, row: PastMessage) -> None:
        """That there is no news, or was no call, is said once, and before the moment; then
        somebody has to speak to them. One of which nobody knows if it came does not count yet."""
        if not row.rule.endswith(_OWNS_UP):
            return
        now = self.world.now
        assert any(now < moment for moment in self._promised(person)), (
            f"{row.rule} comes when the time is up"
        )
        read = may_have_read(person)
        came = {one.message for one in person.promised if one.strength is not Strength.NONE}
        others = [
            said
            for said in self.said[person.id]
            if said.row.id in read and (said.row.rule, said.row.episode) != (row.rule, row.episode)
        ]
        owned_up = [
            said
            for said in others
            if said.row.rule.endswith(_OWNS_UP)
            and said.row.id in came
            and said.row.rests_on not in self.world.state.withdrawn
        ]
        if not owned_up:
            return
        last = owned_up[-1]
        spoken = (FactType.TOLD, FactType.SPOKEN_TO, FactType.PROMISED)
        by_a_person = any(
            fact.person == person.id and fact.type in spoken and fact.received_at >= last.at
            for fact in self.world.facts
        )
        # In writing, or on the phone where another time was agreed with them.
        by_a_person |= any(
            said.at >= last.at and said.row.rule.endswith("promise_made") for said in others
        )
        by_a_person |= person.role is Role.CUSTOMER and any(
            fact.agreed is True and fact.received_at >= last.at for fact in self.world.facts
        )
        # Of news a text will do, or that somebody is there.
        of_news = last.row.rule.endswith("no_news_yet") and (
            any(said.at >= last.at and said not in owned_up for said in others)
            or any(fact.type in _THERE and fact.received_at >= last.at for fact in self.world.facts)
        )
        assert by_a_person or of_news, f"{row.rule} comes after {last.row.rule}, and no person"

    # --- At night ---------------------------------------------------------------------------

    def _by_day(self, person: Person, row: PastMessage) -> None:
        """From 21:00 to 8:00 only what can't wait: its `tell_by` comes before the morning, or
        the visit was three hours away when it came up."""
        now, state = self.world.now, self.world.state
        if not is_night(now, person):
            return
        what = f"{row.rule} ({row.asserts}) wakes the {person.role} at {now}"
        held = [*self._held_by(person), state.expected]
        starts = [one.start for one in held if isinstance(one, Window) and self._has_hour(one)]
        came_up = [fact.received_at for fact in self.world.facts]
        came_up += [
            said.row.next_update_at - BEFORE_UPDATE
            for said in self.said[person.id]
            if said.row.next_update_at is not None
        ]
        came_up += [_evening_before(start) for start in starts]
        came_up += [one.end - _BEFORE_END for one in held if isinstance(one, Window)]
        soon = any(abs(start - moment) <= _SOON for start in starts for moment in came_up)
        by = [tell_by(person, state), *(moment + BEFORE_UPDATE for moment in came_up)]
        says_no_news = row.rule.endswith(_OWNS_UP)
        if says_no_news:  # what was promised for the night is kept at night
            by += [moment - BEFORE_UPDATE for moment in self._promised(person)]
        concerns_time = row.family == "slip" or row.asserts in (OFF, UNKNOWN) or says_no_news
        too_late_by_morning = concerns_time and any(
            moment is not None and moment <= now and morning(moment, person) == morning(now, person)
            for moment in by
        )
        assert soon or too_late_by_morning, what

    def _promised(self, person: Person) -> list[datetime]:
        return [entry.moment for entry in person.promised if entry.moment is not None]

    def _has_hour(self, window: Window) -> bool:
        """Whether it says more than the day of a delivery."""
        midnight = datetime.combine(day_of(window.end), time(0), PLACE)
        return self.world.kind is JobKind.APPOINTMENT or window.start > midnight


def _evening_before(start: datetime) -> datetime:
    """Return 18:00 at the place on the day before: when a reminder comes up."""
    day = day_of(start) - timedelta(days=1)
    return datetime.combine(day, time(18), PLACE).astimezone(UTC)


def _stands_at(state: JobState, rule: str) -> set[JobStatus]:
    """Return where the job stands; what is said of an order's silence is so of a parcel."""
    parcels = state.parcels.values() if rule in _SILENT_PARCEL else ()
    return {parcel.status for parcel in parcels if parcel.status not in _ENDED} or {state.status}
