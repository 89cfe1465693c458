"""Ordinary customers, and every situation in which one of our messages may reach them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from notifier.domain.facts import PromiseKind
from notifier.domain.reasons import Party, Reason
from notifier.domain.windows import OFF, UNKNOWN, Expectation, Window
from notifier.domain.words.values import ALWAYS_SET, MessageValues
from notifier.wording import values_for

TEMPLATES = Path(__file__).parents[2] / "templates" / "messages"
SEATTLE = ZoneInfo("America/Los_Angeles")
LINK = "https://go.example.com/s/AbCdEfGhIjKlMnOp"

VISIT_MESSAGES = (
    "booked",
    "reminder",
    "on_the_way",
    "running_late",
    "running_late_again",
    "earlier_if_suits",
    "no_time_yet",
    "not_coming_today",
    "someone_else_coming",
    "moved",
    "cancelled",
    "please_ignore",
    "offer_lapsed",
    "missed_by_us",
    "done_thanks",
    "ask_technician",
    "no_word_yet",
    "no_news_yet",
    "no_call_yet",
    "promise_made",
    "promise_taken_back",
)
ORDER_MESSAGES = (
    "order_confirmed",
    "shipped",
    "out_for_delivery",
    "order_delayed",
    "delivery_attempted",
    "ready_for_pickup",
    "order_exception",
    "order_returned",
    "order_delivered",
    "order_not_here",
    "order_please_ignore",
    "order_no_date_yet",
    "order_no_scan",
    "order_no_movement",
    "order_cancelled",
)
MESSAGES = VISIT_MESSAGES + ORDER_MESSAGES


def at(day: int, hour: int, minute: int = 0, *, zone: ZoneInfo = SEATTLE) -> datetime:
    """Return a time of November 2026, local in `zone`."""
    return datetime(2026, 11, day, hour, minute, tzinfo=zone)


def window(day: int, hour: int, minute: int = 0, *, minutes: int = 120) -> Window:
    """Return a window of `minutes` that starts on that day of November 2026 in Seattle."""
    start = at(day, hour, minute)
    return Window(start, start + timedelta(minutes=minutes))


NOW = at(23, 8, 40)


def reader(**changed: Any) -> MessageValues:
    """Return what a text to Ada about her boiler may say, this Monday morning in Seattle."""
    usual: dict[str, Any] = {
        "brand_name": "Northside Heating",
        "brand_phone": "+1 206 555 0100",
        "service": "Boiler repair",
        "items": (),
        "reference": "JOB-1001",
        "first_name": "Ada",
        "place_zone": SEATTLE,
        "reader_zone": None,
        "locale": "en",
        "now": NOW,
        "told_before": window(23, 9),
        "asserts": window(23, 9, 45),
        "is_order": False,
        "next_update_at": None,
        "next_is": PromiseKind.UPDATE,
        "reason": None,
        "by": None,
        "technician": "Alexandra",
        "link": LINK,
        "first_text": False,
        "late_apology": False,
        "asked": False,
        "carrier": None,
        "tracking_code": None,
    }
    return values_for(**{**usual, **changed})


def order(**changed: Any) -> MessageValues:
    """Return what a text about Ada's order may say."""
    usual = {
        "service": None,
        "items": ("Kettle", "Toaster"),
        "reference": "ORD-1001",
        "is_order": True,
        "told_before": window(23, 9),
        "asserts": window(25, 9),
        "carrier": "UPS",
        "tracking_code": "1Z999AA10123456784",
        "technician": None,
        "pickup_place": "Main Street 12",
    }
    return reader(**{**usual, **changed})


def situations(message: str) -> Iterator[MessageValues]:
    """Yield the values of every situation in which `message` is owed, the widest times too."""
    make = order if message in ORDER_MESSAGES else reader
    times: tuple[Expectation | None, ...] = (
        window(23, 10, 45),  # "today 10:45 AM-12:45 PM", the longest that today can be
        window(24, 10, 45),
        window(23, 7, 45),  # has started: "by 9:45 AM"
        UNKNOWN,
        OFF,
        None,
    )
    before: tuple[Expectation | None, ...] = (window(23, 10, 15), window(25, 10, 15), UNKNOWN)
    if message == "earlier_if_suits":
        before = before[:2]
    if message in ALWAYS_SET:
        times = times[:3]
    kinds: tuple[PromiseKind, ...] = (PromiseKind.UPDATE, PromiseKind.CALL_BACK)
    if message != "promise_made":
        kinds = kinds[:1]
    for asserts, told, reason, by, late, asked, update, kind in product(
        times,
        before,
        (None, Reason.TRAFFIC, Reason.EARLIER_JOB),
        Party,
        (False, True),
        (False, True),
        (None, at(23, 11, 15), at(24, 8)),
        kinds,
    ):
        yield make(
            asserts=asserts,
            told_before=told,
            reason=reason,
            by=by,
            late_apology=late,
            asked=asked,
            next_update_at=update,
            next_is=kind,
        )
