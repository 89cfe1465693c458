"""Who hears what: roles, technicians at the door, and who was told which name."""

from uuid import UUID

from notifier.domain.facts import FactType
from notifier.domain.messages import Role
from tests.domain.stage import Stage, at


def on_the_way(stage: Stage) -> UUID:
    """Somebody is assigned and sets off; the customer is told the name. Return who."""
    technician = stage.ids()
    stage.say(FactType.REASSIGNED, technician=technician)
    stage.say(FactType.EN_ROUTE)
    sent = stage.sent_and_delivered()
    assert (sent.rule, sent.technician) == ("on_the_way", technician)
    return technician


def reassigned(stage: Stage) -> UUID:
    """Somebody else takes over. Return who."""
    technician = stage.ids()
    stage.say(FactType.REASSIGNED, technician=technician)
    return technician


def test_a_technician_is_named_only_on_the_way() -> None:
    """Before anybody set off, who comes is nobody's promise."""
    stage = Stage()
    reassigned(stage)
    assert stage.owed() == []
    stage.late(45)
    assert stage.send().technician is None


def test_someone_else_at_the_door_is_told_before_they_arrive() -> None:
    """A name was given; another is coming. One text, and it is the last."""
    stage = Stage()
    on_the_way(stage)
    other = reassigned(stage)
    sent = stage.sent_and_delivered()
    assert (sent.rule, sent.technician) == ("someone_else_coming", other)
    assert stage.send_all() == []


def test_someone_else_and_back_again_is_told_each_time() -> None:
    """Sam, then Kim, then Sam after all."""
    stage = Stage()
    sam = on_the_way(stage)
    reassigned(stage)
    stage.sent_and_delivered()
    stage.say(FactType.REASSIGNED, technician=sam)
    sent = stage.sent_and_delivered()
    assert (sent.rule, sent.technician) == ("someone_else_coming", sam)
    assert stage.send_all() == []


def test_someone_else_takes_the_next_channel_too() -> None:
    """The name must arrive: a failed text is followed by its email, then by a call."""
    stage = Stage()
    on_the_way(stage)
    reassigned(stage)
    stage.fail(stage.send())
    email = stage.send()
    assert (email.rule, email.channel) == ("someone_else_coming", "email")
    stage.fail(email)
    assert stage.send_all() == []
    assert [task.kind for task in stage.plan().tasks] == ["call"]


def test_a_silent_text_about_someone_else_is_followed_by_its_email() -> None:
    """No receipt within its reach."""
    stage = Stage()
    on_the_way(stage)
    reassigned(stage)
    stage.send()
    stage.advance(minutes=10)
    assert stage.send().channel == "email"


def test_nobody_is_told_of_a_change_from_a_name_that_never_reached_them() -> None:
    """They know no name, so the one who comes is simply on the way."""
    stage = Stage()
    stage.say(FactType.REASSIGNED, technician=stage.ids())
    stage.say(FactType.EN_ROUTE)
    stage.fail(stage.send())
    other = reassigned(stage)
    sent = stage.send()
    assert (sent.rule, sent.technician) == ("on_the_way", other)


def test_each_role_hears_what_its_rules_address() -> None:
    """On site they hear who is on the way; the second contact hears of the time."""
    stage = Stage(roles=(Role.CUSTOMER, Role.SECOND_CONTACT, Role.ON_SITE))
    stage.say(FactType.REASSIGNED, technician=stage.ids())
    stage.say(FactType.EN_ROUTE)
    told = [stage.owed(somebody) for somebody in stage.people]
    assert told == [["on_the_way"], [], ["on_the_way"]]
    stage = Stage(roles=(Role.CUSTOMER, Role.SECOND_CONTACT, Role.ON_SITE))
    stage.late(45)
    told = [stage.owed(somebody) for somebody in stage.people]
    assert told == [["running_late"]] * 3


def test_the_undo_of_the_board_delays_what_it_would_take_back() -> None:
    """*Sending in 10 s*: nothing is due before, and what is taken back never goes."""
    stage = Stage(now=at(10, day=23))
    late = stage.say(FactType.DELAYED, minutes=45, hold_seconds=10)
    assert stage.send_all() == []
    stage.advance(seconds=9)
    assert stage.send_all() == []
    stage.take_back(late)
    stage.advance(seconds=2)
    assert stage.send_all() == []
