"""A visit of which nobody reports, and who is asked and told by when."""

from __future__ import annotations

from notifier.domain.messages import Role
from tests.domain.stage import Somebody, Stage, at

_RULES = ("no_word_from_technician", "no_word_yet")


def visit(**details: object) -> Stage:
    """Return a visit from 9 to 11 of which the technician can be asked; it is 9 AM."""
    known: dict[str, object] = {
        "roles": (Role.CUSTOMER, Role.TECHNICIAN),
        "speaking": _RULES,
        "now": at(10, day=23),
    }
    stage = Stage(**(known | details))  # type: ignore[arg-type]
    stage.now = at(9)
    return stage


def the_technician(stage: Stage) -> Somebody:
    """Return who goes there."""
    return next(somebody for somebody in stage.people if somebody.role is Role.TECHNICIAN)


def tasks(stage: Stage) -> list[str]:
    """Return what dispatch is asked to do, by the rules that ask it."""
    return [task.why for task in stage.plan().tasks]


def heard(stage: Stage, hour: int, minute: int) -> tuple[list[str], list[str], list[str]]:
    """Return what goes to the technician, as a task, and to the customer at that time."""
    stage.now = at(hour, minute)
    asked, told = stage.send_all(the_technician(stage)), stage.send_all()
    for row in (*asked, *told):
        stage.deliver(row)
    return [row.rule for row in asked], tasks(stage), [row.rule for row in told]
