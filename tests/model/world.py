"""The product around one job, in memory: the use cases over the real fold, plan and reconcile."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from notifier.domain.drift import drift_of, is_asked
from notifier.domain.duties import SaidByCall, said_by_call
from notifier.domain.facts import Fact, FactSource, FactType, PromiseKind, Terms
from notifier.domain.jobs import FACTS_OF
from notifier.domain.ledger.entries import Entry
from notifier.domain.ledger.promises import drifted
from notifier.domain.ledger.views import (
    Contact,
    Given,
    reference_of,
)
from notifier.domain.messages import (
    Strength,
    WhyNot,
)
from notifier.domain.owed import Duty
from notifier.domain.windows import Window
from tests.domain.stage import PLACE, Somebody
from tests.model.outbox import OpenTask
from tests.model.people import Person
from tests.model.workers import Workers


class World(Workers):
    """One job, its people, its outbox, its ledger, its tasks, and two providers."""

    def record(
        self, type: FactType, *, source: FactSource = FactSource.STAFF, **claims: Any
    ) -> Fact:
        """Record a fact with all that follows, as one transaction."""
        assert type in FACTS_OF[self.kind]
        fact = self.say(type, source=source, **claims)
        if fact.id not in self.state.ignored:
            self._give_by_fact(fact)
        self.bring_up_to_date()
        return fact

    def withdraw(self, fact: Fact) -> None:
        """Take a fact back, and what it gave with it."""
        if any(known.withdraws == fact.id for known in self.facts):
            return
        self.take_back(fact)
        withdrawn = self.state.withdrawn
        self.undo(withdrawn)
        for person in self.people:
            person.given = [
                replace(given, strength=Strength.NONE) if given.fact in withdrawn else given
                for given in person.given
            ]
        self.bring_up_to_date()

    def terms(self, person: Somebody, window: Window) -> Terms | None:
        """Return what accepting `window` accepts, or None where it is no longer on offer."""
        state, view = self.state, person.view()
        reference = reference_of(view, state.agreed)
        if not drifted(state.kind, state.expected, window, PLACE):
            drift = drift_of(state, view, reference, zone=PLACE, now=self.now)
            return Terms.OFFER if is_asked(drift.kind) else Terms.SUITS
        return None if drifted(state.kind, window, reference.asserts, PLACE) else Terms.SUITS

    def said_by(self, task: OpenTask) -> SaidByCall | None:
        """Return the fact that it is to have done `task`; None where nobody was rung."""
        if task.row.duty in (None, Duty.UPDATE, Duty.DISPATCH):
            return None
        view = self._owner_of(task.row.job_person).view()
        return said_by_call(
            task.row.duty,
            self.plan_input(),
            view,
            promised_in=task.promised_in,
            now=self.now,
        )

    def hold(self, held: bool) -> None:
        """*Hold, I'll call*, or let go."""
        self.held = held
        self.bring_up_to_date()

    def close(self, contact: Contact, why: WhyNot | None) -> None:
        """Opt an address out (or back in): first its rows, then who carries on."""
        for person in self.people:
            person.contacts = tuple(
                replace(known, why_not=why) if known.id == contact.id else known
                for known in person.contacts
            )
        self.bring_up_to_date()
        self.bring_up_to_date()

    def _give_by_fact(self, fact: Fact) -> None:
        asserts = None
        person = fact.person
        if fact.type is FactType.PROMISED and fact.by_phone:
            owner = self._owner_of(person)
            owner.promised.append(
                Entry(
                    what=fact.what or PromiseKind.UPDATE,
                    asserts=None,
                    moment=fact.moment,
                    given_at=fact.effective_at,
                    tell_by=fact.moment,
                    strength=Strength.GIVEN,
                    message=None,
                    fact=fact.id,
                    rests_on=fact.id,
                )
            )
        if fact.type is FactType.TOLD:
            asserts = fact.window or fact.expected
        elif fact.type is FactType.ACCEPTED:
            asserts = fact.window
        elif fact.type is FactType.RESCHEDULED and fact.agreed:
            asserts, person = fact.window, self.customer.id
        if asserts is None:
            return
        self._owner_of(person).given.append(
            Given(
                asserts=asserts,
                given_at=fact.effective_at,
                strength=Strength.GIVEN,
                fact=fact.id,
            )
        )

    def _owner_of(self, person: UUID | None) -> Person:
        owner = next(one for one in self.people if one.id == person)
        assert isinstance(owner, Person)
        return owner
