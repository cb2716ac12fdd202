"""Whoever falls silent in the head of a request keeps nothing open."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from web.connection import Request

pytestmark = pytest.mark.anyio

HEAD_S = 0.2
SOON_S = 10
HEAD = b"GET / HTTP/1.1\r\nHost: here\r\n"


async def slow(scope: Any, receive: Callable[..., Any], send: Callable[..., Any]) -> None:
    """Answers when the time of a head is long over."""
    await asyncio.sleep(2 * HEAD_S)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
async def port(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    monkeypatch.setattr("web.connection._HEAD_S", HEAD_S)
    config = uvicorn.Config(slow, http=Request, log_config=None, lifespan="off")
    config.load()
    loop, state = asyncio.get_running_loop(), ServerState()
    server = await loop.create_server(lambda: Request(config, state, {}, loop), "127.0.0.1")
    yield server.sockets[0].getsockname()[1]
    server.close()
    assert not state.connections


@pytest.mark.parametrize("part", [b"", HEAD])
async def test_a_head_that_does_not_end_ends_the_connection(port: int, part: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(part)
    async with asyncio.timeout(SOON_S):
        assert await reader.read() == b""
    writer.close()


async def test_an_answer_takes_as_long_as_it_takes_and_the_next_head_has_its_time(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(2):
        writer.write(HEAD)
        writer.write(b"\r\n")
        async with asyncio.timeout(SOON_S):
            assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200")
    writer.write(HEAD)
    async with asyncio.timeout(SOON_S):
        assert await reader.read() == b""
    writer.close()
