"""What the figures were taken on."""

from __future__ import annotations

import os
import platform
import sqlite3
from importlib.metadata import version
from pathlib import Path

_LIBRARIES = ("flask", "sqlalchemy", "psycopg", "waitress")


def describe_machine() -> str:
    """Return the processor, the system and the versions that matter, in a few lines."""
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    return "\n".join(
        (
            f"Machine:  {os.cpu_count()} cores, {_processor()}, {platform.system()}",
            f"Load:     {os.getloadavg()[0]:.1f} when this began",
            f"Python:   {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {libraries}",
        )
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
