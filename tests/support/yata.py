"""A second, plain implementation of what Yjs does with texts and keyed values, that counts instead of being fast.

It knows what `collab.update` parses, and nothing of the gate.
"""

from bisect import bisect_right
from dataclasses import dataclass, field

from collab.update import DELETED, Id, Struct, Update


@dataclass(slots=True)
class Counts:
    """What integrating took, in things done."""

    updates: int = 0
    clients: int = 0  # for each update, those in the document
    visits: int = 0  # items that the conflict scan looked at
    splits: int = 0
    split_units: int = 0  # the lengths of the items that were split
    shifted: int = 0  # items of the same client behind a split
    versions: int = 0  # items walked to find the first of a key
    deletions: int = 0  # items that became deleted

    def microseconds(self) -> float:
        """By what each of them takes at most in Yjs or pycrdt, measured (docs/reliability.md)."""
        return (
            12 * self.updates
            + 0.1 * self.clients
            + 0.45 * self.visits
            + self.splits
            + 0.0015 * self.split_units
            + 0.003 * self.shifted
            + 0.006 * self.versions
            + 0.5 * self.deletions
        )


@dataclass(slots=True, eq=False)
class Item:
    client: int
    clock: int
    text: str | None
    length: int
    origin: Id | None
    right_origin: Id | None
    place: "Place"
    deleted: bool = False
    left: "Item | None" = None
    right: "Item | None" = None

    @property
    def last(self) -> Id:
        return self.client, self.clock + self.length - 1


@dataclass(slots=True, eq=False)
class Place:
    """A text, or the versions of the value under a key."""

    is_keyed: bool
    start: Item | None = None


@dataclass(slots=True)
class Lane:
    """The items of one client, by clock."""

    starts: list[int] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)

    @property
    def end(self) -> int:
        return self.items[-1].clock + self.items[-1].length if self.items else 0


