"""A document that is damaged on disk: it can be read as far as it is whole, nobody writes in it, and no other room is
moved by it.
"""

import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from typing import Any

import pytest
from anyio import to_thread

from tests.support.api import Api, RecordedEntry
from tests.support.crowd import Crowd
from tests.support.listener import Listener
from tests.support.server import Server
from tests.support.trouble import a_room

pytestmark = pytest.mark.anyio

WORDS = [f"{number:03} {'lorem ipsum dolor sit amet ' * 10}\n" for number in range(120)]
HURT = 60
"""Which of them is damaged, at least."""
LEAF = 10
"""The first byte of a leaf in a table without row numbers: https://www.sqlite.org/fileformat.html#b_tree_pages."""

BROKEN = "urn:panelroom:recording-broken"


def sql(server: Server, statement: str, *parameters: object) -> None:
    with closing(sqlite3.connect(server.data / "panelroom.db", isolation_level=None)) as database:
        database.execute(statement, parameters)


def altered(server: Server, interview: str, entry: int) -> None:
    sql(server, "UPDATE entry SET payload = x'01ff' WHERE log = ? AND entry = ?", interview, entry)


def missing(server: Server, interview: str, entry: int) -> None:
    sql(server, "DELETE FROM entry WHERE log = ? AND entry = ?", interview, entry)


def overwritten(server: Server, interview: str, _entry: int) -> None:
    """The leaf of SQLite's tree that the words are on; where a branch has them, the leaf that ends with those before.

    Behind a branch are other rooms too: without it the whole table is lost.
    """
    path = server.data / "panelroom.db"
    sql(server, "PRAGMA wal_checkpoint(TRUNCATE)")
    content = path.read_bytes()
    size = int.from_bytes(content[16:18], "big")
    leaves = [at for at in range(0, len(content), size) if content[at] == LEAF]
    page = next(
        at
        for words in (WORDS[HURT], WORDS[HURT - 1])
        for at in leaves
        if words.encode() in content[at : at + size] and interview.encode() in content[at : at + size]
    )
    with path.open("r+b") as file:
        file.seek(page)
        file.write(os.urandom(1) + b"\xff" * (size - 1))
    with closing(sqlite3.connect(path)) as database, pytest.raises(sqlite3.DatabaseError, match="malformed"):
        database.execute("SELECT sum(length(payload)) FROM entry WHERE log = ?", (interview,)).fetchone()


Damage = Callable[[Server, str, int], None]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("damaged") / "data")
    server.start()
    yield server
    server.kill()


@pytest.fixture
def server(own: Server) -> Server:
    if not own.alive():
        own.start()
    return own


@dataclass
class Story:
    """A room with a history, which was damaged while the server was dead, and another one beside it."""

    server: Server
    api: Api
    crowd: Crowd
    others: Crowd
    whole: str  # what everybody has
    updates: list[RecordedEntry]
    hurt: RecordedEntry
    since: int  # of the log


