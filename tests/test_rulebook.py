"""Rule files: every fault with its file, its line and a plain sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from notifier.rendering import Words
from notifier.rulebook import Rulebook, RulesInvalid, check_rules, json_schema, load_rulebook
from tests.domain.stage import Stage
from tests.services import ROOT

GOOD = """\
rules:
  - id: running_late
    for: appointment
    when: drift.kind == "later" && history.bad_news == 0
    family: slip
    asserts: drift
"""


def faults(tmp_path: Path, text: str, name: str = "visits.yaml") -> list[str]:
    """Return what is wrong with a rule file of that text."""
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(RulesInvalid) as refused:
        load_rulebook(tmp_path)
    return [str(fault) for fault in refused.value.faults]


def test_a_good_file_is_typed_rules(tmp_path: Path) -> None:
    """With what it leaves out filled in."""
    (tmp_path / "visits.yaml").write_text(GOOD)
    book = load_rulebook(tmp_path)
    (rule,) = book.rules
    assert (rule.id, rule.message, rule.channels) == (
        "running_late",
        "running_late",
        ("sms", "email"),
    )
    stage = Stage()
    stage.rules = book.rules
    assert stage.owed() == []
    stage.late(45)
    assert stage.owed() == ["running_late"]


@pytest.mark.parametrize(
    ("was", "became", "line", "sentence"),
    [
        ("history.bad_news", "history.badnews", 4, "did you mean `history.bad_news`?"),
        ('"later"', "5", 4, "the condition of `running_late`"),
        (
            'drift.kind == "later" && history.bad_news == 0',
            "drift.minutes",
            4,
            "yes-or-no question",
        ),
        ("history.bad_news == 0", "history.bad_news == ", 4, "the condition of"),
        ("asserts: drift", "asserts: drift\n    colour: red", 7, "`colour` is not something"),
        ("asserts: drift", "asserts: everything", 6, "`asserts`"),
        ("asserts: drift", "asserts: drift\n    expires: soon", 7, "10m, 2h or 3d"),
        ("asserts: drift", "asserts: drift\n    at: {edge: told.start, time: 18}", 7, "in quotes"),
        ("asserts: drift", 'asserts: drift\n    at: {edge: told.end, time: "25:00"}', 7, "`time`"),
        ("asserts: drift", "asserts: drift\n    at: {edge: told.strat}", 7, "mean `told.start`?"),
        (
            "asserts: drift",
            "asserts: drift\n    at: {edge: moment, befor: 5m}",
            7,
            "mean `before`?",
        ),
        (
            "asserts: drift",
            "asserts: drift\n    at: {edge: moment, before: 5m, after: 5m}",
            7,
            "not both",
        ),
        ("asserts: drift", "asserts: drift\n    if: {late: 15m}", 7, "did you mean `late_by`?"),
        ("asserts: drift", "asserts: drift\n    if: {late_by: 15}", 7, "such as 10m, 2h or 3d"),
        ("asserts: drift", "asserts: drift\n    if: {status: on_route}", 7, "mean `en_route`?"),
        ("asserts: drift", "asserts: drift\n    if: {bad_news: few}", 7, '"2+"'),
        ("asserts: drift", "asserts: drift\n    supersedes: [remindr]", 7, "no rule"),
        ("asserts: drift", "asserts: drift\n    to: [dispatch, customer]", 2, "a rule of its own"),
        ('    when: drift.kind == "later" && history.bad_news == 0\n', "", 2, "say when"),
        ("    for: appointment\n", "", 2, "`for` is missing"),
        ("for: appointment", "for: wedding", 3, "`for`"),
        ("id: running_late", "id: Running Late", 2, "`id`"),
        ("rules:", "rules: [", 1, "this is not YAML"),
    ],
)
def test_a_fault_names_its_file_its_line_and_what_to_do(
    tmp_path: Path, was: str, became: str, line: int, sentence: str
) -> None:
    """As `flask rules check` prints it."""
    (fault, *_) = faults(tmp_path, GOOD.replace(was, became, 1))
    file, number, said = fault.split(":", 2)
    assert file == "visits.yaml"
    assert sentence in said
    if sentence != "this is not YAML":
        assert int(number) == line


def test_the_same_rule_twice_is_a_fault(tmp_path: Path) -> None:
    """Also when it is in another file."""
    (tmp_path / "a.yaml").write_text(GOOD)
    (fault,) = faults(tmp_path, GOOD, "b.yaml")
    assert fault.startswith("b.yaml:")
    assert "`running_late` is in a.yaml already" in fault


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    """Nobody mends a file one run at a time."""
    text = GOOD.replace("bad_news", "badnews") + GOOD.replace("rules:\n", "").replace(
        "running_late", "other"
    ).replace('"later"', "nothing")
    assert len(faults(tmp_path, text)) == 2


@pytest.mark.parametrize("text", ["", "[]", "rules: 5", "- id: x"])
def test_a_file_that_is_something_else_is_a_fault(tmp_path: Path, text: str) -> None:
    """Never a traceback."""
    assert faults(tmp_path, text)[0].startswith("visits.yaml:1:")


def test_a_folder_without_rules_is_a_fault(tmp_path: Path) -> None:
    """A product without rules says nothing to anybody; that must be a mistake."""
    with pytest.raises(RulesInvalid, match="no rule file"):
        load_rulebook(tmp_path)


def test_the_schema_beside_the_rules_is_the_current_one() -> None:
    """Editors complete what the product accepts."""
    written = json.loads((ROOT / "rules" / "rules.schema.json").read_text())
    assert written == json_schema()


def test_every_default_rule_has_its_words() -> None:
    """The set that the product comes with is whole."""
    book = load_rulebook(ROOT / "rules")
    check_rules(book, Words(ROOT / "templates" / "messages"))
    assert {"booked", "running_late", "please_ignore"} <= {rule.id for rule in book.rules}


def test_a_rule_without_words_is_a_fault(tmp_path: Path) -> None:
    """It would be found in front of a customer."""
    (tmp_path / "visits.yaml").write_text(GOOD.replace("running_late", "no_such_words"))
    with pytest.raises(RulesInvalid, match="no_such_words"):
        check_rules(load_rulebook(tmp_path), Words(ROOT / "templates" / "messages"))


def test_the_hash_names_the_rules_in_force(tmp_path: Path) -> None:
    """Another word in a file is another set of rules."""
    (tmp_path / "visits.yaml").write_text(GOOD)
    before: Rulebook = load_rulebook(tmp_path)
    (tmp_path / "visits.yaml").write_text(GOOD + "    bad_news: true\n")
    assert load_rulebook(tmp_path).hash != before.hash
