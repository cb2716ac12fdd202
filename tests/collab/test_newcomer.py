"""Conflicts are cheap for those who are there and may be dear for who comes later: what they may cost is bounded."""

from pathlib import Path

import pytest

from collab.errors import Refused
from collab.gate import Limits
from collab.peer import Peer
from collab.wire import CloseCode, encode_update
from tests.collab.authorship import after_a_restart, give
from tests.collab.room import Room, a_room
from tests.collab.typist import Typist, string, update

pytestmark = pytest.mark.anyio

FEW = Limits(max_crossings=3_000, max_participant_crossings=1_000)


async def tangle(room: Room, eve: Peer, rounds: int, first: int = 3) -> None:
    """Two clients of hers at every place and a third one between them: linear now, quadratic for a newcomer."""
    second, chain = first + 1, first + 6
    await give(room, eve, encode_update(update((chain, 0, [string("c")]))))
    for at in range(rounds):
        right = (first, at - 1) if at else None
        for client in (first, second):
            await give(room, eve, encode_update(update((client, at, [string("x", left=(chain, at), right=right)]))))
        link = string("c", left=(chain, at), right=(first, at))
        await give(room, eve, encode_update(update((chain, at + 1, [link]))))


async def test_honest_conflicts_are_far_from_the_limit(room: Room) -> None:
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
    assert room.live._gate._order.crossings.total < 2_000


async def test_who_tangles_a_document_may_not_go_on_and_all_others_may(tmp_path: Path) -> None:
    async with a_room(tmp_path, limits=FEW) as room:
        eve, ada = await room.join("eve"), await room.join("ada")
        with pytest.raises(Refused) as refused:
            await tangle(room, eve, 100)
        assert refused.value.code is CloseCode.LIMIT
        length = len(room.live.texts()["source"])
        assert 50 < length < 200
        typist = Typist(50, room.live._document.diff(b"\x00"))
        await give(room, ada, encode_update(typist.insert(length // 2, "still here")))
        await give(room, ada, encode_update(typist.insert(0, "and here")))
        assert room.live.texts()["source"] == str(typist)
        await room.journal.flush()
        async with after_a_restart(room.database, FEW) as restarted:
            with pytest.raises(Refused) as refused:
                await tangle(restarted, await restarted.join("eve"), 20, first=103)
            assert refused.value.code is CloseCode.LIMIT


async def test_a_document_takes_only_so_much_of_all_together(tmp_path: Path) -> None:
    async with a_room(tmp_path, limits=FEW) as room:
        for number in range(4):
            eve = await room.join(f"eve {number}")
            with pytest.raises(Refused) as refused:
                await tangle(room, eve, 100, first=3 + 20 * number)
            assert refused.value.code is CloseCode.LIMIT
        assert room.live._gate._order.crossings.total <= 3_000
