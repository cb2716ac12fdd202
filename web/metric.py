"""What the server says of itself to Prometheus."""

import asyncio

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from collab.journal import Journal
from rooms.service import Service

_OTHER = "other"
# Labels are series for ever: clients must not be able to invent them.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Metrics:
    def __init__(self, journal: Journal, rooms: Service) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.requests = Counter(
            "panelroom_requests", "HTTP requests answered", ["method", "route", "status"], registry=self.registry
        )
        for name, text, value in (
            ("panelroom_participants", "Participants with an open connection", lambda: rooms.seats.present),
            ("panelroom_tasks", "Tasks of the event loop", lambda: len(asyncio.all_tasks())),
            ("panelroom_updates_durable", "Entries of documents committed since the start", lambda: journal.durable),
            ("panelroom_updates_queued", "Those that wait for the disk", lambda: journal.queued - journal.durable),
        ):
            Gauge(name, text, registry=self.registry).set_function(value)

    def count(self, method: str, route: str | None, status: int) -> None:
        """One answered request; ``route`` is the rule that it matched."""
        self.requests.labels(method if method in _METHODS else _OTHER, route or _OTHER, str(status)).inc()
