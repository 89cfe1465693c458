"""Which consent a kind of message needs, and to which kinds somebody is therefore closed.

The table itself is data (`config/consent.yaml`). Where several regions may apply to one
address, the strictest of their readings wins.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from notifier.domain.messages import MessageKind


class Needs(StrEnum):
    """What must be on record before a kind may be sent; each is stricter than the one before."""

    UNLESS_REFUSED = "unless_refused"
    IF_GRANTED = "if_granted"
    NEVER = "never"


_STRICTNESS = {needs: place for place, needs in enumerate(Needs)}

_BUILT_IN: Mapping[MessageKind, Needs] = MappingProxyType(
    {
        MessageKind.TRANSACTIONAL: Needs.UNLESS_REFUSED,
        MessageKind.CARE: Needs.UNLESS_REFUSED,
        MessageKind.MARKETING: Needs.IF_GRANTED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentPolicy:
    """What each kind needs, and where a region has it otherwise.

    A region (ISO 3166, `DE`) replaces the general line for its own addresses only.
    """

    kinds: Mapping[MessageKind, Needs] = field(default_factory=lambda: _BUILT_IN)
    regions: Mapping[str, Mapping[MessageKind, Needs]] = field(default_factory=dict)

    def needs(self, kind: MessageKind, regions: Collection[str]) -> Needs:
        """Return the strictest of what `regions` need for `kind`; none named: the general line."""
        general = self.kinds[kind]
        readings = [self.regions.get(region, {}).get(kind, general) for region in regions]
        return max(readings or [general], key=_STRICTNESS.__getitem__)

    def closed_to(
        self, recorded: Mapping[MessageKind, bool], regions: Collection[str]
    ) -> frozenset[MessageKind]:
        """Return the kinds that may not be sent; `recorded` is what they granted or refused."""
        return frozenset(
            kind
            for kind in MessageKind
            if not _allowed(self.needs(kind, regions), recorded.get(kind))
        )


def _allowed(needs: Needs, said: bool | None) -> bool:
    if needs is Needs.NEVER or said is False:
        return False
    return needs is Needs.UNLESS_REFUSED or said is True
