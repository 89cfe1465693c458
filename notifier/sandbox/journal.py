"""Keeps what the sandbox takes, and gives the receipts that a real provider would send.

The words themselves stay in the message, sealed; a journal row only says that it arrived.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from notifier.domain.messages import MessageStatus
from notifier.links import link_hash
from notifier.providers.protocols import Accepted, OutgoingEmail, OutgoingSms
from notifier.providers.sandbox import SandboxEmail, SandboxSms, receipts_for
from notifier.receipts import apply_receipt
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import ContactPoint, Message, SandboxItem
from notifier.store.vault import Vault

_TAKEN_UNCONFIRMED = (MessageStatus.ACCEPTED, MessageStatus.SENT)


class SandboxJournal:
    """The record behind the two sandbox providers."""

    def __init__(
        self, *, sessions: sessionmaker[Session], now: Callable[[], datetime], vault: Vault
    ) -> None:
        self._sessions = sessions
        self._now = now
        self._vault = vault

    def sms(self) -> SandboxSms:
        """Return the provider that texts go to."""
        return SandboxSms(record=self._record, find=self._find, now=self._now)

    def email(self) -> SandboxEmail:
        """Return the provider that emails go to."""
        return SandboxEmail(record=self._record, find=self._find, now=self._now)

    def _record(self, outgoing: OutgoingSms | OutgoingEmail, accepted: Accepted) -> None:
        """Keep that it arrived; the attempt's id is the row's, so that twice is once."""
        with self._sessions.begin() as session:
            if session.get(SandboxItem, outgoing.attempt_id) is not None:
                return
            message = session.get_one(Message, outgoing.message_id)
            point = session.get_one(ContactPoint, message.contact_point_id)
            session.add(
                SandboxItem(
                    id=outgoing.attempt_id,
                    brand_id=message.brand_id,
                    message_id=message.id,
                    channel=message.channel,
                    address_hash=point.address_hash,
                    at=accepted.created_at or self._now(),
                )
            )

    def _find(self, link_token: str) -> Accepted | None:
        with reading(self._sessions) as session:
            item = session.scalar(
                select(SandboxItem)
                .join(Message, Message.id == SandboxItem.message_id)
                .where(Message.link_hash == link_hash(self._vault, link_token))
                .order_by(SandboxItem.at.desc())
                .limit(1)
            )
            if item is None:
                return None
            return Accepted(f"sandbox-{item.channel}-{item.id}", item.at)


def confirm_sandbox_deliveries(services: Services, *, limit: int = 100) -> int:
    """Give a `delivered` receipt for what the sandbox took; return how many were given.

    Called at each tick. It reads rows, not memory, so that a restart loses none.
    """
    with reading(services.sessions) as session:
        rows = session.execute(
            select(Message.id, Message.provider_id, SandboxItem.id.label("attempt_id"))
            .join(SandboxItem, SandboxItem.message_id == Message.id)
            .where(Message.provider == "sandbox", Message.status.in_(_TAKEN_UNCONFIRMED))
            .order_by(SandboxItem.at)
            .limit(limit)
        ).all()
    for row in rows:
        for receipt in receipts_for(
            message_id=row.id,
            attempt_id=row.attempt_id,
            provider_id=row.provider_id,
            now=services.now(),
        ):
            apply_receipt(services, receipt, origin="callback")
    return len(rows)
