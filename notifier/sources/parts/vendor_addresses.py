"""Which addresses a vendor may be asked at. A webhook's body may name any."""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import urlsplit

#: Nothing that two readers of addresses could read differently: no user, no other port, no
#: backslash, no blank, no fragment.
_ADDRESS = re.compile(
    r"https://(?P<host>[a-z0-9.-]+)(?::443)?"
    r"/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*(?:\?[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?"
)


def is_at(hosts: Collection[str], url: str) -> bool:
    """Return whether `url` is HTTPS, on its own port, of exactly one of `hosts`."""
    found = _ADDRESS.fullmatch(url)
    return found is not None and found["host"] in hosts


def path_of(url: str) -> str | None:
    """Return the path of `url` in lower case, None if it is no address."""
    try:
        return urlsplit(url).path.lower()
    except ValueError:
        return None
