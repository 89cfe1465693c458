"""webhooks: deliveries accepted a second, beside a bare Flask endpoint that does one insert."""

from __future__ import annotations

import json
from collections.abc import Sequence

from bench.bare_endpoint import KEPT
from bench.caller import Answer, Call, call
from bench.serving import processes
from bench.stage import DATABASES, Stage, stage
from bench.tables import ms, percentile, table
from notifier.webhooks.set_up import add_source
from tests.services import SECRET as SECRET_KEY
from tests.sources.generic_events import SECRET, signed

_DELIVERIES = 1_500
_CONNECTIONS = 8
_JOBS = 50
PROCESSES = (1, 2)

_BARE = "bare Flask, one insert"
_APPS = {
    _BARE: "bench.bare_endpoint:create_app",
    "verified, sealed, journalled": "app:create_app",
}


def run() -> list[str]:
    """Measure, and return the tables."""
    rows = []
    for database in DATABASES:
        with stage(database) as built:
            rows += _measure(database, built)
    head = ["", "a second", "p50", "p99", "of bare"]
    return [table(f"Webhook deliveries accepted, {_CONNECTIONS} connections", head, rows)]


def _measure(database: str, built: Stage) -> list[list[str]]:
    add_source(built.services, built.brand, "shop", "generic", SECRET, live=True)
    for number in range(_JOBS):
        built.book(number)
    KEPT.create(built.engine)
    settings = {
        "DATABASE_URL": built.engine.url.render_as_string(hide_password=False),
        "SECRET_KEY": SECRET_KEY,
        "SOURCE_DELIVERIES_PER_MINUTE": "1000000",
    }
    rows = []
    for count in PROCESSES:
        answers = {}
        for what, app in _APPS.items():
            with processes(app, count, settings) as urls:
                name = f"{count} {app}"
                call(urls, _deliveries(built, f"warm {name}", 200), connections=_CONNECTIONS)
                deliveries = _deliveries(built, name, _DELIVERIES)
                answers[what] = call(urls, deliveries, connections=_CONNECTIONS)
        bare, ours = map(_a_second, answers.values())
        server = "1 process" if count == 1 else f"{count} processes"
        for what, these in answers.items():
            ratio = "" if what == _BARE else f"{ours / bare:.2f}"
            rows.append([f"{database}, {server}, {what}", *_columns(these), ratio])
    return rows


def _deliveries(built: Stage, name: str, count: int) -> list[Call]:
    now = built.services.now()
    made = []
    for number in range(count):
        data = {"reference": f"JOB-{number % _JOBS}", "minutes": 15 + number % 60}
        event = {"type": "appointment.delayed", "timestamp": now.isoformat(), "data": data}
        body = json.dumps(event)
        headers = signed(body.encode(), at=now, webhook_id=f"{name}_{number}")
        made.append(Call("/webhooks/in/shop", body, headers))
    return made


def _columns(answers: Sequence[Answer]) -> list[str]:
    each = [answer.answered - answer.sent for answer in answers]
    return [f"{_a_second(answers):,.0f}", ms(percentile(each, 0.5)), ms(percentile(each, 0.99))]


def _a_second(answers: Sequence[Answer]) -> float:
    assert all(answer.status == 200 for answer in answers)
    took = max(answer.answered for answer in answers) - min(answer.sent for answer in answers)
    return len(answers) / took
