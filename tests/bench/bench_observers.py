"""The candidate's echo while a hundred watch, beside the same with nobody there.

Prints: python -m pytest -s -m bench tests/bench/bench_observers.py
"""

import asyncio
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path
from statistics import quantiles
from typing import cast
from urllib.parse import urlsplit

import pytest
import uvloop
from websockets.client import ClientProtocol
from websockets.uri import parse_uri

from tests.support import wire
from tests.support.api import Api
from tests.support.echo import Pair
from tests.support.member import add_members
from tests.support.server import Server, serving

pytestmark = [pytest.mark.anyio, pytest.mark.bench]

OBSERVERS = int(os.environ.get("OBSERVERS", "100"))
ROUNDS = int(os.environ.get("ROUNDS", "12"))
KEYS = 60  # of one round
EVERY_S = 0.05
RENEWED_S = 15
PING = b"\x89\x04"
WITHIN = 1.1


class Watcher(asyncio.Protocol):
    """Reads and answers pings; what it costs is not the server's, which has two cores with it."""

    def __init__(self, url: str, client_id: int) -> None:
        self._protocol = ClientProtocol(parse_uri(url))
        self._client_id = client_id
        self._clock = 0
        self._transport: asyncio.Transport
        self.seen, self.gone = (asyncio.get_running_loop().create_future() for _ in range(2))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._protocol.send_request(self._protocol.connect())
        self._write()

    def data_received(self, data: bytes) -> None:
        if not self._clock:  # the handshake
            self._protocol.receive_data(data)
            self._send(wire.sync(wire.STEP_1, b"\0"))
            self._announce()
            self.seen.set_result(None)
        elif PING in data:  # or something that looks like it: a pong more does no harm
            at = data.index(PING) + len(PING)
            self._protocol.send_pong(data[at : at + 4])
            self._write()

    def connection_lost(self, error: Exception | None) -> None:
        self.gone.set_exception(error or EOFError())

    def _announce(self) -> None:
        self._clock += 1
        self._send(wire.awareness([(self._client_id, self._clock, {"user": {}, "cursor": None})]))
        asyncio.get_running_loop().call_later(RENEWED_S, self._announce)

    def _send(self, frame: bytes) -> None:
        self._protocol.send_binary(frame)
        self._write()

    def _write(self) -> None:
        self._transport.write(b"".join(self._protocol.data_to_send()))


def watch(urls: list[str], ready: Barrier) -> None:
    uvloop.run(_watch(urls, ready))


async def _watch(urls: list[str], ready: Barrier) -> None:
    loop = asyncio.get_running_loop()
    watchers = []
    for number, url in enumerate(urls):
        address = urlsplit(url)
        _, watcher = await loop.create_connection(
            partial(Watcher, url, 10_000 + number), address.hostname or "", address.port or 0
        )
        watchers.append(watcher)
    await asyncio.gather(*(watcher.seen for watcher in watchers))
    await asyncio.to_thread(ready.wait)
    await asyncio.gather(*(watcher.gone for watcher in watchers))


@contextmanager
def watching(urls: list[str]) -> Iterator[None]:
    """From another process."""
    context = get_context("spawn")
    ready = context.Barrier(2)
    process = context.Process(target=watch, args=(urls, ready), daemon=True)
    process.start()
    try:
        ready.wait(60)
        yield
        assert process.is_alive(), "somebody who watched was disconnected"
    finally:
        process.kill()
        process.join()


async def a_room(server: Server, observers: int) -> tuple[list[str], list[str]]:
    """The addresses of candidate and interviewer, and of those who watch."""
    async with Api(server) as api:
        interview = await api.create(policy={"observers": observers})
        members = await add_members(server, [f"Watcher{each}" for each in range(observers)])
        people = [await api.join(interview, "candidate", "Cleo"), await api.join(interview, "interviewer")]
        watchers = [await api.join(interview, "observer", member=email) for email in members]
        return [each.code for each in people], [each.code for each in watchers]


async def test_the_candidate_s_echo(tmp_path: Path) -> None:
    """B13: within 1.1 × of none, shown and acknowledged, round by round in turns."""
    with ExitStack() as stack:
        pairs = []
        for observers in (0, OBSERVERS):
            server = stack.enter_context(serving(tmp_path / f"with {observers}"))
            people, watchers = await a_room(server, observers)
            if watchers:
                stack.enter_context(watching(watchers))
            pairs.append(Pair(*people, keys=KEYS * (ROUNDS + 1), every_s=EVERY_S))
            stack.callback(pairs[-1].close)
        for pair in pairs:
            pair.type(KEYS)
            pair.forget()
        for _ in range(ROUNDS):
            for pair in pairs:
                pair.type(KEYS)
        print(f"\n{ROUNDS} × {KEYS} keys, {len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f}:")
        worst = 0.0
        for what in ("shown_ms", "acknowledged_ms"):
            alone, watched = (getattr(pair, what) for pair in pairs)
            percents = [(quantiles(alone, n=100)[at - 1], quantiles(watched, n=100)[at - 1]) for at in (50, 95, 99)]
            worst = max(worst, percents[1][1] / percents[1][0])
            figures = ", ".join(f"{one:.2f} {other:.2f} (× {other / one:.2f})" for one, other in percents)
            print(f"  {what} p50, p95, p99; alone and with {OBSERVERS}: {figures}")
        assert worst <= WITHIN
