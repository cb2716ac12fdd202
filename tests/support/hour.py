"""An interview of one hour with six people, made as if it had been typed: python -m tests.support.hour DIRECTORY.

The rooms, the journal and the live documents are the real ones, only their clock is ours. The same seed makes the same
edits at the same times; who takes part has other ids each time.
"""

import asyncio
import sys
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from collab.database import Database
from rooms.agenda import Plan
from rooms.member import MemberRole
from rooms.participant import Role
from tests.support.hour_person import Person
from tests.support.hour_script import plays
from tests.support.hour_world import Play, World
from tests.support.server import OWNER

START_MS = int(datetime(2026, 11, 19, 14, tzinfo=UTC).timestamp() * 1000)
MEMBERS = (
    (OWNER, "Olga Owner", MemberRole.OWNER),
    ("ben@example.org", "Ben Okafor", MemberRole.MEMBER),
    ("ida@example.org", "Ida Lund", MemberRole.MEMBER),
    ("hal@example.org", "Hal Ortiz", MemberRole.MEMBER),
)


@dataclass(frozen=True, slots=True)
class Made:
    """The interview, and whose it is."""

    interview: str
    edits: int
    people: dict[str, str]  # name -> participant id


async def make(data: Path, *, seed: int = 1, minutes: float = 60, start_ms: int = START_MS) -> Made:
    """The interview, in the database of a data directory: whole and finished, or the first ``minutes`` of it."""
    async with _a_world(data, start_ms, seed) as (world, people):
        for play in plays(people):
            world.later(0, play)
        await world.run(int(minutes * 60_000))
        return Made(world.interview, world.edits, {name: each.id for name, each in people.items() if each.joined})


async def make_from(data: Path, updates: Iterable[bytes], *, seed: int = 1) -> Made:
    """An interview whose candidate has brought these updates, at a rhythm of ours."""
    async with _a_world(data, START_MS, seed) as (world, people):
        cleo, olga = people["Cleo"], people["Olga"]

        def play() -> Play:
            yield from cleo.enter()
            yield from olga.enter()
            log = yield world.journal.open(world.interview)
            for update in updates:
                world.clock.at_ms += min(20_000, int(world.chance.lognormvariate(4.6, 0.8)))
                world.journal.append(log, world.interview, cleo.id, update)
                world.edits += 1
                if world.journal.is_full:
                    yield world.journal.flush()
            assert olga.principal is not None
            yield world.rooms.lifecycle.finish(olga.principal, world.interview)

        world.later(0, play())
        await world.run(0)
        return Made(world.interview, world.edits, {"Cleo": cleo.id, "Olga": olga.id})


@asynccontextmanager
async def _a_world(data: Path, start_ms: int, seed: int) -> AsyncGenerator[tuple[World, dict[str, Person]]]:
    """With an interview to which nobody has come yet."""
    data.mkdir(parents=True, exist_ok=True)
    database = await Database.open(data / "panelroom.db")
    try:
        world = World(database, start_ms, seed)
        people = world.rooms.people
        members = {}
        for email, name, rank in MEMBERS:
            secret = await people.sign_in(await people.add_member(email, name, rank))
            principal = await world.rooms.sessions.principal(secret)
            assert principal is not None
            members[name] = principal
        plan = Plan(
            "python",
            title="Backend engineer: an LRU cache",
            candidate_name="Cleo Marsh",
            interviewers=(OWNER, "ben@example.org"),
        )
        interview, _ = await world.rooms.agenda.create(members["Olga Owner"], plan)
        world.interview = interview.id
        yield (
            world,
            {
                "Cleo": Person(world, "Cleo Marsh", Role.CANDIDATE, key_ms=105),
                "Olga": Person(world, "Olga Owner", Role.INTERVIEWER, members["Olga Owner"], key_ms=130),
                "Ben": Person(world, "Ben Okafor", Role.INTERVIEWER, members["Ben Okafor"], key_ms=170),
                "Gus": Person(world, "Gus Iñárritu", Role.GUEST, key_ms=190),
                "Ida": Person(world, "Ida Lund", Role.OBSERVER, members["Ida Lund"]),
                "Hal": Person(world, "Hal Ortiz", Role.OBSERVER, members["Hal Ortiz"], key_ms=160),
            },
        )
    finally:
        await database.close()


if __name__ == "__main__":
    made = asyncio.run(make(Path(sys.argv[1]), seed=int(sys.argv[2]) if len(sys.argv) > 2 else 1))
    print(f"{made.interview} {made.edits}")
