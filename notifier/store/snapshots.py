"""Load jobs with everything that planning reads, in a handful of queries however many jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row
from sqlalchemy.orm import Session

from notifier.domain.caps import Heard
from notifier.domain.consent import ConsentPolicy
from notifier.domain.facts import Fact
from notifier.domain.folding import JobState, fold, fold_in
from notifier.domain.jobs import JobKind
from notifier.domain.ledger.entries import Entry
from notifier.domain.ledger.open_moments import open_moments
from notifier.domain.ledger.outcomes import Course
from notifier.domain.ledger.views import PersonView
from notifier.domain.messages import Channel
from notifier.domain.plan_input import BookedThrough, BrandManners, PlanInput
from notifier.domain.quiet.week import brand_hours, closed_weekdays
from notifier.public_holidays import works_on
from notifier.store.consents import closed_among, consents_of
from notifier.store.facts import fact_of
from notifier.store.job_rows import Around, load_rows
from notifier.store.ledger_rows import entries_of, words_of
from notifier.store.person_views import Humans, person_view
from notifier.store.same_human import heard_of
from notifier.store.tables import (
    Brand,
    ContactPoint,
    FactRow,
    Job,
    JobPerson,
    Message,
    Parcel,
    Person,
    Promise,
    Source,
)

_BUILT_IN = ConsentPolicy()


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One job as planning sees it, with the rows that planning writes to."""

    job: Job
    brand: Brand
    facts: tuple[Fact, ...]
    state: JobState
    plan_input: PlanInput
    has_tasks: bool  # whether anything is, or was, for a person to do
    people: dict[UUID, tuple[JobPerson, Person]]  # by job person; technicians of before too
    technicians: Mapping[UUID, UUID]  # job people by technician: whoever was ever assigned
    assigned_person: UUID | None  # of the technician on the job's row, where they can be asked
    contacts: dict[UUID, ContactPoint]
    messages: dict[UUID, Message]
    parcels: dict[str, Parcel]
    moments: dict[UUID, tuple[Entry, ...]]  # ledgers, of those who were ever promised a moment

    def with_fact(self, fact: Fact) -> Snapshot:
        """Return the snapshot as it is once `fact` is recorded, if that gave nobody anything."""
        facts = (*self.facts, fact)
        state = fold_in(self.state, self.facts, fact)
        people = _with_moments(self.plan_input.people, self.moments, state, facts)
        people = _concerned(people, self.technicians, state)
        plan_input = replace(self.plan_input, state=state, people=people)
        return replace(self, facts=facts, state=state, plan_input=plan_input)


def load_snapshots(
    session: Session,
    job_ids: Sequence[UUID],
    *,
    lock: bool = False,
    consent: ConsentPolicy = _BUILT_IN,
    heard_since: datetime | None = None,
    without_provider: frozenset[Channel] = frozenset(),
) -> dict[UUID, Snapshot]:
    """Return the snapshots of `job_ids`; with `lock`, the jobs are locked in id order.

    :param consent: which kind of message needs what; planning passes what is in force.
    :param heard_since: how far back to read what these people got; None where nothing is capped.
    :param without_provider: channels by which nobody is reached; the demo needs none.
    """
    rows = load_rows(session, job_ids, lock=lock)
    humans = _humans(session, rows.around, consent, heard_since)
    return {
        job_id: snapshot_of(
            found.job,
            found.brand,
            rows.facts.get(job_id, []),
            rows.parcels.get(job_id, []),
            rows.promises.get(job_id, []),
            rows.messages.get(job_id, []),
            list(found.people.values()),
            found.contacts,
            found.suppressed,
            source=found.source,
            has_tasks=found.has_tasks,
            humans=humans[job_id],
            technicians=found.technicians,
            assigned_person=found.assigned_person,
            halted=rows.halted.get(found.brand.id, frozenset()),
            absent=frozenset() if found.brand.demo else without_provider,
        )
        for job_id, found in rows.around.items()
    }


