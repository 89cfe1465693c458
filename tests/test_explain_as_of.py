"""Explaining the past: the same answer as was given then, from what is on record."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy.orm import Session, sessionmaker

from notifier import intake
from notifier.booking import NewPerson, correct_people
from notifier.brands import go_live
from notifier.clock import new_id
from notifier.delivery import deliver_due
from notifier.domain.facts import FactSource, FactType
from notifier.domain.messages import Channel, MessageStatus, Role, WhyNot
from notifier.domain.windows import Window
from notifier.errors import Invalid, NotFound
from notifier.explain import explain, explanation_of
from notifier.people import PeoplePatch
from notifier.planner import look_again
from notifier.providers.codes import Reaction
from notifier.providers.errors import SendDeferred, SendOutcomeUnknown, SendRejected
from notifier.providers.receipt import ReceiptEvent
from notifier.rule_tools.sets import record_rule_set
from notifier.rulebook import Rulebook, rulebook_of
from notifier.sending.claiming import claim_due
from notifier.sending.lookups import resolve_unknown
from notifier.sending.suppressions import drop_what_waits, lift, suppress
from notifier.store.addresses import address_hash
from tests.desk import ADA, TOMORROW, WITH_EMAIL, Desk, make_desk
from tests.diary import Diary
from tests.fakes.clock import FakeClock


@pytest.fixture
def desk(sessions: sessionmaker[Session], clock: FakeClock) -> Desk:
    """Return a desk on both databases in turn."""
    return make_desk(sessions, clock)


def test_a_visit_that_slips_is_explained_as_it_was_at_each_step(desk: Desk) -> None:
    """Booked, late, later still, taken back, moved, done: each step in its own light."""
    diary = Diary(desk, desk.visit(people=(WITH_EMAIL,)))
    diary.write()
    late = desk.late(diary.job, 45)
    diary.write()
    deliver_due(desk.services)  # taken by the provider, and no receipt yet
    diary.write()
    desk.deliver()
    diary.write()
    desk.late(diary.job, 90)
    diary.write()
    desk.deliver()
    diary.write()
    intake.withdraw(
        desk.services, desk.brand, diary.job, late.fact_id, source=FactSource.STAFF, actor="staff:1"
    )
    diary.write()
    desk.deliver()
    diary.write()
    desk.say(diary.job, FactType.COMPLETED)
    diary.write()
    diary.must_still_hold()


def test_what_failed_on_its_way_is_told_apart_from_what_had_not_failed_yet(desk: Desk) -> None:
    """Refused, put off, in doubt, looked up, bounced: the past knows only what was known."""
    desk.sms.fail_next += [SendRejected("30003", reaction=Reaction.OTHER_CHANNEL)]
    diary = Diary(desk, desk.visit(people=(WITH_EMAIL,)))
    diary.write()
    desk.late(diary.job, 45)
    desk.sms.fail_next += [SendDeferred("rate_limit", retry_after=5)]
    deliver_due(desk.services)
    diary.write()
    desk.clock.advance(minutes=1)
    desk.sms.fail_next += [SendOutcomeUnknown("timeout")]
    deliver_due(desk.services)
    diary.write()
    desk.clock.advance(minutes=1)
    resolve_unknown(desk.services)  # absent
    diary.write()
    desk.clock.advance(minutes=2)
    resolve_unknown(desk.services)  # absent again: it was not taken
    diary.write()
    desk.deliver()
    diary.write()
    text = desk.messages(diary.job, "running_late")[-1]
    desk.receipt(text, ReceiptEvent.UNDELIVERED, "30005")
    diary.write()
    desk.deliver()
    diary.write()
    diary.must_still_hold()


def test_a_worker_that_died_leaves_a_claim_that_is_in_doubt_later(desk: Desk) -> None:
    """Claimed, then unknown once its lease was over."""
    diary = Diary(desk, desk.visit(), "running_late")
    desk.late(diary.job, 45)
    claim_due(desk.services, limit=10)
    diary.write()
    desk.clock.advance(seconds=desk.services.timing.lease + 1)
    resolve_unknown(desk.services)
    diary.write()
    desk.clock.advance(minutes=5)
    resolve_unknown(desk.services)
    desk.clock.advance(minutes=5)
    resolve_unknown(desk.services)
    desk.deliver()
    diary.write()
    diary.must_still_hold()


def test_what_a_worker_that_died_had_not_begun_waits_again_once_its_lease_is_over(
    desk: Desk,
) -> None:
    """Claimed, then put back, then sent; nobody looked it up."""
    by_email = (replace(WITH_EMAIL, phone=None),)
    diary = Diary(desk, desk.visit(people=by_email), "running_late")
    desk.late(diary.job, 45)
    claim_due(desk.services, limit=10)
    diary.write()
    desk.clock.advance(seconds=desk.services.timing.lease + 1)
    resolve_unknown(desk.services)
    diary.write()
    desk.deliver()
    diary.write()
    diary.must_still_hold()


def test_holds_suppressions_and_corrected_numbers_are_those_of_then(desk: Desk) -> None:
    """What stood in the way then, and not what stands in it now."""
    diary = Diary(desk, desk.visit())
    intake.hold(desk.services, desk.brand, diary.job, actor="staff:1")
    desk.late(diary.job, 45)
    diary.write()
    assert WhyNot.HELD_BY_STAFF in in_the_way(desk, diary.job)
    intake.release(desk.services, desk.brand, diary.job, actor="staff:1")
    diary.write()
    number = address_hash(desk.services.vault, Channel.SMS, "+12065550100")
    with desk.services.sessions.begin() as session:
        suppress(
            session,
            desk.services,
            brand_id=desk.brand,
            channel=Channel.SMS,
            address_hash=number,
            why=WhyNot.OPTED_OUT,
            source="reply",
        )
    diary.write()  # on the list, and no row says so yet
    drop_what_waits(desk.services, brand_id=desk.brand, channel=Channel.SMS, address_hash=number)
    diary.write()
    assert WhyNot.OPTED_OUT in in_the_way(desk, diary.job)
    with desk.services.sessions.begin() as session:
        lift(
            session,
            desk.services,
            brand_id=desk.brand,
            channel=Channel.SMS,
            address_hash=number,
        )
    diary.write()
    desk.late(diary.job, 120)
    corrected = PeoplePatch(phone="+12065550111")
    correct_people(desk.services, desk.brand, diary.job, corrected, actor="staff:1")
    diary.write()
    desk.deliver()
    diary.write()
    diary.must_still_hold()


def in_the_way(desk: Desk, job: UUID, at: datetime | None = None) -> tuple[str, ...]:
    """Return what keeps the news of a delay from the customer."""
    found = explain(desk.services, desk.brand, job, at=at)
    return next(one.in_the_way for one in found if one.rule == "running_late")


def test_a_number_that_was_refused_was_good_until_then(desk: Desk) -> None:
    """The provider's word on it is as old as the first time that it was said."""
    diary = Diary(desk, desk.visit(people=(WITH_EMAIL,)))
    diary.write()
    desk.sms.fail_next += [SendRejected("21614", reaction=Reaction.FLAG_CONTACT)]
    desk.late(diary.job, 45)
    diary.write()
    desk.deliver()
    diary.write()
    desk.late(diary.job, 90)
    diary.write()
    diary.must_still_hold()


