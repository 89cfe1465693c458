"""`restored`: between a backup that was restored and the first worker."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskCliRunner
from sqlalchemy.orm import Session, sessionmaker

from notifier.booking import NewAppointment, NewPerson, book
from notifier.domain.facts import FactSource
from notifier.domain.windows import Window
from notifier.services import Services
from notifier.store.heartbeats import beat
from tests.fakes.clock import FakeClock
from tests.fakes.scripted_providers import ScriptedSms
from tests.services import given_brand, make_services


@pytest.fixture
def services(sessions: sessionmaker[Session], clock: FakeClock) -> Services:
    """Return services with Twilio, which can be asked what it has."""
    twilio = ScriptedSms(now=clock)
    return replace(make_services(sessions, now=clock), sms={twilio.name: twilio})


def given_a_booking_to_confirm(services: Services) -> None:
    """A visit that was booked a moment ago: its customer has not heard of it."""
    brand, start = given_brand(services), services.now() + timedelta(days=1)
    new = NewAppointment(
        reference="JOB-1",
        service="Boiler repair",
        window=Window(start, start + timedelta(hours=2)),
        people=(NewPerson(name="Ada Park", phone="+12065550100"),),
    )
    book(services, brand.id, new, source=FactSource.API, actor="key:1")


def test_what_may_have_gone_since_the_backup_is_counted_and_what_is_left_to_do_is_said(
    run: FlaskCliRunner, services: Services, clock: FakeClock
) -> None:
    """A person reads how old the backup is, and what only they can know."""
    given_a_booking_to_confirm(services)
    with services.sessions.begin() as session:
        beat(session, clock())
    clock.advance(hours=1)

    result = run.invoke(args=["restored"])

    assert result.exit_code == 0
    assert "last sign of life in it: 2026-11-23 17:00 UTC." in result.stdout
    assert "1 message(s) are looked for" in result.stdout
    assert "0 message(s) may have gone" in result.stdout
    assert "STOP" in result.stdout


def test_it_is_refused_while_a_worker_may_run(
    run: FlaskCliRunner, services: Services, clock: FakeClock
) -> None:
    """And of a database on which none ever ran, nothing has gone."""
    given_a_booking_to_confirm(services)
    none_ran = run.invoke(args=["restored"])
    with services.sessions.begin() as session:
        beat(session, clock())

    refused = run.invoke(args=["restored"])

    assert (none_ran.exit_code, none_ran.stdout) == (
        0,
        "No worker ever ran on this database: nothing of it has gone.\n",
    )
    assert refused.exit_code == 1
    assert "Stop all workers" in refused.stderr
