"""Callbacks come signed, over the public URL, and are answered so that nobody asks again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import parse_qsl
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session, sessionmaker

from notifier.delivery import deliver_due
from notifier.domain.messages import Channel, MessageStatus
from notifier.domain.reply_intents import Intent
from notifier.providers.receipt import Receipt
from notifier.providers.twilio_callbacks import TRY_AGAIN
from notifier.receipts import apply_receipt
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import Person, Reply
from notifier.store.tables import Receipt as ReceiptRow
from notifier.web import callbacks as views
from notifier.web.callbacks import callbacks
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds
from tests.fakes.provider_callbacks import SignedCallbacks
from tests.outbox_world import ADA, OUR_NUMBER, World, make_world
from tests.sources.samples import SAMPLES, needs_samples, sample_bytes

PUBLIC_URL = "https://notify.example.com"
TOKEN = "auth-token"


@dataclass(frozen=True)
class FakeSettings:
    """What the blueprint reads of the settings."""

    twilio_auth_token: SecretStr | None
    sendgrid_webhook_public_key: str | None
    public_url: str = PUBLIC_URL
    twilio_second_auth_token: SecretStr | None = None


@dataclass(frozen=True)
class Site:
    """The blueprint in an app behind a proxy, and providers that sign for the public URL."""

    world: World
    client: FlaskClient
    provider: SignedCallbacks


@pytest.fixture
def site(sessions: sessionmaker[Session], clock: FakeClock, ids: FakeIds) -> Site:
    """Return an app that knows itself as localhost while the providers call its public URL."""
    world = make_world(sessions, clock, ids)
    app = Flask(__name__)
    provider = SignedCallbacks(auth_token=TOKEN, public_url=PUBLIC_URL, app=None, now=clock)
    app.config["SETTINGS"] = FakeSettings(SecretStr(TOKEN), provider.sendgrid_public_key)
    app.extensions["notifier"] = world.services
    app.register_blueprint(callbacks)
    client = app.test_client()
    provider.app = _Behind(client)
    return Site(world, client, provider)


class _Behind:
    """A proxy: what reaches the app names another host than the one that was signed."""

    def __init__(self, client: FlaskClient) -> None:
        self._client = client

    def post(self, path: str, **kwargs: object) -> object:
        kwargs.pop("base_url", None)
        return self._client.post(path, **kwargs)


def given_sent(site: Site) -> tuple[UUID, dict[str, object]]:
    """Return a job whose late text was accepted, and the text as Twilio keeps it."""
    job = site.world.book()
    site.world.late(job)
    deliver_due(site.world.services)
    row = site.world.message(job)
    taken: dict[str, object] = {
        "sid": row.provider_id,
        "to": ADA,
        "from": OUR_NUMBER,
        "account_sid": "AC1",
        "status_callback": f"{PUBLIC_URL}/webhooks/twilio/status?m={row.id}&a={row.attempt_id}",
    }
    return job, taken


def test_a_signed_status_moves_the_message(site: Site) -> None:
    """204, and `told` follows."""
    job, taken = given_sent(site)

    assert site.provider.status(taken, "delivered", None) == 204

    assert site.world.message(job).status == MessageStatus.DELIVERED


def test_a_status_that_nobody_signed_is_refused(site: Site) -> None:
    """A problem, and nothing moves."""
    job, taken = given_sent(site)
    path = str(taken["status_callback"]).removeprefix(PUBLIC_URL)
    form = {"MessageSid": taken["sid"], "MessageStatus": "delivered"}

    answer = site.client.post(path, data=form, headers={"X-Twilio-Signature": "bm9wZQ=="})

    assert (answer.status_code, answer.mimetype) == (403, "application/problem+json")
    assert site.world.message(job).status == MessageStatus.ACCEPTED


def test_the_second_account_signs_with_its_own_token(site: Site, clock: FakeClock) -> None:
    """A status and a STOP of its numbers are taken; another account's still are not."""
    job, taken = given_sent(site)
    app = site.client.application
    app.config["SETTINGS"] = replace(
        app.config["SETTINGS"], twilio_second_auth_token=SecretStr("of-the-second")
    )

    def status(token: str) -> int:
        signs = SignedCallbacks(auth_token=token, public_url=PUBLIC_URL, app=None, now=clock)
        signs.app = _Behind(site.client)
        return signs.status(taken, "delivered", None)

    assert status("of-a-stranger") == 403
    assert site.world.message(job).status == MessageStatus.ACCEPTED
    assert status("of-the-second") == 204
    assert site.world.message(job).status == MessageStatus.DELIVERED


