"""`/api/v1/appointments`."""

from __future__ import annotations

from uuid import UUID

from notifier.domain.jobs import JobKind
from notifier.web.api import jobs
from notifier.web.api.answers import (
    ExplainedListOut,
    JobOut,
    JobsOut,
    MessagesOut,
    RecordedOut,
)
from notifier.web.api.blueprint import api
from notifier.web.api.bookings_in import AppointmentIn, JobPatchIn
from notifier.web.api.facts_in import AppointmentFactIn
from notifier.web.api.promises_out import PromisesOut
from notifier.web.api.queries import ExplainQuery, JobsQuery, Paging

_KIND = JobKind.APPOINTMENT


@api.post("/appointments")
@api.input(AppointmentIn)
@api.output(JobOut, status_code=201)
@api.doc(responses={200: "The same booking was made before", 409: "The reference is taken"})
def book_appointment(json_data: AppointmentIn) -> tuple[JobOut, int]:
    """Book an appointment

    The same body again answers 200 with the same job; the same reference with another body
    is a conflict. `people` are those beside the customer who are told as well.
    """
    return jobs.book_job(json_data)


@api.get("/appointments")
@api.input(JobsQuery, location="query")
@api.output(JobsOut)
def find_appointments(query_data: JobsQuery) -> JobsOut:
    """Find appointments, newest first"""
    return jobs.find_jobs(_KIND, query_data)


@api.get("/appointments/<uuid:job_id>")
@api.output(JobOut)
def show_appointment(job_id: UUID) -> JobOut:
    """Look at an appointment"""
    return jobs.show_job(_KIND, job_id)


@api.patch("/appointments/<uuid:job_id>")
@api.input(JobPatchIn)
@api.output(JobOut)
def correct_appointment(job_id: UUID, json_data: JobPatchIn) -> JobOut:
    """Correct the people of an appointment

    Messages that wait follow to the new number or address. What is not named is left alone;
    null takes a thing away.
    """
    return jobs.correct_job(_KIND, job_id, json_data)


@api.post("/appointments/<uuid:job_id>/facts")
@api.input(AppointmentFactIn)
@api.output(RecordedOut, status_code=202)
@api.doc(responses={409: "It is no longer on offer, or the key was used for another request"})
def record_appointment_fact(job_id: UUID, json_data: AppointmentFactIn) -> RecordedOut:
    """Say what happened to an appointment

    `delayed` carries `minutes` (from what was agreed; saying it twice adds nothing) or
    `expected`. Whoever must hear of it is told by the rules. `promised` says that somebody
    hears (`update`) or is rung (`call_back`) by a `moment`; `spoken_to`, that somebody spoke
    to them.
    """
    return jobs.record_fact(_KIND, job_id, json_data)


@api.post("/appointments/<uuid:job_id>/facts/<uuid:fact_id>/withdraw")
@api.output(RecordedOut, status_code=202)
def withdraw_appointment_fact(job_id: UUID, fact_id: UUID) -> RecordedOut:
    """Take a mistake back

    What has not gone is stopped; who may have been reached is asked to ignore it.
    """
    return jobs.withdraw_fact(_KIND, job_id, fact_id)


@api.get("/appointments/<uuid:job_id>/messages")
@api.input(Paging, location="query")
@api.output(MessagesOut)
def show_appointment_messages(job_id: UUID, query_data: Paging) -> MessagesOut:
    """See every text and email of an appointment"""
    return jobs.show_messages(_KIND, job_id, query_data)


@api.get("/appointments/<uuid:job_id>/promises")
@api.output(PromisesOut)
def show_appointment_promises(job_id: UUID) -> PromisesOut:
    """See what was promised about an appointment, and how it ended

    Every window and moment that somebody was given: what, when, by what, how surely it
    reached them, and whether it was kept, moved in time, moved late, broken or withdrawn.
    """
    return jobs.show_promises(_KIND, job_id)


@api.get("/appointments/<uuid:job_id>/explain")
@api.input(ExplainQuery, location="query")
@api.output(ExplainedListOut)
def explain_appointment(job_id: UUID, query_data: ExplainQuery) -> ExplainedListOut:
    """Ask why a message is owed, or why not

    With `at`, as things stood then, by the rules of then.
    """
    return jobs.explain_job(_KIND, job_id, query_data)
