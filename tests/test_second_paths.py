"""A second number and a mail server beside SendGrid: they take over, and give back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from threading import Barrier
from uuid import UUID

import pytest
from sqlalchemy.orm import Session, sessionmaker
from structlog.testing import capture_logs

from notifier.brands import keep_sender
from notifier.checkup.diagnosis import diagnose
from notifier.checkup.readiness import check_readiness
from notifier.delivery import deliver_due
from notifier.domain.findings import Level
from notifier.domain.messages import Channel, MessageStatus, WhyNot
from notifier.providers.codes import Reaction
from notifier.providers.errors import (
    ProviderMisconfigured,
    SendDeferred,
    SendOutcomeUnknown,
    SendRejected,
)
from notifier.providers.receipt import ReceiptEvent
from notifier.replies import IncomingReply, take_reply
from notifier.scheduler import run_round
from notifier.sending.claiming import claim_due
from notifier.web.metrics import StoredFigures
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds
from tests.fakes.scripted_providers import ScriptedEmail, ScriptedSms
from tests.outbox_world import ADA, World, make_world

SECOND_NUMBER = "+15005550007"


@dataclass(frozen=True)
class TwoPaths:
    """A world in which each channel has two paths."""

    world: World
    second_sms: ScriptedSms
    smtp: ScriptedEmail

    def work(self) -> None:
        """Do whatever is due now, as a worker does."""
        while run_round(self.world.services):
            pass

    def late(self, number: int) -> UUID:
        """Book a visit of somebody of their own, say that it is late, and do what is due."""
        job = self.world.book(f"JOB-{number}", phone=f"+1206555{number:04}", email=None)
        self.world.late(job)
        self.work()
        return job

    def by(self) -> list[int]:
        """Return how many texts each path was handed."""
        return [len(self.world.sms.sent), len(self.second_sms.sent)]


@pytest.fixture
def paths(sessions: sessionmaker[Session], clock: FakeClock, ids: FakeIds) -> TwoPaths:
    """Return a live brand with four scripted providers."""
    world = make_world(sessions, clock, ids)
    second, smtp = ScriptedSms("twilio_2", now=clock), ScriptedEmail("smtp", now=clock)
    smtp.gives_receipts = smtp.can_look_up = False
    services = replace(
        world.services,
        sms={"twilio": world.sms, "twilio_2": second},
        email={"sendgrid": world.email, "smtp": smtp},
    )
    keep_sender(
        services, world.brand, channel=Channel.SMS, provider="twilio_2", address=SECOND_NUMBER
    )
    return TwoPaths(replace(world, services=services), second, smtp)


def nobody_there() -> SendDeferred:
    """Return what a refused connection becomes."""
    return SendDeferred("no_connection")


def test_the_first_path_carries_while_it_is_well(paths: TwoPaths) -> None:
    """A number that can't receive texts says nothing against it."""
    paths.world.sms.answers.extend(
        SendRejected("21211", reaction=Reaction.FLAG_CONTACT) for _ in range(3)
    )
    for number in range(4):
        paths.late(number)

    assert paths.by() == [4, 0]


def test_three_failures_shift_the_traffic_and_trials_bring_it_back(paths: TwoPaths) -> None:
    """Within seconds, for every worker, for its state is in the answers; and it drifts back."""
    paths.world.sms.answers.extend(nobody_there() for _ in range(3))
    jobs = [paths.late(number) for number in range(3)]
    assert paths.by() == [3, 0]

    jobs.append(paths.late(3))
    assert paths.by() == [3, 1]
    paths.world.clock.advance(seconds=5)
    paths.work()
    assert paths.by() == [3, 4], "what the first could not take goes by the second"
    assert {paths.world.message(job).status for job in jobs} == {MessageStatus.ACCEPTED}

    paths.world.clock.advance(seconds=15)
    for number in range(4, 7):
        job = paths.world.book(f"JOB-{number}", phone=f"+1206555{number:04}", email=None)
        paths.world.late(job)
    paths.work()
    assert paths.by() == [4, 6], "one trial at first, however many are due"
    for number in range(7, 12):
        paths.late(number)
    assert paths.by() == [9, 6]


