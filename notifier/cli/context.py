"""What every command starts from: the services, and the brand that it is about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar, cast
from uuid import UUID

import click
from flask import current_app

from notifier.brands import find_brand
from notifier.cli.own_address import left_address
from notifier.errors import NotifierError
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import Brand
from notifier.technicians.register import find_technician, names_like

_Command = TypeVar("_Command", bound=Callable[..., Any])

#: A day as it is written after an option; it arrives as its midnight.
DAY = click.DateTime(formats=["%Y-%m-%d"])

#: `--brand NAME`, by default the only real one.
brand_option = click.option("--brand", "brand_slug", help="The brand; by default the only one.")


def services() -> Services:
    """Return the services of this installation, at the address where it runs."""
    made = cast(Services, current_app.extensions["notifier"])
    if current_app.config["SETTINGS"].names_address:
        return made
    return replace(made, public_url=left_address(made) or made.public_url)


def chosen_brand(slug: str | None) -> Brand:
    """Return the brand that a command is about.

    :raises click.ClickException: if it can't be told which; the sentence says what there is.
    """
    try:
        with reading(services().sessions) as session:
            return find_brand(session, slug)
    except NotifierError as error:
        raise click.ClickException(str(error)) from error


def chosen_technician(brand_id: UUID, name: str) -> UUID:
    """Return the technician that a command is about.

    :raises click.ClickException: if nobody is called so; a slip of the finger adds nobody.
    """
    found = find_technician(services(), brand_id, name)
    if found is None:
        like = " or ".join(names_like(services(), brand_id, name))
        meant = f"; did you mean {like}?" if like else "."
        raise click.ClickException(
            f"no technician is called {name}{meant} "
            "A booking adds who is new; so does `technicians phone NAME NUMBER --new`."
        )
    return found
