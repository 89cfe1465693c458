"""What one source file provides, and the values that it translates to."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pydantic_core import from_json

from notifier.domain.facts import STATUS, FactSource, FactType
from notifier.domain.jobs import JobKind, JobStatus
from notifier.domain.messages import Role
from notifier.domain.reasons import Party, Reason
from notifier.domain.tracking_codes import normal_tracking_code
from notifier.domain.windows import Window
from notifier.sources.parts.estimates import Estimate, LocalDay


class Untranslatable(Exception):
    """The body is signed and is JSON, but says nothing that we can read.

    Its sentence is kept with the delivery and shown to staff: it names the field and never
    quotes a value, which may be personal.
    """


@dataclass(frozen=True, slots=True)
class Incoming:
    """One webhook as it came: headers under lower-case names, the body untouched.

    `url` is the address that the vendor was given, with the query that it posts to; some sign
    it, some can prove themselves by nothing else. It is there to verify, not to translate.
    `answers` is what the vendor has said so far to the questions that `Needs` asked, by their
    names; `can_ask` tells whether the business has given a key to ask with.
    """

    headers: Mapping[str, str]
    body: bytes
    url: str = ""
    answers: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    can_ask: bool = False


@dataclass(frozen=True, slots=True)
class ByReference:
    """The job that has this reference.

    `later` are names that the vendor gave it afterwards, the latest last: from now on each of
    them finds it. Where two jobs are known by these names, the one with the latest is meant, and
    the other was moved there.
    """

    reference: str
    later: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, the latest first."""
        return (*reversed(self.later), self.reference)


@dataclass(frozen=True, slots=True)
class ByTrackingCode:
    """The order that has a parcel with this code, however it is written."""

    code: str

    def __post_init__(self) -> None:
        """Write it as codes are compared."""
        object.__setattr__(self, "code", normal_tracking_code(self.code))


Join = ByReference | ByTrackingCode


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedPerson:
    """Someone whom a source's booking concerns, as the source writes them."""

    role: Role
    reference: str | None = None  # the source's own of this human: the same in all their jobs
    name: str | None = None
    phone: str | None = None
    email: str | None = None
    zone: str | None = None
    locale: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedParcel:
    """One parcel of a booked order."""

    carrier: str
    tracking_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """A job that a source asks us to book; which kind, the event says.

    `window` is what the customer was promised; a day is the whole of it, at the job's place.

    `as_it_stands`: this is how the source has it now, said again whenever that changes. A job
    that is known follows a window that differs from what the source said of it before: a visit
    is *rescheduled*, an order *delayed*. Its event counts from when it came to stand like this,
    so of two the later counts. Otherwise a known reference is the same booking or a
    conflict.

    `as_made`: this is how it was made, by the kind of the event; what else is said of that moment
    came after it.

    `agreed`: its time is one that the customer chose or agreed to, as the vendor states it. Where
    nobody says so, the business moved it, and the customer is told.
    """

    reference: str
    service: str | None
    people: tuple[BookedPerson, ...]
    window: Window | LocalDay | None = None
    zone: str | None = None
    address: str | None = None
    technician: str | None = None
    technician_phone: str | None = None
    items: tuple[str, ...] = ()
    parcels: tuple[BookedParcel, ...] = ()
    made_at: datetime | None = None  # where the source says it beside when it came to stand so
    as_it_stands: bool = False
    as_made: bool = False
    agreed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """The tracking codes of one shipment of an order, as its shop has them at `as_of`.

    It says all of them whenever one changes. A code that only an older word named was a
    mistake: it is no parcel of the order any more, and what was said of it counts nowhere.
    """

    name: str  # that tells it from the order's others
    codes: tuple[str, ...]  # normalised
    as_of: datetime
    known_as: str | None = None  # a name by which its order is found, in what is said of it alone


