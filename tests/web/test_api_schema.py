"""The OpenAPI document is kept: whatever schemathesis makes of it, nothing breaks.

Every operation is tried with generated bodies, ids and queries, good ones and bad ones; a
part of them meets a job that is there, so that they get past the 404.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.core.result import Ok

from notifier.domain.facts import FactType
from notifier.domain.jobs import FACTS_OF, JobKind
from notifier.domain.reasons import Party, Reason
from notifier.domain.windows import utc_text
from notifier.web.api.facts_in import FIELDS
from tests.web.conftest import Api, an_appointment, an_order
from tests.web.plain_problems import OF_A_LIBRARY


def said_in_plain_words(_: object, response: Any, case: object) -> None:
    """Problems speak to a caller: no word of Python or of a library."""
    if response.status_code == 422:
        for error in response.json()["errors"]:
            assert error["field"], (case, error)
            assert not OF_A_LIBRARY.search(error["problem"]), (case, error)


CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    said_in_plain_words,
]
EXAMPLES = 20


@pytest.mark.timeout(240)
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_nothing_that_the_document_allows_or_forbids_breaks_the_api(
    app: Flask, api: Api, mode: GenerationMode
) -> None:
    """No 5xx, and every answer is one that the document announces, in the shape it says."""
    jobs = {
        "appointments": api.post("/appointments", an_appointment()).json,
        "orders": api.post("/orders", an_order()).json,
    }
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", app)
    tried = 0
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        job = jobs["orders" if "/orders" in operation.path else "appointments"]
        try_operation(operation, api.key, job, mode)
        tried += 1
    assert tried == 18


def windows() -> st.SearchStrategy[dict[str, str]]:
    """Return windows within three days of the clock, now and then in the past."""

    def window(start: int, minutes: int) -> dict[str, str]:
        begin = datetime(2026, 11, 23, 17, tzinfo=UTC) + timedelta(minutes=start)
        return {"start": utc_text(begin), "end": utc_text(begin + timedelta(minutes=minutes))}

    return st.builds(window, st.integers(-600, 4320), st.integers(1, 600))


def facts(kind: JobKind, parcel: str | None) -> st.SearchStrategy[dict[str, Any]]:
    """Return facts with any of the fields that go with their type."""
    return st.fixed_dictionaries(
        {"type": st.sampled_from(sorted(FACTS_OF[kind]))},
        optional={
            "minutes": st.integers(-1440, 10080),
            "expected": st.one_of(windows(), st.sampled_from(["unknown", "off"])),
            "window": windows(),
            "agreed": st.booleans(),
            "reason": st.sampled_from(sorted(Reason)),
            "by": st.sampled_from(sorted(Party)),
            "technician": st.sampled_from(["Sam", "Zoë"]),
            "parcel": st.just(parcel) if parcel else st.text(max_size=3),
            "what": st.sampled_from(["update", "call_back"]),
            "moment": windows().map(lambda window: window["end"]),
            "by_phone": st.booleans(),
            "occurred_at": windows().map(lambda window: window["start"]),
        },
    ).map(_fitting)


def _fitting(fact: dict[str, Any]) -> dict[str, Any]:
    """Leave only what goes with the type."""
    known = FIELDS[FactType(fact["type"])] | {"type", "occurred_at"}
    if fact["type"] == FactType.DELAYED and "minutes" in fact:
        fact.pop("expected", None)
    return {name: value for name, value in fact.items() if name in known}


@pytest.mark.timeout(240)
@pytest.mark.parametrize("kind", list(JobKind))
def test_any_facts_in_any_order_are_taken_or_refused_but_never_break(
    api: Api, kind: JobKind
) -> None:
    """Whatever was said before: 202, or a 4xx that says why; and the job can still be read."""
    path, body = (
        ("appointments", an_appointment()) if kind == "appointment" else ("orders", an_order())
    )
    job = api.post(f"/{path}", body).json
    parcel = job["parcels"][0]["tracking_code"] if job["parcels"] else None
    taken: list[int] = []

    @settings(
        max_examples=80,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(fact=facts(kind, parcel), back=st.integers(0, 4))
    def say(fact: dict[str, Any], back: int) -> None:
        answer = api.post(f"/{path}/{job['id']}/facts", fact)
        assert answer.status_code in {202, 409, 422}, (fact, answer.text)
        taken.append(answer.status_code)
        if answer.status_code == 202 and back == 0:
            fact_id = answer.json["fact"]["id"]
            again = api.post(f"/{path}/{job['id']}/facts/{fact_id}/withdraw")
            assert again.status_code == 202, again.text

    say()
    assert taken.count(202) > 20
    for part in ("", "/messages", "/explain", "/promises"):
        assert api.get(f"/{path}/{job['id']}{part}").status_code == 200


def try_operation(operation: Any, key: str, job: dict[str, Any], mode: GenerationMode) -> None:
    """Call one operation with generated requests; half of those with an id meet `job`."""

    @settings(
        max_examples=EXAMPLES,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), there=st.booleans())
    def call(case: Any, there: bool) -> None:
        if there and case.path_parameters:
            case.path_parameters = {
                **case.path_parameters,
                "job_id": job["id"],
                **({"fact_id": job["facts"][0]["id"]} if "{fact_id}" in operation.path else {}),
            }
        case.call_and_validate(checks=CHECKS, headers={"Authorization": f"Bearer {key}"})

    call()
