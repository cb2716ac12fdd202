"""One log: its entries, its head, and who hears of its events."""

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from collab.errors import LogDamaged, SubscriberTooSlow

UPDATE = "update"
AUTHOR = "author"
SELECTION = "selection"
SAVING = "saving.changed"
"""A mention to every reader of every log: whether the journal is_saving."""

DAMAGED = "document.damaged"
"""A mention to the readers of a log: one of its documents can only be read."""

QUANTUM_MS = 10
_SUBSCRIPTION_LIMIT = 1_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a log. ``at_ms`` counts from the log's start, in steps of 10, never decreasing with ``entry``.

    ``kind`` is "update" (``payload`` is the exact Yjs update accepted, ``document`` its document), "author"
    (``payload`` is the JSON object ``{client, boot}``: from here on the Yjs client id is bound to ``delivered_by`` in
    this document; ``boot`` names the run of the process), "selection" (``payload`` is the JSON object ``{root, anchor,
    head}``: what ``delivered_by`` has selected in the text ``root`` of this document, in UTF-16 units of the text after
    the entries before) or a room event's name (``payload`` is a JSON object, ``document`` empty).
    ``delivered_by`` is whose connection brought it, or empty.
    """

    log: str
    entry: int
    at_ms: int
    document: str
    delivered_by: str
    kind: str
    payload: bytes


def encode(event: dict[str, Any]) -> bytes:
    """A room event as it is kept."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


class Log:
    """The head of one log, as committed; ``last_at_ms`` also counts what is only queued."""

    __slots__ = (
        "__weakref__",
        "_behind_ms",
        "committed_at_ms",
        "id",
        "is_damaged",
        "is_doubted",
        "last_at_ms",
        "next_entry",
        "started_at_ms",
        "subscriptions",
    )

    def __init__(
        self, log_id: str, started_at_ms: int | None, last_at_ms: int, next_entry: int, *, is_damaged: bool = False
    ) -> None:
        self.id = log_id
        self.started_at_ms = started_at_ms
        self.last_at_ms = last_at_ms
        self.committed_at_ms = last_at_ms
        self.next_entry = next_entry
        self.is_damaged = is_damaged  # its end: nothing can be appended
        self.is_doubted = False  # the disk did not give its end when something was to be appended
        self.subscriptions: set[Subscription] = set()
        self._behind_ms = 0  # the clock, which was set back between two runs of the server

    def go_on(self, now_ms: int) -> None:
        """After a restart: where the last entry is later than now, times count on from that entry."""
        if self.started_at_ms is not None:
            self._behind_ms = max(0, self.started_at_ms + self.last_at_ms - now_ms)

    def time_ms(self, now_ms: int) -> int:
        """Milliseconds since the Unix epoch as this log counts them: they do not go back."""
        return now_ms + self._behind_ms

    def elapsed_ms(self, now_ms: int) -> int:
        """Milliseconds since the start in whole quanta; 0 before it."""
        if self.started_at_ms is None:
            return 0
        return max(0, self.time_ms(now_ms) - self.started_at_ms) // QUANTUM_MS * QUANTUM_MS

    def stamp(self, now_ms: int) -> int:
        """The time of an update accepted now."""
        self.last_at_ms = max(self.last_at_ms, self.elapsed_ms(now_ms))
        return self.last_at_ms

    def check(self) -> None:
        """Raises LogDamaged: what is given to such a log would be lost, and count as saved."""
        if self.is_damaged:
            raise LogDamaged(ValueError("the end of this log is damaged"))

    def mention(self, kind: str, event: dict[str, Any]) -> Entry:
        """A room event that is told and not kept, as entry 0."""
        return Entry(self.id, 0, self.committed_at_ms, "", "", kind, encode(event))


class Subscription:
    """The events of one log as they are committed. Bounded: who does not take them in time is dropped."""

    def __init__(self, open_log: Callable[[], Awaitable[Log]]) -> None:
        self._open_log = open_log
        self._log: Log | None = None
        self._events: deque[Entry] = deque()
        self._arrived = asyncio.Event()
        self._too_slow = False
        self._ended = False

    def offer(self, event: Entry) -> None:
        if self._too_slow or len(self._events) >= _SUBSCRIPTION_LIMIT:
            self._too_slow = True
        else:
            self._events.append(event)
        self._arrived.set()

    def end(self) -> None:
        self._ended = True
        self._arrived.set()

    async def __aenter__(self) -> Self:
        self._log = await self._open_log()
        self._log.subscriptions.add(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self._log is not None:
            self._log.subscriptions.discard(self)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Entry:
        """The next event. Raises SubscriberTooSlow after the last one that was kept."""
        while not self._events:
            if self._too_slow:
                raise SubscriberTooSlow
            if self._ended:
                raise StopAsyncIteration
            self._arrived.clear()
            await self._arrived.wait()
        return self._events.popleft()
