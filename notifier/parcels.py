"""The parcels of an order: those that it was booked with, and those that it is given later.

A shop that corrects a tracking code says of which shipment it is. The parcel of the old one is
taken off the order then: its row is gone, so that nothing waits for it, and scans of that code
find the order no more.

A shop that sent a part of an order says so. Until it has sent all, the rest is a parcel, too: one
of no code yet, so that the order does not end with those that came.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Text, cast, func, or_, select
from sqlalchemy.orm import Session

from notifier.domain.deliveries import code_use
from notifier.domain.jobs import FIRST_STATUS, JobKind
from notifier.domain.tracking_codes import UNSENT, normal_tracking_code
from notifier.errors import Invalid
from notifier.services import Services
from notifier.sources.protocol import Shipment
from notifier.store.deliveries import release_waiting
from notifier.store.id_times import first_id
from notifier.store.snapshots import Snapshot
from notifier.store.source_words import last_word
from notifier.store.tables import Job, Parcel, SourceWord

#: What a word of a source about one shipment begins with; its name follows.
_SHIPMENT = "shipment:"

#: A word of a source about what it has not sent yet.
_REST = "rest"

#: Of one order. Whatever is said of an order costs as much as it has parcels.
MAX_PARCELS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class NewParcel:
    """One parcel of an order."""

    carrier: str
    tracking_code: str


def add_parcels(
    session: Session, services: Services, job: Job, parcels: Iterable[NewParcel]
) -> None:
    """Give an order parcels that it does not have."""
    session.add_all(
        Parcel(
            id=services.ids(),
            brand_id=job.brand_id,
            job_id=job.id,
            carrier=parcel.carrier,
            tracking_code=normal_tracking_code(parcel.tracking_code),
            status=FIRST_STATUS[JobKind.ORDER],
        )
        for parcel in parcels
    )


def add_parcel_later(session: Session, services: Services, job_id: UUID, new: NewParcel) -> None:
    """Give an order a parcel, unless it has it, and let what waited for its code go round again.

    Not one that its shipment has no more. Inside the transaction of a caller who has locked the
    job, and plans it afterwards.

    :raises Invalid: if it has as many as an order may have.
    """
    code = normal_tracking_code(new.tracking_code)
    known = select(Parcel.id).where(Parcel.job_id == job_id, Parcel.tracking_code == code)
    if session.scalar(known) is not None or code in _replaced(session, job_id):
        return
    its = select(func.count()).where(Parcel.job_id == job_id, Parcel.tracking_code != UNSENT)
    if (session.scalar(its) or 0) >= MAX_PARCELS:
        raise Invalid("parcels", f"an order has at most {MAX_PARCELS}, and this one has those")
    job = session.get_one(Job, job_id)
    add_parcels(session, services, job, [new])
    session.flush()
    release_waiting(session, services.vault, job.brand_id, [code])


def read_again_scans(
    session: Session, services: Services, before: Snapshot, *, now: datetime
) -> None:
    """Let scans go round again that wait because the order was silent: it is heard of now.

    Inside the transaction of a caller who has locked the job, and records what is said of it.

    :param before: the order as it stood before that.
    """
    job = before.job
    if not before.parcels:
        return
    use = code_use(job.id, before.facts, due_at=job.ends_at, finished=job.finished)
    if use.is_silent(now):
        release_waiting(session, services.vault, job.brand_id, before.parcels)


def keep_shipment(session: Session, job_id: UUID, source_id: UUID, said: Shipment) -> bool:
    """Note which parcels a shipment has; take off those that it had by an older word alone.

    Of two words of one second both count. Return whether a parcel was taken off, for then the
    caller, who has locked the job, plans it.
    """
    about = f"{_SHIPMENT}{said.name}"
    word = last_word(
        session, job_id, source_id, about, at=said.as_of, says={"parcels": [], "ever": []}
    )
    has = set(said.codes)
    if said.as_of < word.said_at:
        has = set(word.says["parcels"])
    elif said.as_of == word.said_at:
        has |= set(word.says["parcels"])
    word.said_at = max(said.as_of, word.said_at)
    known_as = said.known_as or word.says.get("known_as")
    word.says = {
        "parcels": sorted(has),
        "ever": sorted({*word.says["ever"], *said.codes}),
        **({} if known_as is None else {"known_as": known_as}),
    }
    session.flush()
    replaced = _replaced(session, job_id)
    its = session.scalars(select(Parcel).where(Parcel.job_id == job_id))
    gone = [parcel for parcel in its if parcel.tracking_code in replaced]
    for parcel in gone:
        session.delete(parcel)
    session.flush()
    return bool(gone)


def codes_of_shipment(
    session: Session, job_id: UUID, source_id: UUID, known_as: str
) -> tuple[str, ...]:
    """Return the tracking codes that a shipment of the order has, by the source's latest word."""
    said = session.scalars(
        select(SourceWord.says).where(
            SourceWord.job_id == job_id,
            SourceWord.source_id == source_id,
            SourceWord.about.startswith(_SHIPMENT),
        )
    )
    return tuple(code for one in said if one.get("known_as") == known_as for code in one["parcels"])


