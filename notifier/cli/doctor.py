"""The command that says what is ill and what to do about it."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import with_appcontext

from notifier.checkup.diagnosis import diagnose
from notifier.cli.context import services
from notifier.domain.findings import Finding, Level

_COLOURS = {Level.OK: "green", Level.WARNING: "yellow", Level.FAILING: "red"}


@click.command()
@with_appcontext
def doctor() -> None:
    """Check address, credentials, senders, rules and database; fails if anything does.

    It sends nothing and prints no secret.
    """
    findings = diagnose(
        services(), webhook_key=current_app.config["SETTINGS"].sendgrid_webhook_public_key
    )
    for finding in findings:
        click.echo(_line(finding))
    if any(finding.level is Level.FAILING for finding in findings):
        raise SystemExit(1)


def _line(finding: Finding) -> str:
    level = click.style(f"{finding.level:8}", fg=_COLOURS[finding.level])
    remedy = f" {finding.remedy}" if finding.remedy else ""
    return f"{level} {finding.subject}: {finding.sentence}{remedy}"
