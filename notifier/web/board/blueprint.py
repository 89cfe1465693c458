"""The blueprint that every view of the board hangs on."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint

_TEMPLATES = Path(__file__).parents[3] / "templates"

board = Blueprint("board", __name__, template_folder=str(_TEMPLATES))
