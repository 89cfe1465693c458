"""What each command prints, asks and changes."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import func, select

from notifier.api_keys import authenticate
from notifier.booking import NewAppointment, NewPerson, book
from notifier.domain.facts import FactSource
from notifier.domain.messages import Role
from notifier.domain.windows import Window
from notifier.rendering import Words
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import Brand, DayLink, Heartbeat, Source, Staff, Technician
from notifier.technicians.register import phone_of
from tests.services import ROOT, given_brand


def brand_row(services: Services, slug: str) -> Brand:
    """Return the brand as it is on record now."""
    with reading(services.sessions) as session:
        return session.scalars(select(Brand).where(Brand.slug == slug)).one()


def given_technicians(run: FlaskCliRunner, services: Services, *names: str) -> None:
    """A brand, and who goes out for it."""
    given_brand(services)
    for name in names:
        made = run.invoke(args=["technicians", "phone", name, "+12065550177", "--new"])
        assert made.exit_code == 0, made.output


def test_a_key_is_printed_and_nothing_else(run: FlaskCliRunner, services: Services) -> None:
    """A script may take the whole output; the key works, and names may repeat."""
    brand = given_brand(services)

    first, second = (run.invoke(args=["create-api-key", "shop"]) for _ in range(2))

    assert first.exit_code == second.exit_code == 0
    assert first.stdout.count("\n") == 1
    assert first.stdout != second.stdout
    with reading(services.sessions) as session:
        caller = authenticate(session, services, first.stdout.strip())
    assert caller is not None
    assert caller.brand_id == brand.id


def test_a_revoked_key_opens_nothing_and_the_others_stay(
    run: FlaskCliRunner, services: Services
) -> None:
    """All keys of the name end; one of another name goes on."""
    given_brand(services)
    lost, kept = (
        run.invoke(args=["create-api-key", name]).stdout.strip() for name in ("lost", "kept")
    )

    assert run.invoke(args=["revoke-api-key", "lost"]).stdout == "Ended 1 key(s) named lost.\n"
    assert run.invoke(args=["revoke-api-key", "lost"]).exit_code == 1

    with reading(services.sessions) as session:
        assert authenticate(session, services, lost) is None
        assert authenticate(session, services, kept) is not None


def test_an_unknown_brand_is_a_sentence_that_names_those_there_are(
    run: FlaskCliRunner, services: Services
) -> None:
    """No traceback, and no key."""
    given_brand(services)

    result = run.invoke(args=["create-api-key", "shop", "--brand", "nortside"])

    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr == "Error: there is no brand 'nortside'; there are: northside\n"


def test_which_of_several_brands_must_be_said(run: FlaskCliRunner, services: Services) -> None:
    """The demo doesn't count: with one real brand nothing need be said."""
    given_brand(services)
    given_brand(services, slug="demo", demo=True)
    assert run.invoke(args=["create-api-key", "shop"]).exit_code == 0

    given_brand(services, slug="southside")
    result = run.invoke(args=["create-api-key", "shop"])

    assert result.exit_code == 1
    assert "--brand: northside, southside" in result.stderr


def test_without_any_brand_the_next_step_is_said(run: FlaskCliRunner) -> None:
    """An empty database is told apart from a wrong name."""
    result = run.invoke(args=["create-api-key", "shop"])

    assert result.exit_code == 1
    assert "no brand yet" in result.stderr


def test_a_brand_starts_in_shadow_and_goes_live_on_purpose(
    run: FlaskCliRunner, services: Services
) -> None:
    """What would go is listed first, by job and never by person; *no* changes nothing."""
    described = ["--name", "North", "--zone", "America/Los_Angeles", "--phone", "(206) 555-0199"]
    made = run.invoke(args=["brand", "add", "north", *described])
    assert made.exit_code == 0, made.output
    brand = brand_row(services, "north")
    assert brand.live_at is None
    start = services.now() + timedelta(days=3)
    book(
        services,
        brand.id,
        NewAppointment(
            reference="JOB-1",
            service="Boiler repair",
            technician=None,
            window=Window(start, start + timedelta(hours=2)),
            zone=None,
            address=None,
            people=(
                NewPerson(
                    role=Role.CUSTOMER,
                    name="Ada Park",
                    phone="+12065550100",
                    email=None,
                    zone=None,
                    locale=None,
                ),
            ),
        ),
        source=FactSource.API,
        actor="key:test",
    )

    refused = run.invoke(args=["brand", "live", "north"], input="n\n")

    assert refused.exit_code == 1
    assert "reminder" in refused.stdout
    assert "JOB-1" in refused.stdout
    assert "Ada" not in refused.stdout
    assert "5550100" not in refused.stdout
    assert brand_row(services, "north").live_at is None

    assert run.invoke(args=["brand", "live", "north"], input="y\n").exit_code == 0
    assert brand_row(services, "north").live_at == services.now()


