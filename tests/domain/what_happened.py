"""What happens to a visit from nine to eleven, or an order: steps of a story, in the order told."""

from __future__ import annotations

from collections.abc import Callable

from notifier.domain.facts import FactSource, FactType
from notifier.domain.reasons import Party
from notifier.domain.windows import OFF
from tests.domain.ledger_stage import LedgerStage
from tests.domain.stage import NINE_TO_ELEVEN, at

LATE = NINE_TO_ELEVEN.shifted(45)
EVENING = at(20)
US, CUSTOMER = Party.US, Party.CUSTOMER
STAFF, TECHNICIAN = FactSource.STAFF, FactSource.TECHNICIAN


def void(_: object) -> None:
    return None


def arrived(hour: int, minute: int = 0) -> Callable[[LedgerStage], None]:
    return lambda stage: void(stage.say(FactType.ARRIVED, at(hour, minute)))


def he_is_here(hour: int, minute: int = 0) -> Callable[[LedgerStage], None]:
    """The customer answers H."""
    return lambda stage: void(
        stage.say(FactType.ARRIVED, at(hour, minute), source=FactSource.CUSTOMER)
    )


def told_late(hour: int, minute: int, *then: Callable[[LedgerStage], None]) -> Callable[..., None]:
    """45 minutes late, heard at that time; then the rest."""

    def tell(stage: LedgerStage) -> None:
        fact = stage.say(FactType.DELAYED, at(hour, minute), minutes=45)
        stage.given(LATE, at(hour, minute), because=fact)
        for step in then:
            step(stage)

    return tell


def said(type: FactType, *when: int, **claims: object) -> Callable[[LedgerStage], None]:
    return lambda stage: void(stage.say(type, at(*when), **claims))


def cancelled_and_heard(hour: int, minute: int = 0) -> Callable[[LedgerStage], None]:
    def cancel(stage: LedgerStage) -> None:
        fact = stage.say(FactType.CANCELLED, at(7), by=US)
        stage.given(OFF, at(hour, minute), because=fact)

    return cancel


def together(*steps: Callable[[LedgerStage], None]) -> Callable[[LedgerStage], None]:
    def run(stage: LedgerStage) -> None:
        for step in steps:
            step(stage)

    return run