@dataclass(frozen=True, slots=True)
class StandsAs:
    """How a source has something by now, in its word, said again with any change there.

    It is news only where the source's last word before was another; `anew`, always: it happened
    then. (Of the window of a booking as it stands the intake says it itself.)
    """

    word: str
    about: str = STATUS
    anew: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceEvent:
    """One fact, or a booking, about the job that `join` finds.

    `occurred_at` is when it happened, by the source; None where the source does not say.
    `adds_parcel` is given to the order that `join` finds by its reference, unless it has it, or
    a `shipment` has another in its place by now. `stands_at`: then its source has the job as not
    called off, so what it said before of that is taken back; None: its cancellations are final.
    `more_to_send`: whether a part of the order is still to be sent, as of `occurred_at`; None: it
    does not say. `of_shipment`: it is about each of the parcels that the shipment which is
    `known_as` this has by the latest word. `only_shipment`: nothing happened, so no fact is
    recorded; it says which parcels its `shipment` has.
    """

    join: Join
    job_kind: JobKind
    type: FactType
    occurred_at: datetime | None = None
    expected: Estimate | None = None
    minutes: int | None = None
    window: Window | None = None
    agreed: bool | None = None
    reason: Reason | None = None
    by: Party | None = None
    parcel: str | None = None  # tracking code, normalised
    adds_parcel: BookedParcel | None = None
    shipment: Shipment | None = None
    only_shipment: bool = False
    stands_at: datetime | None = None
    stands_as: StandsAs | None = None
    of_shipment: str | None = None
    more_to_send: bool | None = None
    technician: str | None = None
    technician_phone: str | None = None
    note: str | None = None  # for staff only
    until_booked: bool = False  # a booking that the source made since then says the time
    #: With `cancelled`, by the intake: the reference of the job that this one is by now, since it
    #: was moved there. It is on record, and nobody is told.
    goes_on_as: str | None = None
    #: Why it is nothing for us as long as its job is not known, a short phrase for the board.
    #: None: then it waits for that.
    unless_known: str | None = None
    booking: Booking | None = None  # with the type `booked`, and only there


@dataclass(frozen=True, slots=True)
class Ignored:
    """Understood, and nothing for us. `why` is a short phrase for the board."""

    why: str


@dataclass(frozen=True, slots=True)
class Renamed:
    """Nothing for us but the names by which a job is known from now on."""

    join: ByReference
    why: str  # a short phrase for the board, as that of `Ignored`


@dataclass(frozen=True, slots=True)
class OptedOut:
    """A customer told the vendor's texts to stop: ours are the same business's."""

    phone: str = field(repr=False)  # as the vendor writes it
    at: datetime | None  # when they did; None where it does not say


