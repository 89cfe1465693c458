"""Commands about brands: make one, and set it live on purpose."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import click
from flask import current_app
from flask.cli import with_appcontext

from notifier.brands import add_brand, go_live, set_countries, set_quiet_hours, would_go
from notifier.cli.context import chosen_brand, services
from notifier.cli.plain import plain
from notifier.cli.senders import keep_senders
from notifier.domain.quiet.week import brand_hours, say_quiet
from notifier.errors import NotifierError
from notifier.sending.routing import any_configured


@click.group()
def brand() -> None:
    """The businesses as their customers know them."""


@brand.command("add")
@click.argument("slug")
@click.option("--name", required=True, help="As a text begins.")
@click.option("--zone", required=True, help="IANA, e.g. America/Los_Angeles.")
@click.option("--phone", required=True, help="What customers are told to ring.")
@click.option("--country", default="US", show_default=True, help="To read numbers without a +.")
@with_appcontext
def add(slug: str, name: str, zone: str, phone: str, country: str) -> None:
    """Make a brand. It starts in shadow: everything is planned and shown, nothing is sent."""
    try:
        with services().sessions.begin() as session:
            add_brand(
                session, services(), slug=slug, name=name, zone=zone, phone=phone, country=country
            )
    except NotifierError as error:
        raise click.ClickException(str(error)) from error
    keep_senders(current_app.config["SETTINGS"])
    click.echo(f"Made {slug}, in shadow. `.venv/bin/flask --app app brand live {slug}` opens it.")


@brand.command("quiet")
@click.argument("slug")
@click.argument("hours", nargs=-1)
@with_appcontext
def quiet(slug: str, hours: tuple[str, ...]) -> None:
    """Set when nothing is sent, by the reader's clock; without HOURS, print it.

    HOURS: 21:00-08:00 for every day; sun=20:00-10:00 for one; also none, all-day, and
    sun=usual to take a day's own hours away. Stricter hours of law come on top: they are in
    config/quiet_hours.yaml.
    """
    row = chosen_brand(slug)
    pairs = [one.partition("=") for one in hours]
    days = {day: None if own == "usual" else own for day, equals, own in pairs if equals}
    usual = [day for day, equals, _ in pairs if not equals]
    if len(usual) > 1:
        raise click.ClickException("give the hours of every day once, of one day as sun=...")
    try:
        if hours:
            now = set_quiet_hours(
                services(), row.id, usual=usual[0] if usual else None, days=days, actor="cli"
            )
        else:
            now = brand_hours(row.quiet_from, row.quiet_until, row.quiet_days)
    except (NotifierError, ValueError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{slug} is quiet: {say_quiet(now)}.")


@brand.command("countries")
@click.argument("slug")
@click.argument("codes", nargs=-1)
@with_appcontext
def countries(slug: str, codes: tuple[str, ...]) -> None:
    """Set to whose numbers texts go; without CODES, print it.

    CODES: ISO 3166, such as US CA; `own` for the brand's own country alone. Whoever has a
    number elsewhere gets an email; without one, somebody is asked to ring.
    """
    row = chosen_brand(slug)
    texts_to = sorted(row.texts_to)
    try:
        if codes:
            named = [] if codes == ("own",) else [code.upper() for code in codes]
            texts_to = set_countries(services(), row.id, named, actor="cli")
    except NotifierError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{slug} texts to {', '.join(texts_to)}.")


@brand.command("live")
@click.argument("slug")
@click.option("--yes", is_flag=True, help="Don't ask.")
@with_appcontext
def live(slug: str, yes: bool) -> None:
    """Set a brand live. Lists what would go, and asks. What happened before owes nothing."""
    row = chosen_brand(slug)
    if row.live_at is not None:
        click.echo(f"{slug} has been live since {_in_zone(row.live_at, row.zone)}.")
        return
    waiting = would_go(services(), row.id)
    click.echo(f"{len(waiting)} message(s) would go:")
    for one in waiting:
        when = _in_zone(one.send_at, row.zone)
        click.echo(f"  {when}  {one.channel:5}  {one.rule:22}  {plain(one.reference)}")
    if not row.demo and not any_configured(services()):
        click.echo("No provider is configured: all of it ends in the sandbox, nobody gets it.")
    if not yes:
        click.confirm(f"Set {slug} live, so that customers hear from it?", abort=True)
    go_live(services(), row.id, actor="cli")
    click.echo(f"{slug} is live.")


def _in_zone(moment: datetime, zone: str) -> str:
    return f"{moment.astimezone(ZoneInfo(zone)):%a %d %b %H:%M}"
