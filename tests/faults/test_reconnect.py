"""People come back to a server that has put their document away, was killed or restarted: nothing is there twice."""

import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from anyio import to_thread

from tests.support.api import Api
from tests.support.peer import Bell
from tests.support.scribe import Desk, settle
from tests.support.server import Server, serving

pytestmark = pytest.mark.anyio

HURRY = {"PANELROOM_EVICT_S": "0.001", "PANELROOM_KEEP_ALIVE_S": "0.02"}
RETURNS_OF_A_ROOM = 100
NOTICED_S = 30.0

Event = Callable[[Server, Api], Awaitable[None]]


async def unload(_: Server, api: Api) -> None:
    while "\npanelroom_documents 0.0\n" not in (await api.http.get("/metrics")).text:
        pass


async def kill(server: Server, _: Api) -> None:
    server.kill_worker()


async def restart(server: Server, _: Api) -> None:
    await to_thread.run_sync(server.restart)


class Return:
    """One room, which everybody leaves and comes back to again and again."""

    def __init__(self, server: Server, api: Api, chance: random.Random) -> None:
        self._server = server
        self._api = api
        self._chance = chance
        self._bell = Bell()
        self.desk: Desk

    async def enter(self) -> None:
        self.desk = Desk(self._api, await self._api.create(), self._bell, self._chance)
        for role in ("candidate", "interviewer", "guest"):
            await self.desk.join(role, role.title())
        await settle([self.desk], self._bell)

    async def leave(self) -> None:
        text = str(self.desk.scribes[0].text)
        assert await self._api.text(self.desk.interview) == await self._api.replay(self.desk.interview) == text
        await self.desk.stop()

    async def after(self, event: Event) -> None:
        """They type before, sometimes until it is saved, and while they are away; one may come back with a new page."""
        scribes = self.desk.scribes
        self._type()
        if self._chance.random() < 0.5:
            await settle([self.desk], self._bell)
        for scribe in scribes:
            scribe.may_connect.clear()
            self._chance.choice((scribe.drop, scribe.close))()
        await self._bell.until(
            lambda: not any(scribe.online for scribe in scribes), NOTICED_S, lambda: "somebody is still there"
        )
        self._type()
        await event(self._server, self._api)
        if self._chance.random() < 0.2:
            number = self._chance.randrange(len(scribes))
            await scribes[number].stop()
            self.desk.follow(number)
        self._chance.shuffle(scribes)
        for scribe in scribes:
            scribe.may_connect.set()
        await settle([self.desk], self._bell)
        self.desk.check_words(str(scribes[0].text), "when all are back")

    def _type(self) -> None:
        for _ in range(self._chance.randint(0, 6)):
            self._chance.choice(self.desk.scribes).type()


@pytest.mark.parametrize(
    ("unloads", "kills", "restarts", "seed"),
    [(8, 1, 1, 0), *(pytest.param(220, 15, 15, seed, marks=pytest.mark.long) for seed in range(2))],
)
async def test_nothing_is_doubled(tmp_path: Path, unloads: int, kills: int, restarts: int, seed: int) -> None:
    """Catalogue row 27."""
    chance = random.Random(seed)
    events = [*[unload] * unloads, *[kill] * kills, *[restart] * restarts]
    chance.shuffle(events)
    with serving(tmp_path / "data", HURRY) as server:
        async with Api(server) as api:
            room = Return(server, api, chance)
            await room.enter()
            for number, event in enumerate(events, 1):
                await room.after(event)
                if number % RETURNS_OF_A_ROOM == 0:
                    await room.leave()
                    await room.enter()
            await room.leave()
