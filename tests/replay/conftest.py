from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from collab.database import Database
from tests.replay.record import Recorded


@pytest.fixture
async def recorded(tmp_path: Path) -> AsyncIterator[Recorded]:
    """A journal with the started log of the interview "i"."""
    database = await Database.open(tmp_path / "panelroom.db")
    recorded = Recorded(database)
    await recorded.start()
    yield recorded
    await recorded.close()
