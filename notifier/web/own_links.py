"""Our own links in a text, made real as a phone makes them."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

from notifier.web.current import services

#: A customer's page and a technician's day; what ends the sentence is not part of it.
_PATH = r"/(?:s|day)/\S*[\w-]"
_LINK = Markup('<a href="{}" target="_blank" rel="noreferrer noopener">{}</a>')


def with_links(words: str) -> Markup:
    """Return a text in which our own links can be followed; everything else is escaped."""
    own = re.compile(f"({re.escape(services().public_url)}{_PATH})")
    return Markup("").join(
        _LINK.format(part, part.split("//", 1)[-1]) if own.fullmatch(part) else escape(part)
        for part in own.split(words)
    )
