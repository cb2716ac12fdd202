"""A run of entries of one document: what they did, and the texts before them."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from collab.log import Entry
from replay.codec import (
    EVENTS,
    OPERATIONS,
    SELECTIONS,
    Operations,
    Rows,
    block,
    compact,
    decode_state,
    json_block,
)
from replay.text import walked

Told = Callable[[str, dict[str, Any]], dict[str, Any] | None]
"""A room event by kind as whoever asks may read it, None where he may not."""

_DEPTH = 200  # that whoever reads an event later may be deeper in calls
_LEAST = 256
_MOST = 4_096
_LEAST_BYTES = 2**18
_BYTES_PER_OPERATION = 256


class Stored(NamedTuple):
    """A segment as bytes: ``blocks`` go into files as they are, ``events`` when they are filtered.

    ``checkpoint`` is what the next one goes on from.
    """

    first: int
    first_ms: int
    last: int
    last_ms: int
    before: int
    proof: str
    files: str
    blocks: bytes
    events: str
    updates: bytes
    state: bytes
    checkpoint: bytes


class Segment:
    """``state`` is the texts before it, ``before`` the last update before it; ``files`` is what changed in the map of
    files.

    Larger texts have longer segments: each begins with a copy of them.
    """

    __slots__ = (
        "before",
        "entries",
        "events",
        "files",
        "first",
        "first_ms",
        "last",
        "last_ms",
        "operations",
        "selections",
        "state",
        "updates",
    )

    def __init__(self, state: bytes, before: int) -> None:
        self.state = state
        self.before = before
        self.entries = self.first = self.first_ms = self.last = self.last_ms = 0
        self.updates = Rows(2)
        self.operations = Operations()
        self.selections = Rows(6)
        self.events: list[str] = []
        self.files: list[tuple[int, int, dict[str, Any]]] = []

    @classmethod
    def read(cls, stored: Stored) -> "Segment":
        """Without its events."""
        segment = cls(stored.state, stored.before)
        segment.first, segment.first_ms, segment.last, segment.last_ms = stored[:4]
        segment.updates.decode(stored.updates)
        for kind, payload in _blocks(stored.blocks):
            (segment.operations if kind == OPERATIONS else segment.selections).decode(payload)
        return segment

    def begin(self, entry: Entry, at_ms: int) -> None:
        """What comes next is this entry's."""
        if not self.entries:
            self.first, self.first_ms = entry.entry, at_ms
        self.entries += 1
        self.last, self.last_ms = entry.entry, at_ms

    def tell(self, entry: Entry, at_ms: int) -> None:
        """Raises ValueError, TypeError or RecursionError where it is not a JSON object, or nested too deep."""
        payload = entry.payload.decode()
        if not isinstance(json.loads(payload), dict):
            raise TypeError("not an object")
        json.loads(_DEPTH * "[" + payload + _DEPTH * "]")
        self.events.append(f"[{entry.entry},{at_ms},{json.dumps(entry.kind)},{payload}]")

    @property
    def is_full(self) -> bool:
        least = min(max(_LEAST, len(self.state) // _BYTES_PER_OPERATION), _MOST)
        return (
            len(self.operations) >= least
            or self.entries >= 2 * least
            or len(self.operations.text) >= max(_LEAST_BYTES, len(self.state) // 2)
        )

    @property
    def last_update(self) -> int:
        """Up to its end."""
        return self.updates.columns[0][-1] if len(self.updates) else self.before

    def stored(self, proof: str, checkpoint: bytes = b"") -> Stored:
        return Stored(
            self.first,
            self.first_ms,
            self.last,
            self.last_ms,
            self.before,
            proof,
            compact(self.files),
            self.blocks(),
            f"[{','.join(self.events)}]",
            self.updates.encode(),
            self.state,
            checkpoint,
        )

    def blocks(self, after: int = 0) -> bytes:
        """Operations and selections of the entries after ``after``."""
        made = b""
        for kind, rows in ((OPERATIONS, self.operations), (SELECTIONS, self.selections)):
            first = rows.after(after)
            if first < len(rows):
                made += block(kind, rows.encode(first))
        return made

    def texts(self, at_ms: int, roots: Sequence[str]) -> tuple[int | None, dict[str, str]]:
        """The last update with a time of at most ``at_ms``, and all texts that had been written to by then."""
        updates = self.updates.until(at_ms)
        entry = self.updates.columns[0][updates - 1] if updates else self.before
        texts = walked(dict(decode_state(self.state)), roots, self.operations, self.operations.until(at_ms))
        return entry or None, texts


def event_block(events: str, told: Told, after: int = 0) -> bytes:
    """The room events after ``after`` as whoever asks may read them."""
    if events == "[]":
        return b""
    rows = [
        [entry, at_ms, kind, shown]
        for entry, at_ms, kind, payload in json.loads(events)
        if entry > after and (shown := told(kind, payload)) is not None
    ]
    return json_block(EVENTS, rows) if rows else b""


def _blocks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at < len(data):
        end = at + 8 + int.from_bytes(data[at + 4 : at + 8], "little")
        yield data[at : at + 4], data[at + 8 : end]
        at = end + -end % 4
