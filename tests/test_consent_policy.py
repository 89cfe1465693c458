"""The table of consents: what ships with the product, and what is wrong with one, by its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from notifier.consent_policy import load_consent_policy
from notifier.domain.consent import ConsentPolicy, Needs
from notifier.domain.messages import MessageKind
from notifier.yaml_files import YamlInvalid
from tests.services import ROOT

KINDS = """\
kinds:
  transactional: unless_refused
  care: unless_refused
  marketing: if_granted
"""


def faults(path: Path, text: str) -> list[str]:
    """Return the faults of a file that holds `text`."""
    file = path / "consent.yaml"
    file.write_text(text)
    with pytest.raises(YamlInvalid) as caught:
        load_consent_policy(file)
    return [str(fault) for fault in caught.value.faults]


def test_what_ships_sells_to_nobody_who_did_not_agree() -> None:
    """Transactional and care unless refused, marketing only if granted: as built in."""
    shipped = load_consent_policy(ROOT / "config" / "consent.yaml")
    assert dict(shipped.kinds) == dict(ConsentPolicy().kinds)
    assert shipped.needs(MessageKind.MARKETING, {"US"}) is Needs.IF_GRANTED


def test_a_region_is_read(tmp_path: Path) -> None:
    """Countries that have it otherwise are a line each."""
    (tmp_path / "consent.yaml").write_text(KINDS + "regions:\n  DE: {care: if_granted}\n")
    policy = load_consent_policy(tmp_path / "consent.yaml")
    assert policy.needs(MessageKind.CARE, {"DE"}) is Needs.IF_GRANTED


def test_every_fault_has_its_line(tmp_path: Path) -> None:
    """All of them at once, with what may stand there."""
    text = (
        "kinds:\n  transactional: always\n  care: unless_refused\n  marketing: if_granted\n"
        "  advertising: never\nregions:\n  Germany: {care: if_granted}\n  DE: {care: maybe}\n"
        "notes: none\n"
    )
    levels = "unless_refused, if_granted, never"
    assert faults(tmp_path, text) == [
        f"consent.yaml:2: `transactional`: `always` is none of {levels}",
        "consent.yaml:5: `advertising`: `advertising` is none of transactional, care, marketing; "
        "did you mean `marketing`?",
        "consent.yaml:7: `Germany`: `Germany` is no country; write its ISO 3166 code, such as DE",
        f"consent.yaml:8: `care`: `maybe` is none of {levels}",
        "consent.yaml:9: `notes` is not something that can be said here",
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "consent.yaml:1: the file must be names with values, one a line"),
        ("kinds: [care]\n", "consent.yaml:1: `kinds` must be names with values, one a line"),
        ("kinds: {\n", "consent.yaml:2: this is not YAML"),
        (KINDS + "  care: never\n", "consent.yaml:5: `care` stands there twice"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, text: str, fault: str) -> None:
    """An empty file does not mean that everything is allowed."""
    assert any(said.startswith(fault) for said in faults(tmp_path, text))


def test_every_kind_must_be_decided(tmp_path: Path) -> None:
    """One that is left out is not a permission."""
    assert faults(tmp_path, KINDS.replace("  care: unless_refused\n", "")) == [
        "consent.yaml:1: `kinds`: say what `care` needs: unless_refused, if_granted, never"
    ]


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """Nothing is sent on a guess."""
    with pytest.raises(YamlInvalid, match="No such file"):
        load_consent_policy(tmp_path / "consent.yaml")
