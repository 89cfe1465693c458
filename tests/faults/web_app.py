"""The web app of a world, for callers and callbacks in this process."""

from __future__ import annotations

import threading
from typing import Any

from flask import Flask

from notifier.web.app_factory import create_app
from tests.faults.world import World
from tests.web.conftest import WebSettingsOfTests

#: Werkzeug builds an AST for each route, and CPython 3.11 counts how deep one is for all threads
#: together (gh-106905): of two that are built at once one may fail.
_ONE_AT_A_TIME = threading.Lock()


def web_app(world: World, **settings: Any) -> Flask:
    """Return the web app on the database of `world`; cases run in threads, and each has one."""
    with _ONE_AT_A_TIME:
        return create_app(world.services, WebSettingsOfTests(**settings))
