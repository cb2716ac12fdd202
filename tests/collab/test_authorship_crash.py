"""What a crash has lost of an author comes back, with whomever it comes."""

from collections.abc import Callable

import pytest

from collab.errors import Refused
from collab.log import UPDATE
from collab.peer import Peer
from collab.update import MAX_CLOCK
from collab.wire import CloseCode, encode_step_2, encode_update
from tests.collab.authorship import after_a_restart, bindings, give, refused
from tests.collab.room import LOG, NOTHING, Room, present, sent
from tests.collab.typist import Typist, deleted, string, update

pytestmark = pytest.mark.anyio


async def test_bindings_survive_a_restart(room: Room) -> None:
    ada, typist = await room.join("ada"), Typist(7)
    await give(room, ada, encode_update(typist.insert(0, "hello")))
    await room.journal.flush()
    async with after_a_restart(room.database) as restarted:
        ada, eve = await restarted.join("ada"), await restarted.join("eve")
        await give(restarted, eve, encode_update(update((7, 5, [string("x", left=(7, 4))]))))  # set aside: see below
        assert restarted.live.accept(ada, encode_update(typist.insert(5, "!"))) is None
        assert restarted.live.texts() == {"source": "hello!"}
        assert refused(restarted, eve, encode_update(update((7, 6, [string("x", left=(7, 5))])))) is CloseCode.INVALID


async def test_what_a_crash_has_lost_comes_back_with_somebody_else(room: Room) -> None:
    """Ada's end was relayed to Bob, not yet on disk, and the process died."""
    ada, typist = await room.join("ada"), Typist(7)
    await give(room, ada, encode_update(typist.insert(0, "hello")))
    await room.journal.flush()
    typist.insert(5, ", world")  # Bob has it
    async with after_a_restart(room.database) as restarted:
        ada, bob = await restarted.join("ada"), await restarted.join("bob")
        await give(restarted, bob, encode_step_2(typist.whole()))
        assert restarted.live.texts() == {"source": "hello, world"}
        await give(restarted, ada, encode_step_2(typist.whole()))
        await give(restarted, ada, encode_update(typist.insert(12, "!")))
        await restarted.journal.flush()
        entries = await restarted.journal.entries(LOG, kind=UPDATE)
        assert [entry.delivered_by for entry in entries] == ["ada", "bob", "ada"]
        assert {client for _, client in await bindings(restarted)} == {7}


async def test_what_a_crash_has_lost_comes_as_an_update(room: Room) -> None:
    """A provider that echoes what it merges: it is asked, and its step 2 brings the same."""
    ada, typist = await room.join("ada"), Typist(7)
    await give(room, ada, encode_update(typist.insert(0, "hello")))
    await room.journal.flush()
    more = typist.insert(5, ", world")
    async with after_a_restart(room.database) as restarted:
        bob = await restarted.join("bob")
        await give(restarted, bob, encode_update(more))
        assert (await sent(bob))[-1][:2] == b"\x00\x00"
        assert restarted.live.texts() == {"source": "hello"}
        await give(restarted, bob, encode_step_2(typist.whole()))
        assert restarted.live.texts() == {"source": "hello, world"}


async def test_what_was_relayed_before_it_was_bound_and_then_lost(room: Room) -> None:
    """The owner comes back first, is bound now, and has not shown what he has; somebody else shows it."""
    typist = Typist(7)
    typist.insert(0, "offline")
    ada, bob = room.seat("ada"), await room.join("bob")
    await give(room, ada, present(7))
    await give(room, bob, encode_step_2(typist.whole()))
    await give(room, ada, encode_step_2(typist.whole()))
    await room.journal.flush()
    assert room.live.texts() == {"source": "offline"}
    assert await bindings(room) == [("ada", 7)]


async def test_another_tab_of_the_owner_does_not_show_all_of_him(room: Room) -> None:
    """It heard the first of what a crash has lost, somebody else all of it."""
    ada, typist = await room.join("ada"), Typist(7)
    await give(room, ada, encode_update(typist.insert(0, "hello")))
    await room.journal.flush()
    typist.insert(5, "!")
    heard = typist.whole()
    typist.insert(6, "?")
    async with after_a_restart(room.database) as restarted:
        tab, bob = await restarted.join("ada"), await restarted.join("bob")
        await give(restarted, tab, present(8))
        await give(restarted, tab, encode_step_2(heard))
        await give(restarted, bob, encode_step_2(typist.whole()))
        assert restarted.live.texts() == {"source": "hello!?"}


