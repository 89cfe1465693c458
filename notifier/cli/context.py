"""What every command starts from: the services, and the brand that it is about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import click
from flask import current_app

from notifier.brands import find_brand
from notifier.errors import NotifierError
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import Brand

_Command = TypeVar("_Command", bound=Callable[..., Any])

#: `--brand NAME`, by default the only real one.
brand_option = click.option("--brand", "brand_slug", help="The brand; by default the only one.")


def services() -> Services:
    """Return the services of this installation."""
    return cast(Services, current_app.extensions["notifier"])


def chosen_brand(slug: str | None) -> Brand:
    """Return the brand that a command is about.

    :raises click.ClickException: if it can't be told which; the sentence says what there is.
    """
    try:
        with reading(services().sessions) as session:
            return find_brand(session, slug)
    except NotifierError as error:
        raise click.ClickException(str(error)) from error
