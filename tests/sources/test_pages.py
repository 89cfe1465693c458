"""Each source's page has what its reader looks for, and says what its adapter does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from notifier.sources.registry import adapters

PAGES = Path(__file__).parents[2] / "docs" / "integrations"

#: Of every vendor's page, in this order; some have more between them.
_SECTIONS = ["Connect it", "What we understand", "What we ignore", "Refused", "Try it"]

#: Ours has no vendor: what it takes stands there instead of what we understand.
_OF_OURS = ["Connect it", "An event", "Types", "What becomes of it", "Try it"]

#: A line of the README's table -> the sources that it is about, where that is not one.
_SEVERAL = {"ShipStation (either API)": {"shipstation", "shipengine"}}

#: What we send -> the status of a job that it tells of.
_TELLS_OF = {
    "order_confirmed": "ordered",
    "shipped": "shipped",
    "out_for_delivery": "out_for_delivery",
}

_OURS_ARE_OFF = re.compile(r"[Oo]ur ((?:\*\w+\*(?:, | and )?)+) are off")


def _page(name: str) -> str:
    return (PAGES / f"{name}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", adapters())
def test_the_page_has_each_of_its_sections(kind: str) -> None:
    """Where to click, what counts, what does not, what is refused, and how to try it."""
    sections = re.split(r"^## (.+)\n", _page(kind), flags=re.MULTILINE)[1:]
    says = dict(zip(sections[::2], sections[1::2], strict=True))
    wanted = _OF_OURS if kind == "generic" else _SECTIONS
    assert [name for name in says if name in wanted] == wanted
    assert all(says[name].strip() for name in wanted)
    assert f"--kind {kind}" in says["Connect it"]
    assert "(README.md#nobody-is-flooded)" in says["Connect it"]
    assert re.search(r"\bturn(ed)?\b[^.]*\boff\b", says["Connect it"], re.IGNORECASE), (
        "which of the vendor's own notices to turn off"
    )


def _table() -> dict[str, frozenset[str]]:
    """Return what the README says that each kind's vendor says itself."""
    found = {}
    _, _, table = _page("README").partition("| source | says itself |\n|---|---|\n")
    lines, _, _ = table.partition("\n\n")
    for name, said in re.findall(r"^\| (.+?) \| (.+) \|$", lines, re.MULTILINE):
        for kind in _SEVERAL.get(name, {name.lower()}):
            found[kind] = frozenset(re.findall(r"`(\w+)`", said))
    return found


def test_the_table_of_what_vendors_say_themselves_is_of_sources() -> None:
    """A name that is misspelt there would leave its source out."""
    assert _table()
    assert _table().keys() <= adapters().keys()


@pytest.mark.parametrize("kind", adapters())
def test_what_a_vendor_says_itself_is_the_same_in_the_adapter_and_on_both_pages(kind: str) -> None:
    """Else its customers hear a thing twice, or not at all, and the reader can't see why."""
    says = adapters()[kind].says_itself
    ours_are_off = _OURS_ARE_OFF.search(_page(kind))
    on_its_page = re.findall(r"\*(\w+)\*", ours_are_off[1]) if ours_are_off else []

    assert says == _table().get(kind, frozenset())
    assert says == {_TELLS_OF[name] for name in on_its_page}
