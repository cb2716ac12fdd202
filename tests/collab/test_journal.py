"""The journal: order, numbers, times and commits."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import anyio
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from collab import database as database_module
from collab import journal as journal_module
from collab.database import Database
from collab.errors import DatabaseSilent
from collab.journal import Journal
from collab.log import UPDATE, Entry
from tests.collab.clock import NOW_MS, SetClock, lines, start

pytestmark = pytest.mark.anyio


# Order and numbers


async def test_entries_are_numbered_from_1_in_the_order_of_the_queue(journal: Journal) -> None:
    one, two = await journal.open("one"), await journal.open("two")
    for number in range(5):
        journal.append(one, "one", "ada", bytes([number]))
        journal.append(two, "two.notes", "bob", bytes([number]))
    await journal.flush()
    journal.append(one, "one", "ada", b"!")
    await journal.flush()
    assert lines(await journal.entries("one")) == [
        *((number + 1, UPDATE, bytes([number])) for number in range(5)),
        (6, UPDATE, b"!"),
    ]
    assert [entry.entry for entry in await journal.entries("two")] == [1, 2, 3, 4, 5]
    assert (await journal.entries("two"))[0] == Entry("two", 1, 0, "two.notes", "bob", UPDATE, b"\x00")


async def test_the_queue_comes_before_the_events_of_a_transaction(journal: Journal) -> None:
    log = await journal.open("log")
    journal.append(log, "log", "ada", b"a")
    async with journal.transaction() as transaction:
        journal.append(log, "log", "ada", b"late")
        await transaction.append("log", "one", {"name": "Zoë 😀"}, "ada")
        await transaction.append("log", "two", {})
    assert lines(await journal.entries("log")) == [
        (1, UPDATE, b"a"),
        (2, "one", '{"name":"Zoë 😀"}'.encode()),
        (3, "two", b"{}"),
    ]
    await journal.flush()
    assert lines(await journal.entries("log", after=3)) == [(4, UPDATE, b"late")]


async def test_numbers_go_on_after_a_restart(database: Database, journal: Journal, clock: SetClock) -> None:
    log = await journal.open("log")
    await start(journal, log)
    clock.ms += 1_000
    journal.append(log, "log", "ada", b"a")
    await journal.flush()
    again = Journal(database, clock)
    clock.ms -= 900
    log = await again.open("log")
    assert (log.started_at_ms, log.last_at_ms, log.next_entry) == (NOW_MS, 1_000, 3)
    again.append(log, "log", "ada", b"b")
    await again.flush()
    assert [(entry.entry, entry.at_ms) for entry in await again.entries("log")] == [(1, 0), (2, 1_000), (3, 1_000)]


async def test_one_head_for_everybody(journal: Journal) -> None:
    heads = await asyncio.gather(*(journal.open("log") for _ in range(10)))
    assert all(head is heads[0] for head in heads)


async def test_what_may_be_asked_for(journal: Journal) -> None:
    log = await journal.open("log")
    for number in range(4):
        journal.append(log, "code" if number % 2 else "notes", "ada", bytes([number]))
    async with journal.transaction() as transaction:
        await transaction.append("log", "event", {})

    async def numbers(**asked: Any) -> list[int]:
        return [entry.entry for entry in await journal.entries("log", **asked)]

    assert await numbers() == [1, 2, 3, 4, 5]
    assert await numbers(after=2) == [3, 4, 5]
    assert await numbers(after=1, limit=2) == [2, 3]
    assert await numbers(document="code") == [2, 4]
    assert await numbers(document="code", after=2) == [4]
    assert await numbers(kind="event") == await numbers(events_only=True) == [5]
    assert await numbers(after=5) == []
    assert await journal.entries("other") == []


# Time


async def test_times_are_whole_quanta_since_the_start(journal: Journal, clock: SetClock) -> None:
    log = await journal.open("log")
    journal.append(log, "log", "ada", b"before")
    clock.ms += 12_345
    await start(journal, log)
    for step in (4, 5, 1, 19, 1_000):
        clock.ms += step
        journal.append(log, "log", "ada", b"x")
    await journal.flush()
    assert await journal.started_at_ms("log") == NOW_MS + 12_345
    assert [entry.at_ms for entry in await journal.entries("log")] == [0, 0, 0, 0, 10, 20, 1_020]


async def test_starting_twice_changes_nothing(journal: Journal, clock: SetClock) -> None:
    log = await journal.open("log")
    async with journal.transaction() as transaction:
        await transaction.start("log")
        await transaction.start("log")
    clock.ms += 1_000
    await start(journal, log)
    assert await journal.started_at_ms("log") == NOW_MS
    assert [entry.at_ms for entry in await journal.entries("log")] == [1_000]


async def test_a_start_that_failed_is_none(journal: Journal, clock: SetClock) -> None:
    log = await journal.open("log")

    async def fail() -> None:
        async with journal.transaction() as transaction:
            await transaction.start("log")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert log.started_at_ms is None
    clock.ms += 70
    await start(journal, log)
    assert log.started_at_ms == NOW_MS + 70


async def test_a_start_without_entries_is_known_after_a_restart(
    database: Database, journal: Journal, clock: SetClock
) -> None:
    async with journal.transaction() as transaction:
        await transaction.start("log")
    assert await Journal(database, clock).started_at_ms("log") == NOW_MS


async def test_time_never_goes_back_with_the_clock(journal: Journal, clock: SetClock) -> None:
    log = await journal.open("log")
    await start(journal, log)
    for step in (500, -10_000, 9_000, 3_600_000, -3_600_000, 1):
        clock.ms += step
        journal.append(log, "log", "ada", b"x")
        async with journal.transaction() as transaction:
            await transaction.append("log", "event", {})
    times = [entry.at_ms for entry in await journal.entries("log")]
    assert times == sorted(times)
    assert all(at_ms % 10 == 0 for at_ms in times)


async def test_time_never_goes_back_while_a_transaction_is_open(journal: Journal, clock: SetClock) -> None:
    log = await journal.open("log")
    await start(journal, log)
    clock.ms += 1_000
    async with journal.transaction() as transaction:
        await transaction.append("log", "event", {})
        clock.ms -= 500
        journal.append(log, "log", "ada", b"x")
    await journal.flush()
    assert [entry.at_ms for entry in await journal.entries("log")] == [0, 1_000, 1_000]


# Commits


async def test_a_group_is_one_commit(journal: Journal) -> None:
    log = await journal.open("log")
    commits: list[int] = []
    journal.on_commit = lambda: commits.append(journal.durable)
    tickets = [journal.append(log, "log", "ada", b"x") for _ in range(100)]
    assert tickets == list(range(1, 101))
    assert (journal.durable, journal.queued) == (0, 100)
    await journal.flush()
    assert (journal.durable, journal.queued) == (100, 100)
    assert commits == [100]


async def test_the_journal_commits_by_itself(database: Database, clock: SetClock) -> None:
    journal = Journal(database, clock, group_ms=1)
    log = await journal.open("log")
    committed = asyncio.Event()
    journal.on_commit = committed.set
    async with journal.running():
        for _ in range(3):
            committed.clear()
            journal.append(log, "log", "ada", b"x")
            with anyio.fail_after(5):
                await committed.wait()
        journal.append(log, "log", "ada", b"last")
    assert [entry.payload for entry in await journal.entries("log")] == [b"x", b"x", b"x", b"last"]


async def test_full(database: Database, clock: SetClock) -> None:
    journal = Journal(database, clock, max_queued=2, max_queued_bytes=10)
    log = await journal.open("log")
    seen = [journal.is_full]
    for payloads in ([b"x" * 10], [b"x", b"x"]):
        for payload in payloads:
            journal.append(log, "log", "ada", payload)
            seen.append(journal.is_full)
        await journal.flush()
        seen.append(journal.is_full)
    assert seen == [False, True, False, False, True, False]


async def test_a_transaction_that_fails_leaves_the_queue(journal: Journal) -> None:
    log = await journal.open("log")
    journal.append(log, "log", "ada", b"a")

    async def fail() -> None:
        async with journal.transaction() as transaction:
            await transaction.append("log", "event", {})
            await transaction.connection.execute(text("CREATE TABLE mine (x)"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert (journal.durable, journal.queued) == (0, 1)
    assert await journal.entries("log") == []
    journal.append(log, "log", "ada", b"b")
    await journal.flush()
    assert lines(await journal.entries("log")) == [(1, UPDATE, b"a"), (2, UPDATE, b"b")]
    async with journal.transaction() as transaction:
        await transaction.connection.execute(text("CREATE TABLE mine (x)"))


async def test_domain_and_journal_are_one_commit(journal: Journal, database: Database) -> None:
    async with database.writing() as connection:
        await connection.execute(text("CREATE TABLE chair (name TEXT)"))
    async with journal.transaction() as transaction:
        await transaction.connection.execute(text("INSERT INTO chair VALUES ('ada')"))
        await transaction.append("log", "joined", {"name": "ada"})
        assert await journal.entries("log") == []
    async with database.reading() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM chair"))).scalar() == 1
    assert len(await journal.entries("log")) == 1


async def test_a_locked_database(tmp_path: Path, clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module, "_PATIENCE_S", 0.02)
    database = await Database.open(tmp_path / "locked.db")
    journal = Journal(database, clock)
    log = await journal.open("log")
    journal.append(log, "log", "ada", b"a")
    other = sqlite3.connect(tmp_path / "locked.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for _ in range(3):
        with pytest.raises(DatabaseSilent, match="database is locked"):
            await journal.flush()
    journal.append(log, "log", "ada", b"b")
    assert (journal.durable, journal.queued) == (0, 2)
    assert await journal.entries("log") == []  # reading goes on
    other.execute("ROLLBACK")
    other.close()
    await journal.flush()
    assert lines(await journal.entries("log")) == [(1, UPDATE, b"a"), (2, UPDATE, b"b")]
    await database.close()


@pytest.mark.parametrize("statement", ["BEFORE INSERT ON entry WHEN NEW.payload = x'62'", "BEFORE INSERT ON entry"])
async def test_commits_that_fail_are_retried(
    database: Database, clock: SetClock, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    """A full disk, as far as the journal can tell: the first row may go in before the second fails."""
    monkeypatch.setattr(journal_module, "_RETRY_S", 0.0)
    journal = Journal(database, clock, group_ms=0)
    log = await journal.open("log")
    async with database.writing() as connection:
        await connection.execute(text(f"CREATE TRIGGER full {statement} BEGIN SELECT RAISE(ABORT, 'full'); END"))
    commits: list[int] = []
    journal.on_commit = lambda: commits.append(journal.durable)
    recovered = asyncio.Event()
    with capture_logs() as said, anyio.fail_after(10):
        async with journal.running():
            for payload in (b"a", b"b", b"c"):
                journal.append(log, "log", "ada", payload)
            while journal.saving.failures < 3:
                await anyio.lowlevel.checkpoint()
            assert [line["event"] for line in said] == ["not saving"]  # once, however often it is tried
            assert (said[0]["queued"], said[0]["reason"]) == (3, "full")
            assert commits == []
            assert await journal.entries("log") == []
            journal.on_commit = recovered.set
            async with database.writing() as connection:
                await connection.execute(text("DROP TRIGGER full"))
            await recovered.wait()
            assert [line["event"] for line in said] == ["not saving", "saving again"]
    assert lines(await journal.entries("log")) == [(1, UPDATE, b"a"), (2, UPDATE, b"b"), (3, UPDATE, b"c")]
    assert journal.durable == journal.queued == 3


async def test_a_commit_that_fails_at_its_end_is_retried(database: Database, journal: Journal) -> None:
    """A deferred foreign key fails in COMMIT itself."""
    async with database.writing() as connection:
        await connection.execute(text("CREATE TABLE parent (id INTEGER PRIMARY KEY)"))
        await connection.execute(
            text("CREATE TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)")
        )
    log = await journal.open("log")
    journal.append(log, "log", "ada", b"a")

    async def fail() -> None:
        async with journal.transaction() as transaction:
            await transaction.append("log", "event", {})
            await transaction.connection.execute(text("INSERT INTO child VALUES (1)"))

    with pytest.raises(DBAPIError):
        await fail()
    assert (journal.durable, log.next_entry) == (0, 1)
    assert await journal.entries("log") == []
    await journal.flush()
    assert lines(await journal.entries("log")) == [(1, UPDATE, b"a")]
