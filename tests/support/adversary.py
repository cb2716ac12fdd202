"""A search for what passes the gate and costs most: ``python -m tests.support.adversary --minutes 30``.

Scenes (tests.support.attack) are played against a real live document by up to three participants; what it accepts, up
to a megabyte, is given to Yjs and pycrdt, and the processor time that they take is what the search climbs on.
"""

import argparse
import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from collab.errors import Refused
from collab.gate import Limits
from collab.peer import Peer
from collab.wire import CloseCode, encode_update
from tests.collab.room import Room, a_room
from tests.support.attack import HOWS, KINDS, PARTICIPANTS, Answer, Member, Move, Pick, Play, Scene
from tests.support.known_attack import known
from tests.support.meter import Cost, Meter

BYTES = 1_000_000
AGAIN_S = 0.8


@dataclass(slots=True)
class Played:
    """What of a scene came through the gate."""

    updates: list[bytes] = field(default_factory=list)
    size: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    gate_s: float = 0.0
    slowest_s: float = 0.0  # of one update


async def play(scene: Scene, folder: Path, *, limits: Limits | None = None, size: int = BYTES) -> Played:
    async with a_room(folder, limits=limits) as room:
        peers = [await room.join(f"hostile {n}", acknowledges=False, frames_per_s=0) for n in range(PARTICIPANTS)]
        played = Played()

        async def send(participant: int, update: bytes) -> Answer:
            if played.size + len(update) > size:
                return Answer.TOO_MUCH
            began = time.thread_time()
            try:
                is_taken = await _accept(room, peers[participant], encode_update(update))
            except Refused as refused:
                played.refusals[str(refused)] += 1
                return Answer.INVALID if refused.code is CloseCode.INVALID else Answer.TOO_MUCH
            finally:
                took = time.thread_time() - began
                played.gate_s += took
                played.slowest_s = max(played.slowest_s, took)
            assert not peers[participant].set_aside, "a scene leaves nothing out"
            if is_taken:  # or it deletes what the CRDT has deleted already, a value that was replaced
                played.size += len(update)
                played.updates.append(update)
            return Answer.ACCEPTED

        await Play(scene, send).run()
        await room.journal.flush()
        return played


async def _accept(room: Room, peer: Peer, frame: bytes) -> bool:
    """Whether it was merged."""
    queued = room.journal.queued
    if room.journal.is_full:
        await room.journal.flush()
    while (ticket := room.live.accept(peer, frame)) is not None:
        await room.journal.flush()
        await room.live.reached(ticket)
        queued = room.journal.queued
    return room.journal.queued > queued


@dataclass(frozen=True, slots=True)
class Found:
    scene: Scene
    cost: Cost
    played: Played

    def __str__(self) -> str:
        refusals = f", {self.played.refusals.total()} refused" if self.played.refusals else ""
        return (
            f"{self.cost}  {self.played.size / 1000:4.0f} KB in {len(self.played.updates)}{refusals},"
            f" gate {self.played.gate_s:.1f} s, at most {self.played.slowest_s * 1000:.0f} ms: {self.scene.name}"
        )


METRICS: dict[str, Callable[[Cost], float]] = {
    each.name: lambda cost, name=each.name: getattr(cost, name)  # type: ignore[misc]
    for each in fields(Cost)
}


class Search:
    """Keeps the best of every kind of attack for every metric, and changes them."""

    def __init__(self, seed: int, folder: Path, meter: Meter, limits: Limits | None = None) -> None:
        self.tried = 0
        self.best: dict[tuple[str, str], Found] = {}  # metric, name of the scene
        self._random = random.Random(seed)
        self._folder = folder
        self._meter = meter
        self._limits = limits

    def worst(self) -> dict[str, Found]:
        """Metric -> the worst found."""
        return {
            metric: max((found for (of, _), found in self.best.items() if of == metric), key=lambda f: value(f.cost))
            for metric, value in METRICS.items()
        }

    async def measure(self, scene: Scene) -> Found:
        with TemporaryDirectory(dir=self._folder) as folder:
            played = await play(scene, Path(folder), limits=self._limits)
        cost = self._meter.cost(played.updates)
        for _ in range(2):  # nothing but a busy machine makes it dearer
            if max(value(cost) for value in METRICS.values()) < AGAIN_S:
                break
            cost = cost.or_less(self._meter.cost(played.updates))
        found = Found(scene, cost, played)
        self.tried += 1
        for metric, value in METRICS.items():
            key = (metric, scene.name)
            if key not in self.best or value(found.cost) > value(self.best[key].cost):
                self.best[key] = found
        return found

    def next(self) -> Scene:
        """A change of one that did well, or of any known one."""
        if self._random.random() < 0.1:
            return mutate(self._random.choice(known(self._random.choice((200, 1_000, 5_000, 20_000)))), self._random)
        metric = self._random.choice(list(METRICS))
        value = METRICS[metric]
        kinds = sorted((f for (of, _), f in self.best.items() if of == metric), key=lambda f: -value(f.cost))
        scene = kinds[min(int(self._random.expovariate(0.4)), len(kinds) - 1)].scene
        if self._random.random() < 0.1:
            scene = join(scene, self._random.choice(kinds).scene)
        return mutate(scene, self._random)


