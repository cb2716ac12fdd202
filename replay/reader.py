"""Things derived from the logs of the journal, entry by entry: kept, shared, and extended while a room is live."""

from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from time import perf_counter
from typing import Generic, TypeVar

import anyio
import structlog
from anyio.lowlevel import checkpoint

from collab.errors import Unreadable
from collab.journal import Journal
from replay.cache import Damaged
from replay.errors import RecordingBroken
from replay.follower import Follower

PAGE = 250
SLICE_S = 0.002

ATTEMPTS = 3
"""At what the cache cannot keep."""

_MAX_ENTRIES = 1_000_000
_LEAST_ENTRIES = 10_000  # what even an empty one counts for

_log = structlog.get_logger("replay")

F = TypeVar("F", bound=Follower)


class Slot(Generic[F]):
    def __init__(self, log_id: str, document_id: str) -> None:
        self.log_id = log_id
        self.document_id = document_id
        self.follower: F | None = None
        self.turn = anyio.Lock()
        self.users = 0
        self.broken: RecordingBroken | None = None

    def forget(self, follower: F) -> None:
        """It is made anew."""
        if self.follower is follower:
            self.follower = None

    def fail(self, error: RecordingBroken) -> None:
        """For good: the follower must not be used any more."""
        self.follower = None
        if self.broken is None:
            self.broken = error
            _log.error("recording is broken", document=error.document_id, entry=error.entry, exc_info=error)

    @asynccontextmanager
    async def alone(self) -> AsyncGenerator[None]:
        """Nobody else goes on with the follower. Raises RecordingBroken."""
        async with self.turn:
            if self.broken is not None:
                raise self.broken
            yield


class Reader(Generic[F]):
    """The most recently used followers, one a document, up to a million entries together.

    Taking entries runs on the event loop in slices of 2 ms, not in a thread: one that computes would hold the
    interpreter for 5 ms at a time. Invariants: one task at a time extends a follower, and leaves it whole for the next
    when it is cancelled; nobody makes a second one of a document while the first is in use.
    """

    def __init__(self, journal: Journal, make: Callable[[str, str], Awaitable[F]]) -> None:
        self._journal = journal
        self._make = make
        self._slots: OrderedDict[str, Slot[F]] = OrderedDict()

    @property
    def running(self) -> int:
        """How many followers are being extended or used by one who needs them to himself."""
        return sum(slot.turn.locked() for slot in self._slots.values())

    @contextmanager
    def using(self, log_id: str, document_id: str) -> Generator[Slot[F]]:
        """A RecordingBroken that ends the block holds for whoever comes after."""
        slot = self._slots.setdefault(document_id, Slot(log_id, document_id))
        self._slots.move_to_end(document_id)
        slot.users += 1
        try:
            yield slot
        except RecordingBroken as error:
            slot.fail(error)
            raise
        finally:
            slot.users -= 1
            self._evict()

    async def read(self, slot: Slot[F], at_ms: int | None = None) -> F:
        """The follower with everything that was committed before the call, or at least what is not after ``at_ms``.

        Raises RecordingBroken, Damaged.
        """
        while True:
            follower = slot.follower
            if follower is not None and at_ms is not None and at_ms < follower.at_ms:
                return follower  # what has the last one's time may not be all yet
            follower, is_last = await self.step(slot)
            if is_last:
                return follower

    async def step(self, slot: Slot[F]) -> tuple[F, bool]:
        """Take one page of entries; the follower, and whether that was all. Raises RecordingBroken, Damaged."""
        async with slot.alone():
            attempt = 0
            while True:
                attempt += 1
                try:
                    if slot.follower is None:
                        slot.follower = await self._make(slot.log_id, slot.document_id)
                    return slot.follower, await self._extend(slot, slot.follower)
                except Damaged:
                    slot.follower = None
                    if attempt == ATTEMPTS:
                        raise

    async def _extend(self, slot: Slot[F], follower: F) -> bool:
        await follower.settle()  # who was cancelled may have left something
        document = None if slot.document_id == slot.log_id else slot.document_id
        try:
            page = await self._journal.entries(slot.log_id, after=follower.entry, limit=PAGE, document=document)
        except Unreadable as error:
            raise RecordingBroken(slot.document_id, error.damage.entry) from error
        await follower.expect(page)
        until = perf_counter() + SLICE_S
        for entry in page:
            follower.take(entry)
            if perf_counter() > until:
                await checkpoint()
                until = perf_counter() + SLICE_S
        await follower.settle()
        return len(page) < PAGE

    def _evict(self) -> None:
        weights = {
            document: max(slot.follower.weight if slot.follower else 0, _LEAST_ENTRIES)
            for document, slot in self._slots.items()
        }
        entries = sum(weights.values())
        for document, weight in weights.items():
            if entries <= _MAX_ENTRIES or len(self._slots) == 1:
                return
            if not self._slots[document].users:
                del self._slots[document]
                entries -= weight
