"""Stories in which a rule has something to say to somebody, and one thing stands in the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from notifier import intake
from notifier.booking import NewOrder, NewPerson, book
from notifier.brands import go_live
from notifier.customers.consents import NewConsent
from notifier.delivery import deliver_due
from notifier.domain.caps import Cap
from notifier.domain.facts import FactSource, FactType
from notifier.domain.messages import Channel, MessageKind, Role, WhyNot
from notifier.domain.rules.rule import InQuietHours, RuleSet
from notifier.domain.windows import Window
from notifier.parcels import NewParcel
from notifier.providers.codes import Reaction
from notifier.providers.errors import SendRejected
from notifier.sending.claiming import claim_due
from notifier.sending.suppressions import suppress
from notifier.store.addresses import address_hash
from tests.desk import ADA, TOMORROW, Desk

_NIGHT = datetime(2026, 11, 24, 6, tzinfo=UTC)  # ten in the evening there
_IN_THREE_DAYS = Window(
    datetime(2026, 11, 26, 16, tzinfo=UTC), datetime(2026, 11, 27, 2, tzinfo=UTC)
)


@dataclass(frozen=True)
class Obstacle:
    """What happens, and then stands in the way of one rule."""

    rule: str
    in_the_way: tuple[str, ...]
    happens: Callable[[Desk], tuple[Desk, UUID]]
    role: Role = Role.CUSTOMER
    live: bool = True  # whether the brand is, when the story begins


def _late(desk: Desk, *people: NewPerson) -> tuple[Desk, UUID]:
    """A visit that is 45 minutes late; nothing has gone yet."""
    job = desk.visit(people=people or (ADA,))
    desk.late(job, 45)
    return desk, job


def _with_rule(desk: Desk, rule_id: str, **changes: object) -> Desk:
    """Return the desk with one rule of another mind."""
    rulebook = desk.services.rulebook
    rules = RuleSet(
        replace(rule, **changes) if rule.id == rule_id else rule  # type: ignore[arg-type]
        for rule in rulebook.rules
    )
    return replace(desk, services=replace(desk.services, rulebook=replace(rulebook, rules=rules)))


def _refused(desk: Desk) -> tuple[Desk, UUID]:
    no = NewConsent(kind=MessageKind.TRANSACTIONAL, granted=False, source="phone")
    return _late(desk, replace(ADA, consents=(no,)))


def _opted_out(desk: Desk) -> tuple[Desk, UUID]:
    with desk.services.sessions.begin() as session:
        suppress(
            session,
            desk.services,
            brand_id=desk.brand,
            channel=Channel.SMS,
            address_hash=address_hash(desk.services.vault, Channel.SMS, "+12065550100"),
            why=WhyNot.OPTED_OUT,
            source="reply",
        )
    return _late(desk)


def _without_address(desk: Desk) -> tuple[Desk, UUID]:
    return _late(desk, NewPerson(role=Role.CUSTOMER, name="Ada Park"))


def _unreached(desk: Desk) -> tuple[Desk, UUID]:
    desk, job = _late(desk)
    desk.sms.fail_next.append(SendRejected("30003", reaction=Reaction.OTHER_CHANNEL))
    deliver_due(desk.services)
    return desk, job


def _at_night(desk: Desk) -> tuple[Desk, UUID]:
    job = desk.visit(window=TOMORROW.shifted(24 * 60))
    desk.clock.set(_NIGHT)
    desk.late(job, 45)
    return desk, job


def _dropped_at_night(desk: Desk) -> tuple[Desk, UUID]:
    return _at_night(_with_rule(desk, "running_late", quiet=InQuietHours.DROP))


def _heard_enough(desk: Desk) -> tuple[Desk, UUID]:
    rulebook = desk.services.rulebook
    caps = [Cap(period=timedelta(hours=24), at_most=1)]
    capped = replace(rulebook, rules=RuleSet(rulebook.rules, caps=caps))
    desk = replace(desk, services=replace(desk.services, rulebook=capped))
    desk.visit("JOB-1")
    return desk, desk.visit("JOB-2")


def _superseded(desk: Desk) -> tuple[Desk, UUID]:
    desk = _with_rule(desk, "running_late", supersedes=("on_the_way",))
    job = desk.visit(technician="Sam")
    desk.say(job, FactType.EN_ROUTE)
    desk.late(job, 45)
    return desk, job


def _stale(desk: Desk) -> tuple[Desk, UUID]:
    job = desk.visit(technician="Sam")
    desk.say(job, FactType.EN_ROUTE)
    desk.clock.advance(hours=3)
    return desk, job


def _booked_too_late(desk: Desk) -> tuple[Desk, UUID]:
    desk.clock.set(datetime(2026, 11, 24, 3, tzinfo=UTC))  # seven in the evening before
    return desk, desk.visit()


def _before_live(desk: Desk) -> tuple[Desk, UUID]:
    desk, job = _late(desk)
    desk.clock.advance(minutes=1)
    go_live(desk.services, desk.brand, actor="staff:1")
    return desk, job


def _on_trial(desk: Desk) -> tuple[Desk, UUID]:
    return _late(_with_rule(desk, "running_late", trial=True))


def _spoken_on_trial(desk: Desk) -> tuple[Desk, UUID]:
    desk, job = _on_trial(desk)
    desk.deliver()
    return desk, job


def _held(desk: Desk) -> tuple[Desk, UUID]:
    job = desk.visit()
    intake.hold(desk.services, desk.brand, job, actor="staff:1")
    desk.late(job, 45)
    return desk, job


def _third_slip(desk: Desk) -> tuple[Desk, UUID]:
    job = desk.visit(technician="Sam")
    for minutes in (45, 90, 135):
        desk.deliver()
        desk.late(job, minutes)
    return desk, job


def _third_slip_superseded(desk: Desk) -> tuple[Desk, UUID]:
    desk, job = _third_slip(_with_rule(desk, "on_the_way", supersedes=("late_once_too_often",)))
    desk.say(job, FactType.EN_ROUTE)
    return desk, job


def _asked_of_another(desk: Desk) -> tuple[Desk, UUID]:
    second = NewPerson(role=Role.SECOND_CONTACT, name="Bo", phone="+12065550101")
    job = desk.visit(people=(ADA, second))
    desk.late(job, -60)
    return desk, job


def _good_news_too_soon(desk: Desk) -> tuple[Desk, UUID]:
    desk, job = _late(desk)
    claim_due(desk.services, limit=10)  # with a provider, who has not answered
    desk.clock.advance(seconds=1)
    desk.late(job, 0)
    return desk, job


def _said_together(desk: Desk) -> tuple[Desk, UUID]:
    first, _ = _order(desk, "ORD-1"), _order(desk, "ORD-2")
    desk.say(first, FactType.DELAYED, expected=_IN_THREE_DAYS.shifted(3 * 24 * 60))
    desk.clock.advance(minutes=2)
    return desk, first


def _order(desk: Desk, reference: str) -> UUID:
    new = NewOrder(
        reference=reference,
        items=("Kettle",),
        parcels=(NewParcel(carrier="UPS", tracking_code=f"1Z{reference}"),),
        window=_IN_THREE_DAYS,
        people=(ADA,),
    )
    job = book(desk.services, desk.brand, new, source=FactSource.API, actor="key:1").job_id
    desk.deliver()
    return job


#: By what stands in the way, in a few words.
OBSTACLES: dict[str, Obstacle] = {
    "consent": Obstacle("running_late", ("unreached", "no_consent"), _refused),
    "opted out": Obstacle("running_late", ("unreached", "opted_out"), _opted_out),
    "no address": Obstacle("running_late", ("no_contact",), _without_address),
    "unreachable": Obstacle("running_late", ("unreached", "30003"), _unreached),
    "quiet hours": Obstacle("running_late", ("quiet_hours",), _at_night),
    "dropped in quiet hours": Obstacle("running_late", ("quiet_hours",), _dropped_at_night),
    "cap": Obstacle("booked", ("cap_reached",), _heard_enough),
    "superseded": Obstacle("on_the_way", ("superseded_by_rule",), _superseded),
    "stale": Obstacle("on_the_way", ("expired",), _stale),
    "moment passed": Obstacle("reminder", ("moment_passed",), _booked_too_late),
    "shadow": Obstacle("running_late", ("shadow",), _late, live=False),
    "before live": Obstacle("running_late", ("before_live",), _before_live, live=False),
    "trial": Obstacle("running_late", ("trial",), _on_trial),
    "spoken on trial": Obstacle("running_late", ("trial",), _spoken_on_trial),
    "held by staff": Obstacle("running_late", ("held_by_staff",), _held),
    "needs a call": Obstacle("late_once_too_often", ("needs_call",), _third_slip),
    "a call superseded": Obstacle(
        "late_once_too_often", ("superseded_by_rule",), _third_slip_superseded
    ),
    "asked of the customer": Obstacle(
        "moved",
        ("waits_for_the_customer",),
        _asked_of_another,
        role=Role.SECOND_CONTACT,
    ),
    "bad news under way": Obstacle(
        "earlier_if_suits", ("waits_for_settlement",), _good_news_too_soon
    ),
    "digest": Obstacle("order_delayed", ("in_digest",), _said_together),
}
