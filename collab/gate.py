"""What an update may contain before the CRDT sees it.

The gate keeps its own index of the document, because the CRDT exposes none, and because the answer must be known before
the CRDT is touched.
"""

import re
import sys
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from collab.errors import Invalid
from collab.order import Order, in_order
from collab.update import ANY, DELETED, STRING, Id, Range, Struct, Update, with_deletes
from collab.wire import TooLarge

FILES = "files"
SOURCE = "source"
_FILE = f"{SOURCE}/"
_MAX_NAME = 64  # characters of a file id
_PAIRS = re.compile("[\U00010000-\U0010ffff]+")

# What a newcomer may take, in steps of 0.3 microseconds, and by how much that may have grown before it is counted anew.
_MAX_NEWCOMER_STEPS = 1_000_000
_MAX_UNCOUNTED_STEPS = 2_000_000
# Where it is too much already: what may still be added without a count, what in one update, and up to where.
_LEAST_UNCOUNTED_STEPS = 100_000
_FEW_STEPS = 256
_MOST_NEWCOMER_STEPS = 4_000_000
_MAX_VISITS = 50_000  # of one update: the server makes them itself, and others wait
_RUNS_COUNTED_PER_STEP = 4
_MAX_CLIENTS = 2**15  # of a document: a state vector may have twice as many
_MAX_DEAD_VALUES = 256
_STEPS_PER_BYTE = 2
# Of an accepted update, however small: a browser copies the state of all clients for it.
_STEPS_PER_UPDATE = 16
_CLIENTS_PER_STEP = 4


class Verdict(Enum):
    """What an update would do to the document."""

    NEW = auto()  # adds structs or deletions
    KNOWN = auto()  # adds nothing
    GAP = auto()  # needs something that the document does not have yet
    TANGLED = auto()  # adds so many conflicts that what they cost a newcomer has to be counted first
    FOREIGN = auto()  # adds structs in somebody else's name
    UNBOUND = auto()  # adds structs under a client id that belongs to nobody yet


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one update, of one document, and of one participant in it. What is known already is not counted."""

    max_structs: int = 20_000
    max_ranges: int = 5_000
    max_document_bytes: int = 64 * 2**20
    max_document_structs: int = 300_000
    max_files: int = 64
    max_new_clients: int = 16  # Yjs client ids in one update
    max_clients: int = 1_000  # Yjs client ids of one participant
    max_steps: int = 300_000  # of integration in one update
    max_participant_steps: int = 1_000_000  # and some for every byte that the participant has brought


_KEPT = {Verdict.NEW, Verdict.TANGLED}


@dataclass(frozen=True, slots=True)
class Count:
    """The steps of a newcomer ``before`` and ``after`` an update, at the order's ``potential`` before it."""

    data: bytes
    potential: int
    before: int
    after: int


class Surrogates:
    """Where the UTF-16 pairs of one client's text are."""

    __slots__ = ("ends", "starts")

    def __init__(self) -> None:
        self.starts: list[int] = []  # of pairs that follow each other
        self.ends: list[int] = []

    def add(self, clock: int, text: str) -> None:
        for pairs in _PAIRS.finditer(text):
            start = clock + pairs.start()
            clock += pairs.end() - pairs.start()  # each takes two
            end = clock + pairs.end()
            if self.ends and self.ends[-1] == start:
                self.ends[-1] = end
            else:
                self.starts.append(start)
                self.ends.append(end)

    def splits(self, clock: int) -> bool:
        """Whether a boundary before ``clock`` is inside a pair."""
        at = bisect_right(self.starts, clock) - 1
        return at >= 0 and clock < self.ends[at] and (clock - self.starts[at]) % 2 == 1


