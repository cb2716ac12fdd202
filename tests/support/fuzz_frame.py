"""Awareness messages, sync messages and whole frames as a hostile hand would write them."""

from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

from tests.support.fuzz_ground import sized
from tests.support.fuzz_mutation import mutated
from tests.support.fuzz_session import hostile
from tests.support.fuzz_update import UpdateGrammar
from tests.support.wire import write_varuint

T = TypeVar("T")
_USERS = [
    '{"name":"Ann","color":"#f00"}', '"Ann"', '{"name":{"a":1}}', '{"color":"url(javascript:1)","role":1}', "[]",
]  # fmt: skip
_ODD = [
    "null", "[]", "{}", "0", '""', "true", "NaN", "-Infinity", "1e999", "-0", "1.5", "\ufeff{}", "",
    " ", "'", "\x00", "undefined",
    "[" * 40 + "]" * 40, "[" * 2000 + "]" * 2000, "{" * 100, '{"a":' * 30 + "1" + "}" * 30,
    "9" * 4000, '{"cursor":', '"\\ud800"',
    '{"__proto__":{"x":1}}', '{"cursor":{"anchor":1,"head":2}}', '{"cursor":[]}', '{"cursor":{}}', '{"a":1,"a":2}',
]  # fmt: skip
_ROOTS = ["source", "source/x", "source/", "files", "", "__proto__", "source/\\ud800", "source/" + "x" * 900, "x"]
_NUMBERS = [
    "0", "-1", "1.0", "1e3", "-0", "9007199254740991", "9007199254740992", "4294967296",
    "null", '"1"', "true", "[]", "1" * 400,
]  # fmt: skip
_OTHER_FRAMES = [
    b"", b"\x00", b"\x01", b"\x03", b"\x03\x00", b"\x02\x00\x00", b"\x02\x00\x02no", b"\x08\x05", b"\x04",
    b"\xff\xff\xff\xff",
    b"\x00\x03\x00", b"\x80\x00\x00", b"\x01\x01\x00", b"\x00\x00\x00", b"\x00\x01\x00", b"\x00\x02\x00",
    b"text", b"{}",
    b"\x00\x02\xff\xff\xff\xff\xff\xff\xff\xff",
]  # fmt: skip


