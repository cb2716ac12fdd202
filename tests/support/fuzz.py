"""Documents under generated inputs, one after another, until something fails."""

import gc
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.support.fuzz_frame import FrameGrammar
from tests.support.fuzz_room import HONEST, SERVER, Failed, Move, Outcome, Room
from tests.support.fuzz_session import seeds, sessions
from tests.support.fuzz_update import UpdateGrammar
from tests.support.fuzz_yjs import Witness
from tests.support.wire import STEP_2, UPDATE, awareness, sync

KINDS = ("frame", "sync", "update", "awareness")
_PER_DOCUMENT = 2_000
_PER_COMPARISON = 500
_HONEST_EVERY = 0.025
_SEATS = 3
_PIECES = ["x", "Ann ", "\n", "😀", "é", "漢字", "👩‍👩‍👧", "return 1"]


@dataclass
class Report:
    """What came of the inputs of one kind, by outcome; costs are CPU seconds of `accept`."""

    kind: str
    seed: int
    begun_s: float = field(default_factory=time.monotonic)
    inputs: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    cpu_s: float = 0.0
    slowest_s: float = 0.0
    slowest: bytes = b""
    rss_bytes: list[int] = field(default_factory=list)

    def __str__(self) -> str:
        shares = [f"  {count / self.inputs:7.2%} {what}" for what, count in self.outcomes.most_common(25)]
        grown = self.rss_bytes[-1] - self.rss_bytes[0] if self.rss_bytes else 0
        told = (
            f"{self.kind}, seed {self.seed}: {self.inputs} inputs in {time.monotonic() - self.begun_s:.0f} s,"
            f" {self.cpu_s / max(1, self.inputs) * 1e6:.0f} us of accept each,"
            f" the slowest {self.slowest_s * 1e3:.2f} ms ({len(self.slowest)} bytes); memory {grown / 2**20:+.1f} MB"
        )
        return "\n".join([told, *shares])

    def count(self, frame: bytes, outcome: Outcome) -> None:
        self.inputs += 1
        self.outcomes[outcome.what] += 1
        self.cpu_s += outcome.cpu_s
        if outcome.cpu_s > self.slowest_s:
            self.slowest_s, self.slowest = outcome.cpu_s, frame


class Failure(Exception):
    """Raised with what happened and the moves that led to it, from an empty document."""

    def __init__(self, what: str, moves: list[Move]) -> None:
        super().__init__(what)
        self.moves = moves


class _Hostile:
    """One who sits in a seat until he is refused."""

    def __init__(self, connection: int, name: str, grammar: FrameGrammar) -> None:
        self.connection = connection
        self.name = name
        self.grammar = grammar
        self.may_write = True


