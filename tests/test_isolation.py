"""A job that can't be worked on is put off with a task, and stops nobody else."""

from __future__ import annotations

import json
import traceback
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from notifier.checkup.diagnosis import diagnose
from notifier.checkup.readiness import check_readiness
from notifier.delivery import deliver_due, resolve_unknown
from notifier.domain.findings import Level
from notifier.domain.messages import MessageStatus, Strength, WhyNot
from notifier.isolation import Planning, plan_soon, planned_or_soon, together_or_each
from notifier.planner import bring_up_to_date, look_again, plan_all_soon, plan_anew
from notifier.providers.errors import SendOutcomeUnknown
from notifier.providers.protocols import Accepted, LookUpFound
from notifier.providers.receipt import ReceiptEvent
from notifier.scheduler import run_round
from notifier.sending.claiming import claim_due
from notifier.sending.lapsing import let_lapse
from notifier.sending.settling import settle
from notifier.store.tables import Brand, FactRow, Job
from notifier.task_list import mark_done
from notifier.web.board.words.tasks import TASK, task_why
from tests.fakes.clock import FakeClock
from tests.fakes.ids import IdsByTheClock
from tests.outbox_world import ADA, World, make_world
from tests.three_orders import slip_all, three

BO = "+12065550101"
CY = "+12065550102"


@pytest.fixture
def world(sessions: sessionmaker[Session], clock: FakeClock) -> World:
    """Return a live brand, whose ids tell the time at which they were made."""
    world = make_world(sessions, clock, ids=IdsByTheClock(clock))  # type: ignore[arg-type]
    return replace(world, services=replace(world.services, public_url="http://127.0.0.1:9"))


def spoil(world: World, job: UUID) -> None:
    """Let the job have a fact that nobody can read, as another version may have written it."""
    with world.services.sessions.begin() as session:
        session.execute(update(FactRow).where(FactRow.job_id == job).values(type="gibberish"))


def mend(world: World, job: UUID) -> None:
    """Make the facts readable again: a booking, and a delay."""
    with world.services.sessions.begin() as session:
        for row in session.scalars(select(FactRow).where(FactRow.job_id == job)):
            row.type = "booked" if row.seq == 1 else "delayed"


def late(world: World, reference: str, phone: str) -> UUID:
    """Book a visit, and say that it is late."""
    job = world.book(reference, phone=phone, email=None)
    world.late(job)
    return job


def look_at(world: World, *jobs: UUID) -> None:
    """Let time be about to change something about the jobs."""
    with world.services.sessions.begin() as session:
        session.execute(update(Job).where(Job.id.in_(jobs)).values(look_at=world.clock()))


def looked_at(world: World, job: UUID) -> bool:
    """Return whether the job was looked at since, or put off."""
    with world.services.sessions() as session:
        at = session.get_one(Job, job).look_at
    return at is None or at > world.clock()


def told(world: World) -> list[str]:
    """Return whom a text went to, in the order of their numbers."""
    return sorted(sms.to for sms in world.sms.sent)


def failing(world: World) -> list[UUID | None]:
    """Return the jobs that somebody is asked to look after."""
    return [task.job_id for task in world.tasks("job_failed")]


def warned(world: World) -> tuple[Level, float | None]:
    """Return what `/readyz` says of jobs that fail."""
    (check,) = [one for one in check_readiness(world.services) if one.name == "failing_job_count"]
    return check.level, check.value


def test_a_claim_is_made_for_all_but_the_one_that_fails(world: World) -> None:
    """It stood first. The others go in the same claim, each once."""
    bad, *others = (late(world, f"JOB-{n}", phone) for n, phone in enumerate((ADA, BO, CY)))
    spoil(world, bad)

    with structlog.testing.capture_logs() as logs:
        assert deliver_due(world.services) == 3
    while deliver_due(world.services):
        pass

    assert told(world) == [BO, CY]
    assert [world.message(job).status for job in others] == [MessageStatus.ACCEPTED] * 2
    (line,) = [line for line in logs if line["event"] == "job_put_off"]
    assert (line["job_id"], line["error"]) == (str(bad), "ValueError")
    assert "gibberish" not in str(logs)
    row = world.message(bad)
    assert (row.status, row.claimed_at) == (MessageStatus.READY, None)
    assert failing(world) == [bad]


def test_whoever_is_put_off_is_behind_all_that_are_due(world: World) -> None:
    """More of them than one claim takes do not keep anybody waiting."""
    bad = [late(world, f"JOB-{number}", f"+1206555{number:04d}") for number in range(200, 204)]
    for job in bad:
        spoil(world, job)
    late(world, "JOB-1", BO)

    assert deliver_due(world.services, limit=2) == 2
    assert deliver_due(world.services, limit=2) == 2
    assert deliver_due(world.services, limit=2) == 1

    assert told(world) == [BO]
    assert sorted(map(str, failing(world))) == sorted(map(str, bad))


