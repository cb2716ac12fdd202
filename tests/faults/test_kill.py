"""kill -9 while people type: they come back by themselves, agree, and nothing acknowledged is missing."""

import asyncio
import random
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from anyio import to_thread
from pycrdt import Doc, Text

from tests.support.api import Api
from tests.support.crowd import Crowd
from tests.support.peer import Peer
from tests.support.server import Server

pytestmark = pytest.mark.anyio

IN_FLIGHT = 20


def on_disk(data: Path, copy: Path, interview: str) -> Doc[Any]:
    """The document that the journal gives at the moment of death, read from a copy of the data directory."""
    shutil.copytree(data, copy)
    file = copy / "panelroom.db"
    document: Doc[Any] = Doc()
    with sqlite3.connect(file) as database:
        rows = database.execute(
            "SELECT payload FROM entry WHERE log = ? AND kind = 'update' ORDER BY entry", (interview,)
        ).fetchall()
    database.close()
    for (payload,) in rows:
        document.apply_update(payload)
    return document


def type_one(peer: Peer, chance: random.Random) -> None:
    length = len(str(peer))
    if length > 20 and chance.random() < 0.2:
        peer.delete(chance.randrange(length), 1)
    else:
        peer.insert(chance.choice("abc é😀\n"), chance.randint(0, length))


async def type_on(crowd: Crowd, peer: Peer, chance: random.Random, dead: asyncio.Event) -> None:
    """As fast as acknowledgements come, until the server is dead."""
    while not dead.is_set():
        type_one(peer, chance)
        await peer.flush()
        await crowd.until(
            lambda: dead.is_set() or not peer.online or len(peer.counted) - peer.confirmed < IN_FLIGHT,
            f"{peer.name} may type on",
        )


@pytest.mark.parametrize("times", [3, pytest.param(50, marks=pytest.mark.long)])
async def test_killed_while_four_people_type(mortal: Server, tmp_path: Path, times: int) -> None:
    chance = random.Random(6)
    async with Api(mortal) as api, Crowd(api, await api.create()) as crowd:
        for name, role in {"Cleo": "candidate", "Olga": "interviewer", "Gus": "guest", "Hal": "guest"}.items():
            await crowd.join(name, role, faithful=True)
        peers = list(crowd.peers.values())
        for number in range(times):
            connections = [peer.connections for peer in peers]
            dead = asyncio.Event()
            wanted = sum(len(peer.durable) for peer in peers) + chance.randint(20, 400)
            async with asyncio.TaskGroup() as typing:
                for peer in peers:
                    typing.create_task(type_on(crowd, peer, chance, dead))
                await crowd.until(
                    lambda wanted=wanted: sum(len(peer.durable) for peer in peers) >= wanted,  # type: ignore[misc]
                    "enough is acknowledged",
                )
                mortal.kill()
                dead.set()
                crowd.bell.ring()
            await crowd.until(lambda: not any(peer.online for peer in peers), "everybody has noticed")
            journal = on_disk(mortal.data, tmp_path / f"copy {number}", crowd.interview)
            text = str(journal.get("source", type=Text))
            state = journal.get_state()
            for peer in peers:
                for update in peer.durable:
                    journal.apply_update(update)
            assert journal.get_state() == state, "something acknowledged is missing"
            assert str(journal.get("source", type=Text)) == text, "an acknowledged deletion is missing"
            for peer in peers:
                type_one(peer, chance)
            await to_thread.run_sync(mortal.start)
            await crowd.until(lambda: all(peer.online for peer in peers), "everybody is back")
            settled = await crowd.settle()
            assert await api.replay(crowd.interview) == settled
            assert [peer.connections for peer in peers] == [number + 1 for number in connections]
