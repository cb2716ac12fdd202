"""B13: those who only watch are told together where they are many, and lose nothing by it."""

import random
from collections.abc import Iterator

import anyio
import pytest

from collab.gallery import FEW
from collab.peer import Peer
from collab.update import merged
from collab.wire import CloseCode, SyncStep2, Update, decode, encode_step_1, encode_step_2, encode_update
from tests.collab.room import NOTHING, Room, people, present, sent
from tests.collab.typist import Typist, content_of

pytestmark = pytest.mark.anyio

CHARACTERS = ["a", "b", " ", "\n", "é", "漢", "😀", "👩‍👩‍👧"]


@pytest.fixture(autouse=True)
def _by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is held stays held until the test says otherwise."""
    monkeypatch.setattr("collab.gallery.PAUSE_S", 3600)


async def watching(room: Room, number: int) -> list[Peer]:
    return [await room.join(f"watcher {each}", may_write=False) for each in range(number)]


def scribbles(chance: random.Random, times: int) -> Iterator[bytes]:
    """What three people do, who hear of each other now and then."""
    typists = [Typist(client_id) for client_id in (1, 2, 3)]
    unheard: dict[int, list[bytes]] = {1: [], 2: [], 3: []}
    for _ in range(times):
        typist = chance.choice(typists)
        if chance.random() < 0.3:
            typist.receive(*unheard[typist.client_id])
            unheard[typist.client_id].clear()
        length = len(str(typist))
        match chance.randrange(10):
            case 0:
                update = typist.put(chance.choice("xyz"), chance.randrange(9))
            case 1 | 2 if length > 4:
                update = typist.delete(chance.randrange(length - 3), 3)
            case _:
                update = typist.insert(chance.randint(0, length), "".join(chance.choices(CHARACTERS, k=2)))
        for client_id, updates in unheard.items():
            if client_id != typist.client_id:
                updates.append(update)
        yield update


def updates_of(frames: list[bytes]) -> list[bytes]:
    return [message.update for message in map(decode, frames) if isinstance(message, Update)]


@pytest.mark.parametrize("seed", range(40))
async def test_together_they_are_what_they_were_one_by_one(room: Room, seed: int) -> None:
    """Held over any stretches, by replicas that have part of it already too."""
    chance = random.Random(seed)
    writer = await room.join("ada")
    watcher = (await watching(room, FEW + 1))[0]
    for update in scribbles(chance, 120):
        room.accept(writer, encode_update(update))
        if chance.random() < 0.1:
            room.live._company._gallery.flush()
    room.live._company._gallery.flush()
    await room.journal.flush()
    recorded, told = await room.updates(), updates_of(await sent(watcher))
    assert len(told) < len(recorded)
    one_by_one, together, late = Typist(7, *recorded), Typist(8, *told), Typist(9, *recorded[: chance.randrange(120)])
    late.receive(*told)
    assert content_of(together.doc) == content_of(late.doc) == content_of(one_by_one.doc)
    assert str(together) == str(late) == str(one_by_one) == room.live.texts()["source"]
    assert together.files.to_py() == one_by_one.files.to_py()


async def test_a_merged_update_is_made_of_the_same_bytes() -> None:
    keys = Typist(1).type("abc")
    assert merged(keys[:1]) == keys[0]
    assert merged([]) == NOTHING
    assert len(merged(keys)) < sum(map(len, keys))


async def test_few_hear_at_once(room: Room) -> None:
    ada = await room.join("ada")
    watchers = await watching(room, FEW)
    update = encode_update(Typist(1).insert(0, "x"))
    room.accept(ada, update)
    assert [await sent(watcher) for watcher in watchers] == [[update]] * FEW


async def test_who_writes_hears_at_once_and_many_who_watch_together(room: Room) -> None:
    ada, bob = await room.join("ada"), await room.join("bob")
    watchers = await watching(room, FEW + 1)
    keys = Typist(1).type("abc")
    for key in keys:
        room.accept(ada, encode_update(key))
    assert await sent(bob) == [encode_update(key) for key in keys]
    assert [await sent(watcher) for watcher in watchers] == [[]] * len(watchers)
    room.live._company._gallery.flush()
    assert [await sent(watcher) for watcher in watchers] == [[encode_update(merged(keys))]] * len(watchers)


async def test_what_is_held_comes_by_itself(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also to those who are served last, and behind them what came meanwhile."""
    monkeypatch.setattr("collab.gallery.PAUSE_S", 0.0)
    ada = await room.join("ada")
    watchers = await watching(room, 5 * FEW)
    typist = Typist(1)
    for key in typist.type("ab"):
        room.accept(ada, encode_update(key))
    texts = {watcher: Typist(2) for watcher in watchers}
    with anyio.fail_after(10):
        while {str(text) for text in texts.values()} != {str(typist)}:
            for watcher, text in texts.items():
                text.receive(*updates_of(await sent(watcher)))
            await anyio.lowlevel.checkpoint()
            if len(str(typist)) < 40:
                room.accept(ada, encode_update(typist.insert(0, "c")))


async def test_one_who_falls_behind_makes_the_few_wait(room: Room) -> None:
    ada = await room.join("ada")
    slow, other = await watching(room, 2)
    typist = Typist(1)
    room.accept(ada, encode_update(typist.insert(0, "x" * 20_000)))
    await sent(other)
    keys = typist.type("abc")
    for key in keys:
        room.accept(ada, encode_update(key))
    assert await sent(other) == []
    await sent(slow)
    room.live._company._gallery.flush()
    assert await sent(slow) == await sent(other) == [encode_update(merged(keys))]
    room.accept(ada, encode_update(typist.insert(0, "d")))
    assert await sent(other) != []


