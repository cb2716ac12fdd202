import pytest

from collab.errors import Refused
from collab.peer import DENIED, MAX_AWAITED, MAX_SET_ASIDE_BYTES, Peer
from collab.wire import (
    CloseCode,
    encode_awareness,
    encode_step_1,
    encode_step_2,
    encode_update,
)
from tests.collab.exchange import (
    HELLO,
)
from tests.collab.room import NOTHING, Room, acknowledged, present, sent
from tests.collab.typist import Typist, string, update

pytestmark = pytest.mark.anyio


# Acknowledgements


async def test_counted_in_order_once_durable(room: Room) -> None:
    ada, typist = room.seat("ada"), Typist(1)
    room.accept(ada, encode_step_2(typist.insert(0, "a")))
    room.accept(ada, encode_update(typist.insert(1, "b")))
    assert await acknowledged(ada) == []
    await room.journal.flush()
    assert await acknowledged(ada) == [2]
    room.accept(ada, encode_update(typist.insert(2, "c")))
    await room.journal.flush()
    assert await acknowledged(ada) == [3]
    await room.journal.flush()
    assert await sent(ada) == []


async def test_only_updates_are_counted(room: Room) -> None:
    ada = room.seat("ada")
    for frame in (encode_step_1(b"\x00"), b"\x03", present(1), encode_awareness([]), encode_update(HELLO)):
        room.accept(ada, frame)
    await room.journal.flush()
    assert await acknowledged(ada) == [1]


async def test_a_stock_peer_is_never_told(room: Room) -> None:
    stock = room.seat("stock", acknowledges=False)
    await sent(stock)
    room.accept(stock, encode_step_2(HELLO))
    room.accept(stock, encode_update(HELLO))
    await room.journal.flush()
    assert await sent(stock) == []


async def test_a_known_update_waits_until_what_it_repeats_is_durable(room: Room) -> None:
    ada, bob = await room.join("ada"), await room.join("bob")
    room.accept(ada, encode_update(HELLO))
    room.accept(bob, encode_update(HELLO))
    room.accept(bob, encode_step_2(HELLO))
    assert await acknowledged(bob) == []
    await room.journal.flush()
    assert await acknowledged(bob) == [3]
    room.accept(bob, encode_update(HELLO))
    assert await acknowledged(bob) == [4]


async def test_a_gap_counts_when_a_later_step_2_has_covered_it(room: Room) -> None:
    ada, typist = await room.join("ada"), Typist(1)
    before = typist.insert(0, "a")
    room.accept(ada, encode_update(typist.insert(1, "b")))
    room.accept(ada, encode_update(update((2, 0, [string("x")]))))
    await room.journal.flush()
    assert await acknowledged(ada) == []
    room.accept(ada, encode_update(before))
    room.accept(ada, encode_update(typist.insert(2, "c")))  # still a gap
    await room.journal.flush()
    assert await acknowledged(ada) == []
    room.accept(ada, encode_step_2(typist.whole()))
    assert await acknowledged(ada) == []
    await room.journal.flush()
    assert await acknowledged(ada) == [6]


async def test_a_step_2_that_is_itself_a_gap_covers_nothing(room: Room) -> None:
    ada, typist = await room.join("ada"), Typist(1)
    typist.insert(0, "a")
    room.accept(ada, encode_update(typist.insert(1, "b")))
    room.accept(ada, encode_step_2(typist.insert(2, "c")))
    await room.journal.flush()
    assert await acknowledged(ada) == []
    room.accept(ada, encode_step_2(typist.whole()))
    await room.journal.flush()
    assert await acknowledged(ada) == [4]


async def test_a_step_2_without_what_was_set_aside_covers_nothing(room: Room) -> None:
    ada, typist = await room.join("ada"), Typist(1)
    typist.insert(0, "a")
    room.accept(ada, encode_update(typist.insert(1, "b")))
    assert await sent(ada) == [encode_step_1(b"\x00")]
    room.accept(ada, encode_step_2(NOTHING))
    room.accept(ada, encode_step_2(update((2, 0, [string("x")]))))
    await room.journal.flush()
    told = await sent(ada)
    assert told
    assert all(frame.startswith(b"\x00\x00") for frame in told)
    room.accept(ada, encode_step_2(typist.whole()))
    await room.journal.flush()
    assert await acknowledged(ada) == [5]


