"""`sources`: where a vendor's webhooks go, and the secret that signs them."""

from __future__ import annotations

import pytest
from flask.testing import FlaskCliRunner
from sqlalchemy import func, select

from notifier.services import Services
from notifier.sources.registry import adapters
from notifier.store.engine import reading
from notifier.store.tables import Delivery, Source
from notifier.webhooks.receiving import SignatureRefused, receive, write_refusals
from notifier.webhooks.set_up import add_source
from notifier.webhooks.translation import translate_received
from tests.services import given_brand
from tests.sources import generic_events
from tests.webhooks.signing import secret_of


def test_a_source_gets_a_url_and_a_secret(run: FlaskCliRunner, services: Services) -> None:
    """A vendor's own secret is not repeated; a taken name and an unknown kind are sentences."""
    given_brand(services)

    ours = run.invoke(args=["sources", "add", "shop", "--kind", "generic"])
    theirs = run.invoke(
        args=["sources", "add", "parcels", "--kind", "easypost", "--secret", "of the vendor"]
    )
    taken = run.invoke(args=["sources", "add", "shop", "--kind", "generic"])
    unknown = run.invoke(args=["sources", "add", "other", "--kind", "pigeon"])

    assert "http://127.0.0.1:9/webhooks/in/shop" in ours.stdout
    assert "Secret: whsec_" in ours.stdout
    assert "of the vendor" not in theirs.output
    assert theirs.exit_code == 0
    assert (taken.exit_code, unknown.exit_code) == (1, 1)
    assert "easypost, generic" in unknown.stderr
    with reading(services.sessions) as session:
        assert session.scalar(select(func.count(Source.id))) == 2


@pytest.mark.parametrize("kind", sorted(adapters()))
def test_a_secret_that_can_not_be_one_hears_what_the_vendors_is(
    run: FlaskCliRunner, services: Services, kind: str
) -> None:
    """Its form, and where it is found, without quoting it; so where one is missing or changed."""
    given_brand(services)
    wanted = f"is {adapters()[kind].signed_with}."
    there = ["sources", "add", "there", "--kind", kind]
    assert run.invoke(args=[*there, "--secret", secret_of(kind)]).exit_code == 0
    odd = "☃" if kind in ("generic", "onfleet") else " "
    add = ["sources", "add", "vendor", "--kind", kind]

    refused = run.invoke(args=[*add, "--secret", odd])
    not_rotated = run.invoke(args=["sources", "rotate", "there", "--secret", odd])
    missing = run.invoke(args=add)

    for answer in (refused, not_rotated):
        assert answer.stderr == f"Error: This is no secret of {kind}: it {wanted}\n"
    made_by_vendor = adapters()[kind].new_secret is None
    assert missing.exit_code == (1 if made_by_vendor else 0)
    assert (wanted in missing.stderr) == made_by_vendor


def test_onfleets_secret_says_that_it_is_hex_and_how_long(
    run: FlaskCliRunner, services: Services
) -> None:
    """Whoever pasted another key of theirs, or half of it, sees which one is wanted."""
    given_brand(services)
    add = ["sources", "add", "onfleet", "--kind", "onfleet", "--secret"]
    refused = run.invoke(args=[*add, "not hex"])
    assert "32 to 256 hex digits" in refused.stderr
    assert "API & Webhooks → Show secret" in refused.stderr
    assert [run.invoke(args=[*add, "0" * n]).exit_code for n in (30, 258, 32)] == [1, 1, 0]


def test_how_sources_are_doing_is_a_line_each(run: FlaskCliRunner, services: Services) -> None:
    """With what to do where there is none yet; rotating and replaying say what they did."""
    given_brand(services)
    none = run.invoke(args=["sources", "list"])
    run.invoke(args=["sources", "add", "shop", "--kind", "generic"])
    rotating = run.invoke(args=["sources", "rotate", "shop"])
    listed = run.invoke(args=["sources", "list"])
    rotated = run.invoke(args=["sources", "rotated", "shop"])
    again = run.invoke(args=["sources", "replay", "shop", "--ignored"])
    nobody = run.invoke(args=["sources", "replay", "nobody"])

    assert "sources add NAME --kind KIND" in none.stdout
    assert "Secret: whsec_" in rotating.stdout
    assert listed.stdout == "shop (generic); not live; last heard of never; two secrets count\n"
    assert "is refused from now on" in rotated.stdout
    assert "0 are read again" in again.stdout
    assert (nobody.exit_code, nobody.stderr) == (1, "Error: There is no such source.\n")


