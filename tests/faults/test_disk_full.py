"""Catalogue row 3: the disk takes nothing for a while (B2)."""

import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.support.server import Server
from tests.support.trouble import ANSWERED_S, BACK_S, TOLD_S, filled, story, unwritable

pytestmark = pytest.mark.anyio


def check(took: dict[str, float]) -> None:
    assert took["told"] <= TOLD_S
    assert took["refused"] <= ANSWERED_S
    assert took["saved"] <= BACK_S


async def test_no_file_takes_another_byte(server: Server) -> None:
    await story(server, partial(unwritable, server))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, of 64 MB; skipped where none may be mounted."""
    directory = tmp_path / "disk"
    directory.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "none", directory], check=False)
    if mounted.returncode:
        pytest.skip("nothing may be mounted here")
    yield directory
    subprocess.run(["umount", directory], check=True)


@pytest.mark.long
@pytest.mark.parametrize("name", ["uvicorn", "hypercorn"])
async def test_sixty_seconds_without_room(name: str, small_disk: Path) -> None:
    server = Server(small_disk / "data", {"PANELROOM_SERVER": name})
    server.start()
    try:
        check(await story(server, partial(filled, small_disk), 60))
    finally:
        server.kill()
