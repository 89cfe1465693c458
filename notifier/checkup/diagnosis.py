"""What `flask --app app doctor` looks at: each part in turn, and what to do where one is ill.

It sends nothing and changes nothing. Nothing it says quotes a secret or names a person.
"""

from __future__ import annotations

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from notifier.checkup.paths import look_at_paths, say_path
from notifier.checkup.reachability import ask_address, judge_address
from notifier.checkup.readiness import Counts, check_readiness, count
from notifier.checkup.senders import RefusedSender, refused_senders
from notifier.checkup.sources import look_at_sources
from notifier.domain.findings import Finding, Level
from notifier.domain.quiet.week import brand_hours, say_quiet
from notifier.providers.codes import meaning
from notifier.providers.findings import Checkable
from notifier.providers.signatures import load_sendgrid_key
from notifier.sending.routing import any_configured, has_other_path
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.migrate import is_current
from notifier.store.tables import Brand, Staff

_NEXT_STEPS = {
    "tick": "Start `make run`, or `.venv/bin/flask --app app worker` beside the WSGI server.",
    "oldest_overdue_message": "See that the worker runs and what its log says.",
    "accepted_without_callback_count": "Check PUBLIC_URL, that the proxy passes /webhooks/ on,"
    " SendGrid's event webhook, and that the sender is registered with the carriers.",
    "braked_message_count": "Open the board's tasks: let them go, or drop them (docs/guards.md).",
    "failing_job_count": "Ring those whom the board's tasks name, and report what `job_put_off`"
    " says in the log.",
}

#: Checks of `/readyz` of which `doctor` has lines of its own.
_SAID_ABOVE = frozenset({"database", "failing_path_count", "halted_sender_count"})

_MOST_CODES = 5  # that a line names


def diagnose(services: Services, *, webhook_key: str | None) -> list[Finding]:
    """Return what each part of the installation looks like now.

    `webhook_key` verifies SendGrid's event webhook (SENDGRID_WEBHOOK_PUBLIC_KEY).
    """
    configured = any_configured(services)
    return [
        _settings(services, configured=configured),
        judge_address(services.public_url, customers_see_it=configured),
        ask_address(services.public_url, services.vault, customers_see_it=configured),
        *_providers(services),
        *_webhook_key(services, webhook_key),
        _rules(services),
        *_database(services, configured=configured),
    ]


def _settings(services: Services, *, configured: bool) -> Finding:
    """Settings that are wrong in themselves have stopped the start before this."""
    if not configured:
        return Finding.ok("settings", "No provider is set: the sandbox takes every message.")
    missing = [
        what
        for what, providers in (("texts", services.sms), ("emails", services.email))
        if not set(providers) - {"sandbox"}
    ]
    if missing:
        return Finding.warning(
            "settings",
            f"No provider is set for {missing[0]}: nobody is reached that way.",
            "Set TWILIO_… for texts, SENDGRID_… or SMTP_URL for emails (config/example.env).",
        )
    return Finding.ok("settings", "Texts and emails both have a provider.")


def _providers(services: Services) -> list[Finding]:
    providers = (*services.sms.values(), *services.email.values())
    return [
        finding
        for provider in providers
        if isinstance(provider, Checkable)
        for finding in provider.check()
    ]


def _webhook_key(services: Services, key: str | None) -> list[Finding]:
    subject = "SendGrid webhook key"
    if "sendgrid" not in services.email:
        return []
    if not key:
        return [
            Finding.warning(
                subject,
                "It is not set, so SendGrid's events are refused and no email counts as delivered.",
                "Switch on the signed event webhook and set SENDGRID_WEBHOOK_PUBLIC_KEY.",
            )
        ]
    try:
        load_sendgrid_key(key)
    except ValueError:
        return [
            Finding.failing(
                subject,
                "It can't be read as a public key.",
                "Copy the verification key from SendGrid's event webhook settings, all of it.",
            )
        ]
    return [Finding.ok(subject, "It can be read.")]


def _rules(services: Services) -> Finding:
    """Faulty rules, or words that can't be said, have stopped the start before this."""
    rules = services.rulebook.rules
    on = sum(rule.enabled for rule in rules)
    return Finding.ok("rules", f"{on} rules are on, {len(rules) - on} off; all have their words.")


def _database(services: Services, *, configured: bool) -> list[Finding]:
    """Return how the database is, and what it says about brands, senders and the work."""
    try:
        with reading(services.sessions) as session:
            schema = _schema(session)
            if schema.level is not Level.OK:
                return [schema]
            found = [
                schema,
                *_brands(session, configured=configured),
                *_senders(session, services),
                *map(say_path, look_at_paths(session, services)),
                *look_at_sources(session, now=services.now()),
                *_last_day(count(session, services)),
            ]
    except SQLAlchemyError as error:
        return [
            Finding.failing(
                "database",
                f"It does not answer ({type(error).__name__}).",
                "Check DATABASE_URL, and that the server runs and lets us in.",
            )
        ]
    return found + _work(services)


def _schema(session: Session) -> Finding:
    bind = session.get_bind()
    assert isinstance(bind, Engine)
    kind = "PostgreSQL" if bind.dialect.name == "postgresql" else "SQLite"
    if not is_current(session.connection()):
        return Finding.failing(
            "database",
            f"{kind} answers, but its schema is not this version's.",
            "Run `.venv/bin/flask --app app migrate`.",
        )
    return Finding.ok("database", f"{kind} answers, with the newest schema.")


