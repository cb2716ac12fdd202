"""Sequences of updates that cost more to integrate than they look: a small language of loops, and the known ones in it.

A scene has members, each one or more Yjs client ids of a participant, and loops of moves. In every round of a loop each
of its moves inserts something between two characters, or deletes some: which ones, is a formula of the round.
"""

import random
from bisect import bisect_right
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from collab.update import Id
from tests.collab.typist import deleted, string, update, values

NULL = b"\x7e"
PARTICIPANTS = 3
MAX_NEW_CLIENTS = 16
MAX_REFUSALS = 4  # of a single move, before a participant is taken to have spent what he may
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


Send = Callable[[int, bytes], Awaitable[bool]]
"""Participant, update; whether it was accepted."""


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
        self._clear()

    def _clear(self) -> None:
        self._blocks: dict[int, tuple[_Written, int, list[bytes]]] = {}
        self._deletes: dict[int, list[tuple[int, int]]] = {}
        self._gone_now: list[Id] = []
        self._moves = 0
        self._new = 0

    @property
    def _is_over(self) -> bool:
        return min(self._refusals) >= MAX_REFUSALS

    async def run(self) -> None:
        for loop in self._scene.loops:
            totals = [written.length for written in self._written]
            bundle = loop.bundle
            for round_ in range(loop.rounds):
                for move in loop.moves:
                    written = self._written[move.who]
                    if self._moves and (
                        self._moves >= bundle
                        or written.participant != self._participant
                        or self._new >= MAX_NEW_CLIENTS
                    ):
                        bundle = await self._flush(bundle)
                        if self._is_over:
                            return
                    self._participant = written.participant
                    self._make(move, written, round_, totals)
            await self._flush(bundle)
            if self._is_over:
                return

    async def _flush(self, bundle: int) -> int:
        """Send what there is; how many moves the next update should have."""
        blocks = [(client, clock, structs) for client, (_, clock, structs) in self._blocks.items()]
        if self._moves and not await self._send(self._participant, update(*blocks, deletes=self._deletes)):
            for client, (written, clock, _) in self._blocks.items():
                written.unwrite(client, clock)
            self._gone.difference_update(self._gone_now)
            bundle = min(bundle, self._moves) // 2
            if not bundle:
                self._refuse()
        self._clear()
        return max(bundle, 1)

    def _refuse(self) -> None:
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


