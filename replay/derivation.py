"""Linear operations of one document, derived entry by entry; also while the room is live."""

import json
from collections.abc import Sequence
from operator import itemgetter
from time import perf_counter
from typing import Any, NamedTuple

from anyio.lowlevel import checkpoint

from collab.gate import SOURCE
from collab.journal import Journal
from collab.log import AUTHOR, SELECTION, UPDATE, Entry
from collab.note import NO_NOTE, Note
from replay.cache import Cache
from replay.chain import Chain, digest
from replay.codec import MOST, NOBODY, Rows, compact, decode_state, encode_state, proof
from replay.errors import RecordingBroken
from replay.reader import PAGE, SLICE_S
from replay.replica import Replica
from replay.segment import Segment, Stored
from replay.text import Text, walked

_BYTES_PER_ENTRY = 64

_MOST_FILES = 128


class Checkpoint(NamedTuple):
    """How far a document is derived, at the end of a segment; what the next one goes on from."""

    chain: list[Any]
    anchor: str  # the hash of the last entry covered
    before: int
    roots: list[str]
    writers: list[str]
    authors: list[tuple[int, str]]
    files: dict[str, dict[str, str]]


class Derivation:
    """What is derived goes into segments. Those that are full are in the cache, the last one is here.

    Invariants: after ``take`` everything up to ``entry`` is in, and nothing that is in ever changes. What is kept, or
    given out after ``verify``, has been compared with the CRDT.
    """

    def __init__(self, log_id: str, document_id: str, journal: Journal, cache: Cache, note: Note = NO_NOTE) -> None:
        """``note`` has what the CRDT is given, should that end the process."""
        self.log_id = log_id
        self.chain = Chain(document_id)
        self.roots = [SOURCE]
        self.writers: list[str] = []
        self.segments = Rows(2)  # in the cache: the first entry and its time
        self.tail = Segment(b"", 0)
        self._journal = journal
        self._cache = cache
        self._note = note
        self._last: Entry | None = None  # of those that are covered
        self._authors: dict[int, str] = {}
        self._files: dict[str, dict[str, str]] = {}
        self._texts: dict[str, Text] = {}  # those that have been written to
        self._unverified: set[str] = set()
        self._replica: Replica | None = None
        self._full: list[Stored] = []

    @property
    def document_id(self) -> str:
        return self.chain.document_id

    @property
    def entry(self) -> int:
        return self.chain.entry

    @property
    def at_ms(self) -> int:
        return self.chain.at_ms

    @property
    def weight(self) -> int:
        size = 2 * sum(len(text.utf8) for text in self._texts.values())  # with the copy in the open segment
        if self._replica is None:
            return size // _BYTES_PER_ENTRY
        return self.chain.updates + (size + self.chain.bytes) // _BYTES_PER_ENTRY

    async def restore(self) -> None:
        """Go on from what is in the cache, if that is of this very log; all of it is read once. Raises Damaged."""
        stored: Stored | None = None
        async for stored in self._cache.segments(self.document_id):
            self.segments.append(stored.first, stored.first_ms)
        if stored is None:
            return
        saved = Checkpoint(*json.loads(stored.checkpoint))
        self.chain.restore(saved.chain)
        last = await self._journal.entries(self.log_id, after=self.chain.last_entry - 1, limit=1)
        if not last or digest(last[0]) != saved.anchor:
            raise await self._cache.damage(self.document_id, "it was made from another log")
        self.roots, self.writers, self._files = saved.roots, saved.writers, saved.files
        self._authors = dict(saved.authors)
        segment = Segment.read(stored)
        texts = walked(dict(decode_state(stored.state)), self.roots, segment.operations, len(segment.operations))
        self._texts = {root: Text(texts[root].encode()) for root in self.roots if root in texts}
        self.tail = Segment(self.verify(), saved.before)
        if proof(self.tail.state) != stored.proof:
            raise await self._cache.damage(self.document_id, "its operations do not lead to its text")

    async def expect(self, page: Sequence[Entry]) -> None:
        if self._replica is not None or not any(self._is_update(entry) for entry in page):
            return
        replica = Replica(self.document_id, self._note)
        after = 0
        while after < self.entry:
            known = await self._journal.entries(
                self.log_id, after=after, limit=PAGE, document=self.document_id, kind=UPDATE
            )
            until = perf_counter() + SLICE_S
            for entry in known:
                if (after := entry.entry) > self.entry:
                    break
                replica.apply(entry)
                if perf_counter() > until:
                    await checkpoint()
                    until = perf_counter() + SLICE_S
            if len(known) < PAGE:
                break
        replica.watch()
        if {root: text for root, text in replica.texts().items() if text} != {
            root: text.utf8.decode() for root, text in self._texts.items() if text.utf8
        }:
            raise await self._cache.damage(self.document_id, "its texts are not those of the document")
        self._replica = replica

    def _is_update(self, entry: Entry) -> bool:
        return entry.kind == UPDATE and entry.document == self.document_id

    def take(self, entry: Entry) -> None:
        """Go on with the next entry of the log. Raises RecordingBroken; the derivation must not be used after that."""
        if self.document_id == self.log_id and entry.entry != self.entry + 1:
            raise RecordingBroken(self.document_id, entry.entry)
        self.chain.take(entry)
        if not self.chain.covers(entry):
            return
        at_ms = min(entry.at_ms, MOST)
        self._last = entry
        self.tail.begin(entry, at_ms)
        try:
            if entry.kind == UPDATE:
                self._update(entry, at_ms)
            elif entry.kind == AUTHOR:
                self._authors[json.loads(entry.payload)["client"]] = entry.delivered_by
            elif entry.kind == SELECTION:
                self._select(entry, at_ms)
            else:
                self.tail.tell(entry, at_ms)
        except (ValueError, LookupError, TypeError, RecursionError) as error:  # no UTF-8, no JSON, another JSON
            raise RecordingBroken(self.document_id, entry.entry) from error
        if self.tail.is_full:
            self.close()

    def _update(self, entry: Entry, at_ms: int) -> None:
        replica = self._replica
        if replica is None:
            raise RuntimeError("an update that nobody expected")
        replica.apply(entry)
        operations = self.tail.operations
        self.tail.updates.append(entry.entry, at_ms)
        writer = (
            self._writer(self._author(entry, replica.clients)) if any(delta for _, delta in replica.deltas) else NOBODY
        )
        for root, delta in sorted(replica.deltas, key=itemgetter(0)):  # the CRDT tells them in any order
            for position, deleted, inserted, utf8 in self._text(root).take(delta) if delta else ():
                operations.append(entry.entry, at_ms, writer, self.roots.index(root), position, deleted, inserted)
                operations.text += utf8
            self._unverified.add(root)
        if changes := self._name(replica.files()):
            self.tail.files.append((entry.entry, at_ms, changes))

    def _name(self, files: dict[str, dict[str, str] | None]) -> dict[str, dict[str, str] | None]:
        """Take these into the map of files; which of them changed it."""
        changes = {}
        for file_id, file in files.items():
            if file == self._files.get(file_id) or (file_id not in self._files and len(self._files) >= _MOST_FILES):
                continue
            changes[file_id] = file
            if file is None:
                del self._files[file_id]
            else:
                self._files[file_id] = file
        return changes

    def _text(self, root: str) -> Text:
        if (text := self._texts.get(root)) is None:
            text = self._texts[root] = Text()
            if root not in self.roots:
                self.roots.append(root)
        return text

    def _author(self, entry: Entry, clients: set[int]) -> str:
        """Whose words they are; where that is nobody, or several people, who brought them."""
        authors = {self._authors.get(client) for client in clients}
        author = authors.pop() if len(authors) == 1 else None
        return author or entry.delivered_by

    def _writer(self, participant: str) -> int:
        if not participant:
            return NOBODY
        if participant not in self.writers:
            self.writers.append(participant)
        return self.writers.index(participant)

    def _select(self, entry: Entry, at_ms: int) -> None:
        """Places beyond the end are at the end; what makes no sense is left out."""
        try:
            selection = json.loads(entry.payload)
            root = selection.get("root")
        except (ValueError, AttributeError, RecursionError):
            return
        places = selection.get("anchor"), selection.get("head")
        if root not in self.roots or not all(type(place) is int for place in places):
            return
        most = self._texts[root].units if root in self._texts else 0
        anchor, head = (min(max(place, 0), most) for place in places)
        writer = self._writer(entry.delivered_by)
        self.tail.selections.append(entry.entry, at_ms, writer, self.roots.index(root), anchor, head)

    async def stored(self, number: int) -> Stored:
        """Raises Damaged."""
        waiting = number - len(self.segments) + len(self._full)
        return self._full[waiting] if waiting >= 0 else await self._cache.segment(self.document_id, number)

    async def texts(self, at_ms: int) -> tuple[int | None, dict[str, str]]:
        """The last update with a time of at most ``at_ms``, and all texts after it, ``source`` in any case.

        Raises RecordingBroken, Damaged.
        """
        if self.tail.entries and at_ms >= self.tail.first_ms:
            self.verify()
            segment = self.tail
        elif number := self.segments.until(at_ms):
            segment = Segment.read(await self.stored(number - 1))
        else:
            return None, {SOURCE: ""}
        entry, texts = segment.texts(at_ms, self.roots)
        return entry, {SOURCE: ""} | texts

    def close(self) -> None:
        """End the segment, where there is anything in it. Raises RecordingBroken."""
        if self._last is None or not self.tail.entries:
            return
        state = self.verify()
        saved = Checkpoint(
            self.chain.saved(),
            digest(self._last),
            before := self.tail.last_update,
            list(self.roots),
            list(self.writers),
            list(self._authors.items()),
            self._files,
        )
        self._full.append(self.tail.stored(proof(state), compact(saved).encode()))
        self.segments.append(self.tail.first, self.tail.first_ms)
        self.tail = Segment(state, before)

    def release(self) -> None:
        """Let go of the CRDT: the next update has it made again."""
        self._replica = None

    async def settle(self) -> None:
        """Put the segments that are full into the cache."""
        while self._full:
            await self._cache.put(self.document_id, len(self.segments) - len(self._full), self._full[0])
            del self._full[0]

    def verify(self) -> bytes:
        """The texts as they are now, the same as the CRDT's. Raises RecordingBroken."""
        while self._unverified:
            root = next(iter(self._unverified))
            if self._replica is None or self._replica.text(root).encode() != self._texts_of(root):
                raise RecordingBroken(self.document_id, self.entry, is_record=False)
            self._unverified.discard(root)
        return encode_state((root, self._texts[root].utf8) for root in self.roots if root in self._texts)

    def _texts_of(self, root: str) -> bytes | bytearray:
        return self._texts[root].utf8 if root in self._texts else b""
