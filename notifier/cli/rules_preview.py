"""`rules preview`: the words of one rule for one job."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from textwrap import indent
from zoneinfo import ZoneInfo

import click
from flask.cli import with_appcontext

from notifier.cli.context import brand_option, chosen_brand, services
from notifier.cli.explain import said_moment
from notifier.cli.rules_diff import other_rules
from notifier.domain.messages import Role
from notifier.errors import NotifierError
from notifier.reading import job_named
from notifier.rule_tools.preview import PreviewedWords, RulePreview, preview_rule
from notifier.rule_tools.reason_sentences import SENTENCES
from notifier.store.engine import reading


@click.command("preview")
@click.argument("rule")
@click.option("--job", "reference", required=True, help="The reference of the job.")
@click.option("--person", "role", type=click.Choice([role.value for role in Role]))
@click.option(
    "--rules",
    "directory",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Read the rules of this folder instead of those in force.",
)
@brand_option
@with_appcontext
def preview(
    rule: str, reference: str, role: str | None, directory: Path | None, brand_slug: str | None
) -> None:
    """Print the words of RULE for a job as they would go out; nothing is sent or written."""
    brand = chosen_brand(brand_slug)
    asked = services()
    if directory is not None:
        asked = replace(asked, rulebook=other_rules(directory))
    try:
        with reading(services().sessions) as session:
            job = job_named(session, brand.id, reference)
        if asked.rulebook.rule(rule) is None and directory is None:
            click.echo("These are the rules in force; --rules DIR reads another folder.", err=True)
        found = preview_rule(asked, brand.id, job.id, rule, role=role)
    except NotifierError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{rule} for {reference}")
    for one in found:
        _print(one, ZoneInfo(job.zone))


def _print(one: RulePreview, zone: ZoneInfo) -> None:
    if one.send_at is not None and one.trial:
        planned = said_moment(one.send_at, zone)
        standing = f"on trial, so nothing is sent; planned for {planned}"
    elif one.send_at is not None:
        standing = f"owed, goes at {said_moment(one.send_at, zone)}"
    else:
        why = SENTENCES.get(one.reason, one.reason)
        standing = f"not owed now: {why} This is what it would say all the same."
        if one.example is not None:
            standing += f" Its times are an example: {one.example}."
    click.echo(f"\nTo the {one.role.replace('_', ' ')}: {standing}")
    for words in one.words:
        _print_words(words)


def _print_words(words: PreviewedWords) -> None:
    name = "Text" if words.channel == "sms" else "Email"
    if words.body is None:
        why = words.why_none or ""
        click.echo(f"\n  {name}: none. {SENTENCES.get(why, why)}")
        return
    cost = f", {words.segments} segment{'' if words.segments == 1 else 's'}"
    click.echo(f"\n  {name}{cost if words.segments else ''}:")
    if words.subject is not None:
        click.echo(f"    Subject: {words.subject}")
    click.echo(indent(words.body, "    "))
