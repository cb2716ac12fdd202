"""The CRDT fails in a real server, or kills it: it is back at once, knows the poison, and does not die of it again."""

import os
import re
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from anyio import to_thread
from websockets.exceptions import InvalidMessage

from tests.support import wire
from tests.support.api import Api
from tests.support.crowd import Crowd
from tests.support.dialogue import close_code_of
from tests.support.poisonous import PANIC, POISON
from tests.support.server import Server

pytestmark = pytest.mark.anyio

BACK = "server process is back"
BACK_S = 2.0
POISONOUS = "tests.support.poisonous"


@pytest.fixture(scope="module", params=["uvicorn", "hypercorn"])
def either(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp(request.param) / "data", {"PANELROOM_SERVER": request.param}, POISONOUS)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def server(either: Server) -> Server:
    """With an empty log."""
    if not either.alive():
        either.module = POISONOUS
        either.start()
    either.log.clear()
    return either


def deaths(server: Server) -> int:
    return sum("server process died" in line for line in server.log)


def back_s(server: Server, times: int) -> float:
    """How long nobody was served the last time, when it has happened so often, but for what others took of the machine:
    the time for which the new process could have run and had to wait for a processor.
    """
    line = server.lines_with(BACK, 0, times)[-1]
    waited_s = 0.0
    with suppress(FileNotFoundError):  # not every kernel counts it
        waited_s = int(Path(f"/proc/{server.worker}/schedstat").read_text().split()[1]) / 1e9
    return float(re.findall(r"after_s=(\S+)", line)[0]) - waited_s


def quarantined(server: Server, document: str) -> list[tuple[Any, ...]]:
    query = "SELECT participant, during, entry, sha256 FROM quarantine WHERE document = ? ORDER BY at_ms"
    with closing(sqlite3.connect(server.data / "panelroom.db")) as database:
        return database.execute(query, (document,)).fetchall()


async def test_an_update_kills_the_server(server: Server) -> None:
    async with Api(server) as api, Crowd(api, await api.create()) as crowd, Crowd(api, await api.create()) as others:
        for name, role in {"Cleo": "candidate", "Olga": "interviewer"}.items():
            await crowd.join(name, role, faithful=True)
            await others.join(name, role, faithful=True)
        eve = await crowd.join("Eve", "guest", faithful=True)
        await crowd.type("Cleo", "hello")
        await others.type("Cleo", "elsewhere")
        await crowd.settle()
        await crowd.type("Eve", POISON)
        await crowd.until(lambda: eve.final, "Eve, who came back with it, is turned away")
        assert eve.close_code == 4400
        assert await to_thread.run_sync(back_s, server, 1) <= BACK_S

        participant = crowd.admitted["Eve"].participant_id
        ((bringer, during, entry, digest),) = quarantined(server, crowd.interview)
        assert (bringer, during, entry) == (participant, "live", None)
        (line,) = server.lines_with("event=quarantined", 0)
        assert all(fact in line for fact in (crowd.interview, participant, digest, "SIGSEGV"))

        poison = wire.sync(wire.STEP_2, eve.document.get_update())
        await crowd.leave("Eve")
        await crowd.type("Olga", " and on")
        assert await crowd.settle() == "hello and on"
        await others.type("Olga", ", on")
        assert await others.settle() == "elsewhere, on"

        again = await api.join(crowd.interview, "guest", "Eve", resume=crowd.admitted["Eve"].ticket)
        since = len(server.log)
        assert again.participant_id == participant
        assert await close_code_of(again.code, poison) == 4400
        (line,) = await to_thread.run_sync(server.lines_with, "peer refused", since)
        assert "an update that has broken this document" in line
        assert await crowd.settle() == "hello and on"
        assert deaths(server) == 1
        assert await to_thread.run_sync(server.stop) == 0


async def test_an_update_makes_the_crdt_panic(server: Server) -> None:
    """The server lives, and nobody but the sender notices."""
    async with Api(server) as api, Crowd(api, await api.create()) as crowd:
        for name, role in {"Cleo": "candidate", "Olga": "interviewer"}.items():
            await crowd.join(name, role)
        for times in (1, 2):
            await crowd.join("Eve", "guest", faithful=True)
            await crowd.type("Cleo", "hello")
            await crowd.settle()
            await crowd.type("Eve", PANIC)
            await crowd.type("Cleo", ", ")
            await crowd.until(lambda: crowd["Eve"].final, "Eve is thrown out")
            assert crowd["Eve"].close_code == 4400
            await crowd.leave("Eve")
            assert await crowd.settle() == "hello, " * times
            participant = crowd.admitted["Eve"].participant_id
            *_, (bringer, during, entry, digest) = quarantined(server, crowd.interview)
            assert (bringer, during, entry) == (participant, "live", None)
            assert all(fact in server.lines_with("event=quarantined", 0, times)[-1] for fact in (participant, digest))
            assert len(server.lines_with("document rebuilt", 0, times)) == times
        assert [crowd[name].connections for name in ("Cleo", "Olga")] == [1, 1]
        assert deaths(server) == 0