def test_what_was_refused_is_listed_with_the_latest_reason(
    run: FlaskCliRunner, services: Services
) -> None:
    """Somebody pasted the wrong secret: the line says so."""
    given_brand(services)
    run.invoke(args=["sources", "add", "shop", "--kind", "generic"])
    with pytest.raises(SignatureRefused):
        receive(services, "shop", {}, b"{}")
    write_refusals(services)

    listed = run.invoke(args=["sources", "list"])

    assert listed.stdout == (
        "shop (generic); not live; last heard of never; 1 refused\n"
        "  refused last: its signature is wrong, or too old\n"
    )


def test_a_key_is_taken_from_standard_input_and_never_shown(
    run: FlaskCliRunner, services: Services
) -> None:
    """It is no argument; what can't be a key, and a source that takes none, are sentences."""
    given_brand(services)
    asks = run.invoke(args=["sources", "add", "ships", "--kind", "shipstation"])
    says_all = run.invoke(args=["sources", "add", "shop", "--kind", "generic"])
    lacking = run.invoke(args=["sources", "list"])
    argument = run.invoke(args=["sources", "key", "ships", "an-api:key"])
    odd = run.invoke(args=["sources", "key", "ships"], input="only-a-half\n")
    given = run.invoke(args=["sources", "key", "ships"], input="an-api:key\n")
    none = run.invoke(args=["sources", "key", "shop"], input="an-api:key\n")
    listed = run.invoke(args=["sources", "list"])

    assert "`.venv/bin/flask --app app sources key ships` takes" in asks.stdout
    assert "sources key" not in says_all.stdout
    assert "it has no key to ask its vendor with: `sources key ships`" in lacking.stdout
    assert argument.exit_code == 2
    assert (odd.exit_code, given.exit_code, none.exit_code) == (1, 0, 1)
    assert "API Key, a colon, API Secret" in odd.stderr
    assert "only-a-half" not in odd.output
    assert "an-api:key" not in given.output
    assert "`sources replay ships`" in given.stdout
    assert "no key" not in listed.stdout
    with reading(services.sessions) as session:
        source = session.scalars(select(Source).where(Source.name == "ships")).one()
    assert source.api_key is not None
    assert services.vault.open(source.key, source.api_key) == "an-api:key"


def test_a_source_goes_live_and_what_its_vendor_says_itself_is_set(
    run: FlaskCliRunner, services: Services
) -> None:
    """Adding says how; a shop's own mails are named, and can be taken over."""
    given_brand(services)
    shop = ["sources", "add", "shop", "--kind", "shopify"]
    lacking = run.invoke(args=shop)
    added = run.invoke(args=[*shop, "--secret", "the key that Shopify shows"])
    before = run.invoke(args=["sources", "list"])
    live = run.invoke(args=["sources", "live", "shop"])
    again = run.invoke(args=["sources", "live", "shop"])
    ours = run.invoke(args=["sources", "says", "shop", "nothing"])
    after = run.invoke(args=["sources", "list"])
    theirs = run.invoke(args=["sources", "says", "shop", "shipped", "delivered"])
    both = run.invoke(args=["sources", "says", "shop", "nothing", "shipped"])
    nobody = run.invoke(args=["sources", "live", "nobody"])
    stopped = run.invoke(args=["sources", "stop", "shop"])
    stopped_again = run.invoke(args=["sources", "stop", "shop"])

    assert "shopify makes the secret itself: give it by --secret." in lacking.output
    assert "flask --app app sources live shop" in added.stdout
    assert before.stdout == (
        "shop (shopify); not live; last heard of never;"
        " says itself: ordered, shipped, out_for_delivery\n"
    )
    assert (live.stdout, again.stdout) == ("shop is live.\n", "shop is live already.\n")
    until = "until `.venv/bin/flask --app app sources live shop`"
    assert stopped.stdout == f"shop counts no more, {until}.\n"
    assert stopped_again.stdout == "shop is not live.\n"
    assert ours.stdout == "shop says itself: nothing. The rest is ours.\n"
    assert after.stdout == "shop (shopify); last heard of never\n"
    assert theirs.stdout == "shop says itself: shipped, delivered. The rest is ours.\n"
    assert both.exit_code == 1
    assert (nobody.exit_code, nobody.stderr) == (1, "Error: There is no such source.\n")


