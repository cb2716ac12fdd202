"""A real journal in a real database, the documents on it, and people at them."""

from collections.abc import AsyncGenerator
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import anyio

from collab.clock import Clock
from collab.database import Database
from collab.errors import Refused
from collab.frame import read
from collab.gate import Limits
from collab.journal import Journal
from collab.live import LiveDocument
from collab.log import UPDATE, Entry
from collab.peer import Peer
from collab.registry import Registry
from collab.update import MAX_CLOCK
from collab.wire import Awareness, AwarenessEntry, Update, decode, encode_awareness, encode_step_2, read_varuint

LOG = "interview"
NOTHING = b"\x00\x00"


@asynccontextmanager
async def a_database(folder: Path) -> AsyncGenerator[Database]:
    """The database in this folder; a new one if there is none."""
    database = await Database.open(folder / "panelroom.db")
    try:
        yield database
    finally:
        await database.close()


class Room:
    """Nothing is committed unless the test says so: the journal's task does not run."""

    def __init__(self, database: Database, clock: Clock, limits: Limits, options: dict[str, Any]) -> None:
        self.database = database
        self.journal = Journal(database, clock, **options)
        self.registry = Registry(self.journal, limits)
        self.limits = limits
        self._seats = ExitStack()
        self.live: LiveDocument

    async def open(self) -> LiveDocument:
        self.live = await self.registry.open(LOG, LOG)
        return self.live

    def seat(self, name: str, *, may_write: bool = True, acknowledges: bool = True, **options: Any) -> Peer:
        """A connected peer that was asked by step 1 and has not answered."""
        peer = Peer(name, {"name": name, "id": name}, may_write=may_write, acknowledges=acknowledges, **options)
        self._seats.enter_context(self.live.joined(peer))
        return peer

    async def join(self, name: str, **options: Any) -> Peer:
        """A connected peer that is in step, having had nothing to bring."""
        peer = self.seat(name, **options)
        self.accept(peer, encode_step_2(NOTHING))
        await self.journal.flush()
        self.live.acknowledge()
        await sent(peer)
        return peer

    def accept(self, peer: Peer, frame: bytes) -> None:
        accept(self.live, peer, frame)

    async def entries(self) -> list[Entry]:
        return await self.journal.entries(LOG)

    async def updates(self) -> list[bytes]:
        """What is on disk, in order."""
        return [entry.payload for entry in await self.journal.entries(LOG, kind=UPDATE)]

    def leave(self) -> None:
        self._seats.close()


@asynccontextmanager
async def a_room(
    path: Path, *, clock: Clock | None = None, limits: Limits | None = None, **options: Any
) -> AsyncGenerator[Room]:
    """``options`` are the journal's."""
    async with a_database(path) as database:
        room = Room(database, clock or Clock(), limits or Limits(), options)
        try:
            await room.open()
            yield room
        finally:
            room.leave()


def accept(live: LiveDocument, peer: Peer, frame: bytes) -> None:
    """A frame of somebody whose Yjs client ids have long been bound to him."""
    authorship = live._authorship
    with suppress(Refused):
        message, update = read(frame)
        clients = [s.client for s in update.structs] if isinstance(message, Update) and peer.may_write else []
        if isinstance(message, Awareness):
            clients = [entry.client_id for entry in message.entries[:1]]
        for client in clients:
            if authorship.owner(client) is None:
                authorship.bind(client, peer.participant_id, MAX_CLOCK, 0)
    assert live.accept(peer, frame) is None


async def sent(peer: Peer) -> list[bytes]:
    """The frames that the peer has been offered since the last look."""
    frames: list[bytes] = []
    with anyio.move_on_after(0):
        frames += [frame for frame in await peer.take() if isinstance(frame, bytes)]
    return frames


async def acknowledged(peer: Peer) -> list[int]:
    """The counts among the frames that the peer has been offered since the last look."""
    return [read_varuint(frame, 1)[0] for frame in await sent(peer) if frame[0] == 8]


def present(client_id: int, state: str = "{}") -> bytes:
    return encode_awareness([AwarenessEntry(client_id, 1, state)])


def people(frame: bytes) -> list[int]:
    """The client ids of an awareness frame."""
    message = decode(frame)
    assert isinstance(message, Awareness)
    return [entry.client_id for entry in message.entries]
