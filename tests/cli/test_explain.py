"""`explain`, `rules preview` and `rules diff`: what they print, and that they change nothing."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskCliRunner
from sqlalchemy import func, select

from notifier import intake
from notifier.booking import NewAppointment, NewPerson, book
from notifier.delivery import deliver_due
from notifier.domain.facts import FactSource, FactType
from notifier.domain.messages import Role
from notifier.domain.windows import Window
from notifier.rule_tools.sets import record_rule_set
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import Brand, Job, Message
from tests.desk import staff_fact
from tests.fakes.clock import FakeClock
from tests.services import ROOT, given_brand

ADA = NewPerson(name="Ada Park", phone="+12065550100", email="ada@example.com")
BO = NewPerson(role=Role.ON_SITE, name="Bo Lind", phone="+12065550101")


@pytest.fixture
def brand(services: Services) -> Brand:
    """Return a live brand with one visit, JOB-1, tomorrow from nine to eleven."""
    made = given_brand(services)
    start = services.now() + timedelta(days=1)
    new = NewAppointment(
        reference="JOB-1",
        service="Boiler repair",
        window=Window(start, start + timedelta(hours=2)),
        people=(ADA, BO),
    )
    book(services, made.id, new, source=FactSource.API, actor="key:1")
    deliver_due(services)
    return made


def say(services: Services, brand: Brand, minutes: int, reference: str = "JOB-1") -> None:
    """Say that the visit is late."""
    with reading(services.sessions) as session:
        job = session.scalars(select(Job).where(Job.reference == reference)).one()
    fact = staff_fact(FactType.DELAYED, minutes=minutes)
    intake.record(services, brand.id, job.id, fact)


def on_record(services: Services) -> list[object]:
    """Return what could have been changed: jobs' versions and messages' standing."""
    with reading(services.sessions) as session:
        jobs = session.execute(select(Job.id, Job.version)).all()
        rows = session.execute(select(Message.id, Message.status, Message.due_at)).all()
        count = session.scalar(select(func.count()).select_from(Message))
    return [sorted(map(tuple, jobs)), sorted(map(tuple, rows)), count]


def edited_rules(tmp_path: Path, old: str, new: str) -> Path:
    """Return a folder with the rules in force, but for one edit."""
    folder = tmp_path / "rules"
    shutil.copytree(ROOT / "rules", folder)
    path = folder / "appointments.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return folder


def test_explain_says_of_each_rule_why_with_the_values_and_the_condition(
    run: FlaskCliRunner, services: Services, brand: Brand
) -> None:
    """Plain sentences by role; neither a name nor a number is printed."""
    say(services, brand, 45)
    before = on_record(services)

    result = run.invoke(args=["explain", "JOB-1", "--person", "customer"])

    assert result.exit_code == 0, result.output
    assert "JOB-1, as it stands on Mon 23 Nov 2026 09:00:00 PST" in result.stdout
    assert "owed      running_late: It is owed." in result.stdout
    assert "drift.minutes=45" in result.stdout
    assert "condition: drift: later; bad_news: 0" in result.stdout
    assert "not owed  cancelled: Its condition does not hold." in result.stdout
    assert "on_site\n" not in result.stdout
    for personal in ("Ada", "0100", "ada@"):
        assert personal not in result.output
    assert on_record(services) == before


def test_explain_of_the_past_reads_the_past(
    run: FlaskCliRunner, services: Services, brand: Brand, clock: FakeClock
) -> None:
    """`--at` in the job's own zone; one rule alone, by the rule set of then."""
    record_rule_set(services)
    clock.advance(hours=1)
    say(services, brand, 45)
    clock.advance(hours=1)
    only = ["explain", "JOB-1", "--rule", "running_late", "--person", "customer"]

    then = run.invoke(args=[*only, "--at", "2026-11-23T09:30"])
    now = run.invoke(args=only)

    assert "as it stood on Mon 23 Nov 2026 09:30:00 PST" in then.stdout
    assert "not owed  running_late: They know the right time, or are being told it." in then.stdout
    assert f"rule set  {services.rulebook.hash}, in force since Mon 23 Nov 2026" in then.stdout
    assert "not owed" not in now.stdout.replace("what the rules saw", "")
    assert "reminder" not in then.stdout