def test_what_is_not_on_record_is_listed_read_again_and_put_aside(
    run: FlaskCliRunner, services: Services
) -> None:
    """One by one, or all that failed, after a question."""
    brand = given_brand(services)
    add_source(services, brand.id, "shop", "generic", generic_events.SECRET, live=True)
    none = run.invoke(args=["sources", "unread", "shop"])
    for reference, minutes in (("JOB-7", 45), ("JOB-8", "many"), ("JOB-9", "more")):
        data = {"reference": reference, "minutes": minutes}
        body = generic_events.event("appointment.delayed", services.now(), **data)
        sent = generic_events.signed(body, at=services.now(), webhook_id=f"msg_{reference}")
        receive(services, "shop", sent, body)
    translate_received(services)
    with reading(services.sessions) as session:
        waits, failed, _ = session.scalars(select(Delivery.id).order_by(Delivery.id))

    listed = run.invoke(args=["sources", "unread", "shop"])
    again = run.invoke(args=["sources", "replay", "shop", "--delivery", str(failed)])
    meanwhile = run.invoke(args=["sources", "unread", "shop"])
    translate_received(services)
    one = run.invoke(args=["sources", "put-aside", "shop", "--delivery", str(waits)])
    asked = run.invoke(args=["sources", "put-aside", "shop"], input="n\n")
    every = run.invoke(args=["sources", "put-aside", "shop", "--yes"])
    nobody = [
        run.invoke(args=["sources", what, "nobody", *more])
        for what, *more in (["unread"], ["put-aside", "--yes"])
    ]

    assert none.stdout == "All that shop sent is on record, or meant nothing to us.\n"
    assert f"{waits}  {services.now():%Y-%m-%d %H:%M} UTC  waiting  JOB-7\n" in listed.stdout
    assert (
        "failed  JOB-8\n  data.minutes: must be a whole number.\n  came as msg_JOB-8\n"
        in listed.stdout
    )
    assert again.stdout.startswith("1 are read again")
    assert meanwhile.stdout.endswith("About to be read: 1.\n")
    assert one.stdout.startswith("1 are put aside")
    assert asked.exit_code == 1
    assert every.stdout.startswith("2 are put aside")
    assert {one.stderr for one in nobody} == {"Error: There is no such source.\n"}


def test_what_a_terminal_would_obey_is_not_printed(run: FlaskCliRunner, services: Services) -> None:
    """A reference with a mark of the direction of writing; a field that clears the screen."""
    brand = given_brand(services)
    add_source(services, brand.id, "shop", "generic", generic_events.SECRET, live=True)
    odd: list[dict[str, object]] = [
        {"reference": "\N{RIGHT-TO-LEFT MARK}JOB-7", "minutes": 45},
        {"reference": "JOB-8", "\x1b[2J": 1},
    ]
    for number, data in enumerate(odd):
        body = generic_events.event("appointment.delayed", services.now(), **data)
        sent = generic_events.signed(body, at=services.now(), webhook_id=f"msg_{number}")
        receive(services, "shop", sent, body)
    translate_received(services)

    listed = run.invoke(args=["sources", "unread", "shop"]).stdout

    assert "waiting  JOB-7\n" in listed
    assert "[2J: is not known here" in listed
    assert all(one.isprintable() for one in listed.replace("\n", ""))
