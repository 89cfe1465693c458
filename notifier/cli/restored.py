"""The command between a restored backup and the first worker."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from notifier.cli.context import services
from notifier.errors import NotifierError
from notifier.sending.restored import doubt_what_fell_due

_BY_HAND = """\
Not on record is what happened since then. Before you start a worker:
  1. Record what staff know: cancellations, delays and bookings of that time, on the board or
     by the API. What is off must not be told as if it were on.
  2. Let each vendor send again what it sent since, where it can; it took our answer for
     received. `sources replay NAME` reads what is in the backup, and nothing later.
  3. Close what was closed: take over who answered STOP (Twilio refuses texts to them itself,
     and that closes the number here), and who left by the link in an email.
Then start one, and see to its tasks. docs/operations.md, Restoring a backup, has all of it."""


@click.command()
@with_appcontext
def restored() -> None:
    """Say that a backup was restored: what has fallen due since is found out, not sent blindly.

    Run it after `migrate`, while no worker runs: neither `worker` nor `serve`.
    """
    try:
        doubted = doubt_what_fell_due(services())
    except NotifierError as error:
        raise click.ClickException(str(error)) from error
    if doubted.since is None:
        click.echo("No worker ever ran on this database: nothing of it has gone.")
        return
    click.echo(f"A worker's last sign of life in it: {doubted.since:%Y-%m-%d %H:%M} UTC.")
    click.echo(
        f"{doubted.looked_for} message(s) are looked for at the provider, once a worker runs:"
        " those that went are not sent again."
    )
    click.echo(f"{doubted.held} message(s) may have gone, and nobody can look: each is a task.")
    click.echo(_BY_HAND)
