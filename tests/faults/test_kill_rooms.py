"""kill -9 at random moments while people type in many rooms: of the server process, of its supervisor, of both."""

import os
import random
import signal
from pathlib import Path
from statistics import median

import pytest

from tests.support.api import Api
from tests.support.company import Company
from tests.support.server import Server

pytestmark = pytest.mark.anyio


def kill_both(server: Server) -> None:
    server.kill()


def kill_supervisor(server: Server) -> None:
    server.kill_supervisor()


def kill_worker(server: Server) -> None:
    """The supervisor does not notice yet: it would have the next one going before the disk is looked at."""
    os.kill(server.pid, signal.SIGSTOP)
    server.kill_worker()


KILLS = (kill_worker, kill_supervisor, kill_both)


@pytest.mark.parametrize(
    ("rooms", "kills", "typed_s", "seed"),
    [
        pytest.param(3, 3, 0.3, 0, id="some"),
        *(pytest.param(20, 25, 2.0, seed, id=f"piece{seed}", marks=pytest.mark.long) for seed in range(8)),
    ],
)
async def test_killed_while_many_rooms_type(
    mortal: Server, tmp_path: Path, rooms: int, kills: int, typed_s: float, seed: int
) -> None:
    """Catalogue row 1; B2."""
    chance = random.Random(seed)
    company = Company(mortal, tmp_path, chance)
    async with Api(mortal) as api:
        await company.enter(api, rooms)
        for number in range(kills):
            await company.lives_through(KILLS[number % len(KILLS)], typed_s, again=KILLS[1:])
        for desk in company.desks:
            assert await api.text(desk.interview) == await api.replay(desk.interview) == str(desk.scribes[0].text)
        await company.leave()
    print(
        f"kills {dict(company.deaths)}, {company.saved} updates acknowledged, none lost, none twice; rooms usable after"
        f" {median(company.usable_s):.2f} s, at worst {max(company.usable_s):.2f} s"
    )
