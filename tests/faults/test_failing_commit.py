"""A disk that takes nothing for a while: nobody is sent away for it, nothing is lost, and the process still ends."""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest
from anyio import to_thread
from sqlalchemy.exc import OperationalError

from collab.database import Database
from collab.journal import Journal
from collab.peer import Peer
from collab.registry import Registry
from collab.wire import CloseCode, encode_step_1, encode_step_2, encode_update
from rooms.participant import Role
from rooms.service import Service
from tests.collab.room import accept, acknowledged, sent
from tests.collab.typist import Typist
from tests.rooms.conftest import HandClock, House
from tests.support.api import Api
from tests.support.crowd import Crowd
from tests.support.server import Server

pytestmark = pytest.mark.anyio

FULL = "CREATE TRIGGER full BEFORE INSERT ON entry BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
UNSAVED = "not everything could be saved"


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    """One whose writes give up at once when another process has the database."""
    monkeypatch.setattr("collab.database._PATIENCE_S", 0.0)
    database, clock = await Database.open(tmp_path / "panelroom.db"), HandClock()
    journal = Journal(database, clock)
    registry = Registry(journal)
    yield House(clock, database, journal, registry, Service(database, journal, registry, clock))
    await database.close()


async def test_a_finish_that_cannot_be_committed_loses_nothing(house: House, tmp_path: Path) -> None:
    olga = await house.member()
    interview = await house.active(olga)
    await house.enter(interview, Role.GUEST)
    live = await house.registry.open(interview, interview)
    ada, oz = (Peer(name, {}, may_write=name == "ada", acknowledges=True) for name in ("ada", "oz"))
    typist = Typist(1)
    with live.joined(ada), live.joined(oz), closing(sqlite3.connect(tmp_path / "panelroom.db")) as another:
        accept(live, ada, encode_update(typist.insert(0, "before")))
        await house.journal.flush()
        for peer in (ada, oz):
            await sent(peer)
        another.execute("BEGIN IMMEDIATE")

        async def type_meanwhile() -> None:
            while not live.is_held:
                await anyio.lowlevel.checkpoint()
            accept(live, ada, encode_update(typist.insert(6, ", meanwhile")))

        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(type_meanwhile)
                with pytest.raises(OperationalError):
                    await house.rooms.lifecycle.finish(olga, interview)
        another.execute("ROLLBACK")

        assert ada.closing is oz.closing is None
        assert house.rooms.closed(interview) is None
        assert live.texts() == {"source": "before"}
        assert await sent(ada) == [encode_step_1(b"\x01\x01\x06")]
        assert await sent(oz) == []
        accept(live, ada, encode_step_2(typist.lacked_by(b"\x01\x01\x06")))
        accept(live, ada, encode_update(typist.insert(0, "and after, ")))
        await house.journal.flush()
        assert await acknowledged(ada) == [4]
        assert live.texts() == {"source": "and after, before, meanwhile"}

        await house.rooms.lifecycle.finish(olga, interview)
        assert {peer.closing and peer.closing[0] for peer in (ada, oz)} == {CloseCode.FINISHED}
        assert house.rooms.closed(interview) is CloseCode.FINISHED
    entries = await house.entries(interview)
    assert [entry.kind for entry in entries].count("interview.finished") == 1
    assert [entry.entry for entry in entries] == list(range(1, len(entries) + 1))
    replayed = Typist(9, *(entry.payload for entry in entries if entry.kind == "update"))
    assert str(replayed) == "and after, before, meanwhile"


async def test_a_cancelling_that_cannot_be_committed_sends_nobody_away(house: House, tmp_path: Path) -> None:
    olga = await house.member()
    interview = await house.active(olga)
    live, peer = await house.registry.open(interview, interview), Peer("ada", {}, may_write=True)
    with live.joined(peer), closing(sqlite3.connect(tmp_path / "panelroom.db")) as another:
        another.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError):
            await house.rooms.lifecycle.cancel(olga, interview)
        another.execute("ROLLBACK")
        assert {each.closing for each in live.peers} == {None}
        accept(live, peer, encode_update(Typist(1).insert(0, "still here")))
        assert live.texts() == {"source": "still here"}
        await house.rooms.lifecycle.cancel(olga, interview)
        assert peer.closing == (CloseCode.NO_DOCUMENT, "the interview was cancelled")


@pytest.fixture(scope="module", params=["uvicorn", "hypercorn"])
def either(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp(request.param) / "data", {"PANELROOM_SERVER": request.param})
    server.start()
    yield server
    server.kill()


@pytest.fixture
def own(either: Server) -> Server:
    """Its log is allowed to say what failed."""
    if not either.alive():
        either.start()
    return either


def run(server: Server, statement: str) -> None:
    with closing(sqlite3.connect(server.data / "panelroom.db", isolation_level=None)) as database:
        database.execute(statement)


async def test_a_finish_that_fails_can_be_repeated(own: Server) -> None:
    async with Api(own) as api, Crowd(api, await api.create()) as crowd:
        for name, role in {"Cleo": "candidate", "Olga": "interviewer"}.items():
            await crowd.join(name, role)
        await crowd.type("Cleo", "before")
        await crowd.settle()
        run(own, FULL)
        await api.request(
            "POST", f"interviews/{crowd.interview}/finish", {"on_behalf_of": "owner@example.org"}, expect=503
        )
        run(own, "DROP TRIGGER full")
        await crowd.type("Cleo", " and after")
        assert await crowd.settle() == "before and after"
        assert {peer.connections for peer in crowd.peers.values()} == {1}
        await api.finish(crowd.interview)
        await crowd.until(lambda: not any(peer.online for peer in crowd.peers.values()), "all sockets are closed")
        assert {peer.close_code for peer in crowd.peers.values()} == {4423}


async def test_sigterm_ends_a_server_whose_commits_fail(own: Server) -> None:
    async with Api(own) as api, Crowd(api, await api.create()) as crowd:
        for name, role in {"Cleo": "candidate", "Olga": "interviewer"}.items():
            await crowd.join(name, role)
        await crowd.type("Cleo", "saved")
        await crowd.settle()
        run(own, FULL)
        since = len(own.log)
        await crowd.type("Cleo", ", unsaved")
        await crowd.until(lambda: str(crowd["Olga"]) == "saved, unsaved", "Olga sees it all the same")
        assert await to_thread.run_sync(own.stop) == 0
        await crowd.until(lambda: not any(peer.online for peer in crowd.peers.values()), "the sockets are closed")
        assert {peer.close_code for peer in crowd.peers.values()} == {1012}
        (line, *_) = own.lines_with(UNSAVED, since)
        assert "updates=1" in line
        run(own, "DROP TRIGGER full")
        await to_thread.run_sync(own.start)
        assert await crowd.settle() == "saved, unsaved"
