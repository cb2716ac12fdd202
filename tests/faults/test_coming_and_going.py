"""Connections that vanish at any moment of their beginning leave nothing locked, and nobody else waits."""

import asyncio
import random

import pytest
from websockets.asyncio.client import connect

from tests.support import wire
from tests.support.api import Api
from tests.support.crowd import Crowd
from tests.support.server import Server

pytestmark = pytest.mark.anyio

VANISHING = 8
ACKNOWLEDGED_S = 3


async def vanish(url: str, after_s: float) -> None:
    """Connects, asks for the document, and is gone without a word a moment later."""
    connection = await connect(url, compression=None, proxy=None, ping_interval=None)
    await connection.send(wire.sync(wire.STEP_1, b"\0"))
    await asyncio.sleep(after_s)
    connection.transport.abort()
    await connection.wait_closed()


async def ask_and_go(port: int, interview: str, after_s: float) -> None:
    """Posts a join, as a tab does that is closed before the answer."""
    body = b'{"as": "guest", "name": "Gone"}'
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        f"POST /api/v1/interviews/{interview}/join HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        + body
    )
    await asyncio.sleep(after_s)
    writer.transport.abort()


@pytest.mark.parametrize("times", [40, pytest.param(1250, marks=pytest.mark.long)])
async def test_nobody_waits_for_requests_that_vanish(mortal: Server, times: int) -> None:
    chance = random.Random(20)
    async with Api(mortal) as api, Crowd(api, await api.create()) as crowd:
        await crowd.join("Cleo", "candidate")
        before = len(mortal.log)
        for _ in range(times):
            async with asyncio.TaskGroup() as group:
                for _ in range(VANISHING):
                    group.create_task(ask_and_go(mortal.port, crowd.interview, chance.uniform(0, 0.03)))
                await crowd.type("Cleo", "x")
            await crowd.until(lambda: crowd["Cleo"].settled, "her key is acknowledged", ACKNOWLEDGED_S)
        assert await crowd.settle() == "x" * times
    assert not [line for line in mortal.log[before:] if "level=error" in line]


@pytest.mark.parametrize("times", [20, pytest.param(1250, marks=pytest.mark.long)])
async def test_nobody_waits_for_those_who_vanish(mortal: Server, times: int) -> None:
    chance = random.Random(19)
    async with Api(mortal) as api, Crowd(api, await api.create()) as crowd:
        await crowd.join("Cleo", "candidate")
        await crowd.join("Olga", "interviewer")
        before = len(mortal.log)
        for number in range(times):
            guests = [await api.join(crowd.interview, "guest", f"Guest {number}.{each}") for each in range(VANISHING)]
            async with asyncio.TaskGroup() as group:
                for guest in guests:
                    group.create_task(vanish(guest.code, chance.uniform(0, 0.02)))
                await crowd.type("Cleo", "x")
            await crowd.until(lambda: crowd["Cleo"].settled, "her key is acknowledged", ACKNOWLEDGED_S)
        assert await crowd.settle() == "x" * times
    assert not [line for line in mortal.log[before:] if "level=error" in line]
