"""Where interviews are made as if they had been typed: real rooms, journal and live documents, by a clock of ours."""

import heapq
import random
from collections.abc import Awaitable, Callable, Generator
from itertools import count
from typing import Any

from pycrdt import Doc, Map, Text, TransactionEvent, UndoManager

from collab.clock import Clock
from collab.database import Database
from collab.journal import Journal
from collab.live import LiveDocument
from collab.peer import Peer
from collab.registry import Registry
from collab.wire import encode_update
from rooms.service import Service

LOCAL = "local"

Play = Generator[int | Awaitable[Any], Any, None]
"""What somebody does: milliseconds to wait, and what the world must do meanwhile."""


class HandClock(Clock):
    def __init__(self, at_ms: int) -> None:
        super().__init__()
        self.at_ms = at_ms

    def now_ms(self) -> int:
        return self.at_ms


class World:
    """Everything that happens, in the order of its time."""

    def __init__(self, database: Database, start_ms: int, seed: int) -> None:
        self.chance = random.Random(seed)
        self.clock = HandClock(start_ms)
        self.start_ms = start_ms
        self.journal = Journal(database, self.clock)
        self.registry = Registry(self.journal)
        self.rooms = Service(database, self.journal, self.registry, self.clock)
        self.interview = ""
        self.desks: list[Desk] = []
        self.edits = 0
        self._due: list[tuple[int, int, Play | Callable[[], None]]] = []
        self._number = count()

    @property
    def now_ms(self) -> int:
        """Since the interview began."""
        return self.clock.at_ms - self.start_ms

    def later(self, after_ms: int, thing: Play | Callable[[], None]) -> None:
        heapq.heappush(self._due, (self.clock.at_ms + after_ms, next(self._number), thing))

    async def run(self, until_ms: int) -> None:
        while self._due and self._due[0][0] <= self.start_ms + until_ms:
            at_ms, _, thing = heapq.heappop(self._due)
            self.clock.at_ms = max(self.clock.at_ms, at_ms)
            if callable(thing):
                thing()
            else:
                await self._step(thing)
        await self.journal.flush()

    async def _step(self, play: Play) -> None:
        answer = None
        while True:
            try:
                wanted = play.send(answer)
            except StopIteration:
                return
            if isinstance(wanted, int):
                self.later(wanted, play)
                return
            answer = await wanted


class Desk:
    """One document as one person has it; what others type comes with the delay of a network."""

    def __init__(self, world: World, live: LiveDocument, peer: Peer) -> None:
        self.world = world
        self.live = live
        self.peer = peer
        self.doc: Doc[Any] = Doc(client_id=world.chance.getrandbits(32))
        self.files: Map[Any] = self.doc.get("files", type=Map)
        self.carets: dict[str, int] = {}  # in bytes, like every place in pycrdt
        self._texts: dict[str, Text] = {}
        self._histories: dict[str, UndoManager] = {}
        self._made: list[bytes] = []
        self._heard_ms = 0
        self._hearing = False
        self.hear(live._document.diff(b"\x00"))
        self._observed = self.doc.observe(self._changed)

    def text(self, root: str) -> Text:
        if root not in self._texts:
            text = self._texts[root] = self.doc.get(root, type=Text)
            text.observe(lambda event: self._moved(root, event))
        return self._texts[root]

    def history(self, root: str) -> UndoManager:
        """As the browser's: what is typed within half a second of the last key is undone with it."""
        if root not in self._histories:
            manager = UndoManager(
                scopes=[self.text(root)], capture_timeout_millis=500, timestamp=lambda: self.world.clock.at_ms
            )
            manager.include_origin(LOCAL)
            self._histories[root] = manager
        return self._histories[root]

    def hear(self, update: bytes) -> None:
        self._hearing = True
        self.doc.apply_update(update)
        self._hearing = False

    def send(self) -> Play:
        """What was made since goes to the server, and from there to everybody else."""
        made, self._made = self._made, []
        for update in made:
            while self.live.accept(self.peer, encode_update(update)) is not None:
                yield self.world.journal.flush()
            self.world.edits += 1
            for desk in self.world.desks:
                if desk is not self and desk.live is self.live:
                    desk._is_told(update)

    def _is_told(self, update: bytes) -> None:
        world = self.world
        self._heard_ms = max(self._heard_ms, world.clock.at_ms + world.chance.randint(30, 280))
        world.later(self._heard_ms - world.clock.at_ms, lambda: self.hear(update))

    def _changed(self, event: TransactionEvent) -> None:
        if not self._hearing:
            self._made.append(event.update)

    def _moved(self, root: str, event: Any) -> None:
        """The caret stays behind what it was behind."""
        caret, at = self.carets.get(root), 0
        if caret is None:
            return
        for change in event.delta:
            if "retain" in change:
                at += change["retain"]
            elif "insert" in change:
                length = len(change["insert"].encode())
                caret += length if at < caret else 0
                at += length
            else:
                caret -= min(change["delete"], max(0, caret - at))
        self.carets[root] = caret
