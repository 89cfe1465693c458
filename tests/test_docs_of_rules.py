"""What `docs/rules.md` tells a dispatcher to write is a rule, word for word."""

from __future__ import annotations

import re

import pytest

from notifier.domain.rules.rule import Rule
from notifier.rulebook import RulesInvalid, rulebook_of
from tests.services import ROOT

PAGE = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
FIRST, TRIAL = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
MORE = [
    " | ".join(re.findall(r"`([^`]+)`", row))
    for row in PAGE.partition("## More that can be said")[2].splitlines()
    if row.startswith("| ") and "`" in row
]


def rule_of(text: str) -> Rule:
    """Return the one rule that `text` states."""
    (rule,) = rulebook_of({"a-ours.yaml": text}).rules
    return rule


def test_the_first_rule_is_one_and_so_it_is_on_trial() -> None:
    """The file of step two, and the line of step five."""
    assert not rule_of(FIRST).trial
    assert rule_of(FIRST + TRIAL).trial
    assert rule_of(FIRST).message == "reminder"


def test_the_fault_that_the_page_shows_is_the_one_that_is_named() -> None:
    """File, line and what was meant."""
    with pytest.raises(RulesInvalid) as refused:
        rulebook_of({"a-ours.yaml": FIRST.replace("status:", "statuss:")})

    assert str(refused.value) in PAGE


@pytest.mark.parametrize("said", MORE)
def test_whatever_else_can_be_said_can_be_said(said: str) -> None:
    """Each line of the table, in a rule that has nothing else but a name."""
    lines = said.split(" | ")
    if not any(line.startswith(("if:", "when:", "at:")) for line in lines):
        lines.append("if: { drift: later }")
    body = "".join(f"    {line}\n" for line in lines)

    assert rule_of(f"rules:\n  - id: one_more\n    for: appointment\n{body}").id == "one_more"
