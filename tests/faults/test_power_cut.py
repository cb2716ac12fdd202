"""The power fails while people type: what was not synced is gone or torn, and nothing acknowledged is missing."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.api import Api
from tests.support.company import Company
from tests.support.power import Disk, library
from tests.support.server import Server
from web.panelroom import DATABASE_NAME

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(library() is None, reason="this interpreter's SQLite does not show its functions"),
]

OFTEN = "wal_autocheckpoint=40"
"""Pages after which the log is written back: some times a second."""


class Plug:
    """What the server's disk has, at every moment since it was plugged in."""

    def __init__(self, server: Server, folder: Path, chance: random.Random | None) -> None:
        self._server = server
        self._log = folder / "power.log"
        self._chance = chance
        self._disk = Disk(server.data)
        self.unsynced = 0

    def plug_in(self) -> None:
        """What is on the disk now stays there."""
        self._log.unlink(missing_ok=True)
        self._disk = Disk(self._server.data)

    def power_cut(self, server: Server) -> None:
        server.kill()
        self._disk.play(self._log)
        for name, content in self._disk.whole().items():  # or the record is not what happened
            if DATABASE_NAME in name:
                assert Path(name).read_bytes() == content, name
        self.unsynced += self._disk.unsynced
        self._disk.cut(self._chance)
        self.plug_in()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """It has run and stopped."""
    server = Server(
        tmp_path / "data",
        {"POWER_LOG": str(tmp_path / "power.log"), "POWER_SYNC_S": "0.03", "PANELROOM_SEAT_HOLD_S": "600"},
    )
    server.start()
    assert server.stop() == 0
    server.module = "tests.support.power"
    yield server
    server.kill()


@pytest.mark.parametrize(
    ("rooms", "cuts", "typed_s", "seed"),
    [
        pytest.param(2, 2, 0.3, 0, id="some"),
        *(pytest.param(5, 25, 2.0, seed, id=f"piece{seed}", marks=pytest.mark.long) for seed in range(2)),
    ],
)
async def test_the_power_fails(
    server: Server, tmp_path: Path, rooms: int, cuts: int, typed_s: float, seed: int
) -> None:
    """Catalogue row 2; B2."""
    chance = random.Random(seed)
    server.settings["POWER_PRAGMAS"] = OFTEN
    plug = Plug(server, tmp_path, chance)
    server.start()
    company = Company(server, tmp_path, chance)
    async with Api(server) as api:
        await company.enter(api, rooms)
        for _ in range(cuts):
            await company.lives_through(plug.power_cut, typed_s, again=[plug.power_cut])
        for desk in company.desks:
            assert await api.text(desk.interview) == await api.replay(desk.interview) == str(desk.scribes[0].text)
        await company.leave()
    print(
        f"{company.deaths.total()} cuts, {plug.unsynced} operations not synced, {company.saved} updates acknowledged,"
        " none lost, none twice"
    )
    assert server.stop() == 0
    server.check_log()


@pytest.mark.long
@pytest.mark.parametrize("synchronous", ["NORMAL", "OFF"])
async def test_what_is_not_synced_would_be_missing(server: Server, tmp_path: Path, synchronous: str) -> None:
    """The test above proves something."""
    server.settings["POWER_PRAGMAS"] = f"synchronous={synchronous}"
    server.start()
    company = Company(server, tmp_path, random.Random(1))
    async with Api(server) as api:
        await company.enter(api, 1)
        assert server.stop() == 0
        plug = Plug(server, tmp_path, None)
        plug.plug_in()
        server.start()
        with pytest.raises(ExceptionGroup) as failed:
            await company.lives_through(plug.power_cut, 0.3)
        assert failed.group_contains(AssertionError, match="saved, and missing on the disk")
        await company.leave()
