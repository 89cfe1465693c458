"""`doctor`: a line for each thing that it looks at, and how it ends."""

from __future__ import annotations

import pytest
from flask.testing import FlaskCliRunner

from notifier.services import Services
from notifier.store.heartbeats import beat
from tests.services import given_brand


@pytest.mark.parametrize(("live", "code"), [(False, 0), (True, 1)])
def test_the_doctor_fails_when_something_does(
    run: FlaskCliRunner, services: Services, live: bool, code: int
) -> None:
    """A line each, with what to do next; a demo is well, a live brand on the sandbox is not."""
    given_brand(services, demo=not live, live=live)
    with services.sessions.begin() as session:
        beat(session, services.now())

    result = run.invoke(args=["doctor"])

    assert result.exit_code == code, result.output
    lines = result.stdout.splitlines()
    assert all(line.split()[0] in ("ok", "warning", "failing") for line in lines)
    assert any("rules are on" in line for line in lines)
    assert ("failing  brand northside" in result.stdout) is live
