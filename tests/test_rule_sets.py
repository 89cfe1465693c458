"""Which rules were in force when: one row each time that others came."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from textwrap import indent

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from notifier.domain.messages import MessageStatus
from notifier.domain.rules.rule import RuleSet
from notifier.errors import Conflict
from notifier.planner import look_again
from notifier.rule_tools.sets import record_rule_set, rules_in_force
from notifier.rulebook import Rulebook, rulebook_of
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import RuleSet as RuleSetRow
from tests.desk import TOMORROW, make_desk
from tests.fakes.clock import FakeClock
from tests.services import make_services


@pytest.fixture
def services(sessions: sessionmaker[Session], clock: FakeClock) -> Services:
    """Return services on both databases in turn."""
    return make_services(sessions, now=clock)


def edited(rulebook: Rulebook, note: str) -> Rulebook:
    """Return the rules after somebody has written something into a file of theirs."""
    name, text = next(iter(rulebook.files.items()))
    return rulebook_of({**rulebook.files, name: f"{text}\n# {note}\n"})


def hashes(services: Services) -> list[str]:
    """Return what was recorded, oldest first."""
    with reading(services.sessions) as session:
        query = select(RuleSetRow.hash).order_by(RuleSetRow.in_force_at, RuleSetRow.id)
        return list(session.scalars(query))


def test_the_same_rules_again_are_no_other_rules(services: Services, clock: FakeClock) -> None:
    """A restart adds nothing; an edit does; going back to the old ones is a change as well."""
    first = services.rulebook
    second = edited(first, "quieter")
    for rulebook in (first, first, second, second, first):
        record_rule_set(replace(services, rulebook=rulebook))
        clock.advance(hours=1)
    assert hashes(services) == [first.hash, second.hash, first.hash]


def test_processes_that_start_together_record_one_row(services: Services) -> None:
    """Each looks before it writes, and none looks past the other."""
    with ThreadPoolExecutor(8) as pool:
        added = list(pool.map(lambda _: record_rule_set(services), range(8)))
    assert sum(added) == 1
    assert hashes(services) == [services.rulebook.hash]


def test_the_rules_of_a_moment_are_read_from_what_was_written_then(
    services: Services, clock: FakeClock
) -> None:
    """Texts come back rule for rule; of a time before the first the oldest stands in, unsure."""
    start = clock()
    record_rule_set(services)
    clock.advance(hours=1)
    later = replace(services, rulebook=edited(services.rulebook, "louder"))
    record_rule_set(later)
    clock.advance(hours=1)
    with reading(later.sessions) as session:
        then = rules_in_force(session, later, start + timedelta(minutes=30))
        since = rules_in_force(session, later, start + timedelta(hours=1))
        before = rules_in_force(session, later, start - timedelta(hours=1))
    assert (then.rulebook.hash, then.since) == (services.rulebook.hash, start)
    assert [rule.id for rule in then.rulebook.rules] == [r.id for r in services.rulebook.rules]
    assert (since.rulebook.hash, since.since) == (later.rulebook.hash, start + timedelta(hours=1))
    assert (before.rulebook.hash, before.since) == (services.rulebook.hash, None)


def test_rules_that_this_version_cannot_read_are_said_to_be_so(
    services: Services, clock: FakeClock
) -> None:
    """A sentence that names the set, not a traceback."""
    files = {"old.yaml": "rules: [{id: a, speak: up}]"}
    old = Rulebook(rules=RuleSet(), hash="0123abcd", files=files)
    record_rule_set(replace(services, rulebook=old))
    clock.advance(hours=1)
    with reading(services.sessions) as session, pytest.raises(Conflict, match="rule set 0123abcd"):
        rules_in_force(session, services, clock())


_OURS = """\
- id: morning_of
  for: appointment
  at: {edge: told.start, before: 2h}
  message: reminder
  expires: 1h
"""


def test_other_rules_reach_the_jobs_that_are_open_already(
    sessions: sessionmaker[Session], clock: FakeClock
) -> None:
    """A business that goes live with a rule of its own waits for no other fact about each job."""
    desk = make_desk(sessions, clock)
    record_rule_set(desk.services)
    job = desk.visit()
    files = {**desk.services.rulebook.files, "a-ours.yaml": f"rules:\n{indent(_OURS, '  ')}"}
    services = replace(desk.services, rulebook=rulebook_of(files))

    record_rule_set(services)
    assert look_again(services) == 1

    (row,) = desk.messages(job, "morning_of")
    assert (row.status, row.send_at) == (MessageStatus.PLANNED, TOMORROW.start - timedelta(hours=2))
    record_rule_set(services)
    assert look_again(services) == 0
