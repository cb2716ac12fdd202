"""Whose a Yjs client id is: bound once, on disk before anybody hears of it, through reconnects and restarts."""

from pathlib import Path

import pytest

from collab.gate import Limits
from collab.live import LiveDocument
from collab.peer import Peer
from collab.wire import CloseCode, encode_denial, encode_step_2, encode_update
from tests.collab.authorship import after_a_restart, bindings, give, refused
from tests.collab.room import LOG, Room, a_database, a_room, people, present, sent
from tests.collab.typist import Typist, deleted, string, update

pytestmark = pytest.mark.anyio

DENIED = encode_denial("you may read this document, but not write in it")


# Binding


async def test_the_first_update_waits_until_its_client_is_bound_on_disk(room: Room) -> None:
    ada, bob = await room.join("ada"), await room.join("bob")
    hello = encode_update(Typist(7).insert(0, "hello"))
    ticket = room.live.accept(ada, hello)
    assert ticket is not None
    assert room.live.texts() == {"source": ""}
    assert await sent(bob) == []
    assert room.live.accept(ada, hello) == ticket  # not yet
    await room.journal.flush()
    assert await bindings(room) == [("ada", 7)]
    await room.live.reached(ticket)
    assert room.live.accept(ada, hello) is None
    assert await sent(bob) == [hello]
    assert room.live.accept(ada, encode_update(Typist(7, Typist(7).insert(0, "hello")).insert(5, "!"))) is None
    assert await bindings(room) == [("ada", 7)]


async def test_presence_waits_too_and_binds(room: Room) -> None:
    ada, bob = await room.join("ada"), await room.join("bob")
    ticket = room.live.accept(ada, present(7))
    assert ticket is not None
    assert await sent(bob) == []
    await room.journal.flush()
    assert room.live.accept(ada, present(7)) is None
    assert people((await sent(bob))[0]) == [7]
    assert room.live.accept(ada, encode_update(Typist(7).insert(0, "at once"))) is None
    assert await bindings(room) == [("ada", 7)]


async def test_another_connection_of_hers_waits_as_well(room: Room) -> None:
    """The quick reconnect must not overtake the binding that the old connection has begun."""
    ada, again, bob = await room.join("ada"), await room.join("ada"), await room.join("bob")
    hello = encode_update(Typist(7).insert(0, "hello"))
    assert room.live.accept(ada, hello) is not None
    assert room.live.accept(again, hello) is not None
    await room.journal.flush()
    assert room.live.accept(again, hello) is None
    assert await sent(bob) == [hello]


async def test_a_gap_binds(room: Room) -> None:
    ada = await room.join("ada")
    typist = Typist(7)
    typist.insert(0, "a")
    await give(room, ada, encode_update(typist.insert(1, "b")))
    assert await bindings(room) == [("ada", 7)]


@pytest.mark.parametrize("name", ["known", "step 2", "reader"])
async def test_what_does_not_bind(room: Room, name: str) -> None:
    """An echo, what somebody brings back, and what is denied."""
    ada, bob = await room.join("ada"), await room.join("bob", may_write=name != "reader")
    hello = Typist(7).insert(0, "hello")
    await give(room, ada, encode_step_2(hello))
    if name == "known":
        await give(room, bob, encode_update(hello))
    if name == "step 2":
        await give(room, bob, encode_step_2(Typist(8).insert(0, "x")))
    if name == "reader":
        await give(room, bob, encode_update(Typist(8).insert(0, "x")))
    await room.journal.flush()
    assert await bindings(room) == []


async def test_an_observer_s_presence_binds_too(room: Room) -> None:
    ada, oz = await room.join("ada"), await room.join("oz", may_write=False)
    await give(room, oz, present(7))
    assert refused(room, ada, encode_update(Typist(7).insert(0, "x"))) is CloseCode.INVALID


async def test_nothing_is_bound_while_the_queue_is_full(tmp_path: Path) -> None:
    async with a_room(tmp_path, max_queued=1) as room:
        ada, bob = await room.join("ada"), await room.join("bob")
        await give(room, ada, encode_update(Typist(7).insert(0, "a")))
        assert room.journal.is_full
        typist = Typist(8)
        assert room.live.accept(bob, encode_update(typist.insert(0, "b"))) is None  # set aside
        assert room.live.accept(bob, present(8)) is None
        await room.journal.flush()
        await give(room, bob, encode_step_2(typist.whole()))
        await room.journal.flush()
        await give(room, bob, present(8))
        await room.journal.flush()
        assert await bindings(room) == [("ada", 7), ("bob", 8)]
        assert set(room.live.texts()["source"]) == {"a", "b"}


# Foreign


