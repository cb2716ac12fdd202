"""Fixtures that every directory of tests may use; a plugin of tests/conftest.py."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from collab.database import migrate
from tests.support.api import Api
from tests.support.crowd import Crowd
from tests.support.server import Server, serving


@pytest.fixture(scope="session", autouse=True)
def _migrated_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A new database in this process is a copy of one that was migrated: migrating takes longer than most tests."""
    template = tmp_path_factory.mktemp("migrated") / "panelroom.db"
    migrate(template)
    content = template.read_bytes()

    def migrate_or_copy(path: Path) -> None:
        if path.exists():
            migrate(path)
        else:
            path.write_bytes(content)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("collab.database.migrate", migrate_or_copy)
        yield


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests that leave it running; its log is checked at the end."""
    with serving(tmp_path_factory.mktemp("shared") / "data") as running:
        yield running


@pytest.fixture(scope="session")
def _mortal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    settings = {"PANELROOM_KEEP_ALIVE_S": "0.5"}
    with serving(tmp_path_factory.mktemp("mortal") / "data", settings) as running:
        yield running


@pytest.fixture
def mortal(_mortal: Server) -> Server:
    """Another one, for tests that stop, kill or may break it; it keeps quiet peers alive twice a second."""
    if not _mortal.alive():
        _mortal.start()
    return _mortal


@pytest.fixture
async def api(server: Server) -> AsyncIterator[Api]:
    async with Api(server) as client:
        yield client


@pytest.fixture
async def interview(api: Api) -> str:
    return await api.create(title="A test")


@pytest.fixture
async def crowd(api: Api, interview: str) -> AsyncIterator[Crowd]:
    async with Crowd(api, interview) as people:
        yield people
