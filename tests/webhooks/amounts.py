"""How much the proofs of the intake try: a little in `make test`, all in `make test-sources`."""

from __future__ import annotations

import os

#: Random orders of the news of each parcel.
ORDERS = int(os.environ.get("SOURCES_ORDERS", "40"))

#: Bodies that no vendor would send, over all sources.
BODIES = int(os.environ.get("SOURCES_BODIES", "150"))

#: Times that a server dies on each database.
KILLS = int(os.environ.get("SOURCES_KILLS", "2"))

#: Another one breaks new ground.
SEED = int(os.environ.get("SOURCES_SEED", "3"))
