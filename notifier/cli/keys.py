"""The command that makes an API key."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from notifier.api_keys import create_api_key
from notifier.cli.context import brand_option, chosen_brand, services


@click.command("create-api-key")
@click.argument("name")
@brand_option
@with_appcontext
def create_api_key_command(name: str, brand_slug: str | None) -> None:
    """Make a key for the API and print it, and nothing else. It is shown this once."""
    click.echo(create_api_key(services(), chosen_brand(brand_slug).id, name))
