"""What a message can be: its statuses, kinds, channels, and why one was not sent."""

from __future__ import annotations

from enum import StrEnum


class MessageStatus(StrEnum):
    """The fate of a message, from plan to receipt."""

    PLANNED = "planned"  # owed at a later moment
    READY = "ready"  # owed now
    CLAIMED = "claimed"  # a worker holds it; the intent to send is committed
    ACCEPTED = "accepted"  # the provider took it
    SENT = "sent"  # the provider handed it on
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"  # taken, then failed
    DEFERRED = "deferred"  # certainly not taken; goes again at its due time
    REJECTED = "rejected"  # never will be taken
    UNKNOWN = "unknown"  # may have been taken
    HELD = "held"  # a person must decide
    SUPERSEDED = "superseded"  # no longer true
    EXPIRED = "expired"  # too late to help
    SUPPRESSED = "suppressed"  # the address must not be written to
    SKIPPED = "skipped"  # not sent, for a reason that is nobody's failure


#: Waiting for its due time; only these are ever claimed.
WAITING = frozenset({MessageStatus.PLANNED, MessageStatus.READY, MessageStatus.DEFERRED})

#: Reached the provider or may have: drift and offers are measured from these too.
#: A held row counts only when it was held after unknown.
UNDER_WAY = frozenset(
    {
        MessageStatus.CLAIMED,
        MessageStatus.ACCEPTED,
        MessageStatus.SENT,
        MessageStatus.UNKNOWN,
    }
)

#: The provider took it for certain.
TAKEN = frozenset({MessageStatus.ACCEPTED, MessageStatus.SENT, MessageStatus.DELIVERED})

#: This channel did not reach them: the next one carries the message.
FAILED = frozenset({MessageStatus.UNDELIVERED, MessageStatus.REJECTED, MessageStatus.SUPPRESSED})

#: Never moves again by itself.
FINAL = frozenset(
    {
        MessageStatus.DELIVERED,
        MessageStatus.UNDELIVERED,
        MessageStatus.REJECTED,
        MessageStatus.SUPERSEDED,
        MessageStatus.EXPIRED,
        MessageStatus.SUPPRESSED,
        MessageStatus.SKIPPED,
    }
)


class MessageKind(StrEnum):
    """What a message is for; the kind decides which consent it needs."""

    TRANSACTIONAL = "transactional"
    CARE = "care"
    MARKETING = "marketing"


class Priority(StrEnum):
    """What goes first, and what gives way when a person has had enough."""

    HIGH = "high"  # never gives way
    NORMAL = "normal"
    LOW = "low"  # gives way first


class Channel(StrEnum):
    """How a message travels."""

    SMS = "sms"
    EMAIL = "email"


class Role(StrEnum):
    """In which role a person is concerned by a job."""

    CUSTOMER = "customer"
    SECOND_CONTACT = "second_contact"
    ON_SITE = "on_site"
    TECHNICIAN = "technician"  # who goes out; asked, never told


class Strength(StrEnum):
    """How surely a window reached a person."""

    GIVEN = "given"  # at booking, by phone, by their own acceptance
    DELIVERED = "delivered"  # a receipt says so
    PRESUMED = "presumed"  # the last channel gives no receipts, took it, and nothing failed
    NONE = "none"  # taken back by a later failure


class WhyNot(StrEnum):
    """Why a message was not sent. The board, the API and `explain` show these values."""

    NO_CONTACT = "no_contact"
    OPTED_OUT = "opted_out"
    NO_CONSENT = "no_consent"
    LANDLINE = "landline"
    INVALID_ADDRESS = "invalid_address"
    BOUNCED = "bounced"
    SHADOW = "shadow"
    BEFORE_LIVE = "before_live"
    NO_LONGER_OWED = "no_longer_owed"
    JOB_ENDED = "job_ended"
    REACHED_OTHERWISE = "reached_otherwise"
    EXPIRED = "expired"
    HELD_BY_STAFF = "held_by_staff"
    OUTCOME_UNKNOWN = "outcome_unknown"
    RULE_OFF = "rule_off"
    PROVIDER_REFUSED = "provider_refused"
    NO_PROVIDER = "no_provider"
    GAVE_UP = "gave_up"
    RENDER_FAILED = "render_failed"
    TRIAL = "trial"
    CAP_REACHED = "cap_reached"
    SUPERSEDED_BY_RULE = "superseded_by_rule"
    NEEDS_CALL = "needs_call"
    QUIET_HOURS = "quiet_hours"
    IN_DIGEST = "in_digest"
    COUNTRY_CLOSED = "country_closed"
    NUMBER_CAP = "number_cap"
    PREFIX_CAP = "prefix_cap"
    DAY_CAP = "day_cap"
    SPENT_TODAY = "spent_today"
    SPENT_THIS_MONTH = "spent_this_month"
    BRAKED = "braked"
    DROPPED_BY_STAFF = "dropped_by_staff"
    WAITS_FOR_SENDER = "waits_for_sender"
    NO_RECEIPT = "no_receipt"
