"""Structured logs. Values of events are ids, codes and counts, never what is personal."""

from __future__ import annotations

import logging
import sys
from typing import Literal

import structlog


def configure_logs(style: Literal["console", "json"]) -> None:
    """Write a line an event to standard error: for a person to read, or JSON for machines."""
    # Both print requests with their credentials when they talk at length.
    for name in ("twilio", "python_http_client", "urllib3", "apscheduler"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # It warns at each tick for as long as a job asks somebody who is slow, as it may.
    logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    told: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    others = logging.StreamHandler()  # the server and the libraries, on the same lines as we are
    others.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                renderer,
            ],
            foreign_pre_chain=[*told, structlog.stdlib.add_logger_name],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[others])
    structlog.configure(
        processors=[*told, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