def _humans(
    session: Session,
    around: Mapping[UUID, Around],
    consent: ConsentPolicy,
    heard_since: datetime | None,
) -> dict[UUID, Humans]:
    """Return what is known of the people of each job, by job."""
    spoken_of = [contact for found in around.values() for contact in found.spoken_of]
    recorded = consents_of(session, spoken_of) if spoken_of else {}
    heard: Mapping[UUID, tuple[Heard, ...]] = {}
    if heard_since is not None:
        people = {p.id: p for found in around.values() for _, p in found.people.values()}
        contacts = {p: ways for found in around.values() for p, ways in found.contacts.items()}
        heard = heard_of(session, list(people.values()), contacts, since=heard_since)
    return {
        job_id: Humans(
            closed=closed_among(
                session,
                consent,
                [
                    (contact, person, found.brand)
                    for _, person in found.people.values()
                    for contact in found.contacts[person.id]
                ],
                recorded=recorded,
            ),
            with_other_jobs=found.with_other_jobs,
            heard=heard,
        )
        for job_id, found in around.items()
    }


def snapshot_of(
    job: Job,
    brand: Brand,
    fact_rows: Sequence[FactRow | Row[Any]],
    parcel_rows: list[Parcel],
    promises: Sequence[Promise | Row[Any]],
    messages: list[Message],
    people: list[tuple[JobPerson, Person]],
    contacts: dict[UUID, list[ContactPoint]],
    suppressed: dict[tuple[UUID, str, bytes], str],
    *,
    humans: Humans,
    technicians: Mapping[UUID, UUID],
    source: Source | None,
    assigned_person: UUID | None = None,
    has_tasks: bool = False,
    halted: frozenset[Channel] = frozenset(),
    absent: frozenset[Channel] = frozenset(),
) -> Snapshot:
    """Return the snapshot that these rows make: those of now, or as they stood in the past."""
    facts = tuple(fact_of(row) for row in fact_rows)
    parcels = {row.tracking_code: row for row in parcel_rows}
    state = fold(JobKind(job.kind), facts, parcels)
    quiet = brand_hours(brand.quiet_from, brand.quiet_until, brand.quiet_days)
    views = tuple(
        person_view(
            job,
            brand,
            quiet,
            job_person,
            person,
            contacts[person.id],
            suppressed,
            promises,
            messages,
            humans,
        )
        for job_person, person in people
    )
    promised = {row.job_person_id for row in promises if row.moment is not None}
    moments = {
        view.job_person: entries_of(
            (row for row in promises if row.job_person_id == view.job_person), view.past
        )
        for view in views
        if view.job_person in promised
    }
    plan_input = PlanInput(
        job=job.id,
        state=state,
        zone=ZoneInfo(job.zone),
        booked_at=state.booked.effective_at if state.booked else job.created_at,
        held=job.held_at is not None,
        people=_concerned(_with_moments(views, moments, state, facts), technicians, state),
        manners=BrandManners(
            brand=brand.slug,
            quiet=quiet,
            works=works_on(brand.country, closed_weekdays(quiet)),
            live_at=brand.live_at,
            halted=halted,
            absent=absent,
        ),
        through=_through(source) if source is not None else None,
    )
    return Snapshot(
        job=job,
        brand=brand,
        facts=facts,
        state=state,
        plan_input=plan_input,
        has_tasks=has_tasks,
        people={job_person.id: (job_person, person) for job_person, person in people},
        technicians=technicians,
        assigned_person=assigned_person,
        contacts={contact.id: contact for _, person in people for contact in contacts[person.id]},
        messages={message.id: message for message in messages},
        parcels=parcels,
        moments=moments,
    )


def _through(source: Source) -> BookedThrough:
    return BookedThrough(live_at=source.live_at, says_itself=frozenset(source.says_itself))


def _concerned(
    views: tuple[PersonView, ...], technicians: Mapping[UUID, UUID], state: JobState
) -> tuple[PersonView, ...]:
    """Of technicians, leave only the one who is assigned now: the others are out of it."""
    if not technicians:
        return views
    out = {one for technician, one in technicians.items() if technician != state.technician}
    return tuple(view for view in views if view.job_person not in out)


def _with_moments(
    views: tuple[PersonView, ...],
    moments: dict[UUID, tuple[Entry, ...]],
    state: JobState,
    facts: tuple[Fact, ...],
) -> tuple[PersonView, ...]:
    """Give each person the moments that they still wait for, as `state` has it."""
    if not moments:
        return views
    course = Course(state, facts)
    waiting = {
        view.job_person: open_moments(
            moments[view.job_person],
            words_of(view.past, moments[view.job_person]),
            course,
            view.job_person,
        )
        for view in views
        if view.job_person in moments
    }
    return tuple(replace(v, moments=waiting.get(v.job_person, ())) for v in views)
