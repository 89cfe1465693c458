"""What a case stands on: databases, a nursery of workers, and a directory of its own."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from notifier.store.migrate import upgrade
from tests.databases import Databases
from tests.faults.nursery import Nursery
from tests.faults.world import World


class NotReached(Exception):
    """The case did not come to what it is about; it says nothing of the product."""


@dataclass(frozen=True)
class Ground:
    """Shared by cases, also by several at once: each makes worlds of its own on it."""

    databases: Databases
    nursery: Nursery
    directory: Path
    _made: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def home(self) -> Iterator[Path]:
        """Give an empty directory, and remove it with all that is in it."""
        home = Path(tempfile.mkdtemp(prefix="case-", dir=self.directory))
        yield home
        shutil.rmtree(home)

    def migrate(self, url: str) -> None:
        """Make the tables of a database that a case brought along, one at a time."""
        with self._made:
            upgrade(url)

    @contextmanager
    def world(self, database: str) -> Iterator[World]:
        """Give a world on an empty database; `database` is sqlite or postgres."""
        with self.home() as home:
            with self._made:
                url = self.databases.create(database)
            world = World.made(url, home, self.nursery)
            try:
                yield world
            finally:
                world.close()
                with self._made:
                    self.databases.drop(url)