def join(one: Scene, other: Scene) -> Scene:
    """One after the other, in the same text."""
    shift = len(one.members)

    def pick(of: Pick | None) -> Pick | None:
        return None if of is None else replace(of, who=of.who + shift)

    loops = tuple(
        replace(
            loop, moves=tuple(replace(m, who=m.who + shift, left=pick(m.left), right=pick(m.right)) for m in loop.moves)
        )
        for loop in other.loops
    )
    return replace(one, members=one.members + other.members, loops=one.loops + loops)


def mutate(scene: Scene, rng: random.Random) -> Scene:
    for _ in range(rng.choice((1, 1, 2, 3, 5))):
        scene = _mutate_once(scene, rng)
    return replace(scene, seed=rng.randrange(2**16))


def _mutate_once(scene: Scene, rng: random.Random) -> Scene:
    members, loops = list(scene.members), list(scene.loops)
    at = rng.randrange(len(loops))
    loop = loops[at]
    match rng.randrange(10):
        case 0:
            who = rng.randrange(len(members))
            members[who] = _mutate_member(members[who], rng)
        case 1:
            one, other = rng.randrange(len(members)), rng.randrange(len(members))
            ranks = members[one].rank, members[other].rank
            members[one], members[other] = replace(members[one], rank=ranks[1]), replace(members[other], rank=ranks[0])
        case 2 | 3:
            loops[at] = replace(loop, rounds=_scaled(loop.rounds, rng, 60_000))
        case 4:
            loops[at] = replace(loop, bundle=rng.choice((1, 2, 3, 10, 100, 1_000, 4_000, 15_000)))
        case 5 if len(loops) > 1 and rng.random() < 0.5:
            del loops[at]
        case 5:
            loops.insert(at, rng.choice(loops))
        case 6:
            moves = list(loop.moves)
            if len(moves) > 1 and rng.random() < 0.5:
                del moves[rng.randrange(len(moves))]
            else:
                moves.insert(rng.randrange(len(moves) + 1), _mutate_move(rng.choice(moves), len(members), rng))
            loops[at] = replace(loop, moves=tuple(moves))
        case _:
            moves = list(loop.moves)
            which = rng.randrange(len(moves))
            moves[which] = _mutate_move(moves[which], len(members), rng)
            loops[at] = replace(loop, moves=tuple(moves))
    return replace(scene, members=tuple(members), loops=tuple(loops))


def _scaled(number: int, rng: random.Random, most: int) -> int:
    return max(1, min(most, int(number * rng.choice((0.2, 0.5, 0.8, 0.95, 1.05, 1.25, 2, 5)))))


def _mutate_member(member: Member, rng: random.Random) -> Member:
    match rng.randrange(5):
        case 0:
            return replace(member, ids=rng.choice((1, 1, 2, 5, 50, 300, 990)))
        case 1:
            return replace(member, participant=rng.randrange(PARTICIPANTS))
        case 2:
            return replace(member, is_descending=not member.is_descending)
        case 3:
            return replace(member, letter=rng.choice("xxā語"))
        case _:
            return replace(member, rank=rng.randrange(-1, 5))


def _mutate_move(move: Move, members: int, rng: random.Random) -> Move:
    match rng.randrange(6):
        case 0:
            return replace(move, who=rng.randrange(members))
        case 1 | 2:
            return replace(move, left=_mutate_pick(move.left, members, rng))
        case 3:
            return replace(move, right=_mutate_pick(move.right, members, rng))
        case 4:
            return replace(move, length=_scaled(move.length, rng, 500_000))
        case _:
            return replace(move, kind=rng.choice(KINDS), roots=rng.choice((1, 1, 2, 50)))


def _mutate_pick(pick: Pick | None, members: int, rng: random.Random) -> Pick | None:
    if pick is None:
        return Pick(rng.randrange(members), rng.choice(HOWS), rng.choice((0, 0, 1)))
    match rng.randrange(5):
        case 0:
            return None
        case 1:
            return replace(pick, who=rng.randrange(members))
        case 2:
            return replace(pick, shift=max(0, pick.shift + rng.choice((-10, -1, 1, 1, 10, 100))))
        case 3:
            return replace(pick, step=rng.choice((1, 1, 2, 3, 6, 14, 50)))
        case _:
            return replace(pick, how=rng.choice(HOWS))


async def search(minutes: float, seed: int, report: Callable[[str], None], limits: Limits | None = None) -> Search:
    until = time.monotonic() + 60 * minutes
    with TemporaryDirectory() as folder, Meter() as meter:
        going = Search(seed, Path(folder), meter, limits)
        for size in (1_000, 20_000):
            for scene in known(size):
                found = await going.measure(scene)
                report(str(found))
        while time.monotonic() < until:
            before = {metric: METRICS[metric](found.cost) for metric, found in going.worst().items()}
            found = await going.measure(going.next())
            if any(value(found.cost) > max(before[metric] * 1.05, 0.3) for metric, value in METRICS.items()):
                report(f"{going.tried}: {found}\n    {found.scene}")
        return going


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=30)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    done = asyncio.run(search(given.minutes, given.seed, lambda line: print(line, flush=True)))
    print(f"\n{done.tried} sequences tried; the worst of each metric, then of each kind:")
    for metric, found in done.worst().items():
        print(f"{metric}: {found}\n    {found.scene}")
    for (metric, _), found in sorted(done.best.items()):
        print(f"{metric:12} {found}")


if __name__ == "__main__":
    main()
