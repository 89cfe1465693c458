"""The real samples that lie beside the project, for the tests that skip where they are absent."""

import json
from pathlib import Path
from typing import Any, cast

import pytest

SAMPLES = Path(__file__).parents[3] / "shared" / "samples"

needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="../shared/samples is not here")


def sample_bytes(path: str) -> bytes:
    """Return a sample as it was captured."""
    return (SAMPLES / path).read_bytes()


def sample_json(path: str) -> dict[str, Any]:
    """Return a sample that is a JSON object."""
    return cast("dict[str, Any]", json.loads(sample_bytes(path)))
