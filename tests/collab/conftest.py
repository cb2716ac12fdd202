from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from collab.database import Database
from collab.journal import Journal
from collab.wire import (
    encode_update,
)
from tests.collab.clock import SetClock
from tests.collab.exchange import (
    HELLO,
)
from tests.collab.room import Room, a_database, a_room


@pytest.fixture
async def room(tmp_path: Path) -> AsyncGenerator[Room]:
    async with a_room(tmp_path) as room:
        yield room


@pytest.fixture
async def full(tmp_path: Path) -> AsyncGenerator[Room]:
    """Commits stand still, and Ada's "hello" fills the queue."""
    async with a_room(tmp_path, max_queued=1) as room:
        ada = await room.join("ada")
        room.accept(ada, encode_update(HELLO))
        assert room.journal.is_full
        yield room


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncGenerator[Database]:
    async with a_database(tmp_path) as database:
        yield database


@pytest.fixture
def journal(database: Database, clock: SetClock) -> Journal:
    return Journal(database, clock)
