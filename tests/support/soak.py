"""A day in short: ``python -m tests.support.soak --minutes 60`` prints what the server holds, every half minute.

Rooms in which people type, point, lose their network, close their tab and load the page again are finished after a
while, and others opened in their place. Before a room is finished, and for all at the end, everybody's text and the
recording must be the same. The server's memory is fitted with a line that outliers do not move (Theil and Sen).
"""

import argparse
import asyncio
import os
import random
import time
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import uvloop

from tests.support.api import Api
from tests.support.peer import Bell
from tests.support.scribe import Desk, settle
from tests.support.server import Server, serving

ROLES = ("candidate", "interviewer", "guest", "guest")
TALKERS = 10
LONGEST = 1.5
PATIENCE_S = 300.0
AGAIN_S = 2.0


@dataclass(frozen=True)
class Plan:
    minutes: float
    rooms: int = 200
    per_s: float = 1.0  # updates of each person
    lifetime_s: float = 600.0  # of a room; at the beginning they are of every age
    evict_s: float = 60.0
    trouble_s: float = 120.0  # between two losses of a room
    every_s: float = 30.0
    streams: bool = True
    seed: int = 1

    @property
    def warm_up_s(self) -> float:
        """Until then the rooms of the beginning, and how old they are, are not those of later."""
        return LONGEST * self.lifetime_s + self.evict_s


@dataclass(frozen=True, slots=True)
class Sample:
    at_s: float
    rss_bytes: int
    descriptors: int
    tasks: int
    cpu_s: float


@dataclass(slots=True)
class Found:
    samples: list[Sample] = field(default_factory=list)
    updates: int = 0
    opened: int = 0
    compared: int = 0
    losses: int = 0
    reloads: int = 0

    def slope(self, warm_up_s: float) -> float:
        """Per cent of the memory after the warm-up, an hour."""
        points = [(sample.at_s, sample.rss_bytes) for sample in self.samples if sample.at_s >= warm_up_s]
        if len(points) < 3:
            return 0.0
        slope = median((b - a) / (then - now) for (now, a), (then, b) in combinations(points, 2))
        return slope * 3_600 / median(size for _, size in points) * 100


