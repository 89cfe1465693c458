"""`rules check`: rules and words that are well, and faults by file and line."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from flask import Flask
from flask.testing import FlaskCliRunner

from notifier.rendering import Words
from notifier.services import Services
from tests.services import ROOT


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
