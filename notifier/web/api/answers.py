"""What the API answers: the same values as the use cases return, in JSON's clothes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, WithJsonSchema

from notifier.domain.facts import PromiseKind
from notifier.domain.jobs import JobStatus
from notifier.domain.messages import Channel, MessageKind, MessageStatus, Role, Strength, WhyNot
from notifier.domain.windows import Special, Window, to_json, utc_text
from notifier.explain import Explained
from notifier.job_views import FactView, JobView, PersonView
from notifier.reading import MessageView
from notifier.rule_tools.reason_sentences import sentence_of


def _moment(value: object) -> object:
    return utc_text(value) if isinstance(value, datetime) else value


def _expectation(value: object) -> object:
    return to_json(value) if isinstance(value, Window | Special) else value


MomentOut = Annotated[
    str, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})
]


class Answer(BaseModel):
    """What every answer is."""

    model_config = ConfigDict(from_attributes=True)


class WindowOut(Answer):
    """A start and an end, in UTC."""

    start: MomentOut
    end: MomentOut


ExpectationOut = Annotated[
    WindowOut | Literal["unknown", "off"] | None, BeforeValidator(_expectation)
]


class ChannelOut(Answer):
    """One way to reach somebody; `why` says why it is none."""

    channel: Channel
    to: str | None
    usable: bool
    why: WhyNot | None


class PersonOut(Answer):
    """Somebody in a role, what reached them, and how surely."""

    id: UUID
    role: Role
    name: str | None
    locale: str
    time_zone: str | None
    told: ExpectationOut
    told_strength: Strength | None
    told_at: MomentOut | None
    status_url: str
    channels: list[ChannelOut]


class ParcelOut(Answer):
    """One parcel of an order; its code is empty of what its shop has still to send."""

    carrier: str
    tracking_code: str
    status: JobStatus
    expected: ExpectationOut


class FactOut(Answer):
    """Something that happened. `applied` is false where it changed nothing."""

    id: UUID
    type: str
    source: str
    occurred_at: MomentOut
    received_at: MomentOut
    applied: bool
    withdrawn: bool
    withdraws: UUID | None
    minutes: int | None
    expected: ExpectationOut
    window: WindowOut | None
    agreed: bool | None
    reason: str | None
    by: str | None
    parcel: str | None
    person: UUID | None
    what: PromiseKind | None
    moment: MomentOut | None
    by_phone: bool | None
    note: str | None


class JobOut(Answer):
    """An appointment or an order: what was promised, agreed, told, and is expected now."""

    id: UUID
    kind: str
    reference: str
    status: JobStatus
    service: str
    items: list[str]
    parcels: list[ParcelOut]
    technician: str | None
    address: str | None
    time_zone: str
    promised: ExpectationOut
    agreed: ExpectationOut
    told: ExpectationOut
    told_strength: Strength | None
    expected: ExpectationOut
    late: bool
    reason: str | None
    by: str | None
    tell_by: MomentOut | None
    held: bool
    finished: bool
    status_url: str | None
    people: list[PersonOut]
    facts: list[FactOut]
    created_at: MomentOut
    version: int


class JobsOut(Answer):
    """A page of jobs, newest first; `next` is the cursor of the next page, or null."""

    items: list[JobOut]
    next: str | None


class RecordedOut(Answer):
    """The fact as it was recorded, and the job after it."""

    fact: FactOut
    job: JobOut


class RecipientOut(Answer):
    """Whom a message or a rule is about."""

    id: UUID
    role: Role
    name: str | None


class MessageOut(Answer):
    """One text or email: to whom, what it says, where it stands and why.

    `body` is null until it is rendered. `reason` says why it was not sent, or the provider's
    code for why it did not arrive. `carried_by` is the message of another job of the same human
    that said this too: it went as that one, and shares its fate.
    """

    id: UUID
    rule: str
    person: RecipientOut
    channel: Channel
    to: str | None
    status: MessageStatus
    reason: str | None
    kind: MessageKind
    episode: str
    locale: str
    subject: str | None
    body: str | None
    segments: int | None
    asserts: ExpectationOut
    moves_told: bool
    send_at: MomentOut
    expires_at: MomentOut
    tell_by: MomentOut | None
    attempts: int
    provider: str | None
    provider_id: str | None
    created_at: MomentOut
    accepted_at: MomentOut | None
    carried_by: UUID | None


class MessagesOut(Answer):
    """A page of a job's messages, oldest first."""

    items: list[MessageOut]
    next: str | None


class ExplainedOut(Answer):
    """Whether a rule owes a person a message now, and why or why not.

    `when` is the rule's own condition, `values` what it looked at, `why` the reason as a
    sentence. `in_the_way` names what keeps it from going though the rule speaks.
    """

    rule: str
    when: str
    person: RecipientOut
    owed: bool
    reason: str
    why: str
    in_the_way: list[str]
    channel: Channel | None
    send_at: MomentOut | None
    values: dict[str, Any]


class ExplainedListOut(Answer):
    """What every rule says about every person of the job."""

    items: list[ExplainedOut]


def fact_out(view: FactView) -> FactOut:
    """Return the JSON form of a fact."""
    fact = view.fact
    return FactOut.model_validate(
        {
            "id": fact.id,
            "type": fact.type,
            "source": fact.source,
            "occurred_at": fact.occurred_at,
            "received_at": fact.received_at,
            "applied": view.applied,
            "withdrawn": view.withdrawn,
            "withdraws": fact.withdraws,
            "minutes": fact.minutes,
            "expected": fact.expected,
            "window": to_json(fact.window),
            "agreed": fact.agreed,
            "reason": fact.reason,
            "by": fact.by,
            "parcel": fact.parcel,
            "person": fact.person,
            "what": fact.what,
            "moment": fact.moment,
            "by_phone": fact.by_phone,
            "note": view.note,
        }
    )


def job_out(view: JobView) -> JobOut:
    """Return the JSON form of a job."""
    fields = {name: getattr(view, name) for name in JobOut.model_fields if name != "facts"}
    return JobOut.model_validate({**fields, "facts": [fact_out(fact) for fact in view.facts]})


def message_out(view: MessageView) -> MessageOut:
    """Return the JSON form of a message."""
    fields = {name: getattr(view, name) for name in MessageOut.model_fields if name != "person"}
    person = RecipientOut(id=view.person, role=Role(view.role), name=view.name)
    return MessageOut.model_validate({**fields, "person": person})


def explained_out(explained: Explained, people: Mapping[UUID, PersonView]) -> ExplainedOut:
    """Return the JSON form of one rule's word on one person."""
    person = people.get(explained.job_person_id)
    return ExplainedOut(
        rule=explained.rule,
        when=explained.when,
        person=RecipientOut(
            id=explained.job_person_id,
            role=explained.role,
            name=person.name if person is not None else None,  # a technician is asked, not served
        ),
        owed=explained.owed,
        reason=explained.reason,
        why=sentence_of(explained.reason),
        in_the_way=list(explained.in_the_way),
        channel=explained.channel,
        send_at=explained.send_at,
        values=explained.values,
    )
