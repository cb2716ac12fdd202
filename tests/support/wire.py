"""Bytes of the y-websocket protocol, written here once more so that the server's own codec is not its own witness.

Formats: y-protocols (sync.js, awareness.js) and lib0/encoding.js; acknowledgements are message 8 (docs/protocol.md).
"""

import json
from typing import Any

SYNC, AWARENESS, AUTH, QUERY_AWARENESS, ACKNOWLEDGEMENT = 0, 1, 2, 3, 8
STEP_1, STEP_2, UPDATE = 0, 1, 2


def write_varuint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def read_varuint(data: bytes, at: int) -> tuple[int, int]:
    """The number and the offset behind it."""
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number, at
        shift += 7


def write_bytes(data: bytes) -> bytes:
    return write_varuint(len(data)) + data


def read_bytes(data: bytes, at: int) -> tuple[bytes, int]:
    length, at = read_varuint(data, at)
    assert at + length <= len(data), "a length beyond the end of the message"
    return data[at : at + length], at + length


def sync(kind: int, body: bytes) -> bytes:
    return bytes((SYNC, kind)) + write_bytes(body)


def counts(frame: bytes) -> bool:
    """Whether the server counts this frame of ours in its acknowledgements."""
    return frame[0] == SYNC and frame[1] in {STEP_2, UPDATE}


def awareness(entries: list[tuple[int, int, dict[str, Any] | None]]) -> bytes:
    """Entries are (client id, clock, state)."""
    body = bytearray(write_varuint(len(entries)))
    for client_id, clock, state in entries:
        body += write_varuint(client_id) + write_varuint(clock) + write_bytes(json.dumps(state).encode())
    return bytes((AWARENESS,)) + write_bytes(bytes(body))


def read_awareness(frame: bytes) -> list[tuple[int, int, dict[str, Any] | None]]:
    body, end = read_bytes(frame, 1)
    assert end == len(frame), "bytes behind the awareness message"
    number, at = read_varuint(body, 0)
    entries = []
    for _ in range(number):
        client_id, at = read_varuint(body, at)
        clock, at = read_varuint(body, at)
        state, at = read_bytes(body, at)
        entries.append((client_id, clock, json.loads(state)))
    assert at == len(body), "bytes behind the awareness entries"
    return entries


def read_state(state: bytes) -> dict[int, int]:
    """A Yjs state vector: client id -> next clock."""
    number, at = read_varuint(state, 0)
    clocks = {}
    for _ in range(number):
        client_id, at = read_varuint(state, at)
        clocks[client_id], at = read_varuint(state, at)
    return clocks
