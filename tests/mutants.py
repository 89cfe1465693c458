"""A plugin of pytest for mutation tests, where each run is a fork of one that has sent already.

A thread pool does not survive a fork: the copy would wait for ever for threads that it lacks. A
run ends with the first test that fails: the quick ones come first, as they were timed before. And
a change that loops for ever fails the test that it is in, rather than at its limit of processor
time, which is that of all the tests that it has.
"""

import os

import pytest
from mutmut.state import state

from notifier import delivery

#: How long a test may take, so that none is stopped which only shares the machine: a while, and
#: several times what it took before.
_AT_LEAST_S, _TIMES = 60.0, 10.0

os.register_at_fork(after_in_child=delivery._calls_by.cache_clear)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the quick tests first, and limit each; one that was never timed counts as quick."""
    timed = state().duration_by_test

    def took(item: pytest.Item) -> float:
        return timed.get(item.nodeid.removeprefix("mutants/"), 0.0)

    items.sort(key=took)
    if timed:  # else they are being timed now
        for item in items:
            item.add_marker(pytest.mark.timeout(_AT_LEAST_S + _TIMES * took(item)))
