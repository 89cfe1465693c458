"""What must hold of the calls that people make where no message will do, and of a job they hold."""

from __future__ import annotations

from notifier.domain.facts import FactType
from notifier.domain.messages import MessageStatus
from notifier.domain.owed import Duty
from notifier.domain.reconciling_tasks import TaskRow
from tests.model.claims import silent_from
from tests.model.news import News
from tests.model.oracle import Word, debt
from tests.model.outbox import OpenTask
from tests.model.people import Person

_ABOUT_NEWS = frozenset({Duty.UNREACHED, Duty.NEEDS_CALL, Duty.BESIDE})
_IN_DOUBT = frozenset({MessageStatus.CLAIMED, MessageStatus.UNKNOWN})
_TO_GO = frozenset({MessageStatus.PLANNED, MessageStatus.READY})


class Calls(News):
    """Looks at tasks when they are ticked off, and when planning ends them."""

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
