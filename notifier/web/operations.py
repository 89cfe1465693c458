"""What machines ask: are you alive, are you ready, what are your figures?"""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Response, current_app, jsonify
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from notifier.checkup.reachability import installation_mark
from notifier.checkup.readiness import check_readiness
from notifier.domain.findings import Level
from notifier.web.current import services

blueprint = Blueprint("operations", __name__)

_WORST_FIRST = (Level.FAILING, Level.WARNING, Level.OK)


@blueprint.get("/healthz")
def healthz() -> Response:
    """Answer as long as the process can answer at all, and say which installation this is."""
    return jsonify({"status": "ok", "installation": installation_mark(services().vault)})


@blueprint.get("/readyz")
def readyz() -> Response:
    """Answer 503 when nothing can be recorded or sent; a warning is a 200 that says so."""
    checks = check_readiness(services())
    levels = {check.level for check in checks}
    status = next(level for level in _WORST_FIRST if level in levels)
    answer = jsonify(
        {
            "status": status,
            "checks": {
                check.name: {
                    "status": check.level,
                    "detail": check.sentence,
                    "value": check.value,
                }
                for check in checks
            },
        }
    )
    answer.status_code = 503 if status is Level.FAILING else 200
    return answer


@blueprint.get("/metrics")
def metrics() -> Response:
    """Return the figures in Prometheus' text format."""
    registry = cast("CollectorRegistry", current_app.extensions["metrics"])
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
