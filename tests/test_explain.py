"""Why each rule speaks or is silent, as values."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy.orm import Session, sessionmaker

from notifier.booking import NewPerson
from notifier.clock import new_id
from notifier.domain.facts import FactType
from notifier.domain.messages import Role, WhyNot
from notifier.domain.rules.rule import RuleSet
from notifier.errors import NotFound
from notifier.explain import Explained, explain
from notifier.scheduler import run_round
from tests.desk import ADA, Desk, make_desk
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds
from tests.outbox_world import make_world


@pytest.fixture
def desk(sessions: sessionmaker[Session], clock: FakeClock) -> Desk:
    """Return a desk on both databases in turn."""
    return make_desk(sessions, clock)


def of(explained: list[Explained], rule: str, role: Role = Role.CUSTOMER) -> Explained:
    """Return what is explained of one rule and role."""
    return next(one for one in explained if (one.rule, one.role) == (rule, role))


def test_every_rule_is_explained_for_every_person(desk: Desk) -> None:
    """None is left out, and none is explained twice."""
    second = NewPerson(role=Role.SECOND_CONTACT, name="Bo", phone="+12065550101")
    job = desk.visit(people=(ADA, second))
    explained = explain(desk.services, desk.brand, job)
    rules = [rule.id for rule in desk.services.rulebook.rules if rule.jobs == "appointment"]
    for role in (Role.CUSTOMER, Role.SECOND_CONTACT):
        assert [one.rule for one in explained if one.role is role] == rules


def test_it_says_why_and_on_which_values(desk: Desk) -> None:
    """The condition's own text, and what it read."""
    job = desk.visit()
    silent = of(explain(desk.services, desk.brand, job), "running_late")
    assert (silent.owed, silent.reason) == (False, "within_tolerance")
    desk.late(job, 45)
    explained = explain(desk.services, desk.brand, job)
    late = of(explained, "running_late")
    assert (late.owed, late.reason) == (True, "owed")
    assert late.values["drift.minutes"] == 45
    assert late.when == "drift: later; bad_news: 0"
    again = of(explained, "running_late_again")
    assert again.reason == "condition_false"
    assert str(again.values["failed"]).startswith("bad_news:")
    assert of(explained, "done_thanks").reason == WhyNot.RULE_OFF


def test_it_says_which_channel_could_not_carry_it(desk: Desk) -> None:
    """Nobody can be reached over a channel that they have no address for."""
    job = desk.visit(people=(NewPerson(name="Ada", email="ada@example.com"),))
    desk.late(job, 45)
    late = of(explain(desk.services, desk.brand, job), "running_late")
    assert late.values["passed_over"] == ["sms: no_contact"]


def test_it_says_that_no_receipt_came(
    sessions: sessionmaker[Session], clock: FakeClock, ids: FakeIds
) -> None:
    """Taken over each channel, and never reported as delivered: that is why somebody rings."""
    world = make_world(sessions, clock, ids)
    job = world.book("JOB-1", email=None)
    world.late(job)
    while run_round(world.services):
        pass
    clock.advance(minutes=30)

    late = of(explain(world.services, world.brand, job), "running_late")

    assert late.reason == "unreached"
    assert late.in_the_way == ("unreached", "no_receipt")


def test_in_shadow_that_is_what_stands_in_the_way(
    sessions: sessionmaker[Session], clock: FakeClock
) -> None:
    """Owed, and still not sent."""
    desk = make_desk(sessions, clock, live=False)
    job = desk.visit()
    desk.late(job, 45)
    late = of(explain(desk.services, desk.brand, job), "running_late")
    assert (late.owed, late.reason) == (True, WhyNot.SHADOW)


def test_explaining_changes_nothing(desk: Desk) -> None:
    """It only looks."""
    job = desk.visit()
    desk.late(job, 45)
    before = (desk.job(job).version, [(m.id, m.status) for m in desk.messages(job)])
    explain(desk.services, desk.brand, job)
    assert (desk.job(job).version, [(m.id, m.status) for m in desk.messages(job)]) == before


def test_a_finished_job_owes_no_news_of_lateness(desk: Desk) -> None:
    """And says so."""
    job = desk.visit()
    desk.late(job, 45)
    desk.say(job, FactType.COMPLETED)
    late = of(explain(desk.services, desk.brand, job), "running_late")
    assert (late.owed, late.reason) == (False, "finished")


def test_another_brand_sees_nothing(desk: Desk) -> None:
    """Not even that there is such a job."""
    job = desk.visit()
    with pytest.raises(NotFound):
        explain(desk.services, new_id(), job)


@pytest.mark.parametrize(("brand", "reason"), [("southside", "other_brand"), ("northside", "owed")])
def test_a_rule_of_another_brand_says_so(desk: Desk, brand: str, reason: str) -> None:
    """A rule that is limited to a brand speaks for that brand alone."""
    job = desk.visit()
    desk.late(job, 45)
    book = desk.services.rulebook
    rules = RuleSet(
        replace(rule, brands=(brand,)) if rule.id == "running_late" else rule for rule in book.rules
    )
    services = replace(desk.services, rulebook=replace(book, rules=rules))
    assert of(explain(services, desk.brand, job), "running_late").reason == reason
