"""Unmodified y-websocket providers in Node and pycrdt's Provider in Python join by the URL of /join."""

import time
from typing import Any

import pytest
from anyio import create_task_group, fail_after, sleep
from pycrdt import Channel, Doc, Provider, Text
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.support import wire
from tests.support.api import Api
from tests.support.crowd import Crowd
from tests.support.dialogue import Dialogue
from tests.support.node import StockPeer
from tests.support.peer import Bell
from tests.support.server import Server

pytestmark = pytest.mark.anyio

PROVIDERS = ("y-websocket-2.1", "y-websocket-3.0", "y-websocket-3.1")


class Wire(Channel):
    """pycrdt's channel over the websockets library."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    @property
    def path(self) -> str:
        return "code"

    async def __anext__(self) -> bytes:
        try:
            return await self.recv()
        except ConnectionClosed:
            raise StopAsyncIteration from None

    async def send(self, message: bytes) -> None:
        await self.connection.send(message)

    async def recv(self) -> bytes:
        message = await self.connection.recv()
        assert isinstance(message, bytes)
        return message


async def test_every_stock_peer_converges_with_the_room(crowd: Crowd, api: Api, interview: str) -> None:
    """Three providers in Node, one of pycrdt and two peers of ours type at once, CRLF and emoji included."""
    guests = [await api.join(interview, "guest", f"Guest {number}") for number in range(len(PROVIDERS))]
    notebook = await api.join(interview, "candidate", "Cleo")
    await crowd.join("Olga", "interviewer")
    await crowd.join("Gus")
    await crowd.type("Olga", "start 😀\r\n")
    bell = Bell()
    document: Doc[Any] = Doc()
    text = document.get("source", type=Text)
    watched = document.observe(lambda _: bell.ring())
    async with (
        StockPeer(PROVIDERS[0], guests[0].code) as old,
        StockPeer(PROVIDERS[1], guests[1].code) as middle,
        StockPeer(PROVIDERS[2], guests[2].code) as new,
        connect(notebook.code, proxy=None) as connection,
        Provider(document, Wire(connection)) as provider,
    ):
        with fail_after(10):
            await provider.synced.wait()
        stock = (old, middle, new)
        for peer in stock:
            await peer.until_synced()
        await old.insert(0, "gone")
        await old.ask("delete", at=0, length=4)
        for turn in range(15):
            for number, peer in enumerate(stock):
                await peer.insert(0, f"{number}é{turn}\n")
            text += f"py{turn} 👩‍👩‍👧\r\n"
            await crowd.type("Gus", f"gus{turn}\n", at=0)
            await crowd.type("Olga", f"olga{turn}\n")

        def all_is_there() -> bool:
            return all(str(peer).count("\n") == 1 + 15 * 6 for peer in crowd.peers.values())

        await crowd.until(all_is_there, "everybody's lines have come")
        settled = await crowd.settle(strangers=True)
        await bell.until(lambda: str(text) == settled, 10, crowd.describe)
        assert wire.read_state(document.get_state()) == crowd["Olga"].clocks
        for peer in stock:
            await peer.until_text(settled, crowd["Olga"].clocks)
        assert str(text).encode() == settled.encode() == (await api.replay(interview)).encode()
        for peer in stock:
            assert (await peer.ask("standing"))["connections"] == 1
    document.unobserve(watched)


@pytest.mark.parametrize("package", PROVIDERS)
async def test_a_stock_peer_works_without_a_connection_and_returns(
    crowd: Crowd, api: Api, interview: str, package: str
) -> None:
    await crowd.join("Cleo", "candidate")
    admitted = await api.join(interview, "guest", "Gus")
    async with StockPeer(package, admitted.code) as gus:
        await gus.until_synced()
        await gus.ask("disconnect")
        await gus.until(lambda: gus.statuses[-1] == "disconnected")
        await gus.insert(0, "while away\n")
        await crowd.type("Cleo", "meanwhile\n")
        await gus.ask("connect")
        await crowd.until(lambda: len(str(crowd["Cleo"]).splitlines()) == 2, "what was typed away arrives")
        await gus.until_text(await crowd.settle(strangers=True), crowd["Cleo"].clocks)


@pytest.mark.parametrize("package", PROVIDERS)
async def test_a_stock_peer_sees_names_from_the_server(crowd: Crowd, api: Api, interview: str, package: str) -> None:
    await crowd.join("Cleo", "candidate")
    admitted = await api.join(interview, "guest", "Gus")
    async with StockPeer(package, admitted.code) as gus:
        await gus.until_synced()
        await gus.ask("present", user={"name": "Cleo", "color": "#ff0000"})
        await crowd.until(lambda: "Gus" in str(crowd["Cleo"].presence), "the server has put the real name there")
        states = (await gus.ask("see"))["states"]
        assert [state["user"]["name"] for state in states if state["user"].get("id")] == ["Cleo"]


async def test_the_newest_provider_stops_at_a_final_code(crowd: Crowd, api: Api, interview: str) -> None:
    await crowd.join("Cleo", "candidate")
    await crowd.join("Olga", "interviewer")
    await crowd.settle()
    admitted = await api.join(interview, "guest", "Gus")
    async with StockPeer(PROVIDERS[2], admitted.code) as gus:
        await gus.until_synced()
        await api.finish(interview)
        await gus.until(lambda: 4423 in gus.close_codes)


async def test_a_lone_peer_hears_something_in_time(mortal: Server) -> None:
    """y-websocket closes after 30 s of silence; an empty awareness message keeps it."""
    async with Api(mortal) as api:
        admitted = await api.join(await api.create(), "candidate", "Cleo")
        async with Dialogue(admitted.code) as socket:
            await socket.echo()
            await socket.hear(wire.AWARENESS)
            assert await socket.hear(wire.AWARENESS, within_s=20) == b"\1\1\0"


@pytest.mark.long
async def test_lone_stock_peers_stay_connected_for_two_minutes(api: Api) -> None:
    async def stay(package: str) -> None:
        admitted = await api.join(await api.create(), "candidate", "Cleo")
        async with StockPeer(package, admitted.code) as cleo:
            await cleo.until_synced()
            until = time.monotonic() + 120
            while time.monotonic() < until:
                assert (await cleo.ask("standing"))["silent_ms"] < 20_000
                await sleep(1)
            assert cleo.statuses == ["connected"], package

    async with create_task_group() as tasks:
        for package in PROVIDERS:
            tasks.start_soon(stay, package)
