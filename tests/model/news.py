"""What is said about the time is news to whoever reads it, and theirs to hear as news."""

from __future__ import annotations

from datetime import timedelta

from notifier.domain.facts import FactType
from notifier.domain.folding import JobState
from notifier.domain.jobs import JobKind
from notifier.domain.ledger.views import PastMessage
from notifier.domain.windows import Expectation, Window
from tests.model.attempts import Attempt
from tests.model.claims import Claims
from tests.model.oracle import differs, may_have_read
from tests.model.people import Person
from tests.model.reach import is_a_mistake, last_read


class News(Claims):
    """Judges each message about the time by what its reader holds when it is claimed."""

    def claimed(self, person: Person, row: PastMessage, attempt: Attempt) -> None:
        """Judge one call that is about to be made."""
        if row.family == "slip":
            what = f"{row.rule} ({row.asserts}) to the {person.role} at {self.world.now:%d %H:%M}"
            self._is_news(person, row, self.world.state, what)
        super().claimed(person, row, attempt)

    def _is_news(self, person: Person, row: PastMessage, state: JobState, what: str) -> None:
        """What was a mistake is to be ignored, and is no news; nobody is told what they hold;
        and a start before the one that they hold is theirs to agree to."""
        ignore = row.rule.endswith("please_ignore")
        last = last_read(person)
        if last is not None and is_a_mistake(last, state):
            assert ignore, f"{what} speaks of what was a mistake, {last.rule}, as if it were news"
        if ignore or row.rule == "offer_lapsed" or not row.moves_told:
            return
        held = self._held_by(person)
        assert any(self._moves(row.asserts, one) for one in held), f"{what} is what they hold"
        if state.kind is JobKind.ORDER or not isinstance(row.asserts, Window):
            return
        starts = [one.start for one in held if isinstance(one, Window)]
        earlier = starts and row.asserts.start < min(starts) - timedelta(minutes=10)
        assert not earlier or self._is_theirs(person, state), f"{what} starts before {held}"

    def _moves(self, asserts: Expectation | None, held: Expectation | None) -> bool:
        kind = self.world.kind
        return differs(kind, asserts, held) or differs(kind, held, asserts)

    def _is_theirs(self, person: Person, state: JobState) -> bool:
        """Whether the customer agreed to the time that is believed, or what they hold was a
        mistake."""
        read = may_have_read(person)
        mistaken = any(
            said.row.id in read and said.row.rests_on in state.withdrawn
            for said in self.said[person.id]
        )
        taken = any(
            fact.window == state.agreed
            for fact in state.answers
            if fact.type is not FactType.DECLINED
        )
        by_phone = state.expected_fact is not None and bool(state.expected_fact.agreed)
        return mistaken or taken or by_phone
