"""Sequence and time of one document: its linear operations, derived once, and its texts at any instant."""

import heapq
import json
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

from pycrdt import Doc, Map, Text

from collab.gate import FILES, SOURCE
from collab.log import AUTHOR, UPDATE, Entry
from collab.note import NO_NOTE, Note
from replay.chain import Chain
from replay.errors import RecordingBroken
from replay.history import History

_FILE = f"{SOURCE}/"


class Operation(NamedTuple):
    """At ``position``, in UTF-16 units, of the text ``root``, ``inserted`` replaced ``deleted``."""

    entry: int
    at_ms: int
    delivered_by: str
    root: str
    position: int
    deleted: str
    inserted: str


class Timeline:
    """Extended entry by entry, also while the room is live.

    Linear operations and CRDT are compared at every checkpoint and in ``verify``.
    Invariant: after ``take`` everything up to ``chain.entry`` is in, and nothing that is in ever changes.
    """

    _kept: list[object] = []  # noqa: RUF012 - documents that pycrdt panicked over: dropping one can abort the process

    def __init__(self, document_id: str, note: Note = NO_NOTE) -> None:
        """``note`` has what the CRDT is given, should that end the process."""
        self._note = note
        self.chain = Chain(document_id)
        self.events: list[Entry] = []
        self.authors: dict[int, str] = {}  # Yjs client id -> participant
        self.histories: dict[str, History] = {}
        self._entries = array("Q")
        self._times = array("Q")
        self._deliveries: list[str] = []
        self._doc: Doc[Any] = Doc()
        self._texts: dict[str, Text] = {}
        self._files = self._doc.get(FILES, type=Map)
        self._deltas: list[tuple[str, list[dict[str, Any]]]] = []
        self._verified = 0
        self._observe(SOURCE)

    def __len__(self) -> int:
        return len(self.chain)

    @property
    def entry(self) -> int:
        return self.chain.entry

    @property
    def at_ms(self) -> int:
        return self.chain.at_ms

    def take(self, entry: Entry) -> None:
        """Go on with the next entry of the log. Raises RecordingBroken; the timeline must not be used after that."""
        self.chain.take(entry)
        if not self.chain.covers(entry):
            return
        if entry.kind == AUTHOR:
            self.authors[json.loads(entry.payload)["client"]] = entry.delivered_by
            return
        if entry.kind != UPDATE:
            self.events.append(entry)
            return
        row = len(self._entries)
        self._entries.append(entry.entry)
        self._times.append(entry.at_ms)
        self._deliveries.append(entry.delivered_by)
        self._note.write(self.chain.document_id, "", entry.entry, entry.payload)
        try:
            self._doc.apply_update(entry.payload)
        except BaseException as error:
            self._kept.append(self._doc)
            raise RecordingBroken(self.chain.document_id, entry.entry) from error
        finally:
            self._note.clear()
        # An update names the root of the first item of a text; a root that nobody asked for yet is not observed.
        if _FILE.encode() in entry.payload:
            for root in self._doc.keys() - self._texts.keys():
                if root.startswith(_FILE):
                    text = self._observe(root)
                    self._deltas.append((root, [{"insert": str(text)}]))
        for root, delta in self._deltas:
            history = self.histories[root]
            try:
                history.append(row, delta)
            except (IndexError, UnicodeDecodeError) as error:
                raise RecordingBroken(self.chain.document_id, entry.entry) from error
            if history.needs_checkpoint:
                history.checkpoint(self._compare(root))
        self._deltas.clear()

    def _observe(self, root: str) -> Text:
        text: Text = self._doc.get(root, type=Text)
        # What pycrdt calls must not hold the document: the garbage collector does not see through a subscription.
        text.observe(partial(_collect, self._deltas, root))
        self._texts[root] = text
        self.histories[root] = History()
        return text

    def verify(self) -> None:
        """Compare every text with the CRDT's. Raises RecordingBroken."""
        if self._verified != self.entry:
            for root in self.histories:
                self._compare(root)
            self._verified = self.entry

    def _compare(self, root: str) -> str:
        text = str(self._texts[root])
        if not self.histories[root].ends_in(text):
            raise RecordingBroken(self.chain.document_id, self.entry)
        return text

    def files(self) -> dict[str, Any]:
        """The map of files as it is now: file id -> {name, language}. What else clients put there is left out."""
        files: dict[str, Any] = self._files.to_py() or {}
        return {
            file_id: {"name": entry["name"], "language": entry["language"]}
            for file_id, entry in files.items()
            if isinstance(entry, dict) and isinstance(entry.get("name"), str) and isinstance(entry.get("language"), str)
        }

    def texts(self, at_ms: int) -> tuple[int | None, dict[str, str]]:
        """The last entry with a time of at most ``at_ms``, and all texts after it, ``source`` in any case."""
        rows = bisect_right(self._times, at_ms)
        texts = {SOURCE: ""}
        for root, history in self.histories.items():
            if count := bisect_right(history.rows, rows - 1):
                texts[root] = history.text(count)
        return (self._entries[rows - 1] if rows else None), texts

    def operations(self) -> Iterator[Operation]:
        """All operations in order, as many as there are at the time of the call."""
        return heapq.merge(*[self._operations(root, len(history)) for root, history in self.histories.items()])

    def _operations(self, root: str, count: int) -> Iterator[Operation]:
        history = self.histories[root]
        for index in range(count):
            row = history.rows[index]
            yield Operation(
                self._entries[row],
                self._times[row],
                self._deliveries[row],
                root,
                history.positions[index],
                history.deleted[index],
                history.inserted[index],
            )


def _collect(deltas: list[tuple[str, list[dict[str, Any]]]], root: str, event: Any) -> None:
    deltas.append((root, event.delta))
