"""Sequences of updates that cost more to integrate than they look, as a small language of loops.

A scene has members, each one or more Yjs client ids of a participant, and loops of moves. In every round of a loop each
of its moves inserts something between two characters, or deletes some: which ones, is a formula of the round.
"""

import random
from bisect import bisect_right
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum, auto

from collab.update import Id
from tests.collab.typist import deleted, string, update, values

NULL = b"\x7e"
PARTICIPANTS = 3
MAX_NEW_CLIENTS = 16
MAX_REFUSALS = 4  # of a single move, before a participant is taken to have spent what he may
MAX_INVALID = 60
HOWS = ("first", "up", "down", "last", "random", "bits")
KINDS = ("text", "gone", "value", "delete")


@dataclass(frozen=True, slots=True)
class Pick:
    """A character of a member: its ``shift``th from the first or the last, or ``step`` further with every round."""

    who: int
    how: str = "up"
    shift: int = 0
    step: int = 1


@dataclass(frozen=True, slots=True)
class Move:
    who: int
    left: Pick | None = None
    right: Pick | None = None
    kind: str = "text"
    length: int = 1
    roots: int = 1  # texts or keys that those without origins are put in, in turn


@dataclass(frozen=True, slots=True)
class Loop:
    rounds: int
    moves: tuple[Move, ...]
    bundle: int = 4_000  # moves in one update


@dataclass(frozen=True, slots=True)
class Member:
    """``ids`` client ids of each participant, used in turn; those of a higher rank are higher."""

    rank: int
    ids: int = 1
    participant: int = 0
    is_descending: bool = False
    letter: str = "x"


@dataclass(frozen=True, slots=True)
class Scene:
    name: str
    members: tuple[Member, ...]
    loops: tuple[Loop, ...]
    seed: int = 1


class Answer(Enum):
    ACCEPTED = auto()
    TOO_MUCH = auto()
    INVALID = auto()


Send = Callable[[int, bytes], Awaitable[Answer]]
"""Participant, update."""


@dataclass(slots=True)
class _Written:
    """What a member has written so far, by unit of text."""

    member: Member
    base: int  # the lowest of its client ids, as its first participant
    participant: int
    clocks: dict[int, int] = field(default_factory=dict)
    moves: int = 0
    length: int = 0
    starts: list[int] = field(default_factory=list)  # of the runs of one client
    runs: list[Id] = field(default_factory=list)

    def __getitem__(self, at: int) -> Id:
        run = bisect_right(self.starts, at) - 1
        client, clock = self.runs[run]
        return client, clock + at - self.starts[run]

    def next_client(self) -> int:
        ids = self.member.ids
        at = self.moves % ids
        return self.base + self.participant * ids + (ids - 1 - at if self.member.is_descending else at)

    def write(self, client: int, length: int) -> None:
        clock = self.clocks.get(client, 0)
        if not self.runs or self[self.length - 1] != (client, clock - 1):
            self.starts.append(self.length)
            self.runs.append((client, clock))
        self.clocks[client] = clock + length
        self.moves += 1
        self.length += length

    def unwrite(self, client: int, clock: int) -> None:
        self.length -= self.clocks[client] - clock
        self.clocks[client] = clock
        while self.starts and self.starts[-1] >= self.length:
            self.starts.pop()
            self.runs.pop()


