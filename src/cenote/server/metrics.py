"""Prometheus metrics: what was asked, what failed, how long it took.

Each worker counts in files in a directory of its own making, so whichever worker is scraped answers for all.
"""

from collections.abc import Callable, Mapping
from typing import Any

BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Metrics:
    """`observe` is called once a request, on the hot path: children of a label set are looked up once."""

    def __init__(self, *, several_workers: bool) -> None:
        from prometheus_client import CollectorRegistry, Counter, Histogram  # noqa: PLC0415 (90 ms; off when metrics are)

        self._several = several_workers
        self._registry = CollectorRegistry()
        registry = None if several_workers else self._registry
        self._requests = Counter(
            "cenote_requests", "Operations answered.", ["operation", "error"], registry=registry
        )
        self._seconds = Histogram(
            "cenote_request_seconds",
            "Time to answer an operation.",
            ["operation"],
            buckets=BUCKETS,
            registry=registry,
        )
        self._counts: dict[tuple[str, str | None], Callable[[], Any]] = {}
        self._times: dict[str, Callable[[float], Any]] = {}

    def observe(self, operation: str, error: str | None, seconds: float) -> None:
        key = (operation, error)
        count = self._counts.get(key)
        if count is None:
            count = self._counts[key] = self._requests.labels(operation, error or "").inc
        count()
        record = self._times.get(operation)
        if record is None:
            record = self._times[operation] = self._seconds.labels(operation).observe
        record(seconds)

    def rendered(self, messages: Mapping[tuple[str, str], int]) -> bytes:
        """The exposition text, of all workers; `messages` counts those in the database by medium and state."""
        return self._counted() + of_messages(messages)

    def _counted(self) -> bytes:
        from prometheus_client import CollectorRegistry, generate_latest, multiprocess  # noqa: PLC0415

        if not self._several:
            return generate_latest(self._registry)
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)


def of_messages(messages: Mapping[tuple[str, str], int]) -> bytes:
    """A gauge of messages. Those that are dead are there even if there are none: alerts look for them."""
    from prometheus_client import CollectorRegistry, Gauge, generate_latest  # noqa: PLC0415

    registry = CollectorRegistry()
    gauge = Gauge(
        "cenote_messages", "Messages kept: due, sent, kept, dead.", ["medium", "state"], registry=registry
    )
    for medium, state in {*messages, ("EMAIL", "dead"), ("SMS", "dead")}:
        gauge.labels(medium, state).set(messages.get((medium, state), 0))
    return generate_latest(registry)