Translation = tuple[SourceEvent, ...] | Ignored | Renamed | OptedOut


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to ask the vendor: a GET of `url`, or `body` posted to it.

    `name` tells it from the delivery's other questions. The answer to it is in
    `Incoming.answers` when the delivery is translated again; an empty one, where it
    `may_be_gone` and is.
    """

    name: str
    url: str
    body: str | None = field(default=None, repr=False)  # that for a new key holds secrets
    media_type: str = "application/json"  # of the body
    may_be_gone: bool = False


@dataclass(frozen=True, slots=True)
class Needs:
    """What it says is to be asked at the vendor; then it is translated again.

    That may need more: an order names its customer. What was answered need not be left out.
    """

    questions: tuple[Question, ...]

    def unanswered(self, answers: Mapping[str, bytes]) -> tuple[Question, ...]:
        """Return the questions that `answers` don't answer, each once."""
        asked = {one.name: one for one in self.questions if one.name not in answers}
        return tuple(asked.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """How a key that wears out is made anew, by asking the vendor. It is asked by one at a time."""

    due: Callable[[str, datetime], bool]  # whether the key is not to be used any more
    question: Callable[[str], Question]  # asked without the key's headers
    #: The new key, from the old one and the answer to that question; None: it is no such answer.
    renewed: Callable[[str, bytes, datetime], str | None]


def is_object(answer: bytes) -> bool:
    """Return whether `answer` is what an API says: a page that says sorry is not."""
    try:
        return isinstance(from_json(answer, allow_inf_nan=False), dict)
    except ValueError:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How the vendor is asked, with a key that the business made there.

    The key goes to `hosts` alone, by HTTPS: a body may name any address, and one that is
    elsewhere is not asked. Without a key a delivery that `Needs` something fails; where it
    is not `required`, `translate` makes do while `Incoming.can_ask` is false.
    """

    hosts: frozenset[str]
    headers: Callable[[str], Mapping[str, str]]  # what a key becomes
    key_is: str  # what to paste, and where the vendor shows it; follows "the key is"
    takes_key: Callable[[str], bool]
    required: bool = True
    #: Whether something that came with a 200 is an answer; else the vendor is asked again later.
    is_answer: Callable[[bytes], bool] = is_object
    renewal: Renewal | None = None  # None: a key counts until the business takes it back


def greets_nobody(_: Incoming) -> str | None:
    """Return None: this vendor sends nothing but events."""
    return None


def names_no_account(_: Incoming) -> str | None:
    """Return None: the vendor does not say whose account a delivery is of."""
    return None


def random_secret() -> str:
    """Return a secret of 256 random bits, in characters that any form takes."""
    return secrets.token_urlsafe(32)


def any_secret(secret: str) -> bool:
    """Return whether `secret` is one at all."""
    return bool(secret.strip())


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceAdapter:
    """All that the intake knows of one kind of source. Its module calls it `ADAPTER`."""

    kind: str
    speaks_as: FactSource
    #: Lower-case names of the headers that are kept with the body: what `delivery_id` and
    #: `translate` read, and nothing else. Signatures and secrets are not kept.
    keeps_headers: frozenset[str] = frozenset()
    #: Whether one of the secrets (the second is there while one is being rotated) signed this,
    #: at `now`. Over the raw body, in constant time, False for anything malformed.
    verify: Callable[[Sequence[str], Incoming, datetime], bool]
    #: What the secret is, in which form, and where the vendor shows or wants it; follows "it is"
    #: where one is missing or can't be used.
    signed_with: str
    #: The source's own id of this delivery, the same when it is sent again. None: it has none,
    #: and the same body counts as the same delivery. May raise `Untranslatable`, too.
    delivery_id: Callable[[Incoming], str | None]
    #: What it says. Raises `Untranslatable`.
    translate: Callable[[Incoming], Translation | Needs]
    #: Where a body names its job or parcel, the best first: so that staff know which one it is of,
    #: though the rest of it could not be read.
    named_at: tuple[tuple[str, ...], ...] = ()
    #: What a vendor hears that only asks, unsigned, whether somebody is here; None: it does not.
    #: It asks by a GET, or posts what is no JSON. The answer is plain text, and nothing is kept.
    greeting: Callable[[Incoming], str | None] = greets_nobody
    #: How the vendor is asked what its deliveries only point to; None: they say it all.
    asking: Asking | None = None
    #: Of which of the vendor's accounts a delivery is: two may count their orders alike.
    account: Callable[[Incoming], str | None] = names_no_account
    #: What the vendor, as it is set up when bought, tells its customers itself: of a job that
    #: this source books, our rules don't say it again, unless the business has it so.
    says_itself: frozenset[JobStatus] = frozenset()
    #: A new secret to paste at the vendor; None: the vendor has one of its own
    #: before it needs the address, and that is given.
    new_secret: Callable[[], str] | None = random_secret
    takes_secret: Callable[[str], bool] = any_secret


def own_id(adapter: SourceAdapter, incoming: Incoming) -> str:
    """Return the source's id of this delivery, or a hash of the body that stands in for it."""
    try:
        stated = adapter.delivery_id(incoming)
    except Untranslatable:
        stated = None
    return stated or f"sha256:{hashlib.sha256(incoming.body).hexdigest()}"
