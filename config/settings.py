"""What an installation may set: the only reader of the environment.

Values come from the environment and from `.env` in the current directory, which the
environment overrides. An empty value counts as not set. `config/example.env` documents each.
"""

from collections.abc import Mapping
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    ModelWrapValidatorHandler,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from config import values
from config.demo_secret import demo_secret_key

DEFAULT_DATABASE_URL = "sqlite:///var/notifier.db"

_PROVIDERS = ("twilio_account_sid", "sendgrid_api_key", "smtp_url")
_ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - a link needs a real host


class SettingsInvalid(Exception):
    """The environment can't be used. `problems` says why, a sentence each, and no secrets."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


HttpUrl = Annotated[str, AfterValidator(values.http_url)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]


class Settings(BaseSettings):
    """The settings of one installation, checked together. Durations are in seconds."""

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True, validate_default=False
    )

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65_535)] = 8000
    public_url: HttpUrl = ""  # filled in from host and port where it is not set
    secret_key: Annotated[SecretStr, AfterValidator(values.secret_key)] = SecretStr("")
    database_url: Annotated[str, AfterValidator(values.database_url)] = Field(
        DEFAULT_DATABASE_URL, repr=False
    )

    brand_name: str = "Northside Home Services"
    brand_time_zone: Annotated[str, AfterValidator(values.time_zone)] = "America/Los_Angeles"
    brand_phone: Annotated[str, AfterValidator(values.readable_phone)] | None = None

    twilio_account_sid: Annotated[str, AfterValidator(values.twilio_sid)] | None = None
    twilio_auth_token: SecretStr | None = None
    twilio_from: Annotated[str, AfterValidator(values.sms_sender)] | None = None
    twilio_second_from: Annotated[str, AfterValidator(values.sms_sender)] | None = None
    twilio_second_account_sid: Annotated[str, AfterValidator(values.twilio_sid)] | None = None
    twilio_second_auth_token: SecretStr | None = None
    twilio_api_url: HttpUrl | None = None
    sendgrid_api_key: SecretStr | None = None
    sendgrid_from: Annotated[str, AfterValidator(values.mail_address)] | None = None
    sendgrid_api_url: HttpUrl | None = None
    sendgrid_webhook_public_key: str | None = None
    smtp_url: Annotated[SecretStr, AfterValidator(values.smtp_url)] | None = None

    log_format: Literal["console", "json"] = "console"

    lease_seconds: Seconds = 30
    lookup_after_seconds: Seconds = 40
    lookup_again_seconds: Seconds = 90
    hold_after_seconds: Seconds = 900
    tick_seconds: Seconds = 1
    keep_deliveries_days: Annotated[int, Field(ge=1, le=3650)] = 30
    source_deliveries_per_minute: Annotated[int, Field(ge=1, le=1_000_000)] = 6000
    undo_seconds: Annotated[float, Field(ge=0, le=3600)] = 10

    @cached_property
    def names_address(self) -> bool:
        """Whether PUBLIC_URL, HOST or PORT names another address than the usual one."""
        return self.public_url != _own_address({})

    @cached_property
    def sms_configured(self) -> bool:
        """Whether texts leave through Twilio."""
        return self.twilio_account_sid is not None

    @cached_property
    def mail_configured(self) -> bool:
        """Whether emails leave through SendGrid or a mail server."""
        return self.sendgrid_api_key is not None or self.smtp_url is not None

    @cached_property
    def providers_configured(self) -> bool:
        """Whether anything can reach a real person. Without it the sandbox takes the messages."""
        return self.sms_configured or self.mail_configured

    @model_validator(mode="wrap")
    @classmethod
    def _find_every_problem(
        cls, said: Mapping[str, Any], handler: ModelWrapValidatorHandler[Self]
    ) -> Self:
        """Check each value and how they fit together, and report all of it at once.

        A plain validator of the whole would not run while any one value is wrong.
        """
        problems = _problems_between(said)
        try:
            settings = handler({"public_url": _own_address(said), **said})
        except ValidationError as error:
            problems = _problems_within(error) + problems
        else:
            problems += _out_of_order(settings)
            if not problems:
                return settings
        raise SettingsInvalid(problems)


def load_settings(*, var_dir: Path = Path("var")) -> Settings:
    """Read the settings from the environment and `.env`.

    Where no secret key is set and none is required, one is made and kept under `var_dir`.

    :raises SettingsInvalid: listing every problem at once.
    """
    settings = Settings()
    if settings.secret_key.get_secret_value():
        return settings
    return settings.model_copy(update={"secret_key": SecretStr(demo_secret_key(var_dir))})


def _own_address(said: Mapping[str, Any]) -> str:
    """Return the address at which this machine itself reaches the pages."""
    host = str(said.get("host") or "127.0.0.1")
    host = _ANY_ADDRESS.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{host}:{said.get('port') or 8000}"


def _problems_between(said: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with values that only make sense together."""
    problems = []
    twilio = ("twilio_account_sid", "twilio_auth_token", "twilio_from")
    missing = [name.upper() for name in twilio if not said.get(name)]
    if missing and len(missing) < len(twilio):
        problems.append(f"Twilio is only half set up: {' and '.join(missing)} must be set too.")
    problems += _problems_with_second_sender(said)
    if said.get("sendgrid_api_key") and not said.get("sendgrid_from"):
        problems.append("SendGrid is only half set up: SENDGRID_FROM must be set too.")
    if said.get("smtp_url") and not said.get("sendgrid_from"):
        problems.append("SMTP_URL needs a from-address: SENDGRID_FROM must be set too.")
    if said.get("sendgrid_from") and not (said.get("sendgrid_api_key") or said.get("smtp_url")):
        problems.append("SENDGRID_FROM is set, but neither SENDGRID_API_KEY nor SMTP_URL is.")
    if said.get("sendgrid_webhook_public_key") and not said.get("sendgrid_api_key"):
        problems.append("SENDGRID_WEBHOOK_PUBLIC_KEY is set, but SENDGRID_API_KEY is not.")
    if any(said.get(n) for n in _PROVIDERS):
        for name, use in (("brand_name", "texts begin with it"), ("brand_phone", "texts say it")):
            if not said.get(name):
                problems.append(f"{name.upper()} must be set once a provider is: {use}.")
    if not said.get("secret_key") and _needs_secret(said):
        problems.append(
            "SECRET_KEY must be set once a provider, a public address or another database is"
            " (make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(48))')."
        )
    return problems


