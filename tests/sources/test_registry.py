"""Adding a source is adding its file."""

from pathlib import Path

import notifier.sources
from notifier.sources.registry import adapters
from tests.sources.mutated_bodies import SEEDS
from tests.webhooks.ways import TRACKED

ROOT = Path(__file__).parent.parent.parent


def test_every_source_file_is_found_by_itself() -> None:
    """Each kind is the name of its file, so that a newcomer finds it."""
    package = Path(notifier.sources.__path__[0])
    assert {"easypost", "generic"} <= set(adapters())
    for kind in adapters():
        assert (package / f"{kind}.py").is_file()


def test_every_source_makes_secrets_that_it_takes() -> None:
    """What `sources add` prints can be pasted back; no secret is made twice."""
    for adapter in adapters().values():
        assert not adapter.takes_secret(" ")
        if adapter.new_secret is not None:
            made = adapter.new_secret()
            assert adapter.takes_secret(made)
            assert made != adapter.new_secret()


def test_every_source_has_its_page_its_tests_and_its_part_in_the_proofs() -> None:
    """A newcomer's source is found by its users, and tried as all others are."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for kind in adapters():
        assert (ROOT / f"docs/integrations/{kind}.md").is_file()
        assert f"(docs/integrations/{kind}.md)" in readme
        assert (ROOT / f"tests/sources/test_{kind}.py").is_file()
        assert kind in SEEDS


def test_every_tracker_of_parcels_is_held_to_any_order_of_its_news() -> None:
    """Whoever makes facts as trackers do has a way from the first scan to the last."""
    package = Path(notifier.sources.__path__[0])
    trackers = {
        kind
        for kind in adapters()
        if "tracked_parcels" in (package / f"{kind}.py").read_text(encoding="utf-8")
    }
    assert trackers == set(TRACKED)
