"""Updates as a hostile hand would write them: built on what is in the document, and mostly so that they may pass."""

from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

from collab.update import ANY, DELETED, MAX_CLOCK, STRING, Id
from tests.support.fuzz_ground import SOURCE, Block, Ground, compose, item, sized
from tests.support.fuzz_mutation import mutated
from tests.support.fuzz_session import Session, large
from tests.support.fuzz_word import BAD_NAMES, BAD_VALUES, FILE_KEYS, KEYS, NAMES, TEXTS, VALUES
from tests.support.wire import write_varuint

_NEARLY_ALWAYS = 0.98
_LARGE = 0.0005
Stand = tuple[Id | None, Id | None, bytes]
T = TypeVar("T")


class UpdateGrammar:
    """Invariant: nothing but `random` and what was accepted before decides what comes."""

    def __init__(self, random: Random, ground: Ground, seeds: Sequence[bytes], session: Session) -> None:
        self.ground = ground
        self.foreign: list[int] = []  # ids of honest people
        self.mine: list[int] = []  # ids that the one who sends has used
        self._random = random
        self._roll = random.random
        self._seeds = seeds
        self._session = session
        self._at = 0
        moves: list[tuple[int, Callable[[], bytes]]] = [
            (24, self._key),
            (8, self._run),
            (8, self._crowd),
            (11, self._remove),
            (5, self._replace),
            (8, self._value),
            (3, self._hole),
            (4, self._again),
            (5, self._overlap),
            (3, self._mix),
            (2, self._gap),
            (2, self._forge),
            (4, self._wrong),
            (9, self._next_of_session),
            (8, self._mutated),
        ]
        total = sum(weight for weight, _ in moves)
        self._moves = [move for weight, move in moves for _ in range(weight)]
        self._count = total

    def update(self) -> bytes:
        if self._roll() < _LARGE:
            return self._large()
        return self._moves[int(self._roll() * self._count)]()

    # What passes

    def _key(self) -> bytes:
        client = self._client()
        body, _ = self._text()
        left, right, root = self._stand()
        return compose([(client, self.ground.clocks.get(client, 0), [item(STRING, body, left, right, root)])], [])

    def _run(self) -> bytes:
        return compose([self._block(self._client(), 2 + int(self._roll() * 7), [])], self._deletes(0.3))

    def _crowd(self) -> bytes:
        """Several clients at once, on each other."""
        fresh: list[Stand] = []
        clients = {self._client() for _ in range(2 + int(self._roll() * 4))}
        blocks = [self._block(client, 1 + int(self._roll() * 4), fresh) for client in sorted(clients)]
        self._random.shuffle(blocks)
        return compose(blocks, self._deletes(0.4))

    def _remove(self) -> bytes:
        return compose([], self._deletes(1.0))

    def _replace(self) -> bytes:
        client = self._client()
        left, right, root = self._stand()
        clock = self.ground.clocks.get(client, 0)
        return compose([(client, clock, [item(STRING, self._text()[0], left, right, root)])], self._deletes(1.0))

    def _value(self) -> bytes:
        client, roll, ground = self._client(), self._roll, self.ground
        clock = ground.clocks.get(client, 0)
        items = []
        for _ in range(1 + int(roll() * roll() * 4)):
            count = 1 if roll() < 0.97 else 2 + int(roll() * 3)
            body = write_varuint(count) + b"".join(_pick(roll, VALUES) for _ in range(count))
            if ground.keys and roll() < 0.6:
                newest = ground.keys[-1 - int(roll() * min(4, len(ground.keys)))]
                left = newest if roll() < 0.6 else _pick(roll, ground.keys)
                right = _pick(roll, ground.values) if roll() < 0.02 else None
                items.append(item(ANY | 0x20 * (roll() < 0.5), body, left[1], right, b"files"))
            elif ground.values and roll() < 0.02:
                items.append(item(ANY, body, None, _pick(roll, ground.values), b"files"))
            else:
                items.append(item(ANY, body, None, None, b"files", _pick(roll, FILE_KEYS)))
        return compose([(client, clock, items)], self._deletes(0.1))

    def _hole(self) -> bytes:
        """Text that is deleted already when it comes."""
        client, roll = self._client(), self._roll
        clock = self.ground.clocks.get(client, 0)
        if roll() < 0.2:
            items = [item(DELETED, write_varuint(1 + int(roll() * 3)), None, None, b"files", _pick(roll, FILE_KEYS))]
        else:
            items = [item(DELETED, write_varuint(1 + int(roll() * 300)), *self._stand())]
        if roll() < 0.5:
            items.append(item(STRING, self._text()[0], *self._stand()))
        return compose([(client, clock, items)], [])

    def _again(self) -> bytes:
        """What is known already."""
        if not self.ground.payloads or self._roll() < 0.1:
            return b"\x00\x00"
        return _pick(self._roll, self.ground.payloads)

    def _overlap(self) -> bytes:
        """A struct that is known, with more behind it, as replicas that merge theirs send it."""
        ground, roll = self.ground, self._roll
        mine = [
            s for s in ground.structs[-60:] if s.client in self.mine and s.clock + s.length == ground.clocks[s.client]
        ]
        if not mine:
            return self._key()
        struct = _pick(roll, mine)
        start = self._snap(struct.client, struct.clock + int(roll() * struct.length)) if roll() < 0.5 else struct.clock
        left = (struct.client, start - 1) if start > struct.clock else struct.left
        known = ground.text(struct.client, start, struct.clock + struct.length)
        more = _pick(roll, TEXTS)[0]
        body = sized(known + more[1 if more[0] < 128 else 2 :])
        root = ground.root((struct.client, struct.clock))
        return compose([(struct.client, start, [item(STRING, body, left, struct.right, root)])], self._deletes(0.2))

    def _mix(self) -> bytes:
        """Something known of somebody and something new, as in a step 2."""
        ground, roll = self.ground, self._roll
        if not ground.structs:
            return self._key()
        struct = _pick(roll, ground.structs)
        root = ground.root((struct.client, struct.clock))
        text = sized(ground.text(struct.client, struct.clock, struct.clock + struct.length))
        if roll() < 0.05:
            text = sized(b"x" * struct.length)
        blocks: list[Block] = [(struct.client, struct.clock, [item(STRING, text, struct.left, struct.right, root)])]
        client = self._client()
        if client == struct.client:
            return compose(blocks, self._deletes(0.5))
        blocks.append(self._block(client, 1 + int(roll() * 2), []))
        return compose(blocks if roll() < 0.5 else blocks[::-1], self._deletes(0.5))

    def _next_of_session(self) -> bytes:
        clocks = self.ground.clocks
        while self._at < len(self._session):
            update, ends = self._session[self._at]
            if not ends:
                self._at += 1
            if any(clocks.get(client, 0) < end for client, end in ends) or not ends:
                return update
            self._at += 1
        return self._key()

    def _large(self) -> bytes:
        """As much at once as somebody brings who was away, or who wants to be dear."""
        ground, roll = self.ground, self._roll
        count = int(50 * 110 ** roll())
        client = self._client()
        choice = int(roll() * 5)
        if choice == 0 or not ground.anchors:
            return compose([self._block(client, count, [])], [])
        if choice == 1:
            blocks = [self._block(one, count // 8, []) for one in {self._client() for _ in range(8)}]
            return compose(blocks, self._deletes(1.0))
        if choice == 2:
            chosen = [_pick(roll, ground.anchors) for _ in range(count)]
            return compose([], sorted({(struct.client, struct.clock, 1) for struct in chosen}))
        if choice == 3:
            return _pick(roll, large())
        clock = ground.clocks.get(client, 0)
        text = sized("".join(_pick(roll, KEYS) for _ in range(20 * count)).encode())
        return compose([(client, clock, [item(STRING, text, *self._stand())])], [])

    # What does not

    def _gap(self) -> bytes:
        client, roll = self._client(), self._roll
        clock = self.ground.clocks.get(client, 0)
        choice = int(roll() * 4)
        if choice == 0:
            return compose([(client, clock + 1 + int(roll() * 5), [item(STRING, self._text()[0], *self._stand())])], [])
        nowhere = (self._client(), clock + 1000) if roll() < 0.5 else (int(roll() * 2**32), int(roll() * 5))
        if choice == 1:
            return compose([], [(nowhere[0], nowhere[1], 1 + int(roll() * 5))])
        left, right, root = self._stand()
        if choice == 2:
            left = nowhere
        else:
            right = nowhere
        return compose([(client, clock, [item(STRING, self._text()[0], left, right, root)])], [])

    def _forge(self) -> bytes:
        """Under the id of somebody honest."""
        client = _pick(self._roll, self.foreign or [1])
        clock = self.ground.clocks.get(client, 0)
        if self._roll() < 0.3:
            return compose(
                [(client, clock, [item(DELETED, write_varuint(1 + int(self._roll() * 70_000)), *self._stand())])], []
            )
        return compose([self._block(client, 1 + int(self._roll() * 2), [])], [])

    def _wrong(self) -> bytes:
        client, roll, ground = self._client(), self._roll, self.ground
        clock = ground.clocks.get(client, 0)
        text, length = self._text()
        left, right, root = self._stand()
        deletes = self._deletes(0.3)
        value = write_varuint(1) + _pick(roll, VALUES)
        one = item(STRING, text, left, right, root)
        match int(roll() * 18):
            case 0:
                kind = _pick(roll, [0, 2, 3, 5, 6, 7, 9, 10, 11, 31])
                one = item(kind, _pick(roll, [b"", b"\x05", text, value, b"\x00", b"\x01\x77\x01a"]), left, right, root)
            case 1:
                one = item(STRING, text, None, None, _pick(roll, BAD_NAMES))
            case 2:
                one = item(STRING, text, None, None, b"source", b"key")
            case 3:
                one = item(STRING, text, None, None, b"files", b"key")
            case 4:
                one = item(STRING, text, _pick(roll, ground.values or [(1, 0)]), None, b"files")
            case 5:
                one = item(ANY, value, left, right, root)
            case 6:
                one = item(ANY, write_varuint(1) + _pick(roll, BAD_VALUES), None, None, b"files", b"k")
            case 7:
                one = item(_pick(roll, [STRING, DELETED, ANY]), b"\x00", left, right, root)
            case 8:
                one = item(STRING, text, (client, clock + int(roll() * 3)), right, root)
            case 9:
                one = item(
                    STRING,
                    sized(_pick(roll, [b"\xed\xa0\xbd", b"\xff", b"\xc0\x80", b"\xf0\x9f\x98"])),
                    left,
                    right,
                    root,
                )
            case 10:
                one = item(DELETED, write_varuint(MAX_CLOCK - clock + int(roll() * 2)), left, right, root)
            case 11:
                other = self._client() ^ 1
                end = ground.clocks.get(other, 0)
                blocks = [(client, clock, [item(STRING, text, (other, end), None, root)])]
                blocks.append((other, end, [item(STRING, text, (client, clock + length - 1), None, root)]))
                return compose(blocks, deletes)
            case 12:
                deletes = [delete for delete in deletes for _ in range(2)]
            case 13:
                return compose([(client, clock, [one]), (client, clock + length, [one])], deletes)
            case 14:
                return compose([(client, clock, [one])], deletes) + bytes((int(roll() * 3),))
            case 15:
                place, other_place = _pick(roll, ground.places or [(1, 0)]), _pick(roll, ground.values or [(1, 0)])
                pair = (place, other_place) if roll() < 0.5 else (other_place, place)
                one = item(STRING if roll() < 0.5 else ANY, text if roll() < 0.5 else value, *pair, root)
            case 16:
                halves = [s for s in ground.structs[-200:] if s.text and not s.text.isascii()]
                if halves:
                    struct = _pick(roll, halves)
                    middle = struct.clock + int(roll() * struct.length)
                    if roll() < 0.5:
                        return compose([], [(struct.client, middle, 1)])
                    one = item(STRING, text, (struct.client, middle), None, root)
            case _:
                one = item(STRING, text, (2**53 - 1 - int(roll() * 2), 2**31 + int(roll() * 2)), right, root)
        return compose([(client, clock, [one])], deletes)

    def _mutated(self) -> bytes:
        chosen = self._roll()
        if chosen < 0.5:
            data = self.update()
        elif chosen < 0.6 and self.ground.payloads:
            data = _pick(self._roll, self.ground.payloads)
        else:
            data = _pick(self._roll, self._seeds)
        return mutated(self._random, data, self._seeds)

    # Parts

    def _client(self) -> int:
        roll = self._roll
        chosen = roll()
        if self.mine and chosen < 0.97:
            return _pick(roll, self.mine)
        if chosen < 0.992:
            return int(roll() * 200) if roll() < 0.2 else int(roll() * 2**32) if roll() < 0.9 else int(roll() * 2**53)
        return _pick(roll, self.foreign or [1])

    def _text(self) -> tuple[bytes, int]:
        return _pick(self._roll, TEXTS)

    def _block(self, client: int, count: int, fresh: list[Stand]) -> Block:
        """Structs one after another, also next to each other and to `fresh`, to which they are added."""
        start = clock = self.ground.clocks.get(client, 0)
        items = []
        for _ in range(count):
            body, length = self._text()
            stand = left, right, root = _pick(self._roll, fresh) if fresh and self._roll() < 0.6 else self._stand()
            items.append(item(STRING, body, left, right, root))
            first, last = (client, clock), (client, clock + length - 1)
            fresh += [(last, right, root), (left, first, root), stand]
            clock += length
        return client, start, items

    def _stand(self) -> Stand:
        """Left and right origins, and the root to name without them: nearly always neighbours, as somebody saw them."""
        ground, roll = self.ground, self._roll
        chosen = roll()
        if chosen < 0.04 or not ground.anchors:
            root = SOURCE if roll() < 0.7 else 1 + int(roll() * (len(ground.roots) - 1))
            name = ground.roots[root] if roll() < 0.9 or len(ground.roots) > 20 else _pick(roll, NAMES)
            return None, None, name
        # The newest are likely: people type where they have just typed, and at the same time as others.
        anchors = ground.anchors
        struct = anchors[-1 - int(roll() * min(8, len(anchors)))] if roll() < 0.4 else _pick(roll, anchors)
        client, first, end = struct.client, struct.clock, struct.clock + struct.length
        root_name = ground.root((client, first))
        if chosen < 0.35:
            return (client, end - 1), struct.right, root_name
        if chosen < 0.5:
            return struct.left, (client, first), root_name
        if chosen < 0.6:
            return struct.left, struct.right, root_name
        if chosen < 0.92:
            middle = self._snap(client, first + int(roll() * struct.length))
            if middle in {first, end}:
                return (client, end - 1), struct.right, root_name
            return (client, middle - 1), (client, middle), root_name
        return self._odd_stand()

    def _odd_stand(self) -> Stand:
        """Neighbours as nobody has seen them."""
        ground, roll = self.ground, self._roll
        client, clock = _pick(roll, ground.places)
        after = self._snap(client, clock + 1)
        chosen = roll()
        if chosen < 0.3:
            return (client, after - 1), None, b"source"
        if chosen < 0.5:
            return None, (client, self._snap(client, clock)), b"source"
        other = _pick(roll, ground.places)
        return (client, after - 1), (other[0], self._snap(*other)), b"source"

    def _snap(self, client: int, clock: int) -> int:
        """The boundary, moved out of a pair of surrogates nearly always."""
        return clock + 1 if self.ground.splits(client, clock) and self._roll() < _NEARLY_ALWAYS else clock

    def _deletes(self, likely: float) -> list[tuple[int, int, int]]:
        ground, roll = self.ground, self._roll
        if not ground.structs or roll() > likely:
            return []
        chosen: list[tuple[int, int, int]] = []
        for _ in range(1 + int(roll() * roll() * 5)):
            struct = _pick(roll, ground.structs)
            start = struct.clock + int(roll() * struct.length)
            end = min(start + 1 + int(roll() * roll() * 6), struct.clock + struct.length)
            start, end = self._snap(struct.client, start), self._snap(struct.client, end)
            if ground.values and roll() < 0.02:
                chosen.append((*_pick(roll, ground.values), 1))
            elif all(struct.client != c or end <= at or start >= at + n for c, at, n in chosen) and start < end:
                chosen.append((struct.client, start, end - start))
        return chosen


def _pick(roll: Callable[[], float], things: Sequence[T]) -> T:
    return things[int(roll() * len(things))]