def test_going_live_twice_changes_nothing(run: FlaskCliRunner, services: Services) -> None:
    """`--yes` answers for scripts; the second run says since when, and is no error."""
    given_brand(services, live=False)
    assert run.invoke(args=["brand", "live", "northside", "--yes"]).exit_code == 0
    since = brand_row(services, "northside").live_at

    again = run.invoke(args=["brand", "live", "northside", "--yes"])

    assert again.exit_code == 0
    assert "has been live since" in again.stdout
    assert brand_row(services, "northside").live_at == since


def test_the_default_rules_are_well(run: FlaskCliRunner) -> None:
    """The set that ships passes its own check."""
    result = run.invoke(args=["rules", "check", str(ROOT / "rules")])

    assert result.exit_code == 0, result.output
    assert "rules are well" in result.stdout


def test_the_words_are_checked_and_their_cost_is_shown(
    run: FlaskCliRunner, services: Services, tmp_path: Path
) -> None:
    """A table of segments and cost; a phrase that is never said fails with file and line."""
    shown = run.invoke(args=["rules", "check", str(ROOT / "rules"), "--words"])
    bare = run.invoke(
        args=["rules", "check", str(ROOT / "rules"), "--words", "--prices", str(tmp_path / "no")]
    )

    assert shown.exit_code == bare.exit_code == 0, shown.output
    assert ["message", "locale", "segments", "first", "text", "CA", "US"] in [
        line.split() for line in shown.stdout.splitlines()
    ]
    costs = {line.split()[0]: line.split()[1:] for line in shown.stdout.splitlines()}
    assert costs["running_late"] == ["en", "1", "2", "0.0083", "USD", "0.0083", "USD"]
    assert "USD" not in bare.stdout


def test_words_that_say_what_none_should_fail_the_check(
    app: Flask, run: FlaskCliRunner, services: Services, tmp_path: Path
) -> None:
    """What a customer should not read is found before one does."""
    folder = Path(shutil.copytree(ROOT / "templates" / "messages", tmp_path / "messages"))
    (folder / "en" / "booked" / "sms.txt").write_text(
        "{{ brand }}: booked → {{ link }}\nSorry for any inconvenience. Questions?"
    )
    app.extensions["notifier"] = replace(services, words=Words(folder))

    result = run.invoke(args=["rules", "check", str(ROOT / "rules")])

    assert result.exit_code == 1
    assert "en/booked/sms.txt:2: it says “any inconvenience”" in result.stderr
    assert "warning en/booked/sms.txt:1: “→” (U+2192" in result.stdout


def test_a_faulty_rule_is_named_by_file_and_line(run: FlaskCliRunner, tmp_path: Path) -> None:
    """Every fault at once, each with where it stands and a plain sentence."""
    (tmp_path / "mine.yaml").write_text(
        "rules:\n"
        "  - id: running_late\n"
        "    for: appointment\n"
        "    when: drift.minutes >\n"
        "  - id: reminder\n"
        "    for: appointment\n"
        "    when: 'true'\n"
        "    chanels: [sms]\n"
    )

    result = run.invoke(args=["rules", "check", str(tmp_path)])

    assert result.exit_code == 1
    assert (
        "mine.yaml:8: `chanels` is not something that can be said here; did you mean `channels`?"
        in result.stderr
    )
    assert "Traceback" not in result.output


