"""The command line: `flask --app app COMMAND`."""

from __future__ import annotations

from flask import Flask

from notifier.cli import (
    brands,
    doctor,
    explain,
    importing,
    keys,
    report,
    restored,
    rules,
    serving,
    sources,
    staff,
    technicians,
)


def register_commands(app: Flask) -> None:
    """Add every command to `flask --app app`."""
    for command in (
        serving.serve,
        serving.worker,
        serving.migrate,
        restored.restored,
        brands.brand,
        keys.create_api_key_command,
        keys.revoke_api_key_command,
        staff.staff,
        staff.day_link,
        technicians.technicians,
        sources.sources,
        importing.import_file,
        rules.rules,
        explain.explain,
        report.report,
        doctor.doctor,
    ):
        app.cli.add_command(command)