class Gate:
    """The index of one document.

    Invariant: it holds exactly the structs and deletions of the updates that were admitted, and so does the CRDT.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._order = Order()
        self._surrogates: dict[int, Surrogates] = {}
        self._fresh: dict[int, Surrogates] = {}  # of the update that was integrated last
        self._bytes = 0
        self._spent: Counter[str] = Counter()  # steps by participant, less what the bytes they brought are worth
        self._counted = 0  # what of the order's potential is in a count of what a newcomer takes
        self._allowance = _MAX_UNCOUNTED_STEPS
        self._count: Count | None = None
        self._before = (0, 0)  # visits and potential of the order before what is judged
        self._judged: tuple[Update, int, str, int] | None = None
        self._judged_data = b""
        self.clocks = self._order.clocks

    def knows(self, update: Update) -> bool:
        """Whether all of it is in the document."""
        clocks = self.clocks
        return all(s.clock + s.length <= clocks.get(s.client, 0) for s in update.structs) and all(
            self._order.is_deleted(*d) for d in update.deletes
        )

    def news(
        self, update: Update, data: bytes, unseen: Callable[[bytes, dict[int, int]], tuple[Update, bytes]]
    ) -> tuple[Update, bytes]:
        """``update`` and its ``data`` without what is known, deletions in ascending order.

        ``unseen`` cuts structs below some clocks off. Raises Invalid where that cuts a character in two.
        """
        clocks, structs = self.clocks, update.structs
        if not update.deletes and len(structs) == 1 and structs[0].clock == clocks.get(structs[0].client, 0):
            return update, data
        known = {s.client: clocks[s.client] for s in update.structs if s.clock < clocks.get(s.client, 0)}
        if known:
            for struct in update.structs:
                clock = known.get(struct.client, 0)
                if struct.clock < clock < struct.clock + struct.length and struct.text is not None:
                    pairs = Surrogates()
                    pairs.add(struct.clock, struct.text)
                    if pairs.splits(clock):
                        raise Invalid("a known struct that differs in the middle of a character")
            update, data = unseen(data, known)
        deletes = sorted(self._order.not_deleted(update.deletes)) if update.deletes else []
        if deletes != update.deletes:
            data = with_deletes(data, update, deletes)
            update = Update(update.structs, deletes, update.deletes_at)
        return update, data

    def judge(self, update: Update, data: bytes, participant: str) -> Verdict:
        """What ``update``, which is ``data`` and without what is known, would do, brought by ``participant``.

        Raises Invalid or TooLarge. Then the caller must ``admit`` what is NEW and ``count`` what is TANGLED, or
        ``dismiss`` it.
        """
        if not update.structs and not update.deletes:
            return Verdict.KNOWN
        limits = self.limits
        if len(update.structs) > limits.max_structs or len(update.deletes) > limits.max_ranges:
            raise TooLarge("too many changes in one update")
        if self._bytes + len(data) > limits.max_document_bytes:
            raise TooLarge("the document is full")
        order = self._order
        self._before = (order.visits, order.potential)
        order.visits_left = _MAX_VISITS
        verdict = None
        try:
            steps = self._integrate(update)
            if steps is None:
                verdict = Verdict.GAP
            else:
                if steps > limits.max_steps:
                    raise TooLarge("an update that costs everybody too much")
                steps -= _STEPS_PER_BYTE * len(data)
                if self._spent[participant] + steps > limits.max_participant_steps:
                    raise TooLarge("updates that cost everybody too much")
                if order.size > limits.max_document_structs:
                    raise TooLarge("the document has too many pieces")
                self._judged, self._judged_data = (update, len(data), participant, steps), data
                verdict = self._judge_conflicts(data) if order.visits else Verdict.NEW
        finally:
            if verdict not in _KEPT:
                self._judged = None
                self._undo()
        return verdict

    def admit(self) -> None:
        """Take the update that was judged to be new into the index."""
        if self._judged is None:
            raise RuntimeError("nothing was judged to be new")
        judged, count = self._judged, self._count
        self._judged = None
        if count is not None and self._judged_data == count.data:
            self._counted += self._order.potential - self._before[1]
        self._take(*judged)

    def dismiss(self) -> None:
        """Forget the update that was judged, if it has not been admitted."""
        if self._judged is not None:
            self._judged = None
            self._undo()

    def _undo(self) -> None:
        self._order.undo()
        self._order.visits, self._order.potential = self._before

    def restore(self, update: Update, size: int, participant: str) -> None:
        """Take in an update from the journal, whatever the limits are now. Raises Invalid where it does not fit."""
        self._order.visits_left = sys.maxsize
        steps = self._integrate(update)
        if steps is None:
            raise Invalid("an update of the journal builds on what is not there")
        self._take(update, size, participant, steps - _STEPS_PER_BYTE * size)

    def delete(self, deletes: list[Range]) -> None:
        """What the CRDT has deleted by itself."""
        for deleted in deletes:
            self._order.delete(*deleted)

    def is_root(self, name: str) -> bool:
        """Whether ``name`` is a text of this document, or that of one of its files."""
        places = self._order.places
        return name == SOURCE or (name, None) in places or (FILES, name.removeprefix(_FILE)) in places

    @property
    def is_tangled(self) -> bool:
        """Whether it is time to count what a newcomer takes: before anything has to wait for it."""
        return 2 * (self._order.potential - self._counted) > self._allowance

    def count(self, data: bytes, participant: str) -> Callable[[], Count]:
        """What counts the steps of a newcomer, without and with ``data``, the update that was judged to be TANGLED; it
        may run in another thread. The update is dismissed, and ``participant`` pays for it.
        """
        order = self._order
        structs, potential = order.structs(), order.potential
        self.dismiss()
        growth = potential - order.potential
        share = growth / self._allowance if growth < self._allowance else 1.0
        self._spent[participant] += int(share * order.size / _RUNS_COUNTED_PER_STEP)
        before, limit = order.structs() if growth else structs, 2 * _MOST_NEWCOMER_STEPS
        counted = order.potential

        def steps() -> Count:
            after = order.steps_of_newcomer(structs, limit)
            is_costly = growth > 0 and after > _MAX_NEWCOMER_STEPS
            return Count(data, counted, order.steps_of_newcomer(before, limit) if is_costly else after, after)

        return steps

    def counted(self, count: Count) -> None:
        """The update that makes the steps of a newcomer too many is refused when it comes again, and only that one."""
        self._count = count
        self._counted = count.potential
        if count.before <= _MAX_NEWCOMER_STEPS:
            self._allowance = _MAX_UNCOUNTED_STEPS
        else:
            self._allowance = _LEAST_UNCOUNTED_STEPS if count.before <= _MOST_NEWCOMER_STEPS else 0

    def _integrate(self, update: Update) -> int | None:
        """Give every struct its place; the steps that this takes, None where something is missing."""
        order, clocks, structs = self._order, self.clocks, update.structs
        self._fresh = _surrogates_of(structs)
        if self._fresh or self._surrogates:
            self._check_boundaries(update)
        if len(clocks) > _MAX_CLIENTS:
            raise TooLarge("the document has too many clients")
        steps = 0
        is_gapped = False
        for struct in structs if len(structs) == 1 else in_order(structs):
            if struct.root is not None:
                self._check_root(struct)
            if struct.content == ANY and struct.length > 1:
                self._check_dead(struct, update.deletes)
            left, right = struct.left, struct.right
            if (
                (left is not None and left[1] >= clocks.get(left[0], 0) and _is_not_itself(left, struct))
                or (right is not None and right[1] >= clocks.get(right[0], 0) and _is_not_itself(right, struct))
                or struct.clock != clocks.get(struct.client, 0)
            ):
                is_gapped = True
                for origin in (struct.left, struct.right):
                    if origin is not None and origin[1] < clocks.get(origin[0], 0):
                        _check_content(struct, order.place_of(origin).key)
            else:
                taken, place = order.integrate(struct)
                steps += taken
                _check_content(struct, place.key)
        if is_gapped or any(clock + length > clocks.get(client, 0) for client, clock, length in update.deletes):
            return None
        if update.deletes:
            steps += order.steps_to_delete(update.deletes)
        return steps + _STEPS_PER_UPDATE + len(clocks) // _CLIENTS_PER_STEP

    def _take(self, update: Update, size: int, participant: str, steps: int) -> None:
        self._order.done()
        self._bytes += size
        self._spent[participant] += steps
        self.delete(update.deletes)
        for struct in update.structs:
            if struct.content == DELETED:
                self._order.delete(struct.client, struct.clock, struct.length)
        for client, surrogates in self._fresh.items():
            known = self._surrogates.get(client)
            if known is None:
                self._surrogates[client] = surrogates
            else:
                known.starts += surrogates.starts
                known.ends += surrogates.ends

    def _check_boundaries(self, update: Update) -> None:
        """No origin and no deletion may end in the middle of a character: replicas would differ for ever."""
        boundaries = [(s.left[0], s.left[1] + 1) for s in update.structs if s.left is not None]
        boundaries += [s.right for s in update.structs if s.right is not None]
        for client, clock, length in update.deletes:
            boundaries += ((client, clock), (client, clock + length))
        for client, clock in boundaries:
            for surrogates in (self._surrogates.get(client), self._fresh.get(client)):
                if surrogates is not None and surrogates.splits(clock):
                    raise Invalid("a boundary in the middle of a character")

    def _check_root(self, struct: Struct) -> None:
        """Structs without origins name their root; the allowed roots are the document model."""
        root, key = struct.root, struct.key
        if root == FILES:
            if key is None or not 0 < len(key) <= _MAX_NAME:
                raise Invalid("files holds plain values by file id")
        elif key is not None or root is None:
            raise Invalid("a source holds text")
        elif root != SOURCE and not (root.startswith(_FILE) and len(_FILE) < len(root) <= len(_FILE) + _MAX_NAME):
            raise Invalid("a root that is not part of the document")
        _check_content(struct, key)
        places = self._order.places
        if (root, key) not in places and sum(
            (other is None) == (key is None) for _, other in places
        ) > self.limits.max_files:
            raise TooLarge("too many files")

    def _check_dead(self, struct: Struct, deletes: list[Range]) -> None:
        """Values under one key that were replaced may come as one struct, not yet without content."""
        end = struct.clock + struct.length
        if struct.length > _MAX_DEAD_VALUES or not any(
            client == struct.client and clock <= struct.clock and end <= clock + length
            for client, clock, length in deletes
        ):
            raise Invalid("files holds one plain value for a file id")

    def _judge_conflicts(self, data: bytes) -> Verdict:
        if self._order.potential - self._counted <= self._allowance:
            return Verdict.NEW
        count = self._count
        if count is None or data != count.data:
            return Verdict.TANGLED
        if count.after > _MAX_NEWCOMER_STEPS and count.after > count.before + _FEW_STEPS:
            raise TooLarge("too many edits in the same places")
        return Verdict.NEW


def _is_not_itself(origin: Id, struct: Struct) -> bool:
    """What is not there is missing, unless no honest client could have it either."""
    if origin[0] == struct.client and origin[1] >= struct.clock:
        raise Invalid("a struct that stands on itself")
    return True


def _check_content(struct: Struct, key: str | None) -> None:
    if key is None:
        if struct.content == ANY:
            raise Invalid("a source holds text")
    elif struct.content == STRING:
        raise Invalid("files holds plain values by file id")
    elif struct.right is not None:
        raise Invalid("a value has nothing on its right")


def _surrogates_of(structs: list[Struct]) -> dict[int, Surrogates]:
    found: dict[int, Surrogates] = {}
    for struct in structs:
        text = struct.text
        if text is not None and not text.isascii() and max(text) > "\uffff":
            found.setdefault(struct.client, Surrogates()).add(struct.clock, text)
    return found
