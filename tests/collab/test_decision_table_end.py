"""The decision table while the end is being committed, and after it."""

import contextlib
from pathlib import Path

import pytest

from collab.errors import Refused
from collab.wire import (
    CloseCode,
    decode_state_vector,
    encode_step_1,
    encode_step_2,
    encode_update,
)
from tests.collab.exchange import (
    BAD_BYTES,
    FOREIGN_ROOT,
    HELLO,
    HELLO_OF_BOB,
    Framing,
    after_hello,
    framings,
    is_untouched,
    refusal,
)
from tests.collab.room import LOG, Room, a_room, acknowledged, sent
from tests.collab.typist import Typist

pytestmark = pytest.mark.anyio


# The decision table: held while the end is being committed


@pytest.mark.parametrize("framing", framings())
async def test_held_new(room: Room, framing: Framing) -> None:
    ada, bob = await room.join("ada"), await room.join("bob")
    room.registry.hold(LOG)
    room.accept(ada, framing(HELLO))
    assert await is_untouched(room, ada, bob, text="")
    assert await acknowledged(ada) == []
    assert ada.closing is bob.closing is None


@pytest.mark.parametrize("framing", framings())
async def test_held_known(room: Room, framing: Framing) -> None:
    ada = await room.join("ada")
    room.accept(ada, encode_update(HELLO))
    room.registry.hold(LOG)
    room.accept(ada, framing(HELLO))
    await room.journal.flush()
    assert await acknowledged(ada) == [3]


async def test_held_reader_and_invalid(room: Room) -> None:
    ada, oz = await room.join("ada"), await room.join("oz", may_write=False)
    room.registry.hold(LOG)
    room.accept(oz, encode_update(HELLO))
    assert [frame[:2] for frame in await sent(oz)] == [b"\x02\x00"]
    assert refusal(room, ada, encode_update(FOREIGN_ROOT)) is CloseCode.INVALID


async def test_held_then_reopened_asks_every_writer(room: Room) -> None:
    ada, cy, oz = await room.join("ada"), await room.join("cy"), await room.join("oz", may_write=False)
    typist = Typist(1)
    room.accept(ada, encode_update(typist.insert(0, "a")))
    await room.journal.flush()
    for peer in (ada, cy, oz):
        await sent(peer)
    room.registry.hold(LOG)
    for key in "bcd":
        room.accept(ada, encode_update(typist.insert(1, key)))
    bob = room.seat("bob")  # comes in meanwhile, with something of his own
    await sent(bob)
    room.accept(bob, encode_step_2(HELLO_OF_BOB))
    await room.journal.flush()
    assert await sent(ada) == await sent(bob) == []
    room.registry.reopen(LOG)
    for peer in (ada, bob, cy):
        (asked,) = await sent(peer)
        assert asked[:2] == b"\x00\x00"
        assert decode_state_vector(asked[3:]) == {1: 1}
    assert await sent(oz) == []
    room.accept(ada, encode_step_2(typist.lacked_by(b"\x01\x01\x01")))
    room.accept(bob, encode_step_2(HELLO_OF_BOB))
    await room.journal.flush()
    assert await acknowledged(ada) == [6]
    assert await acknowledged(bob) == [2]
    text = room.live.texts()["source"]
    assert len(text) == 4 + 5
    assert "adcb" in text
    await room.journal.flush()
    assert await acknowledged(cy) == []


async def test_held_then_finished(room: Room) -> None:
    ada = await room.join("ada")
    room.registry.hold(LOG)
    room.accept(ada, encode_update(HELLO))
    room.registry.finish(LOG)
    assert refusal(room, ada, encode_update(HELLO)) is CloseCode.FINISHED
    assert await sent(ada) == []
    room.registry.reopen(LOG)  # it was undone, and Ada is still there
    assert [frame[:2] for frame in await sent(ada)] == [b"\x00\x00"]
    room.accept(ada, encode_step_2(HELLO))
    assert room.live.texts() == {"source": "hello"}


async def test_held_until_the_queue_has_room_too(tmp_path: Path) -> None:
    async with a_room(tmp_path, max_queued=1) as room:
        ada, typist = await room.join("ada"), Typist(1)
        room.accept(ada, encode_update(typist.insert(0, "a")))
        room.registry.hold(LOG)
        room.accept(ada, encode_update(typist.insert(1, "b")))
        room.registry.reopen(LOG)
        assert await sent(ada) == []
        await room.journal.flush()
        assert encode_step_1(b"\x01\x01\x01") in await sent(ada)


# The decision table: finished


@pytest.mark.parametrize("framing", framings())
async def test_finished_new(room: Room, framing: Framing) -> None:
    ada, bob = await room.join("ada"), await room.join("bob")
    room.registry.finish(LOG)
    assert refusal(room, ada, framing(HELLO)) is CloseCode.FINISHED
    assert await is_untouched(room, bob, text="")


@pytest.mark.parametrize("framing", framings())
async def test_finished_known(room: Room, framing: Framing) -> None:
    ada = await room.join("ada")
    room.accept(ada, encode_update(HELLO))
    room.registry.finish(LOG)
    room.accept(ada, framing(HELLO))
    await room.journal.flush()
    assert await acknowledged(ada) == [3]


@pytest.mark.parametrize("framing", framings())
async def test_finished_gap(room: Room, framing: Framing) -> None:
    ada, bob = await room.join("ada"), await room.join("bob")
    room.registry.finish(LOG)
    with contextlib.suppress(Refused):
        room.accept(ada, framing(after_hello(2).insert(5, "!")))
    assert await is_untouched(room, ada, bob, text="")


@pytest.mark.parametrize("framing", framings())
async def test_finished_invalid(room: Room, framing: Framing) -> None:
    ada = await room.join("ada")
    room.registry.finish(LOG)
    for bad in (FOREIGN_ROOT, BAD_BYTES):
        assert refusal(room, ada, framing(bad)) is CloseCode.INVALID


async def test_finished_and_reopened(room: Room) -> None:
    ada, oz = await room.join("ada"), await room.join("oz", may_write=False)
    room.registry.finish(LOG)
    assert refusal(room, oz, encode_update(HELLO)) is CloseCode.FINISHED
    room.registry.reopen(LOG)
    room.accept(ada, encode_update(HELLO))
    assert room.live.texts() == {"source": "hello"}


async def test_everybody_is_sent_away(room: Room) -> None:
    ada, bob = await room.join("ada"), await room.join("bob")
    room.accept(ada, encode_update(HELLO))
    room.live.close_peers(CloseCode.REMOVED, "removed", "bob")
    assert (ada.closing, bob.closing) == (None, (CloseCode.REMOVED, "removed"))
    assert await bob.take()  # what is queued is still sent
    room.live.close_peers(CloseCode.FINISHED, "finished")
    assert (await ada.take(), ada.closing) == (await bob.take(), (CloseCode.FINISHED, "finished"))
    assert bob.closing == (CloseCode.REMOVED, "removed")
