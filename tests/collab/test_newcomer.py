"""Conflicts are cheap for those who are there and may be dear for who comes later: they are counted in time."""

import pytest

from collab import gate as gate_module
from collab.errors import Refused
from collab.live import COUNTED
from collab.peer import Peer
from collab.wire import CloseCode, encode_update
from tests.collab.room import Room, sent
from tests.collab.test_authorship import give
from tests.collab.typist import Typist, string, update

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def low_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate_module, "_MAX_UNCOUNTED_STEPS", 2_000)
    monkeypatch.setattr(gate_module, "_MAX_NEWCOMER_STEPS", 500)
    monkeypatch.setattr(gate_module, "_LEAST_UNCOUNTED_STEPS", 200)
    monkeypatch.setattr(gate_module, "_MOST_NEWCOMER_STEPS", 3_000)
    monkeypatch.setattr(gate_module, "_FEW_STEPS", 8)


async def tangle(room: Room, eve: Peer, rounds: int) -> None:
    """Two clients of hers at every place and a third one between them: linear now, quadratic for a newcomer."""
    first, second, chain = 3, 4, 9
    await give(room, eve, encode_update(update((chain, 0, [string("c")]))))
    for at in range(rounds):
        right = (first, at - 1) if at else None
        for client in (first, second):
            await give(room, eve, encode_update(update((client, at, [string("x", left=(chain, at), right=right)]))))
        link = string("c", left=(chain, at), right=(first, at))
        await give(room, eve, encode_update(update((chain, at + 1, [link]))))


async def test_honest_conflicts_are_counted_and_go_on(room: Room) -> None:
    """Four who type in one place, each seeing the others late."""
    peers = [await room.join(name) for name in ("ada", "bob", "cy", "dot")]
    typists = [Typist(client) for client in (4, 3, 2, 1)]
    told: list[bytes] = []
    for _ in range(12):
        heard = len(told)
        for peer, typist in zip(peers, typists, strict=True):
            for _ in range(3):
                told.append(typist.insert(len(str(typist)) // 2, "x"))
                await give(room, peer, encode_update(told[-1]))
        for typist in typists:
            typist.receive(*told[heard:])
    assert room.live.texts()["source"] == str(typists[0]) == "x" * 144


async def test_a_frame_waits_until_what_it_costs_a_newcomer_is_counted(room: Room) -> None:
    ada, bob = await room.join("ada"), await room.join("bob")
    await give(room, ada, encode_update(update(*[(client, 0, [string("x")]) for client in range(1, 17)])))
    many = encode_update(update(*[(client, 0, [string("y")]) for client in range(21, 37)]))
    await room.journal.flush()
    waits = []
    while (ticket := room.live.accept(bob, many)) is not None:
        waits.append(ticket)
        await room.journal.flush()
        await room.live.reached(ticket)
        assert len(waits) < 5
    assert room.live.texts()["source"].count("y") == 16


async def test_who_tangles_a_document_may_not_go_on_and_all_others_may(room: Room) -> None:
    eve, ada = await room.join("eve"), await room.join("ada")
    with pytest.raises(Refused) as refused:
        await tangle(room, eve, 200)
    assert refused.value.code is CloseCode.LIMIT
    length = len(room.live.texts()["source"])
    assert length < 300
    await sent(ada)
    typist = Typist(50, room.live._document.diff(b"\x00"))
    await give(room, ada, encode_update(typist.insert(length // 2, "still here")))
    await give(room, ada, encode_update(typist.insert(0, "and here")))
    assert room.live.texts()["source"] == str(typist)


async def test_a_frame_that_waits_is_not_lost_by_a_count_that_was_begun_before_it(room: Room) -> None:
    eve = await room.join("eve")
    await tangle(room, eve, 10)
    room.live._count_newcomer(b"", "")
    typist = Typist(60, room.live._document.diff(b"\x00"))
    await give(room, eve, encode_update(typist.insert(0, "x")))
    await room.live.reached(COUNTED)
    assert room.live.texts()["source"] == str(typist)


async def test_a_document_that_is_loaded_is_counted_at_once(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate_module, "_MAX_NEWCOMER_STEPS", 10**6)
    monkeypatch.setattr(gate_module, "_MOST_NEWCOMER_STEPS", 10**6)
    eve = await room.join("eve")
    await tangle(room, eve, 40)
    await room.journal.flush()
    again = await room.registry._load(room.live.log.id, room.live.id)
    await again.reached(COUNTED)
    assert again._gate._counted > 0
