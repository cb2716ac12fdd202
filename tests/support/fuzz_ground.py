"""What anybody in a room can know of a document: its ids, where they stand and what they hold."""

from bisect import bisect_right

from collab.update import ANY, STRING, Id, Struct, Update
from tests.support.wire import write_varuint

FILES, SOURCE = 0, 1


class Ground:
    """Kept from what the server accepted, so that the next update can build on it. Roots are counted; 0 is `files`."""

    def __init__(self) -> None:
        self.clocks: dict[int, int] = {}
        self.structs: list[Struct] = []  # text
        self.anchors: list[Struct] = []  # text, also what was deleted when it came
        self.places: list[Id] = []  # of text: the ends of structs, and somewhere between
        self.values: list[Id] = []
        self.keys: list[tuple[bytes, Id]] = []  # a key and a value under it
        self.roots = [b"files", b"source"]
        self.payloads: list[bytes] = []
        self._starts: dict[int, list[int]] = {}  # the clocks of a client's structs
        self._held: dict[int, list[tuple[int, bytes]]] = {}  # their root, and their text as UTF-16-LE
        self._numbers = {"files": FILES, "source": SOURCE}
        self._key_of: dict[Id, bytes] = {}

    def take(self, payload: bytes, update: Update) -> None:
        self.payloads.append(payload)
        for struct in update.structs:
            client, clock = struct.client, struct.clock
            if clock == self.clocks.get(client, 0):
                home = self._home(struct)
                self._starts.setdefault(client, []).append(clock)
                text = struct.text.encode("utf-16-le") if struct.text is not None else b""
                self._held.setdefault(client, []).append((home, text))
                self.clocks[client] = clock + struct.length
                self._place(struct, home)

    def home(self, place: Id) -> int:
        """The root that it stands in; 255 for what is not there."""
        client, clock = place
        if clock >= self.clocks.get(client, 0):
            return 255
        return self._held[client][bisect_right(self._starts[client], clock) - 1][0]

    def root(self, place: Id) -> bytes:
        return self.roots[min(self.home(place), len(self.roots) - 1)]

    def splits(self, client: int, clock: int) -> bool:
        """Whether a pair of surrogates stands on both sides of the boundary before this clock."""
        if clock >= self.clocks.get(client, 0):
            return False
        at = bisect_right(self._starts[client], clock) - 1
        text, unit = self._held[client][at][1], 2 * (clock - self._starts[client][at])
        return 0 < unit < len(text) and text[unit + 1] & 0xFC == 0xDC and text[unit - 1] & 0xFC == 0xD8

    def text(self, client: int, start: int, end: int) -> bytes:
        """What was in one struct, as UTF-8; a half of a pair becomes a replacement character."""
        at = bisect_right(self._starts[client], start) - 1
        first = self._starts[client][at]
        return (
            self._held[client][at][1][2 * (start - first) : 2 * (end - first)].decode("utf-16-le", "replace").encode()
        )

    def _home(self, struct: Struct) -> int:
        if struct.root is not None:
            number = self._numbers.setdefault(struct.root, len(self.roots))
            if number == len(self.roots):
                self.roots.append(struct.root.encode())
            return min(number, 254)
        origin = struct.left or struct.right
        return self.home(origin) if origin is not None else 255

    def _place(self, struct: Struct, home: int) -> None:
        client, clock, last = struct.client, struct.clock, struct.clock + struct.length - 1
        if struct.content == ANY:
            place = (client, last)
            key = struct.key.encode() if struct.key is not None else self._key_of.get(struct.left or (0, 0), b"")
            self._key_of[place] = key
            self.values.append(place)
            self.keys.append((key, place))
            return
        if home == FILES:
            self.values.append((client, last))
            return
        self.anchors.append(struct)
        if struct.content == STRING:
            self.structs.append(struct)
        self.places.append((client, last))
        if last > clock:
            self.places.append((client, clock))
        if last > clock + 3:
            self.places.append((client, (clock + last) // 2))


def item(kind: int, body: bytes, left: Id | None, right: Id | None, root: bytes, key: bytes | None = None) -> bytes:
    """A struct, its root and key written where it has no origins."""
    if left is not None:
        start = bytes((kind | 0x80 | 0x40 * (right is not None),)) + write_varuint(left[0]) + write_varuint(left[1])
        return start + body if right is None else start + write_varuint(right[0]) + write_varuint(right[1]) + body
    if right is not None:
        return bytes((kind | 0x40,)) + write_varuint(right[0]) + write_varuint(right[1]) + body
    named = b"\x01" + write_varuint(len(root)) + root
    if key is not None:
        return bytes((kind | 0x20,)) + named + write_varuint(len(key)) + key + body
    return bytes((kind,)) + named + body


def sized(data: bytes) -> bytes:
    return write_varuint(len(data)) + data


Block = tuple[int, int, list[bytes]]


def compose(blocks: list[Block], deletes: list[tuple[int, int, int]]) -> bytes:
    """An update: blocks are (client, first clock, structs), deletes (client, clock, length)."""
    out = bytearray(write_varuint(len(blocks)))
    for client, clock, items in blocks:
        out += write_varuint(len(items)) + write_varuint(client) + write_varuint(clock)
        out += items[0] if len(items) == 1 else b"".join(items)
    if not deletes:
        return bytes(out) + b"\x00"
    runs: dict[int, list[tuple[int, int, int]]] = {}
    for delete in deletes:
        runs.setdefault(delete[0], []).append(delete)
    out += write_varuint(len(runs))
    for client, run in runs.items():
        out += write_varuint(client) + write_varuint(len(run))
        for _, clock, length in run:
            out += write_varuint(clock) + write_varuint(length)
    return bytes(out)
