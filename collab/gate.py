"""What an update may contain before the CRDT sees it.

The gate keeps its own index of the document (next clock and deleted ranges of every client), because the CRDT exposes
none, and because the answer must be known before the CRDT is touched.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from enum import Enum, auto
from heapq import heappop, heappush

from collab.update import ANY, DELETED, STRING, Id, Struct, Update
from collab.wire import TooLarge

FILES = "files"
SOURCE = "source"


class Invalid(ValueError):
    """Raised for an update that no honest client sends."""


class Verdict(Enum):
    """What an update would do to the document."""

    NEW = auto()  # adds structs or deletions
    KNOWN = auto()  # adds nothing
    GAP = auto()  # needs something that the document does not have yet


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one update, and of one document's history in bytes. What is known already is not counted."""

    max_structs: int = 20_000
    max_ranges: int = 5_000
    max_document_bytes: int = 64 * 2**20


class Ranges:
    """Disjoint, sorted, never touching half-open ranges of clocks."""

    __slots__ = ("ends", "starts")

    def __init__(self) -> None:
        self.starts: list[int] = []
        self.ends: list[int] = []

    def covers(self, start: int, end: int) -> bool:
        at = bisect_right(self.starts, start) - 1
        return at >= 0 and self.ends[at] >= end

    def add(self, start: int, end: int) -> None:
        first = bisect_left(self.ends, start)
        last = bisect_right(self.starts, end)
        if first < last:
            start = min(start, self.starts[first])
            end = max(end, self.ends[last - 1])
        self.starts[first:last] = [start]
        self.ends[first:last] = [end]


class Gate:
    """The index of one document.

    Invariant: it holds exactly the structs and deletions of the updates given to ``admit``, and so does the CRDT.
    """

    def __init__(self, limits: Limits) -> None:
        self.clocks: dict[int, int] = {}
        self._deleted: dict[int, Ranges] = {}
        self._roots: dict[Id, tuple[str, str | None]] = {}  # of the structs without origins
        self._limits = limits
        self._bytes = 0

    def judge(self, update: Update, size: int) -> Verdict:
        """What ``update``, of ``size`` bytes, would do. Raises Invalid or TooLarge; changes nothing."""
        new = [s for s in update.structs if s.clock + s.length > self.clocks.get(s.client, 0)]
        deletes = [d for d in update.deletes if not self._is_deleted(*d)]
        if not new and not deletes:
            return Verdict.KNOWN
        for struct in update.structs:
            self._check_struct(struct)
        ends = {s.client: s.clock + s.length for s in new}
        if len(ends) > 1:
            _check_integrable(new, ends)
        if len(new) > self._limits.max_structs or len(deletes) > self._limits.max_ranges:
            raise TooLarge("too many changes in one update")
        if self._bytes + size > self._limits.max_document_bytes:
            raise TooLarge("the document is full")
        return Verdict.GAP if self._is_gapped(new, ends, deletes) else Verdict.NEW

    def knows(self, update: Update) -> bool:
        """Whether all of it is in the document."""
        return all(s.clock + s.length <= self.clocks.get(s.client, 0) for s in update.structs) and all(
            self._is_deleted(*d) for d in update.deletes
        )

    def admit(self, update: Update, size: int) -> None:
        """Take a merged update into the index."""
        self._bytes += size
        for struct in update.structs:
            known = self.clocks.get(struct.client, 0)
            end = struct.clock + struct.length
            if end > known:
                self.clocks[struct.client] = end
                if struct.root is not None and struct.clock >= known:
                    self._roots[struct.client, struct.clock] = (struct.root, struct.key)
                if struct.content == DELETED:
                    self._ranges(struct.client).add(max(struct.clock, known), end)
        for client, clock, length in update.deletes:
            self._ranges(client).add(clock, clock + length)

    def _check_struct(self, struct: Struct) -> None:
        """Also of what is known already, where something new comes with it: browsers look at the whole update."""
        known = self.clocks.get(struct.client, 0)
        for origin in (struct.left, struct.right):
            if origin is None:
                continue
            if origin[0] == struct.client and origin[1] >= struct.clock:
                raise Invalid("a struct that stands on itself")
            if struct.clock < known and origin[1] >= self.clocks.get(origin[0], 0):
                raise Invalid("a struct that is known, on what is not")
        if struct.root is None:
            return
        if struct.clock < known and self._roots.get((struct.client, struct.clock)) != (struct.root, struct.key):
            raise Invalid("a struct that is known, in another place")
        _check_model(struct)

    def _is_gapped(self, new: list[Struct], ends: dict[int, int], deletes: list[tuple[int, int, int]]) -> bool:
        reached = {client: self.clocks.get(client, 0) for client in ends}
        for struct in new:
            if struct.clock > reached[struct.client]:
                return True
            reached[struct.client] = struct.clock + struct.length
            for origin in (struct.left, struct.right):
                if origin is not None and not self._exists(origin, ends):
                    return True
        return any(not self._exists((client, clock + length - 1), ends) for client, clock, length in deletes)

    def _exists(self, origin: Id, ends: dict[int, int]) -> bool:
        client, clock = origin
        return clock < self.clocks.get(client, 0) or clock < ends.get(client, 0)

    def _is_deleted(self, client: int, clock: int, length: int) -> bool:
        ranges = self._deleted.get(client)
        return ranges is not None and ranges.covers(clock, clock + length)

    def _ranges(self, client: int) -> Ranges:
        ranges = self._deleted.get(client)
        if ranges is None:
            ranges = self._deleted[client] = Ranges()
        return ranges


def _check_integrable(new: list[Struct], ends: dict[int, int]) -> None:
    """Some order must integrate every struct after its origins, or they wait on each other for ever.

    What is not in the update is taken to exist: where it does not, that is a gap. Every struct is tried once, and once
    more for each origin that it had to wait for.
    """
    lanes: dict[int, list[Struct]] = {}
    for struct in reversed(new):
        lanes.setdefault(struct.client, []).append(struct)
    reached = {client: lane[-1].clock for client, lane in lanes.items()}
    waiting: dict[int, list[Id]] = {}  # client -> heap of (clock waited for, client of the lane)
    ready = list(lanes)
    while ready:
        client = ready.pop()
        lane = lanes[client]
        while lane:
            struct = lane[-1]
            missing = _missing(struct.left, reached, ends) or _missing(struct.right, reached, ends)
            if missing is not None:
                heappush(waiting.setdefault(missing[0], []), (missing[1], client))
                break
            lane.pop()
            reached[client] = struct.clock + struct.length
            heap = waiting.get(client)
            while heap and heap[0][0] < reached[client]:
                ready.append(heappop(heap)[1])
    if any(lanes.values()):
        raise Invalid("structs that wait on each other")


def _missing(origin: Id | None, reached: dict[int, int], ends: dict[int, int]) -> Id | None:
    if origin is None:
        return None
    client, clock = origin
    return origin if reached.get(client, clock + 1) <= clock < ends.get(client, 0) else None


def _check_model(struct: Struct) -> None:
    """Structs without origins name their root; the allowed roots and their contents are the document model."""
    if struct.root == FILES:
        if struct.key is None or struct.content == STRING:
            raise Invalid("files holds plain values by file id")
    elif struct.root is not None and (struct.root == SOURCE or struct.root.startswith(f"{SOURCE}/")):
        if struct.key is not None or struct.content == ANY:
            raise Invalid("a source holds text")
    else:
        raise Invalid("a root that is not part of the document")
