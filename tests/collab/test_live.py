import contextlib
import subprocess
import sys
from pathlib import Path

import pytest

from collab.document import Document
from collab.errors import DocumentBroken, Refused
from collab.peer import Peer
from collab.wire import (
    CloseCode,
    decode_state_vector,
    encode_awareness,
    encode_step_1,
    encode_step_2,
    encode_update,
)
from tests.collab.cost import calls_of
from tests.collab.exchange import (
    HELLO,
    Framing,
    after_hello,
    framings,
)
from tests.collab.room import NOTHING, Room, a_room, people, present, sent
from tests.collab.typist import Typist, string, update, values

pytestmark = pytest.mark.anyio


# Joining


async def test_the_first_frame_is_step_1(room: Room) -> None:
    ada = room.seat("ada")
    assert await sent(ada) == [encode_step_1(b"\x00")]
    room.accept(ada, encode_update(HELLO))
    bob = room.seat("bob")
    (asked,) = await sent(bob)
    assert asked[:2] == b"\x00\x00"
    assert decode_state_vector(asked[3:]) == {1: 5}


async def test_step_1_is_answered(room: Room) -> None:
    ada, bob = await room.join("ada"), room.seat("bob")
    room.accept(ada, encode_update(HELLO))
    room.accept(ada, present(1))
    await sent(bob)
    room.accept(bob, encode_step_1(b"\x00"))
    step_2, presence = await sent(bob)
    assert step_2 == encode_step_2(HELLO)
    assert people(presence) == [1]
    assert bob.entered
    room.accept(bob, encode_step_1(b"\x01\x01\x05"))
    assert await sent(bob) == [encode_step_2(NOTHING)]


async def test_whoever_asks_hears_of_the_others(room: Room) -> None:
    ada, bob = await room.join("ada"), await room.join("bob")
    room.accept(ada, present(1))
    assert people((await sent(bob))[0]) == [1]
    assert await sent(ada) == []
    room.accept(bob, b"\x03")
    assert people((await sent(bob))[0]) == [1]


# Relaying


async def test_the_exact_frame_is_relayed(room: Room) -> None:
    """Also one whose length is written longer than it need be."""
    ada, bob = await room.join("ada"), await room.join("bob")
    frame = b"\x00\x02" + bytes([len(HELLO) | 0x80, 0]) + HELLO
    room.accept(ada, frame)
    assert await sent(bob) == [frame]


async def test_presence_is_relayed_and_removed(room: Room) -> None:
    ada = await room.join("ada")
    bob = Peer("bob", {"id": "bob"}, may_write=True)
    with room.live.joined(bob):
        room.accept(bob, present(2))
        assert people((await sent(ada))[0]) == [2]
        await sent(bob)
    (gone,) = await sent(ada)
    assert people(gone) == [2]
    assert gone.endswith(b"null")
    assert await sent(bob) == []
    room.accept(ada, encode_update(HELLO))
    assert await sent(bob) == []


async def test_a_value_that_wins_deletes_its_rival_for_the_gate_too(room: Room) -> None:
    ada, bob = await room.join("ada"), await room.join("bob")
    one, two = Typist(1), Typist(2)
    values_set = [one.put("source", "a"), two.put("source", "b")]
    room.accept(ada, encode_update(values_set[0]))
    room.accept(bob, encode_update(values_set[1]))
    await room.journal.flush()
    one.receive(*values_set)
    room.accept(ada, encode_step_2(one.whole()))
    assert await room.updates() == values_set
    assert room.journal.queued == 2


async def test_a_rival_is_known_to_be_deleted_after_a_reload(tmp_path: Path) -> None:
    one, two = Typist(1), Typist(2)
    values_set = [one.put("source", "a"), two.put("source", "b")]
    one.receive(*values_set)
    async with a_room(tmp_path) as room:
        ada = await room.join("ada")
        for each in values_set:
            room.accept(ada, encode_update(each))
        await room.journal.flush()
    async with a_room(tmp_path) as room:
        ada = await room.join("ada")
        room.accept(ada, encode_step_2(one.whole()))
        assert room.journal.queued == 0


