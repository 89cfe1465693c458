"""Bodies that no vendor would send, well signed, at the address: none breaks it, none is lost."""

from __future__ import annotations

from uuid import UUID

import pytest
import structlog
from flask.testing import FlaskClient
from hypothesis import HealthCheck, example, given, seed, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from notifier.domain.deliveries import DeliveryStatus
from notifier.services import Services
from notifier.sources.registry import adapters
from notifier.store.engine import reading
from notifier.store.tables import Delivery
from tests.services import given_brand
from tests.sources import mutated_bodies, onfleet_events
from tests.sources.mutated_bodies import PERSONAL
from tests.webhooks import amounts
from tests.webhooks.deliveries import translate_all
from tests.webhooks.signing import KINDS, add_each, headers_of, path_of

_SOMETIMES = st.integers(0, 19).map(lambda number: number == 13)  # hypothesis is fond of 0

_DUTY = onfleet_events.Task(mutated_bodies.NOW).event(5, mutated_bodies.NOW)
_NOTHING_FOR_US = ("onfleet", dict[str, str](), onfleet_events.body_of(_DUTY))


@pytest.fixture
def brand(services: Services) -> UUID:
    """A brand with a source of each kind."""
    made = given_brand(services).id
    add_each(services, made)
    return made


def test_each_body_is_refused_or_kept_and_read(
    client: FlaskClient, services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    """A 4xx and nothing stored, or a 200 and a row that ends with what became of it and why."""
    told: dict[int, int] = {}

    @seed(amounts.SEED)
    @given(mutated=mutated_bodies.mutated_bodies(), unsigned=_SOMETIMES)
    @example(mutated=_NOTHING_FOR_US, unsigned=False)
    @settings(
        max_examples=amounts.BODIES,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def post(mutated: tuple[str, dict[str, str], bytes], unsigned: bool) -> None:
        kind, about, body = mutated
        headers = headers_of(kind, body, services.now()) | about
        path = path_of(kind)
        if unsigned:
            path = f"/webhooks/in/{kind}"
            headers = about | {"Content-Type": "application/json"}
        before = _kept(services)
        with structlog.testing.capture_logs() as logged:
            answer = client.post(path, data=body, headers=headers)
            translate_all(services)
        told[answer.status_code] = told.get(answer.status_code, 0) + 1
        _says_nothing_personal(f"{logged} {caplog.text}")
        if answer.status_code == 200:
            _became_something(services, UUID(answer.get_json()["delivery"]))
        else:
            assert 400 <= answer.status_code < 500
            assert answer.mimetype == "application/problem+json"
            assert _kept(services) == before
            _says_nothing_personal(answer.text)

    post()

    assert told[200] > amounts.BODIES / 2
    assert told.keys() <= {200, 401, 422}
    with reading(services.sessions) as session:
        ends = set(session.scalars(select(Delivery.status)))
    assert ends >= {DeliveryStatus.APPLIED, DeliveryStatus.IGNORED, DeliveryStatus.FAILED}


def _kept(services: Services) -> int:
    with reading(services.sessions) as session:
        return session.scalar(select(func.count()).select_from(Delivery)) or 0


def _became_something(services: Services, delivery_id: UUID) -> None:
    with reading(services.sessions) as session:
        row = session.get_one(Delivery, delivery_id)
    assert row.status != DeliveryStatus.RECEIVED
    assert row.why or row.status == DeliveryStatus.APPLIED
    _says_nothing_personal(row.why or "")


def _says_nothing_personal(said: str) -> None:
    assert not [one for one in PERSONAL if one in said], said


def test_every_kind_of_source_is_tried() -> None:
    """A new one needs bodies to change and what they are signed with."""
    assert set(mutated_bodies.KINDS) == set(KINDS) == set(adapters())
