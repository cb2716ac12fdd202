"""The order of every text of a document, kept as Yjs keeps it, and what keeping it costs a browser.

Algorithm: https://github.com/yjs/yjs (src/structs/Item.js, ``integrate``; src/utils/encoding.js, ``integrateStructs``).
The CRDT exposes neither its order nor its costs; an update must be known to be cheap before the CRDT sees it.
"""

import sys
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from collab.errors import Invalid
from collab.ranges import Ranges
from collab.update import Id, Range, Struct
from collab.wire import TooLarge

# One step is what a browser takes to visit one item while it looks for the place of another: 0.3 microseconds. The rest
# is charged as it was measured in Yjs and pycrdt, by whichever takes longer (docs/reliability.md).
_OFFSET_PER_STEP = 96  # characters of an item before a split: they are walked over
_REST_PER_STEP = 10_000  # characters behind it: they are copied
_ROPE_PER_STEP = 32  # characters of an item that has grown since it was last split: all are copied, and kept
_BEHIND_PER_STEP = 128  # items of the same client behind a split: they are moved in an array
_RANKS = 2**64  # between neighbours
_RANKED_PER_VISIT = 8
_FEW_BEHIND = 2**12  # so few are moved for nothing


@dataclass(slots=True, eq=False)
class Place:
    """One text, or one key of a map."""

    root: str
    key: str | None
    head: "Run | None" = None
    size: int = 0  # runs


@dataclass(slots=True, eq=False)
class Run:
    """Neighbours that one client made one after the other: one item of Yjs, but for what has been deleted of it."""

    client: int
    clock: int
    length: int
    left: Id | None
    right: Id | None
    place: Place
    next: "Run | None"
    rank: int  # grows along its place
    is_rope: bool = False  # made of keystrokes since it was last split