class Patient(Api):
    """Tries again where the database does not answer, as pages do."""

    async def request(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        while True:
            try:
                return await super().request(method, path, body, **options)
            except AssertionError as error:
                if "answered 503" not in str(error):
                    raise
            await asyncio.sleep(AGAIN_S)


class Soak:
    def __init__(self, plan: Plan, server: Server, api: Api) -> None:
        self.plan = plan
        self.found = Found()
        self._server = server
        self._api = api
        self._chance = random.Random(plan.seed)
        self._began_s = time.monotonic()
        self._talking = asyncio.Semaphore(TALKERS)

    async def run(self) -> Found:
        ends_s = self.plan.minutes * 60
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(self._watch())
            rooms = [tasks.create_task(self._stay(number, ends_s)) for number in range(self.plan.rooms)]
            await asyncio.wait(rooms)
            watching.cancel()
        return self.found

    @property
    def _now_s(self) -> float:
        return time.monotonic() - self._began_s

    async def _stay(self, number: int, ends_s: float) -> None:
        """One room after the other."""
        life_s = self.plan.lifetime_s * (number + 1) / self.plan.rooms
        while self._now_s < ends_s:
            await self._live(min(life_s, ends_s - self._now_s))
            life_s = self.plan.lifetime_s * self._chance.uniform(2 - LONGEST, LONGEST)

    async def _live(self, life_s: float) -> None:
        bell = Bell()
        async with self._talking:
            desk = Desk(self._api, await self._api.create(), bell, self._chance)
            for role in ROLES:
                await desk.join(role, role.title())
        self.found.opened += 1
        streams = [asyncio.create_task(read_on(each.events_url)) for each in desk.admitted if self.plan.streams]
        try:
            async with asyncio.TaskGroup() as tasks:
                living = [tasks.create_task(self._type(desk)), tasks.create_task(self._trouble(desk))]
                await asyncio.sleep(life_s)
                for task in living:
                    task.cancel()
            if not self.found.losses:  # chance must not leave one out
                desk.scribes[0].drop()
                self.found.losses += 1
            if not self.found.reloads:
                self.found.reloads += 1
                await desk.reload(1)
            await settle([desk], bell, PATIENCE_S)
            async with self._talking:
                text = await self._api.text(desk.interview)
                assert text == str(desk.scribes[0].text), f"the recording of {desk.interview} is not what everybody has"
                desk.check_words(text, "in the recording")
                self.found.compared += 1
                self.found.updates += sum(len(scribe.durable) for scribe in [*desk.former, *desk.scribes])
                await self._api.finish(desk.interview)
        finally:
            for stream in streams:
                stream.cancel()
            await desk.stop()

    async def _type(self, desk: Desk) -> None:
        while True:
            await asyncio.sleep(self._chance.expovariate(self.plan.per_s * len(desk.scribes)))
            scribe = self._chance.choice(desk.scribes)
            scribe.type()
            if self._chance.random() < 0.2:
                scribe.point()
            desk.check()

    async def _trouble(self, desk: Desk) -> None:
        """Networks that go, tabs that close, pages that are loaded again."""
        while True:
            await asyncio.sleep(self._chance.expovariate(1 / self.plan.trouble_s))
            number = self._chance.randrange(len(desk.scribes))
            match self._chance.randrange(4):
                case 0:
                    desk.scribes[number].drop()
                case 1:
                    desk.scribes[number].close()
                case 2:
                    desk.scribes[number].may_connect.clear()
                    desk.scribes[number].drop()
                    try:
                        await asyncio.sleep(self._chance.uniform(0, 20))
                    finally:
                        desk.scribes[number].may_connect.set()
                case _:
                    await to_the_end(desk.reload(number))
                    self.found.reloads += 1
                    continue
            self.found.losses += 1

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self.plan.every_s)
            sample = await self._sample()
            self.found.samples.append(sample)
            print(
                f"{sample.at_s:6.0f} s  {sample.rss_bytes / 2**20:7.1f} MB  {sample.descriptors:5} descriptors"
                f"  {sample.tasks:5} tasks  {sample.cpu_s:6.0f} s of processor  {self.found.opened} rooms opened,"
                f" {self.found.compared} compared  {self.found.slope(self.plan.warm_up_s):+.2f} %/h",
                flush=True,
            )

    async def _sample(self) -> Sample:
        process = Path(f"/proc/{self._server.worker}")
        answer = await self._api.http.get("/metrics")
        (tasks,) = [line for line in answer.text.splitlines() if line.startswith("panelroom_tasks ")]
        (rss,) = [line for line in (process / "status").read_text().splitlines() if line.startswith("VmRSS")]
        ticks = (process / "stat").read_text().rpartition(")")[2].split()[11:13]
        return Sample(
            self._now_s,
            int(rss.split()[1]) * 1024,
            len(list((process / "fd").iterdir())),
            int(float(tasks.split()[1])),
            sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK"),
        )


async def to_the_end(step: Coroutine[Any, Any, None]) -> None:
    """Also while cancelled: half a reload would leave nobody in the place."""
    task = asyncio.create_task(step)
    try:
        await asyncio.shield(task)
    finally:
        await task


async def read_on(url: str) -> None:
    """A page's stream of events, opened again whenever it ends."""
    parts = urlsplit(url)
    request = f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\nAccept: text/event-stream\r\n\r\n"
    while True:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            try:
                writer.write(request.encode())
                while await reader.read(65_536):
                    pass
            finally:
                writer.close()
        await asyncio.sleep(1)


async def soaked(plan: Plan, data: Path) -> Found:
    with serving(data, {"PANELROOM_EVICT_S": str(plan.evict_s)}) as server:
        async with Patient(server) as api:
            api.http.timeout = PATIENCE_S  # how fast it goes is not asked here
            return await Soak(plan, server, api).run()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.support.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--rooms", type=int, default=Plan.rooms)
    parser.add_argument("--per-s", type=float, default=Plan.per_s, help="updates a second of each person")
    parser.add_argument("--lifetime-s", type=float, default=Plan.lifetime_s, help="of a room")
    parser.add_argument("--evict-s", type=float, default=Plan.evict_s)
    parser.add_argument("--seed", type=int, default=Plan.seed)
    plan = Plan(**vars(parser.parse_args()))
    print(plan, flush=True)
    with TemporaryDirectory() as folder:
        found = uvloop.run(soaked(plan, Path(folder) / "data"))
    print(
        f"{found.opened} rooms, {found.updates} updates, {found.losses} connections lost, {found.reloads} reloads,"
        f" {found.compared} rooms compared without a difference, memory"
        f" {found.slope(plan.warm_up_s):+.2f} %/h after {plan.warm_up_s / 60:.0f} minutes"
    )


if __name__ == "__main__":
    main()