def test_it_goes_by_itself_once_it_can_be_worked_on(world: World) -> None:
    """Five minutes later; until then it is left in peace."""
    job = late(world, "JOB-1", ADA)
    spoil(world, job)
    deliver_due(world.services)
    mend(world, job)

    world.clock.advance(minutes=4)
    assert deliver_due(world.services) == 0
    world.clock.advance(minutes=1)
    deliver_due(world.services)

    assert told(world) == [ADA]


def test_a_person_is_asked_once_a_day_for_as_long_as_it_fails(world: World) -> None:
    """The board names the job in words, `/readyz` and the doctor count it until somebody looked."""
    job = world.book(starts_in=timedelta(days=3))
    assert warned(world) == (Level.OK, 0)
    spoil(world, job)
    for _ in range(3):
        look_at(world, job)
        look_again(world.services)
        world.clock.advance(minutes=6)

    (task,) = world.tasks("job_failed")
    assert (task.job_id, task.brand_id) == (job, world.brand)
    assert "{who}" in TASK[task.kind]
    assert "something is wrong with this job" in task_why(task.kind, task.why)
    assert warned(world) == (Level.WARNING, 1)
    (finding,) = [
        one for one in diagnose(world.services, webhook_key=None) if one.subject == "failing job"
    ]
    assert "job_put_off" in (finding.remedy or "")
    mark_done(world.services, world.brand, task.id, actor="staff:test")
    assert warned(world) == (Level.OK, 0)

    world.clock.advance(days=1)
    look_at(world, job)
    look_again(world.services)
    assert failing(world) == [job]


def test_the_tick_looks_at_all_but_the_one_that_fails(world: World) -> None:
    """That one is put off too, and is not the first of every tick."""
    jobs = [world.book(f"JOB-{number}", starts_in=timedelta(days=3)) for number in range(3)]
    look_at(world, *jobs)
    spoil(world, jobs[0])

    assert look_again(world.services) == 3
    assert [looked_at(world, job) for job in jobs] == [True] * 3
    assert look_again(world.services) == 0
    assert failing(world) == [jobs[0]]


def test_what_is_planned_anew_for_all_is_planned_for_all_but_the_one_that_fails(
    world: World,
) -> None:
    """A brand that goes live has one job that nobody can read: the others are told of."""
    with world.services.sessions.begin() as session:
        session.execute(update(Brand).values(live_at=None))
    jobs = [late(world, f"JOB-{number}", phone) for number, phone in enumerate((ADA, BO))]
    deliver_due(world.services)
    assert [world.message(job).reason for job in jobs] == [WhyNot.SHADOW] * 2
    spoil(world, jobs[0])
    with world.services.sessions.begin() as session:
        session.execute(update(Brand).values(live_at=world.clock() - timedelta(hours=1)))
        plan_all_soon(session, Job.brand_id == world.brand, now=world.clock())

    plan_anew(world.services, Job.brand_id == world.brand)

    assert [world.message(job).status for job in jobs] == [
        MessageStatus.SKIPPED,
        MessageStatus.READY,
    ]
    assert failing(world) == jobs[:1]


def test_an_answer_is_on_record_though_planning_from_it_fails(world: World) -> None:
    """A provider says only once that it took a text: it is not called a second time."""
    job = late(world, "JOB-1", ADA)
    (claim,) = claim_due(world.services, limit=1).claims
    spoil(world, job)

    settle(world.services, claim, Accepted("SM1", world.clock()))

    row = world.message(job)
    assert (row.status, row.provider_id) == (MessageStatus.ACCEPTED, "SM1")
    run_round(world.services)
    assert failing(world) == [job]
    mend(world, job)
    for _ in range(20):
        world.clock.advance(minutes=1)
        run_round(world.services)
    assert told(world) == []


def test_claims_of_a_dead_worker_lapse_though_planning_one_of_them_fails(world: World) -> None:
    """What the provider knows of each is asked for, also of the one that fails."""
    jobs = [late(world, f"JOB-{n}", phone) for n, phone in enumerate((ADA, BO))]
    assert len(claim_due(world.services, limit=2).claims) == 2
    spoil(world, jobs[0])
    world.clock.advance(seconds=30)

    assert let_lapse(world.services, limit=2) == 2

    assert [world.message(job).status for job in jobs] == [MessageStatus.UNKNOWN] * 2
    assert let_lapse(world.services, limit=2) == 0
    look_again(world.services)
    assert failing(world) == jobs[:1]