@pytest.mark.parametrize(
    ("extra", "sentence"),
    [
        (["--at", "2026-11-22"], "the job was not on record yet"),
        (["--at", "0001-01-01"], "the job was not on record yet"),
        (["--at", "0001-01-01T00:00+14:00"], "the job was not on record yet"),
        (["--at", "9999-12-31T23:59-12:00"], "nobody can explain the future"),
        (["--at", "2027-11-22"], "nobody can explain the future"),
        (["--at", "yesterday"], "'yesterday' is no moment"),
        (["--rule", "runing_late"], "--rule runing_late found nothing; the rules for this job: "),
        (
            ["--rule", "running_late", "--person", "second_contact"],
            "Error: --person second_contact found nobody; the people of this job: customer",
        ),
    ],
)
def test_what_cannot_be_explained_is_said_in_a_sentence(
    run: FlaskCliRunner, brand: Brand, extra: list[str], sentence: str
) -> None:
    """No traceback, and an exit code that a script sees."""
    result = run.invoke(args=["explain", "JOB-1", *extra])
    assert result.exit_code == 1
    assert sentence in result.stderr
    assert run.invoke(args=["explain", "JOB-2"]).exit_code == 1


def test_preview_prints_the_words_that_then_go_out(
    run: FlaskCliRunner, services: Services, brand: Brand
) -> None:
    """Text and email, by role, without a number; the text is the one that is sent."""
    say(services, brand, 45)
    before = on_record(services)

    result = run.invoke(args=["rules", "preview", "running_late", "--job", "JOB-1"])

    assert result.exit_code == 0, result.output
    assert "To the customer: owed, goes at" in result.stdout
    assert "To the on site: owed" in result.stdout
    assert "Subject: " in result.stdout
    assert "Email: none. There is no number or address to write to." in result.stdout
    assert "0100" not in result.stdout.replace("0199", "")
    assert on_record(services) == before
    deliver_due(services)
    sent = services.sms["sandbox"].sent[-2].body  # type: ignore[attr-defined]
    head = sent.split("http://")[0].strip()
    assert head in " ".join(result.stdout.split())


def test_preview_of_what_is_not_owed_says_so_and_shows_it_all_the_same(
    run: FlaskCliRunner, services: Services, brand: Brand
) -> None:
    """Whoever writes a rule wants to read it before its day comes."""
    before = on_record(services)
    result = run.invoke(
        args=["rules", "preview", "cancelled", "--job", "JOB-1", "--person", "customer"]
    )
    assert result.exit_code == 0, result.output
    assert "not owed now: Its condition does not hold." in result.stdout
    assert "Text, 1 segment:" in result.stdout
    assert on_record(services) == before


@pytest.mark.parametrize(
    ("rule", "example", "words"),
    [
        ("running_late", "an hour later", "10 AM-noon, not 9-11 AM"),
        ("running_late_again", "an hour later", "10 AM-noon"),
        ("earlier_if_suits", "an hour earlier", "8-10 AM"),
        ("moved", "a day later", "Wed 25 Nov"),
        ("no_time_yet", "nobody knows when", ""),
        ("please_ignore", "a text that was a mistake", "as before"),
    ],
)
def test_a_slip_that_nobody_has_is_worded_by_an_example_that_is_named(
    run: FlaskCliRunner, brand: Brand, rule: str, example: str, words: str
) -> None:
    """No text says "9 to 11, not 9 to 11": such a one can never be sent."""
    args = ["rules", "preview", rule, "--job", "JOB-1", "--person", "customer"]

    result = run.invoke(args=args)

    assert result.exit_code == 0, result.output
    assert f"Its times are an example: {example}." in result.stdout
    assert words in " ".join(result.stdout.split())
    assert "9-11 AM, not 9-11 AM" not in result.stdout


def test_a_slip_that_is_true_needs_no_example(
    run: FlaskCliRunner, services: Services, brand: Brand
) -> None:
    """What it would say of the job's own slip."""
    say(services, brand, 45)
    args = ["rules", "preview", "late_once_too_often", "--job", "JOB-1", "--person", "customer"]
    result = run.invoke(args=args)
    assert result.exit_code == 0, result.output
    assert "not owed now" in result.stdout
    assert "9:45-11:45 AM" in result.stdout
    assert "example" not in result.stdout.replace("ada@example", "")


def test_a_preview_reads_the_rules_of_another_folder(
    run: FlaskCliRunner, brand: Brand, tmp_path: Path
) -> None:
    """A rule is read before it is put where it is in force; a fault in it is named."""
    folder = edited_rules(
        tmp_path, "  - id: running_late\n", "  - id: slow\n    message: running_late\n"
    )
    args = ["rules", "preview", "slow", "--job", "JOB-1"]

    assert run.invoke(args=args).exit_code == 1
    there = run.invoke(args=[*args, "--rules", str(folder)])
    (folder / "appointments.yaml").write_text("rules: [{}]\n")
    faulty = run.invoke(args=[*args, "--rules", str(folder)])

    assert there.exit_code == 0, there.output
    assert there.stdout.startswith("slow for JOB-1")
    assert faulty.exit_code == 1
    assert faulty.stderr.startswith("appointments.yaml:")


