"""Adding a source is adding its file."""

from pathlib import Path

import notifier.sources
from notifier.sources.registry import adapters


def test_every_source_file_is_found_by_itself() -> None:
    """Each kind is the name of its file, so that a newcomer finds it."""
    package = Path(notifier.sources.__path__[0])
    assert {"easypost", "generic"} <= set(adapters())
    for kind in adapters():
        assert (package / f"{kind}.py").is_file()


def test_every_source_makes_secrets_that_it_takes() -> None:
    """What `sources add` prints can be pasted back; no secret is made twice."""
    for adapter in adapters().values():
        made = adapter.new_secret()
        assert adapter.takes_secret(made)
        assert made != adapter.new_secret()
        assert not adapter.takes_secret(" ")
