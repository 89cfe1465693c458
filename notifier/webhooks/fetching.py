"""Ask vendors for what deliveries only point to, apart from everything that others wait for.

The answers are kept with the delivery, which is then translated again. A worker that dies
meanwhile has left the delivery due: it is asked for again, which changes nothing at the vendor.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from notifier.domain.deliveries import DeliveryStatus
from notifier.services import Services
from notifier.sources.protocol import Needs, Question
from notifier.sources.registry import adapters
from notifier.store import fetches
from notifier.store.engine import reading
from notifier.store.tables import Delivery, Source
from notifier.webhooks.translation import opened
from notifier.webhooks.vendor_keys import Asker
from notifier.webhooks.vendors import MAX_SECONDS, NoAnswer, Trouble

#: How long a vendor is asked again for one delivery, from when it was to be asked first.
GIVE_UP_AFTER = timedelta(days=1)

#: Between two tries for one delivery: as long as it waits already, within these.
SHORTEST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(hours=1)

#: For how long a vendor in trouble is left in peace where it does not say, by all deliveries.
PEACE = timedelta(seconds=5)

#: Questions of one delivery that are asked before the answers are kept.
AT_ONCE = 10

#: How long one vendor is asked, and for how many deliveries, before the next has its turn.
TURN_SECONDS = 2.0
AT_A_TIME = 100

#: How long a delivery that somebody asks for is nobody else's: longer than they may take.
LEASE = timedelta(seconds=AT_ONCE * MAX_SECONDS + 60)


def fetch_due(services: Services) -> int:
    """Ask each vendor for what is due there, for one turn; return for how many deliveries.

    None waits for another's long list, nor for one that is in trouble: that is asked once.
    """
    with reading(services.sessions) as session:
        sources = fetches.due_sources(session, services.now())
    return sum(_turn(services, source_id) for source_id in sources)


def _turn(services: Services, source_id: UUID) -> int:
    with reading(services.sessions) as session:
        due = fetches.due_of(session, source_id, services.now(), AT_A_TIME)
    until = time.monotonic() + TURN_SECONDS
    asked = 0
    for delivery_id in due:
        taken = _take(services, delivery_id)
        if taken is None:
            continue
        answers, failure = _ask(services, *taken, until)
        _settle(services, delivery_id, answers, failure)
        asked += 1
        in_trouble = failure is not None and failure.trouble is Trouble.AGAIN
        if in_trouble or time.monotonic() >= until:
            break
    return asked


def _take(services: Services, delivery_id: UUID) -> tuple[Delivery, Source] | None:
    now = services.now()
    with services.sessions.begin() as session:
        taken = fetches.take_fetching(session, delivery_id, due_at=now)
        if taken is not None:
            taken[0].fetch_at = now + LEASE
    return taken


def _ask(
    services: Services, delivery: Delivery, source: Source, until: float
) -> tuple[dict[str, str], NoAnswer | None]:
    """Return what the vendor said to the next questions, and why it said no more if it did not."""
    asking = adapters()[source.kind].asking
    answers: dict[str, str] = {}
    if asking is None or source.api_key is None:
        return answers, None  # translated again, it says so
    asker = Asker(services, source, asking)
    for question in _open_questions(services, delivery, source)[:AT_ONCE]:
        if answers and time.monotonic() >= until:
            break  # what came is kept, and the rest is due again
        said = asker.ask(question)
        if isinstance(said, bytes):
            answers[question.name] = said.decode(errors="replace")
        elif said.trouble is Trouble.GONE and question.may_be_gone:
            answers[question.name] = ""
        else:
            return answers, said
    return answers, None


def _open_questions(services: Services, delivery: Delivery, source: Source) -> tuple[Question, ...]:
    """Return what is still to be asked; nothing where translation will say what is wrong."""
    try:
        incoming = opened(services, delivery, source)
        needs = adapters()[source.kind].translate(incoming)
    except Exception:  # whatever it is, translation settles it
        return ()
    return needs.unanswered(incoming.answers) if isinstance(needs, Needs) else ()


def _settle(
    services: Services, delivery_id: UUID, answers: Mapping[str, str], failure: NoAnswer | None
) -> None:
    """Keep the answers, and say what is next for the delivery."""
    now = services.now()
    with services.sessions.begin() as session:
        taken = fetches.take_fetching(session, delivery_id)
        if taken is None:  # somebody else was faster, after our lease
            return
        delivery, source = taken
        if answers:
            _keep(services, delivery, source, answers)
        if failure is None:
            delivery.status, delivery.why = DeliveryStatus.RECEIVED, None
            delivery.fetch_at = delivery.fetch_since = None
        else:
            _settle_failure(delivery, source, failure, now)
    if failure is None:
        services.wake()


def _keep(
    services: Services, delivery: Delivery, source: Source, answers: Mapping[str, str]
) -> None:
    vault = services.vault
    before = json.loads(vault.open(source.key, delivery.answers)) if delivery.answers else {}
    delivery.answers = vault.seal(source.key, json.dumps(before | dict(answers)))


def _settle_failure(delivery: Delivery, source: Source, failure: NoAnswer, now: datetime) -> None:
    match failure.trouble:
        case Trouble.AGAIN:
            _try_later(delivery, source, failure, now)
        case Trouble.GONE:
            _end(delivery, DeliveryStatus.IGNORED, failure.why, now)
        case Trouble.KEY:
            again = f"`.venv/bin/flask --app app sources key {source.name}`, then read it again."
            why = f"{_sentence(failure.why)} Give a new one: {again}"
            _end(delivery, DeliveryStatus.FAILED, why, now)
        case Trouble.NEVER:
            _end(delivery, DeliveryStatus.FAILED, _sentence(failure.why), now)


def _try_later(delivery: Delivery, source: Source, failure: NoAnswer, now: datetime) -> None:
    """Put the delivery off for longer each time, and leave its vendor in peace for a little."""
    waited = now - (delivery.fetch_since or now)
    if waited >= GIVE_UP_AFTER:
        why = f"{_sentence(failure.why)} It was tried for a day."
        _end(delivery, DeliveryStatus.FAILED, why, now)
        return
    asked_for = timedelta(seconds=failure.wait or 0)
    pause = max(asked_for, min(max(waited, SHORTEST_PAUSE), LONGEST_PAUSE))
    delivery.fetch_at = now + pause
    delivery.why = f"{failure.why}; it is asked again"
    source.asks_again_at = now + min(max(asked_for, PEACE), LONGEST_PAUSE)


def _end(delivery: Delivery, status: DeliveryStatus, why: str, now: datetime) -> None:
    delivery.status, delivery.why = status, why
    delivery.translated_at = now
    delivery.fetch_at = delivery.fetch_since = None


def _sentence(why: str) -> str:
    return f"{why[0].upper()}{why[1:]}."
