"""/readyz says no, and why, while people had better not be sent here; /healthz says yes all the while."""

import asyncio
import resource
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from anyio import to_thread

from tests.support.api import Api
from tests.support.crowd import Crowd
from tests.support.server import Server
from tests.support.trouble import locked, unwritable
from tests.web.conftest import open_site
from web.app import create_app
from web.settings import Settings

pytestmark = pytest.mark.anyio

WITHIN_S = 10.0  # much more than it takes


async def ready(api: Api) -> tuple[int, str]:
    """Status, and the kind of the problem."""
    assert (await api.http.get("/healthz")).status_code == 200
    answer = await api.http.get("/readyz")
    body: dict[str, Any] = answer.json()
    if answer.status_code == 200:
        return 200, body["status"]
    assert answer.headers["content-type"] == "application/problem+json"
    assert body["title"]
    assert body["detail"]
    return answer.status_code, body["type"].removeprefix("urn:panelroom:")


async def until(api: Api, *wanted: str) -> None:
    async with asyncio.timeout(WITHIN_S):
        while (await ready(api))[1] not in wanted:
            pass


async def settled(crowd: Crowd) -> None:
    """Somebody is inside, and all of that is on record."""
    await crowd.join("Cleo", "candidate")
    await crowd.type("Cleo", "before, ")
    await crowd.settle()


@pytest.fixture
async def crowd(mortal: Server) -> AsyncIterator[Crowd]:
    async with Api(mortal) as api, Crowd(api, await api.create()) as crowd:
        await settled(crowd)
        yield crowd


async def test_a_disk_that_takes_nothing(crowd: Crowd, mortal: Server) -> None:
    assert await ready(crowd.api) == (200, "ok")
    with unwritable(mortal):
        await crowd.type("Cleo", "a")
        await until(crowd.api, "not-saving")
        assert await ready(crowd.api) == (503, "not-saving")
    await until(crowd.api, "ok")
    assert await crowd.settle() == "before, a"


async def test_another_process_has_the_database(crowd: Crowd, mortal: Server) -> None:
    """Also while nobody types."""
    with locked(mortal):
        await until(crowd.api, "database-locked")
        assert (await ready(crowd.api))[0] == 503
        await crowd.type("Cleo", "a")
        await until(crowd.api, "not-saving")
    await until(crowd.api, "ok")
    assert await crowd.settle() == "before, a"


async def test_no_descriptors_left(crowd: Crowd, mortal: Server) -> None:
    """Nothing has to do with the database, and who is inside types on."""
    worker = mortal.worker
    before = resource.prlimit(worker, resource.RLIMIT_NOFILE)
    resource.prlimit(worker, resource.RLIMIT_NOFILE, (3, before[1]))
    try:
        assert await ready(crowd.api) == (503, "no-descriptors")
        await crowd.type("Cleo", "a")
        assert await crowd.settle() == "before, a"
    finally:
        resource.prlimit(worker, resource.RLIMIT_NOFILE, before)
    assert await ready(crowd.api) == (200, "ok")


async def test_a_server_that_is_stopping(mortal: Server) -> None:
    """Whoever is connected already hears it; it cannot end while what was typed waits for the disk."""
    async with Api(mortal) as api, Crowd(api, await api.create()) as crowd:
        await settled(crowd)
        assert await ready(api) == (200, "ok")
        with locked(mortal):
            await crowd.type("Cleo", "a")
            mortal.signal(signal.SIGTERM)
            await until(api, "draining")
        assert await to_thread.run_sync(mortal.stop) == 0


async def test_little_room_on_the_disk(tmp_path: Path) -> None:
    app = create_app(Settings(min_free_bytes=2**60), tmp_path)
    async with app.test_app():
        site = await open_site(app)
        problem = await site.problem(await site.call("GET", "/readyz", headers={}), 503)
        assert (await site.call("GET", "/healthz", headers={})).status_code == 200
    assert problem["type"] == "urn:panelroom:disk-full"
    assert f"asks for {2**40}" in problem["detail"]
