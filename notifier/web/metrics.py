"""Figures for Prometheus. Labels come from closed lists: no person, job or address is in them."""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from notifier.checkup.paths import look_at_paths
from notifier.checkup.readiness import check_readiness, count
from notifier.services import Services
from notifier.store.engine import reading
from notifier.store.tables import Source
from notifier.webhooks.needs import count_unread

_METHODS = frozenset({"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"})


class StoredFigures(Collector):
    """What the database says, read when it is asked for: every process tells the same."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the figures; a database that can't be reached yields only that."""
        checks = GaugeMetricFamily(
            "notifier_check", "What /readyz looks at: seconds, or a count.", labels=["check"]
        )
        for check in check_readiness(self._services):
            if check.value is not None:
                checks.add_metric([check.name], check.value)
        yield checks
        try:
            with reading(self._services.sessions) as session:
                counts = count(session, self._services)
                paths = look_at_paths(session, self._services)
                unread = count_unread(session, by=Source.kind)
        except SQLAlchemyError:
            return
        messages = GaugeMetricFamily(
            "notifier_messages_last_day", "Messages of the last 24 hours.", labels=["status"]
        )
        for status, number in counts.messages.items():
            messages.add_metric([status], number)
        facts = GaugeMetricFamily(
            "notifier_facts_last_day", "Facts of the last 24 hours.", labels=["type", "source"]
        )
        for (type_, source), number in counts.facts.items():
            facts.add_metric([type_, source], number)
        codes = GaugeMetricFamily(
            "notifier_unknown_codes_last_day",
            "Codes of providers that this version has no line for, of the last 24 hours.",
            labels=["provider", "code"],
        )
        for (provider, code), number in counts.unknown_codes.items():
            codes.add_metric([provider, code], number)
        twice = GaugeMetricFamily(
            "notifier_reached_twice_last_day",
            "Messages of the last 24 hours that somebody has over two channels.",
            value=counts.reached_twice,
        )
        again = GaugeMetricFamily(
            "notifier_arrived_twice_last_day",
            "Messages of the last 24 hours that somebody has twice over one channel.",
            value=counts.arrived_twice,
        )
        stopped = GaugeMetricFamily(
            "notifier_stopped_by_guards_last_day",
            "Messages planned in the last 24 hours that a guard stopped or holds.",
            labels=["guard"],
        )
        for guard, number in counts.stopped.items():
            stopped.add_metric([guard], number)
        yield stopped
        refused = GaugeMetricFamily(
            "notifier_source_refusals_last_day",
            "What was refused at the addresses of sources in the last 24 hours.",
            labels=["kind", "reason"],
        )
        for (kind, reason), number in counts.refused.items():
            refused.add_metric([kind, reason], number)
        yield refused
        deliveries = GaugeMetricFamily(
            "notifier_source_deliveries_unread",
            "Deliveries to the addresses of sources that are not on record, of all times.",
            labels=["kind", "state"],
        )
        for (kind, state), number in unread.items():
            deliveries.add_metric([kind, state], number)
        yield deliveries
        failing = GaugeMetricFamily(
            "notifier_path_failing", "1 while a path is left alone for failing.", labels=["path"]
        )
        ill = GaugeMetricFamily(
            "notifier_path_ill_share",
            "Answers of the last five minutes that failed or were slow, from 0 to 1.",
            labels=["path"],
        )
        seconds = GaugeMetricFamily(
            "notifier_path_seconds",
            "Median time to an answer in the last five minutes.",
            labels=["path"],
        )
        for path in paths:
            failing.add_metric([path.name], path.fails)
            if path.lately.answers:
                ill.add_metric([path.name], path.lately.ill / path.lately.answers)
            if path.lately.seconds is not None:
                seconds.add_metric([path.name], path.lately.seconds)
        yield from (failing, ill, seconds)
        yield messages
        yield facts
        yield twice
        yield again
        yield codes


def measure(app: Flask, services: Services) -> CollectorRegistry:
    """Count the requests of `app` and return the registry that holds all figures."""
    registry = CollectorRegistry()
    registry.register(StoredFigures(services))
    requests = Counter(
        "notifier_http_requests",
        "Requests answered.",
        ["method", "endpoint", "status"],
        registry=registry,
    )
    seconds = Histogram(
        "notifier_http_request_seconds", "Time to answer.", ["endpoint"], registry=registry
    )

    @app.before_request
    def _begin() -> None:
        g.began_at = perf_counter()

    @app.after_request
    def _end(response: Response) -> Response:
        endpoint = request.endpoint or "none"
        method = request.method if request.method in _METHODS else "other"
        requests.labels(method, endpoint, str(response.status_code)).inc()
        if "began_at" in g:
            seconds.labels(endpoint).observe(perf_counter() - g.began_at)
        return response

    return registry
