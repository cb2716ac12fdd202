"""Whoever may only read tries everything that writes: nothing of it is applied, relayed or recorded."""

import random
from itertools import chain
from typing import Any

import pytest
from pycrdt import Doc, Map, Text

from tests.support import wire
from tests.support.api import Api
from tests.support.crowd import Crowd
from tests.support.keystroke import keystrokes
from tests.support.peer import Peer
from tests.support.server import OWNER

pytestmark = pytest.mark.anyio

STRANGER = 4711
PLACE = {"type": None, "tname": "source", "item": None, "assoc": 0}


def write(chance: random.Random, victim: Peer) -> bytes:
    """A frame that would change something."""
    document: Doc[Any] = Doc(client_id=victim.document.client_id if chance.random() < 0.2 else chance.randrange(2**32))
    document.apply_update(victim.document.get_update())
    state, text = document.get_state(), document.get("source", type=Text)
    match chance.randrange(5):
        case 0:
            text.insert(chance.randint(0, len(text)), "no")
        case 1:
            del text[0 : chance.randint(1, len(text))]
        case 2:
            document.get("files", type=Map)["no"] = "python"
        case 3:
            return wire.sync(chance.choice((wire.STEP_2, wire.UPDATE)), keystrokes("gap")[-1])
        case 4:
            text += "no"
            return wire.sync(wire.STEP_2, document.get_update())
    return wire.sync(chance.choice((wire.STEP_2, wire.UPDATE)), document.get_update(state))


def pretence(chance: random.Random, victim: Peer) -> bytes:
    """Awareness under another's id: moved, renamed or gone."""
    state = chance.choice((None, {"user": {"name": "no"}, "cursor": {"anchor": PLACE, "head": PLACE}}))
    client_id = chance.choice((victim.document.client_id, STRANGER))
    return wire.awareness([(client_id, chance.choice((1, 1000, 2**31)), state)])


@pytest.mark.parametrize("times", [60, pytest.param(20_000, marks=pytest.mark.long)])
@pytest.mark.parametrize("who", ["observer", "interviewer over the limit", "muted guest"])
async def test_nothing_comes_of_it(api: Api, who: str, times: int) -> None:
    """A31."""
    chance = random.Random(16)
    async with Crowd(api, await api.create(policy={"interviewers": 0})) as crowd:
        cleo = await crowd.join("Cleo", "candidate")
        gus = await crowd.join("Gus")
        reader = await crowd.join("Eve", next(role for role in ("observer", "interviewer", "guest") if role in who))
        if who == "muted guest":
            muted = f"interviews/{crowd.interview}/participants/{crowd.admitted['Eve'].participant_id}"
            await api.request("PATCH", muted, {"muted": True, "on_behalf_of": OWNER})
        else:
            assert crowd.admitted["Eve"].may_write[crowd.interview] is False
        await crowd.type("Cleo", "this stays")
        await crowd.until(lambda: str(gus) == str(reader) == "this stays", "everybody sees it")
        await crowd.until(lambda: len(gus.presence) == 2 and reader.settled, "everybody is seen")
        counted, heard, denied = reader.confirmed, len(gus.frames), 0
        for number in range(times):
            is_write = chance.random() < 0.6
            denied += is_write
            await reader.send(write(chance, cleo) if is_write else pretence(chance, cleo))
            if number % 50 == 0:  # what she types under an id that was pretended before would make that a no-op
                await crowd.until(lambda: len(reader.denials) == denied, "every write is denied")  # noqa: B023
                await crowd.type("Cleo", "x")
        await reader.announce()
        await crowd.until(lambda: len(reader.denials) == denied, "every write is denied")
        await crowd.type("Cleo", "!")
        typed = "this stays" + "x" * -(-times // 50) + "!"
        await crowd.until(lambda: str(gus) == str(reader) == typed and cleo.settled, "they still follow")
        assert reader.online
        assert reader.confirmed == counted
        relayed = [wire.read_bytes(frame, 2)[0] for frame in gus.frames[heard:] if frame[0] == wire.SYNC]
        assert relayed == [wire.read_bytes(frame, 2)[0] for frame in cleo.counted[-len(relayed) :]]
        seen = [wire.read_awareness(frame) for frame in gus.frames[heard:] if frame[0] == wire.AWARENESS]
        shown = {"observer": "Olga Owner", "interviewer over the limit": "Olga Owner", "muted guest": "Eve"}[who]
        names = {cleo.document.client_id: "Cleo", reader.document.client_id: shown}
        for client, _, state in chain.from_iterable(seen):  # the server tells hers anew now and then
            assert state is not None
            assert (names[client], None) == (state["user"]["name"], state["cursor"])
        assert {client: state["user"]["name"] for client, state in gus.presence.items()} == names
        updates = await api.updates(crowd.interview)
        assert {entry.delivered_by for entry in updates} == {crowd.admitted["Cleo"].participant_id}
        assert await api.replay(crowd.interview) == typed
