"""Yjs clients on pycrdt that type, and updates written byte by byte."""

from typing import Any

from pycrdt import Doc, Map, Text, TransactionEvent

from collab.update import Id
from collab.update import parse as parse_update
from collab.wire import decode_state_vector, varuint

Unit = tuple[int, int]


class Typist:
    """One Yjs document of a client. What it does returns the update that a provider would send."""

    def __init__(self, client_id: int, *received: bytes) -> None:
        self.client_id = client_id
        self.doc: Doc[Any] = Doc(client_id=client_id)
        self.source: Text = self.doc.get("source", type=Text)
        self.files: Map[Any] = self.doc.get("files", type=Map)
        self._updates: list[bytes] = []
        self._observed = self.doc.observe(self._changed)
        self.receive(*received)

    def __str__(self) -> str:
        return str(self.source)

    def insert(self, at: int, text: str) -> bytes:
        """``at`` counts code points."""
        self.source.insert(self._offset(at), text)
        return self._updates[-1]

    def type(self, text: str) -> list[bytes]:
        """At the end, a key at a time."""
        return [self.insert(len(str(self)), key) for key in text]

    def delete(self, at: int, length: int = 1) -> bytes:
        del self.source[self._offset(at) : self._offset(at + length)]
        return self._updates[-1]

    def put(self, key: str, value: Any) -> bytes:
        self.files[key] = value
        return self._updates[-1]

    def receive(self, *updates: bytes) -> None:
        for update in updates:
            self.doc.apply_update(update)

    def whole(self) -> bytes:
        return self.doc.get_update()

    def lacked_by(self, state_vector: bytes) -> bytes:
        return self.doc.get_update(state_vector)

    def vector(self) -> bytes:
        return self.doc.get_state()

    def clocks(self) -> dict[int, int]:
        return decode_state_vector(self.doc.get_state())

    def _offset(self, at: int) -> int:
        return len(str(self)[:at].encode())  # pycrdt counts UTF-8 bytes

    def _changed(self, event: TransactionEvent) -> None:
        self._updates.append(event.update)


def content_of(doc: Doc[Any]) -> tuple[dict[int, int], set[Unit]]:
    """All that a replica has integrated, whatever the layout of its encoding: clocks, and every deleted unit.

    Raises Malformed while structs are pending.
    """
    update = parse_update(doc.get_update())
    clocks = decode_state_vector(doc.get_state())
    gone = {(client, clock + n) for client, clock, length in update.deletes for n in range(length)}
    return clocks, {(client, clock) for client, clock in gone if clock < clocks.get(client, 0)}


def string(text: str, *, left: Id | None = None, right: Id | None = None, root: str = "source") -> bytes:
    return _struct(4, _text(text), left, right, root, None)


def deleted(length: int, *, left: Id | None = None, right: Id | None = None, root: str = "source") -> bytes:
    return _struct(1, varuint(length), left, right, root, None)


def values(*encoded: bytes, key: str | None = None, left: Id | None = None, root: str = "files") -> bytes:
    """Plain values, each encoded as lib0 does: ``7e`` is null, ``7d 05`` is 5."""
    return _struct(8, varuint(len(encoded)) + b"".join(encoded), left, None, root, key)


def other(kind: int, body: bytes = b"") -> bytes:
    """Content of a kind that is not part of the document."""
    return _struct(kind, body, None, None, "source", None)


def update(*blocks: tuple[int, int, list[bytes]], deletes: dict[int, list[tuple[int, int]]] | None = None) -> bytes:
    """Blocks are (client id, first clock, structs); deletes are client id -> (clock, length)."""
    out = bytearray(varuint(len(blocks)))
    for client, clock, structs in blocks:
        out += varuint(len(structs)) + varuint(client) + varuint(clock) + b"".join(structs)
    out += varuint(len(deletes or {}))
    for client, ranges in (deletes or {}).items():
        out += varuint(client) + varuint(len(ranges))
        out += b"".join(varuint(clock) + varuint(length) for clock, length in ranges)
    return bytes(out)


def _struct(kind: int, body: bytes, left: Id | None, right: Id | None, root: str, key: str | None) -> bytes:
    out = bytearray([kind | 0x80 * (left is not None) | 0x40 * (right is not None) | 0x20 * (key is not None)])
    for origin in (left, right):
        if origin is not None:
            out += varuint(origin[0]) + varuint(origin[1])
    if left is None and right is None:
        out += b"\x01" + _text(root)
        if key is not None:
            out += _text(key)
    return bytes(out) + body


def _text(text: str) -> bytes:
    return varuint(len(text.encode())) + text.encode()
