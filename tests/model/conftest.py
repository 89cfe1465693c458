"""Adds up what the runs of the model tried, over all processes, and says it in one line."""

from __future__ import annotations

from collections import Counter

import pytest

_TRIED = "tried"


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the line after a run in which the model took part."""
    tried: Counter[str] = Counter()
    reports = [
        report
        for reports in terminalreporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport) and report.when == "call"
    ]
    for report in reports:
        for name, counts in report.user_properties:
            if name == _TRIED and isinstance(counts, dict):
                tried.update(counts)
    if tried:
        said = ", ".join(f"{count:,} {what}" for what, count in tried.items())
        terminalreporter.write_line(f"The model tried {said}.")