def test_slow_answers_shift_the_traffic_too(paths: TwoPaths) -> None:
    """Each was taken, after six seconds: a path on its knees, which has not fallen yet."""
    paths.world.sms.meanwhile = partial(paths.world.clock.advance, seconds=6)
    jobs = [paths.late(number) for number in range(4)]

    assert paths.by() == [3, 1]
    assert {paths.world.message(job).status for job in jobs} == {MessageStatus.ACCEPTED}


def test_two_workers_make_one_trial_between_them(paths: TwoPaths) -> None:
    """Both claim at the same moment; the path that was left alone gets one of the two."""
    paths.world.sms.answers.extend(nobody_there() for _ in range(3))
    for number in range(3):
        paths.late(number)
    paths.world.clock.advance(seconds=5)
    paths.work()
    assert paths.by() == [3, 3]
    paths.world.clock.advance(seconds=15)
    for number in range(10, 12):
        paths.world.late(paths.world.book(f"JOB-{number}", phone=f"+1206555{number:04}"))
    together = Barrier(2)

    def claim(_: int) -> list[str]:
        together.wait()
        claimed = claim_due(paths.world.services, limit=1)
        return [one.provider.name for one in claimed.claims]

    with ThreadPoolExecutor(2) as pool:
        by = sorted(name for names in pool.map(claim, range(2)) for name in names)

    assert by == ["twilio", "twilio_2"]


def test_what_was_claimed_with_the_failures_takes_the_other_path_at_once(
    paths: TwoPaths,
) -> None:
    """Of twenty that are due at once, the outage costs those that were on their way."""
    for number in range(20):
        job = paths.world.book(f"JOB-{number}", phone=f"+1206555{number:04}", email=None)
        paths.world.late(job)
    paths.world.sms.answers.extend(SendOutcomeUnknown("read_timeout") for _ in range(20))

    paths.work()

    first, second = paths.by()
    assert 3 <= first <= 10, "three, and as many as were on their way beside them"
    assert first + second == 20


def test_an_outcome_in_doubt_stays_with_the_provider_that_has_it(paths: TwoPaths) -> None:
    """The second path is not asked and gets nothing until the first one's record has spoken."""
    paths.world.sms.answers.extend(SendOutcomeUnknown("read_timeout") for _ in range(3))
    jobs = [paths.late(number) for number in range(3)]
    started = paths.world.message(jobs[0]).claimed_at
    assert started is not None

    while paths.world.clock() < started + timedelta(seconds=89):
        paths.world.clock.advance(seconds=1)
        paths.work()
        assert paths.world.message(jobs[0]).status == MessageStatus.UNKNOWN
    assert paths.second_sms.sent == []
    assert paths.second_sms.asked == []

    paths.world.clock.advance(seconds=4)
    paths.work()

    assert {paths.world.message(job).status for job in jobs} == {MessageStatus.ACCEPTED}
    assert sum(paths.by()) == 6
    assert len(paths.world.sms.asked) == 6


def test_what_no_record_settles_is_never_sent_by_the_other_path(paths: TwoPaths) -> None:
    """SendGrid lost the answer and can't be asked: a person looks, no mail server sends."""
    paths.world.email.can_look_up = False
    job = paths.world.book(phone=None)
    paths.world.email.answers.append(SendOutcomeUnknown("connection_lost"))
    paths.world.late(job)
    paths.work()
    for _ in range(20):
        paths.world.clock.advance(minutes=1)
        paths.work()

    row = paths.world.message(job, Channel.EMAIL)
    assert (row.status, row.reason) == (MessageStatus.HELD, WhyNot.OUTCOME_UNKNOWN)
    assert paths.smtp.sent == []
    assert [task.message_id for task in paths.world.tasks("look_into")] == [row.id]


def test_refused_credentials_leave_it_to_the_second_path(paths: TwoPaths) -> None:
    """The message goes by it in seconds, others at once; staff are told of the first."""
    paths.world.sms.answers.append(ProviderMisconfigured("20003"))
    with capture_logs() as logs:
        first = paths.late(0)
    second = paths.late(1)
    assert paths.by() == [1, 1]
    assert {"path": "twilio", "code": "20003"}.items() <= logs[0].items()

    paths.world.clock.advance(seconds=5)
    paths.work()

    assert paths.by() == [1, 2]
    assert paths.world.message(first).status == MessageStatus.ACCEPTED
    assert paths.world.message(second).provider == "twilio_2"
    (task,) = paths.world.tasks("sender_halted")
    assert (task.why, task.path) == ("20003", "twilio")


