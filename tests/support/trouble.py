"""What keeps a real server from saving for the length of a block, and the story that is told meanwhile."""

import asyncio
import resource
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any

import anyio

from tests.support.api import Api
from tests.support.crowd import Crowd
from tests.support.listener import Listener
from tests.support.server import OWNER, Server

TOLD_S = 2.0
ANSWERED_S = 5.5  # "about five seconds", on a busy machine
BACK_S = 5.0
NOBODY_S = 0.5

Trouble = Callable[[], AbstractContextManager[None]]


@contextmanager
def locked(server: Server) -> Iterator[None]:
    """Another process has the database, as a backup tool that writes, or somebody at its command line."""
    with closing(sqlite3.connect(server.data / "panelroom.db", isolation_level=None)) as another:
        another.execute("BEGIN IMMEDIATE")
        yield
        another.execute("ROLLBACK")


@contextmanager
def unwritable(server: Server) -> Iterator[None]:
    """No file takes another byte from the process that serves; the kernel says so in its own words."""
    worker = server.worker
    before = resource.prlimit(worker, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        resource.prlimit(worker, resource.RLIMIT_FSIZE, before)


@contextmanager
def filled(directory: Path) -> Iterator[None]:
    """The file system has no byte left."""
    ballast = directory / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (2**16, 2**12, 1):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                continue
    yield
    ballast.unlink()


@asynccontextmanager
async def a_room(api: Api) -> AsyncIterator[Crowd]:
    async with Crowd(api, await api.create()) as crowd:
        await crowd.join("Cleo", "candidate")
        await crowd.join("Olga", "interviewer")
        await crowd.join("Gus", "guest")
        yield crowd


async def story(server: Server, trouble: Trouble, lasts_s: float = 0.0) -> dict[str, float]:
    """People type while nothing is saved, for at least so long; how long the parts of it took, in seconds."""
    took: dict[str, float] = {}
    async with Api(server) as api, a_room(api) as crowd, a_room(api) as others, AsyncExitStack() as ears:
        watcher = await api.join(crowd.interview, "observer", member=OWNER)
        urls = [watcher.events_url, crowd.admitted["Cleo"].events_url, others.admitted["Olga"].events_url]
        listeners = [await ears.enter_async_context(Listener(url)) for url in urls]
        assert [ear.snapshot["is_saving"] for ear in listeners] == [True] * 3
        await crowd.type("Cleo", "before")
        await crowd.settle()
        nina = await api.join(crowd.interview, "guest", "Nina")
        since, confirmed = len(server.log), {name: peer.confirmed for name, peer in crowd.peers.items()}

        with trouble():
            began_s = time.monotonic()
            await crowd.type("Cleo", ", in")
            await crowd.until(lambda: str(crowd["Gus"]) == "before, in", "it is relayed all the same")
            await crowd.type("Gus", " trouble")
            await asyncio.gather(*(ear.hear("saving.changed", is_saving=False) for ear in listeners))
            took["told"] = time.monotonic() - began_s
            late = await ears.enter_async_context(Listener(urls[0]))
            assert late.snapshot["is_saving"] is False
            await crowd.until(lambda: str(crowd["Olga"]) == "before, in trouble", "so is this")
            started_s = time.monotonic()
            await asyncio.gather(*(_refused(api, *call) for call in _writes(crowd)))
            took["refused"] = time.monotonic() - started_s
            started_s = time.monotonic()
            await _reads(api, crowd)
            took["reads"] = time.monotonic() - started_s
            await crowd.open("Nina", nina)
            assert str(crowd["Nina"]) == "before, in trouble"
            await crowd.type("Nina", ".")
            while time.monotonic() - began_s < lasts_s:
                await crowd.type("Cleo", "!")
                await anyio.sleep(0.1)
            assert {name: peer.confirmed for name, peer in crowd.peers.items()} == confirmed | {"Nina": 0}
            assert await api.text(crowd.interview) == "before"
            took["lasted"] = time.monotonic() - began_s

        ended_s = time.monotonic()
        text = await crowd.settle()
        took["saved"] = time.monotonic() - ended_s
        await asyncio.gather(*(ear.hear("saving.changed", is_saving=True) for ear in (*listeners, late)))
        assert text.startswith("before, in trouble")
        assert text == await api.replay(crowd.interview)
        for each in (crowd, others):
            assert {peer.connections for peer in each.peers.values()} == {1}
        await listeners[0].hear("participant.entered", id=nina.participant_id)
        await listeners[0].hear("participant.connected", id=nina.participant_id)
        # Nothing was half done: all of it can be done again, and is on record once.
        for path, body, is_signed in _writes(crowd):
            await api.request("POST", path, body, signed=is_signed)
        kinds = [entry.kind for entry in await api.entries(crowd.interview)]
        assert (kinds.count("chat"), kinds.count("interview.finished"), kinds.count("participant.left")) == (1, 1, 1)
        assert kinds.count("participant.joined") == 7
        await others.type("Olga", "goes on")
        assert await others.settle() == "goes on"
    assert len([line for line in server.log[since:] if 'event="not saving"' in line or "not saving" in line]) == 1
    assert len([line for line in server.log[since:] if "saving again" in line]) == 1
    assert not [line for line in server.log[since:] if "Traceback" in line]
    print({name: round(seconds, 2) for name, seconds in took.items()})
    return took


Call = tuple[str, dict[str, Any], bool]


def _writes(crowd: Crowd) -> list[Call]:
    """What changes a room; by the end of it Gus has left and the interview is finished."""
    room = f"interviews/{crowd.interview}"
    gus = crowd.admitted["Gus"].ticket
    return [
        (f"{room}/join", {"as": "guest", "name": "Late"}, False),
        (f"{room}/join", {"as": "guest", "name": "Later"}, False),
        (f"{room}/chat", {"ticket": gus, "text": "Hello?", "to": "all"}, False),
        (f"{room}/leave", {"ticket": gus}, False),
        (f"{room}/finish", {"on_behalf_of": OWNER}, True),
    ]


async def _refused(api: Api, path: str, body: dict[str, Any], is_signed: bool) -> None:
    answer = await api.http.post(f"/api/v1/{path}", json=body, headers=api.signed if is_signed else {})
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:panelroom:database-silent"), answer.text
    assert 1 <= int(answer.headers["Retry-After"]) <= 5


async def _reads(api: Api, crowd: Crowd) -> None:
    assert (await api.http.get("/healthz")).status_code == 200
    assert await api.text(crowd.interview) == "before"
    assert await api.status(crowd.interview) == "active"