@asynccontextmanager
async def story(server: Server, damage: Damage) -> AsyncIterator[Story]:
    async with Api(server) as api, a_room(api) as crowd, a_room(api) as others:
        whole = ""
        for half in (WORDS[: HURT // 2], WORDS[HURT // 2 :]):  # between which some time goes by
            for words in half:
                await crowd.type("Cleo", words)
            whole = await crowd.settle()
        await others.type("Cleo", "elsewhere")
        await others.settle()
        updates = await api.updates(crowd.interview)
        (hurt,) = [each for each in updates if each.update is not None and WORDS[HURT].encode() in each.update]
        for each in (crowd, others):
            for name in each.peers:
                await each.go_offline(name)
        server.kill()
        damage(server, crowd.interview, hurt.entry)
        since = len(server.log)
        await to_thread.run_sync(server.start)
        yield Story(server, api, crowd, others, whole, updates, hurt, since)


@pytest.mark.parametrize("damage", [altered, missing, overwritten])
async def test_it_is_read_as_far_as_it_is_whole(server: Server, damage: Damage) -> None:
    async with story(server, damage) as told, Listener(told.crowd.admitted["Olga"].events_url) as ear:
        crowd, room = told.crowd, told.crowd.interview
        await check_the_past(told, damage)
        ned = await crowd.join("Ned", "guest")
        await ear.hear("document.damaged", document=room)
        async with Listener(crowd.admitted["Ned"].events_url) as late:
            assert late.snapshot["damaged"] == [room]
        prefix = str(ned)
        assert told.whole.startswith(prefix)
        assert WORDS[HURT - 20] in prefix
        assert WORDS[HURT] not in prefix

        # Who has more keeps it and is told; no write is acknowledged, relayed or recorded, and nobody is sent away.
        cleo = crowd["Cleo"]
        await crowd.rejoin("Cleo")
        await crowd.until(lambda: len(cleo.denials) == 1, "what she has more is denied")
        await crowd.type("Cleo", "!")
        await crowd.type("Ned", "?")
        await crowd.until(lambda: (len(cleo.denials), len(ned.denials)) == (2, 1), "so is what they type")
        assert all("damaged" in reason for reason in cleo.denials + ned.denials)
        assert (str(cleo), str(ned)) == (f"{told.whole}!", f"{prefix}?")
        assert (cleo.confirmed, ned.confirmed) == (0, 1)  # of this connection: the empty step 2 of who had nothing
        assert cleo.online
        assert ned.online

        # Others are as they were; so is everything else in this room.
        assert await told.others.settle() == "elsewhere"
        ticket = crowd.admitted["Ned"].ticket
        await told.api.request(
            "POST", f"interviews/{room}/chat", {"ticket": ticket, "text": "Hm.", "to": "all"}, signed=False
        )
        await told.api.finish(room)
        await crowd.until(lambda: not cleo.online and not ned.online, "it is over")
        assert cleo.close_code == ned.close_code == 4423

        (line,) = server.lines_with("document damaged", told.since)
        assert room in line
        assert damage is overwritten or f"entry={told.hurt.entry} " in line
        assert not [line for line in server.log[told.since :] if told.others.interview in line and "damaged" in line]


async def check_the_past(told: Story, damage: Damage) -> None:
    """It can be had, entry by entry and as text at an instant, as far as it is whole; from there on it is said."""
    room, early = told.crowd.interview, told.updates[HURT // 2 - 1]
    assert await told.api.text_at(room, early.at_ms) == (early.entry, {"source": "".join(WORDS[: HURT // 2])})
    answer = await told.api.request("GET", f"interviews/{room}/recording/text", expect=500, at_ms=2**52)
    assert answer["type"] == BROKEN
    entries, is_all = await listed(told.api, room)
    numbers = [item["entry"] for item in entries if item["kind"] == "update"]
    assert numbers[: HURT // 2] == [each.entry for each in told.updates[: HURT // 2]]
    assert is_all is (damage is not overwritten)
    assert not is_all or entries[-1]["entry"] >= told.updates[-1].entry


async def listed(api: Api, interview: str) -> tuple[list[dict[str, Any]], bool]:
    """Page by page, and whether that was all or the next one cannot be read."""
    entries: list[dict[str, Any]] = []
    after = None
    while True:
        path = f"/api/v1/interviews/{interview}/recording/entries"
        answer = await api.http.get(path, headers=api.signed, params={} if after is None else {"after": after})
        page = answer.json()
        if answer.status_code == 500:
            assert page["type"] == BROKEN
            return entries, False
        entries += page["items"]
        after = page["next"]
        if after is None:
            return entries, True


async def test_after_a_repair_what_people_kept_comes_back(server: Server) -> None:
    """As docs/operations.md says: the entry put back from a backup, and the server restarted."""
    kept: list[bytes] = []

    def damage(server: Server, interview: str, entry: int) -> None:
        with closing(sqlite3.connect(server.data / "panelroom.db")) as database:
            query = "SELECT payload FROM entry WHERE log = ? AND entry = ?"
            kept.append(database.execute(query, (interview, entry)).fetchone()[0])
        altered(server, interview, entry)

    async with story(server, damage) as told:
        crowd, room = told.crowd, told.crowd.interview
        await crowd.rejoin("Cleo")
        await crowd.type("Cleo", "And this.")
        await crowd.until(lambda: len(crowd["Cleo"].denials) == 2, "it is denied")
        await crowd.go_offline("Cleo")
        await to_thread.run_sync(server.stop)
        sql(server, "UPDATE entry SET payload = ? WHERE log = ? AND entry = ?", kept[0], room, told.hurt.entry)
        await to_thread.run_sync(server.start)
        assert await crowd.settle() == f"{told.whole}And this."
        async with Listener(crowd.admitted["Olga"].events_url) as ear:
            assert ear.snapshot["damaged"] == []
