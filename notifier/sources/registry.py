"""Finds the sources in this package: adding one is adding its file."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

import notifier.sources
from notifier.sources.protocol import SourceAdapter


@cache
def adapters() -> dict[str, SourceAdapter]:
    """Return every adapter by its kind: each module here that has an `ADAPTER`.

    :raises TypeError: if a module's `ADAPTER` is none, or two have the same kind.
    """
    found: dict[str, SourceAdapter] = {}
    for module in pkgutil.iter_modules(notifier.sources.__path__, "notifier.sources."):
        adapter = getattr(importlib.import_module(module.name), "ADAPTER", None)
        if adapter is None:
            continue
        if not isinstance(adapter, SourceAdapter) or adapter.kind in found:
            raise TypeError(f"{module.name}: ADAPTER must be a SourceAdapter of a kind of its own")
        found[adapter.kind] = adapter
    return found
