"""What a text costs, and what made it cost double."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from notifier.domain.findings import Finding, Level
from notifier.domain.words.segments import count_segments, stand_in
from notifier.domain.words.values import DIGEST
from notifier.rendering import Words
from notifier.word_linter.costs import TextCost, check_costs, load_prices, text_costs
from notifier.yaml_files import YamlInvalid
from tests.services import ROOT

SHIPPED = ROOT / "templates" / "messages"
PRICES = ROOT / "config" / "sms_prices.yaml"


def warnings(tmp_path: Path, sms: str) -> list[Finding]:
    """Return what is costly about a text of `booked` that says `sms`."""
    folder = Path(shutil.copytree(SHIPPED, tmp_path / "messages"))
    (folder / "en" / "booked" / "sms.txt").write_text(sms)
    return check_costs(Words(folder), ["booked"], ["en"])


def test_the_texts_that_we_ship_cost_one_segment() -> None:
    """With ordinary names and the widest times; a first text has its way out besides."""
    words = Words(SHIPPED)
    messages = sorted(name for name in words.messages("en") if not name.endswith(DIGEST))
    costs = text_costs(words, messages, "en")

    assert check_costs(words, messages, ["en"]) == []
    assert {(cost.fewest, cost.most) for cost in costs} == {(1, 1)}
    assert max(cost.first for cost in costs) == 2


def test_a_digest_costs_no_more_than_the_two_texts_that_it_spares() -> None:
    """It names several jobs, and may take two segments for them."""
    words = Words(SHIPPED)
    digests = sorted(name for name in words.messages("en") if name.endswith(DIGEST))

    assert digests
    assert max(cost.most for cost in text_costs(words, digests, "en")) == 2


def test_a_character_that_doubles_the_cost_is_named_with_its_place(tmp_path: Path) -> None:
    """Which one, where, and what would say the same in one segment."""
    text = "{{ brand }}: your visit is booked.\nSee → {{ link }}, where the latest time is."
    (found,) = warnings(tmp_path, text)

    assert found.level is Level.WARNING
    assert found.subject == "en/booked/sms.txt:2"
    assert "“→” (U+2192, rightwards arrow) at character 5" in found.sentence
    assert "2 segments" in found.sentence
    assert found.remedy == "Write “->” instead: then it is 1."


def test_quotes_from_a_word_processor_are_no_warning(tmp_path: Path) -> None:
    """They are put straight before anything is sent."""
    assert warnings(tmp_path, "{{ brand }}: we’re coming – “soon”… {{ link }}") == []


def test_a_text_of_two_segments_is_a_warning(tmp_path: Path) -> None:
    """It is sent all the same; it costs twice."""
    (found, *_) = warnings(tmp_path, "{{ brand }}: " + "booked and booked, " * 6 + "{{ link }}")

    assert found.level is Level.WARNING
    assert found.sentence.startswith("2 segments, ")
    assert "shorter wording" in (found.remedy or "")


@pytest.mark.parametrize(
    ("character", "instead"),
    [("ê", "e"), ("ł", "l"), ("→", "->"), ("ﬁ", "fi"), ("🛠", None), ("家", None)],
)
def test_what_can_stand_in_for_a_character(character: str, instead: str | None) -> None:
    """Nothing is invented for what has no plain form."""
    assert stand_in(character) == instead
    assert instead is None or count_segments(instead * 40) == 1


def test_the_price_of_a_segment_is_data(tmp_path: Path) -> None:
    """By country; without a file, or a country in it, there is no price."""
    assert load_prices(PRICES)["US"].of(2) == "0.0166 USD"
    assert load_prices(tmp_path / "none.yaml") == {}

    (tmp_path / "bad.yaml").write_text("US: {currency: USD, segment: free}")
    with pytest.raises(YamlInvalid, match=r"bad\.yaml:1"):
        load_prices(tmp_path / "bad.yaml")


def test_a_message_that_cant_be_said_has_no_cost(tmp_path: Path) -> None:
    """`Words.check` says why; the others are counted."""
    words = Words(SHIPPED)

    assert text_costs(words, ["booked", "nothing_like_it"], "en") == [
        TextCost(message="booked", locale="en", fewest=1, most=1, first=2)
    ]