async def test_nothing_is_lost_once_its_owner_is_in_step(room: Room) -> None:
    ada, typist = await room.join("ada"), Typist(7)
    await give(room, ada, encode_update(typist.insert(0, "hello")))
    await room.journal.flush()
    forged = encode_step_2(update((7, 5, [string("x", left=(7, 4))])))
    async with after_a_restart(room.database) as restarted:
        ada, eve = restarted.seat("ada"), await restarted.join("eve")
        await give(restarted, ada, present(7))
        await give(restarted, ada, encode_step_2(NOTHING))
        assert refused(restarted, eve, forged) is CloseCode.INVALID
        await restarted.journal.flush()
        assert await bindings(restarted) == [("ada", 7), ("ada", 7)]
        # Also for a document that was evicted meanwhile: this process knows that Ada was in step.
        again = await restarted.registry._load(LOG, LOG)
        peer = Peer("eve", {}, may_write=True)
        with again.joined(peer), pytest.raises(Refused):
            again.accept(peer, forged)


async def test_an_update_shows_that_its_owner_is_in_step(room: Room) -> None:
    ada, typist = await room.join("ada"), Typist(7)
    await give(room, ada, encode_update(typist.insert(0, "hello")))
    await room.journal.flush()
    async with after_a_restart(room.database) as restarted:
        ada, eve = await restarted.join("ada"), await restarted.join("eve")
        await give(restarted, ada, encode_update(typist.insert(5, "!")))
        assert refused(restarted, eve, encode_step_2(update((7, 6, [string("x", left=(7, 5))])))) is CloseCode.INVALID


async def test_a_crash_loses_only_so_much(room: Room) -> None:
    ada = await room.join("ada")
    await give(room, ada, encode_update(update((7, 0, [string("a")]))))
    await room.journal.flush()
    async with after_a_restart(room.database) as restarted:
        bob = await restarted.join("bob")
        more = encode_step_2(update((7, 1, [string("x" * 65_537, left=(7, 0))])))
        assert refused(restarted, bob, more) is CloseCode.INVALID
        await give(restarted, bob, encode_step_2(update((7, 1, [string("x" * 65_536, left=(7, 0))]))))


@pytest.mark.parametrize("wrap", [encode_update, encode_step_2], ids=["update", "step 2"])
@pytest.mark.parametrize(
    "many", [string("x" * 200_000, left=(7, 0)), deleted(MAX_CLOCK - 1, left=(7, 0))], ids=["pasted", "deleted"]
)
async def test_what_is_far_beyond_the_binding_is_on_disk_before_others_have_it(
    room: Room, wrap: Callable[[bytes], bytes], many: bytes
) -> None:
    """Or a crash could lose it, and who brought it back would seem to write in somebody else's name."""
    ada, bob = await room.join("ada"), await room.join("bob")
    await give(room, ada, encode_update(update((7, 0, [string("a")]))))
    await sent(bob)
    far = update((7, 1, [many]))
    ticket = room.live.accept(ada, wrap(far))
    assert ticket is not None
    assert room.live._gate.clocks[7] == 1
    assert not await sent(bob)
    await room.journal.flush()
    async with after_a_restart(room.database) as restarted:
        bob = await restarted.join("bob")
        await give(restarted, bob, encode_step_2(far))
        assert restarted.live._gate.clocks[7] > 65_536
    await give(room, ada, wrap(far))
    assert room.live._gate.clocks[7] > 65_536


async def test_what_belongs_to_nobody_may_be_brought_and_is_the_owner_s_when_he_comes(room: Room) -> None:
    bob, ada, typist = await room.join("bob"), await room.join("ada"), Typist(7)
    typist.insert(0, "offline")
    await give(room, bob, encode_step_2(typist.whole()))
    await give(room, ada, encode_update(typist.insert(7, "!")))
    assert room.live.texts() == {"source": "offline!"}
    assert await bindings(room) == [("ada", 7)]
