"""The hash chain of a document's recording, and what it counts on the way."""

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from collab.log import AUTHOR, UPDATE, Entry

_canonical = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def digest(entry: Entry) -> str:
    """Of all that the chain takes of an entry."""
    return sha256(_link(entry)).hexdigest()


def _link(entry: Entry) -> bytes:
    line = [entry.entry, entry.at_ms, entry.document, entry.delivered_by, entry.kind]
    return sha256(entry.payload).digest() + _canonical(line).encode()


class Chain:
    """A SHA-256 chain over the entries of one document's recording, in order.

    They are the document's updates and whose its Yjs clients are; the code document, which has the id of its log, also
    carries the room events.
    It begins with SHA-256 of ``panelroom chain 1``, a line feed and the document's id. Each entry makes the next head:
    SHA-256 of the head (32 bytes), SHA-256 of the payload (32 bytes) and, in UTF-8, the JSON array
    ``[entry, at_ms, document, delivered_by, kind]`` without spaces and with nothing but JSON's own escapes.

    Invariant: the log was read up to ``entry``; ``last_entry``, at ``at_ms``, is the last one of this recording.
    """

    __slots__ = ("at_ms", "authors", "bytes", "document_id", "entry", "events", "head", "last_entry", "updates")

    def __init__(self, document_id: str) -> None:
        self.document_id = document_id
        self.head = sha256(b"panelroom chain 1\n" + document_id.encode()).digest()
        self.entry = 0
        self.last_entry = 0
        self.at_ms = 0
        self.updates = 0
        self.events = 0
        self.authors = 0
        self.bytes = 0

    def __len__(self) -> int:
        return self.updates + self.events + self.authors

    @property
    def weight(self) -> int:
        return 0

    async def expect(self, page: Sequence[Entry]) -> None:
        """Whatever comes can be taken."""

    async def settle(self) -> None:
        """Nothing is left to do."""

    def covers(self, entry: Entry) -> bool:
        """Whether an entry belongs to this recording; another document's does not."""
        return entry.document == self.document_id or (not entry.document and entry.log == self.document_id)

    def take(self, entry: Entry) -> None:
        """Go on with the next entry of the log."""
        self.entry = entry.entry
        if not self.covers(entry):
            return
        self.head = sha256(self.head + _link(entry)).digest()
        self.last_entry = entry.entry
        self.at_ms = entry.at_ms
        if entry.kind == UPDATE:
            self.updates += 1
            self.bytes += len(entry.payload)
        elif entry.kind == AUTHOR:
            self.authors += 1
        else:
            self.events += 1

    def saved(self) -> list[Any]:
        """What ``restore`` takes: its state after the last entry of this recording."""
        return [self.head.hex(), self.last_entry, self.at_ms, self.updates, self.events, self.authors, self.bytes]

    def restore(self, saved: list[Any]) -> None:
        head, self.last_entry, self.at_ms, self.updates, self.events, self.authors, self.bytes = saved
        self.head = bytes.fromhex(head)
        self.entry = self.last_entry
