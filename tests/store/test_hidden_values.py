"""What goes wrong with a statement is told without what was to be written, or looked for."""

from __future__ import annotations

import traceback

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker


@pytest.mark.parametrize("values", [{"name": "Ada Park"}, [{"name": "Ada Park"}] * 2])
def test_a_traceback_quotes_no_value_of_a_statement(
    sessions: sessionmaker[Session], values: dict[str, str] | list[dict[str, str]]
) -> None:
    """Of one row or of many; a command that fails prints it on somebody's screen."""
    with sessions() as session, pytest.raises(DBAPIError) as failed:
        session.execute(text("UPDATE nowhere SET name = :name"), values)

    told = "".join(traceback.format_exception(failed.value))
    assert "UPDATE nowhere" in told
    assert "Ada" not in told
