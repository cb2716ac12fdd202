from pathlib import Path

import pytest

from collab.errors import Refused
from collab.gate import Limits
from collab.peer import FRAME_BYTES, Peer
from collab.wire import (
    CloseCode,
    decode_state_vector,
    encode_denial,
    encode_step_1,
    encode_step_2,
    encode_update,
)
from tests.collab.exchange import (
    BAD_BYTES,
    FOREIGN_ROOT,
    HELLO,
    Framing,
    after_hello,
    framings,
    is_untouched,
    refusal,
)
from tests.collab.room import LOG, Room, a_room, acknowledged, people, present, sent
from tests.collab.typist import Typist, string, update

pytestmark = pytest.mark.anyio


# The decision table: may write


@pytest.mark.parametrize("framing", framings())
async def test_writer_new(room: Room, framing: Framing) -> None:
    ada, bob, stock = await room.join("ada"), await room.join("bob"), await room.join("cy", acknowledges=False)
    room.accept(ada, framing(HELLO))
    assert room.live.texts() == {"source": "hello"}
    assert await sent(bob) == await sent(stock) == [encode_update(HELLO)]
    assert await sent(ada) == []
    await room.journal.flush()
    assert await acknowledged(ada) == [2]
    (entry,) = await room.entries()
    assert (entry.payload, entry.delivered_by, entry.document, entry.kind) == (HELLO, "ada", LOG, "update")


@pytest.mark.parametrize("framing", framings())
async def test_writer_known(room: Room, framing: Framing) -> None:
    ada, bob = await room.join("ada"), await room.join("bob")
    room.accept(ada, encode_update(HELLO))
    await room.journal.flush()
    await sent(bob)
    room.accept(bob, framing(HELLO))
    assert await acknowledged(bob) == [2]
    assert await is_untouched(room, ada, text="hello")


async def test_writer_gap_while_asked(room: Room) -> None:
    ada, bob = room.seat("ada"), await room.join("bob")
    await sent(ada)
    for _ in range(10):
        room.accept(ada, encode_update(after_hello(2).insert(5, "!")))
    assert await sent(ada) == []
    assert await is_untouched(room, ada, bob, text="")


async def test_writer_gap(room: Room) -> None:
    ada, bob = await room.join("ada"), await room.join("bob")
    room.accept(ada, encode_update(after_hello(2).insert(5, "!")))
    assert await sent(ada) == [encode_step_1(b"\x00")]
    assert await is_untouched(room, ada, bob, text="")


async def test_writer_gap_in_a_step_2(room: Room) -> None:
    """It is all that she has: she is asked again when somebody else may have brought the rest."""
    ada, bob = await room.join("ada"), await room.join("bob")
    room.accept(ada, encode_step_2(after_hello(2).insert(5, "!")))
    assert await sent(ada) == []
    assert await is_untouched(room, bob, text="")
    room.accept(bob, encode_update(HELLO))
    await sent(ada)
    room.live.keep_alive()
    assert (await sent(ada))[0][:2] == b"\x00\x00"
    room.accept(ada, encode_step_2(after_hello(2).insert(5, "!")))
    assert room.live.texts() == {"source": "hello!"}


async def test_what_fits_of_a_step_2_is_taken(room: Room) -> None:
    """What she has typed herself, beside what she has heard of somebody who builds on what a crash has lost."""
    ada, bob = await room.join("ada"), await room.join("bob")
    room.accept(ada, encode_update(HELLO))
    await sent(bob)
    own = [string("a", left=(1, 4)), string("b", left=(5, 3)), string("c", left=(2, 1))]
    mixed = update((5, 7, [string("!", left=(5, 6))]), (2, 0, own), deletes={1: [(0, 1)], 9: [(3, 1)]})
    room.accept(ada, encode_step_2(mixed))
    assert room.live.texts() == {"source": "elloa"}
    (relayed,) = await sent(bob)
    assert relayed == encode_update(update((2, 0, own[:1]), deletes={1: [(0, 1)]}))
    room.accept(ada, encode_update(update((1, 5, [string("?", left=(1, 4), right=(2, 0))]))))
    assert room.live.texts() == {"source": "ello?a"}


