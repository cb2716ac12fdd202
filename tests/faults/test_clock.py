"""The machine's clock is set by an hour and a day, forward and back, under a live server and between two (row 10)."""

import json
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
from anyio import to_thread

from rooms.member import MemberRole
from tests.support import wire
from tests.support.api import Api
from tests.support.crowd import Crowd
from tests.support.gauge import Gauge
from tests.support.server import OWNER, Server
from tests.support.transport import until
from web.panelroom import DATABASE_NAME

pytestmark = pytest.mark.anyio

HOUR_S, DAY_S = 3_600, 86_400
STEPS_S = (HOUR_S, -2 * HOUR_S, HOUR_S + DAY_S, -2 * DAY_S, DAY_S)
A_WHILE_MS = 10 * 60_000  # no test takes so long
PEOPLE = {"Cleo": "candidate", "Olga": "interviewer", "Gus": "guest"}


class Machine:
    """A server, and the clock of the machine that it runs on."""

    def __init__(self, folder: Path) -> None:
        self._ahead = folder / "ahead"
        self.ahead_s = 0
        self.set(0)
        settings = {"STEPPED_BY": str(self._ahead), "PANELROOM_KEEP_ALIVE_S": "0.5"}
        self.server = Server(folder / "data", settings, "tests.support.stepped")

    def set(self, by_s: int) -> None:
        self.ahead_s += by_s
        self._ahead.with_suffix(".new").write_text(str(self.ahead_s))
        self._ahead.with_suffix(".new").replace(self._ahead)

    def boot(self, by_s: int) -> None:
        """It was switched off, and its clock is so far off when it is on again: what was known of its boot is nothing
        to the next server process.
        """
        kept = self.server.data / "clock.json"
        kept.write_text(json.dumps(json.loads(kept.read_text()) | {"boot": "another"}))
        self.set(by_s)
        self.server.kill_worker()


@pytest.fixture(scope="module")
def _machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    machine = Machine(tmp_path_factory.mktemp("machine"))
    machine.server.start()
    yield machine
    machine.server.kill()


@pytest.fixture
def machine(_machine: Machine) -> Machine:
    """As the test before has left it."""
    return _machine


@pytest.fixture
async def crowd(machine: Machine) -> AsyncIterator[Crowd]:
    async with Api(machine.server) as api, Crowd(api, await api.create()) as crowd:
        for name, role in PEOPLE.items():
            await crowd.join(name, role, faithful=True)
        yield crowd


async def times(crowd: Crowd) -> list[int]:
    """Of all entries: none is earlier than the one before it."""
    at_ms = [entry.at_ms for entry in await crowd.api.entries(crowd.interview)]
    assert all(one <= next_one for one, next_one in pairwise(at_ms)), at_ms
    return at_ms


def presence_clock(crowd: Crowd, of: str, seen_by: str) -> int:
    """The latest that a browser has seen: it takes nothing with an earlier one."""
    client_id = crowd[of].document.client_id
    heard = [wire.read_awareness(frame) for frame in crowd[seen_by].frames if frame[0] == wire.AWARENESS]
    return max(clock for entries in heard for about, clock, _ in entries if about == client_id)


async def everybody_stays(crowd: Crowd, step: str) -> None:
    """They type, are seen, and come back on the same ticket."""
    for name in PEOPLE:
        await crowd.type(name, f"{name} {step}\n")
    await crowd.settle()
    before = {name: presence_clock(crowd, name, "Olga") for name in ("Cleo", "Gus")}
    connections = crowd["Gus"].connections
    await crowd.drop("Gus")
    await crowd.until(lambda: crowd["Gus"].connections > connections and crowd["Gus"].synced, "Gus is back")
    for name in before:
        await crowd[name].announce()
    await crowd.until(
        lambda: all(presence_clock(crowd, name, "Olga") > clock for name, clock in before.items()),
        "Olga sees where they are",
    )


async def test_set_while_people_type(machine: Machine, crowd: Crowd) -> None:
    server, api = machine.server, crowd.api
    await everybody_stays(crowd, "before")
    session = await signed_in(api, server.add_member("mia@example.org", "Mia", MemberRole.ADMIN))
    before = await times(crowd)
    for step_s in STEPS_S:
        machine.set(step_s)
        gauge = Gauge((await api.http.get("/metrics")).text)
        assert gauge("clock_offset_seconds") == pytest.approx(-machine.ahead_s, abs=A_WHILE_MS / 1000)
        link = server.add_member("ben@example.org", "Ben")
        assert await signed_in(api, link), "a link that a command has made counts"
        assert (await api.http.get("/api/v1/whoami", headers=session)).status_code == 200
        await everybody_stays(crowd, str(step_s))
    assert [crowd[name].connections for name in PEOPLE] == [1, 1, 1 + 1 + len(STEPS_S)], "nobody else was disconnected"
    assert seats(machine, crowd) == [("seated", None)] * len(PEOPLE)
    after = await times(crowd)
    assert after[-1] - before[-1] < A_WHILE_MS


