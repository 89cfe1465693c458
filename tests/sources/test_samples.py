"""Nothing in the folder of samples is left undecided: no body, no signature, no vocabulary.

What each sample becomes stands in the table of its source's own tests, or of those of receipts
and replies. Here the folder, and its manifest, are held against all of them, so that what is added
there is noticed here.
"""

from __future__ import annotations

import json
import re
import secrets
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from notifier.sources.protocol import Incoming
from notifier.sources.registry import adapters
from tests.sources.samples import SAMPLES, needs_samples, sample_json
from tests.webhooks.signing import KINDS, headers_of, path_of, secret_of

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
TESTS = Path(__file__).parents[1]

#: Samples of systems that have no source here yet; once one has, its tests decide them.
_NO_SOURCE_YET = {"jobber"} - adapters().keys()

#: Each kind of source that no vector is published of, as the samples call its vendor.
_NO_VECTORS = {
    "Shippo": "shippo",
    "Calendly": "calendly",
    "Stripe": None,  # named there for its scheme, which is Calendly's
    "Cal.com": "calcom",
    "WooCommerce": "woocommerce",
    "Jobber": "jobber",
    "Onfleet": "onfleet",
    "ShipStation v2 / ShipEngine": "shipengine",
    "ShipStation v1 (SHIP_NOTIFY)": "shipstation",
}

_WITHOUT_VECTORS = "algorithms_without_published_vectors.json"

#: By a secret in a header or in the address: whoever knows it may send any body.
_TOKENS = {"shipengine", "shipstation"}


@cache
def _tests() -> dict[str, str]:
    return {path.name: path.read_text() for path in TESTS.rglob("test_*.py")}


def _folders_decided() -> set[str]:
    """Return the folders whose every file the tests of a source hold against their table."""
    found: set[str] = set()
    for text in _tests().values():
        for test in text.split("\ndef ")[1:]:
            if re.match(r"test_no_real_sample_\w*is_left_without_an_outcome", test):
                body = test.split("\n\n\n")[0]
                found.update(re.findall(r'"(?:payloads/)?(\w+)"', body))
    return found


@needs_samples
def test_each_sample_in_the_manifest_is_decided_in_a_table() -> None:
    """A payload of a system that we have a source for, in a folder that no table covers, fails."""
    manifest = json.loads((SAMPLES / "manifest.json").read_text())
    listed = {name for one in manifest for name in one["files"]}
    there = {str(path.relative_to(SAMPLES)) for path in (SAMPLES / "payloads").glob("*/*")}
    assert {name for name in listed if name.startswith("payloads/")} == there

    folders = {Path(name).parent.name for name in there}
    assert folders - _NO_SOURCE_YET <= _folders_decided()


@needs_samples
@pytest.mark.parametrize("folder", ["vectors", "vocabularies"])
def test_each_vector_and_vocabulary_is_read_by_a_test(folder: str) -> None:
    """A file that is added there for a source, and that no test names, fails here."""
    text = "\n".join(text for name, text in _tests().items() if name != Path(__file__).name)
    for path in (SAMPLES / folder).glob("*.json"):
        if path.name != _WITHOUT_VECTORS:
            assert path.name in text, path.name


@needs_samples
def test_each_scheme_without_a_vector_belongs_to_a_source_or_to_none() -> None:
    """And those of sources are tried below, by the recipe that stands there."""
    entries = sample_json(f"vectors/{_WITHOUT_VECTORS}")["entries"]
    assert {one["provider"] for one in entries} == set(_NO_VECTORS)
    ours = {kind for kind in _NO_VECTORS.values() if kind is not None}
    assert ours - _NO_SOURCE_YET <= set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_source_signs_is_its_own_and_nothing_else_is(kind: str) -> None:
    """By the vendor's recipe, written here once more: another byte or secret is refused."""
    body, adapter = b'{"a": 1}', adapters()[kind]
    headers = {name.lower(): said for name, said in headers_of(kind, body, NOW).items()}
    url = f"https://notify.example.com{path_of(kind)}"
    other = adapter.new_secret() if adapter.new_secret else secrets.token_hex(64)
    assert adapter.takes_secret(other)

    assert adapter.verify([secret_of(kind)], Incoming(headers, body, url), NOW)
    assert adapter.verify([other, secret_of(kind)], Incoming(headers, body, url), NOW)
    assert not adapter.verify([other], Incoming(headers, body, url), NOW)
    assert not adapter.verify([secret_of(kind)], Incoming({}, body, url.partition("?")[0]), NOW)
    changed = Incoming(headers, body + b" ", url)
    assert adapter.verify([secret_of(kind)], changed, NOW) is (kind in _TOKENS)
