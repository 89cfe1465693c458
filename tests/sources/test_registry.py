"""Adding a source is adding its file."""

import json
from datetime import UTC, datetime
from functools import reduce
from pathlib import Path
from typing import Any

import notifier.sources
from notifier.sources.protocol import ByReference, Incoming
from notifier.sources.registry import adapters
from tests.sources.mutated_bodies import SEEDS
from tests.webhooks.ways import TRACKED, Order

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


def test_where_a_body_names_its_job_is_where_its_adapter_reads_that() -> None:
    """Of what could not be read, staff see the same name as of what could."""
    told = {kind: adapter for kind, adapter in adapters().items() if adapter.named_at}
    assert {"generic", "easypost", "shopify"} <= set(told)
    for kind, adapter in told.items():
        headers, body = SEEDS[kind][0]
        said = adapter.translate(Incoming(headers, json.dumps(body).encode()))
        assert isinstance(said, tuple)
        join = said[0].join
        name = join.reference if isinstance(join, ByReference) else join.code
        assert name in [_at(body, path) for path in adapter.named_at]


def _at(body: Any, path: tuple[str, ...]) -> Any:
    return reduce(lambda found, step: found.get(step, {}), path, body)


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
    now = datetime(2026, 11, 23, 17, tzinfo=UTC)
    assert trackers == {said.kind for way in TRACKED.values() for said in way(Order(1), now)}
