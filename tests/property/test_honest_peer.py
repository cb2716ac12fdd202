"""Stock providers on bad networks, at a real server that is killed: nobody is refused, and all agree.

What simulated rooms (test_honest_room.py) do with the clock and the network in the test's hands, with real ones.
"""

import asyncio
import os
import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, closing
from typing import Any

import pytest
from anyio import to_thread
from pycrdt import Doc

from tests.collab.typist import content_of
from tests.support.api import Admitted, Api
from tests.support.crowd import difference
from tests.support.honest_people import PACKAGES, People, State, people
from tests.support.honest_plan import CHANGES
from tests.support.honest_road import Road, a_road
from tests.support.server import Server, serving

pytestmark = pytest.mark.anyio

SETTLE_S = 60.0
FEWEST_CUTS = 5
ROOMS = int(os.environ.get("HONEST_ROOMS", "10"))
TABS = {"Cleo": 2, "Olga": 1, "Gus": 2}
ROLES = {"Cleo": "candidate", "Olga": "interviewer", "Gus": "guest"}


@pytest.fixture(scope="module")
def crowd() -> Iterator[People]:
    with people("real") as everybody:
        yield everybody


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """With the rates that a server has by itself."""
    with serving(tmp_path_factory.mktemp("limited") / "data", {"PANELROOM_FRAMES_PER_S": "500"}) as running:
        yield running


class Room:
    """Every participant has a road of his own, and so a browser of his own: its tabs hear each other."""

    def __init__(self, package: str, seed: int, people: People, server: Server, api: Api, interview: str) -> None:
        self.package = package
        self.chance = random.Random(f"{package} {seed}")
        self.people = people
        self.server = server
        self.api = api
        self.interview = interview
        self.roads: dict[str, Road] = {}
        self.admitted: dict[str, Admitted] = {}
        self.tabs: dict[str, str] = {}
        self.killed = 0
        self._made = 0

    def ask(self, verb: str, *given: Any) -> Any:
        return self.people.ask(0, verb, *given)

    def come(self, name: str, stored: str | None = None) -> None:
        self._made += 1
        tab = f"{self.interview} {name} {self._made}"
        given = {
            "server": f"ws://127.0.0.1:{self.roads[name].port}/ws",
            "room": self.interview,
            "params": {"ticket": self.admitted[name].ticket},
            "client": None,
            "tabs": True,
            "gc": True,
            "resync": -1,
            "stored": stored,
        }
        self.ask("enter", tab, self.package, given)
        self.ask("present", tab, name, False)
        self.tabs[tab] = name

    def leave(self, tab: str) -> None:
        del self.tabs[tab]
        self.ask("leave", tab)

    async def live(self, seconds: float) -> None:
        """People type, and this and that happens to them."""
        until = time.monotonic() + seconds
        chance = self.chance
        while time.monotonic() < until:
            tab = chance.choice(list(self.tabs))
            name = self.tabs[tab]
            match chance.choices(["type", "change", "cut", "offline", "reload"], [60, 30, 3, 1.5, 1.5])[0]:
                case "type":
                    self.ask("act", tab, chance.choice(["key", "key", "key", "backspace"]), self._seed(), None)
                    if chance.random() < 0.3:
                        self.ask("present", tab, name, False)
                case "change":
                    kind = chance.choices(list(CHANGES), list(CHANGES.values()))[0]
                    self.ask("act", tab, kind, self._seed(), chance.random())
                case "cut":
                    self.roads[name].cut()
                case "offline" if chance.random() < 0.5:
                    self.ask("disconnect", tab)
                    asyncio.get_running_loop().call_later(chance.random(), self._connect, tab)
                case "offline":
                    road = self.roads[name]
                    road.is_closed = True
                    road.cut()
                    asyncio.get_running_loop().call_later(chance.random(), self._open, road)
                case _:
                    stored = self.ask("read", tab)["whole"] if chance.random() < 0.3 else None
                    self.leave(tab)
                    self.come(name, stored)
            await asyncio.sleep(chance.uniform(0, 0.02))

    async def kill(self) -> None:
        """Nothing is committed any more, then the server dies and comes back; who is there goes on meanwhile."""
        file = self.server.data / "panelroom.db"
        with closing(sqlite3.connect(file, isolation_level=None)) as database:
            database.execute("BEGIN IMMEDIATE")
            await self.live(self.chance.uniform(0, 0.4))
            self.server.kill()
        starting = asyncio.create_task(to_thread.run_sync(self.server.start))
        while not starting.done():
            await self.live(0.1)
        await starting

    async def settle(self) -> None:
        """Everybody comes back once more, and all agree."""
        for road in self.roads.values():
            road.is_closed = False
            road.cut()
        for tab in self.tabs:
            self.ask("connect", tab)
        self.come("Olga")
        found = "nothing"
        try:
            async with asyncio.timeout(SETTLE_S):
                while found:
                    await asyncio.sleep(0.05)
                    found = await self._disagreement()
        except TimeoutError:
            raise AssertionError(f"{self.package}: {found}\n" + "\n".join(self.server.log[-20:])) from None

    async def _disagreement(self) -> str:
        recorded: Doc[Any] = Doc()
        for entry in await self.api.updates(self.interview):
            assert entry.update is not None
            recorded.apply_update(entry.update)
        content = content_of(recorded)
        _, texts = await self.api.text_at(self.interview)
        for tab in self.tabs:
            state = State.of(self.ask("read", tab))
            if not state.synced:
                return f"{tab} is not back"
            for root in texts.keys() | state.texts.keys():
                if state.texts.get(root, "") != texts.get(root, ""):
                    return f"{tab} differs in {root}{difference(texts.get(root, ''), state.texts.get(root, ''))}"
            own: Doc[Any] = Doc()
            own.apply_update(state.whole)
            if content_of(own) != content:
                return f"{tab} has other structs or deletions"
        return ""

    def _seed(self) -> int:
        return self.chance.getrandbits(30)

    def _connect(self, tab: str) -> None:
        if tab in self.tabs:
            self.ask("connect", tab)

    def _open(self, road: Road) -> None:
        road.is_closed = False


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize(
    ("seed", "kills", "seconds"),
    [(0, 1, 1), *(pytest.param(seed, 3, 5, marks=pytest.mark.long) for seed in range(1, 1 + ROOMS))],
)
async def test_stock_providers_come_back_and_agree(
    crowd: People, limited: Server, package: str, seed: int, kills: int, seconds: float
) -> None:
    since = len(limited.log)
    async with Api(limited) as api, AsyncExitStack() as stack:
        interview = await api.create()
        room = Room(package, seed, crowd, limited, api, interview)
        for name, role in ROLES.items():
            room.admitted[name] = await api.join(interview, role, name)
            delay_s = room.chance.uniform(0.005, 0.15)
            room.roads[name] = await stack.enter_async_context(a_road(limited.port, room.chance, delay_s))
            for _ in range(TABS[name]):
                room.come(name)
        for _ in range(kills):
            await room.live(seconds)
            await room.kill()
        await room.live(seconds)
        while sum(road.cuts for road in room.roads.values()) <= FEWEST_CUTS:  # a lucky network shows nothing
            await room.live(seconds)
        await room.settle()
        for tab in list(room.tabs):
            room.leave(tab)
        roads = room.roads.values()
        connections, cuts = sum(road.connections for road in roads), sum(road.cuts for road in roads)
        print(f"\n{package}: {connections} connections, {cuts} cut, {len(await api.updates(interview))} updates")
        assert cuts > FEWEST_CUTS
    refused = [line for line in limited.log[since:] if "refused" in line]
    assert not refused, "\n".join(refused)
