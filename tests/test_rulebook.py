"""Rule files: every fault with its file, its line and a plain sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from notifier.domain.rules.rule import Asserts
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
        ("asserts: drift", "asserts: drift\n    to: [dispatch, customer]", 7, "a rule of its own"),
        ('    when: drift.kind == "later" && history.bad_news == 0\n', "", 2, "say when"),
        ("    for: appointment\n", "", 2, "`for` is missing"),
        ("for: appointment", "for: wedding", 3, "`for`"),
        ("id: running_late", "id: Running Late", 2, "`id`"),
        ("rules:", "rules: [", 1, "this is not YAML"),
        # A slip says what moved, to the job's people, as soon as it is known.
        ("asserts: drift", "asserts: nothing", 6, "`running_late`: `family: slip` says what moved"),
        ("family: slip", "family: status", 6, "only a rule with `family: slip`"),
        ("asserts: drift", "at: {edge: told.start, before: 2h}", 6, "take `at` out"),
        ("asserts: drift", "if: {silent_for: 15m}", 6, "`silent_for` about none"),
        ("asserts: drift", "to: dispatch", 6, "not `dispatch` or `technician`"),
        ("asserts: drift", "to: technician", 6, "not `dispatch` or `technician`"),
        ("asserts: drift", "quiet: drop", 6, "bad news is never dropped"),
        ("family: slip\n    asserts: drift", "bad_news: true\n    quiet: drop", 6, "never dropped"),
        # Lengths and numbers.
        ("asserts: drift", "expires: 999999999999d", 6, "at most 366d"),
        ("asserts: drift", "expires: 999999999d", 6, "at most 366d"),
        ("asserts: drift", "settle: 367d", 6, "at most 366d"),
        ("asserts: drift", "tell_by: 527041m", 6, "at most 366d"),
        ("asserts: drift", "reach: 0m", 6, "longer than nothing"),
        ("asserts: drift", "expires: 0h", 6, "longer than nothing"),
        ("asserts: drift", "update_after: 0h", 6, "longer than nothing"),
        ("asserts: drift", "digest: 0m", 6, "longer than nothing"),
        ("asserts: drift", "if: {late_by: 0m}", 6, "longer than nothing"),
        ("asserts: drift", "if: {early_by: 0m}", 6, "longer than nothing"),
        ("asserts: drift", "if: {silent_for: 0m}", 6, "longer than nothing"),
        ("asserts: drift", "at: {edge: moment, after: 0m}", 6, "longer than nothing"),
        ("asserts: drift", "at: {edge: moment, before: 0m}", 6, "longer than nothing"),
        ("asserts: drift", "at: {edge: moment, days: 367}", 6, "from -366 to 366"),
        ("asserts: drift", "at: {edge: moment, days: true}", 6, "from -366 to 366"),
        ("asserts: drift", "at: {edge: moment, working_days: -61}", 6, "from -60 to 60"),
        ("asserts: drift", "digest: 4h", 6, "shorter than `expires`"),
        ("asserts: drift", "settle: 4h", 6, "shorter than `expires`"),
        ("asserts: drift", "expires: 9d\n    settle: 61m", 7, "at most 1h"),
        ("family: slip\n    asserts: drift", "expires: 9d\n    settle: 200d", 6, "`expires`"),
        ("asserts: drift", "expires: 9d\n    digest: 25h", 7, "at most 1d"),
        ("rules:", "caps: [{period: 0h, at_most: 1}]\nrules:", 1, "longer than nothing"),
        ("rules:", "caps: [{period: 1h, at_most: 0}]\nrules:", 1, "from 1 to"),
        ("rules:", "caps: [{period: 1h, at_most: true}]\nrules:", 1, "from 1 to"),
        # CEL.
        ('drift.kind == "later" && history.bad_news == 0', '" "', 4, "it is empty"),
        ('drift.kind == "later"', "(" * 99 + "true" + ")" * 99, 4, "nested too deeply"),
        ('drift.kind == "later"', "1" + "+1" * 99 + " > 0", 4, "nested too deeply"),
        (
            'drift.kind == "later"',
            'drift.kind == "' + "a" * 2000 + '"',
            4,
            "longer than 2000 characters",
        ),
        (
            'drift.kind == "later" && history.bad_news == 0',
            '"\\uD800 == 1"',
            4,
            "half a character",
        ),
        # What would always hold, or never: it asks nothing of the job.
        ('drift.kind == "later" && history.bad_news == 0', '"true"', 4, "it always holds"),
        ('drift.kind == "later" && history.bad_news == 0', "1 == 1", 4, "it always holds"),
        ("&& history.bad_news == 0", "|| true", 4, "it always holds"),
        ('drift.kind == "later" && history.bad_news == 0', '"1 > 2"', 4, "it never holds"),
        ("&& history.bad_news == 0", "&& false", 4, "it never holds"),
        ('drift.kind == "later" && history.bad_news == 0', "1 / 0 > 0", 4, "it never holds"),
        ("asserts: drift", "if: {}", 6, "always holds"),
        ("asserts: drift", "if: {status: }", 6, "nothing stands behind it"),
        ("asserts: drift", "if:", 6, "nothing stands behind it"),
        ("asserts: drift", "if: {any: [{}]}", 6, "always holds"),
        ("asserts: drift", "if: {not: {}}", 6, "always holds"),
        ("asserts: drift", 'if: {bad_news: "0+"}', 6, "always holds"),
        # What YAML allows and no rule needs.
        ("asserts: drift", "brands: &a [*a]", 6, "write it out"),
        ("asserts: drift", "brands: " + "[" * 3000, 6, "nested too deeply"),
        ("asserts: drift", "when: 2026-13-45", 6, "put it in quotes"),
        ("asserts: drift", "when: " + "1" * 5000, 6, "put it in quotes"),
        ("asserts: drift", "when: !!timestamp soon", 6, "types are not named here"),
        ("asserts: drift", "when: a\0b", 6, "a character that no text has"),
        ("asserts: drift", "5: five", 2, "`5`: a name is text"),
        ("asserts: drift", "to: [null]", 6, "`null` is none of"),
        # One thing where a list may stand; names of rules; the other kind of job.
        ("asserts: drift", "channels: [sms, sms]", 6, "`sms` stands there twice"),
        ("asserts: drift", "channels: []", 6, "at least one"),
        ("asserts: drift", "supersedes: running_late", 6, "supersedes itself"),
        ("asserts: drift", "if: {status: shipped}", 6, "an appointment is never `shipped`"),
        ("asserts: drift", "if: {not: {cause: shipped}}", 6, "an appointment is never `shipped`"),
        ("asserts: drift", "if: {any: [{tracked: true}]}", 6, "only of an order"),
        ("asserts: drift", "if: {parcel: exception}", 6, "only of an order"),
        (
            "for: appointment",
            "for: order\n    if: {status: missed}",
            4,
            "an order is never `missed`",
        ),
        # Our words, not those of a library.
        ("asserts: drift", "message: ../booked", 6, "small letters, digits"),
        ("asserts: drift", "message: 5", 6, "small letters, digits"),
        ("asserts: drift", "if: {drift: off}", 6, 'write "off" in quotes'),
        ('drift.kind == "later" && history.bad_news == 0', "5", 4, "`when` must be text"),
        ("asserts: drift", "trial: perhaps", 6, "`trial` must be true or false"),
        ("asserts: drift", "brands: [5]", 6, "each of `brands` must be text"),
        ("asserts: drift", 'at: {edge: moment, time: "18:00Z"}', 6, "a local time of day"),
        ("asserts: drift", 'at: {edge: moment, time: "soon"}', 6, "a local time of day"),
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


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("to: technician", "nobody is sent with an order: write `dispatch`"),
        ("names_technician: true", "nobody is sent with an order: take `names_technician` out"),
    ],
)
def test_no_rule_for_orders_speaks_of_a_technician(
    tmp_path: Path, line: str, sentence: str
) -> None:
    """It would be silent for ever, and nobody would know why."""
    rule = f"rules:\n  - id: shipped\n    for: order\n    if: {{status: shipped}}\n    {line}\n"

    (fault,) = faults(tmp_path, rule)

    assert fault.startswith("visits.yaml:5:")
    assert sentence in fault


def test_a_slip_says_what_moved_by_itself(tmp_path: Path) -> None:
    """Nobody needs to know the word `asserts` for it."""
    (tmp_path / "visits.yaml").write_text(GOOD.replace("    asserts: drift\n", ""))
    (rule,) = load_rulebook(tmp_path).rules
    assert rule.asserts is Asserts.DRIFT


def test_one_value_is_a_list_of_one(tmp_path: Path) -> None:
    """Of channels, brands, superseded rules and kinds."""
    caps = "caps: [{period: 24h, at_most: 1, kinds: marketing}]\n"
    more = "    channels: sms\n    brands: northside\n    supersedes: reminder\n"
    other = "  - {id: reminder, for: appointment, at: {edge: told.start, before: 2h}}\n"
    (tmp_path / "visits.yaml").write_text(caps + GOOD + more + other)
    rules = load_rulebook(tmp_path).rules
    assert (rules[0].channels, rules[0].brands, rules[0].supersedes) == (
        ("sms",),
        ("northside",),
        ("reminder",),
    )
    assert rules.caps[0].kinds == {"marketing"}


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        ("{id: b, for: appointment, supersedes: running_late, at: {edge: told.end}}", "each other"),
        ("{id: b, for: order, at: {edge: told.end}}", "another kind of job"),
    ],
)
def test_rules_that_silence_each_other_are_a_fault(
    tmp_path: Path, other: str, sentence: str
) -> None:
    """Neither would speak; and a rule about parcels says nothing about a visit."""
    text = GOOD + f"    supersedes: ours\n  - {other.replace('id: b', 'id: ours')}\n"
    assert sentence in faults(tmp_path, text)[0]


def test_a_circle_of_rules_that_silence_each_other_is_a_fault(tmp_path: Path) -> None:
    """However long: each of them is named, and one that only leads into it is not."""
    rule = "  - {{id: {0}, for: order, at: {{edge: told.end}}, supersedes: {1}}}\n".format
    names = [("one", "two"), ("two", "three"), ("three", "one"), ("zero", "one")]
    found = faults(tmp_path, "rules:\n" + "".join(rule(*pair) for pair in names))
    assert [fault.partition(": ")[2] for fault in found] == [
        f"{circle} supersede each other in a circle: none would speak"
        for circle in (
            "`one`, `two`, `three`",
            "`two`, `three`, `one`",
            "`three`, `one`, `two`",
        )
    ]


@pytest.mark.parametrize("edge", ["told.start", "tell_by"])
def test_no_visit_is_silent_before_its_window(tmp_path: Path, edge: str) -> None:
    """Silence begins with the window they hold, and what goes before an edge ends with it."""
    text = (
        "rules:\n  - id: quiet\n    for: appointment\n"
        "    if: {status: scheduled, silent_for: 5m}\n"
        f"    at: {{edge: {edge}, before: 2h}}\n    expires: 1h\n"
    )
    (fault,) = faults(tmp_path, text)
    assert fault.startswith(f"visits.yaml:4: `quiet`: `silent_for` never holds before `{edge}`")
    assert "`before` `told.end`" in fault


@pytest.mark.parametrize(
    "rule",
    [
        "for: appointment, at: {edge: told.start}",
        "for: appointment, at: {edge: told.start, after: 5m}",
        "for: appointment, at: {edge: told.end, before: 2h}",
        'for: appointment, at: {edge: told.start, days: 0, time: "18:00"}',
        "for: appointment",
        "for: order, at: {edge: told.start, before: 2h}",
    ],
)
def test_silence_that_can_be_is_no_fault(tmp_path: Path, rule: str) -> None:
    """An order is silent from the day it was placed, a visit from its window on."""
    text = f"rules:\n  - {{id: quiet, {rule}, if: {{silent_for: 5m}}}}\n"
    (tmp_path / "visits.yaml").write_text(text)
    assert [rule.id for rule in load_rulebook(tmp_path).rules] == ["quiet"]


def test_silence_is_asked_last(tmp_path: Path) -> None:
    """Planning takes it off the end, to know from when on the rule would hold."""
    text = "rules:\n  - {id: quiet, for: order, if: {silent_for: 3d}, when: job.parcels > 0}\n"
    (tmp_path / "visits.yaml").write_text(text)
    (rule,) = load_rulebook(tmp_path).rules
    assert [part.text for part in rule.condition.parts] == [
        "when: job.parcels > 0",
        "silent_for: 3d",
    ]


def test_a_condition_that_takes_too_long_does_not_hold(tmp_path: Path) -> None:
    """One rule must not stop the plans of all others."""
    many = f"[{','.join('1' * 200)}]"
    when = f"{many}.all(a,{many}.all(b,{many}.all(c,{many}.all(d,true))))"
    (tmp_path / "visits.yaml").write_text(
        f"rules:\n  - {{id: endless, for: appointment, when: '{when}', asserts: nothing}}\n"
    )
    stage = Stage()
    stage.rules = load_rulebook(tmp_path).rules
    assert stage.owed() == []


def test_what_is_no_text_is_a_fault_and_the_others_are_still_read(tmp_path: Path) -> None:
    """Each with its name; and the faults of the files that could be read beside them."""
    (tmp_path / "a.yaml").mkdir()
    (tmp_path / "b.yaml").symlink_to(tmp_path / "nowhere")
    (tmp_path / "c.yaml").write_bytes(b"rules:\n  # caf\xe9\n")
    (tmp_path / "d.yaml").write_text("#" * 1_000_001)
    (tmp_path / "e.yml").write_text(GOOD)
    assert faults(tmp_path, "rules: 5\n") == [
        "a.yaml:0: can't be read: it is no file",
        "b.yaml:0: can't be read: No such file or directory",
        "c.yaml:2: this is not UTF-8: save the file as UTF-8",
        "d.yaml:0: this is larger than a megabyte, which nobody wrote by hand",
        "e.yml:0: it is not read: rename it to .yaml",
        "visits.yaml:1: `rules` must be a list",
    ]


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
    with pytest.raises(RulesInvalid, match=r"visits\.yaml:2: .*no_such_words"):
        check_rules(load_rulebook(tmp_path), Words(ROOT / "templates" / "messages"))


def test_the_hash_names_the_rules_in_force(tmp_path: Path) -> None:
    """Another word in a file is another set of rules."""
    (tmp_path / "visits.yaml").write_text(GOOD)
    before: Rulebook = load_rulebook(tmp_path)
    (tmp_path / "visits.yaml").write_text(GOOD + "    bad_news: true\n")
    assert load_rulebook(tmp_path).hash != before.hash
