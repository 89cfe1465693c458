"""What `/api/openapi.json` says beyond what the views themselves state."""

from __future__ import annotations

from apiflask import APIFlask


def describe_api(app: APIFlask, public_url: str) -> None:
    """Set the words and addresses of the document."""
    app.config["SERVERS"] = [{"url": public_url}]
