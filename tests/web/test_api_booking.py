"""Booking through HTTP: what comes back, what is the same, what is in the way."""

from __future__ import annotations

from flask.testing import FlaskClient

from notifier.services import Services
from notifier.store.tables import Brand
from tests.services import PUBLIC_URL, given_brand
from tests.web.conftest import Api, an_appointment, an_order, booked, problem_fields

WINDOW = {"start": "2026-11-23T19:00:00Z", "end": "2026-11-23T21:00:00Z"}


def test_a_booking_answers_with_the_whole_job(api: Api) -> None:
    """Promised, agreed, told and expected all begin as the window that was booked."""
    answer = api.post("/appointments", an_appointment())

    assert answer.status_code == 201
    job = answer.json
    assert job["reference"] == "JOB-1001"
    assert job["status"] == "scheduled"
    assert [job[name] for name in ("promised", "agreed", "told", "expected")] == [WINDOW] * 4
    assert job["told_strength"] == "given"
    assert job["tell_by"] == "2026-11-23T18:00:00Z"
    assert job["status_url"].startswith(f"{PUBLIC_URL}/s/")
    assert job["technician"] == "Sam"
    assert not job["late"]
    (person,) = job["people"]
    assert (person["role"], person["name"], person["told"]) == ("customer", "Ada Park", WINDOW)
    assert [(c["channel"], c["to"], c["usable"]) for c in person["channels"]] == [
        ("sms", "+12065550100", True),
        ("email", "ada@example.com", True),
    ]
    assert api.get(f"/appointments/{job['id']}").json == job


def test_an_order_answers_with_its_parcels(api: Api) -> None:
    """Tracking codes are normalised; a number without a + is of the brand's country."""
    answer = api.post("/orders", an_order())

    assert answer.status_code == 201
    job = answer.json
    assert job["status"] == "ordered"
    assert job["items"] == ["Radiator valve"]
    assert [parcel["tracking_code"] for parcel in job["parcels"]] == ["1Z999AA10123456784"]
    assert job["people"][0]["channels"][0]["to"] == "+12065550101"


def test_the_same_booking_again_is_the_same_job(api: Api) -> None:
    """A caller that never saw our answer may simply ask again."""
    first = api.post("/appointments", an_appointment())
    again = api.post("/appointments", an_appointment())

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json == first.json


def test_another_booking_under_the_same_reference_is_a_conflict(api: Api) -> None:
    """A reference names one job, whatever its kind."""
    booked(api)

    other = api.post("/appointments", an_appointment(service="Roof repair"))
    order = api.post("/orders", an_order(reference="JOB-1001"))

    assert other.status_code == order.status_code == 409
    assert other.mimetype == "application/problem+json"


def test_times_come_with_any_offset_and_leave_in_utc(api: Api) -> None:
    """11:00 in Los Angeles is 19:00 UTC in November."""
    window = {"start": "2026-11-23T11:00:00-08:00", "end": "2026-11-23T22:00+01:00"}

    job = api.post("/appointments", an_appointment(window=window)).json

    assert job["promised"] == WINDOW


def test_a_job_without_a_window_promises_nothing_yet(api: Api) -> None:
    """No window is invented."""
    job = api.post("/appointments", an_appointment(window=None)).json

    assert (job["promised"], job["agreed"], job["told"]) == (None, None, None)


def test_people_beside_the_customer_are_told_apart(api: Api) -> None:
    """The customer is given the window at booking; nobody else knows it yet."""
    people = [{"role": "on_site", "name": "Cy", "phone": "+12065550102"}]

    job = api.post("/appointments", an_appointment(people=people)).json

    assert [(p["role"], p["name"], p["told"]) for p in job["people"]] == [
        ("customer", "Ada Park", WINDOW),
        ("on_site", "Cy", None),
    ]


def test_a_job_is_nobody_elses(
    api: Api, client: FlaskClient, services: Services, brand: Brand
) -> None:
    """Another brand's key finds nothing, and an appointment is no order."""
    from notifier.api_keys import create_api_key

    job_id = booked(api)
    elsewhere = given_brand(services, slug="elsewhere", name="Elsewhere")
    stranger = Api(client, create_api_key(services, elsewhere.id, "theirs"))

    assert stranger.get(f"/appointments/{job_id}").status_code == 404
    assert stranger.post(f"/appointments/{job_id}/facts", {"type": "arrived"}).status_code == 404
    assert stranger.get("/appointments", reference="JOB-1001").json == {"items": [], "next": None}
    assert api.get(f"/orders/{job_id}").status_code == 404
    assert api.post(f"/orders/{job_id}/facts", {"type": "delivered"}).status_code == 404


def test_corrections_reach_the_person_and_only_what_was_named(api: Api) -> None:
    """A new number replaces the old one; the email stays; null takes it away."""
    job_id = booked(api)

    job = api.patch(
        f"/appointments/{job_id}", {"customer": {"phone": "206-555-0177", "name": "Ada Parker"}}
    ).json

    (person,) = job["people"]
    assert person["name"] == "Ada Parker"
    assert {c["channel"]: c["to"] for c in person["channels"]} == {
        "sms": "+12065550177",
        "email": "ada@example.com",
    }
    job = api.patch(f"/appointments/{job_id}", {"customer": {"email": None}}).json
    assert [c["channel"] for c in job["people"][0]["channels"]] == ["sms"]


def test_a_wrong_number_is_taken_away(api: Api) -> None:
    """Nobody's stranger gets our texts."""
    job_id = booked(api)

    job = api.patch(f"/appointments/{job_id}", {"customer": {"wrong_number": True}}).json

    assert [c["channel"] for c in job["people"][0]["channels"]] == ["email"]


def test_a_correction_that_corrects_nothing_says_so(api: Api) -> None:
    """An empty body, a role twice, a locale taken away."""
    job_id = booked(api)
    path = f"/appointments/{job_id}"

    assert problem_fields(api.patch(path, {})) == ["body"]
    assert problem_fields(api.patch(path, {"customer": {"locale": None}})) == ["customer.locale"]
    twice = {"people": [{"role": "on_site", "name": "A"}, {"role": "on_site", "name": "B"}]}
    assert problem_fields(api.patch(path, twice)) == ["people"]


def test_a_correction_of_several_people_is_all_or_nothing(api: Api) -> None:
    """Nobody is on site: the customer keeps their number too."""
    job_id = booked(api)
    path = f"/appointments/{job_id}"
    before = api.get(path).json

    answer = api.patch(
        path,
        {"customer": {"phone": "206-555-0177"}, "people": [{"role": "on_site", "name": "Bo"}]},
    )

    assert answer.status_code == 404
    assert api.get(path).json == before


def test_several_people_are_corrected_in_one_step(api: Api) -> None:
    """The job changes once: whoever read it before finds one change, not two."""
    other = {"role": "on_site", "name": "Bo Park", "phone": "+12065550111"}
    job = api.post("/appointments", an_appointment(people=[other])).json
    path = f"/appointments/{job['id']}"

    corrected = api.patch(
        path,
        {"customer": {"name": "Ada Parker"}, "people": [{"role": "on_site", "name": "Bo Lind"}]},
    ).json

    assert [person["name"] for person in corrected["people"]] == ["Ada Parker", "Bo Lind"]
    assert corrected["version"] == job["version"] + 1