def test_staff_are_added_once_and_get_a_link(run: FlaskCliRunner, services: Services) -> None:
    """The link signs in; the same address again is a sentence; another link can be had."""
    given_brand(services)

    added = run.invoke(args=["staff", "add", "Dee", "dee@northside.example"])
    again = run.invoke(args=["staff", "add", "Dee", "DEE@northside.example"])
    link = run.invoke(args=["staff", "sign-in-link", "dee@northside.example"])

    assert added.stdout.startswith("http://127.0.0.1:9/sign-in/")
    assert again.exit_code == 1
    assert "already staff" in again.stderr
    assert link.stdout.startswith("http://127.0.0.1:9/sign-in/")
    assert link.stdout != added.stdout


def test_a_staff_phone_is_verified_for_shadow(run: FlaskCliRunner, services: Services) -> None:
    """It is kept as a hash; a number that is none, and a stranger, are sentences."""
    given_brand(services, live=False)
    run.invoke(args=["staff", "add", "Dee", "dee@northside.example"])
    verify = ["staff", "verify-phone", "dee@northside.example"]

    assert run.invoke(args=[*verify, "12"]).exit_code == 1
    assert run.invoke(args=["staff", "verify-phone", "x@y.example", "+12065550123"]).exit_code == 1
    assert run.invoke(args=[*verify, "206 555 0123"]).exit_code == 0
    with reading(services.sessions) as session:
        verified = session.scalar(select(func.count()).where(Staff.phone_hash.is_not(None)))
    assert verified == 1


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


def test_a_day_link_opens_and_closes(run: FlaskCliRunner, services: Services) -> None:
    """One technician, one day, revocable."""
    given_technicians(run, services, "Sam")

    made = run.invoke(args=["day-link", "Sam"])
    closed = run.invoke(args=["day-link", "Sam", "--revoke"])

    assert made.stdout.startswith("http://127.0.0.1:9/day/")
    assert closed.stdout == "Closed.\n"


@pytest.mark.parametrize("revoke", [[], ["--revoke"]])
@pytest.mark.parametrize("day", ["tomorrow", "2026-13-01", "24.11.2026", ""])
def test_a_day_that_is_none_opens_and_closes_nothing(
    run: FlaskCliRunner, services: Services, day: str, revoke: list[str]
) -> None:
    """How to write one is said; an empty one is not taken for today."""
    given_technicians(run, services, "Sam")

    result = run.invoke(args=["day-link", "Sam", "--day", day, *revoke])

    assert result.exit_code == 2
    assert "%Y-%m-%d" in result.stderr
    with reading(services.sessions) as session:
        assert session.scalars(select(DayLink)).all() == []


@pytest.mark.parametrize("day", ["2062-11-24", "2006-11-24", "9999-12-31"])
def test_a_day_in_a_year_that_was_mistyped_opens_no_link(
    run: FlaskCliRunner, services: Services, day: str
) -> None:
    """It would stand open for decades."""
    given_technicians(run, services, "Sam")

    result = run.invoke(args=["day-link", "Sam", "--day", day])

    assert result.exit_code == 1
    assert "within a year" in result.stderr


@pytest.mark.parametrize(("live", "code"), [(False, 0), (True, 1)])
def test_the_doctor_fails_when_something_does(
    run: FlaskCliRunner, services: Services, live: bool, code: int
) -> None:
    """A line each, with what to do next; a demo is well, a live brand on the sandbox is not."""
    given_brand(services, demo=not live, live=live)
    with services.sessions.begin() as session:
        session.add(Heartbeat(name="tick", at=services.now()))

    result = run.invoke(args=["doctor"])

    assert result.exit_code == code, result.output
    lines = result.stdout.splitlines()
    assert all(line.split()[0] in ("ok", "warning", "failing") for line in lines)
    assert any("rules are on" in line for line in lines)
    assert ("failing  brand northside" in result.stdout) is live


