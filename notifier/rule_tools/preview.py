"""The words of one rule for one job, as they would go out, owed at this moment or not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from notifier.domain.decisions import Decision
from notifier.domain.ledger.views import PersonView, reference_of
from notifier.domain.messages import Channel, Role
from notifier.domain.owed import Owed
from notifier.domain.planning import plan
from notifier.domain.rules.rule import Asserts, Audience, Rule
from notifier.domain.windows import OFF, UNKNOWN, Expectation, to_json
from notifier.errors import NotFound
from notifier.links import link_hash, message_token
from notifier.planner import load_for_planning
from notifier.rendering import RenderFailed
from notifier.rule_tools.slip_examples import Slip, slip_for
from notifier.sending.composing import compose
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.snapshots import Snapshot
from notifier.store.tables import Message
from notifier.store.vault import Unreadable
from notifier.yaml_files import meant

_NOTHING_MOVED = "Nothing moved, and no time is known that could move."


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewedWords:
    """What one channel would carry, or why it can carry nothing."""

    channel: Channel
    subject: str | None = None
    body: str | None = None
    segments: int | None = None
    why_none: str | None = None  # a reason, where there are no words


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePreview:
    """What one rule would say to one person. The person is named by role alone."""

    rule: str
    job_person_id: UUID
    role: Role
    owed: bool
    reason: str
    send_at: datetime | None
    trial: bool  # planned and recorded, never sent
    example: str | None  # the slip that the words are about, where the job's own is another
    words: tuple[PreviewedWords, ...]


def preview_rule(
    services: Services, brand_id: UUID, job_id: UUID, rule_id: str, *, role: str | None = None
) -> list[RulePreview]:
    """Return what a rule says to each of a job's people whom it addresses. Writes nothing.

    If nothing is owed now, the words are put together from the job as it stands all the same,
    with the reason why they do not go. A rule about a slip that the job does not have is worded
    by an example: a time that is given for another must not be the same one.

    :raises NotFound: if there is no such rule, no such job, or nobody in that role whom the
        rule writes to.
    """
    rule = services.rulebook.rule(rule_id)
    if rule is None:
        known = sorted(one.id for one in services.rulebook.rules)
        close = meant(rule_id, known)
        raise NotFound(f"there is no rule `{rule_id}`{close}; there are: {', '.join(known)}")
    now = services.now()
    with reading(services.sessions) as session:
        snapshot = load_for_planning(session, services, [job_id]).get(job_id)
        if snapshot is None or snapshot.job.brand_id != brand_id:
            raise NotFound("there is no such job")
        if snapshot.state.kind is not rule.jobs:
            raise NotFound(f"the rule {rule_id!r} is for an {rule.jobs}, and this is none")
        planned = plan(snapshot.plan_input, services.rulebook.rules, now=now)
        owed = {one.job_person: one for one in planned.owed if one.rule.id == rule_id}
        found = [
            _preview(session, services, snapshot, rule, decision, owed.get(decision.job_person))
            for decision in planned.decisions
            if decision.rule == rule_id
            and Audience(decision.role.value) in rule.to
            and role in (None, decision.role)
        ]
    if not found and rule.to == {Audience.DISPATCH}:
        raise NotFound(f"the rule {rule_id!r} makes a task for dispatch; it has no words")
    if not found:
        raise NotFound(f"the rule {rule_id!r} writes to nobody of this job in that role")
    return found


def words_of(
    session: Session, services: Services, snapshot: Snapshot, owed: Owed, *, now: datetime
) -> PreviewedWords:
    """Return the words of a message that is owed, over the channel that carries it."""
    row = _row(services, snapshot, owed.rule, owed.job_person, owed.channel, owed.contact)
    return _compose(session, services, _bound(row, owed), now)


def _preview(
    session: Session,
    services: Services,
    snapshot: Snapshot,
    rule: Rule,
    decision: Decision,
    owed: Owed | None,
) -> RulePreview:
    now = services.now()
    view = next(v for v in snapshot.plan_input.people if v.job_person == decision.job_person)
    slip = slip_for(rule, decision.situation) if rule.asserts is Asserts.DRIFT else None
    words = []
    for channel in rule.channels:
        contact = view.contact(channel)
        if contact is None:
            words.append(PreviewedWords(channel=channel, why_none="no_contact"))
            continue
        row = _row(services, snapshot, rule, view.job_person, channel, contact.id)
        if owed is None and slip is None and rule.asserts is Asserts.DRIFT:
            words.append(PreviewedWords(channel=channel, why_none=_NOTHING_MOVED))
            continue
        if owed is not None:
            row = _bound(row, owed)
        else:
            row = _as_if(row, snapshot, rule, view, slip, now)
        words.append(_compose(session, services, row, now))
    return RulePreview(
        rule=rule.id,
        job_person_id=decision.job_person,
        role=decision.role,
        owed=decision.owed,
        reason=decision.reason,
        send_at=owed.send_at if owed is not None else None,
        trial=rule.trial,
        example=slip.said if owed is None and slip is not None else None,
        words=tuple(words),
    )


def _row(
    services: Services,
    snapshot: Snapshot,
    rule: Rule,
    job_person: UUID,
    channel: Channel,
    contact: UUID | None,
) -> Message:
    """Return a row that belongs to no session, so that nothing of it is ever saved.

    Its link leads nowhere, is as long as a real one, and the same each time.
    """
    _, person = snapshot.people[job_person]
    return Message(
        id=job_person,
        brand_id=snapshot.job.brand_id,
        job_id=snapshot.job.id,
        job_person_id=job_person,
        contact_point_id=contact,
        rule=rule.id,
        message=rule.message,
        kind=rule.kind,
        channel=channel,
        locale=person.locale,
        link_hash=link_hash(services.vault, message_token(services.vault, job_person)),
    )


def _bound(row: Message, owed: Owed) -> Message:
    """Let the row say what is owed."""
    row.asserts, row.moves_told = to_json(owed.asserts), owed.moves_told
    row.told_before, row.rests_on = to_json(owed.told_before), owed.rests_on
    row.next_update_at, row.technician_id = owed.next_update_at, owed.technician
    row.tell_by = owed.tell_by
    return row


def _as_if(
    row: Message,
    snapshot: Snapshot,
    rule: Rule,
    view: PersonView,
    slip: Slip | None,
    now: datetime,
) -> Message:
    """Let the row say what the rule would, were it owed for the job as it stands."""
    state = snapshot.state
    told = reference_of(view, state.agreed).asserts
    asserts: Expectation | None = {
        Asserts.UNKNOWN: UNKNOWN,
        Asserts.OFF: OFF,
        Asserts.NOTHING: None,
    }.get(rule.asserts, state.expected or told)
    fact = state.expected_fact or state.status_fact
    row.asserts, row.moves_told = to_json(asserts), True
    row.told_before, row.rests_on = to_json(told), fact.id if fact is not None else None
    if slip is not None:
        row.asserts, row.moves_told = to_json(slip.drift.asserts), slip.drift.moves_told
        row.told_before = to_json(slip.drift.told or told)
    row.next_update_at = now + rule.update_after if rule.update_after is not None else None
    row.technician_id = state.technician if rule.names_technician else None
    row.tell_by = None
    return row


def _compose(session: Session, services: Services, row: Message, now: datetime) -> PreviewedWords:
    channel = Channel(row.channel)
    if row.contact_point_id is None:
        return PreviewedWords(channel=channel, why_none="no_contact")
    try:
        composed = compose(session, services, row, now=now)
    except RenderFailed as error:
        return PreviewedWords(channel=channel, why_none=str(error))
    except Unreadable:
        return PreviewedWords(channel=channel, why_none="no_contact")
    return PreviewedWords(
        channel=channel,
        subject=composed.subject,
        body=composed.body,
        segments=composed.segments,
    )