async def test_a_gap_that_somebody_else_has_closed(room: Room) -> None:
    """What was set aside may have come by another tab of hers; the next step 2 settles it."""
    ada, tab, typist = await room.join("ada"), await room.join("ada"), Typist(1)
    typist.insert(0, "a")
    room.accept(ada, encode_update(typist.insert(1, "b")))
    room.accept(tab, encode_step_2(typist.whole()))
    room.accept(ada, encode_step_2(NOTHING))
    await room.journal.flush()
    assert await acknowledged(ada) == [3]


async def test_set_aside_is_bounded(room: Room) -> None:
    """A peer that leaves our step 1 unanswered and goes on."""
    ada = room.seat("ada")
    gap = encode_update(update((1, 5, [string("x" * 100_000, left=(1, 4))])))

    def go_on() -> None:
        for _ in range(1_000):
            room.accept(ada, gap)

    with pytest.raises(Refused) as refused:
        go_on()
    assert refused.value.code is CloseCode.OUT_OF_STEP
    # Not parsed: that would be a hundred times as much.
    assert {type(kept) for kept in ada.set_aside} == {bytes}
    assert sum(len(kept) for kept in ada.set_aside) == ada.set_aside_bytes <= MAX_SET_ASIDE_BYTES


@pytest.mark.parametrize("gap", [False, True])
async def test_what_waits_for_its_acknowledgement_is_bounded(room: Room, gap: bool) -> None:
    """However long commits fail, and whatever came in between: each frame is counted once it is durable."""
    ada, bob, typist, other = await room.join("ada"), await room.join("bob"), Typist(1), Typist(7)
    before = typist.insert(0, "a")
    ada.frames_per_s = bob.frames_per_s = 0
    many = 3 * MAX_AWAITED
    for number in range(many):
        if gap and number == many // 2:
            room.accept(ada, encode_update(typist.insert(1, "b")))
            room.accept(ada, encode_update(before))
        room.accept(ada, encode_update(NOTHING))
        room.accept(bob, encode_update(other.insert(number, "x")))
    assert len(ada.awaited) == MAX_AWAITED
    early = await acknowledged(ada)  # her first frames repeated what was on disk
    assert all(count <= 2 for count in early)
    await room.journal.flush()
    if gap:
        room.accept(ada, encode_step_2(typist.whole()))
        await room.journal.flush()
    assert (await acknowledged(ada))[-1] == 1 + many + (3 if gap else 0)


def test_late_rather_than_early() -> None:
    """Where one ticket stands for several frames, it is the last one's."""
    ada = Peer("ada", {}, may_write=True, acknowledges=True)
    for ticket in range(2 * MAX_AWAITED):
        ada.await_ticket(ticket)
    last = 2 * MAX_AWAITED - 1
    assert len(ada.awaited) == MAX_AWAITED
    assert ada.acknowledge(MAX_AWAITED - 2) == MAX_AWAITED - 1
    assert ada.acknowledge(last - 1) is None
    assert ada.acknowledge(last) == 2 * MAX_AWAITED


def test_what_was_set_aside_keeps_what_was_counted_with_it_waiting() -> None:
    ada = Peer("ada", {}, may_write=True, acknowledges=True)
    for ticket in range(2 * MAX_AWAITED):
        ada.await_ticket(ticket)
    ada.put_aside(b"x")
    ada.await_ticket(2 * MAX_AWAITED)
    last = 2 * MAX_AWAITED + 1
    assert ada.acknowledge(last) == MAX_AWAITED - 1
    ada.recover(last)
    ada.await_ticket(DENIED)
    ada.await_ticket(last)
    assert ada.acknowledge(last - 1) is None
    assert ada.acknowledge(last) == last + 1
    assert ada.acknowledge(last) is None


async def test_a_denied_frame_stops_the_count(room: Room) -> None:
    ada, oz = await room.join("ada"), await room.join("oz", may_write=False)
    room.accept(oz, encode_update(HELLO))
    room.accept(ada, encode_update(HELLO))
    room.accept(oz, encode_update(HELLO))
    room.accept(oz, encode_step_2(HELLO))
    await room.journal.flush()
    assert await acknowledged(oz) == []
