"""Finish against edits: one finishing entry, everything accepted before it is kept, everything later is refused."""

import anyio
import anyio.to_thread
import pytest

from collab.errors import Refused
from collab.live import LiveDocument
from collab.peer import Peer
from collab.wire import CloseCode, encode_update
from rooms.participant import Role
from tests.collab.room import accept
from tests.collab.typist import Typist
from tests.rooms.conftest import House

pytestmark = pytest.mark.anyio

TYPISTS = 4


async def type_until_refused(
    live: LiveDocument, client_id: int, accepted: list[bytes], refusals: list[Refused]
) -> None:
    typist, peer = Typist(client_id), Peer(f"participant {client_id}", {}, may_write=True, frames_per_s=0)
    with live.joined(peer):
        while True:
            update = typist.insert(0, "x")
            try:
                accept(live, peer, encode_update(update))
            except Refused as refusal:
                refusals.append(refusal)
                return
            if not live.is_held:  # set aside while the finish is being committed: accepted by nobody
                accepted.append(update)
            await anyio.to_thread.run_sync(int)  # lets the threads of the database run


@pytest.mark.parametrize("rounds", [10, pytest.param(1000, marks=pytest.mark.long)])
async def test_finish_against_edits(house: House, rounds: int) -> None:
    olga = await house.member()
    async with house.journal.running():
        for round_number in range(rounds):
            interview = await house.interview(olga)
            await house.enter(interview, Role.CANDIDATE)
            await house.enter(interview, Role.INTERVIEWER, olga)
            live = await house.registry.open(interview, interview)
            accepted: list[bytes] = []
            refusals: list[Refused] = []
            async with anyio.create_task_group() as tasks:
                for number in range(TYPISTS):
                    tasks.start_soon(type_until_refused, live, number + 1, accepted, refusals)
                # Another moment each time: before the commit that is due, in it, after it.
                await anyio.sleep(0.0007 * (round_number % 10))
                await house.rooms.lifecycle.finish(olga, interview)
            assert [refusal.code for refusal in refusals] == [CloseCode.FINISHED] * TYPISTS
            await house.journal.flush()
            entries = await house.journal.entries(interview, limit=100_000)
            assert [entry.entry for entry in entries if entry.kind == "interview.finished"] == [entries[-1].entry]
            assert [entry.payload for entry in entries if entry.kind == "update"] == accepted
