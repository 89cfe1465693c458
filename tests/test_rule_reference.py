"""The reference of the rule language says what the models say, and nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from notifier.domain.rules.situation import NAMES
from notifier.rule_language.specs import AtSpec, IfSpec, RuleSpec
from notifier.rule_tools import reference
from notifier.rule_tools.reference import CEL_MEANS, rule_reference, shipped_rules
from tests.services import ROOT


def page() -> str:
    """Return the page as it would be written now."""
    return rule_reference(shipped_rules())


def test_the_page_beside_the_code_is_the_current_one() -> None:
    """Mend it with `flask --app app rules reference`."""
    assert (ROOT / "docs" / "rules-reference.md").read_text(encoding="utf-8") == page()


def test_rules_of_an_installation_change_nothing_on_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rule of one's own, put beside those that come with the product, is nobody's example."""
    folder = tmp_path / "rules"
    shutil.copytree(ROOT / "rules", folder)
    own = (ROOT / "rules" / "orders.yaml").read_text().replace("- id: ", "- id: our_own_")
    (folder / "own.yaml").write_text(own)
    before = page()

    monkeypatch.setattr(reference, "_SHIPPED", folder)

    assert page() == before
    assert "our_own_" not in before


def test_whatever_a_rule_can_say_is_in_it() -> None:
    """Each key by the name that a file uses, with its meaning."""
    written = page()

    for model in (RuleSpec, IfSpec, AtSpec):
        for name, field in model.model_fields.items():
            row = f"| `{field.alias or name}` | "
            assert row in written
            assert field.description
            assert field.description in written


def test_every_name_that_cel_can_read_is_explained() -> None:
    """A name without a meaning would be guessed at."""
    assert set(CEL_MEANS) == set(NAMES)
    assert all(f"| `{name}` | " in page() for name in NAMES)


def test_types_defaults_values_and_examples_are_those_of_the_language() -> None:
    """Lengths as a file writes them, values with what they mean, examples from our own rules."""
    written = page()

    assert "| `reach` | a length of time | `10m` | " in written
    assert "| `to` | one or more of [audience](#audience) | `[customer]` | " in written
    assert "| `id` | text | must be said | " in written
    assert "- `promise_made`: when staff promised one and left it to us to say" in written
    assert "`at: {edge: told.start, days: -1, time: '18:00'}`" in written
    assert "PlainSpec" not in written
    assert "timedelta" not in written