def test_preview_of_an_unknown_rule_names_those_there_are(
    run: FlaskCliRunner, brand: Brand
) -> None:
    """A typing slip is found at once; what is in none of these rules may be in other ones."""
    result = run.invoke(args=["rules", "preview", "runing_late", "--job", "JOB-1"])
    assert result.exit_code == 1
    assert "there is no rule `runing_late`; did you mean `running_late`?" in result.stderr
    assert "please_ignore" in result.stderr
    assert "--rules" in result.stderr


def test_a_preview_says_that_a_rule_on_trial_sends_nothing(
    run: FlaskCliRunner, services: Services, brand: Brand, tmp_path: Path
) -> None:
    """Else whoever tries a rule out believes that its words go."""
    say(services, brand, 45)
    folder = edited_rules(
        tmp_path, "  - id: running_late\n", "  - id: running_late\n    trial: true\n"
    )
    args = ["rules", "preview", "running_late", "--job", "JOB-1", "--rules", str(folder)]
    result = run.invoke(args=args)
    assert result.exit_code == 0, result.output
    assert "To the customer: on trial, so nothing is sent; planned for " in result.stdout
    assert "goes at" not in result.stdout


def test_the_same_rules_differ_in_nothing(
    run: FlaskCliRunner, services: Services, brand: Brand
) -> None:
    """And the exit code is 0, as it is with differences."""
    say(services, brand, 45)
    result = run.invoke(args=["rules", "diff", str(ROOT / "rules")])
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("0 of 1 open jobs would differ")


def test_a_diff_shows_what_would_be_added_gone_and_changed(
    run: FlaskCliRunner, services: Services, brand: Brand, tmp_path: Path
) -> None:
    """Per job, person and rule, with the words, and totals by rule; nothing sent or written."""
    say(services, brand, 45)
    before = on_record(services)
    folder = edited_rules(tmp_path, "  - id: running_late\n", "  - id: slow\n    message: moved\n")

    result = run.invoke(args=["rules", "diff", str(folder)])

    assert result.exit_code == 0, result.output
    assert "- JOB-1, the customer, running_late (gone)" in result.stdout
    assert "+ JOB-1, the customer, slow (added)" in result.stdout
    assert "Boiler repair" in result.stdout
    assert "1 of 1 open jobs would differ" in result.stdout
    totals = {line.split()[0]: line.split()[1:] for line in result.stdout.splitlines()[-2:]}
    assert totals == {"running_late": ["0", "2", "0"], "slow": ["2", "0", "0"]}
    assert on_record(services) == before


def test_a_diff_in_json_says_what_of_a_message_changed(
    run: FlaskCliRunner, services: Services, brand: Brand, tmp_path: Path
) -> None:
    """Other words at the same time: changed, in its words alone."""
    say(services, brand, 45)
    folder = edited_rules(
        tmp_path, "  - id: running_late\n", "  - id: running_late\n    message: moved\n"
    )

    found = json.loads(run.invoke(args=["rules", "diff", str(folder), "--format", "json"]).stdout)

    assert found["totals"] == {"running_late": {"added": 0, "gone": 0, "changed": 2}}
    assert (found["jobs"], found["jobs_that_differ"]) == (1, 1)
    first = found["items"][0]
    assert (first["job"], first["role"], first["differs_in"]) == ("JOB-1", "customer", ["words"])
    assert first["now"]["body"] != first["then"]["body"]
    assert first["now"]["send_at"] == first["then"]["send_at"] == "2026-11-23T17:00:00Z"


def test_a_rule_on_trial_sends_nothing_in_a_diff(
    run: FlaskCliRunner, services: Services, brand: Brand, tmp_path: Path
) -> None:
    """On trial it is planned and recorded, so what it said before is gone."""
    say(services, brand, 45)
    folder = edited_rules(
        tmp_path, "  - id: running_late\n", "  - id: running_late\n    trial: true\n"
    )
    result = run.invoke(args=["rules", "diff", str(folder)])
    assert "- JOB-1, the customer, running_late (gone)" in result.stdout


def test_rules_with_a_fault_are_not_compared(
    run: FlaskCliRunner, brand: Brand, tmp_path: Path
) -> None:
    """The fault is named with its file and line."""
    folder = edited_rules(
        tmp_path, "  - id: running_late\n", "  - id: running_late\n    expire: 2h\n"
    )
    result = run.invoke(args=["rules", "diff", str(folder)])
    assert result.exit_code == 1
    assert result.stderr.startswith("appointments.yaml:")
