"""The one short text that answers a technician's own: what we understood, or what we did not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from notifier.domain.phones import for_reading
from notifier.domain.technician_answers import Act, Answer
from notifier.domain.windows import Expectation, Window
from notifier.domain.words.segments import plain
from notifier.page_times import say_window
from notifier.store.snapshots import Snapshot
from notifier.store.tables import Brand

_UNDERSTOOD = {
    Act.ON_MY_WAY: "you are on your way",
    Act.HERE: "you are there",
    Act.DONE: "done",
    Act.CANNOT: "you can't come today. The customer is told",
    Act.LATE: "late, and nobody knows how late. The customer is told",
}


def noted(visit: Snapshot, answer: Answer, said: Expectation | None, *, now: datetime) -> str:
    """Return what was understood, so that a wrong reading is seen before it does harm.

    :param said: what the answer says about the time.
    """
    brand = visit.brand
    understood = _UNDERSTOOD[answer.act]
    if isinstance(said, Window):
        when = say_window(said, visit.plan_input.zone, now=now, locale="en")
        understood = f"{answer.minutes} late, now {when}. The customer is told"
    ring = for_reading(brand.phone, brand.country)
    wrong = f" Wrong? Ring {ring}" if ring else ""
    return plain(f"{brand.name}: noted, {visit.job.reference}: {understood}.{wrong}")


def which_one(brand: Brand, visits: Sequence[Snapshot], link: str) -> str:
    """Return the question which of `visits` an answer was about."""
    first, *others = sorted(visit.job.reference for visit in visits)
    named = f"{', '.join([first, *others[:-1]])} or {others[-1]}"
    return plain(f"{brand.name}: which one, {named}? Text e.g. {first} HERE, or tap {link}")
