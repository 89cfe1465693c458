"""Commands that make and end API keys."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from notifier.api_keys import create_api_key, revoke_api_keys
from notifier.cli.context import brand_option, chosen_brand, services


@click.command("create-api-key")
@click.argument("name")
@brand_option
@with_appcontext
def create_api_key_command(name: str, brand_slug: str | None) -> None:
    """Make a key for the API and print it, and nothing else. It is shown this once."""
    click.echo(create_api_key(services(), chosen_brand(brand_slug).id, name))


@click.command("revoke-api-key")
@click.argument("name")
@brand_option
@with_appcontext
def revoke_api_key_command(name: str, brand_slug: str | None) -> None:
    """End every key of that name at once."""
    ended = revoke_api_keys(services(), chosen_brand(brand_slug).id, name)
    if not ended:
        raise click.ClickException("no key of that name is in use")
    click.echo(f"Ended {ended} key(s) named {name}.")
