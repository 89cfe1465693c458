"""Commands about people of the business: who signs in, and who goes out."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import click
from flask.cli import with_appcontext

from notifier.cli.context import DAY, brand_option, chosen_brand, chosen_technician, services
from notifier.errors import NotifierError
from notifier.staff import (
    add_staff,
    list_staff,
    make_sign_in_link,
    staff_by_email,
    verify_phone,
)
from notifier.technicians.day_links import make_day_link, revoke_day_links


@click.group()
def staff() -> None:
    """Who signs in to the board."""


@staff.command("add")
@click.argument("name")
@click.argument("email")
@brand_option
@with_appcontext
def add(name: str, email: str, brand_slug: str | None) -> None:
    """Add somebody and print their one-time sign-in link."""
    try:
        staff_id = add_staff(services(), chosen_brand(brand_slug).id, name, email)
    except NotifierError as error:
        raise click.ClickException(str(error)) from error
    click.echo(make_sign_in_link(services(), staff_id))


@staff.command("list")
@brand_option
@with_appcontext
def print_staff(brand_slug: str | None) -> None:
    """Print who signs in, and the address by which `sign-in-link` knows them."""
    brand = chosen_brand(brand_slug)
    found = list_staff(services(), brand.id)
    for one in found:
        notes = [
            "" if one.may_sign_in else "may no longer sign in",
            "their phone gets messages in shadow" if one.phone_verified else "",
        ]
        click.echo("; ".join(part for part in (f"{one.name}  {one.email}", *notes) if part))
    if not found:
        click.echo(f"Nobody is on the staff of {brand.name}. `staff add NAME EMAIL` adds somebody.")


@staff.command("sign-in-link")
@click.argument("email")
@brand_option
@with_appcontext
def sign_in_link(email: str, brand_slug: str | None) -> None:
    """Print a fresh one-time sign-in link for somebody who is on the staff."""
    staff_id = staff_by_email(services(), chosen_brand(brand_slug).id, email)
    if staff_id is None:
        raise click.ClickException(
            "nobody on the staff has that address; `staff list` names them, `staff add` adds one"
        )
    click.echo(make_sign_in_link(services(), staff_id))


@staff.command("verify-phone")
@click.argument("email")
@click.argument("phone")
@brand_option
@with_appcontext
def verify(email: str, phone: str, brand_slug: str | None) -> None:
    """Let a staff phone receive messages even while the brand is in shadow."""
    try:
        verify_phone(services(), chosen_brand(brand_slug).id, email, phone)
    except NotifierError as error:
        raise click.ClickException(str(error)) from error
    click.echo("Messages to this phone go out even in shadow.")


@click.command("day-link")
@click.argument("technician")
@click.option("--day", type=DAY, help="By default today in the brand's zone.")
@click.option("--revoke", is_flag=True, help="Close the links of that day instead.")
@brand_option
@with_appcontext
def day_link(technician: str, day: datetime | None, revoke: bool, brand_slug: str | None) -> None:
    """Print the link to a technician's day: their visits, and buttons made for a thumb."""
    brand = chosen_brand(brand_slug)
    today = services().now().astimezone(ZoneInfo(brand.zone)).date()
    on = day.date() if day else today
    technician_id = chosen_technician(brand.id, technician)
    if revoke:
        revoke_day_links(services(), brand.id, technician_id, on)
        click.echo("Closed.")
        return
    try:
        click.echo(make_day_link(services(), brand.id, technician_id, on))
    except NotifierError as error:
        raise click.ClickException(str(error)) from error
