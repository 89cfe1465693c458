"""The ledger through HTTP: what was promised, by phone or text, and how it ended."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from notifier.api_keys import create_api_key
from notifier.delivery import deliver_due
from notifier.domain.messages import MessageStatus
from notifier.domain.windows import utc_text
from notifier.providers.receipt import Receipt, ReceiptEvent
from notifier.receipts import apply_receipt
from notifier.services import Services
from tests.fakes.clock import FakeClock
from tests.services import given_brand
from tests.web.conftest import Api, Reply, an_order, booked, problem_fields

WINDOW = {"start": "2026-11-23T19:00:00Z", "end": "2026-11-23T21:00:00Z"}
LATER = {"start": "2026-11-23T19:45:00Z", "end": "2026-11-23T21:45:00Z"}


def promises(api: Api, job_id: UUID) -> list[dict[str, Any]]:
    """Return the ledger of an appointment."""
    answer = api.get(f"/appointments/{job_id}/promises")
    assert answer.status_code == 200, answer.text
    return answer.json["items"]  # type: ignore[no-any-return]


def let_everything_arrive(services: Services, api: Api, job_id: UUID) -> None:
    """Send what is due; the provider says that it was delivered."""
    while deliver_due(services):
        pass
    for message in api.get(f"/appointments/{job_id}/messages").json["items"]:
        if message["status"] == MessageStatus.ACCEPTED:
            apply_receipt(
                services,
                Receipt(
                    message_id=UUID(message["id"]),
                    attempt_id=None,
                    provider=message["provider"],
                    provider_id=message["provider_id"],
                    event_id=message["id"],
                    event=ReceiptEvent.DELIVERED,
                    code=None,
                ),
                origin="callback",
            )


def test_the_first_promise_stays_beside_the_current_one(
    api: Api, services: Services, clock: FakeClock
) -> None:
    """Booked, confirmed by text, 45 minutes late in time, and there."""
    job_id = booked(api)
    let_everything_arrive(services, api, job_id)
    clock.advance(minutes=5)
    api.post(f"/appointments/{job_id}/facts", {"type": "delayed", "minutes": 45})
    let_everything_arrive(services, api, job_id)

    first, repeated, current = promises(api, job_id)

    assert (first["what"], first["window"], first["moment"]) == ("window", WINDOW, None)
    assert first["person"]["name"] == "Ada Park"
    assert first["given_by"]["how"] == "booking"
    assert (first["strength"], first["ending"]) == ("given", "moved_in_time")
    assert (first["heard_at"], first["changed_to"]) == (current["given_at"], LATER)
    assert first["tell_by"] == "2026-11-23T18:00:00Z"
    assert repeated["given_by"]["rule"] == "booked"
    assert repeated["repeats"] == first["given_by"]["fact"]
    assert (current["window"], current["ending"]) == (LATER, "open")
    assert current["given_by"]["how"] == "message"
    assert current["strength"] == "delivered"

    clock.advance(hours=3)
    api.post(f"/appointments/{job_id}/facts", {"type": "arrived"})
    kept = promises(api, job_id)[-1]
    assert kept["ending"] == "kept"
    assert kept["there"] == {"at": kept["ended_at"], "by_then": False, "said_by": "api"}
    assert promises(api, job_id)[0] == first


def test_a_call_back_promised_by_phone_is_kept_by_a_call(api: Api, clock: FakeClock) -> None:
    """*We call you back by eleven*, and somebody does."""
    job_id = booked(api)
    facts = f"/appointments/{job_id}/facts"
    promised = {
        "type": "promised",
        "what": "call_back",
        "moment": "2026-11-23T19:00:00Z",
        "by_phone": True,
    }

    said = api.post(facts, promised)

    assert said.status_code == 202
    fact = said.json["fact"]
    assert (fact["what"], fact["moment"], fact["by_phone"]) == (
        "call_back",
        "2026-11-23T19:00:00Z",
        True,
    )
    assert said.json["job"]["told"] == WINDOW
    assert said.json["job"]["status"] == "scheduled"
    moment = promises(api, job_id)[-1]
    assert (moment["what"], moment["moment"], moment["window"]) == (
        "call_back",
        "2026-11-23T19:00:00Z",
        None,
    )
    assert (moment["given_by"]["how"], moment["ending"]) == ("phone", "open")
    clock.advance(minutes=30)
    assert api.post(facts, {"type": "spoken_to"}).status_code == 202
    assert promises(api, job_id)[-1]["ending"] == "kept"


def test_a_promise_that_was_a_mistake_is_withdrawn(api: Api) -> None:
    """Taken back, it stays on record and is owed no more."""
    job_id = booked(api)
    body = {"type": "promised", "what": "update", "moment": "2026-11-23T19:00:00Z"}
    fact = api.post(f"/appointments/{job_id}/facts", body | {"by_phone": True}).json["fact"]
    api.post(f"/appointments/{job_id}/facts/{fact['id']}/withdraw")
    assert promises(api, job_id)[-1]["ending"] == "withdrawn"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"moment": "2026-11-23T19:00:00Z"}, "what"),
        ({"what": "window", "moment": "2026-11-23T19:00:00Z"}, "what"),
        ({"what": "update"}, "moment"),
        ({"what": "update", "moment": "2026-11-23T17:00:00Z"}, "moment"),
        ({"what": "update", "moment": "2026-11-20T17:00:00Z"}, "moment"),
        ({"what": "update", "moment": "2037-11-24T19:00:00Z"}, "moment"),
        ({"what": "update", "moment": "2026-11-23T19:00:00Z", "minutes": 5}, "minutes"),
        (
            {
                "what": "update",
                "moment": "2026-11-23T19:00:00Z",
                "person": "01a20177-bfdb-74c2-b9ef-b88f7a4aac24",
            },
            "person",
        ),
    ],
)
def test_a_promise_that_makes_no_sense_names_its_field(
    api: Api, body: dict[str, Any], field: str
) -> None:
    """No moment, one that has passed or is years ahead, nobody on the job, or a window said as
    a moment."""
    job_id = booked(api)
    answer = api.post(f"/appointments/{job_id}/facts", {"type": "promised"} | body)
    assert answer.status_code == 422
    assert problem_fields(answer) == [field]


def test_a_moment_is_promised_at_most_ninety_days_ahead(api: Api, clock: FakeClock) -> None:
    """To the second; later than that the day or the year is a slip of the hand."""
    job_id = booked(api)
    last = clock() + timedelta(days=90)

    def say(moment: datetime) -> Reply:
        body = {"type": "promised", "what": "update", "moment": utc_text(moment)}
        return api.post(f"/appointments/{job_id}/facts", body)

    refused = say(last + timedelta(seconds=1))
    assert refused.status_code == 422
    assert "at most 90 days ahead" in refused.text
    assert say(last).status_code == 202


def test_an_order_has_a_ledger_too_and_is_no_appointment(api: Api) -> None:
    """One path each, as everywhere."""
    order = api.post("/orders", an_order()).json["id"]
    (promise,) = api.get(f"/orders/{order}/promises").json["items"]
    assert promise["due"] == "2026-11-25T02:00:00Z"
    assert api.get(f"/appointments/{order}/promises").status_code == 404


def test_another_brand_has_no_such_ledger(
    api: Api, client: FlaskClient, services: Services
) -> None:
    """Not even its existence is told."""
    job_id = booked(api)
    other = given_brand(services, slug="other", name="Other")
    stranger = Api(client, create_api_key(services, other.id, "theirs"))
    assert stranger.get(f"/appointments/{job_id}/promises").status_code == 404