def _brands(session: Session, *, configured: bool) -> list[Finding]:
    brands = list(session.scalars(select(Brand).order_by(Brand.created_at)))
    if not brands:
        return [
            Finding.failing(
                "brands",
                "There is none yet.",
                "Start `make run`, or `.venv/bin/flask --app app migrate`, to make the first one.",
            )
        ]
    return [found for brand in brands for found in _brand(session, brand, configured=configured)]


def _brand(session: Session, brand: Brand, *, configured: bool) -> list[Finding]:
    subject = f"brand {brand.slug}"
    found = []
    if brand.demo:
        found.append(Finding.ok(subject, "A demo: it never leaves the sandbox."))
    elif brand.live_at is None:
        phones = session.scalar(
            select(func.count()).where(Staff.brand_id == brand.id, Staff.phone_hash.is_not(None))
        )
        found.append(
            Finding.warning(
                subject,
                f"In shadow: all is planned and shown, and only {phones} verified staff"
                " phone(s) get messages.",
                f"When it looks right: `.venv/bin/flask --app app brand live {brand.slug}`.",
            )
        )
    elif not configured:
        found.append(
            Finding.failing(
                subject,
                "It is live, but no provider is set: the sandbox takes its messages.",
                "Set Twilio or SendGrid (config/example.env).",
            )
        )
    else:
        found.append(Finding.ok(subject, "It is live."))
    if not brand.phone:
        found.append(
            Finding.failing(
                subject,
                "It has no number that customers may ring, and most messages name one.",
                "Set BRAND_PHONE before the first start, or make the brand with `brand add`.",
            )
        )
    found.append(_quiet_hours(brand))
    return found


def _quiet_hours(brand: Brand) -> Finding:
    subject = f"quiet hours of {brand.slug}"
    try:
        quiet = brand_hours(brand.quiet_from, brand.quiet_until, brand.quiet_days)
    except (ValueError, TypeError):
        return Finding.failing(
            subject,
            "They can't be read.",
            f".venv/bin/flask --app app brand quiet {brand.slug} 21:00-08:00",
        )
    if quiet.start == quiet.end:
        return Finding.warning(
            subject, "There are none: customers may be woken.", "21:00 to 08:00 is usual."
        )
    return Finding.ok(subject, f"{say_quiet(quiet)}, where the reader is.")


def _senders(session: Session, services: Services) -> list[Finding]:
    """Return which senders a provider refuses, or carriers."""
    return [_sender(services, one) for one in refused_senders(session, services)] or [
        Finding.ok("senders", "None is halted.")
    ]


def _sender(services: Services, refused: RefusedSender) -> Finding:
    subject = f"sender of {refused.brand}"
    why = ", ".join(map(_why_refused, refused.codes))
    what = "texts" if refused.path in services.sms else "emails"
    if not refused.rests:
        return Finding.warning(
            subject,
            f"{refused.path} was refused within the last day: {why}. It takes our {what} again;"
            " if carriers refuse them, that shows only by the next report.",
            "Mend the account or the sender, then tick off the task on the board.",
        )
    return Finding.failing(
        subject,
        f"{refused.path} refused us: {why}. Its {what}"
        f" {'go by the other path' if has_other_path(services, refused.path) else 'wait'}.",
        "Mend the account as the lines above say; it is tried again every minute.",
    )


def _why_refused(code: str) -> str:
    said = meaning(code)
    return f"{said} ({code})" if said else code


def _last_day(counts: Counts) -> list[Finding]:
    """Return what of the last day somebody should look into."""
    return [_codes(counts), _twice(counts)]


def _twice(counts: Counts) -> Finding:
    subject = "told once"
    if counts.arrived_twice:
        return Finding.warning(
            subject,
            f"{counts.arrived_twice} message(s) of the last day arrived twice over one channel: the"
            " answer to the first attempt was lost, and its provider's record knew nothing of it"
            " in time.",
            "Give LOOKUP_AGAIN_SECONDS more time, if it happens often; see docs/reliability.md.",
        )
    if not counts.reached_twice:
        return Finding.ok(subject, "Nobody got one message of the last day twice.")
    return Finding.warning(
        subject,
        f"{counts.reached_twice} message(s) of the last day reached somebody over two channels:"
        " the receipt came after the next channel had gone.",
        "Give the rules a longer `reach`, if it happens often.",
    )


def _codes(counts: Counts) -> Finding:
    """Return which codes of the last day have no line of their own, most frequent first."""
    if not counts.unknown_codes:
        return Finding.ok("provider codes", "Each of the last day is one that we know.")
    often = sorted(counts.unknown_codes.items(), key=lambda item: (-item[1], item[0]))
    named = ", ".join(f"{provider} {code} ({n}×)" for (provider, code), n in often[:_MOST_CODES])
    return Finding.warning(
        "provider codes",
        f"Of the last day we don't know: {named}. Each was treated as its class.",
        "Look them up at the provider; notifier/providers/codes.py has a line for each code.",
    )


def _work(services: Services) -> list[Finding]:
    """Return whether what is due gets done, as `/readyz` sees it."""
    return [
        Finding(
            subject=check.name.replace("_", " ").removesuffix(" count"),
            level=check.level,
            sentence=check.sentence,
            remedy=None if check.level is Level.OK else _NEXT_STEPS[check.name],
        )
        for check in check_readiness(services)
        if check.name not in _SAID_ABOVE
    ]