class Order:
    """Invariant: ``clocks`` says what has been integrated; every clock below is in exactly one run of its client."""

    def __init__(self) -> None:
        self.clocks: dict[int, int] = {}
        self.places: dict[tuple[str, str | None], Place] = {}
        self.size = 0  # runs
        self.visits_left = sys.maxsize  # of the update that is being integrated
        self.visits = 0  # steps of structs that found others in their place
        # An upper bound of what a newcomer takes, who integrates in another order: every item that is added may be
        # visited by, or visit, as many as were visited so far.
        self.potential = 0
        self._deleted: dict[int, Ranges] = {}
        self._runs: dict[int, list[Run]] = {}
        self._starts: dict[int, list[int]] = {}  # the clocks of the runs
        self._undo: list[tuple[Run, Run | None, int]] = []

    def place_of(self, of: Id) -> Place:
        """Where an integrated clock is."""
        return self._find(of).place

    def is_deleted(self, client: int, clock: int, length: int) -> bool:
        ranges = self._deleted.get(client)
        return ranges is not None and ranges.covers(clock, clock + length)

    def not_deleted(self, deletes: list[Range]) -> list[Range]:
        """What of these ranges is not deleted yet."""
        parts = []
        for client, clock, length in deletes:
            ranges = self._deleted.get(client)
            if ranges is None:
                parts.append((client, clock, length))
            else:
                parts += [(client, start, end - start) for start, end in ranges.missing(clock, clock + length)]
        return parts

    def integrate(self, struct: Struct) -> tuple[int, Place]:
        """Give the next struct of its client its place among what is there; the steps that this takes, and the place.

        All that it builds on is there. Raises Invalid where no honest client can have put it, and TooLarge after
        ``visits_left``; then the caller must ``undo``.
        """
        client, clock, left, right = struct.client, struct.clock, struct.left, struct.right
        runs = self._runs.get(client)
        if runs and left is not None and left[0] == client and left[1] == clock - 1:
            last = runs[-1]
            after = last.next
            if right == last.right and (
                after is None if right is None else after is not None and (after.client, after.clock) == right
            ):
                return 0, self._lengthen(last, struct)
        steps = 0
        before = None
        if left is not None:
            before = self._find(left)
            if left[1] + 1 < before.clock + before.length:
                steps += self._split(before, left[1] + 1)
        after = None
        if right is not None:
            after = self._find(right)
            if right[1] > after.clock:
                steps += self._split(after, right[1])
                after = self._find(right)
                before = self._find(left) if left is not None else None
        place = self._place(struct, before, after)
        at = place.head if before is None else before.next
        if at is not after:
            before, visited = self._resolve(struct, before, at, after)
            steps += visited
            if (
                before is not None
                and runs
                and before is runs[-1]
                and left == (client, clock - 1)
                and right == before.right
            ):
                return steps, self._lengthen(before, struct)
            self.visits_left -= visited
            self.visits += visited
            self.potential += 2 * visited
        after = place.head if before is None else before.next
        run = Run(client, clock, struct.length, left, right, place, after, self._rank(place, before, after))
        if before is None:
            place.head = run
        else:
            before.next = run
        place.size += 1
        self.size += 1
        self.potential += self.visits
        self._runs.setdefault(client, []).append(run)
        self._starts.setdefault(client, []).append(clock)
        self.clocks[client] = clock + struct.length
        self._undo.append((run, before, 0))
        return steps, place

    def _lengthen(self, run: Run, struct: Struct) -> Place:
        run.length += struct.length
        run.is_rope = True
        self.clocks[run.client] = struct.clock + struct.length
        self._undo.append((run, None, struct.length))
        return run.place

    def _resolve(self, struct: Struct, before: Run | None, at: Run | None, after: Run | None) -> tuple[Run | None, int]:
        """Others have inserted in the same place: the run that the struct comes behind, and the steps to it."""
        steps = at.place.size if at is not None and before is None and at.place.key is not None else 0
        visited: set[Run] = set()
        conflicting: set[Run] = set()
        if before is not None and after is not None and after.rank <= before.rank:
            raise Invalid("a struct between two neighbours that are in the other order")
        while at is not None and at is not after:
            steps += self._items(at)
            if steps > self.visits_left:
                raise TooLarge("an update in the middle of too many others")
            visited.add(at)
            conflicting.add(at)
            if at.left == struct.left:
                if at.client < struct.client:
                    before = at
                    conflicting.clear()
                elif at.right == struct.right:
                    break
            elif at.left is not None and (origin := self._find(at.left)) in visited:
                if origin not in conflicting:
                    before = at
                    conflicting.clear()
            else:
                break
            at = at.next
        return before, steps

    def steps_to_delete(self, deletes: list[Range]) -> int:
        """What deleting these ranges takes, which are in ascending order, integrated and not deleted yet."""
        steps = 0
        at_client, reached = -1, 0
        for client, clock, length in deletes:
            if client != at_client:
                at_client, reached = client, 0
            starts, runs = self._starts[client], self._runs[client]
            first = bisect_right(starts, clock) - 1
            last = bisect_left(starts, clock + length) - 1
            steps += 1 + last - first + self._steps_to_split(runs[first], clock, reached)
            steps += self._steps_to_split(runs[last], clock + length, clock)
            reached = clock + length
        return steps

    def delete(self, client: int, clock: int, length: int) -> None:
        ranges = self._deleted.get(client)
        if ranges is None:
            ranges = self._deleted[client] = Ranges()
        held = len(ranges.starts)
        ranges.add(clock, clock + length)
        self.potential += self.visits * max(0, len(ranges.starts) - held)

    def done(self) -> None:
        """What was integrated stays."""
        self._undo.clear()

    def undo(self) -> None:
        """Take back all that was integrated since ``done``."""
        while self._undo:
            run, before, length = self._undo.pop()
            runs, starts = self._runs[run.client], self._starts[run.client]
            if length > 0:  # it was made longer
                run.length -= length
                self.clocks[run.client] -= length
            elif before is not None and length < 0:  # it was split off
                before.length += run.length
                before.next = run.next
                at = bisect_left(starts, run.clock)
                del runs[at], starts[at]
                run.place.size -= 1
                self.size -= 1
            else:
                self._remove(run, before)

    def _remove(self, run: Run, before: Run | None) -> None:
        if before is None:
            run.place.head = run.next
        else:
            before.next = run.next
        self._runs[run.client].pop()
        self._starts[run.client].pop()
        self.size -= 1
        run.place.size -= 1
        if not run.place.size:
            del self.places[run.place.root, run.place.key]
        self.clocks[run.client] -= run.length
        if not self._runs[run.client]:
            del self.clocks[run.client], self._runs[run.client], self._starts[run.client]

    def structs(self) -> list[Struct]:
        """All runs, those of one client in order of clock: what a newcomer is sent."""
        return [
            Struct(
                run.client,
                run.clock,
                run.length,
                0,
                run.left,
                run.right,
                run.place.root if run.left is None and run.right is None else None,
                run.place.key if run.left is None and run.right is None else None,
                None,
            )
            for runs in self._runs.values()
            for run in runs
        ]

    def steps_of_newcomer(self, structs: list[Struct], limit: int) -> int:
        """What it takes to integrate all that there is at once, or more than ``limit``.

        Works on ``structs``, from this object, alone, and may run beside it in another thread.
        """
        newcomer = Order()
        newcomer._deleted = self._deleted  # only read: what is deleted is more items
        newcomer.visits_left = limit
        try:
            for struct in in_order(structs):
                newcomer.integrate(struct)
                newcomer.done()
        except (TooLarge, Invalid):  # too much, or he would have another text
            return limit + 1
        return newcomer.visits

    def _place(self, struct: Struct, before: Run | None, after: Run | None) -> Place:
        if before is not None:
            if after is not None and after.place is not before.place:
                raise Invalid("a struct between neighbours in two places")
            return before.place
        if after is not None:
            return after.place
        named = (struct.root or "", struct.key)
        place = self.places.get(named)
        if place is None:
            place = self.places[named] = Place(*named)
        return place

    def _rank(self, place: Place, before: Run | None, after: Run | None) -> int:
        """Between two neighbours. Where there is no room left, all are given new ranks."""
        low = 0 if before is None else before.rank
        if after is None:
            return low + _RANKS
        if after.rank - low < 2:
            self.visits_left -= place.size // _RANKED_PER_VISIT
            run, rank = place.head, 0
            while run is not None:
                run.rank = rank = rank + _RANKS
                run = run.next
            low = 0 if before is None else before.rank
        return (low + after.rank) // 2

    def _find(self, of: Id) -> Run:
        client, clock = of
        return self._runs[client][bisect_right(self._starts[client], clock) - 1]

    def _split(self, run: Run, clock: int) -> int:
        """Cut ``run`` in two at ``clock``; the steps that this takes."""
        steps = self._steps_to_split(run, clock)
        tail = Run(
            run.client,
            clock,
            run.clock + run.length - clock,
            (run.client, clock - 1),
            run.right,
            run.place,
            run.next,
            self._rank(run.place, run, run.next),
        )
        run.length = clock - run.clock
        run.next = tail
        run.is_rope = False
        starts = self._starts[run.client]
        at = bisect_left(starts, clock)
        starts.insert(at, clock)
        self._runs[run.client].insert(at, tail)
        run.place.size += 1
        self.size += 1
        self.potential += self.visits
        self._undo.append((tail, run, -1))
        return steps

    def _steps_to_split(self, run: Run, clock: int, reached: int = 0) -> int:
        """What it takes to cut ``run`` at ``clock``, its clocks below ``reached`` being cut off already."""
        first, last = max(run.clock, reached), run.clock + run.length
        starts = self._starts[run.client]
        behind = len(starts) - bisect_right(starts, clock)
        ranges = self._deleted.get(run.client)
        if ranges is not None:
            at = bisect_right(ranges.starts, clock)
            if at:
                first = max(first, min(ranges.ends[at - 1], clock))
            if at < len(ranges.starts):
                last = min(last, ranges.starts[at])
            behind += 2 * (len(ranges.starts) - at)
        if not first < clock < last:
            return 0
        steps = 1 + (clock - first) // _OFFSET_PER_STEP + (last - clock) // _REST_PER_STEP
        if run.is_rope:
            steps += (last - first) // _ROPE_PER_STEP
        if behind > _FEW_BEHIND:
            steps += behind // _BEHIND_PER_STEP
        return steps

    def _items(self, run: Run) -> int:
        ranges = self._deleted.get(run.client)
        if ranges is None:
            return 1
        first = bisect_right(ranges.ends, run.clock)
        return 1 + 2 * (bisect_left(ranges.starts, run.clock + run.length) - first)


