"""A connection whose bytes go out late, or not at all: nobody else waits, and its frames never change places."""

import math
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.abc
import anyio.lowlevel
import pytest
from structlog.testing import capture_logs

from collab.live import LiveDocument
from collab.peer import Peer
from collab.wire import CloseCode, encode_update
from tests.collab.room import accept
from tests.collab.typist import Typist
from tests.support import wire
from tests.support.transport import SOON_S, Call, Transport, until
from tests.web.conftest import Site, open_site
from web.app import create_app
from web.settings import Settings
from web.socket import Sockets, _deliver, _send_now

pytestmark = pytest.mark.anyio


class Stage:
    """One room: Ada and others on transports of the test's, Ben at the document itself."""

    def __init__(self, site: Site, live: LiveDocument, ben: Peer, tasks: anyio.abc.TaskGroup) -> None:
        self.site = site
        self.live = live
        self.ben = ben
        self.typist = Typist(2)
        self.told: list[bytes] = []
        self._sockets = Sockets(site.panelroom)
        self._tasks = tasks

    async def call(self) -> Call:
        """A connection that is in step."""
        ticket = (await self.site.join(self.live.id, "guest", name="Ada"))["ticket"]
        call, joined = Call(self.live.id, ticket), len(self.live.peers)
        self._tasks.start_soon(call.run, self._sockets)
        await until(lambda: len(self.live.peers) > joined and bool(call.transport.frames))
        call.transport.say(wire.sync(wire.STEP_2, b"\0\0"))
        call.transport.say(wire.sync(wire.STEP_1, b"\0"))
        await until(lambda: any(frame[:2] == b"\x00\x01" for frame in call.transport.frames))
        return call

    def type(self, text: str) -> None:
        for key in text:
            frame = encode_update(self.typist.insert(len(str(self.typist)), key))
            self.told.append(frame)
            accept(self.live, self.ben, frame)


@asynccontextmanager
async def a_stage(folder: Path, **settings: Any) -> AsyncIterator[Stage]:
    app = create_app(Settings(joins_per_min=0, frames_per_s=0, **settings), folder)
    async with app.test_app():
        site = await open_site(app)
        interview = await site.create()
        live = await site.panelroom.registry.open(interview, interview)
        ben = Peer("ben", {"id": "ben"}, may_write=True, frames_per_s=0)
        async with anyio.create_task_group() as tasks:
            with live.joined(ben):
                yield Stage(site, live, ben, tasks)
            tasks.cancel_scope.cancel()


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with a_stage(tmp_path) as stage:
        yield stage


# In order


@pytest.mark.parametrize("seed", range(40))
async def test_frames_keep_their_order_over_any_stalls(seed: int) -> None:
    """Offered one at a time or in bursts, while the transport stalls and resumes between and within them."""
    chance = random.Random(seed)
    peer, transport = Peer("ada", {}, may_write=True), Transport()
    peer.send_now = partial(_send_now, transport.send)
    offered: list[bytes] = []
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_deliver, peer, transport.send, tasks.cancel_scope)
        for number in range(300):
            match chance.randrange(6):
                case 0:
                    transport.stall()
                case 1:
                    transport.resume()
                case 2 | 3:
                    for _ in range(chance.randint(1, 3)):
                        await anyio.lowlevel.checkpoint()
                case _:
                    offered.append(b"%d" % number)
                    peer.offer(offered[-1])
        transport.resume()
        await until(lambda: len(transport.frames) == len(offered))
        peer.close(CloseCode.RESTART, "the end")
    assert transport.frames == offered
    assert transport.close_code == CloseCode.RESTART


async def test_what_flows_is_sent_without_another_task(stage: Stage) -> None:
    ada = await stage.call()
    stage.type("at once")
    assert ada.transport.updates == stage.told


async def test_a_burst_stalls_in_the_middle(stage: Stage) -> None:
    ada, eve = await stage.call(), await stage.call()
    stage.type("before")
    ada.transport.stall()
    stage.type("stalled")
    assert eve.transport.updates == stage.told
    assert ada.transport.updates == stage.told[:6]
    ada.transport.resume()
    stage.type("after")  # in the same breath: what stalled is not away yet
    assert ada.transport.updates == stage.told[:6]
    await until(lambda: len(ada.transport.updates) == len(stage.told))
    stage.type("!")
    assert ada.transport.updates == stage.told
    assert not ada.ended.is_set()


async def test_a_stalled_connection_that_goes_leaves_nothing(stage: Stage) -> None:
    ada = await stage.call()
    ada.transport.stall()
    stage.type("stalled")
    await anyio.lowlevel.checkpoint()
    ada.transport.go()
    with anyio.fail_after(SOON_S):
        await ada.ended.wait()
    assert ada.failure is None
    assert stage.live.peers == {stage.ben}


# Failing


