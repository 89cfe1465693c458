"""What a template may say: strings formatted for one reader, so that the words stay simple."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

#: The words of a digest of a message are those of `<message>_digest`.
DIGEST = "_digest"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageValues:
    """Everything that a template can name. `notifier.wording.values_for` makes it.

    Short forms serve texts ("today 9:45-11:45 AM"), the `_in_full` ones emails, which may be
    read days later ("Monday 23 November, 9:45 AM to 11:45 AM").
    """

    brand: str
    phone: str  # empty where the brand has none
    link: str
    phone_or_link: str  # "+1 206 555 0100 or https://...", the link alone without a phone
    service: str
    items: str | None
    reference: str
    first_name: str | None

    old: str | None  # what they were told before; without its day where `new` has the same
    old_in_full: str | None
    new: str | None  # None: nobody knows, or not that day
    new_in_full: str | None
    new_is_by: bool  # its start has passed: it reads "by 11:45 AM"
    date: str | None  # of an order, in place of `new`
    old_date: str | None
    due_today: bool  # of an order: `date` is today's at the place
    next: str | None  # when they hear next
    next_in_full: str | None
    next_is: str  # update: news; call_back: a person rings

    reason: str | None  # None: not recorded, or nothing that helps a customer
    reason_in_full: str | None
    by: str  # us, customer, unknown
    technician: str | None  # only "on the way" names one

    first_text: bool  # the first text to this number says STOP and HELP
    late_apology: bool  # they hear it after their tell_by
    asked: bool  # the customer is asked whether it suits; others are told
    carrier: str | None
    tracking_code: str | None
    pickup_place: str | None
    several_parcels: bool = False  # the order has more than one, and this may be about one
    part_came: bool = False  # one of its parcels is there, and another is awaited

    # Of a digest, which says the same news of several jobs at once; of others None.
    how_many: str | None = None  # jobs: "3"
    which: str | None = None  # "ORD-1, ORD-2 and 4 more"
    which_when: str | None = None  # "ORD-1 Tue 24 Nov, ORD-2 Wed 25 Nov and 4 more"
    which_in_full: str | None = None  # all: "ORD-1 (Kettle): Tuesday 24 November; ORD-2: ..."


_OF_DIGESTS = frozenset({"how_many", "which", "which_when", "which_in_full"})

#: Which values that may be None a message can count on, because it is not owed without them.
#: Anything else must stand behind an `{% if %}`; `Words.check` tries it.
ALWAYS_SET: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "reminder": frozenset({"new", "new_in_full"}),
        "running_late": frozenset({"new", "new_in_full"}),
        "running_late_again": frozenset({"new", "new_in_full"}),
        "earlier_if_suits": frozenset({"new", "new_in_full", "old", "old_in_full"}),
        "moved": frozenset({"new", "new_in_full"}),
        "order_delayed": frozenset({"date", "new_in_full"}),
        "order_delayed_digest": _OF_DIGESTS | {"date", "new_in_full"},
        "shipped_digest": _OF_DIGESTS,
        "out_for_delivery_digest": _OF_DIGESTS,
        "order_delivered_digest": _OF_DIGESTS,
    }
)
