"""A lost answer where no record can be searched: the reports tell, and so does their absence."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session, sessionmaker

from notifier.delivery import deliver_due, resolve_unknown
from notifier.domain.messages import Channel, MessageStatus
from notifier.providers.errors import SendOutcomeUnknown
from notifier.providers.receipt import ReceiptEvent
from notifier.sending.claiming import claim_due
from notifier.store.tables import Message
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds
from tests.outbox_world import World, make_world


@pytest.fixture
def world(sessions: sessionmaker[Session], clock: FakeClock, ids: FakeIds) -> World:
    """Return a live brand whose mails are reported, and can't be looked up."""
    world = make_world(sessions, clock, ids)
    world.email.can_look_up = False
    return world


def _mail(world: World, reference: str, *, reported: bool = True) -> Message:
    """Let a customer have a mail, a second later, and let the provider report it, or not yet."""
    job = world.book(reference, phone=None, email=f"{reference}@customers.example")
    world.late(job)
    deliver_due(world.services)
    mail = world.message(job, Channel.EMAIL)
    if reported:
        world.receipt(mail, ReceiptEvent.ACCEPTED)
    return mail


def _lose(world: World) -> Message:
    """Let the answer of one mail be lost, a second later."""
    world.email.answers.append(SendOutcomeUnknown("http_500"))
    return _mail(world, "lost", reported=False)


def _look(world: World, *after: float) -> None:
    """Look up what is due after so many seconds each, and send what may go again."""
    for seconds in after:
        world.clock.advance(seconds=seconds)
        resolve_unknown(world.services)
        deliver_due(world.services)


def _now(world: World, mail: Message) -> Message:
    return world.message(mail.job_id, Channel.EMAIL)


def _times_sent(world: World, mail: Message) -> int:
    return sum(one.message_id == mail.id for one in world.email.sent)


def test_what_is_unreported_while_its_neighbours_are_was_not_taken_and_goes_again(
    world: World,
) -> None:
    """Those before and after it were taken and reported; it is absent twice, some time apart."""
    _mail(world, "before")
    mail = _lose(world)
    _mail(world, "after")

    _look(world, 40)
    assert _times_sent(world, mail) == 1
    _look(world, 50)

    assert _times_sent(world, mail) == 2
    assert _now(world, mail).status == MessageStatus.ACCEPTED
    assert world.tasks("look_into") == []


@pytest.mark.parametrize("silent", ["before", "after"])
def test_while_the_report_of_a_neighbour_is_out_nothing_is_concluded(
    world: World, silent: str
) -> None:
    """Reports may be late for all of them; once all are in, and as long again, they tell."""
    before = _mail(world, "before", reported=silent != "before")
    mail = _lose(world)
    after = _mail(world, "after", reported=silent != "after")
    _look(world, 40, 50, 60)
    assert _times_sent(world, mail) == 1

    world.receipt(before if silent == "before" else after, ReceiptEvent.ACCEPTED)
    _look(world, 10, 145, 10)

    assert _times_sent(world, mail) == 2


@pytest.mark.parametrize("slow", ["before", "after"])
def test_where_reports_are_slow_it_is_given_twice_as_long_as_the_slowest(
    world: World, slow: str
) -> None:
    """The report of one that was taken may be the last of them all, and is no less true."""
    before = _mail(world, "before", reported=slow != "before")
    mail = _lose(world)
    after = _mail(world, "after", reported=slow != "after")
    world.clock.advance(seconds=70)
    world.receipt(before if slow == "before" else after, ReceiptEvent.ACCEPTED)

    _look(world, 20, 10, 10, 10, 10)
    assert _times_sent(world, mail) == 1
    world.receipt(mail, ReceiptEvent.ACCEPTED)
    _look(world, 10, 10, 10)

    assert _now(world, mail).status == MessageStatus.ACCEPTED
    assert _times_sent(world, mail) == 1


def test_as_late_as_the_slowest_twice_over_it_does_not_come_any_more(world: World) -> None:
    """It was not taken, and goes again."""
    before = _mail(world, "before", reported=False)
    mail = _lose(world)
    _mail(world, "after")
    world.clock.advance(seconds=70)
    world.receipt(before, ReceiptEvent.ACCEPTED)

    _look(world, 65, 10)
    assert _times_sent(world, mail) == 1
    _look(world, 10)

    assert _times_sent(world, mail) == 2


def test_with_no_mail_after_it_nobody_can_say_and_a_person_looks_into_it(world: World) -> None:
    """Perhaps nothing is reported at the moment; it is not sent again on a guess."""
    _mail(world, "before")
    mail = _lose(world)

    _look(world, 40, 50, 300, 600)

    assert _now(world, mail).status == MessageStatus.HELD
    assert [task.message_id for task in world.tasks("look_into")] == [mail.id]
    assert _times_sent(world, mail) == 1


def test_a_mail_after_it_that_is_too_new_to_be_reported_says_nothing_yet(world: World) -> None:
    """Neither that reports come, nor that they don't."""
    mail = _lose(world)
    _mail(world, "after")
    _look(world, 40)
    world.clock.advance(seconds=45)
    _mail(world, "new", reported=False)

    _look(world, 5)

    assert _times_sent(world, mail) == 2


def test_where_the_worker_died_its_reports_may_come_much_later(world: World) -> None:
    """The web process may have died with it, and others were reported after it lived again."""
    _mail(world, "before")
    job = world.book("lost", phone=None, email="lost@customers.example")
    world.late(job)
    (claim,) = claim_due(world.services, limit=100).claims
    assert world.begin(claim)
    _mail(world, "after")
    mail = world.message(job, Channel.EMAIL)

    _look(world, 40, 50, 300, 600)

    assert _now(world, mail).status == MessageStatus.HELD
    assert [task.message_id for task in world.tasks("look_into")] == [mail.id]


def test_whoever_never_reports_tells_nothing_by_silence(world: World) -> None:
    """A mail server: there is no record at all, whatever came of the others."""
    _mail(world, "before")
    mail = _lose(world)
    _mail(world, "after")
    world.email.gives_receipts = False

    _look(world, 40, 50, 300, 600)

    assert _now(world, mail).status == MessageStatus.HELD
    assert _times_sent(world, mail) == 1


def test_a_report_settles_it_at_once(world: World) -> None:
    """It carries our own ids, so that no answer is needed."""
    _mail(world, "before")
    mail = _lose(world)
    _mail(world, "after")
    _look(world, 40)
    world.receipt(mail, ReceiptEvent.ACCEPTED)
    _look(world, 50)

    assert _now(world, mail).status == MessageStatus.ACCEPTED
    assert _times_sent(world, mail) == 1
