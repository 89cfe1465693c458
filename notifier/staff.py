"""Staff: who they are, and the one-time links that sign them in."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update

from notifier.domain.messages import Channel
from notifier.domain.phones import to_e164
from notifier.errors import Conflict, Invalid, NotFound
from notifier.services import Services
from notifier.store.addresses import address_hash
from notifier.store.engine import reading
from notifier.store.tables import Brand, SignInLink, Staff

#: How long a sign-in link works.
LINK_LIFE = timedelta(minutes=15)
_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffMember:
    """Somebody who signed in. `session_epoch` must match the row's for a session to count."""

    id: UUID
    brand_id: UUID
    name: str
    session_epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedStaff:
    """One line of who is on the staff of a brand."""

    id: UUID
    name: str
    email: str
    phone_verified: bool  # it receives messages while the brand is in shadow
    may_sign_in: bool


def add_staff(services: Services, brand_id: UUID, name: str, email: str) -> UUID:
    """Add somebody who may sign in, and return their id.

    :raises Conflict: if the brand already has staff with this email address.
    """
    plain = email.strip().lower()
    email_hash = services.vault.blind(plain)
    key = services.vault.new_key()
    with services.sessions.begin() as session:
        taken = session.scalar(
            select(Staff.id).where(Staff.brand_id == brand_id, Staff.email_hash == email_hash)
        )
        if taken is not None:
            raise Conflict("Somebody with this email address is already staff of this brand.")
        member = Staff(
            id=services.ids(),
            brand_id=brand_id,
            key=key,
            name=services.vault.seal(key, name.strip()),
            email=services.vault.seal(key, plain),
            email_hash=email_hash,
            phone_hash=None,
            session_epoch=0,
            created_at=services.now(),
            disabled_at=None,
        )
        session.add(member)
    return member.id


def list_staff(services: Services, brand_id: UUID) -> list[ListedStaff]:
    """Return everybody on the staff of a brand, whoever came first at the top."""
    in_order = (Staff.created_at, Staff.id)
    with reading(services.sessions) as session:
        rows = session.scalars(
            select(Staff).where(Staff.brand_id == brand_id).order_by(*in_order)
        ).all()
    return [
        ListedStaff(
            id=row.id,
            name=services.vault.open(row.key, row.name),
            email=services.vault.open(row.key, row.email),
            phone_verified=row.phone_hash is not None,
            may_sign_in=row.disabled_at is None,
        )
        for row in rows
    ]


def make_sign_in_link(services: Services, staff_id: UUID) -> str:
    """Return a link that signs this member of staff in once, within `LINK_LIFE`.

    :raises NotFound: if there is no such member, or they may no longer sign in.
    """
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    now = services.now()
    with services.sessions.begin() as session:
        member = session.get(Staff, staff_id)
        if member is None or member.disabled_at is not None:
            raise NotFound("There is no such member of staff.")
        session.add(
            SignInLink(
                id=services.ids(),
                staff_id=staff_id,
                token_hash=_token_hash(services, token),
                created_at=now,
                expires_at=now + LINK_LIFE,
                used_at=None,
            )
        )
    return f"{services.public_url}/sign-in/{token}"


def link_works(services: Services, token: str) -> bool:
    """Return whether `sign_in` would succeed now. Changes nothing: previews may ask."""
    with reading(services.sessions) as session:
        expires_at = session.scalar(
            select(SignInLink.expires_at).where(
                SignInLink.token_hash == _token_hash(services, token),
                SignInLink.used_at.is_(None),
            )
        )
        return expires_at is not None and expires_at > services.now()


def sign_in(services: Services, token: str) -> StaffMember | None:
    """Use a link up and return who it was for; None if it is unknown, used or too old."""
    now = services.now()
    with services.sessions.begin() as session:
        staff_id = session.scalar(
            update(SignInLink)
            .where(
                SignInLink.token_hash == _token_hash(services, token),
                SignInLink.used_at.is_(None),  # two taps at once: only one signs in
                SignInLink.expires_at > now,
            )
            .values(used_at=now)
            .returning(SignInLink.staff_id)
        )
        member = session.get(Staff, staff_id) if staff_id is not None else None
        if member is None or member.disabled_at is not None:
            return None
        return _opened(services, member)


def signed_in(services: Services, staff_id: UUID, session_epoch: int) -> StaffMember | None:
    """Return whose session this is, or None if it has been ended from our side."""
    with reading(services.sessions) as session:
        member = session.get(Staff, staff_id)
        if member is None or member.disabled_at is not None:
            return None
        if member.session_epoch != session_epoch:
            return None
        return _opened(services, member)


def end_sessions(services: Services, staff_id: UUID) -> None:
    """End every session of a member of staff, on every device."""
    with services.sessions.begin() as session:
        session.execute(
            update(Staff).where(Staff.id == staff_id).values(session_epoch=Staff.session_epoch + 1)
        )


def _opened(services: Services, member: Staff) -> StaffMember:
    return StaffMember(
        id=member.id,
        brand_id=member.brand_id,
        name=services.vault.open(member.key, member.name),
        session_epoch=member.session_epoch,
    )


def _token_hash(services: Services, token: str) -> bytes:
    return services.vault.blind(f"sign-in:{token}")


def staff_by_email(services: Services, brand_id: UUID, email: str) -> UUID | None:
    """Return the member of staff with that address, if there is one."""
    hashed = services.vault.blind(email.strip().lower())
    with reading(services.sessions) as session:
        return session.scalar(
            select(Staff.id).where(Staff.brand_id == brand_id, Staff.email_hash == hashed)
        )


def verify_phone(services: Services, brand_id: UUID, email: str, phone: str) -> None:
    """Let `phone` of a member of staff receive messages while the brand is in shadow.

    :raises NotFound: if nobody has that address.
    :raises Invalid: if it is no phone number.
    """
    staff_id = staff_by_email(services, brand_id, email)
    if staff_id is None:
        raise NotFound("nobody on the staff has that address")
    with services.sessions.begin() as session:
        brand = session.get_one(Brand, brand_id)
        try:
            number = to_e164(phone, brand.country)
        except ValueError as error:
            raise Invalid("phone", str(error)) from error
        member = session.get_one(Staff, staff_id)
        member.phone_hash = address_hash(services.vault, Channel.SMS, number)
