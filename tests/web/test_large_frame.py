"""A frame that takes long to read: nobody else waits, and its sender's frames keep their order."""

import threading
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import anyio.abc
import anyio.lowlevel
import pytest

from collab.frame import Received, read
from collab.live import LiveDocument
from collab.wire import CloseCode
from tests.collab.typist import Typist
from tests.support import wire
from tests.support.keystroke import keystrokes
from tests.support.transport import SOON_S, Call, until
from tests.web.conftest import Site, open_site
from web.app import create_app
from web.settings import Settings
from web.socket import Sockets

pytestmark = pytest.mark.anyio

LARGE = 100_000


class Reader:
    """Reads large frames when it is told to."""

    def __init__(self) -> None:
        self.may_read = threading.Event()
        self.is_reading = threading.Event()

    def __call__(self, frame: bytes) -> Received:
        if len(frame) > LARGE:
            self.is_reading.set()
            assert self.may_read.wait(SOON_S)
        return read(frame)


class Stage:
    def __init__(self, site: Site, live: LiveDocument, tasks: anyio.abc.TaskGroup, reader: Reader) -> None:
        self.live = live
        self.reader = reader
        self._site = site
        self._sockets = Sockets(site.panelroom)
        self._tasks = tasks

    async def call(self, name: str) -> Call:
        call = Call(self.live.id, (await self._site.join(self.live.id, "guest", name=name))["ticket"])
        self._tasks.start_soon(call.run, self._sockets)
        await until(lambda: bool(call.transport.frames))
        return call

    @property
    def text(self) -> str:
        return self.live.texts()["source"]


@pytest.fixture
async def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    reader = Reader()
    monkeypatch.setattr("web.socket.read", reader)
    app = create_app(Settings(joins_per_min=0), tmp_path)
    async with app.test_app():
        site = await open_site(app)
        interview = await site.create()
        live = await site.panelroom.registry.open(interview, interview)
        async with anyio.create_task_group() as tasks:
            yield Stage(site, live, tasks, reader)
            reader.may_read.set()
            tasks.cancel_scope.cancel()


async def test_others_go_on_and_the_order_is_kept(stage: Stage) -> None:
    ada, ben = await stage.call("Ada"), await stage.call("Ben")
    (small,) = keystrokes("x")
    large = wire.sync(wire.UPDATE, Typist(77).insert(0, "L" * LARGE))
    ada.transport.say(large)
    ada.transport.say(wire.sync(wire.UPDATE, small))
    await until(stage.reader.is_reading.is_set)
    for key in keystrokes("yz"):
        ben.transport.say(wire.sync(wire.UPDATE, key))
    await until(lambda: stage.text == "yz")
    stage.reader.may_read.set()
    await until(lambda: len(stage.text) == LARGE + 3)
    assert ben.transport.updates == [large, wire.sync(wire.UPDATE, small)]


async def test_who_is_closed_meanwhile_brings_nothing(stage: Stage) -> None:
    ada = await stage.call("Ada")
    ada.transport.say(wire.sync(wire.UPDATE, Typist(77).insert(0, "L" * LARGE)))
    await until(stage.reader.is_reading.is_set)
    stage.live.close_peers(CloseCode.RESTART, "the server restarts")
    await until(lambda: ada.transport.close_code == CloseCode.RESTART)
    stage.reader.may_read.set()
    with anyio.fail_after(SOON_S):
        await ada.ended.wait()
    assert ada.failure is None
    assert stage.text == ""


async def test_who_is_closed_while_a_commit_is_waited_for_goes_at_once(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(_ticket: int) -> None:
        await anyio.sleep_forever()

    monkeypatch.setattr(stage.live, "reached", never)
    ada = await stage.call("Ada")
    ada.transport.say(wire.sync(wire.UPDATE, keystrokes("x")[0]))
    ada.transport.say(wire.sync(wire.STEP_1, b"\0"))
    for _ in range(20):
        await anyio.lowlevel.checkpoint()
    stage.live.close_peers(CloseCode.REMOVED, "removed")
    with anyio.fail_after(SOON_S):
        await ada.ended.wait()
    assert ada.transport.close_code == CloseCode.REMOVED
    assert stage.text == ""
    assert not any(frame[:2] == b"\0\1" for frame in ada.transport.frames), "the next frame went before"
