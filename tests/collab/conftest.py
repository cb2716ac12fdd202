from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from collab.wire import (
    encode_update,
)
from tests.collab.exchange import (
    HELLO,
)
from tests.collab.room import Room, a_room


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
