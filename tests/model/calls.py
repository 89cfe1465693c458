"""What must hold of the calls that people make where no message will do, and of a job they hold."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from notifier.domain.facts import FactType
from notifier.domain.ledger.views import PastMessage
from notifier.domain.messages import MessageStatus
from notifier.domain.owed import Duty
from notifier.domain.reconciling_tasks import TaskRow
from tests.model.claims import REACH, silent_from
from tests.model.news import News
from tests.model.oracle import Word, debt, is_night
from tests.model.outbox import OpenTask
from tests.model.people import Person
from tests.model.world import World

_ABOUT_NEWS = frozenset({Duty.UNREACHED, Duty.NEEDS_CALL, Duty.BESIDE})
_IN_DOUBT = frozenset({MessageStatus.CLAIMED, MessageStatus.UNKNOWN})
_TO_GO = frozenset({MessageStatus.PLANNED, MessageStatus.READY})


_ROUND = timedelta(minutes=2)


class Calls(News):
    """Looks at tasks when they are ticked off, and when planning ends them."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._stuck: dict[UUID, datetime] = {}  # messages that no provider takes, since when

    def what_is_not_taken_gives_way(self, *, awake: bool) -> None:
        """Whoever has another way hears by it once nobody took the message for its reach, and at
        once where the channel is halted. At night, on hold and without workers nothing counts."""
        now, known, self._stuck = self.world.now, self._stuck, {}
        if self.world.held or not awake:
            return
        for person in self.people:
            for row in person.rows.values():
                if row.status is not MessageStatus.DEFERRED or is_night(now, person):
                    continue
                if not self._has_another_way(person, row):
                    continue
                since = self._stuck[row.id] = known.get(row.id, now)
                patience = timedelta() if row.channel in self.world.halted else REACH
                assert now <= since + patience + _ROUND, (
                    f"{row.rule} waits for {row.channel} since {since}; it is {now}"
                )

    def _has_another_way(self, person: Person, row: PastMessage) -> bool:
        channels = self.world.fates[row.id].owed.rule.channels
        tried = {
            other.contact
            for other in person.rows.values()
            if (other.rule, other.episode) == (row.rule, row.episode)
        }
        return any(
            contact.channel in channels[channels.index(row.channel) + 1 :]
            and contact.why_not is None
            and contact.id not in tried
            for contact in person.contacts
        )

    def rung(self, task: OpenTask, called: FactType) -> None:
        """Whoever is rung about news hears it: ticked off, the call is what told them."""
        row = task.row
        person = next((one for one in self.people if one.id == row.job_person), None)
        if person is None or row.duty not in _ABOUT_NEWS or task.promised_in is not None:
            return  # of a promise they hear no time
        held = self._held_by(person)
        if held[0] != held[-1]:
            return  # what is on its way to them tells as well
        owed = debt(person, self.world.state, self.world.now)
        tells = owed is None or owed.word is not Word.TELL or called is FactType.TOLD
        assert tells, f"{row.key} was ticked off, and the {person.role} counts as not told"

    def calls_stay(self) -> None:
        """A call that is open stays so while nobody knows if a provider has the message."""
        for task in self.world.tasks.values():
            row = task.row
            ended_now = row.dropped and row.done_at == self.world.now
            if not ended_now or row.duty is not Duty.UNREACHED:
                continue
            person = next((one for one in self.people if one.id == row.job_person), None)
            if person is None or debt(person, self.world.state, self.world.now) is None:
                continue
            assert not self._hangs(person, row), f"{row.key} ended before its message was taken"

    def _hangs(self, person: Person, task: TaskRow) -> bool:
        """Whether all that is on its way to them may not have been taken."""
        mine = [row for row in person.rows.values() if row.rule == task.rule]
        rows = [row for row in mine if row.family == "slip"]
        tried = [row for row in rows if row.claimed_at is not None]
        silent = any(
            self.world.now >= silent_from(row, row.claimed_at) for row in tried if row.claimed_at
        )
        taken = any(row.accepted_at is not None for row in tried)
        in_doubt = any(row.status in _IN_DOUBT for row in tried)
        return in_doubt and not taken and not silent  # then the next channel is tried

    def what_is_held_stays(self) -> None:
        """*Hold, I'll call*: what had its time, or has none yet, waits for them."""
        if not self.world.held:
            return
        for person in self.people:
            for row in person.rows.values():
                assert row.status not in _TO_GO, f"{row.rule} is to go though staff hold the job"
