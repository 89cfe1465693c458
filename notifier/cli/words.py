"""How the command line shows what was found in the words, and what they cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

from notifier.domain.findings import Finding, Level
from notifier.word_linter.costs import Price, TextCost


def echo_findings(findings: Sequence[Finding]) -> None:
    """Print faults to stderr and warnings to stdout, each with what was meant below it."""
    for found in findings:
        failing = found.level is Level.FAILING
        click.echo(f"{'' if failing else 'warning '}{found.subject}: {found.sentence}", err=failing)
        if found.remedy:
            click.echo(f"    {found.remedy}", err=failing)


def echo_costs(costs: Sequence[TextCost], prices: Mapping[str, Price]) -> None:
    """Print a table: segments of each text, and what they cost where a price is known."""
    countries = sorted(prices)
    rows = [["message", "locale", "segments", "first text", *countries]]
    for cost in costs:
        spread = str(cost.most) if cost.fewest == cost.most else f"{cost.fewest}-{cost.most}"
        priced = [prices[country].of(cost.most) for country in countries]
        rows.append([cost.message, cost.locale, spread, str(cost.first), *priced])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))