def test_the_doctor_tells_a_path_that_refuses_us_from_one_in_a_hurry(paths: TwoPaths) -> None:
    """Somebody must act, though the other path carries: it does not wait for a second one."""
    paths.world.sms.answers.append(ProviderMisconfigured("20003"))
    paths.late(0)

    found = {one.subject: one for one in diagnose(paths.world.services, webhook_key=None)}

    path = found["path twilio"]
    (sender,) = (one for subject, one in found.items() if subject.startswith("sender of"))
    assert (path.level, sender.level) == (Level.FAILING, Level.FAILING)
    assert "It refused us" in path.sentence
    assert "The other path carries" in (path.remedy or "")
    assert "does not accept our credentials (20003)" in sender.sentence
    assert "texts go by the other path" in sender.sentence

    paths.world.clock.advance(minutes=2)
    paths.world.sms.answers.extend(nobody_there() for _ in range(3))
    for number in range(1, 4):
        paths.late(number)
    found = {one.subject: one for one in diagnose(paths.world.services, webhook_key=None)}
    assert found["path twilio"].sentence.startswith("It fails.")


def test_a_carrier_that_refuses_our_number_leaves_it_to_the_second(paths: TwoPaths) -> None:
    """An unregistered number is found out by a receipt, not by an answer."""
    paths.world.receipt(paths.world.message(paths.late(0)), ReceiptEvent.UNDELIVERED, code="30034")

    paths.late(1)

    assert paths.by() == [1, 1]


def test_pace_shifts_nothing_for_the_sake_of_seconds(paths: TwoPaths) -> None:
    """A short rest is waited for: the customer's thread stays with one number."""
    paths.world.sms.answers.append(SendDeferred("20429", retry_after=20, reaction=Reaction.PACE))
    paths.late(0)
    assert paths.by() == [1, 0]
    paths.world.clock.advance(seconds=20)
    paths.work()
    assert paths.by() == [2, 0]

    paths.world.sms.answers.append(SendDeferred("20429", retry_after=300, reaction=Reaction.PACE))
    paths.late(1)
    assert paths.by() == [3, 1]


def test_the_mail_server_takes_over_from_sendgrid(paths: TwoPaths) -> None:
    """And keeps nobody waiting for receipts that it never gives."""
    paths.world.email.answers.extend(nobody_there() for _ in range(3))
    jobs = []
    for number in range(4):
        jobs.append(paths.world.book(f"JOB-{number}", phone=None, email=f"ada{number}@example.com"))
        paths.world.late(jobs[-1])
        paths.work()

    assert len(paths.world.email.sent) == 3
    assert [email.to for email in paths.smtp.sent] == ["ada3@example.com"]
    assert paths.world.message(jobs[3], Channel.EMAIL).provider == "smtp"


def test_one_address_rests_with_the_path_that_was_refused(paths: TwoPaths) -> None:
    """Both emails come from it: a mail server that refuses our account is not asked every few
    seconds, and the doctor names it."""
    for provider in ("sendgrid", "smtp"):
        keep_sender(
            paths.world.services,
            paths.world.brand,
            channel=Channel.EMAIL,
            provider=provider,
            address="hello@notify.example.com",
        )
    paths.world.email.answers.extend(nobody_there() for _ in range(3))
    paths.smtp.answers.append(ProviderMisconfigured("smtp_535"))
    for number in range(4):
        job = paths.world.book(f"JOB-{number}", phone=None, email=f"ada{number}@example.com")
        paths.world.late(job)
        paths.work()
    assert (len(paths.world.email.sent), len(paths.smtp.sent)) == (3, 1)

    found = diagnose(paths.world.services, webhook_key=None)
    (sender,) = [one.sentence for one in found if one.subject.startswith("sender of")]
    assert sender.startswith("smtp refused us")

    paths.world.clock.advance(seconds=10)
    paths.work()
    assert len(paths.smtp.sent) == 1, "it rests for a minute; SendGrid is tried sooner"

    paths.world.clock.advance(seconds=10)
    paths.work()
    assert len(paths.world.email.sent) > 3