def in_order(structs: Iterable[Struct]) -> list[Struct]:
    """``structs``, contiguous for each client, as Yjs integrates them: from the highest client id down, and before each
    what it builds on. What is not among them is taken to be there.

    Raises Invalid where they wait on each other.
    """
    lanes: dict[int, list[Struct]] = {}
    for struct in structs:
        lanes.setdefault(struct.client, []).append(struct)
    for lane in lanes.values():
        lane.reverse()
    ordered: list[Struct] = []
    ends = {client: lane[0].clock + lane[0].length for client, lane in lanes.items()}
    reached = {client: lane[-1].clock for client, lane in lanes.items()}
    waiting: list[Struct] = []
    blocked: set[int] = set()  # clients of the waiting structs
    for client in sorted(lanes, reverse=True):
        lane = lanes[client]
        while lane or waiting:
            struct = waiting.pop() if waiting else lane.pop()
            blocked.discard(struct.client)
            needed = _needed(struct.left, reached, ends)
            if needed is None:
                needed = _needed(struct.right, reached, ends)
            if needed is None:
                ordered.append(struct)
                reached[struct.client] = struct.clock + struct.length
                continue
            blocked.add(struct.client)
            if needed in blocked:
                raise Invalid("structs that wait on each other")
            waiting += (struct, lanes[needed].pop())
    return ordered


def _needed(origin: Id | None, reached: dict[int, int], ends: dict[int, int]) -> int | None:
    """The client of an origin that is still to come."""
    if origin is None:
        return None
    client, clock = origin
    return client if reached.get(client, clock + 1) <= clock < ends.get(client, 0) else None
