"""Providers that fail: two hundred customers, and of as many calls every other goes wrong."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from notifier.domain.messages import Channel
from tests.fakes.provider_state import FaultKind
from tests.faults.ground import Ground
from tests.faults.judge import Verdict
from tests.faults.killing import DATABASES
from tests.faults.nursery import FIVE_TIMES_AS_FAST
from tests.faults.postman import reporting
from tests.faults.world import World

CUSTOMERS = 200
CHANNELS = {"twilio": Channel.SMS, "sendgrid": Channel.EMAIL}

_UNKNOWN_CODE = 21999  # treated as its class
_KNOWN_CODE = 21211  # no such number: its contact is flagged, and a person rings

_K = FaultKind

#: What each fault is, and its details.
FAULTS: Mapping[str, tuple[FaultKind, dict[str, Any]]] = MappingProxyType(
    {
        "429": (_K.TOO_MANY, {}),
        "429_retry_after": (_K.TOO_MANY, {"retry_after": 7}),
        "400": (_K.REJECT, {"code": _UNKNOWN_CODE}),
        "400_known": (_K.REJECT, {"code": _KNOWN_CODE}),
        "500_before": (_K.ERROR_BEFORE, {}),
        "500_after": (_K.ERROR_AFTER, {}),
        "timeout_after": (_K.TIMEOUT_AFTER, {"seconds": 5}),
        "reset_before": (_K.RESET_BEFORE, {}),
        "reset_after": (_K.RESET_AFTER, {}),
        "slow": (_K.SLOW, {"seconds": 30}),  # nobody waits so long: a read timeout, taken
        "taken_late": (_K.LATE, {"seconds": 3}),
        "garbage": (_K.GARBAGE, {}),
        "flapping": (_K.NONE, {}),
    }
)

#: SendGrid refuses with a status alone.
_OF_TWILIO = frozenset({"400_known"})

#: What a provider that flaps does, in no order.
_FLAPS = (
    *([_K.NONE] * 6),
    _K.TOO_MANY,
    _K.ERROR_BEFORE,
    _K.ERROR_AFTER,
    _K.RESET_BEFORE,
    _K.RESET_AFTER,
    _K.GARBAGE,
)

#: How late a text is in Twilio's list, at most: seconds. So that it is there at the second look-up,
#: however late in its lease it was called for, and taken.
LISTED_LATE_S = 6.0

#: Nobody waits for an answer until the lease is over, and what is taken late is there before it
#: is looked for.
_TIMINGS = MappingProxyType({**FIVE_TIMES_AS_FAST, "answer_timeout": 1.0, "hold_after": 180.0})


@dataclass(frozen=True, slots=True, kw_only=True)
class Failing:
    """Of as many calls as `customers` about half meet `fault`: a provider in trouble, not away."""

    provider: str
    fault: str
    database: str
    customers: int = CUSTOMERS

    @property
    def name(self) -> str:
        """What this case is called, in the table and in the record of what has run."""
        return f"provider/{self.provider}-{self.fault}/{self.database}"


def cases() -> Iterator[Failing]:
    """Yield every fault of both providers, on both databases."""
    for fault in FAULTS:
        for provider in ("twilio",) if fault in _OF_TWILIO else CHANNELS:
            for database in DATABASES:
                yield Failing(provider=provider, fault=fault, database=database)


def run(case: Failing, ground: Ground) -> Verdict:
    """Run `case` and return the verdict.

    SendGrid's record can't be searched, so its events, late and in any order, are what tells of
    an answer that was lost. Twilio's callbacks stay away: look-ups alone must do, in a list that
    has what was taken only later. Each tells, and no worker dies in a call, so of no case here
    may more be held than of any other.
    """
    with ground.world(case.database) as world:
        channel = CHANNELS[case.provider]
        world.timings.update(_TIMINGS)
        world.book(case.customers, channel)
        _fail(world, case)
        world.providers.listing_lag = lambda number: listing_lag(case, number)
        late = random.Random(f"{case.name}/reports")
        with reporting(world, late) if channel is Channel.EMAIL else nullcontext():
            world.start_workers(2)
            return world.verdict()


def listing_lag(case: Failing, number: str) -> float:
    """Return after how many seconds Twilio lists a text to `number`: in `case` always the same."""
    return random.Random(f"{case.name}/{number}").uniform(0, LISTED_LATE_S)


def _fail(world: World, case: Failing) -> None:
    fail = {
        Channel.SMS: world.providers.fail_next_sms,
        Channel.EMAIL: world.providers.fail_next_email,
    }[CHANNELS[case.provider]]
    kind, details = FAULTS[case.fault]
    chance = random.Random(case.name)
    for _ in range(case.customers):
        happens = chance.choice(_FLAPS if case.fault == "flapping" else (_K.NONE, kind))
        fail(happens, **(details if happens is kind else {}))