async def test_set_between_two_servers(machine: Machine, crowd: Crowd) -> None:
    """Of the same boot: all goes on as if nothing had been."""
    server, api = machine.server, crowd.api
    session = await signed_in(api, server.add_member("mia@example.org", "Mia", MemberRole.ADMIN))
    link = server.add_member("ben@example.org", "Ben")
    tickets = {name: admitted.participant_id for name, admitted in crowd.admitted.items()}
    before = await times(crowd)
    for step_s, again in ((DAY_S, server.restart), (-2 * DAY_S, server.kill_worker)):
        await everybody_stays(crowd, f"before {step_s}")
        await api.finish(crowd.interview)
        machine.set(step_s)
        await to_thread.run_sync(again)
        await api.request("POST", f"interviews/{crowd.interview}/reopen", {"on_behalf_of": OWNER})
        for name in PEOPLE:
            await crowd.rejoin(name)
        await crowd.until(lambda: all(crowd[name].synced for name in PEOPLE), "everybody is back")
        await everybody_stays(crowd, f"after {step_s}")
        assert (await api.http.get("/api/v1/whoami", headers=session)).status_code == 200
    assert {name: crowd.admitted[name].participant_id for name in PEOPLE} == tickets
    assert seats(machine, crowd) == [("seated", None)] * len(PEOPLE)
    assert await signed_in(api, link)
    after = await times(crowd)
    assert after[-1] - before[-1] < A_WHILE_MS


async def test_the_machine_comes_back_in_the_past(machine: Machine, crowd: Crowd) -> None:
    """The times of an interview go on, from where they were; nobody holds a seat for a day who has gone."""
    await everybody_stays(crowd, "before")
    await crowd.leave("Gus")
    await until(lambda: seats(machine, crowd)[-1][1] is not None)
    before = await times(crowd)
    seen = presence_clock(crowd, "Cleo", "Olga")
    await to_thread.run_sync(machine.boot, -DAY_S)
    await crowd.until(lambda: all(peer.synced for peer in crowd.peers.values()), "they are back")
    for word in ("one", "two"):
        await crowd.type("Cleo", word)
        await crowd.settle()
    after = await times(crowd)
    assert before[-1] < after[-1] < before[-1] + A_WHILE_MS
    assert len(set(after[len(before) :])) > 1, "they do not stand still"
    await crowd["Cleo"].announce()
    await crowd.until(lambda: presence_clock(crowd, "Cleo", "Olga") > seen, "Olga sees where Cleo is")
    *_, (state, until_ms) = seats(machine, crowd)
    assert state == "seated"
    assert until_ms is None or until_ms < (time.time() + machine.ahead_s + HOUR_S) * 1000


async def test_the_machine_comes_back_in_the_future(machine: Machine, crowd: Crowd) -> None:
    """As after a day without a server: tickets have ended, and say who comes with them."""
    await everybody_stays(crowd, "before")
    before = await times(crowd)
    for peer in crowd.peers.values():
        await peer.leave()
    await to_thread.run_sync(machine.boot, DAY_S)
    for name, role in PEOPLE.items():
        old = crowd.admitted[name]
        new = await crowd.api.join(crowd.interview, role, name, resume=old.ticket)
        assert (new.participant_id, new.state) == (old.participant_id, "seated")
        await crowd.open(name, new, faithful=True)
    await everybody_stays(crowd, "after")
    after = await times(crowd)
    assert after[-1] - before[-1] >= DAY_S * 1000


def seats(machine: Machine, crowd: Crowd) -> list[tuple[str, int | None]]:
    """State, and when it lapses."""
    query = "SELECT state, until_ms FROM seat WHERE interview_id = ? ORDER BY until_ms"
    with closing(sqlite3.connect(machine.server.data / DATABASE_NAME)) as database:
        return database.execute(query, (crowd.interview,)).fetchall()


async def signed_in(api: Api, link: str) -> dict[str, str]:
    """The headers of whoever uses this link."""
    token = link.partition("token=")[2]
    answer = await api.http.post("/sign-in", data={"token": token}, headers={"Origin": str(api.http.base_url)})
    assert answer.status_code == 303, answer.text
    api.http.cookies.clear()
    return {"Cookie": answer.headers["Set-Cookie"].partition(";")[0]}
