"""Frames to their end, and whose client ids are whose on disk."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from collab.clock import Clock
from collab.database import Database
from collab.errors import Refused
from collab.gate import Limits
from collab.log import AUTHOR
from collab.peer import Peer
from collab.wire import CloseCode
from tests.collab.room import LOG, Room


async def give(room: Room, peer: Peer, frame: bytes) -> None:
    """A frame, to its end: again when what it waited for is on disk, as the socket does."""
    while (ticket := room.live.accept(peer, frame)) is not None:
        await room.journal.flush()
        await room.live.reached(ticket)


def refused(room: Room, peer: Peer, frame: bytes) -> CloseCode:
    with pytest.raises(Refused) as refusal:
        room.live.accept(peer, frame)
    return refusal.value.code


async def bindings(room: Room) -> list[tuple[str, int]]:
    """What is on disk."""
    entries = await room.journal.entries(LOG, kind=AUTHOR)
    return [(entry.delivered_by, json.loads(entry.payload)["client"]) for entry in entries]


@asynccontextmanager
async def after_a_restart(database: Database, limits: Limits | None = None) -> AsyncGenerator[Room]:
    """Another process on what is on disk."""
    room = Room(database, Clock(), limits or Limits(), {})
    await room.open()
    try:
        yield room
    finally:
        room.leave()
