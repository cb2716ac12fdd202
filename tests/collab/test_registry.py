import asyncio
import sqlite3
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import anyio
import pytest
from sqlalchemy.exc import DBAPIError

from collab import database as database_module
from collab.clock import Clock
from collab.database import Database
from collab.document import Document
from collab.errors import DocumentBroken, Refused
from collab.gate import Limits
from collab.journal import Journal
from collab.live import LiveDocument
from collab.peer import Peer
from collab.registry import Registry
from collab.wire import CloseCode, encode_step_2, encode_update
from tests.collab.room import LOG, a_database, a_room, accept, acknowledged, sent
from tests.collab.typist import Typist

pytestmark = pytest.mark.anyio


@pytest.fixture
async def database(tmp_path: Path) -> AsyncGenerator[Database]:
    async with a_database(tmp_path) as database:
        yield database


@pytest.fixture
def journal(database: Database) -> Journal:
    return Journal(database, Clock())


@pytest.fixture
def registry(journal: Journal) -> Registry:
    return Registry(journal)


def write(live: LiveDocument, *updates: bytes, by: str = "ada") -> None:
    peer = Peer(by, {}, may_write=True)
    with live.joined(peer):
        for update in updates:
            accept(live, peer, encode_update(update))


async def turns(number: int) -> None:
    for _ in range(number):
        await anyio.lowlevel.checkpoint()


async def test_a_new_document_is_empty(registry: Registry) -> None:
    live = await registry.open(LOG, LOG)
    assert live.texts() == {"source": ""}
    assert registry.opened(LOG) == [live]
    assert registry.opened("other") == []


async def test_concurrent_opens_give_one_object(journal: Journal) -> None:
    typist = Typist(1)
    write(await Registry(journal).open(LOG, LOG), *typist.type("hello"))
    registry = Registry(journal)
    opened = await asyncio.gather(*(registry.open(LOG, LOG) for _ in range(20)))
    assert all(live is opened[0] for live in opened)
    assert opened[0].texts() == {"source": "hello"}
    assert await registry.open(LOG, LOG) is opened[0]


async def test_the_documents_of_a_log_are_apart(registry: Registry) -> None:
    code, notes, other = await asyncio.gather(
        registry.open(LOG, LOG), registry.open(LOG, f"{LOG}.notes"), registry.open("other", "other")
    )
    write(code, *Typist(1).type("code"))
    write(notes, *Typist(1).type("notes"))
    assert [live.texts()["source"] for live in (code, notes, other)] == ["code", "notes", ""]
    assert {live.id for live in registry.opened(LOG)} == {LOG, f"{LOG}.notes"}
    again = Registry(registry.journal)
    assert (await again.open(LOG, LOG)).texts() == {"source": "code"}
    assert (await again.open(LOG, f"{LOG}.notes")).texts() == {"source": "notes"}


async def test_what_is_only_queued_is_loaded_too(registry: Registry, journal: Journal) -> None:
    write(await registry.open(LOG, LOG), *Typist(1).type("hello"))
    assert journal.durable == 0
    assert (await Registry(journal).open(LOG, LOG)).texts() == {"source": "hello"}


