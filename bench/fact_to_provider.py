"""fact_to_provider: from a fact leaving its caller to the provider being called."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from uuid import UUID

from bench.caller import Answer, Call, call
from bench.serving import serving
from bench.stage import DATABASES, Stage, phone, stage
from bench.tables import ms, percentile, table
from notifier.api_keys import create_api_key

_FACTS = 250
_PAUSE = 0.05  # seconds between two facts of one caller: the product comes to rest
_PATIENCE = 60.0  # seconds


def run() -> list[str]:
    """Measure, and return the tables."""
    rows = []
    for database in DATABASES:
        with stage(database) as built:
            rows += _measure(database, built)
    head = ["", "answered p50", "p99", "provider called p50", "p99", "facts a second", "refused"]
    return [table("From fact to provider, through HTTP, everything in one process", head, rows)]


def _measure(database: str, built: Stage) -> list[list[str]]:
    key = create_api_key(built.services, built.brand, "bench")
    with serving(built, with_worker=True) as url:
        alone = [built.book(number) for number in range(_FACTS)]
        crowd = [built.book(_FACTS + number) for number in range(_FACTS)]
        _wait_for(built, 2 * _FACTS)  # the confirmations of the bookings
        answers = call([url], _facts(key, alone), connections=1, pause=_PAUSE)
        _wait_for(built, 2 * _FACTS + _taken(answers))
        row = _row(f"{database}, one caller with pauses", built, 0, answers)
        before = built.sms.total
        answers = call([url], _facts(key, crowd), connections=8)
        _wait_for(built, before + _taken(answers))
        return [row, _row(f"{database}, eight callers without", built, _FACTS, answers)]


def _facts(key: str, jobs: Sequence[UUID]) -> list[Call]:
    body = json.dumps({"type": "delayed", "minutes": 45, "reason": "traffic"})
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    return [Call(f"/api/v1/appointments/{job}/facts", body, headers) for job in jobs]


def _taken(answers: Sequence[Answer]) -> int:
    return sum(answer.status == 202 for answer in answers)


def _row(name: str, built: Stage, first: int, answers: Sequence[Answer]) -> list[str]:
    """Return one line; a fact refused as busy (503) was not recorded and is counted apart."""
    answered = [answer.answered - answer.sent for answer in answers]
    called = [
        built.sms.handed_over[phone(first + number)][1] - answer.sent
        for number, answer in enumerate(answers)
        if answer.status == 202
    ]
    took = max(answer.answered for answer in answers) - min(answer.sent for answer in answers)
    return [
        name,
        ms(percentile(answered, 0.5)),
        ms(percentile(answered, 0.99)),
        ms(percentile(called, 0.5)),
        ms(percentile(called, 0.99)),
        f"{_taken(answers) / took:,.0f}",
        str(len(answers) - _taken(answers)),
    ]


def _wait_for(built: Stage, texts: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    while built.sms.total < texts:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{built.sms.total} of {texts} texts went out")
        time.sleep(0.05)
