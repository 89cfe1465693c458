"""What a caller says of a person's consent and identity, through HTTP."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from notifier.services import Services
from notifier.store.tables import Consent, ContactPoint, Person
from tests.web.conftest import Api, an_appointment, problem_fields

GRANTED = {"granted": True, "source": "checkout", "at": "2026-11-20T09:00:00Z"}


def customer(**changes: object) -> dict[str, object]:
    """Return the booking's customer, changed as told."""
    return {**an_appointment()["customer"], **changes}


def recorded(services: Services) -> list[tuple[str, str, bool, str]]:
    """Return what is on record, in the order in which it came."""
    with services.sessions() as session:
        rows = session.execute(
            select(ContactPoint.channel, Consent.kind, Consent.granted, Consent.source)
            .join(ContactPoint, ContactPoint.id == Consent.contact_point_id)
            .order_by(Consent.at, Consent.id)
        )
        return [tuple(row) for row in rows]  # type: ignore[misc]


def test_a_booking_says_what_its_customer_agreed_to(api: Api, services: Services) -> None:
    """For each of their addresses, or those that it names."""
    said = {"marketing": GRANTED | {"channels": ["email"]}, "care": {"granted": False}}
    answer = api.post("/appointments", an_appointment(customer=customer(consents=said)))
    assert answer.status_code == 201, answer.text
    assert sorted(recorded(services)) == [
        ("email", "care", False, "api"),
        ("email", "marketing", True, "checkout"),
        ("sms", "care", False, "api"),
    ]


def test_a_correction_adds_what_is_said_later(api: Api, services: Services) -> None:
    """Nothing is overwritten."""
    said = an_appointment(customer=customer(consents={"marketing": GRANTED}, email=None))
    job = api.post("/appointments", said).json["id"]
    answer = api.patch(
        f"/appointments/{job}", {"customer": {"consents": {"marketing": {"granted": False}}}}
    )
    assert answer.status_code == 200, answer.text
    assert recorded(services) == [
        ("sms", "marketing", True, "checkout"),
        ("sms", "marketing", False, "api"),
    ]


@pytest.mark.parametrize(
    ("consents", "field"),
    [
        ({"marketing": {"granted": "yes"}}, "customer.consents.marketing.granted"),
        ({"marketing": {"source": "checkout"}}, "customer.consents.marketing.granted"),
        ({"marketing": GRANTED | {"at": "2027-01-01T00:00:00Z"}}, "consents.marketing.at"),
    ],
)
def test_what_makes_no_sense_is_named(api: Api, consents: dict[str, object], field: str) -> None:
    """A consent must be plain, and must have been given already."""
    answer = api.post("/appointments", an_appointment(customer=customer(consents=consents)))
    assert answer.status_code in (400, 422)
    assert problem_fields(answer) == [field]


def test_a_kind_that_is_none_is_refused(api: Api) -> None:
    """The kinds are a closed list."""
    said = an_appointment(customer=customer(consents={"adverts": GRANTED}))
    assert api.post("/appointments", said).status_code in (400, 422)


def test_a_customers_own_reference_makes_them_one_human(api: Api, services: Services) -> None:
    """Whatever name the second booking had."""
    api.post("/appointments", an_appointment(customer=customer(reference="C-7")))
    other = customer(reference="C-7", name="A. Park")
    api.post("/appointments", an_appointment(reference="JOB-2", customer=other))
    with services.sessions() as session:
        one, two = session.scalars(select(Person.identity_hash)).all()
    assert one is not None
    assert one == two
