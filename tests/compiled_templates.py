"""The templates of the pages, compiled once for all apps of a test process.

The product makes one app and keeps what it compiled; tests make an app each.
"""

from __future__ import annotations

from types import CodeType

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket


class _InMemory(BytecodeCache):
    """Finds code by the template's name and its source; a changed template is compiled anew."""

    def __init__(self) -> None:
        self._compiled: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._compiled.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._compiled[bucket.key, bucket.checksum] = bucket.code


def keep_compiled() -> None:
    """Let every app made from now on share what any of them compiled."""
    Flask.jinja_options = Flask.jinja_options | {"bytecode_cache": _InMemory()}
