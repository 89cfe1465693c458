"""Which brand a command is about, where nobody says it."""

from __future__ import annotations

from flask.testing import FlaskCliRunner

from notifier.services import Services
from tests.services import given_brand


def test_an_unknown_brand_is_a_sentence_that_names_those_there_are(
    run: FlaskCliRunner, services: Services
) -> None:
    """No traceback, and no key."""
    given_brand(services)

    result = run.invoke(args=["create-api-key", "shop", "--brand", "nortside"])

    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr == "Error: there is no brand 'nortside'; there are: northside\n"


def test_which_of_several_brands_must_be_said(run: FlaskCliRunner, services: Services) -> None:
    """The demo doesn't count: with one real brand nothing need be said."""
    given_brand(services)
    given_brand(services, slug="demo", demo=True)
    assert run.invoke(args=["create-api-key", "shop"]).exit_code == 0

    given_brand(services, slug="southside")
    result = run.invoke(args=["create-api-key", "shop"])

    assert result.exit_code == 1
    assert "--brand: northside, southside" in result.stderr


def test_without_any_brand_the_next_step_is_said(run: FlaskCliRunner) -> None:
    """An empty database is told apart from a wrong name."""
    result = run.invoke(args=["create-api-key", "shop"])

    assert result.exit_code == 1
    assert "no brand yet" in result.stderr