class _Document:
    """The life of one document, decided by `random` and by what was accepted."""

    def __init__(self, kind: str, random: Random, yjs: Witness, trail: Path) -> None:
        self.moves: list[Move] = []
        self.room = Room(yjs, random.getrandbits(32))
        self._kind = kind
        self._random = random
        self._trail = trail
        self._connections = self._names = 0
        self._presences = [777]
        self._sessions = random.sample(sessions(), len(sessions()))
        self._typist = self.room.typist
        self._seats = [self._newcomer() for _ in range(_SEATS)]

    async def run(self, inputs: int, report: Report) -> None:
        """Raises Failure."""
        with self._trail.open("wb", buffering=0) as trail:
            self._file = trail
            try:
                await self._run(inputs, report)
            except Failed as error:
                raise Failure(str(error), self.moves) from error

    async def _run(self, inputs: int, report: Report) -> None:
        random = self._random
        restart = random.randrange(inputs) if random.random() < 0.4 else -1
        await self._play(Move(HONEST, "honest", True, sync(STEP_2, b"\x00\x00")))
        await self._play(Move(HONEST, "honest", True, awareness([(self._typist.client_id, 1, {})])))
        for number in range(inputs):
            seat = int(random.random() * _SEATS)
            hostile = self._seats[seat]
            frame = self._input(hostile)
            outcome = await self._play(Move(hostile.connection, hostile.name, hostile.may_write, frame))
            report.count(frame, outcome)
            await self._learn(seat, frame, outcome)
            if random.random() < _HONEST_EVERY:
                await self._type()
            if number % _PER_COMPARISON == _PER_COMPARISON - 1:
                self.room.compare()
            if number == restart:
                await self._restart()
        self.room.finish()

    async def _play(self, move: Move) -> Outcome:
        self.moves.append(move)
        self._file.write(
            f"{move.connection} {move.participant} {move.may_write:d} {move.lost} {_hex(move.frame)}\n".encode()
        )
        return await self.room.play(move)

    def _input(self, hostile: _Hostile) -> bytes:
        grammar, roll = hostile.grammar, self._random.random
        match self._kind:
            case "frame":
                return grammar.frame()
            case "sync":
                return grammar.sync()
            case "update":
                return grammar.update()
        return grammar.awareness() if roll() < 0.97 else grammar.update()

    async def _learn(self, seat: int, frame: bytes, outcome: Outcome) -> None:
        hostile, random = self._seats[seat], self._random
        updates = hostile.grammar.updates
        for update in outcome.taken:
            for struct in update.structs:
                if struct.client not in updates.foreign and struct.client not in updates.mine:
                    updates.mine.append(struct.client)
        if outcome.what[0] == "4":
            hostile.connection = self._connections = self._connections + 1
            if random.random() < 0.15:
                self._seats[seat] = self._newcomer()
        elif random.random() < 0.002:
            await self._play(Move(hostile.connection, hostile.name, hostile.may_write, None))
            self._seats[seat] = self._newcomer()

    def _newcomer(self) -> _Hostile:
        self._names += 1
        self._connections += 1
        session = self._sessions.pop() if self._sessions and self._random.random() < 0.5 else []
        updates = UpdateGrammar(self._random, self.room.ground, seeds(), session)
        updates.foreign = [self._typist.client_id]
        grammar = FrameGrammar(self._random, updates, seeds())
        grammar.ids = self._presences
        hostile = _Hostile(self._connections, f"mallory{self._names}", grammar)
        hostile.may_write = self._random.random() > 0.04
        return hostile

    async def _type(self) -> None:
        self.room.hear()
        random, typist = self._random, self._typist
        text = str(typist)
        at = random.randrange(len(text) + 1)
        if text and random.random() < 0.2:
            at = min(at, len(text) - 1)
            update = typist.delete(at, min(len(text) - at, 3))
        elif random.random() < 0.1:
            update = typist.put("main.py", random.randrange(100))
        else:
            update = typist.insert(at if random.random() < 0.5 else len(text), random.choice(_PIECES))
        outcome = await self._play(Move(HONEST, "honest", True, sync(UPDATE, update)))
        if outcome.what != "accepted":
            raise Failed("what the honest writer typed is not new")

    async def _restart(self) -> None:
        """With or without the last entries, which the honest writer brings back."""
        self.room.hear()
        lost = self._random.choice([0, 0, 1, 10, 60])
        await self._play(Move(SERVER, "", False, None, lost))
        for hostile in self._seats:
            hostile.connection = self._connections = self._connections + 1
            hostile.grammar.updates.ground = self.room.ground
        lacked = self._typist.lacked_by(self.room.live._document.state_vector())
        await self._play(Move(HONEST, "honest", True, sync(STEP_2, lacked)))


async def fuzz(
    kind: str, seed: int, inputs: int, yjs: Witness, trail: Path, tell: Callable[[str], None] | None = None
) -> Report:
    """`inputs` in documents of a few thousand, each decided by its own seed. Raises Failure; where the process dies,
    the moves in its last document are in `trail`.
    """
    report = Report(kind, seed)
    told = time.monotonic()
    assert sessions()
    assert seeds()
    gc.collect()
    gc.freeze()  # what is there already is not looked at again after every document
    for document in range(-(-inputs // _PER_DOCUMENT)):
        await fuzz_document(document, min(_PER_DOCUMENT, inputs - report.inputs), yjs, trail, report)
        if report.inputs >= inputs // 10:
            report.rss_bytes.append(_rss())
        if tell is not None and time.monotonic() - told > 20:
            told = time.monotonic()
            tell(str(report).split("\n")[0])
    gc.unfreeze()
    return report


async def fuzz_document(document: int, inputs: int, yjs: Witness, trail: Path, report: Report) -> None:
    random = Random(f"{report.kind} {report.seed} {document}")
    with _collected():
        await _Document(report.kind, random, yjs, trail).run(inputs, report)


class _collected:  # noqa: N801 - reads as a function
    """The collector of garbage runs after the block, not inside of an input whose cost is measured."""

    def __enter__(self) -> None:
        gc.disable()

    def __exit__(self, *_: object) -> None:
        gc.enable()
        gc.collect()


def _hex(frame: bytes | None) -> str:
    return "-" if frame is None else frame.hex()


def _rss() -> int:
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if statm.exists() else 0


def moves_in(trail: Path) -> Iterator[Move]:
    """The moves of the last document that was begun."""
    for line in trail.read_text().splitlines():
        connection, participant, may_write, lost, frame = line.split(" ")
        yield Move(
            int(connection), participant, may_write == "1", None if frame == "-" else bytes.fromhex(frame), int(lost)
        )
