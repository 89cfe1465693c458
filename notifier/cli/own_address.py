"""Where the product runs on somebody's own machine: other commands print addresses there.

`PORT=9000 make run` sets the port of that process alone. So it leaves its address beside the
embedded database, which the commands open as well; an address that is set for them counts more.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import cast

from sqlalchemy import Engine

from notifier.services import Services


def leave_address(services: Services) -> None:
    """Note where this process is reached; where nothing can be written, nobody is told."""
    path = _beside_database(services)
    if path is not None:
        with suppress(OSError):
            path.write_text(services.public_url, encoding="utf-8")


def left_address(services: Services) -> str | None:
    """Return where the product that has this database was started last, if it said so."""
    path = _beside_database(services)
    try:
        return path.read_text(encoding="utf-8") or None if path is not None else None
    except OSError:
        return None


def _beside_database(services: Services) -> Path | None:
    url = cast(Engine, services.sessions.kw["bind"]).url
    embedded = url.get_backend_name() == "sqlite" and url.database
    return Path(f"{url.database}.address") if embedded else None
