"""Finish while people type: one entry ends it, everything that anybody was shown or promised is before it."""

import asyncio
import random
from typing import Any

import pytest
from pycrdt import Doc, Text

from tests.support import wire
from tests.support.api import Api
from tests.support.crowd import Crowd
from tests.support.dialogue import close_code_of
from tests.support.keystroke import keystrokes
from tests.support.peer import Peer

pytestmark = pytest.mark.anyio

FINISHED = 4423
PEOPLE = {"Cleo": "candidate", "Olga": "interviewer", "Gus": "guest", "Hal": "guest"}
IN_FLIGHT = 10
LONGEST_S = 0.05


async def type_on(crowd: Crowd, peer: Peer) -> None:
    """As fast as acknowledgements come, until the room is closed."""
    while peer.online:
        peer.insert("x", 0)
        await peer.flush()
        await crowd.until(
            lambda: not peer.online or len(peer.counted) - peer.confirmed < IN_FLIGHT, f"{peer.name} may type on"
        )


@pytest.mark.parametrize(
    ("times", "seed"), [(10, 0), *(pytest.param(100, seed, marks=pytest.mark.long) for seed in range(10))]
)
async def test_finish_against_edits(api: Api, times: int, seed: int) -> None:
    chance = random.Random(seed)
    recorded = unsaved = 0
    for _ in range(times):
        async with Crowd(api, await api.create()) as crowd:
            for name, role in PEOPLE.items():
                await crowd.join(name, role)
            await crowd.type("Cleo", "begun")
            await crowd.until(lambda: crowd["Cleo"].settled, "it has begun")
            async with asyncio.TaskGroup() as typing:
                for peer in crowd.peers.values():
                    typing.create_task(type_on(crowd, peer))
                await asyncio.sleep(chance.uniform(0, LONGEST_S))
                await api.finish(crowd.interview)
            assert {peer.close_code for peer in crowd.peers.values()} == {FINISHED}
            entries = await api.entries(crowd.interview)
            (finished,) = (entry for entry in entries if entry.kind == "interview.finished")
            updates = [entry for entry in entries if entry.kind == "update"]
            assert all(entry.entry < finished.entry for entry in updates)
            document = replayed([entry.update for entry in updates])
            state = document.get_state()
            for peer in crowd.peers.values():
                for update in peer.durable + shown(peer):
                    document.apply_update(update)
            assert document.get_state() == state, "something that was promised or shown is not in the recording"
            again = crowd.admitted[chance.choice(list(PEOPLE))].code
            assert await close_code_of(again, wire.sync(wire.UPDATE, keystrokes("late")[0])) == FINISHED
            assert await api.text(crowd.interview) == str(document.get("source", type=Text))
            assert len(await api.entries(crowd.interview)) == len(entries)
            recorded += len(updates)
            unsaved += sum(len(peer.counted) - peer.confirmed for peer in crowd.peers.values())
    print(f"{times} times: {recorded} updates recorded, {unsaved} came too late")


def replayed(updates: list[bytes | None]) -> Doc[Any]:
    document: Doc[Any] = Doc()
    for update in updates:
        assert update is not None
        document.apply_update(update)
    return document


def shown(peer: Peer) -> list[bytes]:
    """What the others typed, as the server relayed it."""
    return [
        wire.read_bytes(frame, 2)[0]
        for frame in peer.frames
        if frame[0] == wire.SYNC and frame[1] in {wire.STEP_2, wire.UPDATE}
    ]