@pytest.mark.parametrize("stalled", [False, True])
async def test_an_oserror_ends_nothing_but_itself(stage: Stage, stalled: bool) -> None:
    """The other side has gone; what it sent before that is still to be received."""
    ada, eve = await stage.call(), await stage.call()
    if stalled:
        ada.transport.stall()
        stage.type("x")
        await anyio.lowlevel.checkpoint()
    ada.transport.failure = BrokenPipeError()
    ada.transport.resume()
    stage.type("meanwhile")
    await anyio.lowlevel.checkpoint()
    ada.transport.say(encode_update(Typist(3).insert(0, "ADA")))
    await until(lambda: "ADA" in stage.live.texts()["source"])
    assert not ada.ended.is_set()
    ada.transport.go()
    with anyio.fail_after(SOON_S):
        await ada.ended.wait()
    assert ada.failure is None
    assert [frame for frame in eve.transport.updates if frame in stage.told] == stage.told
    assert not eve.ended.is_set()


@pytest.mark.parametrize("stalled", [False, True])
async def test_another_exception_ends_only_that_connection(stage: Stage, stalled: bool) -> None:
    ada, eve = await stage.call(), await stage.call()
    if stalled:
        ada.transport.stall()
        stage.type("x")
        await anyio.lowlevel.checkpoint()
    ada.transport.failure = RuntimeError("a bug of the transport")
    ada.transport.resume()
    stage.type("meanwhile")
    with anyio.fail_after(SOON_S):
        await ada.ended.wait()
    assert isinstance(ada.failure, ExceptionGroup)
    assert ada.failure.subgroup(RuntimeError) is not None
    assert len(stage.live.peers) == 2
    stage.type(", and after")
    assert eve.transport.updates == stage.told
    assert not eve.ended.is_set()


# Too slow


async def at_once() -> None:
    """The whole burst before the connection's own task has its turn."""


@pytest.mark.parametrize("pause", [at_once, anyio.lowlevel.checkpoint])
async def test_who_takes_what_is_on_its_way_hears_4508(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pause: Callable[[], Awaitable[None]]
) -> None:
    monkeypatch.setattr("web.socket._LAST_WORD_S", math.inf)
    async with a_stage(tmp_path, outbox_bytes=200) as stage:
        ada, eve = await stage.call(), await stage.call()
        stage.type("before")
        ada.transport.stall()
        with capture_logs() as logs:
            for key in "abcdefghijklmnopqrstuvwxyz":
                stage.type(key)
                await pause()
            for _ in range(10):
                await anyio.lowlevel.checkpoint()
        assert [entry["code"] for entry in logs if entry["event"] == "peer refused"] == [4508]
        assert not ada.ended.is_set()
        ada.transport.resume()
        with anyio.fail_after(SOON_S):
            await ada.ended.wait()
        assert ada.failure is None
        assert ada.transport.close_code == CloseCode.TOO_SLOW
        assert ada.transport.updates == stage.told[: len(ada.transport.updates)]
        assert eve.transport.updates == stage.told
        assert not eve.ended.is_set()


@pytest.mark.parametrize("pause", [at_once, anyio.lowlevel.checkpoint])
async def test_who_takes_nothing_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pause: Callable[[], Awaitable[None]]
) -> None:
    monkeypatch.setattr("web.socket._LAST_WORD_S", 0)
    async with a_stage(tmp_path, outbox_bytes=200) as stage:
        ada = await stage.call()
        ada.transport.stall()
        for key in "abcdefghijklmnopqrstuvwxyz":
            stage.type(key)
            await pause()
        with anyio.fail_after(SOON_S):
            await ada.ended.wait()
        assert ada.failure is None
        assert ada.transport.close_code is None
        assert stage.live.peers == {stage.ben}


async def test_who_takes_nothing_for_long_is_given_up_however_little_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row 5: by time, not only by bytes; whoever takes something meanwhile stays."""
    monkeypatch.setattr("web.socket._STUCK_S", 0)
    async with a_stage(tmp_path) as stage:
        ada, eve = await stage.call(), await stage.call()
        ada.transport.stall()
        with capture_logs() as logs:
            stage.type("x")
            with anyio.fail_after(SOON_S):
                await ada.ended.wait()
        assert [entry["code"] for entry in logs if entry["event"] == "peer refused"] == [4508]
        assert ada.failure is None
        assert ada.transport.close_code is None
        assert eve.transport.updates == stage.told
        assert not eve.ended.is_set()


async def test_who_is_refused_and_takes_nothing_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.socket._LAST_WORD_S", 0)
    async with a_stage(tmp_path) as stage:
        ada = await stage.call()
        ada.transport.stall()
        stage.type("x")
        ada.transport.say(b"\xff")
        with anyio.fail_after(SOON_S):
            await ada.ended.wait()
        assert ada.failure is None
        assert stage.live.peers == {stage.ben}
