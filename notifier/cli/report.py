"""Commands that report: what was promised, and what became of it."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime

import click
from flask.cli import with_appcontext

from notifier.cli.context import DAY, brand_option, chosen_brand, services
from notifier.domain.ledger.report import ReportLine
from notifier.errors import NotifierError
from notifier.report import By, report_promises

#: A table's columns: their heads, as short as a terminal asks for.
_HEADS = {
    "group": "",
    "reached": "reached",
    "promises": "promises",
    "kept": "kept",
    "moved_in_time": "in time",
    "moved_late": "late",
    "broken": "broken",
    "never_told": "never told",
    "open": "open",
    "no_word": "no word",
    "knew_before_start": "before start",
    "knew_before_tell_by": "before tell_by",
    "share_before_tell_by": "told in time",
    "second": "second kept",
}

_MINUTES = ("knew_before_start", "knew_before_tell_by")

#: What a spreadsheet takes for the start of a formula, wherever the cell came from.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


@click.group()
def report() -> None:
    """What became of what was promised."""


@report.command("promises")
@click.option("--since", required=True, type=DAY, help="First day that they were due.")
@click.option("--until", type=DAY, help="Last day; by default today.")
@click.option("--by", type=click.Choice([by.value for by in By]), help="A line for each.")
@click.option(
    "--format",
    "style",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
)
@brand_option
@with_appcontext
def promises(
    since: datetime, until: datetime | None, by: str | None, style: str, brand_slug: str | None
) -> None:
    """How promises ended: kept, moved in time, moved late, broken, never told.

    Withdrawn ones are nowhere, and what only repeats a promise is not counted again. What was
    presumed to have arrived has lines of its own.
    """
    try:
        lines = report_promises(
            services(),
            chosen_brand(brand_slug).id,
            since=since.date(),
            until=until.date() if until is not None else None,
            by=By(by) if by is not None else None,
            progress=_show_progress,
        )
    except NotifierError as error:
        raise click.ClickException(str(error)) from error
    if style == "json":
        click.echo(json.dumps([asdict(line) for line in lines], indent=2))
    elif style == "csv":
        click.echo(_csv(lines), nl=False)
    elif lines:
        click.echo(_table(lines))
    else:
        click.echo(f"Nothing was due since {since:%Y-%m-%d}.")


def _show_progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        end = "\n" if done == total else ""
        click.echo(f"\r{done} of {total} jobs{end}", err=True, nl=False)


def _csv(lines: Sequence[ReportLine]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, [f.name for f in fields(ReportLine)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(line) | {"group": _as_text(line.group)} for line in lines)
    return text.getvalue()


def _as_text(value: str) -> str:
    """Return `value` so that a spreadsheet shows it, and never runs it as a formula.

    The group is the only column with words of others: names of technicians and sources.
    """
    return f"'{value}" if value.lstrip(" ").startswith(_FORMULA) else value


def _table(lines: Sequence[ReportLine]) -> str:
    rows = [list(_HEADS.values()), *([_cell(line, name) for name in _HEADS] for line in lines)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(_HEADS))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if place < 2 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _cell(line: ReportLine, name: str) -> str:
    if name == "second":
        return f"{line.second_kept} of {line.second_times}" if line.second_times else "-"
    value = getattr(line, name)
    if value is None:
        return "-"
    if name == "share_before_tell_by":
        return f"{value:.0%}"
    return _span(value) if name in _MINUTES else str(value)


def _span(minutes: int) -> str:
    """Return minutes as people say them: `1 h 15 min`; below zero, too late by so much."""
    sign = "-" if minutes < 0 else ""
    hours, rest = divmod(abs(minutes), 60)
    return f"{sign}{hours} h {rest} min" if hours else f"{sign}{rest} min"