async def test_much_is_not_held(room: Room) -> None:
    ada = await room.join("ada", frames_per_s=0)
    watchers = await watching(room, FEW + 1)
    typist = Typist(1)
    told = 0
    for _ in range(4):
        room.accept(ada, encode_update(typist.insert(0, "x" * 100_000)))
        room.live._company._gallery._finish_round()
        told += len(updates_of(await sent(watchers[0])))
    assert told == 1


async def test_a_newcomer_s_step_2_has_what_is_held(room: Room) -> None:
    ada = await room.join("ada")
    newcomer = (await watching(room, FEW + 1))[0]
    typist = Typist(1)
    held = typist.type("abc")
    for key in held:
        room.accept(ada, encode_update(key))
    room.accept(newcomer, encode_step_1(b"\x00"))
    (step_2,) = await sent(newcomer)
    message = decode(step_2)
    assert isinstance(message, SyncStep2)
    replica = Typist(2, message.update)
    assert str(replica) == "abc"
    room.live._company._gallery.flush()
    replica.receive(*updates_of(await sent(newcomer)))
    assert content_of(replica.doc) == content_of(typist.doc)


async def test_who_may_write_from_now_on_has_heard_everything(room: Room) -> None:
    """And who may not any more is sent nothing again that he has."""
    ada = await room.join("ada")
    watchers = await watching(room, FEW + 1)
    keys = Typist(1).type("abcd")
    room.accept(ada, encode_update(keys[0]))
    room.live.set_may_write("watcher 0", may_write=True)
    told = await sent(watchers[0])
    assert told[0] == encode_update(keys[0])
    assert told[1][:2] == b"\x00\x00", "and then asked for what he has"
    room.accept(watchers[0], encode_step_2(NOTHING))
    room.accept(ada, encode_update(keys[1]))
    assert await sent(watchers[0]) == [encode_update(keys[1])]
    room.live.set_may_write("watcher 0", may_write=False)
    room.accept(ada, encode_update(keys[2]))
    assert await sent(watchers[0]) == []
    room.live._company._gallery.flush()
    assert await sent(watchers[0]) == [encode_update(keys[2])]
    assert updates_of(await sent(watchers[1])) == [keys[0], keys[1], keys[2]]


async def test_the_end_comes_behind_what_is_held(room: Room) -> None:
    ada = await room.join("ada")
    watcher = (await watching(room, FEW + 1))[0]
    key = Typist(1).insert(0, "x")
    room.accept(ada, encode_update(key))
    room.live.close_peers(CloseCode.FINISHED, "the interview is finished")
    assert watcher.closing is not None
    assert await sent(watcher) == [encode_update(key)]


# Presence


async def test_of_presence_the_latest_is_told(room: Room) -> None:
    ada = await room.join("ada")
    watchers = await watching(room, FEW + 1)
    place = {"type": None, "tname": "source", "item": None, "assoc": 0}
    for side in (0, -1, 0, -1):
        at = str(place | {"assoc": side}).replace("'", '"').replace("None", "null")
        room.accept(ada, present(1, f'{{"cursor":{{"anchor":{at},"head":{at}}}}}'))
    room.accept(watchers[1], present(2))
    room.live._company._gallery.flush()
    (told,) = await sent(watchers[0])
    assert sorted(people(told)) == [1, 2]
    assert b'"assoc":-1' in told
    assert people((await sent(watchers[1]))[0]) == [1], "nobody is sent his own"


async def test_who_comes_and_goes_within_a_pause_is_gone(room: Room) -> None:
    (watcher, *_) = await watching(room, FEW + 1)
    visitor = Peer("visitor", {"id": "visitor"}, may_write=False)
    with room.live.joined(visitor):
        room.accept(visitor, present(9))
    room.live._company._gallery.flush()
    (told,) = await sent(watcher)
    assert people(told) == [9]
    assert told.endswith(b"null")


async def test_a_tab_come_back_is_not_told_that_it_has_gone(room: Room) -> None:
    watchers = await watching(room, FEW + 1)
    old = Peer("watcher 0", {"id": "watcher 0"}, may_write=False)
    with room.live.joined(old):
        room.accept(old, present(9))
    room.live._company._gallery.flush()
    assert await sent(watchers[0]) == []
    assert people((await sent(watchers[1]))[0]) == [9]


async def test_the_keep_alive_comes_behind_what_is_held(room: Room) -> None:
    """A caret stands on text that has been told."""
    ada = await room.join("ada")
    watcher = (await watching(room, FEW + 1))[0]
    room.accept(ada, encode_update(Typist(1).insert(0, "x")))
    room.accept(ada, present(1))
    room.live.keep_alive()
    assert [frame[0] for frame in await sent(watcher)] == [0, 1, 1]


async def test_what_somebody_says_again_is_told_by_the_keep_alive_only(room: Room) -> None:
    """Every client says every 15 s that it is there: a hundred would make a hundred frames of each."""
    ada, bob = await room.join("ada"), await room.join("bob")
    room.accept(ada, present(1))
    await sent(bob)
    room.accept(ada, present(1))
    assert await sent(bob) == []
    room.live.keep_alive()
    assert people((await sent(bob))[0]) == [1]
