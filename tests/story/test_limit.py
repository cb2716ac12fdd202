"""Over each limit: its code, in words, one line in the log, and nobody else notices."""

import time
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from itertools import repeat
from pathlib import Path

import anyio
import pytest

from tests.collab.typist import Typist, string, update, values
from tests.support import wire
from tests.support.api import Admitted, Api
from tests.support.crowd import Crowd
from tests.support.dialogue import BINARY, CONTINUED, Dialogue, close_code_of, handshake_status, raw_frame
from tests.support.keystroke import keystrokes
from tests.support.server import Server, serving
from tests.support.transport import SOON_S, Call, until
from tests.web.conftest import open_site
from web.app import create_app
from web.settings import Settings
from web.socket import Sockets

pytestmark = pytest.mark.anyio

FRAME_BYTES = 8192
LIMITS = {
    "PANELROOM_FRAMES_PER_S": "100",
    "PANELROOM_PARTICIPANT_CONNECTIONS": "3",
    "PANELROOM_DOCUMENT_CONNECTIONS": "5",
    "PANELROOM_MAX_FRAME_BYTES": str(FRAME_BYTES),
    "PANELROOM_MAX_STRUCTS": "50",
    "PANELROOM_MAX_RANGES": "20",
    "PANELROOM_MAX_DOCUMENT_BYTES": "20000",
    "PANELROOM_MAX_FILES": "2",
    "PANELROOM_MAX_NEW_CLIENTS": "4",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A small one; its log must have no traceback."""
    with serving(tmp_path_factory.mktemp("limits") / "data", LIMITS) as running:
        yield running


@pytest.fixture
async def crowd(api: Api, interview: str) -> AsyncIterator[Crowd]:
    """Two people who type while somebody goes too far, and afterwards still can, on the same connections."""
    async with Crowd(api, interview) as people:
        await people.join("Ann", "candidate")
        await people.join("Olga", "interviewer")
        await people.type("Ann", "before, ")
        await people.settle()
        yield people
        await people.type("Olga", "after")
        text = await people.settle(strangers=True)
        assert text.endswith("after")
        assert {peer.connections for peer in people.peers.values()} == {1}
        assert str(await people.join_late("Late")) == text


@pytest.fixture
async def mallory(crowd: Crowd) -> Admitted:
    return await crowd.api.join(crowd.interview, "guest", "Mallory")


async def ending(socket: Dialogue) -> tuple[int | None, str]:
    """How the server closes, within a second where nothing else is to be done."""
    started = time.perf_counter()
    code = await socket.close_code()
    print(f"{code} {socket.close_reason!r} after {(time.perf_counter() - started) * 1000:.0f} ms")
    return code, socket.close_reason


async def cut_off(socket: Dialogue, code: int) -> None:
    """The close frame of a server that reads no more can get lost: a reset overtakes it."""
    assert (await ending(socket))[0] in {code, 1006}


def one_line(server: Server, since: int, code: int, culprit: Admitted) -> None:
    (line,) = server.lines_with(f"code={code}", since)
    assert culprit.participant_id in line
    assert not [line for line in server.log[since:] if culprit.ticket in line]


def typed(length: int) -> bytes:
    """An update message of so many bytes."""
    empty = len(wire.sync(wire.UPDATE, update((9, 0, [string("x" * 3000)])))) - 3000
    return wire.sync(wire.UPDATE, update((9, 0, [string("x" * (length - empty))])))


def holes(count: int) -> list[bytes]:
    """A line, and an update that deletes every other of its letters."""
    typist = Typist(9)
    line = typist.insert(0, "x" * (2 * count + 1))
    return [line, update(deletes={9: [(2 * number, 1) for number in range(count)]})]


def files(count: int) -> bytes:
    value = b"\x76\x00"
    return update((9, 0, [values(value, key=f"file{number}") for number in range(count)]))


TOO_MUCH = {
    "a byte over the largest frame": [typed(FRAME_BYTES + 1)],
    "too many structs": [wire.sync(wire.UPDATE, update((9, 0, [string("x") for _ in range(51)])))],
    "too many structs in a step 2": [wire.sync(wire.STEP_2, update((9, 0, [string("x") for _ in range(51)])))],
    "too many deletions": [wire.sync(wire.UPDATE, each) for each in holes(21)],
    "too many bytes in a document": [
        wire.sync(wire.UPDATE, update((9, n * 5000, [string("x" * 5000, left=(9, n * 5000 - 1) if n else None)])))
        for n in range(5)
    ],
    "too many files": [wire.sync(wire.UPDATE, files(4))],
    "too many new clients": [wire.sync(wire.UPDATE, update(*[(client, 0, [string("x")]) for client in range(1, 6)]))],
    "too large a presence": [wire.awareness([(9, 1, {"x": "x" * 4096})])],
}


@pytest.mark.parametrize("frames", TOO_MUCH.values(), ids=TOO_MUCH)
async def test_too_much_is_closed_with_4413(
    server: Server, crowd: Crowd, mallory: Admitted, frames: list[bytes]
) -> None:
    since = len(server.log)
    async with Dialogue(mallory.code) as socket:
        await socket.say(*frames)
        await crowd.type("Ann", "meanwhile, ")
        code, words = await ending(socket)
    assert code == 4413
    assert words
    one_line(server, since, 4413, mallory)
    assert await handshake_status(mallory.code) == 403


async def test_the_largest_frame_is_taken(crowd: Crowd, mallory: Admitted) -> None:
    largest = typed(FRAME_BYTES)
    assert len(largest) == FRAME_BYTES
    async with Dialogue(mallory.code) as socket:
        await socket.say(largest)
        await crowd.until(lambda: len(str(crowd["Ann"])) > FRAME_BYTES - 100, "it has come")


# What the server does not even read


async def test_17_megabytes(server: Server, crowd: Crowd, mallory: Admitted) -> None:
    since = len(server.log)
    async with Dialogue(mallory.code) as socket:
        await socket.say(bytes(17 * 2**20))
        await cut_off(socket, 1009)
    one_line(server, since, 1009, mallory)


@pytest.mark.parametrize(("part", "code"), [(b"", 4529), (b"x", 4529), (b"x" * 2**16, 1009)])
async def test_endless_fragments(server: Server, crowd: Crowd, mallory: Admitted, part: bytes, code: int) -> None:
    since = len(server.log)
    async with Dialogue(mallory.code) as socket, anyio.create_task_group() as tasks:

        async def go_on() -> None:
            await socket.say_raw(raw_frame(BINARY, b"\0\2", last=False))
            for again in repeat(raw_frame(CONTINUED, part, last=False)):
                await socket.say_raw(again)

        tasks.start_soon(go_on)
        await crowd.type("Ann", "meanwhile, ")
        await cut_off(socket, code)
        tasks.cancel_scope.cancel()
    one_line(server, since, code, mallory)


async def test_pings_without_end(server: Server, crowd: Crowd, mallory: Admitted) -> None:
    since = len(server.log)
    async with Dialogue(mallory.code) as socket:
        await socket.say_raw((b"\x89\x80" + bytes(4)) * 5_000)
        await cut_off(socket, 4529)
    one_line(server, since, 4529, mallory)
    assert await handshake_status(mallory.code) == 429


async def test_a_deflate_bomb_is_not_inflated(crowd: Crowd, mallory: Admitted) -> None:
    """Compression was not negotiated: its first frame breaks the protocol of WebSockets itself."""
    pump = zlib.compressobj(wbits=-15)
    bomb = pump.compress(bytes(64 * 2**20)) + pump.flush(zlib.Z_SYNC_FLUSH)
    async with Dialogue(mallory.code) as socket:
        await socket.say_raw(raw_frame(BINARY, bomb, deflated=True))
        assert (await ending(socket))[0] == 1002


# How often, how much, how many


async def test_too_many_frames(server: Server, crowd: Crowd, mallory: Admitted) -> None:
    since = len(server.log)
    async with Dialogue(mallory.code) as socket:
        await socket.say(*(wire.sync(wire.UPDATE, key) for key in keystrokes("x" * 300)))
        code, words = await ending(socket)
    assert (code, words) == (4529, "too much in a short time")
    one_line(server, since, 4529, mallory)
    assert await handshake_status(mallory.code) == 429
    again = await crowd.api.join(crowd.interview, "guest", "Mallory", resume=mallory.ticket)
    async with Dialogue(again.code) as socket:
        await socket.echo()


async def test_too_many_connections_of_one_participant(server: Server, crowd: Crowd, mallory: Admitted) -> None:
    since = len(server.log)
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(Dialogue(mallory.code)) for _ in range(3)]
        async with Dialogue(mallory.code) as further:
            assert await ending(further) == (4529, "you have too many connections to this document")
        assert len(server.lines_with("code=4529", since)) == 1
        assert await handshake_status(mallory.code) == 429
        for socket in sockets:
            await socket.echo()
    with anyio.fail_after(SOON_S):
        while await handshake_status(mallory.code) == 429:
            pass  # until the server has seen that they have gone
    async with Dialogue(mallory.code) as socket:
        await socket.echo()


async def test_those_who_fill_a_room_keep_nobody_out(crowd: Crowd) -> None:
    """There is room for five: Ann, Olga, and three of the others'."""
    async with AsyncExitStack() as stack:
        for name in ("Mallory", "Trudy"):
            guest = await crowd.api.join(crowd.interview, "guest", name)
            await stack.enter_async_context(Dialogue(guest.code))
            crowd.admitted[name] = guest
        await stack.enter_async_context(Dialogue(crowd.admitted["Trudy"].code))
        for name in ("Mallory", "Trudy", "Ann"):
            assert await close_code_of(crowd.admitted[name].code) == 4529
        for number in range(3):
            guest = await crowd.api.join(crowd.interview, "guest", f"Guest {number}")
            await (await stack.enter_async_context(Dialogue(guest.code))).echo()
        device = await crowd.api.join(crowd.interview, "candidate", resume=crowd.admitted["Ann"].ticket)
        assert device.participant_id == crowd.admitted["Ann"].participant_id
        await (await stack.enter_async_context(Dialogue(device.code))).echo()


class HandClock:
    """Stands in for the module ``time``: each look at the processor finds that it worked for 0.25 s since the last."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self._worked_s = 0.0

    def monotonic(self) -> float:
        return self.now_s

    def time(self) -> float:
        return self.now_s

    def thread_time(self) -> float:
        self._worked_s += 0.25
        return self._worked_s


async def test_too_much_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each frame takes half a second, to read and to merge, and the first is looked at twice: four seconds are allowed
    at once, and half of one a second later.
    """
    clock = HandClock()
    monkeypatch.setattr("web.socket.time", clock)
    monkeypatch.setattr("collab.peer.time", clock)
    app = create_app(Settings(joins_per_min=0, cpu_per_s=0.5), tmp_path)
    async with app.test_app():
        site = await open_site(app)
        interview = await site.create()
        live = await site.panelroom.registry.open(interview, interview)
        sockets = Sockets(site.panelroom)
        call = Call(interview, (await site.join(interview, "candidate", name="Cleo"))["ticket"])
        keys = keystrokes("abcdefghijklm")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(call.run, sockets)
            for number, key in enumerate(keys):
                call.transport.say(wire.sync(wire.UPDATE, key))
                if number == 6:
                    await until(lambda: len(live.texts()["source"]) == 7)
                    clock.now_s += 1
            with anyio.fail_after(SOON_S):
                await call.ended.wait()
        assert call.failure is None
        assert call.transport.close_code == 4529
        assert live.texts()["source"] == "abcdefghi"
