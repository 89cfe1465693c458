"""webhooks: deliveries accepted a second, beside a bare Flask endpoint that does one insert."""

from __future__ import annotations

import json
from collections.abc import Sequence
from uuid import uuid4

from flask import Flask, request
from sqlalchemy import Column, LargeBinary, MetaData, Table, Uuid

from bench.caller import Answer, Call, call
from bench.serving import serving, serving_app
from bench.stage import DATABASES, Stage, stage
from bench.tables import ms, percentile, table
from notifier.sources_admin import add_source
from tests.sources.generic_events import SECRET, signed

_DELIVERIES = 1_500
_CONNECTIONS = 8
_JOBS = 50


def run() -> list[str]:
    """Measure, and return the tables."""
    rows = []
    for database in DATABASES:
        with stage(database) as built:
            rows += _measure(database, built)
    head = ["", "a second", "p50", "p99"]
    return [table(f"Webhook deliveries accepted, {_CONNECTIONS} connections", head, rows)]


def _measure(database: str, built: Stage) -> list[list[str]]:
    add_source(built.services, built.brand, "shop", "generic", SECRET)
    for number in range(_JOBS):
        built.book(number)
    with serving_app(_bare(built)) as url:
        call(url, _deliveries(built, "warm", 100), connections=_CONNECTIONS)
        bare = call(url, _deliveries(built, "bare", _DELIVERIES), connections=_CONNECTIONS)
    with serving(built, with_worker=False) as url:
        call(url, _deliveries(built, "warm", 100), connections=_CONNECTIONS)
        ours = call(url, _deliveries(built, "ours", _DELIVERIES), connections=_CONNECTIONS)
    return [
        _row(f"{database}, bare Flask, one insert", bare),
        _row(f"{database}, verified, sealed, journalled", ours),
    ]


def _bare(built: Stage) -> Flask:
    """Return the least that could keep a delivery: no check, no key, no index but its own."""
    kept = Table(
        "bench_deliveries", MetaData(), Column("id", Uuid, primary_key=True), _body_column()
    )
    kept.create(built.engine)
    app = Flask("bare")

    @app.post("/webhooks/in/shop")
    def take() -> tuple[dict[str, str], int]:
        delivery = uuid4()
        with built.services.sessions.begin() as session:
            session.execute(kept.insert().values(id=delivery, body=request.get_data()))
        return {"delivery": str(delivery)}, 200

    return app


def _body_column() -> Column[bytes]:
    return Column("body", LargeBinary, nullable=False)


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


def _row(name: str, answers: Sequence[Answer]) -> list[str]:
    assert all(answer.status == 200 for answer in answers)
    took = max(answer.answered for answer in answers) - min(answer.sent for answer in answers)
    each = [answer.answered - answer.sent for answer in answers]
    return [
        name,
        f"{len(answers) / took:,.0f}",
        ms(percentile(each, 0.5)),
        ms(percentile(each, 0.99)),
    ]