def known(size: int) -> list[Scene]:
    """The attacks that were found by hand, each of some ``size`` structs."""
    text = Move(0, length=2 * size + 2)
    one = Loop(1, (text,))
    typing = Loop(size, (Move(0, Pick(0, "last")),))
    backwards = Loop(size, (Move(0, None, Pick(0, "last")),))
    two = (Member(0), Member(1))
    swapped = (Member(1), Member(0))
    many = 300
    scenes = [
        Scene("deletions from behind", two, (one, Loop(size, (Move(0, Pick(0, "down", 0, 2), kind="delete"),)))),
        Scene("deletions at random", two, (one, Loop(size, (Move(0, Pick(0, "random"), kind="delete"),)))),
        Scene("deletions in halves", two, (one, Loop(size, (Move(0, Pick(0, "bits"), kind="delete"),)))),
        Scene("deletions one by one", two, (one, Loop(size, (Move(0, Pick(0, "down", 0, 2), kind="delete"),), 1))),
        Scene(
            "insertions from behind", two, (one, Loop(size, (Move(1, Pick(0, "down", 1, 2), Pick(0, "down", 0, 2)),)))
        ),
        Scene(
            "holes, then the rest",
            two,
            (
                one,
                Loop(size, (Move(0, Pick(0, "up", 0, 2), kind="delete"),)),
                Loop(size, (Move(0, Pick(0, "up", 1, 2), kind="delete"),)),
            ),
        ),
        Scene(
            "a rope, cut at every key",
            two,
            (
                Loop(1, (Move(0, length=14 * size),)),
                Loop(size, (Move(0, Pick(0, "last")), Move(0, Pick(0, "up", 13, 14), kind="delete")), 2),
            ),
        ),
        Scene("right origins upwards", two, (one, Loop(size, (Move(1, Pick(0, "first"), Pick(0, "up", 1)),)))),
        Scene(
            "right origins upwards, key by key",
            two,
            (one, Loop(size, (Move(1, Pick(0, "first"), Pick(0, "up", 1)),), 1)),
        ),
        Scene("right origins downwards", two, (one, Loop(size, (Move(1, Pick(0, "first"), Pick(0, "down")),)))),
        Scene(
            "holes, and right origins",
            two,
            (
                one,
                Loop(size, (Move(0, Pick(0, "up", 1, 2), kind="delete"),)),
                Loop(size // 8, (Move(1, Pick(0, "first"), Pick(0, "down")),), 1),
            ),
        ),
        Scene("left origins downwards", two, (typing, Loop(size, (Move(1, Pick(0, "down")),)))),
        Scene("a lower client lags", swapped, (typing, Loop(size, (Move(1, Pick(0, "up"), Pick(1, "last")),)))),
        Scene("nothing on either side", two, (backwards, Loop(size, (Move(1),)))),
        Scene(
            "nothing on either side, from many",
            (Member(0), Member(1, many), Member(1, many, 1), Member(1, many, 2)),
            (backwards, Loop(many, (Move(1), Move(2), Move(3)), 1)),
        ),
        Scene(
            "nothing on either side, lower clients", (Member(1), Member(0, many)), (backwards, Loop(many, (Move(1),)))
        ),
        Scene(
            "one conflict, then backwards on both sides of it",
            (Member(1), Member(2), Member(0), Member(3)),
            (
                Loop(1, (Move(0, length=2),)),
                Loop(1, (Move(1, Pick(0, "first"), Pick(0, "first", 1)),)),
                Loop(size, (Move(1, Pick(0, "first"), Pick(1, "last")),)),
                Loop(1, (Move(2, Pick(0, "first"), Pick(0, "first", 1)),)),
                Loop(1, (Move(2, Pick(2, "first")),)),
                Loop(size, (Move(2, Pick(2, "first"), Pick(2, "last")),)),
                Loop(1, (Move(3, Pick(2, "last"), Pick(2, "last", 1)),)),
            ),
        ),
        Scene(
            "cheap for those who are there, dear for who comes",
            (Member(0), Member(1), Member(2)),
            (
                Loop(
                    size,
                    (
                        Move(0, Pick(2, "last"), Pick(0, "first")),
                        Move(1, Pick(2, "last"), Pick(0, "first")),
                        Move(2, Pick(2, "last"), Pick(0, "last")),
                    ),
                ),
            ),
        ),
        Scene(
            "much text for its bytes, then all over scattered insertions",
            (Member(0), Member(1), Member(2, participant=1), Member(3, participant=2)),
            (
                Loop(1, tuple(Move(who, length=10 * size) for who in (1, 2, 3))),
                one,
                Loop(size, (Move(1, Pick(0, "bits"), Pick(0, "bits", 1)),)),
                Loop(100, (Move(1), Move(2), Move(3)), 1),
            ),
        ),
        Scene(
            "much text for its bytes, then backwards and across",
            (Member(0), Member(1, participant=1), Member(2, participant=2)),
            (
                Loop(1, tuple(Move(who, length=10 * size) for who in range(3))),
                Loop(size, (Move(0, Pick(1, "first"), Pick(0, "last")),)),
                Loop(100, (Move(1, Pick(1, "first")), Move(2, Pick(1, "first"))), 1),
            ),
        ),
        Scene("versions of a value", two, (Loop(size, (Move(0, kind="value"),)),)),
        Scene("versions of a value, key by key", two, (Loop(size, (Move(0, kind="value"),), 1),)),
        Scene(
            "versions of a value, from many",
            (Member(0, many), Member(1, many, 1), Member(1, many, 2, is_descending=True)),
            (Loop(many, (Move(0, kind="value"), Move(1, kind="value"), Move(2, kind="value")), 1),),
        ),
        Scene(
            "keys, with many clients there",
            (Member(0), Member(1, many, 0), Member(1, many, 1), Member(1, many, 2)),
            (Loop(many, (Move(1), Move(2), Move(3))), Loop(4 * size, (Move(0, Pick(0, "last")),), 1)),
        ),
        Scene(
            "clients that weave",
            (Member(0, many),),
            (Loop(size, (Move(0, Pick(0, "last")),)),),
        ),
        Scene("many texts", two, (Loop(size, (Move(0, roots=50),)),)),
    ]
    return [replace(scene, seed=n + 1) for n, scene in enumerate(scenes)]
