"""A document leaves the memory while people come, go and type: whoever comes sees all that was acknowledged before."""

import asyncio
import random
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from anyio.lowlevel import checkpoint
from pycrdt import Doc, Text, TransactionEvent

from collab.clock import Clock
from collab.journal import Journal
from collab.peer import Peer
from collab.registry import Registry
from collab.wire import CloseCode
from tests.collab.room import a_database
from tests.support import wire
from tests.support.api import Api
from tests.support.peer import Bell
from tests.support.scribe import Desk, settle
from tests.support.server import serving

pytestmark = pytest.mark.anyio

PEOPLE = "ab"
ROUNDS_OF_A_DOCUMENT = 60
SHOWN_S = 20.0
HURRY = {"PANELROOM_EVICT_S": "0.001", "PANELROOM_KEEP_ALIVE_S": "0.005"}


class Place:
    """A document, what was acknowledged in it, and how often it was opened anew."""

    def __init__(self, registry: Registry, name: str) -> None:
        self.registry = registry
        self.name = name
        self.saved: set[str] = set()
        self.came_too_late = 0


class Visitor:
    """Comes, is brought into step, types, goes; keeps his replica as an open page does."""

    def __init__(self, place: Place, name: str, chance: random.Random) -> None:
        self.place = place
        self.name = name
        self._chance = chance
        self._new_page()
        self._number = 0

    def _new_page(self) -> None:
        self._document: Doc[Any] = Doc()
        self._text: Text = self._document.get("source", type=Text)
        self._made: list[bytes] = []
        self._watched = self._document.observe(self._changed)
        self._unsaved: list[str] = []

    def _changed(self, event: TransactionEvent) -> None:
        self._made.append(event.update)

    async def visit(self) -> None:
        if self._chance.random() < 0.5:
            self._new_page()
        is_hasty = self._chance.random() < 0.2
        live = await self.place.registry.open(self.place.name, self.place.name)
        for _ in range(self._chance.choice((0, 0, 0, 1, 3))):
            await checkpoint()  # as the handshake is answered
        saved = set(self.place.saved)
        peer = Peer(self.name, {}, may_write=True, acknowledges=True)
        with live.joined(peer):
            if peer.closing is not None:
                assert peer.closing[0] is CloseCode.RESTART
                self.place.came_too_late += 1
                return
            assert live.accept(peer, wire.sync(wire.STEP_1, b"\0")) is None
            sent: list[list[str]] = []
            confirmed = 0
            is_shown = False
            words = [] if self._chance.random() < 0.3 else [self._word() for _ in range(self._chance.randint(1, 3))]
            while not is_shown or confirmed < len(sent):
                for frame in await peer.take():
                    assert isinstance(frame, bytes)
                    if frame[0] == wire.ACKNOWLEDGEMENT:
                        count = wire.read_varuint(frame, 1)[0]
                        for held in sent[confirmed:count]:
                            self.place.saved.update(held)
                        confirmed = count
                    elif frame[0] == wire.SYNC and frame[1] == wire.STEP_1:
                        answer = self._document.get_update(wire.read_bytes(frame, 2)[0])
                        sent.append(list(self._unsaved))
                        await self._say(live, peer, wire.sync(wire.STEP_2, answer))
                    elif frame[0] == wire.SYNC:
                        self._document.apply_update(wire.read_bytes(frame, 2)[0])
                        if frame[1] == wire.STEP_2:
                            is_shown = True
                            self._check(saved)
                if is_shown:
                    while words:
                        word = words.pop()
                        self._unsaved.append(word)
                        self._made.clear()
                        self._text.insert(self._chance.randint(0, len(self._text) // len(word)) * len(word), word)
                        sent.append([word])
                        await self._say(live, peer, wire.sync(wire.UPDATE, self._made[-1]))
                    if is_hasty:
                        return  # without waiting for the rest
            self._unsaved.clear()

    async def _say(self, live: Any, peer: Peer, frame: bytes) -> None:
        while (ticket := live.accept(peer, frame)) is not None:
            await live.reached(ticket)

    def _word(self) -> str:
        self._number += 1
        return f"{self.name}{self._number:06}"

    def _check(self, saved: set[str]) -> None:
        text = str(self._text)
        there = Counter(text[at : at + 7] for at in range(0, len(text), 7))
        assert not saved - there.keys(), f"acknowledged before, and not shown in {self.place.name}"
        assert not there or max(there.values()) == 1, f"twice in {self.place.name}"


@pytest.mark.parametrize("rounds", [300, pytest.param(10_000, marks=pytest.mark.long)])
async def test_unload_against_join_against_save(tmp_path: Path, rounds: int) -> None:
    """Catalogue row 28."""
    chance = random.Random(28)
    opened = 0
    came_too_late = 0
    async with a_database(tmp_path) as database:
        journal = Journal(database, Clock(), group_ms=1)
        registry = Registry(journal, idle_s=0.0, tick_s=0.0)

        def evicted(_log: str, _document: str) -> None:
            nonlocal opened
            opened += 1

        registry.on_quiet = evicted

        async def come_and_go(visitor: Visitor) -> None:
            for _ in range(ROUNDS_OF_A_DOCUMENT // len(PEOPLE)):
                await visitor.visit()
                for _ in range(chance.choice((0, 1, 10))):
                    await checkpoint()

        async with journal.running(), registry.running():
            for number in range(rounds // ROUNDS_OF_A_DOCUMENT):
                place = Place(registry, f"document {number}")
                async with asyncio.timeout(SHOWN_S), asyncio.TaskGroup() as tasks:
                    for name in PEOPLE:
                        tasks.create_task(come_and_go(Visitor(place, name, chance)))
                assert place.saved
                came_too_late += place.came_too_late
    print(f"{rounds} visits, {opened} times unloaded, {came_too_late} came too late")
    assert opened > rounds / 20


@pytest.mark.parametrize("times", [30, pytest.param(1_000, marks=pytest.mark.long)])
async def test_who_comes_as_the_last_one_goes(tmp_path: Path, times: int) -> None:
    """Catalogue row 28, through sockets."""
    chance = random.Random(28)
    bell = Bell()
    with serving(tmp_path / "data", HURRY | {"PANELROOM_MAX_CLIENTS": "2000"}) as server:
        async with Api(server) as api:
            desk = Desk(api, await api.create(), bell, chance)
            await desk.join("candidate", "Cleo")
            for _ in range(times):
                (leaving,) = desk.scribes
                for _ in range(3):
                    leaving.type()
                await settle([desk], bell)
                coming = desk.follow(0)
                stopping = asyncio.create_task(leaving.stop(clean=chance.random() < 0.5))
                await bell.until(partial(getattr, coming, "is_synced"), SHOWN_S, lambda: "nothing is shown")
                await stopping
                desk.check_words(str(coming.text), "as he comes")
            await settle([desk], bell)
            assert await api.text(desk.interview) == await api.replay(desk.interview) == str(desk.scribes[0].text)
            await desk.stop()
