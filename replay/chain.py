"""The hash chain of a document's recording, and what it counts on the way."""

import json
from hashlib import sha256

from collab.log import AUTHOR, UPDATE, Entry

_canonical = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


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

    def covers(self, entry: Entry) -> bool:
        """Whether an entry belongs to this recording; another document's does not."""
        return entry.document == self.document_id or (not entry.document and entry.log == self.document_id)

    def take(self, entry: Entry) -> None:
        """Go on with the next entry of the log."""
        self.entry = entry.entry
        if not self.covers(entry):
            return
        line = [entry.entry, entry.at_ms, entry.document, entry.delivered_by, entry.kind]
        self.head = sha256(self.head + sha256(entry.payload).digest() + _canonical(line).encode()).digest()
        self.last_entry = entry.entry
        self.at_ms = entry.at_ms
        if entry.kind == UPDATE:
            self.updates += 1
            self.bytes += len(entry.payload)
        elif entry.kind == AUTHOR:
            self.authors += 1
        else:
            self.events += 1
