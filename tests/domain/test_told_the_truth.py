"""A message about something else never repeats a time that is no longer so, and wakes nobody."""

from __future__ import annotations

from uuid import UUID

import pytest

from notifier.domain.facts import FactSource, FactType
from notifier.domain.jobs import JobKind
from notifier.domain.messages import Channel
from notifier.domain.windows import OFF, UNKNOWN
from tests.domain.stage import NINE_TO_ELEVEN, Stage, at, window
from tests.fakes.ids import id_number

_SAM: UUID = id_number(77)


def test_shipped_leaves_out_the_day_that_its_own_scan_made_wrong() -> None:
    """The delay settles for a minute; the text that goes before it must not name the old day."""
    stage = Stage(kind=JobKind.ORDER, promised=window(0, 20), parcels=("A",))
    later = window(0, 20, day=25)
    stage.say(FactType.SHIPPED, source=FactSource.CARRIER, expected=later, parcel="A")
    shipped = stage.send()
    assert (shipped.rule, shipped.asserts, shipped.moves_told) == ("shipped", None, False)
    stage.advance(minutes=1)
    delayed = stage.send()
    assert (delayed.rule, delayed.asserts) == ("order_delayed", later)


def test_on_the_way_leaves_out_a_time_that_somebody_rings_about() -> None:
    """The third slip is not texted: what else is texted does not say the old time."""
    stage = Stage()
    for minutes in (45, 90):
        stage.late(minutes)
        stage.sent_and_delivered()
    stage.late(150)
    stage.say(FactType.REASSIGNED, technician=_SAM)
    stage.say(FactType.EN_ROUTE)
    sent = stage.send()
    assert (sent.rule, sent.asserts) == ("on_the_way", None)


def test_on_the_way_still_says_a_time_that_holds_until_they_answer() -> None:
    """An earlier time is an offer: what they were told stays."""
    stage = Stage()
    stage.say(FactType.REASSIGNED, technician=_SAM)
    stage.late(-30)
    stage.say(FactType.EN_ROUTE)
    by_rule = {row.rule: row.asserts for row in stage.send_all()}
    assert by_rule["on_the_way"] == NINE_TO_ELEVEN


def test_nobody_is_told_again_that_nobody_comes_by_the_text_that_somebody_does() -> None:
    """They hold *off* and are asked about a new time, for which we set out."""
    stage = Stage()
    stage.expect(OFF)
    stage.sent_and_delivered()
    stage.say(FactType.REASSIGNED, technician=_SAM)
    stage.expect(window(13, 15))
    stage.say(FactType.EN_ROUTE)
    by_rule = {row.rule: row.asserts for row in stage.send_all()}
    assert by_rule["on_the_way"] is None


def test_the_day_of_a_delivery_is_no_hour_that_is_near() -> None:
    """At ten in the evening its day is two hours off; that is no reason to wake anybody."""
    stage = Stage(kind=JobKind.ORDER, promised=window(0, 20), now=at(22, day=23))
    stage.expect(OFF)
    stage.reconcile()
    due = [row.due_at for row in stage.customer.rows.values() if row.rule == "order_no_date_yet"]
    assert due == [at(8)]


def test_the_hour_of_a_delivery_is() -> None:
    """Promised for eleven to one at night, and off at ten: worth hearing at once."""
    soon = window(23, (23, 59), day=23)
    stage = Stage(kind=JobKind.ORDER, promised=soon, now=at(22, day=23), channels=(Channel.SMS,))
    stage.expect(OFF)
    assert stage.send().rule == "order_no_date_yet"


def test_nobody_hears_the_time_of_a_visit_that_is_there() -> None:
    """Booked without a time, learnt at night; before morning somebody was at the door."""
    stage = Stage(promised=None, now=at(2, day=23), speaking=["time_set"])
    stage.expect(window(9, 11))
    stage.say(FactType.ARRIVED)
    stage.now = at(8, day=23)
    assert stage.owed() == []


def test_that_nothing_came_rests_on_no_mistake() -> None:
    """A wrong day was told and taken back too late to be put right; that the day went by
    without a delivery is so all the same."""
    stage = Stage(kind=JobKind.ORDER, promised=window(0, 20), speaking=["order_not_here"])
    wrong = stage.expect(window(0, 20, day=25))
    stage.sent_and_delivered()
    stage.now = at(21)
    stage.take_back(wrong)
    stage.now = at(20, 1, day=25)
    missing = stage.send()
    assert (missing.rule, missing.rests_on) == ("order_not_here", None)


@pytest.mark.parametrize("technician", [_SAM, None])
def test_off_again_after_somebody_set_out_is_news_again(technician: UUID | None) -> None:
    """Not coming, on the way after all, and not coming: whoever read that somebody comes reads
    that nobody does."""
    stage = Stage()
    stage.expect(OFF)
    stage.sent_and_delivered()
    if technician is not None:
        stage.say(FactType.REASSIGNED, technician=technician)
    stage.advance(minutes=5)
    stage.say(FactType.EN_ROUTE)
    said = stage.send_all()
    for row in said:
        stage.deliver(row)
    assert [row.rule for row in said] == ["no_time_yet", "on_the_way"][: 2 if technician else 1]
    assert {row.asserts for row in said} <= {UNKNOWN, None}

    stage.advance(minutes=5)
    stage.expect(OFF)

    assert stage.sent_and_delivered().rule == "not_coming_today"
    assert stage.owed() == []


def test_off_again_before_anybody_read_of_it_is_no_news() -> None:
    """They hold that nobody comes, and it is so: what waited to say otherwise never goes."""
    stage = Stage()
    stage.expect(OFF)
    stage.sent_and_delivered()
    stage.say(FactType.EN_ROUTE)
    assert stage.waiting() == ["no_time_yet"]

    stage.expect(OFF)

    assert stage.waiting() == []
    assert stage.owed() == []


def test_on_the_way_alone_makes_off_again_news() -> None:
    """The text about the time reached nobody, the one that somebody is on the way did."""
    stage = Stage(channels=(Channel.SMS,))
    stage.expect(OFF)
    stage.sent_and_delivered()
    stage.say(FactType.EN_ROUTE)
    stage.fail(stage.send())
    stage.say(FactType.REASSIGNED, technician=_SAM)
    assert stage.sent_and_delivered().rule == "on_the_way"
    stage.advance(minutes=5)

    stage.expect(OFF)

    assert stage.sent_and_delivered().rule == "not_coming_today"