def test_quiet_hours_are_set_and_said(run: FlaskCliRunner, services: Services) -> None:
    """Of every day, of one, and a day's own taken away; without any they are printed."""
    given_brand(services)
    args = ["brand", "quiet", "northside"]

    assert run.invoke(args=args).stdout == "northside is quiet: 21:00-08:00.\n"
    said = run.invoke(args=[*args, "20:00-09:00", "sun=all-day", "sat=20:00-10:00"]).stdout
    assert said == "northside is quiet: 20:00-09:00, sat 20:00-10:00, sun all-day.\n"
    assert brand_row(services, "northside").quiet_days == {
        "sun": ["00:00", "24:00"],
        "sat": ["20:00", "10:00"],
    }
    assert run.invoke(args=[*args, "sun=usual"]).stdout == (
        "northside is quiet: 20:00-09:00, sat 20:00-10:00.\n"
    )


def test_the_countries_that_are_texted_are_set_and_said(
    run: FlaskCliRunner, services: Services
) -> None:
    """By their codes; `own` is the brand's own alone, and what is no country a sentence."""
    given_brand(services)
    args = ["brand", "countries", "northside"]

    assert run.invoke(args=args).stdout == "northside texts to US.\n"
    assert run.invoke(args=[*args, "us", "ca"]).stdout == "northside texts to CA, US.\n"
    assert brand_row(services, "northside").countries == ["CA", "US"]
    refused = run.invoke(args=[*args, "Canada"])
    assert (refused.exit_code, refused.stderr[:21]) == (1, "Error: 'CANADA' is no")
    assert run.invoke(args=[*args, "own"]).stdout == "northside texts to US.\n"


@pytest.mark.parametrize(
    "hours",
    [["9 to 5"], ["sunday=none"], ["21:00-08:00", "20:00-08:00"], ["sun=08:00-08:00"]],
)
def test_quiet_hours_that_make_no_sense_are_a_sentence(
    run: FlaskCliRunner, services: Services, hours: list[str]
) -> None:
    """No traceback, and nothing is changed."""
    given_brand(services)

    result = run.invoke(args=["brand", "quiet", "northside", *hours])

    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert brand_row(services, "northside").quiet_until == "08:00"


def test_a_technician_gets_a_number_and_loses_it(run: FlaskCliRunner, services: Services) -> None:
    """They are asked there from now on; what is no number changes nothing."""
    brand = given_brand(services)
    new = ["technicians", "phone", "Sam", "206 555 0177", "--new"]

    assert run.invoke(args=new).exit_code == 0
    with reading(services.sessions) as session:
        sam = session.scalars(select(Technician)).one()
    assert phone_of(services, brand.id, sam.id) == "+12065550177"
    assert run.invoke(args=["technicians", "phone", "sam", "206 555 0178"]).exit_code == 0
    assert phone_of(services, brand.id, sam.id) == "+12065550178"

    assert run.invoke(args=["technicians", "phone", "Sam", "12"]).exit_code == 1
    assert run.invoke(args=["technicians", "phone", "Sam"]).exit_code == 2
    assert run.invoke(args=["technicians", "phone", "Sam", "--remove", "--new"]).exit_code == 2
    assert run.invoke(args=["technicians", "phone", "Sam", "--remove"]).exit_code == 0
    assert phone_of(services, brand.id, sam.id) is None


@pytest.mark.parametrize(
    "args",
    [
        ["technicians", "phone", "Sam Riverra", "+12065550178"],
        ["technicians", "phone", "Sam Riverra", "--remove"],
        ["day-link", "Sam Riverra"],
    ],
)
def test_a_slip_in_a_technicians_name_makes_nobody_new(
    run: FlaskCliRunner, services: Services, args: list[str]
) -> None:
    """The real Sam would stay unasked; who may have been meant is named, and how to add others."""
    given_technicians(run, services, "Sam Rivera", "Priya Shah")

    result = run.invoke(args=args)

    assert result.exit_code == 1
    assert "did you mean Sam Rivera?" in result.stderr
    assert "Priya" not in result.stderr
    assert "--new" in result.stderr
    with reading(services.sessions) as session:
        assert session.scalar(select(func.count(Technician.id))) == 2


def test_a_number_that_is_none_adds_nobody(run: FlaskCliRunner, services: Services) -> None:
    """Whoever is new comes with their number, or not at all."""
    given_brand(services)

    assert run.invoke(args=["technicians", "phone", "Sam", "12", "--new"]).exit_code == 1

    with reading(services.sessions) as session:
        assert session.scalar(select(func.count(Technician.id))) == 0