async def test_writer_gap_four_times(room: Room) -> None:
    ada = await room.join("ada")
    gap = after_hello(2).insert(5, "!")
    for _ in range(3):
        room.accept(ada, encode_update(gap))
        room.accept(ada, encode_step_2(gap))
    assert await sent(ada) == [encode_step_1(b"\x00")] * 3
    assert refusal(room, ada, encode_update(gap)) is CloseCode.OUT_OF_STEP


async def test_writer_gap_is_forgotten_once_in_step(room: Room) -> None:
    ada = await room.join("ada")
    bob = Typist(2)
    for _ in range(5):
        bob.insert(0, "a")
        room.accept(ada, encode_update(bob.insert(0, "b")))
        assert len(await sent(ada)) == 1
        room.accept(ada, encode_step_2(bob.whole()))
        await room.journal.flush()
        await sent(ada)
    assert room.live.texts()["source"] == str(bob)


@pytest.mark.parametrize("framing", framings())
async def test_writer_invalid(room: Room, framing: Framing) -> None:
    ada, bob = await room.join("ada"), await room.join("bob")
    for bad in (FOREIGN_ROOT, BAD_BYTES, b"", b"\xff" * 9):
        assert refusal(room, ada, framing(bad)) is CloseCode.INVALID
    assert refusal(room, ada, b"\x09") is CloseCode.INVALID
    assert refusal(room, ada, encode_step_1(b"\x01")) is CloseCode.INVALID
    assert await is_untouched(room, bob, text="")


async def test_writer_too_large(tmp_path: Path) -> None:
    async with a_room(tmp_path, limits=Limits(max_structs=1)) as room:
        ada, bob = await room.join("ada"), await room.join("bob")
        two = update((1, 0, [string("a"), string("b", left=(1, 0))]))
        assert refusal(room, ada, encode_update(two)) is CloseCode.LIMIT
        assert await is_untouched(room, bob, text="")


async def test_writer_too_fast(room: Room) -> None:
    ada, bob = room.seat("ada", frames_per_s=1), room.seat("bob", frames_per_s=0)

    def flood(peer: Peer) -> None:
        for _ in range(5_000):
            room.accept(peer, b"\x03")

    with pytest.raises(Refused) as refused:
        flood(ada)
    assert refused.value.code is CloseCode.RATE
    flood(bob)