def keep_rest(
    session: Session,
    services: Services,
    job_id: UUID,
    source_id: UUID,
    *,
    more_to_send: bool,
    as_of: datetime,
) -> bool:
    """Note whether a part of the order is still to be sent, by the source's latest word of it.

    Of two words of one second the one counts by which all was sent: nobody waits for nothing.
    Return whether the order has another parcel by that, or one less, for then the caller, who has
    locked the job, plans it.
    """
    word = last_word(session, job_id, source_id, _REST, at=as_of, says={"more": more_to_send})
    if as_of > word.said_at:
        word.said_at, word.says = as_of, {"more": more_to_send}
    elif as_of == word.said_at:
        word.says = {"more": more_to_send and word.says["more"]}
    session.flush()
    said = session.scalars(
        select(SourceWord.says).where(SourceWord.job_id == job_id, SourceWord.about == _REST)
    )
    more = any(one["more"] for one in said)
    rest = session.scalar(
        select(Parcel).where(Parcel.job_id == job_id, Parcel.tracking_code == UNSENT)
    )
    if more and rest is None:
        job = session.get_one(Job, job_id)
        add_parcels(session, services, job, [NewParcel(carrier="", tracking_code=UNSENT)])
    elif rest is not None and not more:
        session.delete(rest)
    session.flush()
    return more != (rest is not None)


def _replaced(session: Session, job_id: UUID) -> set[str]:
    """Return the codes that a shipment of the order had, and that none has now."""
    said = session.scalars(
        select(SourceWord.says).where(
            SourceWord.job_id == job_id, SourceWord.about.startswith(_SHIPMENT)
        )
    ).all()
    ever = {code for one in said for code in one["ever"]}
    return ever - {code for one in said for code in one["parcels"]}


def taken_off(
    session: Session, brand_id: UUID, codes: Iterable[str], *, since: datetime
) -> dict[str, str]:
    """Return, by its code, the order that a parcel was taken off: the order's reference.

    :param since: when the oldest of the orders was booked. By the time in their ids, for what
        sources said of all orders ever is much to look through.
    """
    wanted = set(codes)
    named = [cast(SourceWord.says, Text).contains(f'"{code}"', autoescape=True) for code in wanted]
    if not named:
        return {}
    words = session.execute(
        select(Job.reference, SourceWord.says)
        .join(Job, Job.id == SourceWord.job_id)
        .where(
            SourceWord.job_id >= first_id(since),
            SourceWord.about.startswith(_SHIPMENT),
            Job.brand_id == brand_id,
            or_(*named),
        )
    )
    return {
        code: reference
        for reference, says in words
        for code in wanted & set(says["ever"]) - set(says["parcels"])
    }
