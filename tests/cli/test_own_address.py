"""Addresses that commands print: those of the product that runs beside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from notifier.cli.own_address import leave_address, left_address
from notifier.services import Services
from tests.services import given_brand

ELSEWHERE = "http://127.0.0.1:18300"


@pytest.fixture
def runs_elsewhere(services: Services) -> Iterator[None]:
    """Let the product have been started at another port, with the database of the commands."""
    given_brand(services)
    leave_address(replace(services, public_url=ELSEWHERE))
    yield
    Path(f"{services.sessions.kw['bind'].url.database}.address").unlink()


@pytest.mark.usefixtures("runs_elsewhere")
def test_commands_print_where_the_product_runs(run: FlaskCliRunner) -> None:
    """`PORT=18300 make run` set the port of that process alone: these know of none."""
    added = run.invoke(args=["sources", "add", "shop", "--kind", "generic"])
    rotated = run.invoke(args=["sources", "rotate", "shop"])
    signing_in = run.invoke(args=["staff", "add", "Dee", "dee@northside.example"])

    assert f"{ELSEWHERE}/webhooks/in/shop\n" in added.stdout
    assert f"{ELSEWHERE}/webhooks/in/shop\n" in rotated.stdout
    assert signing_in.stdout.startswith(f"{ELSEWHERE}/sign-in/")


@pytest.mark.usefixtures("runs_elsewhere")
def test_an_address_that_is_set_counts_more(app: Flask, run: FlaskCliRunner) -> None:
    """By PUBLIC_URL, HOST or PORT: whoever sets it for the command means it."""
    settings = app.config["SETTINGS"]
    app.config["SETTINGS"] = settings.model_copy(update={"public_url": "https://n.example.com"})

    signing_in = run.invoke(args=["staff", "add", "Dee", "dee@northside.example"])

    assert signing_in.stdout.startswith("http://127.0.0.1:9/sign-in/")


def test_where_nothing_was_left_nothing_changes(services: Services) -> None:
    """The product was never started with this database, or not since there are addresses."""
    assert left_address(services) is None
