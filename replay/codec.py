"""The recording file, version 2: bytes <-> blocks and columns. docs/recording.md describes it."""

import json
import sys
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from hashlib import sha256
from struct import Struct
from typing import Any

MAGIC = b"PNLR\x02\x00\x00\x00"
VERSION = 2
CONTENT_TYPE = "application/vnd.panelroom.recording"

HEAD, OPERATIONS, SELECTIONS, EVENTS, END, BROKEN = b"head", b"oper", b"sele", b"evnt", b"end ", b"brok"
NOBODY = MOST = 2**32 - 1
"""Of a column. A time that is larger, after 49 days, stays at that."""

_U32 = Struct("<I")

compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def block(kind: bytes, payload: bytes) -> bytes:
    return kind + _U32.pack(len(payload)) + payload + bytes(-len(payload) % 4)


def json_block(kind: bytes, value: Any) -> bytes:
    return block(kind, compact(value).encode())


class Rows:
    """Rows of ``width`` u32, by column. The first column is the entry, the second its time; neither decreases."""

    __slots__ = ("columns",)

    def __init__(self, width: int) -> None:
        self.columns = [array("I") for _ in range(width)]

    def __len__(self) -> int:
        return len(self.columns[0])

    def append(self, *row: int) -> None:
        for column, value in zip(self.columns, row, strict=True):
            column.append(value)

    def until(self, at_ms: int) -> int:
        """How many there are with a time of at most ``at_ms``."""
        return bisect_right(self.columns[1], at_ms)

    def after(self, entry: int) -> int:
        """The first of those after ``entry``."""
        return bisect_right(self.columns[0], entry)

    def encode(self, first: int = 0) -> bytes:
        return _U32.pack(len(self) - first) + b"".join(_little(column[first:]).tobytes() for column in self.columns)

    def decode(self, payload: bytes) -> int:
        """Take the rows of ``payload``, which come first in it; where they end."""
        (count,) = _U32.unpack_from(payload)
        size = count * 4
        at = 4
        for column in self.columns:
            read = array("I", payload[at : at + size])
            column.extend(_little(read))
            at += size
        return at


def _little(column: "array[int]") -> "array[int]":
    if sys.byteorder == "big":
        column.byteswap()
    return column


class Operations(Rows):
    """Rows of entry, at_ms, writer, root, position, deleted and inserted, both in UTF-16 units; ``text`` is all that
    they insert, in UTF-8.
    """

    __slots__ = ("text",)

    def __init__(self) -> None:
        super().__init__(7)
        self.text = bytearray()

    def encode(self, first: int = 0) -> bytes:
        text = bytes(self.text)
        if first:
            skipped = sum(self.columns[6][:first])
            text = text.decode().encode("utf-16-le")[skipped * 2 :].decode("utf-16-le").encode()
        return super().encode(first) + text

    def decode(self, payload: bytes) -> int:
        self.text += payload[super().decode(payload) :]
        return len(payload)


def encode_state(texts: Iterable[tuple[str, bytes | bytearray]]) -> bytes:
    """Texts by root, as their proof counts them."""
    parts: list[bytes | bytearray] = []
    for root, text in texts:
        name = root.encode()
        parts += [_U32.pack(len(name)), name, _U32.pack(len(text)), text]
    return b"".join(parts)


def decode_state(state: bytes) -> Iterator[tuple[str, bytes]]:
    at = 0
    while at < len(state):
        pair = []
        for _ in range(2):
            (length,) = _U32.unpack_from(state, at)
            at += 4 + length
            pair.append(state[at - length : at])
        yield pair[0].decode(), pair[1]


def proof(state: bytes) -> str:
    return sha256(state).hexdigest()
