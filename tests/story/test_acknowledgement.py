"""Message 8: how many of this connection's step-2 and update frames are durable or were known (CONTRACT, WebSocket)."""

import pytest
from pycrdt import Doc, Text

from tests.support import wire
from tests.support.api import Api
from tests.support.crowd import Crowd
from tests.support.dialogue import Dialogue
from tests.support.keystroke import keystrokes

pytestmark = pytest.mark.anyio


async def acknowledged(socket: Dialogue, count: int) -> None:
    """Until exactly this many frames are acknowledged."""
    while True:
        frame = await socket.hear(wire.ACKNOWLEDGEMENT)
        told, _ = wire.read_varuint(frame, 1)
        assert told <= count
        if told == count:
            return


async def test_every_frame_counts_once_durable(api: Api, interview: str) -> None:
    joined = await api.join(interview, "candidate", "Cleo")
    async with Dialogue(joined.code + "&v=1") as socket:
        await socket.say(*(wire.sync(wire.UPDATE, update) for update in keystrokes("abc")))
        await acknowledged(socket, 3)
        assert await api.text(interview) == "abc"


async def test_what_is_known_counts_and_is_recorded_once(api: Api, interview: str) -> None:
    joined = await api.join(interview, "candidate", "Cleo")
    (update,) = keystrokes("a")
    async with Dialogue(joined.code + "&v=1") as socket:
        frame = wire.sync(wire.UPDATE, update)
        await socket.say(frame, frame, wire.sync(wire.STEP_2, update), wire.sync(wire.UPDATE, b"\0\0"))
        await acknowledged(socket, 4)
    assert [entry.update for entry in await api.updates(interview)] == [update]


async def test_a_frame_set_aside_counts_when_a_later_step_2_covers_it(api: Api, interview: str) -> None:
    joined = await api.join(interview, "candidate", "Cleo")
    first, second = keystrokes("ab")
    both: Doc[Text] = Doc()
    both.apply_update(first)
    both.apply_update(second)
    async with Dialogue(joined.code + "&v=1") as socket:
        await socket.hear(wire.SYNC)
        await socket.say(wire.sync(wire.STEP_2, b"\0\0"))
        await acknowledged(socket, 1)
        await socket.say(wire.sync(wire.UPDATE, second))
        asked = await socket.hear(wire.SYNC)
        assert asked[1] == wire.STEP_1
        await socket.say(wire.sync(wire.STEP_2, both.get_update()))
        await acknowledged(socket, 3)
    assert await api.text(interview) == "ab"


async def test_a_step_2_that_brings_nothing_covers_nothing(api: Api, interview: str) -> None:
    joined = await api.join(interview, "candidate", "Cleo")
    _, second = keystrokes("ab")
    async with Dialogue(joined.code + "&v=1") as socket:
        await socket.say(wire.sync(wire.UPDATE, second), wire.sync(wire.STEP_2, b"\0\0"))
        await socket.echo()
        await api.text(interview)
        await socket.echo()
        assert not [frame for frame in socket.heard if frame[0] == wire.ACKNOWLEDGEMENT]


async def test_a_stock_client_is_sent_no_acknowledgement(crowd: Crowd) -> None:
    await crowd.join("Ann", acknowledged=False)
    await crowd.join("Ben")
    await crowd.type("Ann", "a")
    await crowd.type("Ben", "b")
    await crowd.settle()
    kinds = {frame[0] for frame in crowd["Ann"].frames}
    assert wire.ACKNOWLEDGEMENT not in kinds
    assert wire.ACKNOWLEDGEMENT in {frame[0] for frame in crowd["Ben"].frames}


async def test_who_never_gets_in_step_is_closed_with_4510(api: Api, interview: str) -> None:
    joined = await api.join(interview, "candidate", "Cleo")
    _, second = keystrokes("ab")
    async with Dialogue(joined.code) as socket:
        for _ in range(8):
            await socket.say(wire.sync(wire.UPDATE, second), wire.sync(wire.STEP_2, b"\0\0"))
        assert await socket.close_code() == 4510
    assert await api.updates(interview) == []


async def test_an_echo_is_neither_recorded_nor_relayed(crowd: Crowd, api: Api, interview: str) -> None:
    for name in ("Ann", "Ben", "Cid"):
        await crowd.join(name)
    await crowd.type("Ann", "hello")
    await crowd.settle()
    heard = [frame for frame in crowd["Ben"].frames if wire.counts(frame)]
    before = {name: len(crowd[name].frames) for name in ("Ann", "Cid")}
    await crowd["Ben"].send(*heard)
    await crowd.settle()
    for name, number in before.items():
        later = crowd[name].frames[number:]
        assert not [frame for frame in later if frame[0] == wire.SYNC]
    assert len(await api.updates(interview)) == 1
