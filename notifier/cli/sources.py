"""Commands about sources: the integrations that send facts."""

from __future__ import annotations

import sys
from datetime import timedelta
from uuid import UUID

import click
from flask.cli import with_appcontext

from notifier.cli.context import brand_option, chosen_brand, services
from notifier.cli.plain import plain
from notifier.domain.deliveries import DeliveryStatus
from notifier.domain.jobs import JobStatus
from notifier.errors import NotifierError
from notifier.webhooks.health import REFUSED_FOR, SourceHealth, read_sources
from notifier.webhooks.set_up import (
    AddedSource,
    add_source,
    end_rotation,
    give_key,
    rotate_secret,
    set_live,
    set_said,
    set_stopped,
    what_key,
)
from notifier.webhooks.unread import put_aside, read_unread, replay

#: What shops write of an order themselves, and rules can leave to them.
_SAYABLE = (JobStatus.ORDERED, JobStatus.SHIPPED, JobStatus.OUT_FOR_DELIVERY, JobStatus.DELIVERED)


@click.group()
def sources() -> None:
    """The carriers, shops and tools that send events here."""


@sources.command("add")
@click.argument("name")
@click.option("--kind", required=True, help="Its adapter; one that is none names them all.")
@click.option("--secret", help="The vendor's signing secret; without it one is made.")
@brand_option
@with_appcontext
def add(name: str, kind: str, secret: str | None, brand_slug: str | None) -> None:
    """Make a source; print the URL to paste and, if one was made, the secret."""
    try:
        added = add_source(services(), chosen_brand(brand_slug).id, name, kind, secret)
    except NotifierError as error:
        raise click.ClickException(str(error)) from error
    _print(added)
    if added.needs_key:
        click.echo(
            f"Key:    `.venv/bin/flask --app app sources key {name}` takes the one to ask it with."
        )
    click.echo(
        f"Nobody hears of what it says until `.venv/bin/flask --app app sources live {name}`."
    )


@sources.command("live")
@click.argument("name")
@with_appcontext
def live(name: str) -> None:
    """Let a source count from now on. What it said before stays on record, and owes nothing."""
    try:
        is_new = set_live(services(), name, actor="cli")
    except NotifierError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{name} is live." if is_new else f"{name} is live already.")


@sources.command("stop")
@click.argument("name")
@with_appcontext
def stop(name: str) -> None:
    """Let what a source says count no more: it is on record, and owes nothing to anybody.

    Nothing that waits of the jobs that it booked goes out. `sources live` lets it count again.
    """
    try:
        counted = set_stopped(services(), name, actor="cli")
    except NotifierError as error:
        raise click.ClickException(str(error)) from error
    click.echo(
        f"{name} counts no more, until `.venv/bin/flask --app app sources live {name}`."
        if counted
        else f"{name} is not live."
    )


@sources.command("says")
@click.argument("name")
@click.argument(
    "statuses", nargs=-1, type=click.Choice([*(one.value for one in _SAYABLE), "nothing"])
)
@with_appcontext
def says(name: str, statuses: tuple[str, ...]) -> None:
    """Say what the vendor tells customers itself, so that we don't: all of it, or `nothing`.

    STATUSES: of an order that the source booked.
    """
    said = [JobStatus(status) for status in statuses if status != "nothing"]
    if not statuses or (said and "nothing" in statuses):
        raise click.ClickException("Name all that the vendor says itself, or `nothing` alone.")
    try:
        set_said(services(), name, said, actor="cli")
    except NotifierError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{name} says itself: {', '.join(said) or 'nothing'}. The rest is ours.")


@sources.command("list")
@brand_option
@with_appcontext
def list_sources(brand_slug: str | None) -> None:
    """Print how each source is doing."""
    found = read_sources(services(), chosen_brand(brand_slug).id)
    for source in found:
        click.echo(_line(source))
        if source.lacks_key:
            click.echo(f"  it has no key to ask its vendor with: `sources key {source.name}`")
        if source.why is not None:
            click.echo(f"  failed last: {plain(source.why)}")
        if source.refused:
            click.echo(f"  refused last: {REFUSED_FOR[next(iter(source.refused))]}")
    if not found:
        click.echo("There is no source. `sources add NAME --kind KIND` makes one.")


@sources.command("rotate")
@click.argument("name")
@click.option("--secret", help="The vendor's new secret; without it one is made.")
@with_appcontext
def rotate(name: str, secret: str | None) -> None:
    """Let a second secret count beside the first, until `sources rotated`."""
    try:
        _print(rotate_secret(services(), name, secret))
    except NotifierError as error:
        raise click.ClickException(str(error)) from error


