"""A plugin of pytest for mutation tests, where each run is a fork of one that has sent already.

A thread pool does not survive a fork: the copy would wait for ever for threads that it lacks. And
a run ends with the first test that fails: the quick ones come first, as they were timed before.
"""

import os

import pytest
from mutmut.state import state

from notifier import delivery

os.register_at_fork(after_in_child=delivery._pool.cache_clear)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the quick tests first; one that was never timed counts as quick."""
    timed = state().duration_by_test
    items.sort(key=lambda item: timed.get(item.nodeid.removeprefix("mutants/"), 0.0))
