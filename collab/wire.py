"""Bytes <-> messages of the y-websocket protocol (y-protocols on lib0), and the close codes.

Format: https://github.com/yjs/y-protocols (PROTOCOL.md); type 8 is ours and is sent only to peers that asked for it.
"""

import re
from dataclasses import dataclass
from enum import IntEnum

MAX_VARUINT = 2**53 - 1
# Far above what a room of the most connections says, which every stock client echoes.
MAX_AWARENESS_BYTES = 2**20
MAX_AWARENESS_ENTRIES = 4_096
MAX_STATE_VECTOR_ENTRIES = 65_536
_SHIFTS = range(7, 56, 7)
_VARUINTS = re.compile(rb"(?:[\x80-\xff]{0,6}[\x00-\x7f]|[\x80-\xff]{7}[\x00-\x0f])*+")
_CONTINUED = bytes(range(0x80, 0x100))


class CloseCode(IntEnum):
    """Why the server closes a socket. 4400-4499 are final: the client must not come back by itself."""

    TOO_BIG = 1009
    RESTART = 1012
    INVALID = 4400
    TICKET = 4401
    REMOVED = 4403
    NO_DOCUMENT = 4404
    LIMIT = 4413
    FINISHED = 4423
    TOO_SLOW = 4508
    OUT_OF_STEP = 4510
    RATE = 4529


class Malformed(ValueError):
    """Raised for bytes that are not what their format says."""


class TooLarge(ValueError):
    """Raised for what is over one of the limits."""


@dataclass(slots=True)
class SyncStep1:
    """What the sender has; asks for the rest."""

    state_vector: bytes


@dataclass(slots=True)
class SyncStep2:
    """The rest, as an update."""

    update: bytes


@dataclass(slots=True)
class Update:
    """A change as it happens."""

    update: bytes


@dataclass(slots=True)
class AwarenessEntry:
    """One Yjs client's presence: ``state`` is JSON text, ``null`` when it has gone."""

    client_id: int
    clock: int
    state: str


@dataclass(slots=True)
class Awareness:
    entries: list[AwarenessEntry]


@dataclass(slots=True)
class QueryAwareness:
    """Asks for everybody's presence."""


Message = SyncStep1 | SyncStep2 | Update | Awareness | QueryAwareness


def decode(frame: bytes) -> Message:
    """One message of a client. Raises Malformed unless it is consumed exactly, TooLarge over a limit."""
    try:
        kind = frame[0]
        if kind == 0:
            step = frame[1]
            body, end = _read_bytes(frame, 2)
            if end != len(frame):
                raise Malformed("bytes after the message")
            if step == 2:
                return Update(body)
            if step == 1:
                return SyncStep2(body)
            if step == 0:
                _check_state_vector(body)
                return SyncStep1(body)
            raise Malformed("unknown sync message")
        if kind == 1:
            body, end = _read_bytes(frame, 1)
            if end != len(frame):
                raise Malformed("bytes after the message")
            return Awareness(_decode_awareness(body))
        if kind == 3 and len(frame) == 1:
            return QueryAwareness()
    except IndexError:
        raise Malformed("the message ends early") from None
    raise Malformed("unknown message")


def _decode_awareness(body: bytes) -> list[AwarenessEntry]:
    count, at = read_varuint(body, 0)
    if count > len(body):
        raise Malformed("more entries than bytes")
    if count > MAX_AWARENESS_ENTRIES or len(body) > MAX_AWARENESS_BYTES:
        raise TooLarge("the presence of too many in one message")
    entries = []
    for _ in range(count):
        client_id, at = read_varuint(body, at)
        clock, at = read_varuint(body, at)
        state, at = _read_bytes(body, at)
        try:
            entries.append(AwarenessEntry(client_id, clock, state.decode()))
        except UnicodeDecodeError:
            raise Malformed("awareness is not UTF-8") from None
    if at != len(body):
        raise Malformed("bytes after the awareness")
    return entries


def _check_state_vector(data: bytes) -> None:
    """What ``decode_state_vector`` accepts, without a step in Python for each of its entries."""
    count, _ = read_varuint(data, 0)
    if not 2 * count < len(data) <= 16 * count + 8:
        raise Malformed("no state vector")
    if count > MAX_STATE_VECTOR_ENTRIES:
        raise TooLarge("a state vector of too many clients")
    if len(data.translate(None, _CONTINUED)) != 2 * count + 1 or _VARUINTS.fullmatch(data) is None:
        raise Malformed("no state vector")


def decode_state_vector(data: bytes) -> dict[int, int]:
    """Client id -> next clock. Raises Malformed."""
    try:
        count, at = read_varuint(data, 0)
        if count > len(data):
            raise Malformed("more clients than bytes")
        clocks = {}
        for _ in range(count):
            client_id, at = read_varuint(data, at)
            clocks[client_id], at = read_varuint(data, at)
    except IndexError:
        raise Malformed("the state vector ends early") from None
    if at != len(data):
        raise Malformed("bytes after the state vector")
    return clocks


def encode_step_1(state_vector: bytes) -> bytes:
    return b"\x00\x00" + _with_length(state_vector)


def encode_step_2(update: bytes) -> bytes:
    return b"\x00\x01" + _with_length(update)


def encode_update(update: bytes) -> bytes:
    return b"\x00\x02" + _with_length(update)


def encode_awareness(entries: list[AwarenessEntry]) -> bytes:
    body = bytearray(varuint(len(entries)))
    for entry in entries:
        body += varuint(entry.client_id) + varuint(entry.clock) + _with_length(entry.state.encode())
    return b"\x01" + _with_length(bytes(body))


def encode_denial(reason: str) -> bytes:
    return b"\x02\x00" + _with_length(reason.encode())


def encode_acknowledgement(count: int) -> bytes:
    return b"\x08" + varuint(count)


def varuint(number: int) -> bytes:
    """``number`` as lib0 writes it: seven bits a byte, the lowest first."""
    if number < 0x80:
        return bytes((number,))
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def read_varuint(data: bytes, at: int) -> tuple[int, int]:
    """The number at ``at`` and where it ends. Raises IndexError where the data ends, Malformed over 2**53 - 1."""
    number = data[at]
    if number < 0x80:
        return number, at + 1
    number &= 0x7F
    for shift in _SHIFTS:
        at += 1
        byte = data[at]
        if byte < 0x80:
            number |= byte << shift
            if number > MAX_VARUINT:
                break
            return number, at + 1
        number |= (byte & 0x7F) << shift
    raise Malformed("a number is too large")


def _read_bytes(data: bytes, at: int) -> tuple[bytes, int]:
    length, at = read_varuint(data, at)
    end = at + length
    if end > len(data):
        raise Malformed("a length goes past the end")
    return data[at:end], end


def _with_length(body: bytes) -> bytes:
    return varuint(len(body)) + body
