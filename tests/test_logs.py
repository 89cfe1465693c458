"""What stands in the log, and in which form."""

from __future__ import annotations

import json
import subprocess
import sys

_SAY = """
import logging
import structlog
from notifier.logs import configure_logs

configure_logs("json")
structlog.get_logger().error("sender_halted", path="twilio", code="20003")
logging.getLogger("waitress.queue").warning("Task queue depth is %d", 5)
"""


def test_every_line_of_a_json_log_is_json() -> None:
    """The server's own lines too: whoever reads them by machine stumbles over no other."""
    said = subprocess.run([sys.executable, "-c", _SAY], capture_output=True, text=True, check=True)

    lines = [json.loads(line) for line in said.stderr.splitlines()]

    assert [line["event"] for line in lines] == ["sender_halted", "Task queue depth is 5"]
    assert [line["level"] for line in lines] == ["error", "warning"]
    assert lines[1]["logger"] == "waitress.queue"
