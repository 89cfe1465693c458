"""Every (status, fact) pair of a job is decided, and only staff reopen what is finished."""

import pytest

from notifier.domain.facts import FactSource, FactType
from notifier.domain.jobs import (
    FACTS_OF,
    FINISHED,
    FIRST_STATUS,
    LEADS_ON,
    STATUSES_OF,
    Effect,
    JobKind,
    JobStatus,
    effect_of,
)

ALL = [
    (kind, status, fact)
    for kind in JobKind
    for status in sorted(STATUSES_OF[kind])
    for fact in sorted(FACTS_OF[kind])
]

#: As the issue lists them.
NEVER_A_STATUS = {
    FactType.DELAYED,
    FactType.RESCHEDULED,
    FactType.REASSIGNED,
    FactType.ACCEPTED,
    FactType.DECLINED,
    FactType.TOLD,
    FactType.PROMISED,
    FactType.SPOKEN_TO,
    FactType.CONTACT_CHANGED,
}

STATED = {
    JobKind.APPOINTMENT: "confirmed delayed reassigned en_route arrived completed missed "
    "cancelled rescheduled accepted declined told promised spoken_to "
    "contact_changed",
    JobKind.ORDER: "shipped in_transit out_for_delivery delayed attempted ready_for_pickup "
    "delivered not_received exception returned cancelled told promised spoken_to "
    "contact_changed",
}


@pytest.mark.parametrize(("kind", "status", "fact"), ALL)
def test_every_pair_is_decided(kind: JobKind, status: JobStatus, fact: FactType) -> None:
    """Nothing that can be said of a job, in any status, is left to chance."""
    for source in FactSource:
        assert effect_of(kind, status, fact, source) in Effect


@pytest.mark.parametrize("kind", list(JobKind))
def test_the_facts_are_those_of_the_api(kind: JobKind) -> None:
    """The table knows every type that a caller may say, and no other."""
    assert FACTS_OF[kind] == {FactType(name) for name in STATED[kind].split()}


@pytest.mark.parametrize("kind", list(JobKind))
def test_the_statuses_are_the_first_and_those_that_facts_lead_to(kind: JobKind) -> None:
    """No status that nothing leads to, and none that the table does not know."""
    led_to = {
        JobStatus(fact.value)
        for (of, status, fact) in ALL
        if of is kind and effect_of(kind, status, fact, FactSource.STAFF) in LEADS_ON
    }
    assert led_to | {FIRST_STATUS[kind]} == STATUSES_OF[kind]


@pytest.mark.parametrize(("kind", "status", "fact"), ALL)
def test_some_facts_never_become_the_status(
    kind: JobKind, status: JobStatus, fact: FactType
) -> None:
    """Delayed, rescheduled and the like change what is believed, not where the job stands."""
    if fact in NEVER_A_STATUS:
        assert effect_of(kind, status, fact, FactSource.STAFF) not in LEADS_ON


@pytest.mark.parametrize(("kind", "status", "fact"), ALL)
def test_only_staff_reopen_a_finished_job(kind: JobKind, status: JobStatus, fact: FactType) -> None:
    """What is finished stays so, whatever a carrier, a technician or a customer says.

    Except that a customer may say that what was delivered never came.
    """
    if status not in FINISHED or fact is FactType.NOT_RECEIVED:
        return
    for source in set(FactSource) - {FactSource.STAFF}:
        effect = effect_of(kind, status, fact, source)
        assert effect not in (Effect.REOPENS, Effect.RESTARTS, Effect.RESUMES)
        if effect in LEADS_ON:
            assert JobStatus(fact.value) in FINISHED


def test_staff_reopen_a_finished_visit_by_giving_it_another_time() -> None:
    """And a visit noted as missed goes on when staff say that the technician is on the way."""
    visit = JobKind.APPOINTMENT
    for status in (JobStatus.COMPLETED, JobStatus.MISSED, JobStatus.CANCELLED):
        effect = effect_of(visit, status, FactType.RESCHEDULED, FactSource.STAFF)
        assert effect is Effect.REOPENS
    effect = effect_of(visit, JobStatus.MISSED, FactType.EN_ROUTE, FactSource.STAFF)
    assert effect is Effect.RESUMES


def test_what_can_not_be_said_of_a_job_has_no_effect_to_look_up() -> None:
    """A visit is not shipped."""
    with pytest.raises(KeyError):
        effect_of(JobKind.APPOINTMENT, JobStatus.SCHEDULED, FactType.SHIPPED, FactSource.STAFF)


def test_a_customer_can_say_that_what_was_delivered_never_came() -> None:
    """Both can be said, and then the order is open again."""
    effect = effect_of(
        JobKind.ORDER, JobStatus.DELIVERED, FactType.NOT_RECEIVED, FactSource.CUSTOMER
    )
    assert effect is Effect.CORRECTS
    assert JobStatus.NOT_RECEIVED not in FINISHED
