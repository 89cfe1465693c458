"""`rules diff`: what another rule set would send differently."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from textwrap import indent
from typing import Any
from zoneinfo import ZoneInfo

import click
from flask.cli import with_appcontext

from notifier.cli.context import brand_option, chosen_brand, services
from notifier.cli.explain import said_moment
from notifier.cli.plain import plain
from notifier.domain.windows import utc_text
from notifier.rule_tools.diff import Change, Difference, Sent, Totals, count_open_jobs, diff_rules
from notifier.rulebook import Rulebook, RulesInvalid, check_rules, load_rulebook

_SIGNS = {Change.ADDED: "+", Change.GONE: "-", Change.CHANGED: "~"}


@click.command("diff")
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
@brand_option
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@with_appcontext
def diff(directory: Path, brand_slug: str | None, form: str) -> None:
    """Show for every open job what the rules in DIRECTORY would send differently.

    Words come from the templates that are in use. Nothing is sent and nothing is written.
    """
    brand = chosen_brand(brand_slug)
    other = other_rules(directory)
    totals = Totals()
    found: list[Difference] = []
    jobs = count_open_jobs(services(), brand.id)
    with click.progressbar(
        diff_rules(services(), brand.id, other),
        length=jobs,
        label="Comparing open jobs",
        file=sys.stderr,
    ) as compared:
        for differences in compared:
            totals.count(differences)
            found += differences
    if form == "json":
        click.echo(json.dumps(_as_json(other, totals, found), indent=2))
        return
    for one in found:
        _print(one)
    _print_totals(other, totals)


def other_rules(directory: Path) -> Rulebook:
    """Return the rules of a folder, checked with the words in use.

    :raises SystemExit: if they have a fault; each is printed with its file and line.
    """
    try:
        rulebook = load_rulebook(directory)
        check_rules(rulebook, services().words)
    except RulesInvalid as error:
        for fault in error.faults:
            click.echo(str(fault), err=True)
        raise SystemExit(1) from error
    return rulebook


def _print(one: Difference) -> None:
    zone = ZoneInfo(one.zone)
    said = f"{one.change}: {', '.join(one.differs_in)}" if one.differs_in else str(one.change)
    role = one.role.replace("_", " ")
    click.echo(f"{_SIGNS[one.change]} {plain(one.reference)}, the {role}, {one.rule} ({said})")
    sides = [("now  ", one.now)] if one.change is not Change.ADDED else []
    sides += [("then ", one.then)] if one.change is not Change.GONE else []
    for label, sent in sides:
        if sent is not None:
            _print_sent(label, sent, zone)


def _print_sent(label: str, sent: Sent, zone: ZoneInfo) -> None:
    click.echo(f"    {label}{sent.channel} at {said_moment(sent.send_at, zone)}")
    if sent.subject is not None:
        click.echo(f"         Subject: {sent.subject}")
    words = sent.body if sent.body is not None else f"no words: {sent.why_none}"
    click.echo(indent(words, "         "))


def _print_totals(other: Rulebook, totals: Totals) -> None:
    click.echo(
        f"{totals.jobs_that_differ} of {totals.jobs} open jobs would differ under rule set "
        f"{other.hash} (in force: {services().rulebook.hash}). Nothing was sent."
    )
    if not totals.rules:
        return
    width = max(len(rule) for rule in totals.rules)
    click.echo(f"  {'rule':{width}}  {'added':>7} {'gone':>7} {'changed':>7}")
    for rule in totals.rules:
        counts = totals.of(rule)
        numbers = " ".join(f"{counts[change]:>7}" for change in Change)
        click.echo(f"  {rule:{width}}  {numbers}")


def _as_json(other: Rulebook, totals: Totals, found: list[Difference]) -> dict[str, Any]:
    return {
        "rules": {"in_force": services().rulebook.hash, "other": other.hash},
        "jobs": totals.jobs,
        "jobs_that_differ": totals.jobs_that_differ,
        "totals": {
            rule: {str(change): count for change, count in totals.of(rule).items()}
            for rule in totals.rules
        },
        "items": [
            {
                "job": one.reference,
                "role": one.role,
                "rule": one.rule,
                "change": one.change,
                "differs_in": list(one.differs_in),
                "now": _sent_json(one.now),
                "then": _sent_json(one.then),
            }
            for one in found
        ],
    }


def _sent_json(sent: Sent | None) -> dict[str, Any] | None:
    if sent is None:
        return None
    return {
        "channel": sent.channel,
        "send_at": utc_text(sent.send_at),
        "subject": sent.subject,
        "body": sent.body,
        "why_none": sent.why_none,
    }