async def test_a_collected_value_that_wins_deletes_its_rival_for_the_gate_too(room: Room) -> None:
    """Somebody set a value offline and replaced it: what is brought back may hold no value at all under the key."""
    ada, bob = await room.join("ada"), await room.join("bob")
    one, two = Typist(1), Typist(2)
    room.accept(ada, encode_update(one.put("source", "a")))
    two.put("source", "b")
    del two.files["source"]
    room.accept(bob, encode_step_2(two.whole()))
    one.receive(two.whole())
    await room.journal.flush()
    queued = room.journal.queued
    room.accept(ada, encode_step_2(one.whole()))
    assert room.journal.queued == queued


# Outboxes


async def test_who_does_not_take_his_frames_is_closed_alone(room: Room) -> None:
    slow, fast, ada = room.seat("slow", outbox_limit=100), room.seat("fast"), room.seat("ada")
    overflows: list[str] = []
    slow.on_overflow = lambda: overflows.append("slow")
    typist = Typist(1)
    for key in "abcdefghijklmnopqrstuvwxyz":
        room.accept(ada, encode_update(typist.insert(0, key)))
    assert slow.closing is not None
    assert slow.closing[0] is CloseCode.TOO_SLOW
    assert overflows == ["slow"]
    assert list(await slow.take()) == []
    assert fast.closing is ada.closing is None
    assert len(await sent(fast)) == 1 + 26


async def test_one_frame_over_the_limit_still_goes_out_alone(room: Room) -> None:
    ada, bob = await room.join("ada"), await room.join("bob", outbox_limit=100)
    paste = encode_update(Typist(1).insert(0, "x" * 1_000))
    room.accept(ada, paste)
    assert await sent(bob) == [paste]
    assert bob.closing is None


# Keeping alive


async def test_a_quiet_peer_is_sent_something(room: Room) -> None:
    ada = await room.join("ada")
    room.live.keep_alive()
    await sent(ada)
    for _ in range(3):
        room.live.keep_alive()
        assert await sent(ada) == [encode_awareness([])]


async def test_everybody_s_presence_is_renewed(room: Room) -> None:
    """Browsers drop a state after 30 s without news of it, however busy the connection is otherwise."""
    ada, bob, oz = await room.join("ada"), await room.join("bob"), await room.join("oz", may_write=False)
    room.accept(oz, present(5))
    typist, seen = Typist(1), [await sent(bob)]
    for _ in range(3):
        room.accept(ada, encode_update(typist.insert(0, "x")))
        room.live.keep_alive()
        seen.append([frame for frame in await sent(bob) if frame[0] == 1])
    assert all(frames and people(frames[-1]) == [5] for frames in seen)
    assert len({frames[-1] for frames in seen}) == len(seen)


# Bytes that end a process, a room or a browser where nothing stands in front of the CRDT


@pytest.mark.parametrize("framing", framings())
@pytest.mark.parametrize(
    "sequence",
    [
        ["01010001000000"],
        ["0101c98db701ffffffff0f000000"],
        ["01010300000100", "030000000103000001010305000000"],
        ["02010101090100007f0201000005000000"],
        ["010200ffffffff0f01010001000100"],
        ["0101010028010573" + "6f75726365016b01" + "7501" * 50_000 + "7e00"],
        ["0101010028010566696c6573016b01" + "7501" * 50_000 + "7e00"],
        ["0101090000feffffff0f00"],
        ["0101090001" + "0106736f75726365" + "feffffff0f00"],
        ["01016309840705017800"],
        ["010402042401000161008701010501700400030403eda080240104636f6465016b0000"],
        ["0101010389020204677569647e00"],
        ["01010100a701000200"],
        ["0080808080100101"],
        ["0101010c37010165026d6d0100"],
        ["d7548f54770c78002d677698fbbfd5f35730ee3240"],
    ],
    ids=lambda sequence: sequence[0][:24],
)
async def test_bytes_that_break_others(room: Room, sequence: list[str], framing: Framing) -> None:
    ada, eve = await room.join("ada"), await room.join("eve")
    room.accept(ada, encode_update(HELLO))
    for data in sequence:
        with contextlib.suppress(Refused):
            room.accept(eve, framing(bytes.fromhex(data)))
    assert await sent(ada) == []
    assert room.live.texts() == {"source": "hello"}
    newcomer = room.seat("newcomer")
    await sent(newcomer)
    room.accept(newcomer, encode_step_1(b"\x00"))
    assert (await sent(newcomer))[0] == encode_step_2(HELLO)