class Replica:
    def __init__(self) -> None:
        self.counts = Counts()
        self._lanes: dict[int, Lane] = {}
        self._places: dict[tuple[str, str | None], Place] = {}
        self._touched: list[tuple[int, int]] = []

    def apply(self, update: Update) -> None:
        """All of it must be new, and nothing missing."""
        waiting: dict[int, list[Struct]] = {}
        for struct in reversed(update.structs):
            waiting.setdefault(struct.client, []).append(struct)
        for client in sorted(waiting, reverse=True):
            stack: list[Struct] = []
            while stack or waiting[client]:
                if not stack:
                    stack.append(waiting[client].pop())
                missing = self._missing(stack[-1])
                if missing is None:
                    self._integrate(stack.pop())
                else:
                    stack.append(waiting[missing].pop())
        for client, clock, length in update.deletes:
            self._delete_range(client, clock, clock + length)
        self._merge()
        self.counts.updates += 1
        self.counts.clients += len(self._lanes)

    def text(self, root: str = "source") -> str:
        """UTF-16 units as characters."""
        place = self._places.get((root, None))
        out, item = [], place.start if place else None
        while item is not None:
            out.append("" if item.deleted or item.text is None else item.text)
            item = item.right
        return "".join(out).encode("utf-16", "surrogatepass").decode("utf-16")

    def items(self) -> int:
        return sum(len(lane.items) for lane in self._lanes.values())

    def _missing(self, struct: Struct) -> int | None:
        for origin in (struct.left, struct.right):
            if origin is not None and (origin[0] not in self._lanes or origin[1] >= self._lanes[origin[0]].end):
                return origin[0]
        return None

    def _integrate(self, struct: Struct) -> None:
        left = self._ending_at(struct.left) if struct.left is not None else None
        right = self._starting_at(struct.right) if struct.right is not None else None
        beside = left or right
        place = beside.place if beside is not None else self._place(struct)
        units = None
        if struct.text is not None:
            units = struct.text.encode("utf-16-le")
        text = None if units is None else "".join(chr(units[n] | units[n + 1] << 8) for n in range(0, len(units), 2))
        item = Item(struct.client, struct.clock, text, struct.length, struct.left, struct.right, place)
        item.left = self._scan(item, left, right)
        if item.left is not None:
            item.right, item.left.right = item.left.right, item
        else:
            item.right, place.start = place.start, item
        if item.right is not None:
            item.right.left = item
        lane = self._lanes.setdefault(item.client, Lane())
        assert lane.end == item.clock
        lane.starts.append(item.clock)
        lane.items.append(item)
        self._touched.append((item.client, item.clock))
        if place.is_keyed and item.right is None and item.left is not None:
            self._delete(item.left)
        if struct.content == DELETED or (place.is_keyed and item.right is not None):
            self._delete(item)

    def _scan(self, item: Item, left: Item | None, right: Item | None) -> Item | None:
        """The item that it comes to stand behind."""
        other = item.place.start if left is None else left.right
        if item.place.is_keyed and left is None:
            walk = item.place.start
            while walk is not None:
                self.counts.versions += 1
                walk = walk.right
        before: set[Item] = set()
        conflicting: set[Item] = set()
        while other is not None and other is not right:
            self.counts.visits += 1
            before.add(other)
            conflicting.add(other)
            if other.origin == item.origin:
                if other.client < item.client:
                    left = other
                    conflicting.clear()
                elif other.right_origin == item.right_origin:
                    break
            elif other.origin is not None and (origin := self._at(other.origin)) in before:
                if origin not in conflicting:
                    left = other
                    conflicting.clear()
            else:
                break
            other = other.right
        return left

    def _place(self, struct: Struct) -> Place:
        assert struct.root is not None
        return self._places.setdefault((struct.root, struct.key), Place(struct.key is not None))

    def _index(self, at: Id) -> int:
        return bisect_right(self._lanes[at[0]].starts, at[1]) - 1

    def _at(self, at: Id) -> Item:
        return self._lanes[at[0]].items[self._index(at)]

    def _ending_at(self, at: Id) -> Item:
        item = self._at(at)
        if item.last != at:
            self._split(item, at[1] + 1 - item.clock)
        return item

    def _starting_at(self, at: Id) -> Item:
        item = self._at(at)
        return item if item.clock == at[1] else self._split(item, at[1] - item.clock)

    def _split(self, item: Item, at: int) -> Item:
        lane = self._lanes[item.client]
        index = self._index((item.client, item.clock)) + 1
        self.counts.splits += 1
        self.counts.split_units += item.length
        self.counts.shifted += len(lane.items) - index
        rest = Item(
            item.client,
            item.clock + at,
            None if item.text is None else item.text[at:],
            item.length - at,
            (item.client, item.clock + at - 1),
            item.right_origin,
            item.place,
            item.deleted,
            item,
            item.right,
        )
        item.text = None if item.text is None else item.text[:at]
        item.length = at
        item.right = rest
        if rest.right is not None:
            rest.right.left = rest
        lane.starts.insert(index, rest.clock)
        lane.items.insert(index, rest)
        self._touched.append((rest.client, rest.clock))
        return rest

    def _delete_range(self, client: int, start: int, end: int) -> None:
        item: Item | None = self._at((client, start))
        while item is not None and item.clock < end:
            if not item.deleted:
                if item.clock < start:
                    item = self._split(item, start - item.clock)
                if item.clock + item.length > end:
                    self._split(item, end - item.clock)
                self._delete(item)
            lane = self._lanes[client]
            behind = self._index((client, item.clock)) + 1
            item = lane.items[behind] if behind < len(lane.items) else None

    def _delete(self, item: Item) -> None:
        if not item.deleted:
            item.deleted = True
            item.text = None
            self.counts.deletions += 1
            self._touched.append((item.client, item.clock))

    def _merge(self) -> None:
        """At the end of an update neighbours that were written as one become one."""
        behind = {(client, clock) for client, clock in self._touched}
        for client, clock in sorted(behind, reverse=True):
            lane = self._lanes[client]
            at = self._index((client, clock))
            if lane.starts[at] == clock:
                for index in (at + 1, at):
                    if 0 < index < len(lane.items):
                        self._try_merge(lane, index)
        self._touched.clear()

    @staticmethod
    def _try_merge(lane: Lane, index: int) -> None:
        left, right = lane.items[index - 1], lane.items[index]
        if (
            left.right is right
            and right.origin == left.last
            and left.right_origin == right.right_origin
            and left.deleted == right.deleted
        ):
            left.length += right.length
            if left.text is not None and right.text is not None:
                left.text += right.text
            left.right = right.right
            if right.right is not None:
                right.right.left = left
            del lane.starts[index], lane.items[index]
