"""Commands about rules."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import with_appcontext

from notifier.cli.context import services
from notifier.cli.rules_diff import diff
from notifier.cli.rules_preview import preview
from notifier.cli.words import echo_costs, echo_findings
from notifier.rule_tools.reference import rule_reference, shipped_rules
from notifier.rulebook import RulesInvalid, check_rules, load_rulebook
from notifier.word_linter.checks import check_words
from notifier.word_linter.costs import check_costs, load_prices, text_costs
from notifier.yaml_files import YamlInvalid


@click.group()
def rules() -> None:
    """What is sent when."""


rules.add_command(preview)
rules.add_command(diff)


@rules.command("check")
@click.argument(
    "directory", default="rules", type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option("--words", "show_words", is_flag=True, help="Show the segments and cost of each.")
@click.option(
    "--prices",
    default="config/sms_prices.yaml",
    type=click.Path(dir_okay=False, path_type=Path),
    help="What a segment costs, by country.",
)
@with_appcontext
def check(directory: Path, show_words: bool, prices: Path) -> None:
    """Check the rules and their words; name each fault with its file and line.

    Warnings, such as a text of two segments, are shown and don't fail it.
    """
    words = services().words
    locales = words.locales()
    try:
        rulebook = load_rulebook(directory)
        check_rules(rulebook, words, locales)
        known = load_prices(prices)
    except (RulesInvalid, YamlInvalid) as error:
        for fault in error.faults:
            click.echo(str(fault), err=True)
        raise SystemExit(1) from error
    messages = sorted(words.messages("en"))  # also those that no rule uses yet
    echo_findings(check_costs(words, messages, locales))
    if show_words:
        for locale in locales:
            echo_costs(text_costs(words, messages, locale), known)
    faults = check_words(words, messages, locales)
    if faults:
        echo_findings(faults)
        raise SystemExit(1)
    on = sum(rule.enabled for rule in rulebook.rules)
    click.echo(f"{len(rulebook.rules)} rules are well, {on} of them on (rule set {rulebook.hash}).")


@rules.command("reference")
@click.option(
    "--output",
    default="docs/rules-reference.md",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write it.",
)
def reference(output: Path) -> None:
    """Write the page that says all that a rule can say."""
    output.write_text(rule_reference(shipped_rules()), encoding="utf-8")
    click.echo(f"{output} is written.")
