import asyncio
import contextlib
import json
import sqlite3
import subprocess
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator
from pathlib import Path
from typing import Any

import anyio
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from collab import database as database_module
from collab import journal as journal_module
from collab import log as log_module
from collab.clock import Clock
from collab.database import Database, migrate
from collab.errors import SubscriberTooSlow
from collab.journal import Journal
from collab.log import UPDATE, Entry, Log
from tests.collab.room import a_database

pytestmark = pytest.mark.anyio

NOW_MS = 1_800_000_000_000


class SetClock(Clock):
    """Says what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.ms = NOW_MS

    def now_ms(self) -> int:
        return self.ms


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncGenerator[Database]:
    async with a_database(tmp_path) as database:
        yield database


@pytest.fixture
def journal(database: Database, clock: SetClock) -> Journal:
    return Journal(database, clock)


def lines(entries: list[Entry]) -> list[tuple[int, str, bytes]]:
    return [(entry.entry, entry.kind, entry.payload) for entry in entries]


async def start(journal: Journal, log: Log) -> None:
    async with journal.transaction() as transaction:
        await transaction.start(log.id)
        await transaction.append(log.id, "entered", {})


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
    monkeypatch.setattr(database_module, "_BUSY_MS", 20)
    database = await Database.open(tmp_path / "locked.db")
    journal = Journal(database, clock)
    log = await journal.open("log")
    journal.append(log, "log", "ada", b"a")
    other = sqlite3.connect(tmp_path / "locked.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for _ in range(3):
        with pytest.raises(sqlite3.OperationalError):
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
            while len(said) < 3:
                await anyio.lowlevel.checkpoint()
            assert said[-1]["event"] == "commit failed"
            assert said[-1]["queued"] == 3
            assert commits == []
            assert await journal.entries("log") == []
            journal.on_commit = recovered.set
            async with database.writing() as connection:
                await connection.execute(text("DROP TRIGGER full"))
            await recovered.wait()
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


# Cancellation


class CancelledAt:
    """Runs a coroutine as it is, and cancels the task at one of its awaits."""

    def __init__(self, step: Coroutine[Any, Any, Any], cancelled_at: int) -> None:
        self._step = step
        self._cancelled_at = cancelled_at
        self.awaits = 0

    def __await__(self) -> Generator[Any, Any, Any]:
        send: Callable[[Any], Any] = self._step.send
        value: Any = None
        while True:
            try:
                future = send(value)
            except StopIteration as done:
                return done.value
            self.awaits += 1
            task = asyncio.current_task()
            if self.awaits == self._cancelled_at and task is not None:
                task.cancel()
            send, value = self._step.send, None
            try:
                value = yield future
            except BaseException as error:  # noqa: BLE001 - whatever it is goes on into the coroutine
                send, value = self._step.throw, error


async def _cancelled(step: Coroutine[Any, Any, Any], cancelled_at: int) -> bool:
    """Whether the coroutine was still running at that await."""
    cancelling = CancelledAt(step, cancelled_at)

    async def run(awaitable: Awaitable[Any]) -> None:
        await awaitable

    task = asyncio.create_task(run(cancelling))
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()
    return cancelling.awaits >= cancelled_at


async def test_cancelled_at_every_await(database: Database, clock: SetClock) -> None:
    journal = Journal(database, clock)
    log = await journal.open("log")

    async def transact(number: int) -> None:
        async with journal.transaction() as transaction:
            await transaction.append("log", "event", {"n": number})
            await transaction.append("log", "event", {"n": number})

    step, updates, is_running = 0, [], True
    async with journal.subscribe("log") as subscription:
        while is_running:
            step += 1
            for half in (b"a", b"b"):
                updates.append(half + str(step).encode())
                journal.append(log, "log", "ada", updates[-1])
            with anyio.fail_after(10):
                is_running = await _cancelled(transact(step), step)
            told = await journal.entries("log")
            assert journal.durable == sum(entry.kind == UPDATE for entry in told)
            assert log.next_entry == len(told) + 1
        await journal.flush()
        journal.end_subscriptions()
        events = [event async for event in subscription]
    assert step > 5
    told = await journal.entries("log", limit=10_000)
    assert [entry.entry for entry in told] == list(range(1, len(told) + 1))
    assert [entry.payload for entry in told if entry.kind == UPDATE] == updates
    assert events == [entry for entry in told if entry.kind != UPDATE]
    numbers = [json.loads(event.payload)["n"] for event in events]
    assert numbers == sorted(numbers)
    assert all(numbers.count(number) == 2 for number in numbers)
    assert numbers[-1] == step


async def test_cancelled_while_waiting_for_a_lock(
    tmp_path: Path, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "_BUSY_MS", 2_000)
    database = await Database.open(tmp_path / "locked.db")
    journal = Journal(database, clock)
    log = await journal.open("log")
    other = sqlite3.connect(tmp_path / "locked.db", isolation_level=None)
    for number in range(5):
        journal.append(log, "log", "ada", bytes([number]))
        other.execute("BEGIN IMMEDIATE")
        task = asyncio.create_task(journal.flush())
        await anyio.lowlevel.checkpoint()
        for _ in range(number * 3):
            await anyio.lowlevel.checkpoint()
        task.cancel()
        other.execute("ROLLBACK")
        await asyncio.wait([task])
    other.close()
    await journal.flush()
    assert [entry.payload for entry in await journal.entries("log")] == [bytes([number]) for number in range(5)]
    await database.close()


# Subscriptions


async def test_a_subscription_has_the_events_from_now_on(journal: Journal) -> None:
    log = await journal.open("log")
    async with journal.transaction() as transaction:
        await transaction.append("log", "before", {})
    async with journal.subscribe("log") as one, journal.subscribe("log") as two:
        journal.append(log, "log", "ada", b"x")
        async with journal.transaction() as transaction:
            await transaction.append("log", "event", {"n": 1}, "ada")
            await transaction.append("other", "event", {"n": 2})
        for subscription in (one, two):
            assert await anext(subscription) == Entry("log", 3, 0, "", "ada", "event", b'{"n":1}')
    async with journal.transaction() as transaction:
        await transaction.append("log", "after", {})
    one.end()
    assert [event async for event in one] == []


async def test_what_was_rolled_back_is_never_told(journal: Journal) -> None:
    async def fail() -> None:
        async with journal.transaction() as transaction:
            await transaction.append("log", "event", {"n": 1})
            raise ZeroDivisionError

    async with journal.subscribe("log") as subscription:
        with pytest.raises(ZeroDivisionError):
            await fail()
        async with journal.transaction() as transaction:
            await transaction.append("log", "event", {"n": 2})
        assert (await anext(subscription)).payload == b'{"n":2}'


async def test_a_subscriber_that_waits_is_woken(journal: Journal) -> None:
    async with journal.subscribe("log") as subscription:
        waiting = asyncio.ensure_future(anext(subscription))
        await anyio.lowlevel.checkpoint()
        async with journal.transaction() as transaction:
            await transaction.append("log", "event", {})
        assert (await waiting).kind == "event"


async def test_too_slow(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_module, "_SUBSCRIPTION_LIMIT", 3)
    async with journal.subscribe("log") as slow, journal.subscribe("log") as fast:
        for number in range(5):
            async with journal.transaction() as transaction:
                await transaction.append("log", "event", {"n": number})
            assert json.loads((await anext(fast)).payload) == {"n": number}
        assert [json.loads((await anext(slow)).payload)["n"] for _ in range(3)] == [0, 1, 2]
        with pytest.raises(SubscriberTooSlow):
            await anext(slow)


async def test_too_slow_leaves_no_hole(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever takes some of what was kept, after more was dropped, must not go on as if nothing were missing."""
    monkeypatch.setattr(log_module, "_SUBSCRIPTION_LIMIT", 2)
    async with journal.subscribe("log") as slow:
        told: list[int] = []
        for number in range(4):
            async with journal.transaction() as transaction:
                await transaction.append("log", "event", {"n": number})
            if number == 2:
                told.append((await anext(slow)).entry)
        with contextlib.suppress(SubscriberTooSlow):
            while True:
                told.append((await anext(slow)).entry)
    assert told == list(range(1, len(told) + 1))


