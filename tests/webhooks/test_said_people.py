"""A recipient whom a source corrects is whom the texts go to from then on."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from notifier.booking import PeoplePatch, correct_people
from notifier.domain.messages import Channel, MessageStatus
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import ContactPoint, Message, Person
from notifier.webhooks.set_up import add_source
from tests.fakes.clock import FakeClock
from tests.sources.onfleet_events import SECRET, Task
from tests.webhooks.deliveries import HOUR
from tests.webhooks.test_onfleet_tasks import CREATED, UPDATED, only_job
from tests.webhooks.test_onfleet_tasks import push as push_task

ADA, BO, CY = "+12065550100", "+12065550111", "+12065550122"


@pytest.fixture
def onfleet(services: Services, brand: UUID, clock: FakeClock) -> None:
    """Connect Onfleet, four hours ago."""
    add_source(services, brand, "onfleet", "onfleet", SECRET, live=True)
    clock.set(services.now() + 4 * HOUR)


def say(services: Services, trigger: int, at: datetime, name: str, phone: str) -> None:
    """Let Onfleet tell of its task, with that recipient."""
    recipients = [{"id": "recipient", "name": name, "phone": phone}]
    start = services.now() + 6 * HOUR
    push_task(services, Task(start).event(trigger, at, task={"recipients": recipients}))


def goes_to(services: Services) -> set[str]:
    """Return to which numbers what waits will be texted."""
    with reading(services.sessions) as session:
        rows = session.execute(
            select(Person, ContactPoint)
            .join(ContactPoint, ContactPoint.person_id == Person.id)
            .join(Message, Message.contact_point_id == ContactPoint.id)
            .where(Message.channel == Channel.SMS, Message.status == MessageStatus.READY)
        )
        return {services.vault.open(person.key, point.address) for person, point in rows}


@pytest.mark.usefixtures("onfleet")
def test_what_waits_goes_to_whom_the_source_named_last(services: Services) -> None:
    """Made for Ada, then put right: Bo hears of it, and Ada, a stranger, nothing more."""
    now = services.now()
    say(services, CREATED, now - HOUR, "Ada Park", ADA)
    assert goes_to(services) == {ADA}

    say(services, UPDATED, now - HOUR / 2, "Bo Lind", BO)

    assert goes_to(services) == {BO}


@pytest.mark.usefixtures("onfleet")
def test_an_older_recipient_that_comes_late_replaces_nobody(services: Services) -> None:
    """Of three, in the worst order and each twice, the last named is the one."""
    now = services.now()
    told = [
        (CREATED, 3 * HOUR, "Ada", ADA),
        (UPDATED, 2 * HOUR, "Bo", BO),
        (UPDATED, HOUR, "Cy", CY),
    ]
    for trigger, ago, name, phone in (*reversed(told), *told):
        say(services, trigger, now - ago, name, phone)

    assert goes_to(services) == {CY}


@pytest.mark.usefixtures("onfleet")
def test_a_source_that_goes_back_to_the_first_is_followed(services: Services) -> None:
    """It was right after all."""
    now = services.now()
    say(services, CREATED, now - 3 * HOUR, "Ada Park", ADA)
    say(services, UPDATED, now - 2 * HOUR, "Bo Lind", BO)
    say(services, UPDATED, now - HOUR, "Ada Park", ADA)

    assert goes_to(services) == {ADA}


@pytest.mark.usefixtures("onfleet")
def test_what_staff_put_right_is_not_undone_by_what_they_replaced(
    services: Services, brand: UUID
) -> None:
    """The source says the wrong number again with each change; a third one is news."""
    now = services.now()
    say(services, CREATED, now - 3 * HOUR, "Ada Park", ADA)
    correct_people(
        services, brand, only_job(services).id, PeoplePatch(phone=BO), actor="staff:test"
    )

    say(services, UPDATED, now + timedelta(minutes=1), "Ada Park", ADA)
    assert goes_to(services) == {BO}

    say(services, UPDATED, now + timedelta(minutes=2), "Cy Ito", CY)
    assert goes_to(services) == {CY}