class Play:
    """One performance of a scene. What is refused has not happened: it is tried in smaller updates, then by the next
    participant.
    """

    def __init__(self, scene: Scene, send: Send) -> None:
        self._scene = scene
        self._send = send
        self._random = random.Random(scene.seed)
        self._written: list[_Written] = []
        bases = {}
        base = 1
        for who in sorted(range(len(scene.members)), key=lambda who: (scene.members[who].rank, who)):
            bases[who] = base
            base += scene.members[who].ids * PARTICIPANTS
        for who, member in enumerate(scene.members):
            self._written.append(_Written(member, bases[who], member.participant))
        self._gone: set[Id] = set()
        self._participant = 0
        self._refusals = [0] * PARTICIPANTS
        self._invalid = 0
        self._answer = Answer.ACCEPTED
        self._clear()

    def _clear(self) -> None:
        self._blocks: dict[int, tuple[_Written, int, list[bytes]]] = {}
        self._deletes: dict[int, list[tuple[int, int]]] = {}
        self._gone_now: list[Id] = []
        self._moves = 0
        self._new = 0

    @property
    def _is_over(self) -> bool:
        return min(self._refusals) >= MAX_REFUSALS or self._invalid >= MAX_INVALID

    async def run(self) -> None:
        for loop in self._scene.loops:
            totals = [written.length for written in self._written]
            bundle, begun, step = loop.bundle, 0, 0
            end = loop.rounds * len(loop.moves)
            while step < end or self._moves:
                round_, which = divmod(step, len(loop.moves))
                move = loop.moves[which]
                written = self._written[move.who]
                if self._moves and (
                    step == end
                    or self._moves >= bundle
                    or written.participant != self._participant
                    or self._new >= MAX_NEW_CLIENTS
                ):
                    if await self._flush():
                        begun = step
                    elif bundle > 1:
                        bundle, step = max(1, min(bundle, step - begun) // 2), begun
                    else:
                        self._refused()
                        begun = step
                    self._clear()
                    if self._is_over:
                        return
                    continue
                self._participant = written.participant
                self._make(move, written, round_, totals)
                step += 1

    async def _flush(self) -> bool:
        """Send what there is; what is refused is taken back."""
        blocks = [(client, clock, structs) for client, (_, clock, structs) in self._blocks.items()]
        self._answer = await self._send(self._participant, update(*blocks, deletes=self._deletes))
        if self._answer is Answer.ACCEPTED:
            return True
        for client, (written, clock, _) in self._blocks.items():
            written.unwrite(client, clock)
        self._gone.difference_update(self._gone_now)
        return False

    def _refused(self) -> None:
        if self._answer is Answer.INVALID:
            self._invalid += 1
            return
        self._refusals[self._participant] += 1
        if self._refusals[self._participant] >= MAX_REFUSALS:
            for written in self._written:
                if written.participant == self._participant:
                    written.participant = min(range(PARTICIPANTS), key=self._refusals.__getitem__)

    def _make(self, move: Move, written: _Written, round_: int, totals: list[int]) -> None:
        left = self._pick(move.left, round_, totals)
        right = self._pick(move.right, round_, totals)
        if move.kind == "delete":
            self._delete(left, move)
            return
        if left is not None and left == right:
            right = None
        client = written.next_client()
        clock = written.clocks.get(client, 0)
        name = f"source/{round_ % move.roots}" if move.roots > 1 else "source"
        length = move.length
        match move.kind:
            case "gone":
                struct = deleted(length, left=left, right=right, root=name)
            case "value":
                length = 1
                struct = values(NULL, left=left, key=f"{round_ % move.roots}" if left is None else None)
            case _:
                struct = string(written.member.letter * length, left=left, right=right, root=name)
        if client not in self._blocks:
            self._blocks[client] = (written, clock, [])
            self._new += not clock
        self._blocks[client][2].append(struct)
        written.write(client, length)
        self._moves += 1

    def _delete(self, first: Id | None, move: Move) -> None:
        if first is None or move.left is None:
            return
        client, clock = first
        length = min(move.length, self._written[move.left.who].clocks[client] - clock)
        units = [(client, clock + n) for n in range(length)]
        if self._gone.isdisjoint(units):
            self._gone.update(units)
            self._gone_now += units
            self._deletes.setdefault(client, []).append((clock, length))
            self._moves += 1

    def _pick(self, pick: Pick | None, round_: int, totals: list[int]) -> Id | None:
        if pick is None or not self._written[pick.who].length:
            return None
        written = self._written[pick.who]
        before = totals[pick.who] or written.length
        at = pick.shift + pick.step * round_
        match pick.how:
            case "first":
                at = pick.shift
            case "last":
                at = written.length - 1 - pick.shift
            case "down":
                at = before - 1 - at
            case "random":
                at = self._random.randrange(written.length)
            case "bits":
                at = int(int(f"{round_ % 2**20:020b}"[::-1], 2) / 2**20 * before) + pick.shift
        return written[at % written.length]
