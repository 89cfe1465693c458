"""What customers write back: closed at once where they ask for it, and always read by a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from notifier.booking import NewPerson
from notifier.customers.status_actions import answer
from notifier.delivery import deliver_due
from notifier.domain.guards.limits import Guards, Limits
from notifier.domain.messages import Channel, MessageStatus, Role
from notifier.domain.reply_intents import Intent
from notifier.domain.windows import Window, from_json
from notifier.links import person_token
from notifier.providers.receipt import ReceiptEvent
from notifier.replies import IncomingReply, take_reply
from notifier.store.tables import FactRow, Job, JobPerson, Person, Reply
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds
from tests.outbox_world import ADA, ADA_EMAIL, OUR_NUMBER, World, add_brand, make_world


@pytest.fixture
def world(sessions: sessionmaker[Session], clock: FakeClock, ids: FakeIds) -> World:
    """Return a live brand with scripted providers."""
    return make_world(sessions, clock, ids)


def write(
    world: World, body: str, *, sid: str = "SM-in-1", from_: str = ADA, to: str = OUR_NUMBER
) -> str | None:
    """Let the customer text us."""
    return take_reply(
        world.services,
        IncomingReply(
            channel=Channel.SMS,
            provider_id=sid,
            from_address=from_,
            to_address=to,
            body=body,
            received_at=world.clock(),
        ),
    )


def replies(world: World) -> list[Reply]:
    """Return all replies, oldest first."""
    with world.services.sessions() as session:
        return list(session.scalars(select(Reply).order_by(Reply.received_at, Reply.id)))


def test_every_reply_is_stored_sealed_on_its_job_with_a_task(world: World) -> None:
    """Whatever it says, a person reads it within half an hour."""
    job = world.book()
    world.late(job)
    deliver_due(world.services)

    assert write(world, "where is he??") is None

    (reply,) = replies(world)
    assert (reply.job_id, reply.intent) == (job, Intent.OTHER)
    with world.services.sessions() as session:
        person = session.get_one(Person, reply.person_id)
        assert world.services.vault.open(person.key, reply.body) == "where is he??"
    (task,) = world.tasks("reply")
    assert (task.reply_id, task.job_id) == (reply.id, job)
    assert task.due_at == world.clock() + timedelta(minutes=30)


def test_the_same_reply_twice_is_one(world: World) -> None:
    """Twilio repeats a call whose answer it lost."""
    world.book()

    write(world, "hello")
    write(world, "hello")

    assert len(replies(world)) == 1
    assert len(world.tasks("reply")) == 1


@pytest.mark.parametrize("words", ["STOP", "no más", "please stop texting me"])
def test_stop_closes_the_number_at_once_in_every_job(world: World, words: str) -> None:
    """What waits is suppressed before the answer; email, which was not closed, carries on."""
    first, second = world.book("JOB-1"), world.book("JOB-2")
    world.late(first)
    world.late(second)

    write(world, words)

    assert world.statuses(first)[0] == ("sms", MessageStatus.SUPPRESSED)
    assert world.statuses(second)[0] == ("sms", MessageStatus.SUPPRESSED)
    deliver_due(world.services)
    assert world.sms.sent == []
    assert [email.to for email in world.email.sent] == [ADA_EMAIL] * 2


def test_start_opens_the_number_again(world: World) -> None:
    """And so does YES, but only from someone who had left."""
    job = world.book()
    write(world, "STOP", sid="SM-1")
    write(world, "Yes", sid="SM-2")

    world.late(job)
    deliver_due(world.services)

    assert len(world.sms.sent) == 1
    assert [reply.intent for reply in replies(world)] == [Intent.OPT_OUT, Intent.OPT_IN]


def test_never_contact_me_closes_every_channel(world: World) -> None:
    """Also of a later booking with another of their addresses; START opens the number alone."""
    job = world.book()
    world.late(job)

    write(world, "never contact me on any channel", sid="SM-1")
    deliver_due(world.services)
    assert (world.sms.sent, world.email.sent) == ([], [])

    later = world.book("JOB-2", phone=None)
    world.late(later)
    deliver_due(world.services)
    assert world.email.sent == []

    write(world, "START", sid="SM-2")
    again = world.book("JOB-3")
    world.late(again)
    deliver_due(world.services)
    assert len(world.sms.sent) == 1
    assert world.email.sent == []


def test_cancel_opts_out_and_asks_staff_whether_the_visit_was_meant(world: World) -> None:
    """The visit itself is not cancelled by a word that carriers take for STOP."""
    job = world.book()
    world.late(job)

    write(world, "CANCEL")
    deliver_due(world.services)

    assert world.sms.sent == []
    assert [task.why for task in world.tasks("reply")] == [Intent.CANCEL]
    with world.services.sessions() as session:
        assert session.get_one(Job, job).status == "scheduled"


def test_c_accepts_the_offer_that_stands(world: World) -> None:
    """`told` is the earlier window from then on, by the customer's own word."""
    job, offer = given_offer(world)
    assert world.person(job).told != offer

    write(world, "c")

    assert world.person(job).told == offer
    with world.services.sessions() as session:
        facts = list(session.scalars(select(FactRow).where(FactRow.type == "accepted")))
    assert [(fact.source, fact.body["window"]) for fact in facts] == [("customer", offer)]


