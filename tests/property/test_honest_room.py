"""Simulated rooms of stock clients on bad networks, at a server that dies: nobody is refused, and all agree.

More of them: HONEST_FROM=1000 HONEST_ROOMS=200 ./test -m long tests/property/test_honest_room.py
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.collab.room import a_database
from tests.support.honest_people import People, people
from tests.support.honest_plan import Plan
from tests.support.honest_room import Room
from tests.support.honest_server import Figures

pytestmark = pytest.mark.anyio

SHORT = 30
FROM = int(os.environ.get("HONEST_FROM", str(SHORT)))
LONG = int(os.environ.get("HONEST_ROOMS", "500"))


@pytest.fixture(scope="module")
def crowd() -> Iterator[People]:
    with people() as everybody:
        yield everybody


@pytest.fixture(scope="module")
def figures() -> Iterator[Figures]:
    total = Figures()
    yield total
    print(f"\n{total}")


@pytest.mark.parametrize(
    "seed", [*range(SHORT), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(FROM, FROM + LONG))]
)
async def test_nobody_honest_is_refused(seed: int, crowd: People, figures: Figures, tmp_path: Path) -> None:
    async with a_database(tmp_path) as database:
        room = Room(seed, crowd, database)
        await room.play()
    figures.add(room.figures)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
async def test_nobody_honest_is_refused_in_a_whole_interview(
    seed: int, crowd: People, figures: Figures, tmp_path: Path
) -> None:
    """Ten minutes, of which people type most of the time, and now and then where others do."""
    plan = Plan("an interview", 4, 2, notebooks=1, length_ms=600_000, cuts=0.005, offline=0.002, reloads=0.002)
    plan.crashes, plan.restarts, plan.incidents, plan.comings, plan.commit_ms = 10, 5, 20, 0, 2_000
    async with a_database(tmp_path) as database:
        room = Room(seed, crowd, database, plan)
        await room.play()
    figures.add(room.figures)
