"""Bytes <-> typed structs and delete sets of a Yjs update, format version 1: the one parser.

Format: https://github.com/yjs/yjs (src/utils/encoding.js, src/structs). Only what the document model of Panelroom can
contain is parsed: deleted ranges, strings, and plain values of bounded depth; everything else is Malformed.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from collab.wire import Malformed, TooLarge, read_varuint, varuint

MAX_CLOCK = 2**31
_SKIP = 10
"""Clocks that the sender does not have, between some that it is keeping until it has them: only in a step 2."""

MAX_PARTS = 2**16
"""Structs, and deleted ranges, that one update may list, known already or not."""
_MAX_DEPTH = 8

Id = tuple[int, int]
"""Client id, clock: one UTF-16 unit of text, or one value."""

Range = tuple[int, int, int]
"""Client id, first clock, length."""

DELETED, STRING, ANY = 1, 4, 8
"""What a struct may hold, numbered as Yjs does."""


@dataclass(slots=True)
class Struct:
    """``length`` clocks of one client, from ``clock`` on. ``root`` and ``key`` are known only without origins."""

    client: int
    clock: int
    length: int
    content: int
    left: Id | None
    right: Id | None
    root: str | None
    key: str | None
    text: str | None
    at: int = field(default=0, compare=False)  # where its bytes begin
    end: int = field(default=0, compare=False)


@dataclass(slots=True)
class Update:
    """``structs`` in order of clock for each client, and the deleted ``(client, clock, length)`` ranges."""

    structs: list[Struct]
    deletes: list[Range]
    deletes_at: int = field(default=0, compare=False)  # where the bytes of the deleted ranges begin

    def ends(self) -> dict[int, int]:
        """Client -> the first clock behind its structs."""
        return {struct.client: struct.clock + struct.length for struct in self.structs}


def parse(data: bytes) -> Update:
    """The whole of ``data`` as one update. Raises Malformed unless it is consumed exactly, TooLarge where it is so long
    that reading it would keep others waiting.
    """
    try:
        structs, deletes_at = _parse_structs(data)
        deletes, at = _parse_deletes(data, deletes_at)
    except IndexError:
        raise Malformed("the update ends early") from None
    except UnicodeDecodeError:
        raise Malformed("text is not UTF-8") from None
    if at != len(data):
        raise Malformed("bytes after the update")
    return Update(structs, deletes, deletes_at)


def _parse_structs(data: bytes) -> tuple[list[Struct], int]:
    structs: list[Struct] = []
    seen: set[int] = set()
    blocks, at = read_varuint(data, 0)
    for _ in range(blocks):
        count, named_at = read_varuint(data, at)
        client, at = read_varuint(data, named_at)
        if not count or client in seen:
            raise Malformed("a client's structs are not in one run")
        if count > len(data):
            raise Malformed("more structs than bytes")
        if len(structs) + count > MAX_PARTS:
            raise TooLarge("too many structs in one update")
        seen.add(client)
        named = data[named_at:at]
        clock, at = read_varuint(data, at)
        gap_at = 0
        for number in range(count):
            if data[at] == _SKIP:
                if number in {gap_at, count - 1}:
                    raise Malformed("clocks left out at an end, or twice")
                length, at = read_varuint(data, at + 1)
                if not length:
                    raise Malformed("an empty struct")
                clock += length
                gap_at = number + 1
                continue
            parsed, at = _parse_struct(data, at, client, clock, named)
            clock += parsed.length
            if clock > MAX_CLOCK:
                raise Malformed("a clock is too large")
            structs.append(parsed)
    return structs, at


def _parse_struct(data: bytes, at: int, client: int, clock: int, named: bytes) -> tuple[Struct, int]:
    """``named`` is ``client`` as bytes: most origins are the client's own."""
    start = at
    info = data[at]
    at += 1
    left = right = root = key = text = None
    if info & 0x80:
        if data.startswith(named, at):
            number, at = read_varuint(data, at + len(named))
            left = (client, number)
        else:
            left, at = _parse_id(data, at)
    if info & 0x40:
        if data.startswith(named, at):
            number, at = read_varuint(data, at + len(named))
            right = (client, number)
        else:
            right, at = _parse_id(data, at)
    if info < 0x40:
        if data[at] != 1:
            raise Malformed("nested types are not part of the document")
        root, at = _parse_string(data, at + 1)
        if info & 0x20:
            key, at = _parse_string(data, at)
    kind = info & 0x1F
    if kind == STRING:
        length = data[at]
        if length == 1 and data[at + 1] < 0x80:
            text = chr(data[at + 1])
            at += 2
        else:
            text, at = _parse_string(data, at)
            length = len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2
    elif kind == DELETED:
        length, at = read_varuint(data, at)
    elif kind == ANY:
        length, at = read_varuint(data, at)
        if length > len(data):
            raise Malformed("more values than bytes")
        for _ in range(length):
            at = _skip_any(data, at, 0)
    else:
        raise Malformed(f"content of kind {kind} is not part of the document")
    if not length:
        raise Malformed("an empty struct")
    return Struct(client, clock, length, kind, left, right, root, key, text, start, at), at


