"""Row 5: somebody who does not read costs nobody anything, is ended, and is in step when he is back."""

import asyncio
import os
import random
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import quantiles
from urllib.parse import urlsplit

import pytest
from pycrdt import Doc, Text
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.support import wire
from tests.support.api import Admitted, Api
from tests.support.crowd import Crowd
from tests.support.echo import Pair
from tests.support.listener import Listener
from tests.support.server import Server, serving
from web.connection import AGAIN_S, PING, PONG
from web.settings import Settings

pytestmark = pytest.mark.anyio

MINUTES = float(os.environ.get("SLOW_MINUTES", "10"))
PER_S = 60
WINDOW_BYTES = 4096  # of the one who does not read: nothing is hidden in his kernel
P99_MS, GROWN_MB = 200, 5
# Hypercorn sees no pongs: it has to wait until the kernels take nothing any more.
STOPPED_S = {"uvicorn": 10, "hypercorn": 30}
PASTE = 300_000


async def reader(who: Admitted) -> ClientConnection:
    """Somebody in step, who can stop reading."""
    address = urlsplit(who.code)
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WINDOW_BYTES)
    line.setblocking(False)
    await asyncio.get_running_loop().sock_connect(line, (address.hostname, address.port))
    connection = await connect(who.code, sock=line, compression=None, proxy=None, ping_interval=None, max_size=None)
    await connection.send(wire.sync(wire.STEP_1, b"\0"))
    await connection.send(wire.awareness([(random.getrandbits(32), 1, {"user": {}, "cursor": None})]))
    return connection


@asynccontextmanager
async def stalled(who: Admitted) -> AsyncIterator[ClientConnection]:
    connection = await reader(who)
    connection.transport.pause_reading()
    try:
        yield connection
    finally:
        connection.transport.abort()


async def test_who_does_not_read_is_ended_and_comes_back(api: Api, interview: str) -> None:
    async with Crowd(api, interview) as crowd:
        await crowd.join("Cleo", "candidate")
        await crowd.join("Olga", "interviewer")
        gus, dora = await api.join(interview, "guest", "Gus"), await api.join(interview, "observer")
        async with Listener(crowd.admitted["Olga"].events_url) as ear, stalled(gus) as first, stalled(dora) as second:

            def has_each(kind: str) -> bool:
                return all(ear.has_heard(f"participant.{kind}", id=who.participant_id) for who in (gus, dora))

            await ear.until(lambda: has_each("connected"), "both are there")
            while not has_each("disconnected"):
                await crowd.type("Cleo", "x" * PASTE, at=0)
                await crowd.delete("Cleo", 0, PASTE)
                await crowd.until(lambda: crowd["Cleo"].settled and not str(crowd["Olga"]), "the others go on")
            for connection in (first, second):
                connection.transport.resume_reading()
                await connection.wait_closed()
        await crowd.type("Cleo", "the end")
        await crowd.open("Gus", gus)
        await crowd.open("Dora", dora)
        assert await crowd.settle() == "the end"


def test_whoever_stops_reading_is_ended_within_ten_seconds() -> None:
    """However little he is sent, and if he stopped just after an answer; a look of the clock more for the loop."""
    assert Settings().dead_s * (PING + PONG) + 3 * AGAIN_S <= STOPPED_S["uvicorn"]


@pytest.mark.long
@pytest.mark.parametrize("server", ["uvicorn", "hypercorn"])
async def test_ten_minutes(tmp_path: Path, server: str) -> None:
    """Sixty updates a second; whenever he is back he stops reading again."""
    with serving(tmp_path / "data", {"PANELROOM_SERVER": server}) as running:
        async with Api(running) as api:
            interview = await api.create()
            cleo, olga = await api.join(interview, "candidate", "Cleo"), await api.join(interview, "interviewer")
            keys = int(MINUTES * 60 * PER_S)
            pair = Pair(cleo.code, olga.code, keys=keys + PER_S * 5, every_s=1 / PER_S)
            slow = await api.join(interview, "guest", "Gus")
            await asyncio.to_thread(pair.type, PER_S * 5)
            pair.forget()
            before_mb = memory_mb(running)
            typing = asyncio.create_task(asyncio.to_thread(pair.type, keys))
            async with Listener(olga.events_url) as ear:
                stopped_s, most_mb = [], before_mb
                while not typing.done():
                    began = time.monotonic()
                    ear.heard.clear()
                    async with stalled(slow):
                        await ear.until(
                            lambda: ear.has_heard("participant.disconnected", id=slow.participant_id) or typing.done(),
                            "he is ended",
                            60,
                        )
                    stopped_s.append(time.monotonic() - began)
                    most_mb = max(most_mb, memory_mb(running))
            await typing
            pair.close()
            assert str(await text_of(slow)) == await api.text(interview)
            p99_ms = quantiles(pair.shown_ms, n=100)[-1]
            print(
                f"\n{server}: {len(pair.shown_ms)} updates, shown to the others p99 {p99_ms:.1f} ms;"
                f" ended {len(stopped_s) - 1} times after at most {max(stopped_s):.1f} s;"
                f" memory {most_mb - before_mb:+.1f} MB"
            )
            assert p99_ms <= P99_MS
            assert max(stopped_s) <= STOPPED_S[server]
            assert most_mb - before_mb <= GROWN_MB


async def text_of(who: Admitted) -> Text:
    """What somebody who comes back has."""
    connection = await reader(who)
    document: Doc[Text] = Doc()
    try:
        async for frame in connection:
            assert isinstance(frame, bytes)
            if frame[:2] == bytes((wire.SYNC, wire.STEP_2)):
                document.apply_update(wire.read_bytes(frame, 2)[0])
                break
    except ConnectionClosed as closed:
        raise AssertionError("closed again") from closed
    await connection.close()
    return document.get("source", type=Text)


def memory_mb(server: Server) -> float:
    resident = int(Path(f"/proc/{server.worker}/statm").read_text().split()[1])
    return resident * os.sysconf("SC_PAGE_SIZE") / 2**20
