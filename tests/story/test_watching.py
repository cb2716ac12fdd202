"""A room that is watched from its start, while three people write in it: what the watcher has is what was there."""

import asyncio
import random
from typing import Any

import pytest
from pycrdt import Map, Text

from tests.replay.decoder import File, decode
from tests.support.api import Api
from tests.support.crowd import Crowd
from tests.support.server import Server

pytestmark = pytest.mark.anyio

NAMES = ("Cleo", "Olga", "Gus")
START, END = ({"type": None, "tname": "source", "item": None, "assoc": assoc} for assoc in (-1, 0))
ALL, BACKWARD = {"anchor": START, "head": END}, {"anchor": END, "head": START}
ENOUGH = 80  # operations that were watched
WORDS = ("def ", "x = 1\r\n", "é", "😀", "👩‍👩‍👧", "    return\n", "a")


class Watcher:
    """Asks again and again for what has come since, and appends it."""

    def __init__(self, api: Api, interview: str, chance: random.Random) -> None:
        self.api = api
        self.interview = interview
        self.chance = chance
        self.polls = 0
        self.file: File

    async def fetch(self, after: int | None = None) -> File:
        path = f"/api/v1/interviews/{self.interview}/recording/file"
        query = {} if after is None else {"after": after}
        answer = await self.api.http.get(path, params=query, headers=self.api.signed)
        assert answer.status_code == 200, answer.text
        return decode(answer.content)

    async def open(self) -> None:
        self.file = await self.fetch()

    async def poll(self) -> None:
        self.polls += 1
        self.file.append(await self.fetch(self.file.end["entry"]))

    async def compare(self) -> None:
        """At instants of what has been seen, against what the server says was there."""
        times = [each[1] for each in self.file.operations]
        for at_ms in {self.chance.randint(0, max(times)), *self.chance.choices(times, k=2)} if times else set():
            if at_ms == max(times):
                continue  # more of that time may have come since
            entry, texts = await self.api.text_at(self.interview, at_ms)
            mine = self.file.texts(entry or 0)
            assert {root: text for root, text in texts.items() if text} == {
                root: text for root, text in mine.items() if text
            }, (at_ms, entry)


async def write(crowd: Crowd, name: str, chance: random.Random) -> None:
    """Something of what people do, in either of two files."""
    peer = crowd[name]
    match chance.choice(["type", "type", "type", "delete", "undo", "file", "file", "select", "late"]):
        case "type":
            await crowd.type(name, chance.choice(WORDS), at=chance.randint(0, len(str(peer))))
        case "delete" if len(str(peer)) > 3:
            at = chance.randrange(len(str(peer)) - 1)
            await crowd.delete(name, at, chance.randint(1, min(5, len(str(peer)) - at)))
        case "undo":
            await crowd.undo(name)
        case "file":
            text: Text = peer.document.get("source/two", type=Text)
            files: Map[Any] = peer.document.get("files", type=Map)
            if "two" not in files:
                files["two"] = {"name": "two.py", "language": "python"}
            text.insert(0, chance.choice(WORDS))
            await peer.flush()
        case "select":
            await peer.announce(ALL)
        case "late" if not peer.delayed:
            crowd.delay(name)
        case _ if peer.delayed:
            await crowd.release(name)


async def watched(crowd: Crowd, watcher: Watcher, edits: int) -> None:
    chance = watcher.chance
    for _ in range(edits):
        await write(crowd, chance.choice(NAMES), chance)
        if chance.random() < 0.3:
            await watcher.poll()
            await watcher.compare()


async def test_a_room_that_is_watched_from_its_start(mortal: Server) -> None:
    """Rows A72 and B5: with delays, undo, two files and selections, across a crash, to the finish."""
    chance = random.Random(72)
    async with Api(mortal) as api:
        interview = await api.create()
        watcher = Watcher(api, interview, chance)
        await watcher.open()
        async with Crowd(api, interview) as crowd:
            for name, role in zip(NAMES, ("candidate", "interviewer", "guest"), strict=True):
                await crowd.join(name, role, faithful=True)
                await watcher.poll()
            await watched(crowd, watcher, 60)
            mortal.kill()
            mortal.start()
            await crowd.until(lambda: all(peer.synced for peer in crowd.peers.values()), "everybody is back")
            await watcher.poll()
            await watched(crowd, watcher, 40)
            async with asyncio.timeout(60):
                while len(watcher.file.operations) <= ENOUGH:
                    await watched(crowd, watcher, 5)
                    await watcher.poll()
            text = await crowd.settle()
            await api.until_text(interview, text)
            await watcher.poll()
            await crowd["Cleo"].announce(BACKWARD)
            async with asyncio.timeout(20):
                while not any(head < anchor for *_, anchor, head in watcher.file.selections):
                    await watcher.poll()
            two = str(crowd["Cleo"].document.get("source/two", type=Text))
            assert watcher.file.texts() == {"source": text, "source/two": two}
            await api.finish(interview)
        await watcher.poll()
    await _is_the_whole(mortal, watcher)


async def _is_the_whole(server: Server, watcher: Watcher) -> None:
    """What was put together is what somebody gets who comes now."""
    async with Api(server) as api:
        watcher.api = api
        whole, pieces = await watcher.fetch(), watcher.file
        assert pieces.operations == whole.operations
        assert pieces.selections == whole.selections
        assert pieces.events == whole.events
        assert {key: pieces.end[key] for key in ("entry", "head_hash", "roots", "writers", "files")} == {
            key: whole.end[key] for key in ("entry", "head_hash", "roots", "writers", "files")
        }
        pieces.check_proofs()
        whole.check_proofs()
        assert len(pieces.operations) > ENOUGH
        await watcher.compare()