class FrameGrammar:
    """All that one peer sends, built on what its updates are built on."""

    def __init__(self, random: Random, updates: UpdateGrammar, seeds: Sequence[bytes]) -> None:
        self.updates = updates
        self.ids: list[int] = []  # of others who announced presence
        self._own: int | None = None  # under which this peer announces his
        self._random = random
        self._roll = random.random
        self._seeds = seeds

    def update(self) -> bytes:
        return (b"\x00\x01" if self._roll() < 0.2 else b"\x00\x02") + sized(self.updates.update())

    def sync(self) -> bytes:
        chosen = self._roll()
        if chosen < 0.35:
            message = b"\x00" + sized(self._state_vector())
        elif chosen < 0.85:
            message = b"\x01" + sized(self._step_2())
        else:
            message = b"\x02" + sized(self.updates.update())
        if self._roll() < 0.1:
            message = mutated(self._random, message, self._seeds)
        return b"\x00" + message

    def awareness(self) -> bytes:
        roll = self._roll
        count = 1 if roll() < 0.7 else int(roll() * 5)
        entries = [self._entry() for _ in range(count)]
        body = write_varuint(count if roll() < 0.98 else int(roll() * 300)) + b"".join(entries)
        if roll() < 0.06:
            body = mutated(self._random, body, self._seeds)
        elif roll() < 0.01:
            body = _pick(roll, hostile("awareness"))
        return b"\x01" + sized(body)

    def frame(self) -> bytes:
        roll = self._roll
        chosen = roll()
        if chosen < 0.35:
            frame = self.update()
        elif chosen < 0.6:
            frame = self.sync()
        elif chosen < 0.85:
            frame = self.awareness()
        elif chosen < 0.95:
            frame = _pick(roll, _OTHER_FRAMES)
        else:
            return self._random.randbytes(int(roll() * roll() * 300))
        return mutated(self._random, frame, self._seeds) if roll() < 0.4 else frame

    def _state_vector(self) -> bytes:
        roll, clocks = self._roll, self.updates.ground.clocks
        if roll() < 0.1:
            return _pick(
                roll,
                [b"\x00", b"", b"\x01", b"\x01\x01", b"\xff\xff\x7f", b"\x00\x00", b"\x01\x01\x80\x80\x80\x80\x10"],
            )
        vector = dict(clocks) if roll() < 0.7 else {}
        for _ in range(int(roll() * 4)):
            client = (
                _pick(roll, list(clocks)) if clocks and roll() < 0.8 else int(roll() * 2 ** _pick(roll, [8, 32, 53]))
            )
            clock = clocks.get(client, 0)
            vector[client] = (
                max(0, clock - int(roll() * 9)) if roll() < 0.5 else int(roll() * 2 ** _pick(roll, [4, 32, 53, 60]))
            )
        body = b"".join(write_varuint(client) + write_varuint(clock) for client, clock in vector.items())
        body = write_varuint(len(vector)) + body
        return mutated(self._random, body, self._seeds) if roll() < 0.15 else body

    def _step_2(self) -> bytes:
        """Also under the ids of others, as one who was there when the server lost its last seconds."""
        updates, roll = self.updates, self._roll
        if roll() > 0.25:
            return updates.update()
        mine = updates.mine
        updates.mine = (
            mine + list(updates.ground.clocks)[-20:] if roll() < 0.5 else [int(roll() * 2**32) for _ in range(3)]
        )
        update = updates.update()
        updates.mine = mine
        return update

    def _entry(self) -> bytes:
        roll, mine = self._roll, self.updates.mine
        if self._own is None:
            self._own = mine[0] if mine and roll() < 0.8 else int(roll() * 2 ** _pick(roll, [4, 32, 53]))
        if roll() < 0.8:
            client = self._own
        elif self.ids and roll() < 0.6:
            client = _pick(roll, self.ids)
        else:
            client = int(roll() * 2 ** _pick(roll, [4, 32, 53]))
        clock = int(roll() * 2 ** _pick(roll, [2, 31, 42, 53]))
        state = self._state().encode("utf-8", "surrogatepass")
        if roll() < 0.01:
            state = mutated(self._random, state, self._seeds)
        return write_varuint(client) + write_varuint(clock) + sized(state)

    def _state(self) -> str:
        roll = self._roll
        chosen = roll()
        if chosen < 0.1:
            return _pick(roll, _ODD) if roll() < 0.5 else "null"
        user = "" if chosen < 0.4 else f'"user":{_pick(roll, _USERS)},'
        more = "" if chosen < 0.9 else f'"extra":"{"漢" * int(roll() * 1500)}",'
        if roll() < 0.1:
            return f'{{{user}{more}"cursor":{_pick(roll, _ODD)}}}'
        return f'{{{user}{more}"cursor":{{"anchor":{self._position()},"head":{self._position()}}}}}'

    def _position(self) -> str:
        roll, ground = self._roll, self.updates.ground
        chosen = roll()
        if chosen < 0.03:
            return _pick(roll, _ODD)
        item, kind, name = "null", "null", "null"
        if chosen < 0.6 and ground.places:
            client, clock = _pick(roll, ground.places if roll() < 0.95 or not ground.values else ground.values)
            item = f'{{"client":{client},"clock":{clock + int(roll() * 1.3)}}}'
        elif chosen < 0.8:
            name = f'"{_pick(roll, _ROOTS) if roll() < 0.5 else "source"}"'
        elif chosen < 0.9:
            item = f'{{"client":{_pick(roll, _NUMBERS)},"clock":{_pick(roll, _NUMBERS)}}}'
        if roll() < 0.1:
            kind = f'{{"client":{_pick(roll, _NUMBERS)},"clock":{_pick(roll, _NUMBERS)}}}'
        side = "0" if roll() < 0.6 else "-1" if roll() < 0.8 else _pick(roll, _NUMBERS)
        if roll() < 0.03:
            return f'{{"item":{item},"tname":{name}}}'
        return f'{{"type":{kind},"tname":{name},"item":{item},"assoc":{side}}}'


def _pick(roll: Callable[[], float], things: Sequence[T]) -> T:
    return things[int(roll() * len(things))]
