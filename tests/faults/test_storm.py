"""Row 7: a server restarts, and everybody who was there comes back at once, to documents that nobody has open."""

import asyncio
import json
import os
import re
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from tests.support import wire
from tests.support.api import Api
from tests.support.keystroke import keystrokes
from tests.support.server import ROOT, Server, serving

pytestmark = pytest.mark.anyio

PROCESSES = 2
TOGETHER = 10
ROOMS = int(os.environ.get("STORM_ROOMS", "15"))
KEYS = int(os.environ.get("STORM_KEYS", "50"))
MANY = 250
BACK = "(back)"
SYNCED_S, LAG_S = 30.0, 0.5
LAGS = re.compile(r'^panelroom_loop_lag_seconds_bucket{le="([0-9.]+|\+Inf)"} ([0-9]+)', re.MULTILINE)
START_S = 3.0


@pytest.mark.parametrize("rooms", [ROOMS, pytest.param(MANY, marks=pytest.mark.long)])
async def test_everybody_comes_back_at_once(tmp_path: Path, rooms: int) -> None:
    """Four in each room; the candidate brings a line that she wrote meanwhile. Nothing is lost, nothing doubled."""
    with serving(tmp_path / "data") as server:
        async with Api(server) as api:
            interviews = [await api.create() for _ in range(rooms)]
            urls = [await people(api, interview) for interview in interviews]
            for at in range(0, rooms, TOGETHER):
                batch = list(enumerate(urls))[at : at + TOGETHER]
                await asyncio.gather(*(write(candidate, f"<{room}>" + "x" * KEYS) for room, (candidate, *_) in batch))
            server.restart()
            clients = [
                (room, url, BACK if seat == 0 else "")
                for room, seats in enumerate(urls)
                for seat, url in enumerate(seats)
            ]
            began_s = cpu_s(server)
            returned = await storm(clients)
            spent_s, late = cpu_s(server) - began_s, await lags(api)
            for room, interview in enumerate(interviews):
                text = await api.text(interview)
                assert (text.count("x"), text.count(BACK), text.count(f"<{room}>")) == (KEYS, 1, 1), text
            assert len(returned) == len(clients)
            took = sorted(each["after_s"] for each in returned)
            print(
                f"\n{len(clients)} clients in {rooms} rooms: median {took[len(took) // 2]:.1f} s, last {took[-1]:.1f},"
                f" {sum(each['attempts'] for each in returned)} attempts, {spent_s:.1f} s of CPU; loop late {late}"
            )
            if rooms >= MANY:
                assert took[-1] <= SYNCED_S
                assert not late[LAG_S]


async def people(api: Api, interview: str) -> list[str]:
    roles: list[tuple[str, str | None]] = [
        ("candidate", "Cleo"),
        ("interviewer", None),
        ("guest", "Gus"),
        ("guest", "Gil"),
    ]
    return [(await api.join(interview, role, name)).code for role, name in roles]


async def write(url: str, text: str) -> None:
    """Returns when all of it is on disk."""
    updates = keystrokes(text)
    async with connect(url + "&v=1", compression=None, proxy=None, ping_interval=None) as connection:
        for update in updates:
            await connection.send(wire.sync(wire.UPDATE, update))
        async for frame in connection:
            assert isinstance(frame, bytes)
            if frame[0] == wire.ACKNOWLEDGEMENT and wire.read_varuint(frame, 1)[0] == len(updates):
                return


async def storm(clients: list[tuple[int, str, str]]) -> list[dict[str, Any]]:
    """Everybody who came back, from other processes."""
    at_s = time.monotonic() + START_S
    returned: list[dict[str, Any]] = []
    async with AsyncExitStack() as stack:
        reading = []
        for number in range(PROCESSES):
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tests.support.storm",
                cwd=ROOT,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=2**20,
            )
            stack.callback(process.kill)
            assert process.stdin is not None
            own = clients[number::PROCESSES]
            process.stdin.write(json.dumps({"at_s": at_s, "clients": own}).encode() + b"\n")
            reading.append(asyncio.create_task(read(process, len(own))))
        for each in await asyncio.gather(*reading):
            returned += each
    return returned


def cpu_s(server: Server) -> float:
    fields = Path(f"/proc/{server.worker}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def lags(api: Api) -> dict[float, int]:
    """How often the server's loop was late by more than this, in seconds."""
    found = LAGS.findall((await api.http.get("/metrics")).text)
    most = max(int(number) for _, number in found)
    return {float(at): most - int(number) for at, number in found}


async def read(process: asyncio.subprocess.Process, number: int) -> list[dict[str, Any]]:
    assert process.stdout is not None
    return [json.loads(await process.stdout.readline()) for _ in range(number)]