def _parse_id(data: bytes, at: int) -> tuple[Id, int]:
    client, at = read_varuint(data, at)
    clock, at = read_varuint(data, at)
    return (client, clock), at


def _parse_string(data: bytes, at: int) -> tuple[str, int]:
    length, at = read_varuint(data, at)
    end = at + length
    if end > len(data):
        raise Malformed("a text goes past the end")
    return data[at:end].decode(), end


def _skip_any(data: bytes, at: int, depth: int) -> int:
    if depth > _MAX_DEPTH:
        raise Malformed("a value is nested too deep")
    kind = data[at]
    at += 1
    if kind in (127, 126, 121, 120):  # undefined, null, false, true
        return at
    if kind == 125:
        return _skip_varint(data, at)
    if kind in (124, 123):
        end = at + (4 if kind == 124 else 8)
        if end > len(data):
            raise IndexError
        return end
    if kind == 119:
        return _parse_string(data, at)[1]
    if kind == 118:
        count, at = read_varuint(data, at)
        for _ in range(count):
            at = _skip_any(data, _parse_string(data, at)[1], depth + 1)
        return at
    if kind == 117:
        count, at = read_varuint(data, at)
        for _ in range(count):
            at = _skip_any(data, at, depth + 1)
        return at
    raise Malformed("an unknown kind of value")


def _skip_varint(data: bytes, at: int) -> int:
    for read in range(8):
        if data[at + read] < 0x80:
            return at + read + 1
    raise Malformed("a number is too large")


def _parse_deletes(data: bytes, at: int) -> tuple[list[Range], int]:
    deletes: list[Range] = []
    if not data[at]:
        return deletes, at + 1
    clients, at = read_varuint(data, at)
    seen: set[int] = set()
    for _ in range(clients):
        client, at = read_varuint(data, at)
        count, at = read_varuint(data, at)
        if client in seen:
            raise Malformed("a client's deleted ranges are not in one run")
        if count > len(data):
            raise Malformed("more deleted ranges than bytes")
        if len(deletes) + count > MAX_PARTS:
            raise TooLarge("too many deleted ranges in one update")
        seen.add(client)
        first = len(deletes)
        for _ in range(count):
            clock, at = read_varuint(data, at)
            length, at = read_varuint(data, at)
            if not length:
                raise Malformed("an empty deleted range")
            if clock + length > MAX_CLOCK:
                raise Malformed("a clock is too large")
            deletes.append((client, clock, length))
        if count > 1:
            _check_disjoint(sorted(deletes[first:]))
    return deletes, at


def _check_disjoint(ranges: list[Range]) -> None:
    reached = 0
    for _, clock, length in ranges:
        if clock < reached:
            raise Malformed("deleted ranges that overlap")
        reached = clock + length


def with_deletes(data: bytes, update: Update, deletes: list[Range]) -> bytes:
    """``data``, which parses as ``update``, with these deleted ranges instead of its own, in ascending order."""
    return data[: update.deletes_at] + _encode_deletes(deletes)


def part(data: bytes, structs: list[Struct], deletes: list[Range]) -> bytes:
    """An update with these structs of ``data``, contiguous for each client, and these deleted ranges."""
    lanes: dict[int, list[Struct]] = {}
    for struct in structs:
        lanes.setdefault(struct.client, []).append(struct)
    out = bytearray(varuint(len(lanes)))
    for client, lane in lanes.items():
        out += varuint(len(lane)) + varuint(client) + varuint(lane[0].clock) + data[lane[0].at : lane[-1].end]
    return bytes(out) + _encode_deletes(deletes)


def merged(updates: Iterable[bytes]) -> bytes:
    """Several updates as one, struct by struct: of each client every update goes on where those before it have ended,
    and no two delete the same.
    """
    lanes: dict[int, tuple[int, list[bytes]]] = {}
    deletes: list[Range] = []
    for data in updates:
        update = parse(data)
        for struct in update.structs:
            lanes.setdefault(struct.client, (struct.clock, []))[1].append(data[struct.at : struct.end])
        deletes += update.deletes
    out = bytearray(varuint(len(lanes)))
    for client, (clock, structs) in lanes.items():
        out += varuint(len(structs)) + varuint(client) + varuint(clock) + b"".join(structs)
    return bytes(out) + _encode_deletes(deletes)


def _encode_deletes(deletes: list[Range]) -> bytes:
    by_client: dict[int, list[tuple[int, int]]] = {}
    for client, clock, length in deletes:
        by_client.setdefault(client, []).append((clock, length))
    out = bytearray(varuint(len(by_client)))
    for client, ranges in by_client.items():
        out += varuint(client) + varuint(len(ranges))
        for clock, length in sorted(ranges):
            out += varuint(clock) + varuint(length)
    return bytes(out)


def encode_state_vector(clocks: dict[int, int]) -> bytes:
    """Client id -> next clock, as Yjs writes it."""
    out = bytearray(varuint(len(clocks)))
    for client, clock in clocks.items():
        out += varuint(client) + varuint(clock)
    return bytes(out)
