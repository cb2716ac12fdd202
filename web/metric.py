"""What the server says of itself to Prometheus. docs/operations.md says what each is for; a test compares."""

import asyncio
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from prometheus_client import CollectorRegistry, Histogram, disable_created_metrics, generate_latest
from prometheus_client import Counter as Total
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from sqlalchemy.exc import SQLAlchemyError

from collab.clock import Clock
from collab.database import Database
from collab.journal import Journal
from collab.quarantine import Quarantine
from collab.registry import Registry
from collab.task import Inquiry
from collab.wire import CloseCode
from replay.recording import Replay
from rooms import seating
from rooms.participant import Role
from rooms.policy import State
from rooms.service import Service
from web import log
from web.stream import Streams

_OTHER = "other"
# Labels are series for ever: clients must not be able to invent them.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_MAX_RULES = 200
_SEATS_S = 1.0
_LAG_S = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_COMMIT_S = (0.002, 0.005, 0.01, 0.025, 0.1, 0.5, 1.0, 5.0)
_REQUEST_S = (0.01, 0.05, 0.25, 1.0, 5.0)

disable_created_metrics()  # type: ignore[no-untyped-call]  # when each series began: as many lines again


def slug(words: str) -> str:
    """A reason in letters and hyphens: ``too-many-files``."""
    return re.sub(r"[^a-z]+", "-", words.lower()).strip("-")


def release() -> str:
    try:
        return version("panelroom")
    except PackageNotFoundError:
        return "unknown"