@pytest.mark.parametrize("kind", ["update", "step 2"])
@pytest.mark.parametrize(
    "forged",
    [
        update((7, 5, [string("!", left=(7, 4))])),
        update((7, 5, [deleted(1, left=(7, 4))])),
        update((7, 50, [string("!", left=(7, 49))])),
        update((7, 5, [string("!", left=(7, 4))]), (8, 0, [string("mine")])),
    ],
    ids=["text", "deleted", "with a gap", "beside his own"],
)
async def test_forged(room: Room, forged: bytes, kind: str) -> None:
    ada, bob, eve = await room.join("ada"), await room.join("bob"), await room.join("eve")
    typist = Typist(7)
    await give(room, ada, encode_update(typist.insert(0, "hello")))
    await sent(bob)
    assert refused(room, eve, (encode_update if kind == "update" else encode_step_2)(forged)) is CloseCode.INVALID
    assert room.live.texts() == {"source": "hello"}
    assert await sent(bob) == []
    await give(room, ada, encode_update(typist.insert(5, "!")))
    assert room.live.texts() == {"source": "hello!"}


async def test_a_forger_who_may_only_read_is_denied(room: Room) -> None:
    ada, oz = await room.join("ada"), await room.join("oz", may_write=False)
    await give(room, ada, encode_update(Typist(7).insert(0, "hello")))
    await sent(oz)
    room.live.accept(oz, encode_step_2(update((7, 5, [string("!", left=(7, 4))]))))
    assert await sent(oz) == [DENIED]


async def test_a_forger_after_the_end(room: Room) -> None:
    ada, eve = await room.join("ada"), await room.join("eve")
    await give(room, ada, encode_update(Typist(7).insert(0, "hello")))
    room.registry.finish(LOG)
    assert refused(room, eve, encode_update(update((7, 5, [string("!", left=(7, 4))])))) is CloseCode.FINISHED


async def test_a_forger_while_the_queue_is_full(tmp_path: Path) -> None:
    async with a_room(tmp_path, max_queued=1) as room:
        ada, eve = await room.join("ada"), await room.join("eve")
        await give(room, ada, encode_update(Typist(7).insert(0, "hello")))
        assert refused(room, eve, encode_update(update((7, 5, [string("!", left=(7, 4))])))) is CloseCode.INVALID


async def test_an_echo_is_nothing(room: Room) -> None:
    ada, bob = await room.join("ada"), await room.join("bob")
    hello = encode_update(Typist(7).insert(0, "hello"))
    await give(room, ada, hello)
    await give(room, bob, hello)
    assert len(await room.updates()) == 0
    await room.journal.flush()
    assert len(await room.updates()) == 1


async def test_deleting_what_others_wrote_is_no_forgery(room: Room) -> None:
    ada, bob = await room.join("ada"), await room.join("bob")
    hello = Typist(7).insert(0, "hello")
    await give(room, ada, encode_update(hello))
    await give(room, bob, encode_update(Typist(8, hello).delete(0, 5)))
    assert room.live.texts() == {"source": ""}


async def test_a_name_that_is_somebody_else_s_cannot_be_announced(room: Room) -> None:
    ada, eve, bob = await room.join("ada"), await room.join("eve"), await room.join("bob")
    await give(room, ada, encode_update(Typist(7).insert(0, "hello")))
    await sent(bob)
    await give(room, eve, present(7))
    assert await sent(bob) == []
    assert eve.client_id is None


# Limits


async def test_so_many_new_clients_at_once(room: Room) -> None:
    ada = await room.join("ada")
    many = [(client, 0, [string("x")]) for client in range(1, 18)]
    assert refused(room, ada, encode_update(update(*many))) is CloseCode.LIMIT
    await give(room, ada, encode_update(update(*many[:16])))
    more = [(client, 0, [string("x")]) for client in range(101, 140)]
    await give(room, ada, encode_step_2(update(*more)))  # an honest one may bring back all that a crash has lost


@pytest.mark.parametrize("kind", ["update", "step 2", "presence"])
async def test_so_many_clients_of_one_participant(tmp_path: Path, kind: str) -> None:
    def frame(client: int) -> bytes:
        data = update((client, 0, [string("x")]))
        return {"update": encode_update(data), "step 2": encode_step_2(data), "presence": present(client)}[kind]

    async with a_room(tmp_path, limits=Limits(max_clients=5)) as room:
        for client in range(1, 6):
            ada = await room.join("ada")
            await give(room, ada, frame(client))
        assert refused(room, await room.join("ada"), frame(6)) is CloseCode.LIMIT
        await give(room, await room.join("bob"), frame(6))
        await room.journal.flush()
        async with after_a_restart(room.database, room.limits) as restarted:
            assert refused(restarted, await restarted.join("ada"), frame(7)) is CloseCode.LIMIT


async def test_documents_are_apart(tmp_path: Path) -> None:
    async with a_database(tmp_path) as database, after_a_restart(database) as room:
        ada = await room.join("ada")
        await give(room, ada, encode_update(Typist(7).insert(0, "hello")))
        notes: LiveDocument = await room.registry.open(LOG, f"{LOG}.notes")
        bob = Peer("bob", {}, may_write=True)
        with notes.joined(bob):
            hello = encode_update(Typist(7).insert(0, "another seven"))
            assert notes.accept(bob, hello) is not None
            await room.journal.flush()
            assert notes.accept(bob, hello) is None
