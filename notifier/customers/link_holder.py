"""Whom the link of a message was made for."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifier.domain.messages import Role
from notifier.errors import NotFound
from notifier.links import link_hash
from notifier.store.tables import Brand, Job, JobPerson, Message, Person
from notifier.store.vault import Vault


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a link was made for, and by which message if by one."""

    brand: Brand
    job: Job
    job_person: JobPerson
    person: Person
    contact_point_id: UUID | None
    message_id: UUID | None


def find_holder(session: Session, vault: Vault, token: str) -> Holder:
    """Return whom `token` was made for.

    :raises NotFound: if no link has that token.
    """
    hashed = link_hash(vault, token)
    contact_point_id = message_id = None
    job_person = session.scalar(select(JobPerson).where(JobPerson.link_hash == hashed))
    if job_person is None:
        message = session.scalar(select(Message).where(Message.link_hash == hashed))
        if message is None:
            raise NotFound("There is no such page.")
        contact_point_id, message_id = message.contact_point_id, message.id
        job_person = session.get_one(JobPerson, message.job_person_id)
    if job_person.role == Role.TECHNICIAN:  # theirs lead to their day
        raise NotFound("There is no such page.")
    job = session.get_one(Job, job_person.job_id)
    return Holder(
        brand=session.get_one(Brand, job.brand_id),
        job=job,
        job_person=job_person,
        person=session.get_one(Person, job_person.person_id),
        contact_point_id=contact_point_id,
        message_id=message_id,
    )