class Metrics:
    """Counted as it happens; what there is now is looked up when somebody asks."""

    def __init__(
        self,
        *,
        database: Database,
        path: Path,
        cache: Path,
        clock: Clock,
        journal: Journal,
        registry: Registry,
        quarantine: Quarantine,
        rooms: Service,
        replay: Replay,
        streams: Streams,
    ) -> None:
        """``path`` is the database's, ``cache`` that of the replays' one."""
        self.registry = CollectorRegistry()
        self._database = database
        self._path = path
        self._cache = cache
        self._clock = clock
        self._journal = journal
        self._documents = registry
        self._quarantine = quarantine
        self._rooms = rooms
        self._replay = replay
        self._streams = streams
        self._rules: set[str] = set()
        self._seats: Mapping[tuple[Role, State], int] = {}  # as they were last read
        self._counting = Inquiry(self._count, _SEATS_S)
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self._requests = self._total("requests", "HTTP requests answered", "method", "route", "status")
        self._request_s = self._histogram("request_seconds", "Time until an HTTP answer begins", _REQUEST_S, "route")
        self._refusals = self._total("refusals", "Refused connections and frames", "code", "rule")
        self._drops = self._total("outbox_drops", "Connections closed because they took too little (4508)")
        self._joins = self._total("joins", "Answers to those who want to come in", "outcome")
        self.lag_s = self._histogram("loop_lag_seconds", "How late the event loop wakes a sleeper", _LAG_S)
        self.commit_s = self._histogram("commit_seconds", "Time that a successful commit took", _COMMIT_S)
        self.registry.register(_Now(self._now))

    def _total(self, name: str, text: str, *labels: str) -> Total:
        return Total(f"panelroom_{name}", text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"panelroom_{name}", text, labels, registry=self.registry, buckets=buckets)

    def answered(self, method: str, route: str | None, status: int, after_s: float) -> None:
        """One request; ``route`` is the rule that it matched."""
        self._requests.labels(method if method in _METHODS else _OTHER, route or _OTHER, str(status)).inc()
        self._request_s.labels(route or _OTHER).observe(after_s)

    def refused(self, code: CloseCode, reason: str) -> str:
        """One connection or frame; the rule of it. Reasons are fixed words; should one not be, it can do no harm."""
        rule = slug(reason)
        if len(self._rules) < _MAX_RULES:
            self._rules.add(rule)
        elif rule not in self._rules:
            rule = _OTHER
        self._refusals.labels(str(code.value), rule).inc()
        if code is CloseCode.TOO_SLOW:
            self._drops.inc()
        return rule

    def joined(self, outcome: State | Exception) -> None:
        """Somebody who asked has an admission, or was told why not."""
        told = type(outcome).__name__ if isinstance(outcome, Exception) else outcome.value
        self._joins.labels(slug(re.sub(r"(?<=[a-z])(?=[A-Z])", "-", told))).inc()

    async def look(self) -> None:
        """Count what only the database knows; where that does not answer in time, all is as it was."""
        with suppress(SQLAlchemyError, TimeoutError):
            await self._counting.answer()

    async def _count(self) -> None:
        async with self._database.reading() as connection:
            self._seats = await seating.counted(connection)

    def text(self) -> bytes:
        """In Prometheus' format."""
        return generate_latest(self.registry)

    def _now(self) -> Iterator[Metric]:
        journal, documents = self._journal, self._documents.documents
        yield _info("build", "The release that runs", {"version": release()})
        yield _count("commit_failures", "Commits that failed", journal.saving.failures)
        yield _count("entries_committed", "Entries of documents committed", journal.durable)
        yield _gauge("entries_waiting", "Entries that are not on disk yet", journal.queued - journal.durable)
        yield _gauge("entries_waiting_seconds", "How long the oldest of them has waited", journal.waiting_s)
        yield _gauge("saving", "1 while what is typed reaches the disk in time, else 0", journal.is_saving)
        yield _gauge("rooms", "Interviews with an open connection", len({d.log.id for d in documents if d.peers}))
        yield _gauge("documents", "Documents in memory", len(documents))
        yield _gauge("documents_quarantined", "Documents not opened whole any more", self._quarantine.closed)
        damaged = sum(document.damage is not None for document in documents)
        yield _gauge("documents_damaged", "Documents in memory that can only be read", damaged)
        yield _gauge("participants", "Participants with an open connection", self._rooms.seats.present)
        peers = Counter(peer.user["role"] for document in documents for peer in document.peers)
        family = GaugeMetricFamily("panelroom_peers", "Open connections to documents", labels=("role",))
        for role in Role:
            family.add_metric((role,), peers[role])
        yield family
        seats = GaugeMetricFamily("panelroom_seats", "Seats of interviews that are not over", labels=("role", "state"))
        for role in Role:
            for state in (State.SEATED, State.OBSERVING, State.WAITING):
                seats.add_metric((role, state), self._seats.get((role, state), 0))
        yield seats
        yield _gauge("streams", "Open streams of events", len(self._streams))
        yield _gauge("derivations", "Recordings being derived for replay", self._replay.deriving)
        yield _gauge("tasks", "Tasks of the event loop", len(asyncio.all_tasks()))
        yield _gauge("database_bytes", "Size of the database on disk", size_of(self._path))
        yield _gauge("cache_bytes", "Size of the replays' cache on disk", size_of(self._cache))
        yield _gauge("disk_free_bytes", "Space left on the data directory's disk", free_bytes(self._path.parent))
        yield _gauge("clock_offset_seconds", "The server's time minus the machine's", self._clock.offset_s())
        yield _count("log_lines_left_out", "Lines left out of the log because of many alike", log.valve.left_out)


class _Now:
    """As a collector of the registry."""

    def __init__(self, collect: Callable[[], Iterator[Metric]]) -> None:
        self.collect = collect

    def describe(self) -> list[Metric]:
        return []  # not asked before there is anything


def size_of(database: Path) -> int:
    """With what SQLite keeps beside it, and takes away."""
    size = 0
    for end in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            size += Path(f"{database}{end}").stat().st_size
    return size


def free_bytes(data: Path) -> int:
    """For whoever is not root."""
    return shutil.disk_usage(data).free


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"panelroom_{name}", text, float(value))


def _count(name: str, text: str, value: int) -> Metric:
    return CounterMetricFamily(f"panelroom_{name}", text, value)


def _info(name: str, text: str, value: dict[str, str]) -> Metric:
    return InfoMetricFamily(f"panelroom_{name}", text, value)
