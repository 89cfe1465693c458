"""`import`: a day's appointments or orders from a CSV file."""

from __future__ import annotations

from typing import BinaryIO

import click
from flask.cli import with_appcontext

from notifier.cli.context import brand_option, chosen_brand, services
from notifier.cli.plain import plain
from notifier.domain.facts import FactSource
from notifier.errors import NotifierError
from notifier.importing.bookings import (
    Outcome,
    Preview,
    Seen,
    import_lines,
    preview_import,
)
from notifier.importing.saying import OUTCOME, say_counts, say_reach, say_time
from notifier.importing.tables import MOST_BYTES
from notifier.store.tables import Brand
from notifier.web.api.bookings_csv import read_lines


@click.command("import")
@click.argument("file", type=click.File("rb"))
@brand_option
@click.option("--yes", is_flag=True, help="Don't ask.")
@with_appcontext
def import_file(file: BinaryIO, brand_slug: str | None, yes: bool) -> None:
    """Book what stands in the CSV FILE (- for what is piped in): all of it, or nothing.

    Prints a line for each line first, and asks. The same file again changes nothing. The
    columns are listed in docs/integrations/csv.md.
    """
    brand = chosen_brand(brand_slug)
    try:
        lines = read_lines(file.read(MOST_BYTES + 1), zone=brand.zone, country=brand.country)
        preview = preview_import(services(), brand.id, lines)
        _print(preview, brand)
        if not preview.whole:
            raise click.ClickException("Nothing was imported. Mend these lines, then try again.")
        if not preview.count(Outcome.NEW):
            return
        if not yes:
            click.confirm(f"Import {preview.count(Outcome.NEW)}?", abort=True)
        imported = import_lines(
            services(),
            brand.id,
            lines,
            expecting=preview.version,
            source=FactSource.STAFF,
            actor="cli",
        )
    except NotifierError as error:
        raise click.ClickException(str(error)) from error
    if not imported.done:
        _print(imported.preview, brand)
        raise click.ClickException("Nothing was imported: what it would do has changed. See above.")
    click.echo(f"Imported {imported.preview.count(Outcome.NEW)}.")


def _print(preview: Preview, brand: Brand) -> None:
    for seen in preview.lines:
        click.echo(_line(seen, brand))
        for fault in seen.faults:
            click.echo(f"      {fault.column}: {fault.sentence}")
    click.echo(say_counts(preview))


def _line(seen: Seen, brand: Brand) -> str:
    line = seen.line
    parts = [f"{line.number:>4}", OUTCOME[seen.outcome], str(line.kind), plain(line.reference)]
    if line.new is not None:
        locale = brand.locale if brand.locale.startswith("en") else "en"
        now = services().now()
        parts.append(say_time(line.new, zone=brand.zone, now=now, locale=locale))
        parts.append(say_reach(line.new))
    return "  ".join(part for part in parts if part)