def test_c_to_two_open_offers_answers_neither(world: World) -> None:
    """Nobody can tell which visit was meant: both times stay, and a person asks."""
    first, _ = given_offer(world, "JOB-1")
    second, _ = given_offer(world, "JOB-2")
    told = [world.person(job).told for job in (first, second)]

    write(world, "C")

    assert [world.person(job).told for job in (first, second)] == told
    assert [task.why for task in world.tasks("reply")] == [Intent.CONFIRM]


def test_an_offer_answered_before_leaves_the_next_one_clear(world: World) -> None:
    """Asked one after the other, each C answers its own question."""
    first, one = given_offer(world, "JOB-1")
    write(world, "C", sid="SM-1")
    second, other = given_offer(world, "JOB-2")
    write(world, "C", sid="SM-2")

    assert world.person(first).told == one
    assert world.person(second).told == other


def test_x_declines_it(world: World) -> None:
    """`told` stays, and a person reads it soon."""
    job, offer = given_offer(world)
    before = world.person(job).told

    write(world, "X")

    assert world.person(job).told == before != offer
    assert [task.why for task in world.tasks("reply")] == [Intent.DECLINE]


def test_r_to_an_offer_declines_it_as_the_page_does(world: World) -> None:
    """Another time, please: the offer is declined, and a person finds one that suits."""
    job, offer = given_offer(world)

    write(world, "R")

    assert [fact.body["window"] for fact in declined(world)] == [offer]
    assert [task.why for task in world.tasks("reply")] == [Intent.RESCHEDULE]
    assert "offer_declined" in [task.why for task in world.tasks("call")]
    assert world.person(job).told != offer


@pytest.mark.parametrize(
    "said", [("R", "R"), ("X", "R"), ("R", "X"), ("page", "R"), ("R", "page"), ("R", "page", "X")]
)
def test_an_offer_is_declined_once_however_often_they_say_it(
    world: World, said: tuple[str, ...]
) -> None:
    """By text, on the page, or both: one fact, and each text is read."""
    job, offer = given_offer(world)

    for index, word in enumerate(said):
        if word == "page":
            token = person_token(world.services.vault, world.person(job).id)
            window = from_json(offer)
            assert isinstance(window, Window)
            assert answer(world.services, token, suits=False, window=window) is None
        else:
            write(world, word, sid=f"SM-{index}")

    assert [fact.body["window"] for fact in declined(world)] == [offer]
    assert len(world.tasks("reply")) == sum(word != "page" for word in said)


def test_whoever_thinks_again_can_still_take_what_they_declined(world: World) -> None:
    """R, then C: the offer stands as long as the business believes in it."""
    job, offer = given_offer(world)

    write(world, "R", sid="SM-1")
    write(world, "C", sid="SM-2")

    assert world.person(job).told == offer


@pytest.mark.parametrize("before", [None, "C"])
def test_r_where_nothing_is_asked_is_for_a_person(world: World, before: str | None) -> None:
    """No offer, or one that they took: nothing is declined, and a person reads that they want
    another time."""
    if before is None:
        world.late(world.book())
        deliver_due(world.services)
    else:
        given_offer(world)
        write(world, before, sid="SM-before")

    write(world, "R")

    assert declined(world) == []
    assert Intent.RESCHEDULE in [task.why for task in world.tasks("reply")]


def test_an_offer_that_lapsed_is_not_accepted(world: World) -> None:
    """The answer crossed with the news: it goes to a person instead."""
    job, offer = given_offer(world)
    world.late(job, 90)

    write(world, "C")

    assert world.person(job).told != offer
    assert [task.why for task in world.tasks("reply")] == [Intent.CONFIRM]