async def test_the_end(journal: Journal) -> None:
    async with journal.subscribe("log") as one, journal.subscribe("log") as two:
        waiting = asyncio.ensure_future(anext(two, None))
        async with journal.transaction() as transaction:
            await transaction.append("log", "event", {})
        assert await waiting is not None
        journal.end_subscriptions()
        assert [event.kind async for event in one] == ["event"]
        assert [event async for event in two] == []


# The database


async def test_a_commit_survives_a_power_cut(database: Database) -> None:
    async with database.writing() as connection:
        assert (await connection.execute(text("PRAGMA synchronous"))).scalar() == 2
        assert (await connection.execute(text("PRAGMA journal_mode"))).scalar() == "wal"
        assert (await connection.execute(text("PRAGMA foreign_keys"))).scalar() == 1


async def test_writers_take_turns(database: Database) -> None:
    async with database.writing() as connection:
        await connection.execute(text("CREATE TABLE counted (n INTEGER)"))
        await connection.execute(text("INSERT INTO counted VALUES (0)"))

    async def count(on: Database) -> None:
        async with on.writing() as connection:
            seen = (await connection.execute(text("SELECT n FROM counted"))).scalar_one()
            await anyio.lowlevel.checkpoint()
            await connection.execute(text("UPDATE counted SET n = :n"), {"n": seen + 1})

    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(count, database)
    async with database.reading() as connection:
        assert (await connection.execute(text("SELECT n FROM counted"))).scalar() == 20