# Broken documents


def _breaks(*_: object) -> None:
    raise DocumentBroken


async def test_a_broken_document_is_loaded_from_the_journal(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    ada, bob = await room.join("ada"), await room.join("bob")
    room.accept(ada, encode_update(HELLO))
    await sent(bob)
    broken = room.live
    with monkeypatch.context() as breaking:
        breaking.setattr(Document, "merge", _breaks)
        with pytest.raises(DocumentBroken):
            room.accept(ada, encode_update(after_hello(2).insert(5, "!")))
    room.registry.discard(broken)
    assert [peer.closing and peer.closing[0] for peer in (ada, bob)] == [CloseCode.RESTART] * 2
    assert await sent(bob) == []
    assert await room.open() is not broken
    assert room.live.texts() == {"source": "hello"}
    cy = await room.join("cy")
    room.accept(cy, encode_update(after_hello(2).insert(5, "!")))
    assert room.live.texts() == {"source": "hello!"}
    await room.journal.flush()
    assert len(await room.updates()) == 2


async def test_a_broken_document_is_discarded_once(room: Room) -> None:
    broken = room.live
    room.registry.discard(broken)
    fresh = await room.open()
    room.registry.discard(broken)
    assert await room.open() is fresh


async def test_nothing_is_accepted_by_a_discarded_document(room: Room) -> None:
    """Somebody may be on his way in, or have frames on their way, while it breaks."""
    ada = await room.join("ada")
    room.accept(ada, encode_update(HELLO))
    room.registry.discard(room.live)
    late = room.seat("late")
    assert late.closing is not None
    for peer in (ada, late):
        with pytest.raises((Refused, DocumentBroken)):
            room.accept(peer, encode_update(after_hello(2).insert(5, "!")))


def test_a_document_that_panicked_is_neither_used_nor_dropped() -> None:
    """In a process of its own: what comes after a panic in the CRDT is not defined."""
    script = """
from collab.document import Document
from collab.errors import DocumentBroken
document = Document()
document.merge(bytes.fromhex("01010001000000"))
def breaks(step):
    try:
        step()
    except DocumentBroken:
        return True
    return False
assert breaks(lambda: document.diff(b"\\0"))
for step in (lambda: document.diff(b"\\0"), document.state_vector, document.texts, lambda: document.merge(b"\\0\\0")):
    assert breaks(step), "used after it broke"
del document
print("still here")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=20)
    assert done.stdout == "still here\n", done.stderr
    assert done.returncode == 0


async def test_plain_values_of_every_kind_reach_everybody(room: Room) -> None:
    ada, bob = await room.join("ada"), await room.join("bob")
    told = update((1, 0, [values(b"\x76\x01\x04name\x77\x01a", key="source")]))
    room.accept(ada, encode_update(told))
    assert await sent(bob) == [encode_update(told)]


async def test_a_value_costs_little_in_a_document_with_many_deletions(room: Room) -> None:
    """Whoever may write can do it five hundred times a second."""
    ada = await room.join("ada")
    room.accept(ada, encode_update(update((1, 0, [string("x" * 16_000)]))))
    for start in range(0, 16_000, 8_000):
        gone = [(clock, 1) for clock in range(start, start + 8_000, 2)]
        room.accept(ada, encode_update(update(deletes={1: gone})))
    typist = Typist(2)

    def change(value: int) -> None:
        room.accept(ada, encode_update(typist.put("source", value)))
        room.accept(ada, encode_update(typist.insert(0, "x")))

    change(0)
    assert calls_of(lambda: change(1)) < 1_000