async def test_a_long_document_is_loaded_whole(
    registry: Registry, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collab.registry._PAGE", 7)
    typist = Typist(1)
    for letters in ("x" * 13, "y"):  # thirteen, then exactly two pages
        write(await registry.open(LOG, LOG), *typist.type(letters))
        assert (await Registry(journal).open(LOG, LOG)).texts() == {"source": str(typist)}


async def test_concurrent_opens_of_a_document_that_is_being_written(journal: Journal, database: Database) -> None:
    typist = Typist(1)
    write(await Registry(journal).open(LOG, LOG), *typist.type("x" * 50))
    registry, expected = Registry(journal), Typist(2, typist.whole())

    async def come(number: int) -> None:
        live = await registry.open(LOG, LOG)
        write(live, expected.insert(0, str(number % 10)))
        await turns(number)
        assert await registry.open(LOG, LOG) is live

    async with anyio.create_task_group() as tasks:
        for number in range(30):
            tasks.start_soon(come, number)
    live = await registry.open(LOG, LOG)
    assert live.texts()["source"] == str(expected)
    await journal.flush()
    assert (await Registry(Journal(database, Clock())).open(LOG, LOG)).texts() == live.texts()


async def test_an_idle_document_is_evicted_and_comes_back(database: Database) -> None:
    journal = Journal(database, Clock(), group_ms=1)
    registry = Registry(journal, idle_s=0.0, tick_s=0.001)
    live = await registry.open(LOG, LOG)
    write(live, *Typist(1).type("héllo 😀\r\n"))
    with anyio.fail_after(10):
        async with journal.running(), registry.running():
            while registry.opened(LOG):
                await anyio.lowlevel.checkpoint()
            assert (again := await registry.open(LOG, LOG)) is not live
            assert again.texts() == {"source": "héllo 😀\r\n"}


async def test_what_is_selected_and_not_recorded_yet_is_not_evicted(database: Database) -> None:
    journal = Journal(database, Clock())
    registry = Registry(journal, idle_s=0.0, tick_s=0.0)
    live = await registry.open(LOG, LOG)
    write(live, Typist(1).insert(0, "hello"))
    await journal.flush()
    ends = [{"tname": "source", "item": None, "assoc": assoc} for assoc in (-1, 0)]
    live.selections.heard("ada", dict(zip(("anchor", "head"), ends, strict=True)))
    async with registry.running():
        await turns(50)
        assert registry.opened(LOG) == [live]
        live.record_selections()
        await journal.flush()
        with anyio.fail_after(5):
            while registry.opened(LOG):
                await anyio.lowlevel.checkpoint()
    (*_, entry) = await journal.entries(LOG)
    assert (entry.kind, entry.payload) == ("selection", b'{"root":"source","anchor":0,"head":5}')


async def test_neither_people_nor_what_is_unsaved_is_evicted(database: Database) -> None:
    journal = Journal(database, Clock())
    registry = Registry(journal, idle_s=0.0, tick_s=0.0)
    live, other, unsaved = [await registry.open(log, log) for log in (LOG, "other", "unsaved")]
    write(unsaved, Typist(2).insert(0, "hello"))
    peer = Peer("ada", {}, may_write=True)
    with live.joined(peer):
        async with registry.running():
            accept(live, peer, encode_update(Typist(1).insert(0, "hello")))
            await turns(50)
            # What waits for the disk keeps its own document, and no other: on a busy server something always waits.
            assert list(registry.documents) == [live, unsaved]
            assert other.is_discarded
            await journal.flush()
            with anyio.fail_after(5):
                while registry.opened("unsaved"):
                    await anyio.lowlevel.checkpoint()
            assert registry.opened(LOG) == [live]
            assert len(await sent(peer)) > 1  # kept alive


async def test_opening_counts_as_use(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 1_000.0
    monkeypatch.setattr("collab.registry.time.monotonic", lambda: now_s)
    registry = Registry(journal, idle_s=10.0, tick_s=0.0)
    async with registry.running():
        live = await registry.open(LOG, LOG)
        for _ in range(5):
            now_s += 9.0
            assert await registry.open(LOG, LOG) is live
            await turns(20)
        assert registry.opened(LOG) == [live]
        now_s += 10.0
        await turns(20)
        assert registry.opened(LOG) == []


async def test_finish_during_a_load(journal: Journal) -> None:
    """At whichever moment it comes."""
    typist = Typist(1)
    write(await Registry(journal).open(LOG, LOG), *typist.type("hello"))
    for moment in range(30):
        registry = Registry(journal)
        opening = asyncio.create_task(registry.open(LOG, LOG))
        await turns(moment)
        registry.finish(LOG)
        live = await opening
        with pytest.raises(Refused) as refused:
            write(live, typist.whole()[:-1] + b"\x00", Typist(2).insert(0, "x"))
        assert refused.value.code is CloseCode.FINISHED
        assert live.texts() == {"source": "hello"}
        assert live.is_finished


async def test_finish_holds_for_what_is_opened_later(registry: Registry) -> None:
    code = await registry.open(LOG, LOG)
    registry.finish(LOG)
    notes, other = await registry.open(LOG, f"{LOG}.notes"), await registry.open("other", "other")
    for live in (code, notes):
        with pytest.raises(Refused):
            write(live, Typist(1).insert(0, "x"))
    write(other, Typist(1).insert(0, "x"))
    registry.reopen(LOG)
    for live in (code, notes, await registry.open(LOG, f"{LOG}.third")):
        write(live, Typist(1).insert(0, "x"))
        assert live.texts() == {"source": "x"}


async def test_an_open_that_fails_can_be_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module, "_PATIENCE_S", 0.02)
    database = await Database.open(tmp_path / "locked.db")
    journal = Journal(database, Clock())
    registry = Registry(journal)
    write(await registry.open("other", "other"), Typist(1).insert(0, "x"))
    blocker = sqlite3.connect(tmp_path / "locked.db", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    failed = await asyncio.gather(*(registry.open(LOG, LOG) for _ in range(3)), return_exceptions=True)
    blocker.execute("ROLLBACK")
    blocker.close()
    # Either it needs the writer and says so, or it does not need it.
    assert all(isinstance(outcome, LiveDocument | DBAPIError | sqlite3.Error) for outcome in failed)
    opened = await asyncio.gather(*(registry.open(LOG, LOG) for _ in range(3)))
    assert all(live is opened[0] for live in opened)
    await database.close()


async def test_an_open_that_is_cancelled_leaves_the_others(journal: Journal) -> None:
    write(await Registry(journal).open(LOG, LOG), *Typist(1).type("hello"))
    for moment in range(20):
        registry = Registry(journal)
        tasks = [asyncio.create_task(registry.open(LOG, LOG)) for _ in range(3)]
        await turns(moment)
        tasks[0].cancel()
        await asyncio.wait(tasks)
        assert tasks[1].result() is tasks[2].result() is await registry.open(LOG, LOG)
        assert tasks[1].result().texts() == {"source": "hello"}


async def test_a_document_that_breaks_while_it_is_loaded(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: Any) -> None:
        raise DocumentBroken

    write(await Registry(journal).open(LOG, LOG), *Typist(1).type("hello"))
    registry = Registry(journal)
    with monkeypatch.context() as breaking:
        breaking.setattr(Document, "merge", breaks)
        with pytest.raises(DocumentBroken):
            await registry.open(LOG, LOG)
    assert registry.opened(LOG) == []
    assert (await registry.open(LOG, LOG)).texts() == {"source": "hello"}


async def test_drain(tmp_path: Path) -> None:
    async with a_room(tmp_path) as room:
        ada, bob = await room.join("ada"), await room.join("bob")
        other = await room.registry.open("other", "other")
        eve = Peer("eve", {}, may_write=True)
        with other.joined(eve):
            room.accept(ada, encode_update(Typist(1).insert(0, "last words")))
            await room.registry.drain()
        assert room.registry.is_draining
        assert [peer.closing and peer.closing[0] for peer in (ada, bob, eve)] == [CloseCode.RESTART] * 3
        assert len(await room.updates()) == 1
        assert len(await sent(bob)) == 1  # what was relayed before still goes out


async def test_what_is_durable_at_the_end_is_acknowledged(tmp_path: Path) -> None:
    """The close must not overtake the last acknowledgement, or pages show as unsaved what is on disk."""
    async with a_room(tmp_path) as room:
        ada = await room.join("ada")
        room.accept(ada, encode_update(Typist(1).insert(0, "last words")))
        await room.registry.drain()
        assert await acknowledged(ada) == [2]


async def test_limits_reach_the_gate(journal: Journal) -> None:
    live = await Registry(journal, Limits(max_document_bytes=40)).open(LOG, LOG)
    peer = Peer("ada", {}, may_write=True)
    with live.joined(peer), pytest.raises(Refused) as refused:
        accept(live, peer, encode_step_2(Typist(1).insert(0, "x" * 100)))
    assert refused.value.code is CloseCode.LIMIT
