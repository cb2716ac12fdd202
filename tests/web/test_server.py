"""The same under real servers: events while people connect, and stopping while somebody listens."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest
import websockets
from httpx2 import Response

from tests.support.api import Api
from tests.support.server import Server, serving

pytestmark = pytest.mark.anyio

STEP_1 = b"\x00\x00\x01\x00"


@pytest.fixture(params=["uvicorn", "hypercorn"])
async def own_server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Server]:
    with serving(tmp_path / "data", {"PANELROOM_SERVER": request.param}) as server:
        yield server


async def read(lines: AsyncIterator[str], kind: str) -> None:
    """Until the next event, which must be of this kind."""
    async for line in lines:
        if line.startswith("event: "):
            assert line == f"event: {kind}"
            return
    raise AssertionError(f"the stream ended before {kind}")


async def test_events_and_the_end(own_server: Server) -> None:
    statuses: list[int] = []

    async def stop() -> None:
        statuses.append(await anyio.to_thread.run_sync(own_server.stop))

    async with anyio.create_task_group() as tasks, Api(own_server) as api:
        interview = await api.create()
        candidate, interviewer = [await api.join(interview, role) for role in ("candidate", "interviewer")]
        listened: Response
        async with api.http.stream("GET", candidate.events_url) as listened:
            assert listened.headers["content-type"] == "text/event-stream"
            lines: AsyncIterator[Any] = listened.aiter_lines()
            with anyio.fail_after(10):
                await read(lines, "snapshot")
                for joined, kinds in ((candidate, ["entered"]), (interviewer, ["entered", "interview.active"])):
                    async with websockets.connect(joined.code, compression=None, proxy=None) as socket:
                        await read(lines, "participant.connected")
                        await socket.send(STEP_1)
                        for kind in kinds:
                            await read(lines, kind if "." in kind else f"participant.{kind}")
                    await read(lines, "participant.disconnected")
            assert await api.status(interview) == "active"
            tasks.start_soon(stop)
            with anyio.fail_after(5):
                assert [line async for line in lines if line.startswith("event")] == []
    assert statuses == [0]
    own_server.check_log()


async def test_the_first_start_prints_the_owners_link(own_server: Server) -> None:
    ready = next(number for number, line in enumerate(own_server.log) if line.startswith("Listening on "))
    links = [line for line in own_server.log[:ready] if "/sign-in?token=" in line]
    assert len(links) == 1
    assert f"{own_server.url}/sign-in?token=" in links[0]
    async with Api(own_server) as api:
        token = links[0].rpartition("token=")[2]
        signed_in = await api.http.post("/sign-in", data={"token": token}, headers={"Origin": own_server.url})
        assert signed_in.status_code == 303
        assert (await api.http.get("/api/v1/whoami")).json()["principal"]["role"] == "owner"
    await anyio.to_thread.run_sync(own_server.restart)
    assert len([line for line in own_server.log if "/sign-in?token=" in line]) == 1
