"""Catalogue row 4: another process has the database for a while (B2)."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager, AsyncExitStack, closing
from functools import partial
from pathlib import Path

import pytest
from anyio import to_thread
from structlog.testing import capture_logs

from tests.support.api import Api
from tests.support.crowd import Crowd
from tests.support.listener import Listener
from tests.support.server import Server
from tests.support.trouble import ANSWERED_S, TOLD_S, a_room, locked, story, unwritable
from web.serve import CannotServe, serve
from web.settings import Settings

pytestmark = pytest.mark.anyio

PAIR = {"Cleo": "candidate", "Olga": "interviewer"}
AT_ONCE_S = 1.0  # much less than any time-out


def check(took: dict[str, float]) -> None:
    assert took["told"] <= TOLD_S
    assert took["refused"] <= ANSWERED_S
    assert took["reads"] <= AT_ONCE_S
    assert took["saved"] <= AT_ONCE_S


async def test_four_seconds(server: Server) -> None:
    await story(server, partial(locked, server), 4)


@pytest.mark.long
@pytest.mark.parametrize("name", ["uvicorn", "hypercorn"])
async def test_thirty_seconds(name: str, tmp_path: Path) -> None:
    server = Server(tmp_path / "data", {"PANELROOM_SERVER": name})
    server.start()
    try:
        check(await story(server, partial(locked, server), 30))
    finally:
        server.kill()


@pytest.mark.parametrize("trouble", [unwritable, pytest.param(locked, marks=pytest.mark.long)])
async def test_who_enters_meanwhile_has_entered_afterwards(
    server: Server, trouble: Callable[[Server], AbstractContextManager[None]]
) -> None:
    """Those with whom an interview begins: it becomes active although nobody connects again."""
    async with Api(server) as api, Crowd(api, await api.create()) as crowd, AsyncExitStack() as ears:
        admitted = {name: await api.join(crowd.interview, role, name) for name, role in PAIR.items()}
        ear, since = await ears.enter_async_context(Listener(admitted["Olga"].events_url)), len(server.log)
        with trouble(server):
            for name, who in admitted.items():
                await crowd.open(name, who)
                await crowd.type(name, name)
            tried: list[str] = []
            while not all(any(who.participant_id in line for line in tried) for who in admitted.values()):
                tried = await to_thread.run_sync(server.lines_with, "entry not recorded", since, len(tried) + 1)
            assert await api.status(crowd.interview) == "pending"
        await ear.hear("interview.active")
        assert await api.status(crowd.interview) == "active"
        assert sorted(await crowd.settle()) == sorted("CleoOlga")
        assert {peer.connections for peer in crowd.peers.values()} == {1}
        await api.finish(crowd.interview)


async def test_a_start_waits(tmp_path: Path) -> None:
    """And says so, where the operator looks."""
    own = Server(tmp_path / "data")
    own.start()
    own.stop()
    since = len(own.log)
    with locked(own):
        starting = asyncio.create_task(to_thread.run_sync(own.start))
        await to_thread.run_sync(own.lines_with, "another process has the database", since)
        assert not own.lines_with("Listening on", since, 0)
    await starting
    try:
        async with Api(own) as api, a_room(api) as crowd:
            await crowd.type("Cleo", "here")
            assert await crowd.settle() == "here"
    finally:
        assert await to_thread.run_sync(own.stop) == 0


def test_a_start_gives_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a sentence, after a minute."""
    monkeypatch.setattr("collab.database._START_S", 0.3)
    data = tmp_path / "data"
    data.mkdir()
    with closing(sqlite3.connect(data / "panelroom.db", isolation_level=None)) as another:
        another.execute("BEGIN IMMEDIATE")
        with capture_logs() as said, pytest.raises(CannotServe, match="another process has locked it for a minute"):
            serve(Settings(), "127.0.0.1", 0, data, _never)
        assert [line["event"] for line in said] == ["another process has the database: waiting for it"]
        another.execute("ROLLBACK")


async def _never(*_: object) -> None:
    raise AssertionError("it listens")


async def test_with_the_queue_full(tmp_path: Path) -> None:
    """What does not fit any more is set aside: neither relayed nor lost, and brought again when there is room."""
    own = Server(tmp_path / "data", {"PANELROOM_JOURNAL_QUEUE_UPDATES": "5"})
    own.start()
    try:
        async with Api(own) as api, a_room(api) as crowd, Listener(crowd.admitted["Olga"].events_url) as ear:
            await crowd.settle()
            confirmed = crowd["Cleo"].confirmed
            with locked(own):
                for number in range(30):
                    await crowd.type("Cleo", f"{number} ")
                await ear.hear("saving.changed", is_saving=False)
                await crowd.until(lambda: str(crowd["Olga"]) == "0 1 2 3 4 ", "what fits is relayed")
                await crowd.type("Gus", "Gus ")
                assert [str(crowd["Olga"]), crowd["Cleo"].confirmed] == ["0 1 2 3 4 ", confirmed]
            text = await crowd.settle()
            await ear.hear("saving.changed", is_saving=True)
            assert sorted(text.split()) == sorted([*map(str, range(30)), "Gus"])
            assert await api.replay(crowd.interview) == text
            assert {(peer.connections, len(peer.denials)) for peer in crowd.peers.values()} == {(1, 0)}
    finally:
        own.kill()
