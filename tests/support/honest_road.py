"""A bad network: a TCP proxy that delays what goes through it, and breaks connections in the middle of a frame."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

_CHUNK = 2**16


class Way:
    """One direction of one connection: in order, every piece late by a time of its own."""

    def __init__(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, road: "Road") -> None:
        self._source = source
        self._sink = sink
        self._road = road
        self._pieces: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        self._is_cut = False

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._take())
            tasks.create_task(self._give())

    def cut(self, late_s: float) -> None:
        """Nothing more is taken in; what is on its way arrives late, and the last of it in part."""
        self._is_cut = True
        pieces = []
        while not self._pieces.empty():
            due, piece = self._pieces.get_nowait()
            pieces.append((due + late_s, piece))
        for due, piece in pieces[: self._road.chance.randint(0, len(pieces))]:
            self._pieces.put_nowait((due, piece))
        if pieces:
            due, piece = pieces[-1]
            self._pieces.put_nowait((due, piece[: self._road.chance.randrange(len(piece) + 1)]))
        self._pieces.put_nowait((asyncio.get_running_loop().time() + late_s, b""))

    async def _take(self) -> None:
        due = 0.0
        piece = b"-"
        while piece:
            try:
                piece = await self._source.read(_CHUNK)
            except ConnectionError:
                piece = b""
            due = max(due, asyncio.get_running_loop().time() + self._road.delay_s())
            if not self._is_cut:
                self._pieces.put_nowait((due, piece))

    async def _give(self) -> None:
        while True:
            due, piece = await self._pieces.get()
            await asyncio.sleep(due - asyncio.get_running_loop().time())
            if not piece:
                break
            self._sink.write(piece)
            with suppress(ConnectionError):
                await self._sink.drain()
        self._sink.transport.abort() if self._is_cut else self._sink.close()


class Road:
    """Leads from a port of its own to the server's."""

    def __init__(self, port: int, chance: random.Random, delay_s: float) -> None:
        self.chance = chance
        self.is_closed = False  # nobody gets through
        self.connections = 0
        self.cuts = 0
        self.port = 0
        self._to = port
        self._delay_s = delay_s
        self._travels: dict[asyncio.StreamWriter, tuple[Way, Way]] = {}

    def delay_s(self) -> float:
        return self._delay_s * self.chance.random() * (5 if self.chance.random() < 0.05 else 1)

    def cut(self) -> None:
        """Those who are on it notice at once or later, and so does the server, with frames that arrive meanwhile."""
        self.cuts += len(self._travels)
        for near, (up, down) in list(self._travels.items()):
            up.cut(self.chance.choice([0, 0.05, 0.6]))
            if self.chance.random() < 0.7:
                near.transport.abort()
            down.cut(self.chance.choice([0, 0.3]))

    async def travel(self, source: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        try:
            if self.is_closed:
                raise ConnectionError
            arrived, far = await asyncio.open_connection("127.0.0.1", self._to)
        except ConnectionError:
            near.transport.abort()
            return
        self.connections += 1
        up, down = Way(source, far, self), Way(arrived, near, self)
        self._travels[near] = up, down
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(up.run())
                tasks.create_task(down.run())
        finally:
            del self._travels[near]
            near.transport.abort()
            far.transport.abort()


@asynccontextmanager
async def a_road(port: int, chance: random.Random, delay_s: float) -> AsyncIterator[Road]:
    road = Road(port, chance, delay_s)
    listener = await asyncio.start_server(road.travel, "127.0.0.1", 0)
    road.port = listener.sockets[0].getsockname()[1]
    try:
        yield road
    finally:
        road.is_closed = True
        road.cut()
        listener.close()
