"""A page of the database that is damaged where a log ends takes no other log with it."""

import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import anyio
import pytest
from structlog.testing import capture_logs

from collab.clock import Clock
from collab.database import Database
from collab.errors import LogDamaged
from collab.journal import Journal
from collab.log import Log
from tests.collab.room import a_database

pytestmark = pytest.mark.anyio

LOGS = ("a", "b", "c")
PAGE = 4096


async def fill(journal: Journal, log: Log, count: int) -> None:
    for _ in range(count):
        journal.append(log, log.id, "ada", b"<" + log.id.encode() + b">" + os.urandom(300))
    await journal.flush()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """Three logs on several pages each; the page on which b ends is overwritten."""
    async with a_database(tmp_path) as whole:
        journal = Journal(whole, Clock())
        logs = [await journal.open(name) for name in LOGS]
        for _ in range(10):
            for log in logs:
                await fill(journal, log, 10)
        (last,) = await journal.entries("b", after=99)
    path = tmp_path / "panelroom.db"
    with closing(sqlite3.connect(path)) as plain:
        plain.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(path.read_bytes())
    page = content.index(last.payload) // PAGE * PAGE
    content[page : page + PAGE] = b"\xff" * PAGE
    path.write_bytes(content)
    async with a_database(tmp_path) as damaged:
        yield damaged


async def test_the_others_are_saved(database: Database) -> None:
    journal = Journal(database, Clock())
    parted: list[str] = []
    journal.on_damage = lambda log: parted.append(log.id)
    logs = {name: await journal.open(name) for name in LOGS}
    with capture_logs(), anyio.fail_after(20):
        for _ in range(5):
            for name in LOGS:
                if logs[name].is_damaged:
                    with pytest.raises(LogDamaged):
                        journal.append(logs[name], name, "ada", b"")
                    continue
                for _ in range(20):
                    journal.append(logs[name], name, "ada", os.urandom(300))
            await journal.flush()
    assert journal.durable == journal.queued
    assert logs["b"].is_damaged  # its end could not even be read
    sound = [name for name in LOGS if not logs[name].is_damaged]
    assert sound == [name for name in LOGS if name not in {"b", *parted}]
    assert sound
    for name in sound:
        assert [entry.entry for entry in await journal.entries(name, after=100)] == list(range(101, 201))
    assert journal.is_saving


async def test_nothing_is_told_to_a_log_without_an_end(database: Database) -> None:
    journal = Journal(database, Clock())

    async def tell(log_id: str) -> None:
        async with journal.transaction() as transaction:
            await transaction.append(log_id, "joined", {})

    assert (await journal.open("b")).is_damaged
    with pytest.raises(LogDamaged):
        await tell("b")
    assert journal.is_saving
    await tell("new")
    assert [entry.kind for entry in await journal.entries("new")] == ["joined"]