@pytest.mark.parametrize("signed", ["", TRY_AGAIN])
def test_how_often_twilio_tries_is_no_part_of_the_signature(site: Site, signed: str) -> None:
    """It calls and signs the URL without what follows #; a STOP would not be lost if it did."""
    job, taken = given_sent(site)
    url = f"{taken['status_callback']}{TRY_AGAIN}"
    assert site.provider.status({**taken, "status_callback": url}, "sent", None) == 204
    assert site.world.message(job).status == MessageStatus.SENT

    form = {"MessageSid": "SM2", "From": ADA, "To": OUR_NUMBER, "Body": "STOP"}
    inbound = f"{PUBLIC_URL}/webhooks/twilio/inbound{signed}"
    signature = site.provider._validator.compute_signature(inbound, form)
    answer = site.client.post(
        "/webhooks/twilio/inbound", data=form, headers={"X-Twilio-Signature": signature}
    )
    assert answer.status_code == 200
    assert [task.why for task in site.world.tasks("reply")] == ["opt_out"]


def test_the_query_is_part_of_what_was_signed(site: Site) -> None:
    """A captured callback can't be turned on another message."""
    job, taken = given_sent(site)
    form = {"MessageSid": str(taken["sid"]), "MessageStatus": "delivered"}
    url = str(taken["status_callback"])
    signature = site.provider._validator.compute_signature(url, form)
    other = f"/webhooks/twilio/status?m={uuid4()}&a={uuid4()}"

    answer = site.client.post(other, data=form, headers={"X-Twilio-Signature": signature})

    assert answer.status_code == 403
    assert site.world.message(job).status == MessageStatus.ACCEPTED


def test_a_status_of_a_message_we_never_sent_is_answered_well(site: Site) -> None:
    """Twilio would only repeat it."""
    _, taken = given_sent(site)
    stranger = {
        **taken,
        "sid": "SM-other",
        "status_callback": f"{PUBLIC_URL}/webhooks/twilio/status?m={uuid4()}&a={uuid4()}",
    }

    assert site.provider.status(stranger, "delivered", None) == 204


def test_sendgrid_events_move_emails(site: Site) -> None:
    """A whole batch, with what we do not know in it."""
    job = site.world.book(phone=None)
    site.world.late(job)
    deliver_due(site.world.services)
    row = site.world.message(job, Channel.EMAIL)
    email = {
        "id": row.provider_id,
        "to": "ada@example.com",
        "custom_args": {"message_id": str(row.id), "attempt_id": str(row.attempt_id)},
    }
    delivered = site.provider.event(email, "delivered", {})
    strange = {"event": "something_new", "sg_event_id": "x"}

    assert site.provider.events([strange, delivered, delivered]) == 204

    assert site.world.message(job, Channel.EMAIL).status == MessageStatus.DELIVERED


@pytest.mark.parametrize("id_", ["\ud800", "a\x00b", "x" * 100_000])
def test_an_event_that_no_database_takes_spoils_no_other(site: Site, id_: str) -> None:
    """SendGrid would bring the whole batch again for a day, and none of it would count."""
    job = site.world.book(phone=None)
    site.world.late(job)
    deliver_due(site.world.services)
    row = site.world.message(job, Channel.EMAIL)
    ids = {"message_id": str(row.id), "attempt_id": str(row.attempt_id)}
    email = {"id": row.provider_id, "to": "ada@example.com", "custom_args": ids}
    spoilt = site.provider.event(email, "processed", {"sg_event_id": id_, "sg_message_id": id_})

    assert site.provider.events([spoilt, site.provider.event(email, "delivered", {})]) == 204

    assert site.world.message(job, Channel.EMAIL).status == MessageStatus.DELIVERED