def test_what_a_record_says_of_one_that_fails_is_noted_and_the_others_are_asked_for(
    world: World,
) -> None:
    """It was taken: nobody has to look into it, nor to wait for it."""
    jobs = [late(world, f"JOB-{n}", phone) for n, phone in enumerate((ADA, BO))]
    world.sms.answers.extend(SendOutcomeUnknown("read_timeout") for _ in jobs)
    while deliver_due(world.services):
        pass
    spoil(world, jobs[0])
    world.clock.advance(seconds=41)
    for number in (1, 2):
        accepted = Accepted(f"SM{number}", world.clock())
        world.sms.look_ups.append(LookUpFound(accepted, ReceiptEvent.ACCEPTED))

    resolve_unknown(world.services)

    assert [world.message(job).status for job in jobs] == [MessageStatus.ACCEPTED] * 2
    look_again(world.services)
    assert failing(world) == jobs[:1]


def test_a_report_is_on_record_though_planning_from_it_fails(world: World) -> None:
    """Twilio reports once, and SendGrid's batch holds reports on others behind this one."""
    bad, good = late(world, "JOB-1", ADA), late(world, "JOB-2", BO)
    deliver_due(world.services)
    spoil(world, bad)

    for job in (bad, good):
        world.receipt(world.message(job), ReceiptEvent.DELIVERED)

    assert [world.message(job).status for job in (bad, good)] == [MessageStatus.DELIVERED] * 2
    assert [one.strength for one in world.promises(bad)][-1] == Strength.DELIVERED
    look_again(world.services)
    assert failing(world) == [bad]


def test_who_could_be_told_together_with_one_that_fails_is_told_alone(world: World) -> None:
    """Nor is the fault put down to them: the other is put off when its own turn comes."""
    first, bad, _ = three(world)
    slip_all(world, first, bad)
    spoil(world, bad)

    deliver_due(world.services)

    assert ["ORD-1" in sms.body for sms in world.sms.sent] == [True]
    assert failing(world) == []
    world.clock.advance(minutes=1)
    deliver_due(world.services)
    assert failing(world) == [bad]


def test_what_failed_while_all_was_planned_anew_is_planned_once_it_can_be(world: World) -> None:
    """Going live plans all jobs once: whichever failed then would have stayed in shadow."""
    with world.services.sessions.begin() as session:
        session.execute(update(Brand).values(live_at=None))
    job = late(world, "JOB-1", ADA)
    deliver_due(world.services)
    assert world.message(job).reason == WhyNot.SHADOW
    spoil(world, job)
    with world.services.sessions.begin() as session:
        session.execute(update(Brand).values(live_at=world.clock() - timedelta(hours=1)))
        plan_all_soon(session, Job.brand_id == world.brand, now=world.clock())

    plan_anew(world.services, Job.brand_id == world.brand)
    mend(world, job)
    for _ in range(6):
        world.clock.advance(minutes=1)
        run_round(world.services)

    assert [text.to for text in world.sms.sent] == [ADA]


def test_a_report_that_closes_an_address_counts_though_another_job_of_it_fails(
    world: World,
) -> None:
    """Twilio says it once: an error would keep the rest of it from counting."""
    good = late(world, "JOB-1", ADA)
    deliver_due(world.services)
    bad = late(world, "JOB-2", ADA)
    spoil(world, bad)

    world.receipt(world.message(good), ReceiptEvent.UNDELIVERED, code="21610")

    assert world.message(good).status == MessageStatus.UNDELIVERED
    look_again(world.services)
    assert failing(world) == [bad]


def test_the_log_names_the_line_that_failed(world: World) -> None:
    """Not the error's text: it may quote somebody's data."""

    def record(plan: Planning) -> None:
        if plan is not plan_soon:
            json.loads("+12065550100")

    with pytest.raises(json.JSONDecodeError) as failed:
        json.loads("+12065550100")
    raised = traceback.extract_tb(failed.tb)[-1]
    with structlog.testing.capture_logs() as logs:
        planned_or_soon(bring_up_to_date, record)

    (line,) = logs
    assert line["at"] == f"{Path(raised.filename).name}:{raised.lineno}"
    assert "0100" not in str(line)


def test_what_the_database_did_not_take_is_not_recorded_unplanned(world: World) -> None:
    """Whoever records it tries all of it again."""
    tried = []

    def record(plan: Planning) -> None:
        tried.append(plan)
        raise OperationalError("select", {}, Exception("gone"))

    with pytest.raises(OperationalError):
        planned_or_soon(bring_up_to_date, record)
    assert tried == [bring_up_to_date]


def test_trouble_with_the_database_puts_nobody_off(world: World) -> None:
    """It is said again as soon as it can be, and what was done before it is not lost."""
    jobs = [world.book(f"JOB-{number}") for number in range(3)]
    trouble = OperationalError("select", {}, Exception("gone"))

    def work(_: Session, some: Sequence[UUID], alone: bool) -> UUID:
        if not alone:
            raise ValueError
        if some == [jobs[1]]:
            raise trouble
        return some[0]

    assert together_or_each(world.services, lambda _: jobs, work) == jobs[:1]
    with pytest.raises(OperationalError):
        together_or_each(world.services, lambda _: jobs[1:], work)
    assert failing(world) == []
