"""`config/guards.yaml`: what ships can be used, and every fault is named with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from notifier.domain.guards.limits import MILLIONTHS, Limits
from notifier.guards.policy import load_guards
from notifier.yaml_files import YamlInvalid
from tests.services import ROOT

_PRICES = ROOT / "config" / "sms_prices.yaml"


def written(tmp_path: Path, text: str) -> Path:
    """Return a file that says `text`."""
    path = tmp_path / "guards.yaml"
    path.write_text(text)
    return path


def test_what_ships_guards_every_brand() -> None:
    """Each limit is set, and the price list counts what it stops."""
    guards = load_guards(ROOT / "config" / "guards.yaml", _PRICES)
    assert guards.usual.spend_per_day == 50 * MILLIONTHS
    assert None not in (
        guards.usual.texts_per_number,
        guards.usual.texts_per_prefix,
        guards.usual.texts_per_day,
        guards.usual.spend_per_month,
        guards.usual.brake_from,
    )
    assert guards.currency == "USD"
    assert guards.price(["US/206"], "US") == 8300


def test_a_brand_says_only_what_it_has_otherwise(tmp_path: Path) -> None:
    """The rest is as usual; `unlimited` takes a limit away."""
    path = written(
        tmp_path,
        "usual: {texts_per_day: 100, spend_per_day: 12.5}\n"
        "brands: {big: {texts_per_day: unlimited, brake_from: 9}}\n",
    )
    guards = load_guards(path, _PRICES)
    assert guards.of("small") == Limits(texts_per_day=100, spend_per_day=12_500_000)
    assert guards.of("big") == Limits(spend_per_day=12_500_000, brake_from=9)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("usual:\n  texts_per_dya: 3\n", 2, "did you mean `texts_per_day`"),
        ("usual:\n  texts_per_day: 0\n", 2, "texts_per_day"),
        ("usual:\n  spend_per_day: lots\n", 2, "spend_per_day"),
        ("brands: {}\n", 1, "`usual` is missing"),
    ],
)
def test_a_fault_is_named_with_its_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    """The start is refused."""
    with pytest.raises(YamlInvalid) as caught:
        load_guards(written(tmp_path, text), _PRICES)
    fault = caught.value.faults[0]
    assert (fault.line, said in fault.sentence) == (line, True), fault


def test_prices_in_several_currencies_are_refused(tmp_path: Path) -> None:
    """Their sum would be nothing that anybody pays."""
    prices = tmp_path / "prices.yaml"
    prices.write_text(
        'US: {currency: USD, segment: "0.01"}\nDE: {currency: EUR, segment: "0.07"}\n'
    )
    with pytest.raises(YamlInvalid, match="EUR and USD"):
        load_guards(written(tmp_path, "usual: {}\n"), prices)
