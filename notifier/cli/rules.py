"""Commands about rules."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import with_appcontext

from notifier.cli.context import services
from notifier.rulebook import RulesInvalid, check_rules, load_rulebook


@click.group()
def rules() -> None:
    """What is sent when."""


@rules.command("check")
@click.argument(
    "directory", default="rules", type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@with_appcontext
def check(directory: Path) -> None:
    """Check the rules and their words; name each fault with its file and line."""
    try:
        rulebook = load_rulebook(directory)
        check_rules(rulebook, services().words)
    except RulesInvalid as error:
        for fault in error.faults:
            click.echo(str(fault), err=True)
        raise SystemExit(1) from error
    on = sum(rule.enabled for rule in rulebook.rules)
    click.echo(f"{len(rulebook.rules)} rules are well, {on} of them on (rule set {rulebook.hash}).")