async def test_an_entry_of_the_journal_kills_the_server(server: Server) -> None:
    """It was accepted by another version, before the CRDT changed."""
    server.kill()
    server.module = "web.cli"
    server.start()
    async with Api(server) as api, Crowd(api, await api.create()) as crowd, Crowd(api, await api.create()) as others:
        for each in (crowd, others):
            await each.join("Cleo", "candidate")
        await crowd.type("Cleo", "hello")
        await crowd.settle()
        await crowd.type("Cleo", POISON)
        await crowd.settle()
        await others.type("Cleo", "elsewhere")
        await others.settle()
        entry = (await api.updates(crowd.interview))[-1].entry
        server.kill()
        server.module = POISONOUS
        await to_thread.run_sync(server.start)

        url = crowd.admitted["Cleo"].code
        with pytest.raises((OSError, EOFError, InvalidMessage)):
            await close_code_of(url)
        await read_only(api, crowd)
        await read_only(api, crowd)
        assert deaths(server) == 1
        ((_, during, number, digest),) = quarantined(server, crowd.interview)
        assert (during, number) == ("load", entry)
        (line,) = server.lines_with("event=quarantined", 0)
        assert all(fact in line for fact in (crowd.interview, digest, f"entry={entry}", "SIGSEGV"))
        assert len(server.lines_with("document is not opened whole any more", 0)) == 1
        assert await others.settle() == "elsewhere"

        await to_thread.run_sync(server.restart)
        await read_only(api, crowd)
        assert await others.settle() == "elsewhere"
        assert deaths(server) == 1

        # What docs/operations.md says can be done, with a version that can read it.
        await to_thread.run_sync(server.stop)
        with closing(sqlite3.connect(server.data / "panelroom.db", isolation_level=None)) as database:
            database.execute("DELETE FROM quarantine WHERE document = ?", (crowd.interview,))
        server.module = "web.cli"
        await to_thread.run_sync(server.start)
        assert await crowd.settle() == f"hello{POISON}"
        assert await to_thread.run_sync(server.stop) == 0


async def read_only(api: Api, crowd: Crowd) -> None:
    """Everybody is let in to what was before the entry, and nobody writes."""
    ned = await crowd.join("Ned", "guest")
    assert str(ned) == "hello"
    await crowd.type("Ned", "!")
    await crowd.until(lambda: len(ned.denials) == 1, "it is denied")
    assert (ned.online, ned.confirmed) == (True, 1)
    await crowd.leave("Ned")
    entries = await api.updates(crowd.interview)
    assert await api.text_at(crowd.interview, entries[0].at_ms) == (entries[0].entry, {"source": "hello"})
    assert "!" not in await api.replay(crowd.interview)


async def test_a_server_killed_three_times(server: Server) -> None:
    async with Api(server) as api, Crowd(api, await api.create()) as crowd:
        for name, role in {"Cleo": "candidate", "Olga": "interviewer"}.items():
            await crowd.join(name, role, faithful=True)
        for times in (1, 2, 3):
            await crowd.type("Cleo", str(times))
            server.kill_worker()
            assert await to_thread.run_sync(back_s, server, times) <= BACK_S
            await crowd.settle()
        assert await crowd.settle() == "123"
        assert len(server.lines_with(BACK, 0, 3)) == 3
        assert quarantined(server, crowd.interview) == []
        assert sum("Listening on" in line for line in server.log) == 3
        assert not any("/sign-in?token=" in line for line in server.log)
        assert await to_thread.run_sync(server.stop) == 0


async def test_who_connects_meanwhile_waits(server: Server) -> None:
    """The socket is the supervisor's: nobody is told that there is no server."""

    def come() -> int:
        os.kill(server.pid, signal.SIGSTOP)
        server.kill_worker()
        with closing(HTTPConnection("127.0.0.1", server.port, timeout=30)) as visitor:
            visitor.request("GET", "/healthz")
            os.kill(server.pid, signal.SIGCONT)
            return visitor.getresponse().status

    for _ in range(3):
        assert await to_thread.run_sync(come) == 200


async def test_killing_the_supervisor_kills_the_server(server: Server) -> None:
    await to_thread.run_sync(server.kill_supervisor)
    await to_thread.run_sync(server.start)  # on the same port and the same data
    assert await to_thread.run_sync(server.stop) == 0
