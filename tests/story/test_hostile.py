"""Bytes that broke other servers, against a live room in which others type: only their sender is disturbed."""

import gzip
import json
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import wire
from tests.support.api import Api
from tests.support.crowd import Crowd
from tests.support.dialogue import Dialogue
from tests.support.server import Server, serving

pytestmark = pytest.mark.anyio

CASES: list[dict[str, Any]] = json.loads(
    gzip.decompress((Path(__file__).parents[1] / "data" / "hostile.json.gz").read_bytes())
)
CODES = {
    "pending_only": None,  # a gap, as honest clients have them around a reconnect
    "quadratic_right_origins": 4413,
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One for all cases, in one process to the end; its log must have no traceback."""
    with serving(tmp_path_factory.mktemp("hostile") / "data", {"PANELROOM_CPU_PER_S": "0.25"}) as running:
        pid = running.worker
        yield running
        assert running.worker == pid, "the server process died"


@pytest.fixture(scope="module")
async def api(server: Server) -> AsyncIterator[Api]:
    async with Api(server) as client:
        yield client


@pytest.fixture(scope="module", params=["update", "step 2", "awareness"])
async def room(request: pytest.FixtureRequest, api: Api) -> AsyncIterator[tuple[Crowd, str]]:
    """Two people who stay from the first case to the last, and in what the bytes come."""
    async with Crowd(api, await api.create()) as crowd:
        await crowd.join("Ann", "candidate")
        await crowd.join("Ben", "interviewer")
        yield crowd, request.param


@pytest.fixture(scope="module")
async def elsewhere(api: Api) -> AsyncIterator[Crowd]:
    """Another room."""
    async with Crowd(api, await api.create()) as crowd:
        for name in ("Cleo", "Dan"):
            await crowd.join(name)
        await crowd.type("Cleo", "unmoved")
        await crowd.settle()
        yield crowd


def framed(case: dict[str, Any], form: str) -> list[bytes]:
    bodies = [bytes.fromhex(body) for body in case["seq"]]
    if form == "awareness":
        return [bytes((wire.AWARENESS,)) + wire.write_bytes(body) for body in bodies]
    return [wire.sync(wire.UPDATE if form == "update" else wire.STEP_2, body) for body in bodies]


def expected(case: dict[str, Any], form: str) -> int | None:
    """What is no update at all is noise as presence, and the other way round."""
    return CODES.get(case["name"], 4400) if (form == "awareness") == (case["kind"] == "awareness") else 4400


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
async def test_only_their_sender_is_disturbed(room: tuple[Crowd, str], elsewhere: Crowd, case: dict[str, Any]) -> None:
    crowd, form = room
    heard = len(elsewhere["Dan"].frames)
    attacker = await crowd.api.join(crowd.interview, "guest", "Mallory")
    async with Dialogue(attacker.code) as socket:
        sent_at = time.perf_counter()
        await socket.say(*framed(case, form))
        await crowd.type("Ann", "meanwhile ")
        code = expected(case, form)
        if code is None:
            await socket.echo()
        else:
            assert await socket.close_code() == code
            print(f"{case['name']}, {form}: {code} after {(time.perf_counter() - sent_at) * 1000:.0f} ms")
    await crowd.type("Ben", "after, ")
    text = await crowd.settle(strangers=True)
    assert text.endswith("meanwhile after, ")
    assert await crowd.api.replay(crowd.interview) == text
    assert str(await crowd.join_late("Late")) == text
    await crowd.leave("Late")
    await elsewhere.settle()
    assert [frame for frame in elsewhere["Dan"].frames[heard:] if frame[0] == wire.SYNC] == []
    assert {peer.connections for peer in (*crowd.peers.values(), *elsewhere.peers.values())} == {1}
