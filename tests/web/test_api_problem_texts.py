"""Whatever a body holds, what is wrong with it is said in plain words, by field.

The places of every body are read off the API's own document, so that a field added tomorrow
is tried as well.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from notifier.domain.facts import FactType
from notifier.domain.jobs import FACTS_OF, JobKind
from notifier.web.api.facts_in import FIELDS
from tests.web.conftest import Api, Reply, an_appointment, an_order
from tests.web.plain_problems import OF_A_LIBRARY

Path = tuple[str | int, ...]

#: Little of it makes a name or a note; what is taken after all shows that it breaks nothing.
WRONG: list[Any] = [
    None,
    True,
    10**30,
    1.5,
    "",
    "x" * 3_000,
    "a\x00b",
    "half \ud83d",
    "\u202eabc",
    "１２３",
    [],
    ["x"] * 60,
    {},
    {"a\x00\ud83d": "x" * 200},
]

#: Fields that may be named instead: what another one asks for, or does not go with.
ELSEWHERE: dict[Path, tuple[str, ...]] = {("type",): ("",), ("minutes",): ("expected",)}


@dataclass(frozen=True)
class Request:
    """A body that is taken as it is, and where it goes."""

    method: str
    path: str
    body: dict[str, Any]


WINDOW = {"start": "2026-11-23T19:00:00Z", "end": "2026-11-23T21:00:00Z"}
BEGUN = {"start": "2026-11-23T16:30:00Z", "end": "2026-11-23T18:30:00Z"}
SAID = {"granted": True, "source": "form", "at": "2026-11-20T10:00:00Z", "channels": ["sms"]}
PERSON = {
    "reference": "C-7",
    "name": "Cy",
    "phone": "+12065550102",
    "email": "cy@example.com",
    "time_zone": "America/Los_Angeles",
    "locale": "en",
    "consents": {"care": SAID},
}
OTHER = PERSON | {"role": "on_site"}
VALUES: dict[str, Any] = {
    "minutes": 45,
    "expected": WINDOW,
    "window": WINDOW,
    "agreed": True,
    "reason": "traffic",
    "by": "us",
    "technician": {"name": "Zoë", "phone": "+12065550103"},
    "parcel": "1z999aa10123456784",
    "what": "update",
    "moment": "2026-11-23T19:00:00Z",
    "by_phone": True,
    "note": "Rang twice",
    "occurred_at": "2026-11-23T17:00:00Z",
}


def requests_of(api: Api, kind: JobKind) -> Iterator[Request]:
    """Yield a whole body of everything that can be sent about a job of `kind`."""
    several = f"/{kind}s"
    booking = an_appointment() if kind is JobKind.APPOINTMENT else an_order(service="Delivery")
    booking |= {"customer": PERSON, "people": [OTHER], "reference": f"{kind}-0"}
    booking["place"] = {"time_zone": "America/Los_Angeles", "address": "1 Pine St"}
    if kind is JobKind.APPOINTMENT:
        booking["technician"] = VALUES["technician"]
    yield Request("POST", several, booking)

    numbers = itertools.count(1)

    def path(fact: FactType | None = None) -> tuple[str, str]:
        """Return the address of a new job, so that none gathers facts, and its customer."""
        new = booking | {"reference": f"{kind}-{next(numbers)}"}
        if fact is FactType.MISSED:  # not before its time begins
            new |= {"window": BEGUN}
        job = api.post(several, new).json
        return f"{several}/{job['id']}", job["people"][0]["id"]

    corrected = PERSON | {"wrong_number": False}
    patch = {"customer": corrected, "people": [corrected | {"role": "on_site"}]}
    yield Request("PATCH", path()[0], patch)
    for fact in sorted(FACTS_OF[kind]):
        at, person = path(fact)
        fields = VALUES | {"person": person}
        known = {name: fields[name] for name in FIELDS[fact] | {"note", "occurred_at"}}
        if kind is JobKind.APPOINTMENT:
            known.pop("parcel", None)
        if fact is FactType.DELAYED:
            minutes = {"type": fact, "minutes": known.pop("minutes")}
            yield Request("POST", f"{at}/facts", minutes)
        yield Request("POST", f"{at}/facts", {"type": fact} | known)


def places(value: Any, here: Path = ()) -> Iterator[Path]:
    """Yield where something stands in a body: every field, item and the whole."""
    yield here
    inner: Iterable[tuple[str | int, Any]] = ()
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    for name, under in inner:
        yield from places(under, (*here, name))


def documented(spec: dict[str, Any], schema: dict[str, Any], here: Path = ()) -> set[Path]:
    """Return where something may stand in a body by the document; of a list, its first item."""
    if "$ref" in schema:
        schema = spec["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    found = {here}
    for choice in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        found |= documented(spec, choice, here)
    for name, inner in schema.get("properties", {}).items():
        found |= documented(spec, inner, (*here, name))
    if "items" in schema:
        found |= documented(spec, schema["items"], (*here, 0))
    if isinstance(schema.get("additionalProperties"), dict):
        found |= documented(spec, schema["additionalProperties"], (*here, "care"))
    return found


def with_value(body: Any, place: Path, value: Any) -> Any:
    """Return `body` with `value` at `place`."""
    if not place:
        return value
    changed = json.loads(json.dumps(body))
    at = changed
    for name in place[:-1]:
        at = at[name]
    at[place[-1]] = value
    return changed


def sent(api: Api, request: Request, body: Any) -> Reply:
    """Send `body` where `request` goes."""
    if request.method == "PATCH":
        return api.patch(request.path, body)
    return api.post(request.path, body)


def not_plain(answer: Reply, place: Path) -> list[str]:
    """Return what of an answer a person could not read, or would look for elsewhere."""
    if answer.status_code in {200, 201, 202, 409}:
        return []
    if answer.status_code != 422 or not answer.json.get("errors"):
        return [answer.text]
    return [
        str(error)
        for error in answer.json["errors"]
        if OF_A_LIBRARY.search(error["problem"])
        or not 8 <= len(error["problem"]) <= 400
        or not error["field"]
        or (place and not error["field"].startswith((str(place[0]), *ELSEWHERE.get(place, ()))))
    ]


@pytest.mark.timeout(240)
@pytest.mark.parametrize("kind", list(JobKind))
def test_every_wrong_value_of_every_field_is_refused_in_plain_words(
    api: Api, kind: JobKind
) -> None:
    """Never a 500, and the problem names the field that holds it."""
    tried: set[tuple[str, Path]] = set()
    faults = []
    for request in requests_of(api, kind):
        assert sent(api, request, request.body).status_code in {200, 201, 202}, request
        for place in places(request.body):
            if (ending(request.path), place) in tried:
                continue
            tried.add((ending(request.path), place))
            for wrong in WRONG:
                if wrong is None and not place:
                    continue  # it would be no body at all
                answer = sent(api, request, with_value(request.body, place, wrong))
                faults += [(place, wrong, said) for said in not_plain(answer, place)]
    assert not faults


def test_every_place_in_every_documented_body_is_tried(api: Api) -> None:
    """A field that is added tomorrow has to be added above."""
    tried: dict[str, set[Path]] = {}
    for kind in JobKind:
        for request in requests_of(api, kind):
            tried.setdefault(ending(request.path), set()).update(places(request.body))
    spec = Reply.of(api.client.get("/api/openapi.json")).json

    for path, operations in spec["paths"].items():
        for operation in operations.values():
            for media in operation.get("requestBody", {"content": {}})["content"].values():
                assert documented(spec, media["schema"]) <= tried[ending(path)], path


def ending(path: str) -> str:
    """Return what a path ends with, which is the same for every kind of job."""
    return re.sub(r"^.*(appointment|order)s(/[^/]+)?", lambda of: "job" if of[2] else "", path)
