"""The order of every text of a document, kept as Yjs keeps it, and what keeping it costs a browser.

Algorithm: https://github.com/yjs/yjs (src/structs/Item.js, ``integrate``; src/utils/encoding.js, ``integrateStructs``).
The CRDT exposes neither its order nor its costs; an update must be known to be cheap before the CRDT sees it.
"""

import sys
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field

from collab.crossing import Crossings
from collab.errors import Invalid
from collab.ranges import Ranges
from collab.update import Id, Range, Struct
from collab.wire import TooLarge

# One step is what a browser takes to visit one item while it looks for the place of another: 0.3 microseconds. The rest
# is charged as it was measured in Yjs and pycrdt, by whichever takes longer (docs/reliability.md).
_OFFSET_PER_STEP = 128  # characters of an item before a split: they are walked over
_REST_PER_STEP = 10_000  # characters behind it: they are copied
_ROPE_PER_STEP = 32  # characters of an item that has grown since it was last split: all are copied, and kept
_BEHIND_PER_STEP = 128  # items of the same client behind a split: they are moved in an array
_STEPS_PER_VISIT = 1  # to a run between two origins: nothing to a browser, much to us
_KNOWN_PER_STEP = 4
_RANKS = 2**64  # between neighbours
_RANKED_PER_VISIT = 8
_FEW_BEHIND = 2**12  # so few are moved for nothing
_NO_RANGES = Ranges()


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
    visitors: list[Id] = field(default_factory=list)  # who may visit it while their place is looked for, in some order
    is_rope: bool = False  # made of keystrokes since it was last split