def test_a_callback_of_the_second_path_finds_its_message_by_twilios_id(paths: TwoPaths) -> None:
    """Twilio signs and names itself alike, whichever number it was."""
    paths.world.sms.answers.extend(nobody_there() for _ in range(3))
    for number in range(3):
        paths.late(number)
    job = paths.late(3)
    row = paths.world.message(job)
    assert row.provider == "twilio_2"

    paths.world.receipt(row, ReceiptEvent.DELIVERED, provider="twilio", by_provider_id=True)

    assert paths.world.message(job).status == MessageStatus.DELIVERED


def test_stop_to_the_second_number_is_stop(paths: TwoPaths) -> None:
    """It closes the customer's number for both of ours, and START opens it for both."""
    job = paths.world.book(email=None)

    def text(body: str) -> None:
        take_reply(
            paths.world.services,
            IncomingReply(
                channel=Channel.SMS,
                provider_id=f"SM-{body}",
                from_address=ADA,
                to_address=SECOND_NUMBER,
                body=body,
                received_at=paths.world.clock(),
            ),
        )

    text("STOP")
    paths.world.late(job)
    paths.work()
    assert paths.by() == [0, 0]
    assert paths.world.messages(job)[-1].reason == WhyNot.OPTED_OUT

    text("START")
    paths.world.late(paths.world.book("JOB-2", email=None))
    paths.work()
    assert paths.by() == [1, 0]


def test_one_worker_learns_from_what_another_was_answered(
    paths: TwoPaths, sessions: sessionmaker[Session]
) -> None:
    """A worker that starts now knows it, too: nothing is kept in a process."""
    paths.world.sms.answers.extend(nobody_there() for _ in range(3))
    for number in range(3):
        paths.late(number)
    job = paths.world.book("JOB-9", email=None)
    paths.world.late(job)

    deliver_due(replace(paths.world.services, sessions=sessions))

    assert paths.world.message(job).provider == "twilio_2"


def test_a_path_that_fails_is_told_and_a_warning_keeps_the_process_in_use(
    paths: TwoPaths,
) -> None:
    """By `doctor`, `/readyz` and the figures; well again, nothing is said of it."""
    services = replace(paths.world.services, public_url="http://127.0.0.1:9")

    def levels() -> tuple[Level, Level, float]:
        (found,) = [
            finding
            for finding in diagnose(services, webhook_key=None)
            if finding.subject == "path twilio"
        ]
        (check,) = [one for one in check_readiness(services) if one.name == "failing_path_count"]
        (figure,) = [
            sample.value
            for metric in StoredFigures(services).collect()
            if metric.name == "notifier_path_failing"
            for sample in metric.samples
            if sample.labels == {"path": "twilio"}
        ]
        return found.level, check.level, float(figure)

    assert levels() == (Level.OK, Level.OK, 0)
    paths.world.sms.answers.extend(nobody_there() for _ in range(3))
    for number in range(3):
        paths.late(number)
    assert levels() == (Level.WARNING, Level.WARNING, 1)

    paths.world.clock.advance(seconds=20)
    for number in range(3, 9):
        paths.late(number)
    assert levels() == (Level.OK, Level.OK, 0)


def test_a_path_that_rests_is_told(paths: TwoPaths) -> None:
    """It is no failure, so `/readyz` says nothing of it."""
    services = replace(paths.world.services, public_url="http://127.0.0.1:9")
    paths.world.sms.answers.append(SendDeferred("20429", retry_after=60, reaction=Reaction.PACE))
    paths.late(0)

    said = {finding.subject: finding for finding in diagnose(services, webhook_key=None)}
    checks = {check.name: check.level for check in check_readiness(services)}

    assert said["path twilio"].level is Level.WARNING
    assert "rests until" in said["path twilio"].sentence
    assert said["path twilio_2"].level is Level.OK
    assert checks["failing_path_count"] is Level.OK
