"""Why each rule speaks or is silent about a job, now or at a moment in the past."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import abort, request
from flask.typing import ResponseReturnValue

from notifier.board_reading.job import read_card
from notifier.board_reading.people import PersonSeen
from notifier.domain.decisions import Reason
from notifier.domain.messages import Role
from notifier.errors import Conflict, Invalid, NotFound
from notifier.explain import Explained, Explanation, NotOnRecordYet, explanation_of
from notifier.web.board.asked_moment import asked_moment
from notifier.web.board.blueprint import board
from notifier.web.board.pages import draw_page, page_now
from notifier.web.current import services

#: Of least use to a reader: the rule could not have spoken to them at all.
_BESIDE_THE_POINT = frozenset({Reason.NOT_ADDRESSED, Reason.OTHER_BRAND, Reason.RULE_OFF})


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyPerson:
    """What the rules say about one person: what is or was owed first, then what owes nothing."""

    name: str | None
    role: Role
    speak: tuple[Explained, ...]  # owed, stopped, or sent
    silent: tuple[Explained, ...]
    beside: tuple[Explained, ...]  # silent, and never meant for them

    @property
    def unmet(self) -> int:
        """How many are silent because their condition does not hold."""
        return sum(one.reason == Reason.CONDITION_FALSE for one in self.silent)


def why_of(explanation: Explanation, people: Mapping[UUID, PersonSeen]) -> list[WhyPerson]:
    """Return an explanation person by person, what is owed before what was."""
    grouped: dict[UUID, list[Explained]] = {}
    for one in explanation.items:
        grouped.setdefault(one.job_person_id, []).append(one)
    found = []
    for job_person_id, items in grouped.items():
        person = people.get(job_person_id)
        silent = [one for one in items if not _speaks(one)]
        found.append(
            WhyPerson(
                name=person.name if person is not None else None,
                role=items[0].role,
                speak=tuple(
                    sorted(
                        (one for one in items if _speaks(one)),
                        key=lambda one: (not one.owed, not one.in_the_way),
                    )
                ),
                silent=tuple(one for one in silent if one.reason not in _BESIDE_THE_POINT),
                beside=tuple(one for one in silent if one.reason in _BESIDE_THE_POINT),
            )
        )
    return found


def _speaks(one: Explained) -> bool:
    """Whether a message of it is owed, was stopped, or is on record."""
    return one.owed or bool(one.in_the_way) or bool(one.values["messages"])


@board.get("/board/jobs/<uuid:job_id>/why")
def show_why(job_id: UUID) -> ResponseReturnValue:
    """Show what each rule says of a job, and on what, now or at `at` in the brand's zone."""
    page = page_now()
    asked = request.args.get("at", "")
    sentence: str | None = None
    explanation: Explanation | None = None
    try:
        card = read_card(services(), page.brand.id, job_id)
        at = asked_moment(asked, ZoneInfo(page.brand.zone))
        explanation = explanation_of(services(), page.brand.id, job_id, at=at)
    except NotFound:
        abort(404)
    except NotOnRecordYet as early:
        came = page.moment(early.since, card)
        sentence = f"the job was not on record yet: it came {came}; choose a moment after that"
    except (Invalid, Conflict) as error:
        sentence = str(error)
    shown = explanation.at if explanation is not None else page.now
    people = {person.id: person for person in card.everybody}
    return draw_page(
        "why.html",
        page=page,
        card=card,
        asked=asked or f"{shown.astimezone(ZoneInfo(page.brand.zone)):%Y-%m-%dT%H:%M:%S}",
        sentence=sentence,
        explanation=explanation,
        why=why_of(explanation, people) if explanation is not None else [],
    ), (200 if sentence is None else 422)
