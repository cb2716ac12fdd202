"""The server of a simulated room: the real journal and documents, in processes that die and lose what was queued."""

from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, fields

import anyio

from collab.clock import Clock
from collab.database import Database
from collab.errors import DocumentBroken, Refused
from collab.gate import Limits
from collab.journal import Journal
from collab.live import LiveDocument
from collab.log import UPDATE
from collab.peer import Peer
from collab.registry import Registry
from collab.wire import CloseCode
from tests.collab.room import LOG
from tests.support import wire

GONE = b""
"""In place of a frame: the other side has closed."""


class HonestRefused(AssertionError):
    """Raised when the server refuses what an honest client sent."""


@dataclass(slots=True)
class Figures:
    """What happened, over one room or many."""

    rooms: int = 0
    virtual_s: float = 0
    frames: int = 0
    updates: int = 0
    steps_2: int = 0
    recorded: int = 0
    known: int = 0
    set_aside: int = 0
    resyncs: int = 0
    waits: int = 0
    connections: int = 0
    cuts: int = 0
    crashes: int = 0
    restarts: int = 0
    reloads: int = 0
    holds: int = 0
    evictions: int = 0
    denials: int = 0
    waiting: int = 0
    lost_entries: int = 0
    overtaken: int = 0
    max_steps: int = 0  # of integration in one update, less what its bytes are worth
    max_spent: int = 0  # by one participant, in all

    def add(self, other: "Figures") -> None:
        for field in fields(self):
            one, two = getattr(self, field.name), getattr(other, field.name)
            setattr(self, field.name, max(one, two) if field.name.startswith("max") else one + two)


class Desk:
    """The server's end of one connection, as web/socket.py keeps it: a frame that waits for a ticket of the journal
    holds up those behind it, the end of the connection included.
    """

    def __init__(self, process: "Process", peer: Peer, send: Callable[[bytes], None]) -> None:
        self.peer = peer
        self.send = send
        self.is_gone = False
        self._process = process
        self._ticket = 0
        self._inbox: deque[bytes] = deque()
        self._stay = ExitStack()

    async def open(self) -> None:
        self._stay.enter_context(self._process.live.joined(self.peer))
        self.peer.send_now = self._send
        with anyio.move_on_after(0):
            while self.peer.closing is None:
                for frame in await self.peer.take():
                    assert isinstance(frame, bytes)
                    self.send(frame)

    def receive(self, frame: bytes) -> None:
        if not self.is_gone:
            self._inbox.append(frame)
            self.work()

    def work(self) -> None:
        """Take what may be taken now."""
        journal = self._process.journal
        while self._inbox and not self.is_gone and journal.durable >= self._ticket:
            frame = self._inbox[0]
            if frame == GONE:
                self.leave()
            elif self.peer.closing is None and not self._accept(frame):
                return
            self._inbox.popleft()

    def leave(self) -> None:
        self.is_gone = True
        self._process.desks.remove(self)
        self._stay.close()

    def _send(self, frame: bytes) -> None:
        self.send(frame)

    def _accept(self, frame: bytes) -> bool:
        """Whether the frame is done with; otherwise it waits."""
        figures, journal, peer = self._process.figures, self._process.journal, self.peer
        before = journal.queued, len(peer.set_aside), peer.resyncs
        account = self._process.live._gate._accounts[peer.participant_id]
        owed = account.steps
        try:
            ticket = self._process.live.accept(peer, frame)
        except Refused as refusal:
            raise HonestRefused(f"{refusal} to {peer.participant_id}: {frame.hex()}") from refusal
        except DocumentBroken as error:
            raise HonestRefused(f"the document broke at {peer.participant_id}: {frame.hex()}") from error
        if ticket is not None:
            assert ticket > 0, f"{frame.hex()} of {peer.participant_id} waits for more than a commit"
            figures.waits += 1
            self._ticket = ticket
            return False
        figures.frames += 1
        figures.max_steps = max(figures.max_steps, account.steps - owed)
        figures.max_spent = max(figures.max_spent, account.steps)
        figures.resyncs += max(0, peer.resyncs - before[2])
        if wire.counts(frame):
            figures.updates += frame[1] == wire.UPDATE
            figures.steps_2 += frame[1] == wire.STEP_2
            recorded, aside = journal.queued > before[0], len(peer.set_aside) > before[1]
            figures.recorded += recorded
            figures.set_aside += aside
            figures.known += not recorded and not aside
        return True


class Process:
    """One life of the server, serving one document. Nothing is committed unless somebody says so."""

    def __init__(self, database: Database, figures: Figures, max_queued: int) -> None:
        self.figures = figures
        self.journal = Journal(database, Clock(), max_queued=max_queued)
        self.registry = Registry(self.journal, Limits())
        self.desks: list[Desk] = []
        self.live: LiveDocument

    async def start(self) -> None:
        self.live = await self.registry.open(LOG, LOG)

    async def seat(
        self, participant: str, send: Callable[[bytes], None], *, acknowledges: bool, may_write: bool
    ) -> Desk:
        user = {"name": participant, "id": participant}
        peer = Peer(participant, user, may_write=may_write, acknowledges=acknowledges, frames_per_s=0)
        desk = Desk(self, peer, send)
        self.desks.append(desk)
        await desk.open()
        return desk

    async def commit(self) -> None:
        await self.journal.flush()
        for desk in list(self.desks):
            desk.work()

    async def unload(self) -> None:
        """What the registry does with a document that nobody uses; it is loaded again at once."""
        if not self.desks and self.journal.durable == self.journal.queued:
            self.registry._documents.clear()
            await self.start()

    async def reload(self) -> None:
        """What follows when the CRDT has failed: everybody is sent away, and finds the document loaded again."""
        self.registry.discard(self.live)
        await self.start()

    def hold(self) -> None:
        """Somebody is finishing the interview; then it fails."""
        self.registry.hold(LOG)

    def let_go(self) -> None:
        self.registry.reopen(LOG)

    async def drain(self) -> None:
        """The end of a process that is told to stop. Everybody is sent away."""
        await self.registry.drain()
        assert all(desk.peer.closing is not None and desk.peer.closing[0] is CloseCode.RESTART for desk in self.desks)

    async def recorded(self) -> list[bytes]:
        """The updates on disk, in order."""
        return [entry.payload for entry in await self.journal.entries(LOG, limit=1_000_000, kind=UPDATE)]