class Order:
    """Invariant: ``clocks`` says what has been integrated; every clock below is in exactly one run of its client."""

    def __init__(self) -> None:
        self.clocks: dict[int, int] = {}
        self.places: dict[tuple[str, str | None], Place] = {}
        self.size = 0  # runs
        self.holes = 0  # deleted ranges
        self.visits_left = sys.maxsize  # of the update that is being integrated
        self.crossings = Crossings()
        self.deleted: dict[int, Ranges] = {}
        self._runs: dict[int, list[Run]] = {}
        self._starts: dict[int, list[int]] = {}  # the clocks of the runs
        # Of each step: the run, the one before it, and by how much it grew (-1: split off, 0: new).
        self._undo: list[tuple[Run, Run | None, int]] = []
        # What a client knew at least when it last found others in its place: client -> clocks.
        self._known: dict[int, dict[int, int]] = {}
        self._learned: set[int] = set()  # clients of whom that has grown since ``done``

    def place_of(self, of: Id) -> Place:
        """Where an integrated clock is."""
        return self._find(of).place

    def is_deleted(self, client: int, clock: int, length: int) -> bool:
        ranges = self.deleted.get(client)
        return ranges is not None and ranges.covers(clock, clock + length)

    def not_deleted(self, deletes: list[Range]) -> list[Range]:
        """What of these ranges is not deleted yet."""
        parts = []
        for client, clock, length in deletes:
            ranges = self.deleted.get(client, _NO_RANGES)
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
        origin, first = before, place.head if before is None else before.next
        gap: list[tuple[Run, int]] = []
        if first is not after:
            if before is not None and after is not None and after.rank <= before.rank:
                raise Invalid("a struct between two neighbours that are in the other order")
            gap = self._gap(first, after)
            steps += self._check_concurrent(struct, gap) + _STEPS_PER_VISIT * len(gap)
            before, visited = self._resolve(struct, before, gap)
            steps += visited
            goes_on = left == (client, clock - 1) and before is not None and right == before.right
            if goes_on and runs and before is runs[-1] and all(run.left != left for run, _ in gap):
                return steps, self._lengthen(runs[-1], struct)
        behind = place.head if before is None else before.next
        run = Run(client, clock, struct.length, left, right, place, behind, self._rank(place, before, behind))
        self._cross(run, gap, origin, after)
        if before is None:
            place.head = run
        else:
            before.next = run
        place.size += 1
        self.size += 1
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

    def _resolve(self, struct: Struct, before: Run | None, gap: list[tuple[Run, int]]) -> tuple[Run | None, int]:
        """Others have inserted in the same place: the run that the struct comes behind, and the steps to it."""
        place = gap[0][0].place
        steps = place.size if before is None and place.key is not None else 0
        visited, conflicting = set[Run](), set[Run]()
        for at, items in gap:
            steps += items
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
        return before, steps

    def _gap(self, at: Run | None, after: Run | None) -> list[tuple[Run, int]]:
        """The runs between two origins, and how many items each is. Raises TooLarge after ``visits_left``."""
        gap = []
        while at is not None and at is not after:
            items = self._items(at)
            self.visits_left -= items
            if self.visits_left < 0:
                raise TooLarge("an update in the middle of too many others")
            gap.append((at, items))
            at = at.next
        return gap

    def _check_concurrent(self, struct: Struct, gap: list[tuple[Run, int]]) -> int:
        """A client puts its struct between neighbours: it cannot have known of anything between them. The steps taken.

        What it knew, at least: its origins, all that it had made, and so on with what those build on. Replicas that
        integrate in different orders agree on a text only if this holds.
        """
        steps = self._learn(struct.client, struct.clock, struct.left, struct.right)
        known = self._known[struct.client]
        if any(run.clock < known.get(run.client, 0) for run, _ in gap):
            raise Invalid("a struct between neighbours that were apart")
        return steps

    def _learn(self, maker: int, clock: int, left: Id | None, right: Id | None) -> int:
        """What a client must have known to make something there; the steps taken."""
        known = self._known.setdefault(maker, {})
        self._learned.add(maker)
        steps = 0
        heard = [(maker, clock)]
        heard += [(origin[0], origin[1] + 1) for origin in (left, right) if origin is not None]
        while heard:
            client, end = heard.pop()
            start = known.get(client, 0)
            if end <= start:
                continue
            known[client] = end
            starts = self._starts.get(client, [])
            runs = self._runs.get(client, [])[bisect_left(starts, start) : bisect_left(starts, end)]
            steps += 1 + len(runs) // _KNOWN_PER_STEP
            for run in runs:
                heard += [(origin[0], origin[1] + 1) for origin in (run.left, run.right) if origin is not None]
        return steps

    def _cross(self, run: Run, gap: list[tuple[Run, int]], origin: Run | None, after: Run | None) -> None:
        """Note whom ``run`` may visit, and who may visit it: also visitors of its neighbours that it does not know."""
        visitors: list[Id] = [] if origin is None else origin.visitors.copy()
        if after is not None:
            visitors += after.visitors
        if visitors:
            self._learn(run.client, run.clock, run.left, run.right)
            known = self._known[run.client]
            visitors = list({each: None for each in visitors if each[1] >= known.get(each[0], 0)})
        passed: list[tuple[Run, int]] = []
        seen, below = set[Run](), set[Run]()
        for other, items in gap:
            stands_on = None if other.left is None or other.left == run.left else self._find(other.left)
            if other.left == run.left or stands_on in below:
                below.add(other)
                passed.append((other, items))
            if stands_on not in seen:
                visitors.append((other.client, other.clock))
            seen.add(other)
        self.crossings.visit(passed, ((run.client, run.clock),))
        if visitors:
            self.crossings.visit([(run, 1)], visitors)

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
            for at in {first, last}:
                self.crossings.split(runs[at], 2)
            steps += 1 + last - first + self._steps_to_split(runs[first], clock, reached)
            steps += self._steps_to_split(runs[last], clock + length, clock)
            reached = clock + length
        return steps

    def delete(self, client: int, clock: int, length: int) -> None:
        ranges = self.deleted.get(client)
        if ranges is None:
            ranges = self.deleted[client] = Ranges()
        held = len(ranges.starts)
        ranges.add(clock, clock + length)
        self.holes += len(ranges.starts) - held

    def done(self) -> None:
        """What was integrated stays."""
        self._undo.clear()
        if self._learned:
            self._learned.clear()
        self.crossings.done()

    def undo(self) -> None:
        """Take back all that was integrated since ``done``."""
        self.crossings.undo()
        for client in self._learned:
            del self._known[client]
        self._learned.clear()
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
            visitors=run.visitors.copy(),
        )
        self.crossings.split(run, 1)
        run.length = clock - run.clock
        run.next = tail
        run.is_rope = False
        starts = self._starts[run.client]
        at = bisect_left(starts, clock)
        starts.insert(at, clock)
        self._runs[run.client].insert(at, tail)
        run.place.size += 1
        self.size += 1
        self._undo.append((tail, run, -1))
        return steps

    def _steps_to_split(self, run: Run, clock: int, reached: int = 0) -> int:
        """What it takes to cut ``run`` at ``clock``, its clocks below ``reached`` being cut off already."""
        first, last = max(run.clock, reached), run.clock + run.length
        starts = self._starts[run.client]
        behind = len(starts) - bisect_right(starts, clock)
        ranges = self.deleted.get(run.client)
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
        ranges = self.deleted.get(run.client)
        if ranges is None:
            return 1
        first, last = run.clock, run.clock + run.length
        starts = bisect_left(ranges.starts, last) - bisect_right(ranges.starts, first)
        return 1 + starts + bisect_left(ranges.ends, last) - bisect_right(ranges.ends, first)