def test_he_is_here_is_read_sooner(world: World) -> None:
    """Somebody at the door is news for now."""
    world.book()

    write(world, "He's here")

    (task,) = world.tasks("reply")
    assert task.due_at == world.clock() + timedelta(minutes=5)


def test_two_people_with_one_number_the_latest_message_decides(world: World) -> None:
    """Who answers is most likely who was written to last."""
    both = NewPerson(role=Role.SECOND_CONTACT, name="Bo Park", phone=ADA)
    world.book("JOB-1", phone="+12065550109", others=(both,))
    job = world.book("JOB-2")
    world.late(job)
    deliver_due(world.services)

    write(world, "ok")

    (reply,) = replies(world)
    assert reply.job_id == job


def test_without_a_message_the_newest_job_is_meant(world: World) -> None:
    """They have the number from a card or an old text."""
    world.book("JOB-1")
    world.clock.advance(seconds=1)
    newest = world.book("JOB-2")

    write(world, "what time tomorrow?")

    assert [reply.job_id for reply in replies(world)] == [newest]


def test_a_stranger_is_stored_under_a_key_of_their_own(world: World) -> None:
    """Nobody we know; their wish to be left alone counts all the same."""
    write(world, "STOP", from_="+12065550177")

    (reply,) = replies(world)
    assert reply.person_id is None
    assert world.services.vault.open(reply.key, reply.body) == "STOP"
    job = world.book(phone="+12065550177")
    world.late(job)
    deliver_due(world.services)
    assert world.sms.sent == []


def test_help_names_the_brand_and_the_number_to_ring(world: World) -> None:
    """The one answer that we give by ourselves."""
    world.book()

    answer = write(world, "HELP")

    assert answer is not None
    assert "Northside" in answer
    assert "206-555-0199" in answer


def test_the_brand_that_owns_the_number_is_the_one_meant(world: World) -> None:
    """The same customer of two businesses leaves one of them."""
    other = add_brand(world.services, "other", live_at=world.clock(), number="+15005550007")
    theirs = World(world.services, world.clock, world.sms, world.email, other)
    ours = world.book(email=None)
    world.late(ours)
    job = theirs.book(email=None)
    theirs.late(job)

    write(world, "STOP", to="+15005550007")
    deliver_due(world.services)

    assert world.message(ours).status == MessageStatus.ACCEPTED
    assert theirs.message(job).status == MessageStatus.SUPPRESSED


def declined(world: World) -> list[FactRow]:
    """Return the facts by which a customer declined a time."""
    with world.services.sessions() as session:
        return list(session.scalars(select(FactRow).where(FactRow.type == "declined")))


def given_offer(
    world: World, reference: str = "JOB-1"
) -> tuple[UUID, Mapping[str, str] | str | None]:
    """Return a job whose customer was told of a delay and is offered the old time again."""
    job = world.book(reference)
    world.late(job)
    deliver_due(world.services)
    world.receipt(world.message(job), ReceiptEvent.DELIVERED)
    world.late(job, 0)
    deliver_due(world.services)
    offer = world.message(job)
    assert offer.rule == "earlier_if_suits"
    with world.services.sessions() as session:
        assert session.scalar(select(JobPerson.told).where(JobPerson.job_id == job)) is not None
    return job, offer.asserts


def test_whoever_asks_for_help_without_end_is_answered_as_often_as_one_is_texted(
    world: World,
) -> None:
    """Each answer is a text that is paid for; a person reads what was written all the same."""
    limits = Guards(usual=Limits(texts_per_number=2), prices={"US": 8300}, currency="USD")
    world = replace(world, services=replace(world.services, guards=limits))

    answers = [write(world, "HELP", sid=f"SM-{number}") for number in range(3)]

    assert [answer is not None for answer in answers] == [True, True, False]
    assert write(world, "HELP", sid="SM-other", from_="+12065550177") is not None
    assert len(replies(world)) == 4
    world.clock.advance(days=1)
    assert write(world, "HELP", sid="SM-tomorrow") is not None


def test_nobody_is_texted_back_where_the_brand_does_not_text(world: World) -> None:
    """Numbers abroad that are paid for being texted ask for help, too."""
    assert write(world, "HELP", from_="+447700900123") is None
    assert write(world, "HELP", sid="SM-short", from_="24273") is None
    assert len(replies(world)) == 2
