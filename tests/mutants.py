"""A plugin of pytest for mutation tests, where each run is a fork of one that has sent already.

A thread pool does not survive a fork: the copy would wait for ever for threads that it lacks.
"""

import os

from notifier import delivery

os.register_at_fork(after_in_child=delivery._pool.cache_clear)
