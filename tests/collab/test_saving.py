"""Whether the journal saves: known at once, and told to whoever listens to any log (B2)."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from collab import journal as journal_module
from collab import saving
from collab.clock import Clock
from collab.database import Database
from collab.journal import Journal
from collab.log import SAVING, Subscription
from tests.collab.room import a_database

pytestmark = pytest.mark.anyio


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with a_database(tmp_path) as opened:
        yield opened


@pytest.fixture
async def journal(database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Journal]:
    monkeypatch.setattr(journal_module, "_RETRY_S", 0.01)
    monkeypatch.setattr(saving, "_WATCH_S", 0.01)
    journal = Journal(database, Clock(), group_ms=0)
    with anyio.fail_after(10):
        async with journal.running():
            yield journal


async def sql(database: Database, statement: str) -> None:
    async with database.writing() as connection:
        await connection.execute(text(statement))


@asynccontextmanager
async def full(database: Database) -> AsyncIterator[None]:
    """Nothing can be saved for the length of the block."""
    with capture_logs():
        await sql(database, "CREATE TRIGGER full BEFORE INSERT ON entry BEGIN SELECT RAISE(ABORT, 'full'); END")
        yield
        await sql(database, "DROP TRIGGER full")


async def told(subscription: Subscription) -> bool:
    entry = await anext(subscription)
    assert (entry.entry, entry.kind) == (0, SAVING)
    is_saving = json.loads(entry.payload)["is_saving"]
    assert isinstance(is_saving, bool)
    return is_saving


async def test_a_failing_commit_is_told_to_the_readers_of_every_log(database: Database, journal: Journal) -> None:
    took: list[float] = []
    journal.commit_took = took.append
    async with journal.subscribe("log") as own, journal.subscribe("other") as other:
        async with full(database):
            assert (journal.is_saving, journal.waiting_s, journal.saving.failures) == (True, 0.0, 0)
            journal.append(await journal.open("log"), "log", "ada", b"x")
            assert [await told(own), await told(other)] == [False, False]
            assert not journal.is_saving
            assert journal.waiting_s > 0
            assert journal.saving.failures >= 1
            assert took == []
        assert [await told(own), await told(other)] == [True, True]
        assert (journal.is_saving, journal.waiting_s) == (True, 0.0)
        assert len(took) == 1
        assert took[0] > 0
    assert [entry.payload for entry in await journal.entries("log")] == [b"x"]


async def test_it_is_known_to_save_again_though_nobody_writes(
    database: Database, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A join that fails has queued nothing; what is tried then is a commit all the same."""

    async def fail() -> None:
        async with journal.transaction() as transaction:
            await transaction.connection.execute(text("SELECT * FROM nothing"))

    monkeypatch.setattr(journal_module, "_PROBE", ("SELECT * FROM nothing", ()))
    async with journal.subscribe("log") as subscription:
        with capture_logs():
            with pytest.raises(DBAPIError):
                await fail()
            assert await told(subscription) is False
            failures = journal.saving.failures
            while journal.saving.failures == failures:  # the probe fails too
                await anyio.lowlevel.checkpoint()
            monkeypatch.undo()
            assert await told(subscription) is True
    assert journal.is_saving


async def test_what_the_caller_may_not_write_is_no_trouble(database: Database, journal: Journal) -> None:
    await sql(database, "CREATE TABLE chair (name TEXT UNIQUE)")
    await sql(database, "INSERT INTO chair VALUES ('ada')")

    async def twice() -> None:
        async with journal.transaction() as transaction:
            await transaction.connection.execute(text("INSERT INTO chair VALUES ('ada')"))

    with pytest.raises(DBAPIError):
        await twice()
    assert (journal.is_saving, journal.saving.failures) == (True, 0)


async def test_a_commit_that_does_not_come_back_is_told(
    database: Database, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saving, "_LATE_S", 0.05)
    async with journal.subscribe("log") as subscription:
        async with database.writing():  # as a disk that hangs
            journal.append(await journal.open("log"), "log", "ada", b"x")
            assert await told(subscription) is False
            assert journal.waiting_s > 0.05
            assert journal.saving.failures == 0
        assert await told(subscription) is True
