"""Asks a vendor with a source's key, and renews a key that wears out.

A vendor may take a worn key for a new one only once. So one at a time renews it, under a lease
on the source, and the new one is stored in one commit before it is used; whoever waited uses
what is stored then. No transaction is open while the vendor is asked.
"""

from __future__ import annotations

from datetime import timedelta

from notifier.services import Services
from notifier.sources.protocol import Asking, Question, Renewal
from notifier.store.fetches import lock_source
from notifier.store.tables import Source
from notifier.webhooks.vendors import MAX_SECONDS, NoAnswer, Trouble

#: How long a renewal is nobody else's: longer than the vendor may take.
LEASE = timedelta(seconds=MAX_SECONDS + 50)

_BUSY = NoAnswer(Trouble.AGAIN, "its key is being renewed", wait=2)
_REFUSED = NoAnswer(Trouble.KEY, "the vendor does not renew the key")
_UNCLEAR = NoAnswer(Trouble.AGAIN, "the vendor gives no answer that can be read")


class Asker:
    """Asks for one delivery, with the key as it stands."""

    def __init__(self, services: Services, source: Source, asking: Asking) -> None:
        assert source.api_key is not None
        self._services = services
        self._source = source
        self._asking = asking
        self._key = services.vault.open(source.key, source.api_key)

    def ask(self, question: Question) -> bytes | NoAnswer:
        """Return the vendor's answer, or why there is none.

        A key that it does not take, though it should not be worn, is renewed and tried once more:
        its clock may not be ours.
        """
        renewal = self._asking.renewal
        worn = renewal is not None and renewal.due(self._key, self._services.now())
        if renewal is not None and worn and (failure := self._renew(renewal)) is not None:
            return failure
        said = self._ask(question)
        refused = isinstance(said, NoAnswer) and said.trouble is Trouble.KEY
        if renewal is None or worn or not refused:
            return said
        return self._renew(renewal) or self._ask(question)

    def _ask(self, question: Question) -> bytes | NoAnswer:
        asking, services = self._asking, self._services
        said = services.vendors.ask(
            question, asking.hosts, asking.headers(self._key), now=services.now
        )
        return _UNCLEAR if isinstance(said, bytes) and not asking.is_answer(said) else said

    def _renew(self, renewal: Renewal) -> NoAnswer | None:
        """Make the key anew, unless somebody else has; return why that could not be."""
        services, worn = self._services, self._key
        with services.sessions.begin() as session:
            source = lock_source(session, self._source.id)
            if self._take_stored(source) != worn:
                return None
            now = services.now()
            if source.renewing_until is not None and source.renewing_until > now:
                return _BUSY
            source.renewing_until = now + LEASE
        said = services.vendors.ask(
            renewal.question(worn), self._asking.hosts, {}, now=services.now
        )
        with services.sessions.begin() as session:
            source = lock_source(session, self._source.id)
            source.renewing_until = None
            if self._take_stored(source) != worn:  # the business has given another
                return None
            if isinstance(said, NoAnswer):
                return said if said.trouble is Trouble.AGAIN else _REFUSED
            made = renewal.renewed(worn, said, services.now())
            if made is None:
                return _REFUSED
            source.api_key = services.vault.seal(source.key, made)
            self._key = made
        return None

    def _take_stored(self, source: Source) -> str:
        assert source.api_key is not None
        self._key = self._services.vault.open(source.key, source.api_key)
        return self._key
