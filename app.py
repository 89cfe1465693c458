"""The composition root: reads the settings, builds the services, makes the web app.

`flask --app app …` runs the commands; a WSGI server in production takes `app:create_app()`.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import parseaddr
from pathlib import Path

from apiflask import APIFlask
from sqlalchemy import Engine

from config.settings import Settings, SettingsInvalid, load_settings
from notifier.cli import register_commands
from notifier.clock import new_id, system_now
from notifier.consent_policy import load_consent_policy
from notifier.guards.policy import load_guards
from notifier.logs import configure_logs
from notifier.providers.protocols import EmailProvider, SmsProvider
from notifier.providers.second import second_of
from notifier.providers.sendgrid_email import SendGridEmail
from notifier.providers.smtp_email import SmtpEmail
from notifier.providers.twilio_sms import TwilioSms
from notifier.regional_hours import regional_hours
from notifier.rendering import Words
from notifier.rulebook import RulesInvalid, check_rules, load_rulebook
from notifier.sandbox.journal import SandboxJournal
from notifier.services import Services, Timing
from notifier.store.database_clock import DatabaseClock
from notifier.store.engine import create_sessions
from notifier.store.migrate import upgrade
from notifier.store.vault import Vault
from notifier.waking import Waker
from notifier.web.app_factory import create_app as create_web_app
from notifier.webhooks.limit import SourceLimit
from notifier.yaml_files import YamlInvalid

_ROOT = Path(__file__).parent


def create_app() -> APIFlask:
    """Return the app of this installation. What can't be used is named, all of it, at once."""
    try:
        settings = load_settings(var_dir=_ROOT / "var")
        configure_logs(settings.log_format)
        if settings.database_url.startswith("sqlite"):
            upgrade(settings.database_url)  # the embedded database keeps itself up to date
        services = build_services(settings)
    except (SettingsInvalid, RulesInvalid, YamlInvalid) as error:
        sys.exit(str(error))
    app = create_web_app(services, settings)
    app.extensions["notifier.waker"] = services.wake
    app.extensions["notifier.upgrade"] = lambda: upgrade(settings.database_url)
    register_commands(app)
    gc.freeze()  # what lives as long as the process is not searched for garbage again and again
    return app


def build_services(settings: Settings) -> Services:
    """Return the services that `settings` ask for.

    :raises RulesInvalid: if the rules, words that a rule names, or the table of consents
        can't be used.
    :raises YamlInvalid: if the quiet hours of the regions, or the guards, can't be used.
    """
    sessions = create_sessions(settings.database_url)
    engine = sessions.kw["bind"]
    assert isinstance(engine, Engine)
    vault = Vault(settings.secret_key.get_secret_value())
    # Many machines share PostgreSQL's clock; one process on SQLite has its own.
    now = DatabaseClock(engine) if engine.dialect.name == "postgresql" else system_now
    journal = SandboxJournal(sessions=sessions, now=now, vault=vault)
    words = Words(_ROOT / "templates" / "messages")
    rulebook = load_rulebook(_ROOT / "rules")
    check_rules(rulebook, words)
    regional_hours()
    config = _ROOT / "config"
    consent = load_consent_policy(config / "consent.yaml")
    services = Services(
        sessions=sessions,
        now=now,
        ids=new_id,
        vault=vault,
        rulebook=rulebook,
        words=words,
        sms={"sandbox": journal.sms()},
        email={"sandbox": journal.email()},
        wake=Waker(engine),
        public_url=settings.public_url.rstrip("/"),
        timing=Timing(
            lease=settings.lease_seconds,
            look_up_after=settings.lookup_after_seconds,
            look_up_again=settings.lookup_again_seconds,
            hold_after=settings.hold_after_seconds,
        ),
        consent=consent,
        guards=load_guards(config / "guards.yaml", config / "sms_prices.yaml"),
        keep_deliveries=timedelta(days=settings.keep_deliveries_days),
        source_limit=SourceLimit(settings.source_deliveries_per_minute),
    )
    return replace(
        services,
        sms={**services.sms, **_texts(settings, now)},
        email={**services.email, **_mail(settings, now)},
    )


def _texts(settings: Settings, now: Callable[[], datetime]) -> dict[str, SmsProvider]:
    if settings.twilio_account_sid is None:
        return {}
    assert settings.twilio_auth_token is not None
    assert settings.twilio_from is not None
    token = settings.twilio_second_auth_token or settings.twilio_auth_token
    senders = (
        ("twilio", settings.twilio_account_sid, settings.twilio_auth_token, settings.twilio_from),
        (
            second_of("twilio"),
            settings.twilio_second_account_sid or settings.twilio_account_sid,
            token,
            settings.twilio_second_from,
        ),
    )
    return {
        name: TwilioSms(
            account_sid=account_sid,
            auth_token=auth_token.get_secret_value(),
            from_=from_,
            public_url=settings.public_url.rstrip("/"),
            now=now,
            api_url=settings.twilio_api_url,
            name=name,
        )
        for name, account_sid, auth_token, from_ in senders
        if from_ is not None
    }


def _mail(settings: Settings, now: Callable[[], datetime]) -> dict[str, EmailProvider]:
    found: dict[str, EmailProvider] = {}
    if settings.sendgrid_from is None:
        return found
    # A name in front of it gives way to the brand's own.
    address = parseaddr(settings.sendgrid_from)[1]
    if settings.sendgrid_api_key is not None:
        key = settings.sendgrid_api_key.get_secret_value()
        found["sendgrid"] = (
            SendGridEmail(
                api_key=key, from_address=address, now=now, api_url=settings.sendgrid_api_url
            )
            if settings.sendgrid_api_url
            else SendGridEmail(api_key=key, from_address=address, now=now)
        )
    if settings.smtp_url is not None:
        found["smtp"] = SmtpEmail(
            url=settings.smtp_url.get_secret_value(),
            from_address=address,
            now=now,
        )
    return found
