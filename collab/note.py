"""What is being given to the CRDT, in memory that outlives the process: after a native crash it names the poison."""

import hashlib
import mmap
from dataclasses import dataclass
from struct import Struct

KEPT_BYTES = 4 * 2**20
"""Of an update; the rest of a longer one is not noted."""

_NAMES_BYTES = 1024
_HEAD = Struct("<QQII")  # entry, size of the update, bytes of the names, bytes kept of the update
_HEAD_AT = 8
_BODY_AT = _HEAD_AT + _HEAD.size


@dataclass(frozen=True, slots=True)
class Noted:
    """One call of the CRDT. ``update`` is empty where the document was only read, and else its first 4 MB."""

    document: str
    participant: str  # whose connection brought it, or empty
    entry: int  # of the journal while the document was being loaded, else 0
    update: bytes
    size: int  # of the whole update

    @property
    def during(self) -> str:
        return "load" if self.entry else "live" if self.update else "read"

    @property
    def sha256(self) -> str:
        """Of what is kept."""
        return hashlib.sha256(self.update).hexdigest()


Poison = tuple[Noted, str]
"""What the CRDT was being given when it ended the process, and how."""


class Note:
    """Notes nothing: there is no supervisor that would read it."""

    def write(self, document: str, participant: str, entry: int, update: bytes) -> None:
        """Say what the CRDT is given now, until ``clear``."""

    def clear(self) -> None:
        """The CRDT has come back."""


NO_NOTE = Note()


class SharedNote(Note):
    """One anonymous mapping, made before the fork: the child writes, the parent reads when the child is dead.

    Invariant: the first byte is set last and cleared first, so that a note is whole or not there.
    """

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _BODY_AT + _NAMES_BYTES + KEPT_BYTES)

    def write(self, document: str, participant: str, entry: int, update: bytes) -> None:
        memory = self._memory
        names = f"{document}\0{participant}".encode()[:_NAMES_BYTES]
        body = names + update[:KEPT_BYTES]
        memory[_BODY_AT : _BODY_AT + len(body)] = body
        _HEAD.pack_into(memory, _HEAD_AT, entry, len(update), len(names), len(body) - len(names))
        memory[0] = 1

    def clear(self) -> None:
        self._memory[0] = 0

    def read(self) -> Noted | None:
        """What was being done when the writer died. Never raises: a crash may have scribbled over it."""
        if self._memory[0] != 1:
            return None
        entry, size, names_bytes, kept = _HEAD.unpack_from(self._memory, _HEAD_AT)
        if names_bytes > _NAMES_BYTES or kept > KEPT_BYTES:
            return None
        body = self._memory[_BODY_AT : _BODY_AT + names_bytes + kept]
        document, _, participant = body[:names_bytes].decode(errors="replace").partition("\0")
        return Noted(document, participant, entry, body[names_bytes:], size)