def test_a_message_at_night_waits_and_the_past_says_for_what(desk: Desk) -> None:
    """Quiet hours stood in the way at midnight, and no longer in the morning."""
    job = desk.visit(
        window=Window(*(t + timedelta(days=2) for t in (TOMORROW.start, TOMORROW.end)))
    )
    diary = Diary(desk, job)
    desk.clock.set(datetime.fromisoformat("2026-11-25T05:30:00Z"))  # 21:30 there
    desk.late(job, 45)
    at_night = desk.clock()
    diary.write()
    desk.clock.set(datetime.fromisoformat("2026-11-25T16:00:01Z"))
    look_again(desk.services)
    desk.deliver()
    diary.write()
    diary.must_still_hold()
    assert in_the_way(desk, job, at_night) == ("quiet_hours",)


def test_a_brand_in_shadow_sent_nothing_then_though_it_is_live_now(
    sessions: sessionmaker[Session], clock: FakeClock
) -> None:
    """Shadow stood in the way."""
    desk = make_desk(sessions, clock, live=False)
    job = desk.visit()
    desk.late(job, 45)
    then = clock()
    clock.advance(hours=1)
    go_live(desk.services, desk.brand, actor="staff:1")
    desk.late(job, 90)
    desk.deliver()
    assert WhyNot.SHADOW in in_the_way(desk, job, then)
    assert WhyNot.SHADOW not in in_the_way(desk, job)


def test_the_rules_of_then_explain_then(desk: Desk) -> None:
    """A rule switched off since still spoke; the page says which rule set and since when."""
    record_rule_set(desk.services)
    first_since = desk.clock()
    job = desk.visit()
    desk.late(job, 45)
    then = desk.clock()
    desk.clock.advance(hours=1)
    now_without = replace(desk.services, rulebook=without(desk.services.rulebook, "running_late"))
    assert record_rule_set(now_without)
    desk.clock.advance(seconds=1)

    past = explanation_of(now_without, desk.brand, job, at=then)
    present = explanation_of(now_without, desk.brand, job)

    assert (past.rules_hash, past.rules_since) == (desk.services.rulebook.hash, first_since)
    assert present.rules_hash == now_without.rulebook.hash
    assert ("running_late", True) in [(one.rule, one.owed) for one in past.items]
    assert "running_late" not in [one.rule for one in present.items]
    assert past.is_past
    assert not present.is_past


def without(rulebook: Rulebook, rule: str) -> Rulebook:
    """Return the rules as they are once somebody has taken one out of its file."""
    files = {}
    for name, text in rulebook.files.items():
        head, *rules = text.split("\n  - id: ")
        kept = [one for one in rules if one.splitlines()[0].split()[0] != rule]
        files[name] = "\n  - id: ".join([head, *kept])
    return rulebook_of(files)


def test_before_it_was_booked_there_is_nothing_to_explain(desk: Desk) -> None:
    """A sentence with the time it came, not an empty list; nor is the future known."""
    job = desk.visit()
    desk.late(job, 45)
    with pytest.raises(Invalid, match="not on record yet: it came at 2026-11-23T17:00:00Z"):
        explain(desk.services, desk.brand, job, at=desk.clock() - timedelta(days=1))
    with pytest.raises(Invalid, match="future"):
        explain(desk.services, desk.brand, job, at=desk.clock() + timedelta(days=1))
    with pytest.raises(NotFound):
        explain(desk.services, new_id(), job, at=desk.clock())


def test_people_named_later_were_not_there_then(desk: Desk) -> None:
    """Whoever was on the job then is explained, and nobody else; and nothing is written."""
    job = desk.visit(people=(ADA, NewPerson(role=Role.ON_SITE, name="Bo", phone="+12065550101")))
    desk.late(job, 45)
    before = (desk.job(job).version, [(m.id, m.status) for m in desk.messages(job)])
    roles = {one.role for one in explain(desk.services, desk.brand, job, at=desk.clock())}
    assert roles == {Role.CUSTOMER, Role.ON_SITE}
    assert (desk.job(job).version, [(m.id, m.status) for m in desk.messages(job)]) == before
    assert desk.messages(job)[-1].status == MessageStatus.READY
