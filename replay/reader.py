"""Things derived from the logs of the journal, entry by entry: kept, shared, and extended while a room is live."""

from collections import OrderedDict
from collections.abc import Callable
from time import perf_counter
from typing import Generic, Protocol, TypeVar

import anyio
import structlog
from anyio.lowlevel import checkpoint

from collab.journal import Journal
from collab.log import Entry
from replay.errors import RecordingBroken

PAGE = 250

_SLICE_S = 0.002
_MAX_ENTRIES = 1_000_000
_LEAST_ENTRIES = 10_000  # what even an empty one counts for

_log = structlog.get_logger("replay")


class Follower(Protocol):
    """``entry`` is the last entry taken, ``at_ms`` the time of the last that counted, the length how many did."""

    @property
    def entry(self) -> int: ...
    @property
    def at_ms(self) -> int: ...
    def __len__(self) -> int: ...
    def take(self, entry: Entry, /) -> None: ...


F = TypeVar("F", bound=Follower)


class Slot(Generic[F]):
    def __init__(self, follower: F) -> None:
        self.follower = follower
        self.turn = anyio.Lock()
        self.broken: RecordingBroken | None = None


class Reader(Generic[F]):
    """The most recently used followers, one a document, up to a million entries together.

    Taking entries runs on the event loop in slices of 2 ms, not in a thread: one that computes would hold the
    interpreter for 5 ms at a time. Invariant: one task at a time extends a follower, and leaves it whole for the next
    when it is cancelled.
    """

    def __init__(self, journal: Journal, make: Callable[[str], F]) -> None:
        self._journal = journal
        self._make = make
        self._slots: OrderedDict[str, Slot[F]] = OrderedDict()

    async def read(self, log_id: str, document_id: str, at_ms: int | None = None) -> F:
        """A follower with everything that was committed before the call, or at least what is not after ``at_ms``.

        Raises RecordingBroken.
        """
        slot = self._slots.setdefault(document_id, Slot(self._make(document_id)))
        self._slots.move_to_end(document_id)
        if at_ms is None or at_ms >= slot.follower.at_ms:  # more of the last one's time may have come
            async with slot.turn:
                await self._extend(slot, log_id, None if document_id == log_id else document_id)
            self._evict()
        return slot.follower

    async def _extend(self, slot: Slot[F], log_id: str, document: str | None) -> None:
        follower = slot.follower
        while True:
            if slot.broken is not None:
                raise slot.broken
            page = await self._journal.entries(log_id, after=follower.entry, limit=PAGE, document=document)
            until = perf_counter() + _SLICE_S
            for entry in page:
                try:
                    follower.take(entry)
                except RecordingBroken as error:
                    slot.broken = error
                    _log.error("recording is broken", document=error.document_id, entry=error.entry, exc_info=error)
                    raise
                if perf_counter() > until:
                    await checkpoint()
                    until = perf_counter() + _SLICE_S
            if len(page) < PAGE:
                return

    def _evict(self) -> None:
        entries = sum(max(len(slot.follower), _LEAST_ENTRIES) for slot in self._slots.values())
        while entries > _MAX_ENTRIES and len(self._slots) > 1:
            _, slot = self._slots.popitem(last=False)
            entries -= max(len(slot.follower), _LEAST_ENTRIES)
