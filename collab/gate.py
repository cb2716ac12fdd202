"""What an update may contain before the CRDT sees it.

The gate keeps its own index of the document, because the CRDT exposes none, and because the answer must be known before
the CRDT is touched.
"""

import re
import sys
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from collab.errors import Invalid
from collab.order import Order
from collab.position import Absolute, Relative, absolute
from collab.sequence import in_order
from collab.update import ANY, DELETED, MAX_CLOCK, STRING, Id, Range, Struct, Update, part, with_deletes
from collab.wire import TooLarge

FILES = "files"
SOURCE = "source"
_FILE = f"{SOURCE}/"
_MAX_NAME = 64  # characters of a file id
_PAIRS = re.compile("[\U00010000-\U0010ffff]+")

_MAX_VISITS = 100_000  # of one update: the server makes them itself, and others wait
_MAX_CLIENTS = 2**15  # of a document: a state vector may have twice as many
_SHARE_OF_STRUCTS, _SHARE_OF_BYTES = 3, 2  # of a document that one participant may fill
_MAX_DEAD_VALUES = 256
_STEPS_PER_BYTE = 2
# Of an accepted update, however small: a browser copies the state of all clients for it.
_STEPS_PER_UPDATE = 40
_CLIENTS_PER_STEP = 4


class Verdict(Enum):
    """What an update would do to the document."""

    NEW = auto()  # adds structs or deletions
    KNOWN = auto()  # adds nothing
    GAP = auto()  # needs something that the document does not have yet
    FOREIGN = auto()  # adds structs in somebody else's name
    UNBOUND = auto()  # adds structs under a client id that belongs to nobody yet


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one update, of one document, and of one participant in it. What is known already is not counted."""

    max_structs: int = 5_000
    max_ranges: int = 5_000
    max_document_bytes: int = 64 * 2**20
    max_document_structs: int = 60_000  # and deleted ranges
    max_files: int = 64
    max_new_clients: int = 16  # Yjs client ids in one update
    max_clients: int = 1_000  # Yjs client ids of one participant
    max_steps: int = 300_000  # of integration in one update; a step is 0.3 microseconds of a browser
    max_participant_steps: int = 1_000_000  # and some for every byte that the participant has brought
    max_crossings: int = 3_000_000  # of items in one document
    max_participant_crossings: int = 1_000_000


@dataclass(slots=True)
class Account:
    """What one participant has brought into a document."""

    size: int = 0  # bytes
    pieces: int = 0  # structs and deleted ranges
    steps: int = 0  # less what the bytes are worth
    crossings: int = 0

    def add(self, other: "Account") -> None:
        self.size += other.size
        self.pieces += other.pieces
        self.steps += other.steps
        self.crossings += other.crossings


class Surrogates:
    """Where the UTF-16 pairs of one client's text are."""

    __slots__ = ("ends", "starts")

    def __init__(self) -> None:
        self.starts: list[int] = []  # of pairs that follow each other
        self.ends: list[int] = []

    def add(self, clock: int, text: str) -> None:
        starts, ends = self.starts, self.ends
        reached = ends[-1] if ends else -1
        for pairs in _PAIRS.finditer(text):
            first, last = pairs.span()
            start = clock + first
            clock += last - first  # each takes two
            if start == reached:
                ends.pop()
            else:
                starts.append(start)
            reached = clock + last
            ends.append(reached)

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
        self._accounts: defaultdict[str, Account] = defaultdict(Account)
        self._judged: tuple[Update, str, Account] | None = None
        self._steps_left = sys.maxsize  # of what is being integrated
        self._late: dict[int, int] = {}  # client -> the first clock of the last update that was waiting
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

    def judge(self, update: Update, data: bytes, participant: str, *, leaves_half: bool = False) -> Verdict:
        """What ``update``, which is ``data`` and without what is known, would do, brought by ``participant``;
        ``leaves_half`` of the document's room is for others, if it is one of those of whom many may come.

        Raises Invalid or TooLarge. What is NEW the caller must ``admit`` or ``dismiss``.
        """
        if not update.structs and not update.deletes:
            return Verdict.KNOWN
        limits = self.limits
        if len(update.structs) > limits.max_structs or len(update.deletes) > limits.max_ranges:
            raise TooLarge("too many changes in one update")
        if (self._bytes + len(data)) << leaves_half > limits.max_document_bytes:
            raise TooLarge("the document is full")
        order = self._order
        order.visits_left = _MAX_VISITS
        self._steps_left = limits.max_steps
        before, held, verdict = order.crossings.total, order.size, None
        try:
            steps = self._integrate(update)
            if steps is None:
                verdict = Verdict.GAP
            else:
                size, pieces = len(data), order.size - held + len(update.deletes)
                account = Account(size, pieces, steps - _STEPS_PER_BYTE * size, order.crossings.total - before)
                if pieces and (held + order.holes + pieces) << leaves_half > limits.max_document_structs:
                    raise TooLarge("the document has too many pieces")
                self._check_account(account, self._accounts[participant])
                verdict = Verdict.NEW
                self._judged = (update, participant, account)
        finally:
            if verdict is not Verdict.NEW:
                order.undo()
        return verdict

    def admit(self) -> None:
        """Take the update that was judged to be new into the index."""
        if self._judged is None:
            raise RuntimeError("nothing was judged to be new")
        self._take(*self._judged)

    def dismiss(self) -> None:
        """Forget the update that was judged to be new, if it has not been admitted."""
        if self._judged is not None:
            self._order.undo()
            self._judged = None

    def fitting(self, update: Update, data: bytes) -> tuple[Update, bytes]:
        """Of the ``update`` that was last judged, and had a GAP, what is not waiting for anything."""
        structs = [s for s in update.structs if s.clock < self._late.get(s.client, MAX_CLOCK)]
        ends = Update(structs, []).ends()
        deletes = [d for d in update.deletes if d[1] + d[2] <= max(ends.get(d[0], 0), self.clocks.get(d[0], 0))]
        return Update(structs, deletes), part(data, structs, deletes)

    def restore(self, update: Update, size: int, participant: str) -> None:
        """Take in an update from the journal, whatever the limits are now. Raises Invalid where it does not fit."""
        before, held = self._order.crossings.total, self._order.size
        self._order.visits_left = self._steps_left = sys.maxsize
        steps = self._integrate(update)
        if steps is None:
            raise Invalid("an update of the journal builds on what is not there")
        pieces, crossings = self._order.size - held + len(update.deletes), self._order.crossings.total - before
        self._take(update, participant, Account(size, pieces, steps - _STEPS_PER_BYTE * size, crossings))

    def delete(self, deletes: list[Range]) -> None:
        """What the CRDT has deleted by itself."""
        for deleted in deletes:
            self._order.delete(*deleted)

    def is_root(self, name: str) -> bool:
        """Whether ``name`` is a text of this document, or that of one of its files."""
        places = self._order.places
        if not name.startswith(_FILE):
            return name == SOURCE
        return (name, None) in places or (FILES, name.removeprefix(_FILE)) in places

    @property
    def pieces(self) -> int:
        return self._order.size

    def positions(self, relative: Sequence[Relative]) -> list[Absolute | None]:
        """Where they are in the document as it is now; None where nothing is there, or no text."""
        return absolute(self._order, relative)

    def outside(self, relative: Relative) -> Relative:
        """Where it is inside a surrogate pair, the position before that."""
        item = relative["item"]
        surrogates = item and self._surrogates.get(item["client"])
        if surrogates and surrogates.splits(before := item["clock"] + (relative["assoc"] < 0)):
            return relative | {"item": item | {"clock": before - 1}, "assoc": 0}
        return relative

    def _integrate(self, update: Update) -> int | None:
        """Give every struct its place; the steps that this takes, None where something is missing."""
        order, clocks, structs = self._order, self.clocks, update.structs
        self._fresh = _surrogates_of(structs)
        if self._fresh or self._surrogates:
            self._check_boundaries(update)
        steps = 0
        late = self._late
        late.clear()
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
                late.setdefault(struct.client, struct.clock)
                for origin in (struct.left, struct.right):
                    if origin is not None and origin[1] < clocks.get(origin[0], 0):
                        _check_content(struct, order.place_of(origin).key)
            else:
                if not struct.clock and len(clocks) >= _MAX_CLIENTS:
                    raise TooLarge("the document has too many clients")
                taken, place = order.integrate(struct)
                steps += taken
                if steps > self._steps_left:
                    raise TooLarge("an update that costs everybody too much")
                if place.key is not None or struct.content == ANY:
                    _check_content(struct, place.key)
        if late:
            return None
        if update.deletes:
            if any(clock + length > clocks.get(client, 0) for client, clock, length in update.deletes):
                return None
            steps += order.steps_to_delete(update.deletes)
        if order.visits_left < 0:
            raise TooLarge("an update in the middle of too many others")
        steps += _STEPS_PER_UPDATE + len(clocks) // _CLIENTS_PER_STEP
        if steps > self._steps_left:
            raise TooLarge("an update that costs everybody too much")
        return steps

    def _take(self, update: Update, participant: str, account: Account) -> None:
        self._judged = None
        self._order.done()
        self._bytes += account.size
        self._accounts[participant].add(account)
        if update.deletes:
            self.delete(update.deletes)
        for struct in update.structs:
            if struct.content == DELETED:
                self._order.delete(struct.client, struct.clock, struct.length)
        for client, surrogates in self._fresh.items() if self._fresh else ():
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

    def _check_account(self, more: Account, held: Account) -> None:
        """Nobody may fill a document alone, the others must be able to go on; nor cost them too much."""
        limits = self.limits
        if more.pieces and held.pieces + more.pieces > limits.max_document_structs // _SHARE_OF_STRUCTS:
            raise TooLarge("too many pieces of one participant")
        if held.size + more.size > limits.max_document_bytes // _SHARE_OF_BYTES:
            raise TooLarge("too much of one participant")
        if held.steps + more.steps > limits.max_participant_steps:
            raise TooLarge("updates that cost everybody too much")
        if more.crossings and (
            self._order.crossings.total > limits.max_crossings
            or held.crossings + more.crossings > limits.max_participant_crossings
        ):
            raise TooLarge("too many edits in the same places as others'")

    def _check_dead(self, struct: Struct, deletes: list[Range]) -> None:
        """Values under one key that were replaced may come as one struct, not yet without content."""
        end = struct.clock + struct.length
        if struct.length > _MAX_DEAD_VALUES or not any(
            client == struct.client and clock <= struct.clock and end <= clock + length
            for client, clock, length in deletes
        ):
            raise Invalid("files holds one plain value for a file id")


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
        if text is not None and not text.isascii() and _PAIRS.search(text):
            found.setdefault(struct.client, Surrogates()).add(struct.clock, text)
    return found