class HandClock:
    """Stands in for the module ``time``; goes only when it is told to."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def monotonic(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> HandClock:
    clock = HandClock()
    monkeypatch.setattr("collab.peer.time", clock)
    return clock


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("size", [1, FRAME_BYTES])
async def test_a_burst_of_a_thousand_frames_is_never_refused(room: Room, size: int) -> None:
    frame = b"\x03" if size == 1 else encode_update(update((1, 0, [string("x" * (size - 20))])))
    assert size - 8 < len(frame) <= size
    ada = room.seat("ada")
    for _ in range(1_000):
        room.accept(ada, frame)
    assert refusal(room, ada, frame) is CloseCode.RATE


@pytest.mark.parametrize("framing", framings())
async def test_large_frames_of_known_content_cost_by_their_size(room: Room, clock: HandClock, framing: Framing) -> None:
    ada, bob = room.seat("ada"), room.seat("bob")
    large = framing(update((1, 0, [string("x" * (2 * 2**20 - 40))])))
    room.accept(ada, large)
    assert refusal(room, ada, large) is CloseCode.RATE
    for _ in range(5):  # as fast as it may
        clock.now_s += len(large) / FRAME_BYTES / bob.frames_per_s
        room.accept(bob, large)


# The decision table: may not write


@pytest.mark.parametrize("framing", framings())
async def test_reader_new(room: Room, framing: Framing) -> None:
    ada, oz = await room.join("ada"), await room.join("oz", may_write=False)
    room.accept(oz, framing(HELLO))
    (denial,) = await sent(oz)
    assert denial.startswith(encode_denial("")[:2])
    assert await is_untouched(room, ada, text="")
    assert await acknowledged(oz) == []


@pytest.mark.parametrize("framing", framings())
async def test_reader_known(room: Room, framing: Framing) -> None:
    ada, oz = await room.join("ada"), await room.join("oz", may_write=False)
    room.accept(ada, encode_update(HELLO))
    await room.journal.flush()
    await sent(oz)
    room.accept(oz, framing(HELLO))
    assert await acknowledged(oz) == [2]
    assert await is_untouched(room, ada, text="hello")


@pytest.mark.parametrize("framing", framings())
async def test_reader_gap(room: Room, framing: Framing) -> None:
    ada, oz = await room.join("ada"), await room.join("oz", may_write=False)
    for _ in range(5):
        room.accept(oz, framing(after_hello(2).insert(5, "!")))
    assert [frame[:2] for frame in await sent(oz)] == [b"\x02\x00"] * 5
    assert await is_untouched(room, ada, text="")


@pytest.mark.parametrize("framing", framings())
async def test_reader_invalid(room: Room, framing: Framing) -> None:
    oz = await room.join("oz", may_write=False)
    for bad in (FOREIGN_ROOT, BAD_BYTES):
        assert refusal(room, oz, framing(bad)) is CloseCode.INVALID


async def test_a_reader_is_present(room: Room) -> None:
    ada, oz = await room.join("ada"), await room.join("oz", may_write=False)
    room.accept(oz, present(5))
    assert people((await sent(ada))[0]) == [5]
    assert await sent(oz) == []


# The decision table: commits failing and the queue full


@pytest.mark.parametrize("framing", framings())
async def test_full_new(full: Room, framing: Framing) -> None:
    bob, cy = full.seat("bob"), full.seat("cy")
    await sent(bob)
    await sent(cy)
    full.accept(bob, framing(after_hello(2).insert(5, "!")))
    assert await sent(bob) == await sent(cy) == []
    assert full.live.texts() == {"source": "hello"}
    assert full.journal.queued == 1


@pytest.mark.parametrize("framing", framings())
async def test_full_known(full: Room, framing: Framing) -> None:
    bob = full.seat("bob")
    full.accept(bob, framing(HELLO))
    assert await acknowledged(bob) == []
    await full.journal.flush()
    assert await acknowledged(bob) == [1]
    assert len(await full.updates()) == 1


@pytest.mark.parametrize("framing", framings())
async def test_full_gap(full: Room, framing: Framing) -> None:
    bob, ada = full.seat("bob"), Typist(2)
    ada.insert(0, "a")
    await sent(bob)
    for _ in range(5):
        full.accept(bob, framing(ada.insert(0, "b")))
    assert await sent(bob) == []
    assert full.live.texts() == {"source": "hello"}


@pytest.mark.parametrize("framing", framings())
async def test_full_invalid(full: Room, framing: Framing) -> None:
    bob = full.seat("bob")
    for bad in (FOREIGN_ROOT, BAD_BYTES):
        assert refusal(full, bob, framing(bad)) is CloseCode.INVALID


async def test_full_then_recovery_asks_every_writer(full: Room) -> None:
    bob, cy, oz = full.seat("bob"), full.seat("cy", acknowledges=False), full.seat("oz", may_write=False)
    typist = after_hello(2)
    full.accept(bob, encode_update(typist.insert(5, "!")))
    for peer in (bob, cy, oz):
        await sent(peer)
    await full.journal.flush()
    for peer in (bob, cy):
        (asked,) = await sent(peer)
        assert decode_state_vector(asked[3:]) == {1: 5}
    assert await sent(oz) == []
    full.accept(bob, encode_step_2(typist.lacked_by(b"\x01\x01\x05")))
    await full.journal.flush()
    assert await acknowledged(bob) == [2]
    assert full.live.texts() == {"source": "hello!"}
    assert await sent(cy) == [encode_update(typist.lacked_by(b"\x01\x01\x05"))]
    await full.journal.flush()
    assert await sent(cy) == []


async def test_full_by_bytes(tmp_path: Path) -> None:
    async with a_room(tmp_path, max_queued_bytes=len(HELLO)) as room:
        ada, typist = await room.join("ada"), after_hello(1)
        room.accept(ada, encode_update(HELLO))
        room.accept(ada, encode_update(typist.insert(5, "!")))
        assert room.live.texts() == {"source": "hello"}
