"""A readable page made from the OpenAPI document, without scripts from elsewhere."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("api_docs", __name__)
