"""Row 6: a connection whose other end is gone without a word, as when a laptop is shut or a network leaves."""

import asyncio
import socket
import time
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.support import wire
from tests.support.api import Api
from tests.support.crowd import Crowd
from tests.support.dead_line import cut
from tests.support.listener import Listener
from tests.support.server import Server, serving

pytestmark = pytest.mark.anyio

SERVERS = ("uvicorn", "hypercorn")
# The same rules in a tenth of the time.
BRISK = {"PANELROOM_DEAD_S": "2", "PANELROOM_SEAT_HOLD_S": "1", "PANELROOM_KEEP_ALIVE_S": "0.5"}
GONE_S, FREED_S = 45, 75


async def half_open(url: str) -> ClientConnection:
    """In step, present, and gone."""
    connection = await connect(url, compression=None, proxy=None, ping_interval=None)
    await connection.send(wire.sync(wire.STEP_1, b"\0"))
    await connection.send(wire.awareness([(7, 1, {"user": {}, "cursor": None})]))
    while (await connection.recv())[:2] != bytes((wire.SYNC, wire.STEP_2)):
        pass
    line: socket.socket = connection.transport.get_extra_info("socket")
    cut(line)
    return connection


@pytest.mark.parametrize(("server", "busy"), [("uvicorn", True), ("hypercorn", False)])
async def test_a_half_open_connection_is_ended_and_its_seat_passed_on(
    tmp_path: Path, server: str, *, busy: bool
) -> None:
    with serving(tmp_path / "data", BRISK | {"PANELROOM_SERVER": server}) as running:
        await the_seat_is_passed_on(running, busy=busy)


@pytest.mark.long
@pytest.mark.parametrize("busy", [False, True], ids=["quiet", "while others type"])
@pytest.mark.parametrize("server", SERVERS)
async def test_in_time(tmp_path: Path, server: str, *, busy: bool) -> None:
    """With the settings that a server has by itself: gone within 45 s, the seat free within 75 s."""
    with serving(tmp_path / "data", {"PANELROOM_SERVER": server}) as running:
        gone_s, freed_s = await the_seat_is_passed_on(running, busy=busy)
    print(f"\n{server}, {'busy' if busy else 'quiet'}: gone after {gone_s:.1f} s, the seat free after {freed_s:.1f} s")
    assert gone_s <= GONE_S
    assert freed_s <= FREED_S


async def the_seat_is_passed_on(server: Server, *, busy: bool) -> tuple[float, float]:
    """Seconds until the connection was gone, and until the next one had the seat, which is kept in between."""
    async with Api(server) as api, Crowd(api, await api.create(policy={"guests": 1, "over_limit": "wait"})) as crowd:
        await crowd.join("Cleo", "candidate")
        await crowd.join("Olga", "interviewer")
        ada = await api.join(crowd.interview, "guest", "Ada")
        ben = await api.join(crowd.interview, "guest", "Ben")
        async with (
            Listener(crowd.admitted["Olga"].events_url) as ear,
            Listener(ben.events_url),
        ):
            gone = await half_open(ada.code)
            began = time.monotonic()
            typing = asyncio.create_task(type_on(crowd)) if busy else None
            await ear.until(
                lambda: ear.has_heard("participant.disconnected", id=ada.participant_id), "Ada is gone", FREED_S
            )
            gone_s = time.monotonic() - began
            assert not ear.has_heard("admission.changed", id=ben.participant_id, state="seated")
            await ear.until(
                lambda: ear.has_heard("admission.changed", id=ben.participant_id, state="seated"), "Ben is in", FREED_S
            )
            if typing is not None:
                typing.cancel()
            gone.transport.abort()
            await crowd.settle()
            return gone_s, time.monotonic() - began


async def type_on(crowd: Crowd) -> None:
    while True:
        await crowd.type("Cleo", "x")
        await asyncio.sleep(0.02)
