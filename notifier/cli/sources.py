"""Commands about sources: the integrations that send facts."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from notifier.cli.context import brand_option, chosen_brand, services
from notifier.errors import NotifierError
from notifier.sources_admin import add_source


@click.group()
def sources() -> None:
    """The carriers, shops and tools that send events here."""


@sources.command("add")
@click.argument("name")
@click.option("--kind", required=True, help="Its adapter: easypost, generic.")
@click.option("--secret", help="The vendor's signing secret; without it one is made.")
@brand_option
@with_appcontext
def add(name: str, kind: str, secret: str | None, brand_slug: str | None) -> None:
    """Make a source; print the URL to paste and, if one was made, the secret."""
    try:
        added = add_source(services(), chosen_brand(brand_slug).id, name, kind, secret)
    except NotifierError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"URL:    {added.url}")
    if added.secret is not None:
        click.echo(f"Secret: {added.secret}")
