"""The blocks of a recording file, read and written once more, so that the server's codec is not its own witness.

Format: docs/recording.md.
"""

import json
import struct
from typing import Any

MAGIC = b"PNLR"
VERSION = 2

Block = tuple[str, bytes]


def blocks(file: bytes) -> list[Block]:
    """(kind, payload) in order."""
    magic, version = struct.unpack_from("<4sI", file)
    assert (magic, version) == (MAGIC, VERSION)
    found: list[Block] = []
    at = 8
    while at < len(file):
        kind, length = struct.unpack_from("<4sI", file, at)
        found.append((kind.decode(), file[at + 8 : at + 8 + length]))
        at += 8 + length + -length % 4
    assert at == len(file)
    return found


def joined(parts: list[Block], *, magic: bytes = MAGIC, version: int = VERSION) -> bytes:
    file = [magic, struct.pack("<I", version)]
    for kind, payload in parts:
        file += [struct.pack("<4sI", kind.encode(), len(payload)), payload, bytes(-len(payload) % 4)]
    return b"".join(file)


def part(file: bytes, kind: str) -> Any:
    """What the first block of this kind says in JSON."""
    return json.loads(next(payload for found, payload in blocks(file) if found == kind))
