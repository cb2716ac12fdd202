from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from collab.database import Database
from replay import segment
from tests.replay.record import Recorded


@pytest.fixture
async def recorded(tmp_path: Path) -> AsyncIterator[Recorded]:
    """A journal with the started log of the interview "i"."""
    database = await Database.open(tmp_path / "panelroom.db")
    recorded = Recorded(database)
    await recorded.start()
    yield recorded
    await recorded.close()


@pytest.fixture(scope="module")
def small_segments() -> Iterator[None]:
    """What is derived has many segments, also of short histories."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segment, "_LEAST", 3)
        yield
