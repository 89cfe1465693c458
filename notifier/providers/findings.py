"""What an adapter can tell of the account that it speaks for."""

from typing import Protocol, runtime_checkable

from notifier.domain.findings import Finding


@runtime_checkable
class Checkable(Protocol):
    """A provider whose account can be looked at without sending anything."""

    def check(self) -> list[Finding]:
        """Ask the provider about our account; never raises, whatever comes back."""