def _problems_with_second_sender(said: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the second number, service or account for texts."""
    sender = said.get("twilio_second_from")
    account = {
        name.upper(): said.get(name)
        for name in ("twilio_second_account_sid", "twilio_second_auth_token")
    }
    problems = []
    if any(account.values()) and not all(account.values()):
        missing = next(name for name, value in account.items() if not value)
        problems.append(f"The second Twilio account is only half set up: {missing} must be set.")
    if any(account.values()) and not sender:
        problems.append("A second Twilio account is set, but TWILIO_SECOND_FROM is not.")
    if sender and not said.get("twilio_from"):
        problems.append("TWILIO_SECOND_FROM is set, but TWILIO_FROM, which goes first, is not.")
    if sender and sender == said.get("twilio_from"):
        problems.append("TWILIO_SECOND_FROM must be another sender than TWILIO_FROM.")
    return problems


def _out_of_order(settings: Settings) -> list[str]:
    """Return which times of delivery come too early.

    Whoever looks a message up while its worker may still be sending it finds nothing, and
    would send it a second time.
    """
    in_order = (
        "lease_seconds",
        "lookup_after_seconds",
        "lookup_again_seconds",
        "hold_after_seconds",
    )
    return [
        f"{later.upper()} must be more than {earlier.upper()}."
        for earlier, later in pairwise(in_order)
        if getattr(settings, later) <= getattr(settings, earlier)
    ]


def _needs_secret(said: Mapping[str, Any]) -> bool:
    """Whether this is more than a demo on somebody's own machine."""
    provider = any(said.get(n) for n in _PROVIDERS)
    own_database = said.get("database_url", DEFAULT_DATABASE_URL) != DEFAULT_DATABASE_URL
    public = "public_url" in said and not values.is_local(str(said["public_url"]))
    return provider or own_database or public


def _problems_within(error: ValidationError) -> list[str]:
    """Return a sentence for each value that is wrong in itself; it never quotes the value."""
    return [
        f"{str(fault['loc'][0]).upper()} {_reason(fault['type'], fault.get('ctx', {}))}."
        for fault in error.errors(include_url=False, include_input=False)
    ]


def _reason(kind: str, context: Mapping[str, Any]) -> str:
    """Say in words what Pydantic's error type `kind` means."""
    match kind:
        case "value_error":
            return str(context["error"])
        case "int_parsing":
            return "must be a whole number"
        case "float_parsing":
            return "must be a number"
        case "literal_error":
            return f"must be {context['expected']}"
        case "greater_than":
            return f"must be more than {context['gt']:g}"
        case "greater_than_equal":
            return f"must be at least {context['ge']:g}"
        case "less_than_equal":
            return f"must be at most {context['le']:g}"
        case _:
            return f"is not usable ({kind})"
