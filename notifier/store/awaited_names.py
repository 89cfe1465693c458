"""Deliveries that are read again once one of several names of their job comes to be known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import select, union, update
from sqlalchemy.orm import Session

from notifier.domain.deliveries import DeliveryStatus
from notifier.store.deliveries import lock_keys, reference_key
from notifier.store.inserts import insert_into
from notifier.store.tables import AwaitedName, Delivery
from notifier.store.vault import Vault


def keys_of(vault: Vault, brand_id: UUID, names: Iterable[str]) -> list[bytes]:
    """Return what a delivery is found by that waits for a job of any of these names."""
    return sorted({reference_key(vault, brand_id, name) for name in names})


def await_names(session: Session, vault: Vault, delivery: Delivery, names: Sequence[str]) -> None:
    """Let the delivery be found by each of its job's names, where it has several."""
    if len(names) > 1:
        keys = keys_of(vault, delivery.brand_id, names)
        rows = [{"key": key, "delivery_id": delivery.id} for key in keys]
        session.execute(insert_into(session, AwaitedName).on_conflict_do_nothing(), rows)


def release_named(session: Session, vault: Vault, brand_id: UUID, names: Iterable[str]) -> None:
    """Send round again what waits for a job of these names, or is nothing for us without one.

    Called in the transaction that books the job, or names it.
    """
    keys = keys_of(vault, brand_id, names)
    if not keys:
        return
    lock_keys(session, keys)
    # Each by its own index: together, by "or", they would be looked for in the whole journal.
    named = union(
        select(AwaitedName.delivery_id).where(AwaitedName.key.in_(keys)),
        select(Delivery.id).where(Delivery.waits_for.in_(keys)),
    )
    session.execute(
        update(Delivery)
        .where(
            Delivery.id.in_(named),
            Delivery.brand_id == brand_id,
            Delivery.status.in_([DeliveryStatus.WAITING, DeliveryStatus.IGNORED]),
            Delivery.waits_for.is_not(None),  # staff put nothing aside that does
            Delivery.body.is_not(None),
        )
        .values(status=DeliveryStatus.RECEIVED, waits_for=None, why=None)
    )
