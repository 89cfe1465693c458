"""Commands about who goes out: the number at which they are asked."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from notifier.cli.context import brand_option, chosen_brand, chosen_technician, services
from notifier.errors import NotifierError
from notifier.technicians.register import add_technician, set_phone


@click.group()
def technicians() -> None:
    """Who goes out."""


@technicians.command("phone")
@click.argument("name")
@click.argument("number", required=False)
@click.option("--remove", is_flag=True, help="Ask them by text no more.")
@click.option("--new", is_flag=True, help="Add them, if nobody is called so.")
@brand_option
@with_appcontext
def phone(name: str, number: str | None, remove: bool, new: bool, brand_slug: str | None) -> None:
    """Ask NAME by text at NUMBER where they are, when nobody has reported on a visit."""
    if (number is None) != remove or (new and remove):
        raise click.UsageError("give a number, or --remove")
    brand = chosen_brand(brand_slug)
    try:
        if new and number is not None:
            add_technician(services(), brand.id, name, number)
        else:
            set_phone(services(), brand.id, chosen_technician(brand.id, name), number)
    except NotifierError as error:
        raise click.ClickException(str(error)) from error
    click.echo("They are asked by text no more." if remove else "They are asked by text from now.")
