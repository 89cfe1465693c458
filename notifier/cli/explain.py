"""`explain`: why each rule speaks or is silent about one job, now or in the past."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import click
from flask.cli import with_appcontext

from notifier.cli.context import brand_option, chosen_brand, services
from notifier.domain.messages import Role
from notifier.domain.windows import Expectation, Window
from notifier.errors import NotifierError
from notifier.explain import Explained, Explanation, explanation_of, of_person
from notifier.reading import job_named
from notifier.rule_tools.reason_sentences import sentence_of
from notifier.store.engine import reading

_INDENT = "      "


@click.command()
@click.argument("reference")
@brand_option
@click.option("--at", "at_text", help="As things stood then: 2026-11-24T10:30, in the job's zone.")
@click.option("--person", "role", type=click.Choice([role.value for role in Role]))
@click.option("--rule", help="Only this rule.")
@with_appcontext
def explain(
    reference: str, brand_slug: str | None, at_text: str | None, role: str | None, rule: str | None
) -> None:
    """Say of every rule whether it speaks about the job REFERENCE, and why or why not."""
    brand = chosen_brand(brand_slug)
    try:
        with reading(services().sessions) as session:
            job = job_named(session, brand.id, reference)
        at = moment_in(at_text, ZoneInfo(job.zone)) if at_text is not None else None
        explanation = explanation_of(services(), brand.id, job.id, at=at)
    except NotifierError as error:
        raise click.ClickException(str(error)) from error
    items = of_person(explanation.items, role, rule)
    if not items:
        raise click.ClickException(_what_found_nothing(explanation, role, rule))
    _print_head(explanation)
    people: dict[object, list[Explained]] = {}
    for one in items:
        people.setdefault(one.job_person_id, []).append(one)
    for decisions in people.values():
        _print_person(explanation, decisions)


def _what_found_nothing(explanation: Explanation, role: str | None, rule: str | None) -> str:
    """Return which of the two was not there, with what there is instead."""
    rules = sorted({one.rule for one in explanation.items})
    roles = sorted({str(one.role) for one in explanation.items})
    missing = []
    if rule is not None and rule not in rules:
        missing.append(f"--rule {rule} found nothing; the rules for this job: {', '.join(rules)}")
    if role is not None and role not in roles:
        missing.append(f"--person {role} found nobody; the people of this job: {', '.join(roles)}")
    if rule in rules and role in roles:
        missing.append(f"--rule {rule} says nothing of --person {role}")
    return "; ".join(missing) or "there is nothing to explain: no rule is for such a job"


def moment_in(text: str, zone: ZoneInfo) -> datetime:
    """Return the moment that `text` names, in `zone` unless it names its own.

    :raises click.ClickException: if it is none.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.ClickException(
            f"{text!r} is no moment; write it as in 2026-11-24T10:30 or 2026-11-24T10:30Z"
        ) from error
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)


def said_moment(moment: datetime, zone: ZoneInfo) -> str:
    """Return a moment as the command line writes it: `Tue 24 Nov 2026 10:30 PST`."""
    return f"{moment.astimezone(zone):%a %d %b %Y %H:%M:%S %Z}"


def _print_head(explanation: Explanation) -> None:
    state, zone = explanation.state, explanation.zone
    when = "as it stood" if explanation.is_past else "as it stands"
    click.echo(f"{explanation.reference}, {when} on {said_moment(explanation.at, zone)}")
    held = ", on hold" if explanation.held else ""
    click.echo(f"  {state.kind}, {state.status}{held}")
    click.echo(f"  agreed    {_window(state.agreed, zone)}")
    click.echo(f"  expected  {_window(state.expected, zone)}")
    since = (
        f"in force since {said_moment(explanation.rules_since, zone)}"
        if explanation.rules_since is not None
        else "not on record since when"
    )
    click.echo(f"  rule set  {explanation.rules_hash}, {since}")


def _window(said: Expectation | None, zone: ZoneInfo) -> str:
    if said is None:
        return "none"
    if not isinstance(said, Window):
        return str(said)
    start, end = said.start.astimezone(zone), said.end.astimezone(zone)
    return f"{start:%a %d %b %H:%M} to {end:%a %d %b %H:%M %Z}"


def _print_person(explanation: Explanation, decisions: Sequence[Explained]) -> None:
    common = _common(decisions)
    click.echo(f"\n{decisions[0].role}")
    if common:
        click.echo(f"  what the rules saw: {_values(common)}")
    for one in decisions:
        _print_decision(explanation, one, common)


def _common(decisions: Sequence[Explained]) -> dict[str, object]:
    """Return the values that are the same for every rule: said once."""
    first = decisions[0].values
    return {
        name: value
        for name, value in first.items()
        if name not in _SAID_APART and all(one.values.get(name) == value for one in decisions)
    }


_SAID_APART = frozenset({"messages", "passed_over", "failed"})


def _print_decision(explanation: Explanation, one: Explained, common: dict[str, object]) -> None:
    click.echo(f"  {'owed    ' if one.owed else 'not owed'}  {one.rule}: {sentence_of(one.reason)}")
    for reason in one.in_the_way:
        if reason != one.reason:
            click.echo(f"{_INDENT}in the way: {sentence_of(reason)}")
    if one.send_at is not None:
        click.echo(
            f"{_INDENT}goes as {one.channel} at {said_moment(one.send_at, explanation.zone)}"
        )
    failed = f"  (fails: {one.values['failed']})" if "failed" in one.values else ""
    click.echo(f"{_INDENT}condition: {one.when}{failed}")
    own = {
        name: value
        for name, value in one.values.items()
        if name not in common and name not in _SAID_APART
    }
    if own:
        click.echo(f"{_INDENT}saw: {_values(own)}")
    passed_over = one.values.get("passed_over")
    if isinstance(passed_over, list):
        click.echo(f"{_INDENT}passed over: {', '.join(map(str, passed_over))}")
    messages = one.values.get("messages")
    for fate in messages if isinstance(messages, list) else []:
        why = f": {sentence_of(fate['reason'])}" if fate["reason"] else ""
        click.echo(f"{_INDENT}{fate['channel']} {fate['status']}{why}")


def _values(values: dict[str, object]) -> str:
    return ", ".join(f"{name}={_value(value)}" for name, value in values.items())


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if str(value) else "none"
