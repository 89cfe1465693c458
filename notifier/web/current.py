"""What the request at hand works with: the services and the settings of its app."""

from __future__ import annotations

from typing import Protocol, cast

from flask import current_app
from pydantic import SecretStr

from notifier.services import Services


class WebSettings(Protocol):
    """What the web needs of the settings; `config.settings.Settings` has it all."""

    @property
    def public_url(self) -> str:
        """The address under which the outside reaches us, without a trailing slash."""

    @property
    def secret_key(self) -> SecretStr:
        """What signs sessions and wraps every key."""

    @property
    def undo_seconds(self) -> float:
        """How long a fact from the board waits before anything goes."""

    @property
    def twilio_auth_token(self) -> SecretStr | None:
        """What Twilio signs its callbacks with."""

    @property
    def twilio_second_auth_token(self) -> SecretStr | None:
        """The same of the account that the second number belongs to, where it is another."""

    @property
    def sendgrid_webhook_public_key(self) -> str | None:
        """What SendGrid's event signatures are verified with."""


def services() -> Services:
    """Return the services that the app was built with."""
    return cast("Services", current_app.extensions["notifier"])


def settings() -> WebSettings:
    """Return the settings that the app was built with."""
    return cast("WebSettings", current_app.config["SETTINGS"])
