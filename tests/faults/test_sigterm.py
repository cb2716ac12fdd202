"""Row 23 of the catalogue: told to stop, it lets go of everybody in order, whatever they are doing, and ends with 0."""

import asyncio
import random
import re
import signal
import socket
import sqlite3
import time
from asyncio.subprocess import DEVNULL, PIPE, create_subprocess_exec
from contextlib import AsyncExitStack, closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from anyio import to_thread
from httpx2 import HTTPError
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from tests.support.api import Admitted, Api
from tests.support.crowd import Crowd
from tests.support.listener import Listener
from tests.support.node import StockPeer
from tests.support.peer import Peer
from tests.support.server import ROOT, Server, serving

pytestmark = pytest.mark.anyio

IN_ORDER = re.compile(r" level=info event=(started version=|stopped$)")
ROLES = {"Cleo": "candidate", "Olga": "interviewer", "Gus": "guest"}
FIRST = 0x3400  # each keystroke is a character of its own
AWAY = (HTTPError, OSError, EOFError, TimeoutError, ConnectionClosed, InvalidHandshake, InvalidMessage)


class Typing:
    """Everybody types on and on, on line or off, each key once."""

    def __init__(self, crowd: Crowd, stock: StockPeer) -> None:
        self.crowd = crowd
        self.stock = stock
        self.typed: list[str] = []
        self.over = asyncio.Event()
        self.chance = random.Random(23)

    def key(self) -> str:
        self.typed.append(chr(FIRST + len(self.typed)))
        return self.typed[-1]

    async def type(self, peer: Peer) -> None:
        while not self.over.is_set():
            await self.crowd.type(peer.name, self.key(), at=self.chance.randint(0, len(str(peer))))
            await asyncio.sleep(self.chance.expovariate(20))

    async def type_in_stock(self) -> None:
        while not self.over.is_set():
            await self.stock.insert(0, self.key())
            await asyncio.sleep(self.chance.expovariate(20))


async def come_and_go(api: Api, interview: str, over: asyncio.Event, codes: set[int | None]) -> None:
    """Joins, opens sockets and closes them, whether anybody is there to answer or not."""
    while not over.is_set():
        try:
            admitted = await api.join(interview, "guest", "Visitor")
            async with connect(admitted.code + "&v=1", compression=None, proxy=None, close_timeout=1) as socket:
                await socket.send(b"\x00\x00\x01\x00")
                await socket.recv()
        except AWAY as error:
            codes.add(error.rcvd.code if isinstance(error, ConnectionClosed) and error.rcvd else None)
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("server", "times"),
    [
        ("uvicorn", 1),
        pytest.param("uvicorn", 20, marks=pytest.mark.long),
        pytest.param("hypercorn", 5, marks=pytest.mark.long),
    ],
)
async def test_stopped_while_people_type(tmp_path: Path, server: str, times: int) -> None:
    """Everybody hears 1012 and comes back by himself; each key is there once."""
    with serving(tmp_path / "data", {"PANELROOM_SERVER": server}) as stopped:
        await stop_and_start(stopped, times)


async def stop_and_start(stopped: Server, times: int) -> None:
    codes: set[int | None] = set()
    stops: list[float] = []
    starts: list[float] = []
    async with Api(stopped) as api, Crowd(api, await api.create()) as crowd:
        for name, role in ROLES.items():
            await crowd.join(name, role, faithful=True)
        admitted = await api.join(crowd.interview, "guest", "Hal")
        peers = list(crowd.peers.values())
        async with StockPeer("y-websocket-3.1", admitted.code) as stock, asyncio.TaskGroup() as tasks:
            await stock.until_synced()
            typing = Typing(crowd, stock)
            for peer in peers:
                tasks.create_task(typing.type(peer))
            tasks.create_task(typing.type_in_stock())
            tasks.create_task(come_and_go(api, crowd.interview, typing.over, codes))
            for _ in range(times):
                wanted = len(typing.typed) + 30
                await crowd.until(
                    lambda wanted=wanted: len(typing.typed) > wanted and all(peer.synced for peer in peers),  # type: ignore[misc]
                    "more is typed",
                )
                async with Listener(crowd.admitted["Cleo"].events_url) as ear:
                    await ear.hear("snapshot")
                    began_s = time.monotonic()
                    stopping = asyncio.create_task(to_thread.run_sync(stopped.stop))
                    await ear.end()
                    await crowd.until(lambda: not any(peer.online for peer in peers), "everybody is sent away")
                    assert {peer.close_code for peer in peers} == {1012}
                    assert await stopping == 0
                    await stock.until(lambda: not stock.synced)
                stops.append(time.monotonic() - began_s)
                await to_thread.run_sync(stopped.start)
                ready_s = time.monotonic()
                await crowd.until(lambda: all(peer.synced for peer in peers), "everybody is back")
                await stock.until(lambda: stock.statuses[-1] == "connected" and stock.synced)
                starts.append(time.monotonic() - ready_s)
            typing.over.set()
        settled = await crowd.settle(60)
        assert stock.close_codes.count(1012) >= times
        assert set(stock.close_codes) <= {1012, 1006, None}  # those: not up yet
    assert sorted(settled) == sorted(typing.typed)
    assert codes <= {None, 1012}
    print(f"{len(typing.typed)} keys; stopped after {max(stops):.2f} s; all back {max(starts):.2f} s after the start")
    if times > 1:
        assert max(starts) < 3
        assert max(stops) < 30