@sources.command("rotated")
@click.argument("name")
@with_appcontext
def rotated(name: str) -> None:
    """Let the second secret be the only one: the vendor signs with it now."""
    try:
        end_rotation(services(), name)
    except NotifierError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"What is signed with the old secret of {name} is refused from now on.")


@sources.command("key")
@click.argument("name")
@with_appcontext
def take_key(name: str) -> None:
    """Take the key to ask the source's vendor with: typed unseen, or from standard input.

    It is never an argument, for those are seen in lists of processes and kept by shells.
    """
    try:
        wanted = f"The key of {name} ({what_key(services(), name)})"
        typed = sys.stdin.isatty()
        key = click.prompt(wanted, hide_input=True) if typed else sys.stdin.readline()
        give_key(services(), name, key.strip())
    except NotifierError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Kept. `sources replay {name}` reads again what failed for want of it.")


@sources.command("replay")
@click.argument("name")
@click.option("--ignored", is_flag=True, help="Also what meant nothing to us when it came.")
@click.option("--delivery", type=click.UUID, help="This one alone: `sources unread` names them.")
@with_appcontext
def replay_deliveries(name: str, ignored: bool, delivery: UUID | None) -> None:
    """Read again what could not be read: after an update, or when it was corrected elsewhere."""
    try:
        again = replay(services(), name, actor="cli", ignored_too=ignored, only=delivery)
    except NotifierError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{again} are read again. `sources list` says what became of them.")


@sources.command("unread")
@click.argument("name")
@with_appcontext
def list_unread(name: str) -> None:
    """Print what the source sent and is not on record: what failed, and what waits."""
    try:
        unread = read_unread(services(), name)
    except NotifierError as error:
        raise click.ClickException(str(error)) from error
    for one in unread.latest:
        about = plain(one.about or "-")
        click.echo(f"{one.id}  {one.received_at:%Y-%m-%d %H:%M} UTC  {one.status}  {about}")
        click.echo(f"  {plain(one.why)}")
        if one.taken_off is not None:
            click.echo(f"  it was taken off order {plain(one.taken_off)}")
        if one.vendors_id is not None:
            click.echo(f"  came as {plain(one.vendors_id)}")
    if unread.number > len(unread.latest):
        click.echo(f"These are the latest of {unread.number}.")
    if unread.being_read:
        click.echo(f"About to be read: {unread.being_read}.")
    if not (unread.number or unread.being_read):
        click.echo(f"All that {name} sent is on record, or meant nothing to us.")


@sources.command("put-aside")
@click.argument("name")
@click.option("--delivery", type=click.UUID, help="This one alone: `sources unread` names them.")
@click.option("--yes", is_flag=True, help="Don't ask.")
@with_appcontext
def put_deliveries_aside(name: str, delivery: UUID | None, yes: bool) -> None:
    """Let what failed count as nothing for us: it was corrected elsewhere, or never ours."""
    if delivery is None and not yes:
        click.confirm(f"Put aside all of {name} that could not be read?", abort=True)
    try:
        aside = put_aside(services(), name, actor="cli", only=delivery)
    except NotifierError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{aside} are put aside. `sources replay {name} --ignored` reads them again.")


def _print(added: AddedSource) -> None:
    click.echo(f"URL:    {added.url}")
    if added.secret is not None:
        click.echo(f"Secret: {added.secret}")


def _line(source: SourceHealth) -> str:
    counts = ", ".join(
        f"{source.counts[status]} {status}"
        for status in DeliveryStatus
        if source.counts.get(status)
    )
    last = f"{source.last_at:%Y-%m-%d %H:%M} UTC" if source.last_at is not None else "never"
    parts = [f"{source.name} ({source.kind})", "" if source.live else "not live"]
    parts += [f"last heard of {last}", counts]
    if source.refused:
        parts.append(f"{sum(source.refused.values())} refused")
    if source.late_by is not None:
        parts.append(f"its news is {_length(source.late_by)} late")
    if source.rotating:
        parts.append("two secrets count")
    if source.says_itself:
        parts.append(f"says itself: {', '.join(source.says_itself)}")
    return "; ".join(part for part in parts if part)


def _length(late: timedelta) -> str:
    minutes = max(0, round(late.total_seconds() / 60))
    return f"{minutes} min" if minutes < 120 else f"{round(minutes / 60)} h"
