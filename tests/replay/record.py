"""Interviews put into a journal without a room."""

from collections.abc import AsyncGenerator, Coroutine, Sequence
from typing import Any, TypeVar, cast

from pycrdt import Doc, Text

from collab.clock import Clock
from collab.database import Database
from collab.journal import Journal
from collab.log import Entry, Log
from replay.cache import Cache
from replay.derivation import Derivation
from replay.file import Whole
from replay.recording import Replay

T = TypeVar("T")

INTERVIEW = "i"
NOTES = "i.notes"
START_MS = 1_800_000_000_000


def everything(_kind: str, event: dict[str, Any]) -> dict[str, Any]:
    """What somebody is told from whom nothing is kept."""
    return event


def now(step: Coroutine[Any, Any, T]) -> T:
    """The result of what has nothing to wait for."""
    try:
        step.send(None)
    except StopIteration as done:
        return cast("T", done.value)
    raise AssertionError("it waits")


def derivation(log: Sequence[Entry], document_id: str = INTERVIEW) -> Derivation:
    """Of the entries of a log, ready to take them, or after them; without journal and cache."""
    made = Derivation(INTERVIEW, document_id, cast("Journal", None), Cache())
    now(made.expect([Entry(INTERVIEW, 0, 0, document_id, "", "update", b"")]))
    for entry in log:
        made.take(entry)
    return made


async def whole(made: Whole | AsyncGenerator[bytes]) -> bytes:
    """All of a file."""
    return b"".join([chunk async for chunk in (made.chunks() if isinstance(made, Whole) else made)])


class Listed:
    """What a journal would say that has these entries."""

    def __init__(self, log: list[Entry]) -> None:
        self.log = log
        self.reads = 0

    async def entries(
        self, _log_id: str, *, after: int = 0, limit: int = 1000, document: str | None = None, kind: str | None = None
    ) -> list[Entry]:
        self.reads += 1
        found = [
            entry for entry in self.log[after:] if document in {None, entry.document} and kind in {None, entry.kind}
        ]
        return found[:limit]

    async def last(self, _log_id: str, documents: Sequence[str]) -> tuple[int, int]:
        return next(((each.entry, each.at_ms) for each in reversed(self.log) if each.document in documents), (0, 0))

    async def open(self, log_id: str) -> Log:
        at_ms = self.log[-1].at_ms if self.log else 0
        return Log(log_id, START_MS, at_ms, len(self.log) + 1)

    def replay(self, cache: Cache) -> Replay:
        return Replay(cast("Journal", self), cache=cache)


class StillClock(Clock):
    def __init__(self) -> None:
        super().__init__()
        self.at_ms = START_MS

    def now_ms(self) -> int:
        return self.at_ms


class Recorded:
    """The journal of one interview. Everything but ``queue`` is committed on return."""

    def __init__(self, database: Database) -> None:
        self.clock = StillClock()
        self.journal = Journal(database, self.clock)
        self._docs: dict[str, Doc[Any]] = {}
        self._caches: list[Cache] = []

    def replay(self, cache: Cache | None = None, **options: Any) -> Replay:
        self._caches.append(cache or Cache())
        return Replay(self.journal, cache=self._caches[-1], **options)

    async def close(self) -> None:
        for cache in self._caches:
            await cache.aclose()
        await self.journal.database.close()

    async def start(self) -> None:
        self.log = await self.journal.open(INTERVIEW)
        async with self.journal.transaction() as transaction:
            await transaction.start(INTERVIEW)
            await transaction.append(INTERVIEW, "participant.entered", {"id": "p"}, "p")

    async def tell(self, kind: str, **event: Any) -> None:
        async with self.journal.transaction() as transaction:
            await transaction.append(INTERVIEW, kind, event)

    def queue(self, update: bytes, document: str = INTERVIEW, by: str = "p") -> None:
        self.journal.append(self.log, document, by, update)

    async def type(self, text: str, document: str = INTERVIEW, by: str = "p", *, after_ms: int = 100) -> bytes:
        """Put ``text`` at the beginning of a document; returns the update."""
        doc = self._docs.setdefault(document, Doc())
        made: list[bytes] = []
        subscription = doc.observe(lambda event: made.append(event.update))
        doc.get("source", type=Text).insert(0, text)
        doc.unobserve(subscription)
        self.clock.at_ms += after_ms
        self.queue(made[0], document, by)
        await self.journal.flush()
        return made[0]