async def until_draining(admitted: Admitted) -> None:
    """A socket that is opened now is sent away."""
    while True:
        async with connect(admitted.code, compression=None, proxy=None) as socket:
            try:
                await asyncio.wait_for(socket.recv(), 0.05)
            except TimeoutError:
                continue
            except ConnectionClosed:
                assert socket.close_code == 1012
                return


@pytest.mark.parametrize("for_ever", [False, pytest.param(True, marks=pytest.mark.long)])
async def test_stopped_while_the_database_is_locked(tmp_path: Path, for_ever: bool) -> None:
    """What comes to be saved in time is acknowledged; the rest is still with those who typed it. Nobody is told twice:
    a second signal changes nothing.
    """
    with serving(tmp_path / "data") as server:
        async with Api(server) as api, Crowd(api, await api.create()) as crowd:
            for name, role in ROLES.items():
                await crowd.join(name, role, faithful=True)
            await crowd.type("Cleo", "before ")
            await crowd.settle()
            with closing(sqlite3.connect(server.data / "panelroom.db", isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                await crowd.type("Cleo", "meanwhile")
                await crowd.until(lambda: str(crowd["Gus"]) == "before meanwhile", "the others see it")
                assert not crowd["Cleo"].settled
                began_s = time.monotonic()
                stopping = asyncio.create_task(to_thread.run_sync(server.stop))
                await until_draining(crowd.admitted["Gus"])
                server.signal(signal.SIGTERM)
                if not for_ever:
                    other.execute("ROLLBACK")
                assert await stopping == 0
                print(f"stopped after {time.monotonic() - began_s:.1f} s")
            assert {peer.close_code for peer in crowd.peers.values()} == {1012}
            assert for_ever or crowd["Cleo"].durable
            await to_thread.run_sync(server.start)
            assert await crowd.settle() == "before meanwhile"
        if for_ever:
            assert server.lines_with("not everything could be saved", 0)
            server.log.clear()


async def test_stopped_while_nobody_reads(tmp_path: Path) -> None:
    """Who does not take his events is not waited for, and that is no error of ours."""
    with serving(tmp_path / "data", {"PANELROOM_CHATS_PER_MIN": "0"}) as server:
        async with Api(server) as api, Crowd(api, await api.create()) as crowd, AsyncExitStack() as sockets:
            await crowd.join("Cleo", "candidate")
            for number in range(3):
                asleep = sockets.enter_context(socket.socket())
                asleep.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                asleep.connect(("127.0.0.1", server.port))
                url = urlsplit((await api.join(crowd.interview, "guest", f"Guest {number}")).events_url)
                asleep.sendall(f"GET {url.path}?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\n\r\n".encode())
                await to_thread.run_sync(asleep.recv, 1)
            said = {"ticket": crowd.admitted["Cleo"].ticket, "text": "x" * 4_000, "to": "all"}
            for _ in range(50):
                await api.request("POST", f"interviews/{crowd.interview}/chat", said, signed=False)
            assert await to_thread.run_sync(server.stop) == 0
            await crowd.until(lambda: not crowd["Cleo"].online, "Cleo is sent away")
            assert crowd["Cleo"].close_code == 1012
    assert [line for line in server.log if "level=" in line and "level=info" not in line] == []


@pytest.mark.parametrize("moments", [1, pytest.param(40, marks=pytest.mark.long)])
async def test_stopped_while_it_starts(tmp_path: Path, moments: int) -> None:
    """At any moment from which on there is something to stop; the next start finds nothing amiss."""
    server = Server(tmp_path / "data")
    for number in range(moments):
        words = [*server._panelroom("serve"), "--port", "0"]
        process = await create_subprocess_exec(*words, stdout=DEVNULL, stderr=PIPE, env=server.environment(), cwd=ROOT)
        lock = server.data / "server.lock"
        while not lock.exists():
            assert process.returncode is None
            await asyncio.sleep(0)
        await asyncio.sleep(number / 40)
        process.send_signal(signal.SIGTERM)
        _, errors = await process.communicate()
        told = [line for line in errors.decode().splitlines() if not IN_ORDER.search(line)]
        assert (process.returncode, told) == (0, [])
        lock.unlink()
    with serving(server.data):
        pass