async def test_two_databases_on_one_file(tmp_path: Path, clock: SetClock) -> None:
    one = await Database.open(tmp_path / "panelroom.db")
    two = await Database.open(tmp_path / "panelroom.db")
    journals = Journal(one, clock), Journal(two, clock)

    async def write(journal: Journal, log_id: str) -> None:
        log = await journal.open(log_id)
        for number in range(20):
            journal.append(log, log_id, "ada", bytes([number]))
            await journal.flush()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(write, journals[0], "one")
        tasks.start_soon(write, journals[1], "two")
    for journal in journals:
        for log_id in ("one", "two"):
            written = await journal.entries(log_id)
            assert [(entry.entry, entry.payload) for entry in written] == [(n + 1, bytes([n])) for n in range(20)]
    await one.close()
    await two.close()


async def test_a_reader_sees_one_moment(database: Database, journal: Journal) -> None:
    counts: list[int] = []
    async with database.reading() as connection:
        for _ in range(2):
            counts.append((await connection.execute(text("SELECT count(*) FROM entry"))).scalar_one())
            async with journal.transaction() as transaction:
                await transaction.append("log", "event", {})
    assert counts == [0, 0]


def test_migrating_twice_is_harmless(tmp_path: Path) -> None:
    path = tmp_path / "panelroom.db"
    migrate(path)
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO entry VALUES ('log', 1, 0, '', '', 'event', x'7b7d')")
        schema = connection.execute("SELECT sql FROM sqlite_schema ORDER BY name").fetchall()
    connection.close()
    migrate(path)
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT sql FROM sqlite_schema ORDER BY name").fetchall() == schema
    assert connection.execute("SELECT count(*) FROM entry").fetchone() == (1,)
    connection.close()


def test_migrating_from_two_processes_at_once(tmp_path: Path) -> None:
    """Both are ready before either begins, and neither may fail, wait for ever, or leave half of it."""
    script = """
import sys
from pathlib import Path
from collab.database import migrate
print("ready", flush=True)
sys.stdin.readline()
for number in range(5):
    migrate(Path(sys.argv[1]) / f"{number}.db")
"""
    command = [sys.executable, "-c", script, str(tmp_path)]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        _, complaints = process.communicate(timeout=60)
        assert process.returncode == 0, complaints
    for number in range(5):
        connection = sqlite3.connect(tmp_path / f"{number}.db")
        assert connection.execute("SELECT count(*) FROM entry").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)
        connection.close()