def test_an_event_that_breaks_keeps_no_other_waiting(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others count at once. All of them come again, and that it broke is known."""
    jobs = [site.world.book(f"JOB-{n}", phone=None, email=f"ada{n}@example.com") for n in range(3)]
    for job in jobs:
        site.world.late(job)
    deliver_due(site.world.services)
    rows = [site.world.message(job, Channel.EMAIL) for job in jobs]
    events = [
        site.provider.event(
            {
                "id": row.provider_id,
                "to": "ada@example.com",
                "custom_args": {"message_id": str(row.id), "attempt_id": str(row.attempt_id)},
            },
            "delivered",
            {},
        )
        for row in rows
    ]

    def break_for_the_second(services: Services, receipt: Receipt, *, origin: str) -> None:
        if receipt.message_id == rows[1].id:
            raise KeyError("ada@example.com")
        apply_receipt(services, receipt, origin=origin)

    with monkeypatch.context() as breaking:
        breaking.setattr(views, "apply_receipt", break_for_the_second)
        assert site.provider.events(events) == 500
    taken, delivered = MessageStatus.ACCEPTED, MessageStatus.DELIVERED
    assert [site.world.message(job, Channel.EMAIL).status for job in jobs] == [
        delivered,
        taken,
        delivered,
    ]

    assert site.provider.events(events) == 204
    assert {site.world.message(job, Channel.EMAIL).status for job in jobs} == {delivered}
    with reading(site.world.services.sessions) as session:
        found = session.scalars(
            select(ReceiptRow.message_id).where(ReceiptRow.event == "delivered")
        )
        assert sorted(filter(None, found)) == sorted(row.id for row in rows), "each is once"


def test_a_database_in_trouble_is_not_asked_for_each_event(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand events would each wait for it; they come again."""
    tried: list[Receipt] = []

    def find_none(_: Services, receipt: Receipt, *, origin: str) -> None:
        tried.append(receipt)
        raise PoolTimeout(origin)

    monkeypatch.setattr(views, "apply_receipt", find_none)
    events = [{"event": "delivered", "sg_event_id": f"event-{number}"} for number in range(3)]

    assert site.provider.events(events) == 500, "503, with the handlers of the whole app"
    assert len(tried) == 1


@pytest.mark.parametrize(
    ("sid", "code"), [("SM1", 10**400), ("S" * 100_000, 30003), ("S\x00M", 30003)]
)
def test_a_status_that_makes_no_sense_is_answered_well(site: Site, sid: str, code: int) -> None:
    """It will make none the next time either."""
    _, taken = given_sent(site)
    assert site.provider.status(taken | {"sid": sid}, "undelivered", code) == 204


def test_sendgrid_events_that_are_old_or_unsigned_are_refused(
    site: Site, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch captured an hour ago proves nothing now."""
    signed_at: datetime = clock()
    monkeypatch.setattr(site.provider, "_now", lambda: signed_at)
    clock.advance(hours=1)

    assert site.provider.events([{"event": "delivered"}]) == 403
    assert site.client.post("/webhooks/sendgrid/events", json=[]).status_code == 403


def test_a_text_from_a_customer_is_answered_with_twiml(site: Site) -> None:
    """HELP gets words, STOP gets none: the carrier answers that itself."""
    site.world.book()

    assert site.provider.inbound(from_=ADA, to=OUR_NUMBER, body="STOP", account_sid="AC1") == 200
    assert [task.why for task in site.world.tasks("reply")] == ["opt_out"]

    form = {"MessageSid": "SM2", "From": ADA, "To": OUR_NUMBER, "Body": "HELP"}
    url = f"{PUBLIC_URL}/webhooks/twilio/inbound"
    signature = site.provider._validator.compute_signature(url, form)
    answer = site.client.post(
        "/webhooks/twilio/inbound", data=form, headers={"X-Twilio-Signature": signature}
    )
    assert answer.mimetype == "text/xml"
    assert "<Message>Northside" in answer.text


#: What customers really wrote -> its words, and the number of ours that it went to.
_WRITTEN = {
    "inbound_sms_to_shortcode": ("John Cruz", "384387"),
    "inbound_sms_us": ("Msg", "+12028831111"),
    "inbound_whatsapp": ("Msg", "whatsapp:+12028831111"),
}
_WRITER = "+14133881111"


@needs_samples
@pytest.mark.parametrize("sample", _WRITTEN)
def test_each_real_reply_is_read_and_finds_its_writer(site: Site, sample: str) -> None:
    """Whichever number of ours and whichever way it came: their words are on their visit."""
    form = dict(parse_qsl(sample_bytes(f"payloads/twilio/{sample}.form").decode()))
    words, to = _WRITTEN[sample]
    assert form["To"] == to
    job = site.world.book(phone=_WRITER)

    assert [site.provider.reply(form) for _ in range(2)] == [200, 200]

    services = site.world.services
    with reading(services.sessions) as session:
        (reply,) = session.scalars(select(Reply))
        person = session.get_one(Person, reply.person_id)
        assert services.vault.open(person.key, reply.body) == words
    assert (reply.job_id, reply.provider_id) == (job, form["MessageSid"])
    assert (reply.intent, reply.channel) == (Intent.OTHER, Channel.SMS)


@needs_samples
def test_no_real_sample_of_a_reply_is_left_without_an_outcome() -> None:
    """A reply added to the folder must be decided in the table above."""
    found = {path.stem for path in (SAMPLES / "payloads/twilio").glob("inbound_*")}
    assert found == set(_WRITTEN)


@pytest.mark.parametrize("way", ["whatsapp", "rcs"])
def test_a_stop_by_another_way_closes_the_number(site: Site, way: str) -> None:
    """Who answers our text there is who gets the next one."""
    site.world.book()
    to = f"{way}:{OUR_NUMBER}"

    site.provider.inbound(from_=f"{way}:{ADA}", to=to, body="STOP", account_sid="AC1")

    assert [task.why for task in site.world.tasks("reply")] == ["opt_out"]
    job = site.world.book("JOB-2")
    site.world.late(job)
    deliver_due(site.world.services)
    assert site.world.sms.sent == []


def test_a_text_that_nobody_signed_opts_nobody_out(site: Site) -> None:
    """Else anyone could silence anyone."""
    site.world.book()

    answer = site.client.post(
        "/webhooks/twilio/inbound",
        data={"MessageSid": "SM1", "From": ADA, "To": OUR_NUMBER, "Body": "STOP"},
    )

    assert answer.status_code == 403
    assert site.world.tasks("reply") == []


def test_without_a_token_nothing_is_believed(site: Site) -> None:
    """No settings, no secret: an empty one must not verify anything."""
    site.client.application.config["SETTINGS"] = FakeSettings(None, None)
    _, taken = given_sent(site)

    assert site.provider.status(taken, "delivered", None) == 403
    assert site.provider.events([]) == 403
